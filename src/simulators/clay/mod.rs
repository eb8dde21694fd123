//! A Clay table: rows come in by its webhook, and an HTTP API column brings what was found to the row's
//! `callback_url`.

mod rows;
mod serve;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web;
use serde_json::{Value, json};

use super::callbacks::{Callback, Caller, Delivery};
use super::log::Log;
use super::pace::Pace;
use super::serving::{Serving, locked};
use rows::Webhooks;

/// Makes what the columns found from a row.
pub type EnrichFn = Arc<dyn Fn(&Value) -> Value + Send + Sync>;

/// The column that calls back.
#[derive(Clone)]
pub struct Column {
    /// How each result is brought.
    pub delivery: Delivery,
    /// How often the column is run again by hand afterwards, each time with the same result.
    pub reruns: u32,
    /// Whether it runs a first time before everything was found: the result then lacks its last half.
    pub partial_first: bool,
    /// What was found.
    pub enrich: EnrichFn,
}

impl Default for Column {
    fn default() -> Self {
        Self {
            delivery: Delivery::Once,
            reruns: 0,
            partial_first: false,
            enrich: Arc::new(enriched),
        }
    }
}

/// The canned result: the row itself, and three columns more.
fn enriched(row: &Value) -> Value {
    let mut row = row.clone();
    if let Some(fields) = row.as_object_mut() {
        fields.remove("callback_url");
        fields.remove("callback_headers");
        fields.insert("employee_count".to_owned(), json!(12));
        fields.insert("industry".to_owned(), json!("Health care"));
        fields.insert(
            "linkedin_url".to_owned(),
            json!("https://linkedin.example/company/practice"),
        );
    }
    row
}

/// What the workspace is to be like.
#[derive(Clone)]
pub struct Options {
    /// The token that `x-clay-webhook-auth` must carry; `None` asks for none.
    pub auth: Option<String>,
    /// Rows a second for the whole workspace ...
    pub rate: f64,
    /// ... and how many may come at once.
    pub burst: u32,
    /// The largest payload.
    pub largest_payload: usize,
    /// How many submissions a webhook takes in its life.
    pub lifetime: u64,
    /// The status once it has taken them. Which one the service uses is not documented.
    pub exhausted_status: u16,
    /// How long the enrichment of a row takes.
    pub latency: Duration,
    /// The column that calls back.
    pub column: Column,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            auth: None,
            rate: 10.0,
            burst: 20,
            largest_payload: 100 << 10,
            lifetime: 50_000,
            exhausted_status: 403,
            latency: Duration::ZERO,
            column: Column::default(),
        }
    }
}

/// One request to a webhook, as it was answered.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The webhook.
    pub webhook: String,
    /// The body, if it was JSON.
    pub body: Value,
    /// The status of the answer.
    pub status: u16,
    /// The number of the first row that it became.
    pub row: Option<u64>,
}

struct Table {
    auth: Option<String>,
    largest_payload: usize,
    exhausted_status: u16,
    webhooks: Mutex<Webhooks>,
    column: Mutex<Column>,
    next_row: Mutex<u64>,
    pace: Pace,
    submissions: Log<Submission>,
    caller: Caller,
}

/// The workspace, until this is dropped. It begins with one webhook.
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// use batchdesk::simulators::clay::{Clay, Options};
///
/// let clay = Clay::start(Options::default()).await?;
/// clay.set_column(|column| column.reruns = 1);
/// let webhook = clay.webhook_url();
/// // ... POST {"domain": ..., "callback_url": ...} to it ...
/// clay.until_callbacks(2).await;
/// # Ok(())
/// # }
/// ```
pub struct Clay {
    address: SocketAddr,
    table: Arc<Table>,
    first: String,
    _serving: Serving,
}

impl Clay {
    /// Serves on loopback. Any runtime will do.
    pub async fn start(options: Options) -> io::Result<Self> {
        let mut webhooks = Webhooks::new(options.rate, options.burst, options.lifetime);
        let first = webhooks.make();
        let table = Arc::new(Table {
            auth: options.auth,
            largest_payload: options.largest_payload,
            exhausted_status: options.exhausted_status,
            webhooks: Mutex::new(webhooks),
            column: Mutex::new(options.column),
            next_row: Mutex::new(1),
            pace: Pace::new(options.latency),
            submissions: Log::default(),
            caller: Caller::new()?,
        });
        let shared = Arc::clone(&table);
        let (address, serving) = Serving::on_loopback(move |app| {
            app.app_data(web::Data::from(Arc::clone(&shared)))
                .route("/v3/sources/webhook/{id}", web::post().to(serve::submit));
        })
        .await?;
        Ok(Self {
            address,
            table,
            first,
            _serving: serving,
        })
    }

    /// `http://ADDRESS`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn url_of(&self, id: &str) -> String {
        format!("{}/v3/sources/webhook/{id}", self.base_url())
    }

    /// The URL of the webhook that the table began with.
    pub fn webhook_url(&self) -> String {
        self.url_of(&self.first)
    }

    /// Makes another webhook, and gives its URL.
    pub fn new_webhook(&self) -> String {
        let id = locked(&self.table.webhooks).make();
        self.url_of(&id)
    }

    /// Deletes the webhook of that URL.
    pub fn delete_webhook(&self, url: &str) {
        locked(&self.table.webhooks).delete(last_segment(url));
    }

    /// How many submissions the webhook of that URL has taken.
    pub fn taken(&self, url: &str) -> u64 {
        locked(&self.table.webhooks).taken(last_segment(url))
    }

    /// How many submissions a webhook takes in its life, from now on.
    pub fn set_lifetime(&self, lifetime: u64) {
        locked(&self.table.webhooks).set_lifetime(lifetime);
    }

    /// Rows a second, and at once, from now on.
    pub fn set_rate(&self, rate: f64, burst: u32) {
        locked(&self.table.webhooks).set_rate(rate, burst);
    }

    /// Changes the column that calls back.
    pub fn set_column(&self, change: impl FnOnce(&mut Column)) {
        change(&mut locked(&self.table.column));
    }

    /// Enrichment takes so long from now on.
    pub fn set_latency(&self, latency: Duration) {
        self.table.pace.set_latency(latency);
    }

    /// No row is enriched until [`release`](Self::release).
    pub fn hold(&self) {
        self.table.pace.hold();
    }

    /// Lets every row go on that was held.
    pub fn release(&self) {
        self.table.pace.release();
    }

    /// The latest requests, oldest first.
    pub fn submissions(&self) -> Vec<Submission> {
        self.table.submissions.entries()
    }

    /// Waits until so many requests have been answered.
    pub async fn until_submissions(&self, submissions: u64) {
        self.table.submissions.until(submissions).await;
    }

    /// The latest calls to callback URLs, and what they were answered.
    pub fn callbacks(&self) -> Vec<Callback> {
        self.table.caller.log().entries()
    }

    /// Waits until so many callbacks have been answered.
    pub async fn until_callbacks(&self, callbacks: u64) {
        self.table.caller.log().until(callbacks).await;
    }
}

fn last_segment(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

#[cfg(test)]
mod tests;
