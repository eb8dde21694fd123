//! Who makes a request: passwords, sessions, tokens, and tokens of an outside issuer.

pub mod address;
pub mod cookies;
pub mod credentials;
pub mod cross_site;
pub mod issuer;
pub mod jwks;
pub mod link_post;
pub mod one_time;
pub mod password;
pub mod signatures;
pub mod throttle;

pub use credentials::Credentials;
pub use issuer::Issuer;
pub use link_post::{Letter, LinkPost};
pub use password::Passwords;
pub use throttle::Throttle;
