//! batchdesk: long lists of businesses through durable, config-driven workflows.

pub mod actors;
pub mod cli;
pub mod exchange;
pub mod http;
pub mod model;
pub mod ops;
pub mod providers;
pub mod scrape;
pub mod settings;
pub mod simulators;
pub mod steps;
pub mod store;
pub mod template;
