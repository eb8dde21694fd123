//! What integration tests stand on: the real daemon on either database, a client for its API, and PostgreSQL of
//! their own.

// Each test binary uses a part of this, and a harness that cannot be set up has nothing better to do than panic.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

pub mod api;
pub mod daemon;
pub mod postgres;

use std::sync::Once;

/// Makes the one TLS implementation known that the clients here use. Any number of times.
pub fn install_tls() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
