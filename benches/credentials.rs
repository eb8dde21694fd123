//! How long it takes to know who presents a token, from memory and from the database.
//!
//! `cargo bench --bench credentials -- [--checks 200000] [--tokens 1000]`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark may stop at any surprise"
)]

use std::sync::Arc;
use std::time::Instant;

use batchdesk::actors::{self, authored};
use batchdesk::http::NewToken;
use batchdesk::http::auth::Credentials;
use batchdesk::http::auth::credentials::Presented;
use batchdesk::settings::Settings;
use batchdesk::steps::Handlers;
use batchdesk::store::Database;
use batchdesk::store::identity::{NewUser, add_token, add_user};
use batchdesk::store::read::Role;
use clap::Parser;
use migration::{Migrator, MigratorTrait as _};

#[derive(Parser)]
struct Options {
    #[arg(long, default_value_t = 200_000)]
    checks: usize,
    /// Tokens that take turns.
    #[arg(long, default_value_t = 1_000)]
    tokens: usize,
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    let directory = tempfile::tempdir().unwrap();
    let text = format!("data_dir = {:?}\n[auth]\ntoken_cache_ms = 60000\n", directory.path());
    let settings = Arc::new(Settings::from_text(&text).unwrap());
    actix::System::new().block_on(measure(settings, &options));
    drop(directory);
    // The pools' connections want the runtime that has just ended; there is nothing left for them to do.
    std::process::exit(0);
}

async fn measure(settings: Arc<Settings>, options: &Options) {
    let database = Database::open(&settings).await.unwrap();
    Migrator::up(database.writer.raw(), None).await.unwrap();
    let email = "bench@example.test";
    let user = NewUser {
        email: email.to_owned(),
        role: Role::Member,
        organisation: "Bench".to_owned(),
        password_hash: None,
    };
    add_user(&database.writer, &user).await.unwrap();
    let mut presented = Vec::new();
    for _ in 0..options.tokens {
        let token = NewToken::random();
        add_token(&database.writer, email, "bench", &token.hash).await.unwrap();
        presented.push(Presented::Bearer(token.text));
    }
    let authored = authored(&settings.workflows).unwrap();
    let handle = actors::start(
        Arc::clone(&settings),
        &database,
        false,
        authored,
        Some(Handlers::default()),
        None,
    )
    .await
    .unwrap();
    let storage = handle.engine.storage.clone();
    let credentials = Credentials::new(database.readers.clone(), storage, &settings.auth, None);
    for (what, checks) in [("from the database", presented.len()), ("from memory", options.checks)] {
        let started = Instant::now();
        for at in 0..checks {
            let scope = credentials.scope(&presented[at % presented.len()]).await.unwrap();
            assert!(scope.is_some());
        }
        let each = started.elapsed().as_secs_f64() * 1e6 / checks as f64;
        println!("{what:<18} {each:>8.2} µs a check");
    }
}
