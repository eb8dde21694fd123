//! A play of steps that providers do, the providers, and one who calls back until he is heard, as n8n workflows are
//! told to.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use batchdesk::simulators::Delivery;
use batchdesk::simulators::n8n::{self, N8n, Respond, Workflow};
use batchdesk::simulators::zenrows::{self, Code, ZenRows};
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::{JoinHandle, JoinSet};

use crate::support::daemon::{Daemon, DaemonOptions, Db};
use crate::support::postgres::{self, TestDatabase};

pub const PLAY: &str = "mixed";

/// Where HQ and the workspace are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    SqliteApart,
    SqliteInHq,
    PostgresApart,
}

/// Databases as a trial begins with them, and the providers of all trials.
pub struct Scene {
    place: Place,
    pub zenrows: ZenRows,
    pub n8n: Arc<N8n>,
    token: String,
    config: String,
    /// The daemon that prepared the databases, ended; its data directory is copied.
    prepared: Daemon,
    databases: Option<(TestDatabase, TestDatabase)>,
    directory: TempDir,
}

/// A daemon on databases of its own.
pub struct Trial {
    pub daemon: Daemon,
    pub token: String,
    pub hq: String,
    pub workspace: String,
    _databases: Option<(TestDatabase, TestDatabase)>,
    _directory: TempDir,
}

const TABLES: [&str; 2] = [
    "create table company_pages (id KEY primary key, company_domain text, url text, status integer, html text)",
    "create table company_studies (id KEY primary key, company_domain text, urls text)",
];

/// Rows of an upload belong to the company of their domain, where there is one.
const COMPANIES_ON_SQLITE: &str = "create trigger companies_of_rows after insert on job_practices begin \
    update job_practices set company_id = (select id from companies where domain = new.domain) where id = new.id; end";
const COMPANIES_ON_POSTGRES: &str = "create function company_of_row() returns trigger language plpgsql as $$ begin \
    new.company_id := (select id from companies where domain = new.domain); return new; end $$; \
    create trigger companies_of_rows before insert on job_practices for each row execute function company_of_row()";

impl Scene {
    pub async fn new(place: Place, extra: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let zenrows = ZenRows::start(zenrows::Options {
            concurrency: 20,
            ban: None,
            ..zenrows::Options::default()
        });
        let zenrows = zenrows.await.unwrap();
        zenrows.fail_domain("gone.example", Code::Resp002, None);
        let studies = Workflow {
            delivery: Delivery::Never,
            ..Workflow::default()
        };
        let broken = Workflow {
            path: "broken".to_owned(),
            respond: Respond::FirstEntry,
            fails: true,
            ..Workflow::default()
        };
        let n8n = N8n::start(n8n::Options {
            workflows: vec![studies, broken],
            ..n8n::Options::default()
        });
        let n8n = Arc::new(n8n.await.unwrap());
        let databases =
            (place == Place::PostgresApart).then(|| (postgres::create_database(), postgres::create_database()));
        let key = directory.path().join("key");
        fs::write(&key, zenrows::KEY).unwrap();
        let config = format!(
            "[secrets.ZENROWS_API_KEY]\nfrom = \"file:{}\"\nhosts = [\"127.0.0.1\"]\n{extra}\n",
            key.display()
        );
        let mut prepared = Daemon::start(DaemonOptions {
            database: match &databases {
                Some((hq, _)) => Db::Postgres(hq.url.clone()),
                None => Db::Sqlite,
            },
            config_toml_extra: config.clone(),
            ..DaemonOptions::default()
        });
        let token = prepared.token("operator");
        assert!(prepared.terminate().success());
        let scene = Self {
            place,
            zenrows,
            n8n,
            token,
            config,
            prepared,
            databases,
            directory,
        };
        scene.prepare().await;
        scene
    }

    async fn prepare(&self) {
        let hq = Database::connect(self.prepared.database_url()).await.unwrap();
        let apart = match (&self.databases, self.place) {
            (Some((_, workspace)), _) => Some(workspace.url.clone()),
            (None, Place::SqliteInHq) => None,
            (None, _) => Some(workspace_file(self.prepared.data_dir())),
        };
        let workspace = Database::connect(apart.unwrap_or(self.prepared.database_url()))
            .await
            .unwrap();
        let (key, companies) = match self.place {
            Place::PostgresApart => ("uuid", COMPANIES_ON_POSTGRES),
            _ => ("uuid_text", COMPANIES_ON_SQLITE),
        };
        for table in TABLES {
            workspace.execute_unprepared(&table.replace("KEY", key)).await.unwrap();
        }
        workspace.close().await.unwrap();
        hq.execute_unprepared(companies).await.unwrap();
        let company = "insert into companies (organisation_id, domain) select id, 'two.example' from organisations";
        hq.execute_unprepared(company).await.unwrap();
        let zenrows = json!({"base_url": self.zenrows.base_url()});
        let pages = json!({"final_url": "url", "status": "status", "homepage_html": "html"});
        let studies = json!({"url": self.n8n.webhook_url("case-studies")});
        let skipped = json!({"url": self.n8n.webhook_url("never"), "when": "company.domain == 'nobody.example'"});
        let broken = json!({"url": self.n8n.webhook_url("broken"), "max_retries": 0, "skip_if_failed": true});
        for (step, slug, provider, mode, table, mappings, settings) in [
            (1, "pages", "zenrows", "sync", "'company_pages'", pages, zenrows),
            (
                2,
                "studies",
                "n8n",
                "async",
                "'company_studies'",
                json!({"urls": "urls"}),
                studies,
            ),
            (3, "skipped", "n8n", "sync", "null", json!({}), skipped),
            (4, "broken", "n8n", "sync", "null", json!({}), broken),
        ] {
            let database = if self.place == Place::SqliteInHq {
                "hq"
            } else {
                "workspace"
            };
            let settings = settings.to_string().replace('\'', "''");
            let sql = format!(
                "insert into db_driven_enrichment_workflows (workflow_slug, title, overall_step_number, provider, mode, \
                 destination_db, destination_table_name, destination_field_mappings, play_name, settings) values \
                 ('{slug}', '{slug}', {step}, '{provider}', '{mode}', '{database}', {table}, '{mappings}', '{PLAY}', '{settings}')"
            );
            hq.execute_unprepared(&sql).await.unwrap();
        }
        hq.close().await.unwrap();
    }

    /// Databases like those that were prepared, and a daemon on them that has just begun to start.
    pub fn trial(&self, env: Vec<(String, String)>) -> Trial {
        let directory = tempfile::tempdir_in(self.directory.path()).unwrap();
        copy_files(self.prepared.data_dir(), directory.path());
        let databases = self
            .databases
            .as_ref()
            .map(|(hq, workspace)| (hq.copy(), workspace.copy()));
        let workspace = match (&databases, self.place) {
            (Some((_, workspace)), _) => Some(workspace.url.clone()),
            (None, Place::SqliteInHq) => None,
            (None, _) => Some(workspace_file(directory.path())),
        };
        let section = workspace
            .as_ref()
            .map(|url| format!("[workspace]\nurl = {url:?}\n"))
            .unwrap_or_default();
        let daemon = Daemon::spawn(DaemonOptions {
            database: match &databases {
                Some((hq, _)) => Db::Postgres(hq.url.clone()),
                None => Db::Sqlite,
            },
            config_toml_extra: format!("{}{section}", self.config),
            data_dir: Some(directory.path().to_owned()),
            env,
        });
        let hq = daemon.database_url();
        Trial {
            token: self.token.clone(),
            workspace: workspace.unwrap_or_else(|| hq.clone()),
            hq,
            daemon,
            _databases: databases,
            _directory: directory,
        }
    }
}

fn workspace_file(data_dir: &Path) -> String {
    format!("sqlite://{}/workspace.db?mode=rwc", data_dir.display())
}

fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target: PathBuf = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy_files(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Where the daemon listens now; it is another port after each start.
pub type Base = Arc<Mutex<String>>;

/// Brings the answer to every call from the `seen`th on, again and again until it is taken or refused.
pub struct CallsBack {
    running: JoinHandle<()>,
    pub statuses: Arc<Mutex<Vec<u16>>>,
}

impl CallsBack {
    pub fn start(n8n: &Arc<N8n>, seen: usize, base: &Base) -> Self {
        let statuses = Arc::<Mutex<Vec<u16>>>::default();
        let running = tokio::spawn({
            let (n8n, base, statuses) = (Arc::clone(n8n), Arc::clone(base), Arc::clone(&statuses));
            async move {
                let mut deliveries = JoinSet::new();
                let mut seen = seen;
                loop {
                    n8n.until_calls(seen as u64 + 1).await;
                    let calls = n8n.calls();
                    for call in &calls[seen..] {
                        if call.path.contains("case-studies") {
                            let (base, statuses) = (Arc::clone(&base), Arc::clone(&statuses));
                            let asked = call.body.clone();
                            deliveries.spawn(async move {
                                let status = deliver(&asked, &base).await;
                                statuses.lock().unwrap().push(status);
                            });
                        }
                    }
                    seen = calls.len();
                }
            }
        });
        Self { running, statuses }
    }

    /// Waits until so many have been answered.
    pub async fn until(&self, answered: usize) -> Vec<u16> {
        loop {
            let statuses = self.statuses.lock().unwrap().clone();
            if statuses.len() >= answered {
                return statuses;
            }
            assert!(!self.running.is_finished(), "the one who calls back is gone");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for CallsBack {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn deliver(asked: &Value, base: &Base) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = asked["callback_url"].as_str().unwrap();
    let path = url.split_once("/api/").unwrap().1;
    let domain = asked["company"]["domain"].as_str().unwrap();
    let answer = json!({"urls": format!("https://{domain}/a https://{domain}/b")});
    loop {
        let url = format!("{}/api/{path}", base.lock().unwrap());
        match client.post(url).json(&answer).send().await {
            Ok(taken) if taken.status().as_u16() != 503 => return taken.status().as_u16(),
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}
