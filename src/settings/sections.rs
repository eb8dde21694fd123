//! The settings as the rest of the daemon reads them: checked, complete and typed.
//!
//! A field is named as its key. What a key means in full, its unit and its range stand in `config/default.toml`.

use chrono::TimeDelta;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::ports::Ports;
use super::secrets::{SecretError, SecretSource};
use super::show::without_password;
use super::wait::Wait;
use crate::model::retry::RetryPolicy;
use crate::model::workflow::RetryOverride;

/// All settings of one daemon. Cheap enough to clone; shared as `Arc<Settings>`.
///
/// Serialising it writes database passwords as they are. For people there is [`show`](super::show()).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Directory of everything that the daemon keeps; never empty.
    pub data_dir: PathBuf,
    /// The REST interface and the console.
    pub http: Http,
    /// The database that this daemon owns.
    pub database: Database,
    /// Where destination tables live.
    pub workspace: Workspace,
    /// Which addresses may be reached.
    pub network: Network,
    /// Fetching pages.
    pub scrape: Scrape,
    /// How much is worked on at a time, and supervision.
    pub engine: Engine,
    /// The writer.
    pub storage: Storage,
    /// When a failed attempt is made again.
    pub retry: Retry,
    /// Bounds on lists that are uploaded.
    pub imports: Imports,
    /// Workflow files.
    pub workflows: Workflows,
    /// Callbacks of providers that answer later.
    pub receivers: Receivers,
    /// Webhooks about batches.
    pub webhooks: Webhooks,
    pub registration: Registration,
    /// Logging.
    pub log: Log,
    /// Who sees what, and how people sign in.
    pub auth: Auth,
    /// An outside issuer of tokens.
    pub jwt: Jwt,
    /// How long finished batches are kept.
    pub retention: Retention,
    /// Secrets by name: where each is kept and where it may be sent.
    pub secrets: BTreeMap<String, SecretSource>,
}

/// The REST interface and the console.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Threads that answer requests.
    pub workers: usize,
    /// Largest upload, in bytes.
    pub max_upload_bytes: u64,
    /// Largest JSON body, in bytes.
    pub max_body_bytes: usize,
    /// How long a command or the start of an upload waits for the database, in ms.
    pub command_timeout_ms: u64,
    /// How long a client may take to send the head of a request, in ms.
    pub request_timeout_ms: u64,
    /// Event streams that are open at a time.
    pub max_event_streams: usize,
    /// Event streams of one user that are open at a time.
    pub max_event_streams_per_user: usize,
    /// Where people reach the daemon; empty: the address that it listens on.
    pub public_url: String,
    /// Proxies whose forwarding headers count.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which those proxies say for whom they ask.
    pub forwarded_header: ForwardedHeader,
    /// Origins whose pages may use the REST interface.
    pub cors_origins: Vec<String>,
    /// Requests of one token or user in a minute; 0: any number.
    pub requests_per_minute: u32,
}

/// The database that this daemon owns.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite://` or `postgres://` URL, `{data_dir}` already replaced. May hold a password.
    pub url: String,
    /// Connections of the pool that only reads.
    pub readers: u32,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("url", &without_password(&self.url))
            .field("readers", &self.readers)
            .finish()
    }
}

/// Where destination tables live.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workspace {
    /// Empty: the database of [`Database`]. Else a `sqlite://`, `postgres://` or `https://` URL, `{data_dir}` already
    /// replaced. May hold a password.
    pub url: String,
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace")
            .field("url", &without_password(&self.url))
            .finish()
    }
}

/// Which addresses may be reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Networks that may be reached besides public addresses.
    pub allow_cidrs: Vec<IpNet>,
    /// Ports that may be reached at all other addresses; none: every port.
    pub allow_ports: Vec<Ports>,
    /// Who is asked for the addresses of names; none: the system.
    pub nameservers: Vec<SocketAddr>,
}

/// Fetching pages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scrape {
    /// Pages that are read besides the home page.
    pub max_pages: usize,
    /// Whether robots.txt is obeyed.
    pub respect_robots: bool,
    /// Practices of one host that are worked on at a time.
    pub host_concurrency: usize,
    /// Least time between the starts of two requests to one host, in ms.
    pub host_delay_ms: u64,
    /// Time for one request, in ms; a redirect is one of its own.
    pub timeout_ms: u64,
    /// Time until a connection stands, in ms.
    pub connect_timeout_ms: u64,
    /// Bytes of a page that are read, after decompression.
    pub max_body_bytes: usize,
    /// Redirects that are followed for one page.
    pub max_redirects: usize,
    /// User-Agent as product/version, `{version}` already replaced.
    pub user_agent: String,
    /// Address or page to add to the User-Agent; empty: none.
    pub contact: String,
    /// ISO 3166-1 alpha-2 country for telephone numbers; empty: none.
    pub region: String,
}

/// How much is worked on at a time, and supervision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Engine {
    /// Items in flight per batch.
    pub window: usize,
    /// Items in flight in all batches together.
    pub max_in_flight: usize,
    /// Bytes that they may hold in memory.
    pub max_bytes_in_flight: usize,
    /// Time that running steps get after SIGTERM, in ms.
    pub drain_timeout_ms: u64,
    /// Restarts within `restart_window_ms` before a part is given up.
    pub restart_budget: u32,
    /// The time over which restarts are counted, in ms.
    pub restart_window_ms: u64,
    /// Wait before the first restart, in ms; doubles with each.
    pub restart_base_ms: u64,
    /// When an item that does not move counts as stuck, in ms.
    pub stuck_after_ms: u64,
}

/// The writer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// Most commands in one transaction.
    pub group_max: usize,
    /// Most bytes in one transaction.
    pub group_bytes: usize,
    /// Most commands that wait.
    pub queue_max: usize,
    /// When SQLite calls a transaction committed.
    pub synchronous: Synchronous,
    /// Tables that workflows may write to; `*` at the end stands for any rest of a name.
    pub allowed_tables: Vec<String>,
    /// A PostgREST for results that go to HQ; empty: the daemon's own database.
    pub hq_url: String,
}

/// `PRAGMA synchronous` of the SQLite writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// Committed once it is on the disk.
    Full,
    /// A loss of power can take back the last commits.
    Normal,
}

/// When a failed attempt is made again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Further attempts after the first one.
    pub max_retries: u32,
    /// Wait before the first of them, in ms.
    pub base_ms: u64,
    /// Multiplies the wait for each one more.
    pub factor: f64,
    /// Share of the wait that chance adds or takes away, 0 to 1.
    pub jitter: f64,
    /// The longest wait, in ms.
    pub max_ms: u64,
}

/// Bounds on lists that are uploaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imports {
    /// Most rows in one list.
    pub max_rows: u64,
    /// Most bytes in one row.
    pub max_row_bytes: usize,
    /// Most columns in one list.
    pub max_columns: usize,
    /// Most bytes of a workbook once it is unpacked.
    pub max_unpacked_bytes: u64,
    /// Rows that one command writes.
    pub chunk_rows: usize,
}

/// Workflow files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflows {
    /// Their directory; never empty, but it need not exist.
    pub dir: String,
    /// The n8n webhook that the scrape step of `practice-enrichment` is dispatched to; empty: it is done here.
    pub dispatcher_url: String,
}

/// Logging.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Directives of `tracing_subscriber::EnvFilter`.
    pub level: String,
    /// Where and how lines are written.
    pub format: LogFormat,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Journald under systemd, text on a terminal, else JSON.
    Auto,
    /// Lines for people, to stderr.
    Text,
    /// One JSON object a line, to stderr.
    Json,
    /// Native fields to the journal's socket.
    Journald,
}

/// Who sees what, and how people sign in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Whether members of an organisation see each other's jobs.
    pub share_jobs: bool,
    /// How long a checked token is trusted without asking the database, in ms.
    pub token_cache_ms: u64,
    /// How long a session may go unused, in ms.
    pub session_idle_ms: u64,
    /// How long a session lasts at most, in ms.
    pub session_max_ms: u64,
    /// How long a one-time link can be used, in ms.
    pub link_ms: u64,
    /// Where one-time links are sent that admins make; empty: nowhere.
    pub link_webhook_url: String,
    /// Where the secret is kept that signs them.
    pub link_webhook_secret: String,
    /// Passwords that are hashed at a time.
    pub password_hashes: usize,
}

/// An outside issuer of tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// What `iss` must say; empty: there is no issuer.
    pub issuer: String,
    /// What `aud` must hold; empty: anything.
    pub audience: String,
    /// Where the secret of HS256 is kept; empty: nowhere.
    pub secret: String,
    /// Where the public keys are; empty: nowhere.
    pub jwks_url: String,
    /// How far the issuer's clock may be off, in ms.
    pub leeway_ms: u64,
    /// Claims that may name the organisation, the strongest first.
    pub organisation_claims: Vec<String>,
    /// Claims that may name the role, the strongest first.
    pub role_claims: Vec<String>,
    /// The role of those whose token names none.
    pub default_role: String,
    /// The most that a token can give.
    pub max_role: String,
}

impl Jwt {
    /// The secret of HS256, where one is kept.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn secret(&self) -> Result<Option<SecretString>, SecretError> {
        SecretSource::kept_at(&self.secret)
    }
}

impl Auth {
    /// How long a one-time link can be used.
    #[must_use]
    pub fn link_lifetime(&self) -> TimeDelta {
        TimeDelta::milliseconds(i64::try_from(self.link_ms).unwrap_or(i64::MAX))
    }

    /// What signs the links that are sent, where it is kept somewhere.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn link_webhook_secret(&self) -> Result<Option<SecretString>, SecretError> {
        SecretSource::kept_at(&self.link_webhook_secret)
    }
}

/// How long finished batches are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Days until a finished batch is archived; 0: never.
    pub days: u32,
}

/// Callbacks of providers that answer later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receivers {
    /// Address under which others reach this daemon; empty: `http.listen`.
    pub base_url: String,
    /// Largest answer that is taken, in bytes.
    pub max_body_bytes: usize,
}

/// Webhooks about batches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Time for one attempt, in ms.
    pub timeout_ms: u64,
    /// Waits between the attempts of one delivery.
    pub retry_waits: Vec<Wait>,
    /// An endpoint that takes nothing for so many hours is switched off; 0: never.
    pub disable_after_hours: u32,
    /// Days for which events and their deliveries are kept.
    pub keep_days: u32,
}

impl Retry {
    /// The policy of something that may say otherwise itself.
    #[must_use]
    pub fn policy(&self, own: &RetryOverride) -> RetryPolicy {
        RetryPolicy {
            max_retries: own.max_retries.unwrap_or(self.max_retries),
            base: Duration::from_millis(own.base_ms.unwrap_or(self.base_ms)),
            factor: own.factor.unwrap_or(self.factor),
            jitter: own.jitter.unwrap_or(self.jitter),
            longest: Duration::from_millis(own.max_ms.unwrap_or(self.max_ms)),
        }
    }
}

/// The header in which proxies say for whom they ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// With `X-Forwarded-Proto`.
    XForwardedFor,
    /// RFC 7239.
    Forwarded,
}

/// What becomes of a batch of which too many registrations have failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnThreshold {
    Pause,
    Fail,
}

/// Registration batches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// Restaurants that one batch may have.
    pub max_restaurants: usize,
    /// Share of a batch that may fail while others remain.
    pub failure_threshold: f64,
    pub on_threshold: OnThreshold,
    /// Executions of one parallel batch at a time.
    pub max_parallel: usize,
    /// Where the platform is; empty: not known.
    pub platform_url: String,
    /// Where the register of companies is asked.
    pub companies_office_url: String,
}

impl Settings {
    /// Where callbacks come to, without a slash at its end, for a daemon that listens on `listen`.
    #[must_use]
    pub fn receivers_url(&self, listen: SocketAddr) -> String {
        match self.receivers.base_url.trim_end_matches('/') {
            "" => format!("http://{listen}"),
            base => base.to_owned(),
        }
    }
}
