//! A daemon with a workspace of its own, and stand-ins for those that it calls.

use std::time::{Duration, Instant};

use batchdesk::simulators::n8n::N8n;
use batchdesk::simulators::zenrows::{self, ZenRows};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::api::Api;
use crate::support::daemon::{Daemon, DaemonOptions, Db};
use crate::support::postgres;

pub const SOON: Duration = Duration::from_secs(60);

/// The daemon, its databases, and the providers.
pub struct Desk {
    pub daemon: Daemon,
    pub api: Api,
    pub hq: DatabaseConnection,
    pub workspace: DatabaseConnection,
    pub zenrows: ZenRows,
    pub n8n: N8n,
    _directory: TempDir,
    _workspace: Option<postgres::TestDatabase>,
}

impl Desk {
    pub async fn start(database: Db) -> Self {
        Self::start_with(database, "").await
    }

    pub async fn start_with(database: Db, extra: &str) -> Self {
        Self::start_on(database, None, extra).await
    }

    /// As [`start_with`](Self::start_with), on a workspace that is there already.
    pub async fn start_on(database: Db, workspace: Option<&str>, extra: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let zenrows = ZenRows::start(zenrows::Options::default()).await.unwrap();
        let n8n = N8n::start(batchdesk::simulators::n8n::Options::default())
            .await
            .unwrap();
        let of_postgres = match &database {
            Db::Sqlite => None,
            Db::Postgres(_) => Some(postgres::create_database()),
        };
        let workspace_url = match (workspace, &of_postgres) {
            (Some(url), _) => url.to_owned(),
            (None, Some(database)) => database.url.clone(),
            (None, None) => format!("sqlite://{}/workspace.db?mode=rwc", directory.path().display()),
        };
        let key = directory.path().join("key");
        std::fs::write(&key, zenrows::KEY).unwrap();
        let config = format!(
            "[network]\nallow_cidrs = [\"127.0.0.0/8\"]\n[workspace]\nurl = {workspace_url:?}\n\
             [secrets.ZENROWS_API_KEY]\nfrom = \"file:{}\"\nhosts = [\"127.0.0.1\"]\n\
             [retry]\nbase_ms = 20\n[scrape]\nhost_delay_ms = 0\n{extra}",
            key.display()
        );
        let daemon = Daemon::start(DaemonOptions {
            database,
            config_toml_extra: config,
            ..DaemonOptions::default()
        });
        let api = daemon.api(&daemon.token("admin"));
        let hq = sea_orm::Database::connect(daemon.database_url()).await.unwrap();
        let workspace = sea_orm::Database::connect(workspace_url).await.unwrap();
        Self {
            daemon,
            api,
            hq,
            workspace,
            zenrows,
            n8n,
            _directory: directory,
            _workspace: of_postgres,
        }
    }

    /// A workflow as an author inserts it.
    pub async fn workflow(&self, slug: &str, step: i32, provider: &str, rest: Value) {
        let text = |key: &str, usual: &str| rest[key].as_str().unwrap_or(usual).to_owned();
        let mode = if matches!(provider, "clay") { "async" } else { "sync" };
        let sql = format!(
            "insert into db_driven_enrichment_workflows (workflow_slug, title, overall_step_number, provider, \
             destination_db, destination_table_name, destination_field_mappings, play_name, mode, settings) values \
             ('{slug}', '{slug}', {step}, '{provider}', '{}', {}, '{}', '{}', '{}', '{}')",
            text("destination_db", "workspace"),
            rest["table"]
                .as_str()
                .map_or_else(|| "null".to_owned(), |table| format!("'{table}'")),
            quoted(rest.get("mappings")),
            text("play", "default"),
            text("mode", mode),
            quoted(rest.get("settings")),
        );
        self.hq.execute_unprepared(&sql).await.unwrap();
    }

    pub async fn run_sql(&self, sql: &str) {
        self.workspace.execute_unprepared(sql).await.unwrap();
    }

    /// Uploads domains to the play, and gives the job's id.
    pub async fn upload(&self, play: &str, domains: &[&str]) -> String {
        let practices: Vec<Value> = domains.iter().map(|domain| json!({"website": domain})).collect();
        let body = json!({"practices": practices, "play": play});
        let created = self.api.post("/api/jobs", &body).await.expect(201).json();
        created["job_id"].as_str().unwrap().to_owned()
    }

    pub async fn until_ended(&self, job: &str) -> Value {
        let ended = |seen: &Value| matches!(seen["status"].as_str(), Some("completed" | "error"));
        self.api.wait_until(job, ended, SOON).await
    }

    pub async fn until_status(&self, job: &str, status: &str) -> Value {
        let status = status.to_owned();
        self.api
            .wait_until(job, move |seen| seen["status"] == status, SOON)
            .await
    }

    /// The rows of a query on HQ, as JSON objects.
    pub async fn select(&self, sql: &str) -> Vec<Value> {
        select(&self.hq, sql).await
    }

    pub async fn select_workspace(&self, sql: &str) -> Vec<Value> {
        select(&self.workspace, sql).await
    }

    /// Waits until the query gives what is wanted.
    pub async fn until(&self, sql: &str, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let deadline = Instant::now() + SOON;
        loop {
            let rows = self.select(sql).await;
            if wanted(&rows) {
                return rows;
            }
            assert!(Instant::now() < deadline, "{sql}: {rows:?}\n{}", self.daemon.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The rows of the result log of a job, once there are so many.
    pub async fn logs(&self, job: &str, rows: usize) -> Vec<Value> {
        let sql = format!(
            "select practice_id, workflow_slug, step_number, status, result_table, attempts, error_message \
             from enrichment_results_log where batch_id = '{job}' order by practice_id, step_number"
        );
        self.until(&sql, |seen| seen.len() >= rows).await
    }
}

/// JSON as it stands between the quotes of SQL.
fn quoted(value: Option<&Value>) -> String {
    value
        .cloned()
        .unwrap_or_else(|| json!({}))
        .to_string()
        .replace('\'', "''")
}

async fn select(db: &DatabaseConnection, sql: &str) -> Vec<Value> {
    use sea_orm::FromQueryResult as _;

    let backend: DbBackend = db.get_database_backend();
    sea_orm::JsonValue::find_by_statement(Statement::from_string(backend, sql))
        .all(db)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}
