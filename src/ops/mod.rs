//! What an operator and the service manager see of the daemon: its log, its state, how it last ended.

mod breakpoint;
pub mod crash_mark;
pub mod logging;
pub mod metrics;
pub mod notify;

pub use breakpoint::{breakpoint, misbehave};
pub use crash_mark::CrashMark;
pub use logging::{Logging, LoggingError};
