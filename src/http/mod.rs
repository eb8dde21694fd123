//! The REST interface: `app` puts it together, `api` has one file a resource.

mod api;
mod app;
mod attachment;
mod audit;
pub mod auth;
mod body;
mod caller;
mod characters;
mod cursor;
mod etag;
mod idempotency;
mod intake;
mod job_feed;
mod patience;
mod problem;
mod rate;
mod registration_feed;
mod request_id;
mod sse;
mod streams;
mod surface;
mod token;

pub use api::{AnswerBudget, openapi};
pub use app::{App, server};
pub use audit::AuditLog;
pub use problem::Problem;
pub use rate::Rates;
pub use streams::OpenStreams;
pub use token::NewToken;
