//! PostgREST, as Supabase serves it under `/rest/v1`: bulk inserts and upserts into tables that are declared, their
//! description, and the errors.

mod openapi;
mod prefer;
mod problem;
mod query;
mod rows;
mod schema;
mod serve;
mod store;
mod values;

use std::collections::{HashSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web;
use serde_json::Value;

use super::log::Log;
use super::pace::Pace;
use super::serving::{Serving, locked};
use problem::Problem;
use store::{Database, Stored};

pub use schema::{Column, ColumnDefault, Table};

/// The key that the stand-in takes unless it is told another: one of the new kind, which goes into `apikey` only.
pub const KEY: &str = "sb_secret_stand_in";

/// What the server is to be like.
#[derive(Debug, Clone)]
pub struct Options {
    /// The tables that it begins with.
    pub tables: Vec<Table>,
    /// The key that `apikey` must carry; `None` is a PostgREST without a gateway before it.
    pub api_key: Option<String>,
    /// The token that `Authorization: Bearer` may carry besides an `api_key` that is a JWT.
    pub jwt: Option<String>,
    /// Whether requests without any role are served, as the anonymous one.
    pub anonymous: bool,
    /// The schemas that are exposed; the first is the default.
    pub schemas: Vec<String>,
    /// Whether `Prefer: tx=rollback` is heeded.
    pub allow_rollback: bool,
    /// How long a request takes.
    pub latency: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tables: Vec::new(),
            api_key: Some(KEY.to_owned()),
            jwt: None,
            anonymous: true,
            schemas: vec!["public".to_owned()],
            allow_rollback: false,
            latency: Duration::ZERO,
        }
    }
}

/// One request, as it was answered.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path and query.
    pub path: String,
    /// The `Prefer` headers.
    pub prefer: String,
    /// How many rows its body had.
    pub rows: usize,
    /// The status of the answer.
    pub status: u16,
    /// The code of the error.
    pub code: Option<String>,
}

/// What goes wrong with the next request.
enum Fault {
    /// It is refused with this code.
    Refuse(String),
    /// All is done, and nobody hears of it.
    LoseAnswer,
}

struct Server {
    database: Mutex<Database>,
    denied: Mutex<HashSet<String>>,
    faults: Mutex<VecDeque<Fault>>,
    allow_rollback: Mutex<bool>,
    api_key: Option<String>,
    jwt: Option<String>,
    anonymous: bool,
    schemas: Vec<String>,
    pace: Pace,
    log: Log<Request>,
}

/// The server, until this is dropped.
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// use batchdesk::simulators::postgrest::{Column, ColumnDefault, Options, Postgrest, Table};
///
/// let companies = Table::new("companies", vec![
///     Column::new("id", "uuid").primary().default(ColumnDefault::Uuid),
///     Column::new("domain", "text").required().unique(),
///     Column::new("employees", "integer"),
/// ]);
/// let postgrest = Postgrest::start(Options { tables: vec![companies], ..Options::default() }).await?;
/// // ... POST [{"domain": ...}] to `{base_url}companies?on_conflict=domain` ...
/// postgrest.fail_next("08006", 1);
/// assert_eq!(postgrest.rows("companies").len(), 0);
/// # Ok(())
/// # }
/// ```
pub struct Postgrest {
    address: SocketAddr,
    server: Arc<Server>,
    _serving: Serving,
}

impl Postgrest {
    /// Serves on loopback. Any runtime will do.
    pub async fn start(options: Options) -> io::Result<Self> {
        let mut database = Database::default();
        for table in options.tables {
            add(&mut database, table);
        }
        let server = Arc::new(Server {
            database: Mutex::new(database),
            denied: Mutex::default(),
            faults: Mutex::default(),
            allow_rollback: Mutex::new(options.allow_rollback),
            api_key: options.api_key,
            jwt: options.jwt,
            anonymous: options.anonymous,
            schemas: options.schemas,
            pace: Pace::new(options.latency),
            log: Log::default(),
        });
        let shared = Arc::clone(&server);
        let (address, serving) = Serving::on_loopback(move |app| {
            app.app_data(web::Data::from(Arc::clone(&shared)))
                .route("/rest/v1", web::to(serve::root))
                .route("/rest/v1/", web::to(serve::root))
                .route("/rest/v1/{table}", web::to(serve::table));
        })
        .await?;
        Ok(Self {
            address,
            server,
            _serving: serving,
        })
    }

    /// `http://ADDRESS/rest/v1/`, to be followed by the table.
    pub fn base_url(&self) -> String {
        format!("http://{}/rest/v1/", self.address)
    }

    /// `http://ADDRESS`, as Supabase's own libraries are given it.
    pub fn project_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a table, or replaces the one of that name, its rows with it.
    pub fn set_table(&self, table: Table) {
        add(&mut locked(&self.server.database), table);
    }

    /// Drops a table of every schema.
    pub fn drop_table(&self, name: &str) {
        locked(&self.server.database).0.retain(|(_, known), _| known != name);
    }

    /// Nobody may use the table: 42501.
    pub fn deny(&self, table: &str) {
        locked(&self.server.denied).insert(table.to_owned());
    }

    /// The table may be used again.
    pub fn allow(&self, table: &str) {
        locked(&self.server.denied).remove(table);
    }

    /// The next so many requests for tables are refused with that code, `08006` for one.
    pub fn fail_next(&self, code: &str, times: usize) {
        let mut faults = locked(&self.server.faults);
        faults.extend((0..times).map(|_| Fault::Refuse(code.to_owned())));
    }

    /// The next so many requests for tables are carried out, but answered by a gateway's 504.
    pub fn lose_answers(&self, times: usize) {
        let mut faults = locked(&self.server.faults);
        faults.extend((0..times).map(|_| Fault::LoseAnswer));
    }

    /// Whether `Prefer: tx=rollback` is heeded from now on.
    pub fn set_allow_rollback(&self, allow: bool) {
        *locked(&self.server.allow_rollback) = allow;
    }

    /// Requests take so long from now on.
    pub fn set_latency(&self, latency: Duration) {
        self.server.pace.set_latency(latency);
    }

    /// No request is carried out until [`release`](Self::release).
    pub fn hold(&self) {
        self.server.pace.hold();
    }

    /// Lets every request go on that was held.
    pub fn release(&self) {
        self.server.pace.release();
    }

    /// The rows of a table of any schema, as JSON objects, in the order that they came in.
    pub fn rows(&self, table: &str) -> Vec<Value> {
        let database = locked(&self.server.database);
        let named = database.0.values().filter(|stored| stored.table.name == table);
        named
            .flat_map(|stored| stored.rows().iter().map(|row| stored.object(row)))
            .collect()
    }

    /// The latest requests, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.server.log.entries()
    }

    /// Waits until so many requests have been answered.
    pub async fn until_requests(&self, requests: u64) {
        self.server.log.until(requests).await;
    }
}

fn add(database: &mut Database, table: Table) {
    let id = (table.schema.clone(), table.name.clone());
    database.0.insert(id, Stored::new(table));
}

#[cfg(test)]
mod tests;
