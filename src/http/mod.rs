//! The REST interface: `app` puts it together, `api` has one file a resource.

mod api;
mod app;
mod caller;
mod cursor;
mod idempotency;
mod intake;
mod problem;
mod request_id;
mod token;

pub use api::openapi;
pub use app::{App, server};
pub use problem::Problem;
pub use token::{NewToken, TokenCache};
