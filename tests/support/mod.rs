//! What integration tests stand on: the real daemon on either database, a client for its API, and PostgreSQL of
//! their own.

// Each test binary uses a part of this, and a harness that cannot be set up has nothing better to do than panic.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

pub mod api;
pub mod command;
pub mod daemon;
pub mod dns;
pub mod events;
pub mod postgres;
pub mod readers;
pub mod small_disk;

/// Runs each test on SQLite and, where there is one, on PostgreSQL. The first argument names the group where it is
/// skipped.
#[allow(unused_macros)]
macro_rules! on_both_databases {
    ($group:literal: $($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(crate::support::daemon::Db::Sqlite).await; })+
        }
        mod postgresql {
            $(#[tokio::test] async fn $name() {
                if crate::support::postgres::require_or_skip(concat!($group, " on PostgreSQL")) {
                    let database = crate::support::postgres::create_database();
                    super::$name(crate::support::daemon::Db::Postgres(database.url.clone())).await;
                }
            })+
        }
    };
}

use std::sync::Once;

use batchdesk::simulators::load::LoadSite;

use daemon::{Daemon, DaemonOptions, Db};

/// Makes the one TLS implementation known that the clients here use. Any number of times.
pub fn install_tls() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// Names a group of tests that this machine cannot run; `BATCHDESK_REQUIRE_ALL=1` makes that a failure.
pub fn skip(group: &str, why: &str) {
    let skipped = format!("skipped group: {group} ({why})");
    assert!(
        std::env::var("BATCHDESK_REQUIRE_ALL").as_deref() != Ok("1"),
        "{skipped}"
    );
    println!("{skipped}");
}

/// A ready daemon on the database.
pub fn start(database: &Db) -> Daemon {
    Daemon::start(DaemonOptions {
        database: database.clone(),
        ..DaemonOptions::default()
    })
}

/// As [`start`], with settings of its own.
pub fn start_with(database: &Db, config: &str) -> Daemon {
    let options = DaemonOptions {
        database: database.clone(),
        config_toml_extra: config.to_owned(),
        ..DaemonOptions::default()
    };
    Daemon::start(options)
}

/// A CSV of pages that the site gives.
pub fn list(site: &LoadSite, practices: std::ops::Range<u64>) -> String {
    let mut csv = "name,website\n".to_owned();
    for n in practices {
        csv.push_str(&format!("Practice {n},{}\n", site.practice_url(n)));
    }
    csv
}
