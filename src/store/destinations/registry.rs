//! All destinations of one daemon.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::Semaphore;
use url::Url;

use super::error::{DestinationError, DestinationMistake};
use super::fit::{fit, mistakes_without_table};
use super::introspect;
use super::lane::{Lane, LaneLimits, LaneState, Patience};
use super::names::TableRules;
use super::plan::{DestinationRow, TablePlan};
use super::plans::Plans;
use super::postgrest::PostgrestTarget;
use super::spec::{DestinationDb, DestinationSpec};
use super::sql::{SqlTarget, dialect_of};
use super::table::{Dialect, Table};
use super::target::Target;
use crate::scrape::AddressGuard;
use crate::settings::{SecretSource, Settings};
use crate::store::Hq;
use crate::store::lock::sqlite_file;

/// The secret, or the environment variable, that holds the key of a PostgREST workspace.
const KEY: &str = "WORKSPACE_SERVICE_ROLE_KEY";
/// Most rows of one statement or request.
const GROUP_ROWS: usize = 512;
/// Gateways before a PostgREST refuse bodies that are much larger.
const REST_GROUP_BYTES: usize = 1024 * 1024;
/// Bytes that wait in a lane, as a multiple of what one transaction holds.
const QUEUED_GROUPS: usize = 2;

/// Where results of workflows go. Shared.
#[derive(Debug)]
pub struct Destinations {
    rules: TableRules,
    hq: Hq,
    hq_dialect: Dialect,
    /// Absent where the workspace is HQ's database.
    workspace: Option<Lane>,
    plans: Plans,
}

impl Destinations {
    /// The destinations of the settings. Nothing is connected to before it is needed.
    ///
    /// # Errors
    /// Where the settings contradict themselves, or the key of a PostgREST cannot be read.
    pub async fn new(settings: &Settings, hq_readers: Hq, patience: Patience) -> Result<Arc<Self>, DestinationError> {
        let rules = TableRules::new(&settings.storage.allowed_tables)
            .await
            .map_err(|error| DestinationError::Settings(format!("the list of own tables cannot be made: {error}")))?;
        let workspace = match target(settings)? {
            Some(target) => Some(Lane::start(DestinationDb::Workspace, target.0, target.1, patience)),
            None => None,
        };
        Ok(Arc::new(Self {
            rules,
            hq: hq_readers,
            hq_dialect: dialect_of(&settings.database.url),
            workspace,
            plans: Plans::default(),
        }))
    }

    fn lane(&self, database: DestinationDb) -> Option<&Lane> {
        match database {
            DestinationDb::Hq => None,
            DestinationDb::Workspace => self.workspace.as_ref(),
        }
    }

    /// Whether rows are written inside HQ's own transaction.
    #[must_use]
    pub fn is_in_hq(&self, database: DestinationDb) -> bool {
        self.lane(database).is_none()
    }

    /// What was learnt of the table; asked of the database once a minute, and again after [`forget`](Self::forget).
    ///
    /// # Errors
    /// [`DestinationError::TableMissing`], [`DestinationError::Unfit`] with every mistake, or why the destination cannot
    /// be asked.
    pub async fn plan(&self, spec: &DestinationSpec) -> Result<Arc<TablePlan>, DestinationError> {
        if let Some(refusal) = self.rules.refusal(&spec.table) {
            return Err(DestinationError::Unfit(vec![refusal]));
        }
        let learn = async || {
            let table = self.table(spec).await?.ok_or_else(|| DestinationError::TableMissing {
                database: spec.database,
                table: spec.table.clone(),
            })?;
            fit(spec, &table, self.dialect(spec.database)).map_err(DestinationError::Unfit)
        };
        self.plans.get(spec, learn).await
    }

    /// Every mistake of the spec at once, as the table is now; without any, the next [`plan`](Self::plan) is made of it.
    pub async fn check(&self, spec: &DestinationSpec) -> Vec<DestinationMistake> {
        let mut mistakes = Vec::new();
        if let Some(refusal) = self.rules.refusal(&spec.table) {
            // What a table that is not to be written to looks like is nobody's business.
            mistakes.push(refusal);
            mistakes.extend(mistakes_without_table(spec));
            return mistakes;
        }
        match self.table(spec).await {
            Ok(Some(table)) => match fit(spec, &table, self.dialect(spec.database)) {
                Ok(plan) => {
                    self.plans.learn(spec, plan);
                    return mistakes;
                }
                Err(found) => return found,
            },
            Ok(None) => mistakes.push(DestinationMistake::TableMissing {
                database: spec.database,
                table: spec.table.clone(),
            }),
            Err(error) => mistakes.push(DestinationMistake::Unreachable(error.to_string())),
        }
        mistakes.extend(mistakes_without_table(spec));
        mistakes
    }

    fn dialect(&self, database: DestinationDb) -> Dialect {
        self.lane(database)
            .map_or(self.hq_dialect, |lane| lane.target().dialect())
    }

    async fn table(&self, spec: &DestinationSpec) -> Result<Option<Table>, DestinationError> {
        match self.lane(spec.database) {
            Some(lane) => lane.target().table(&spec.table).await,
            None => introspect::table(&self.hq, &spec.table)
                .await
                .map_err(|error| DestinationError::of_database(spec.database, &spec.table, &error)),
        }
    }

    /// Writes a row to a destination outside HQ and returns after its commit. The same row may be written again, and a
    /// caller that does not wait for the end leaves it written or not.
    ///
    /// # Errors
    /// Whose fault it is says [`DestinationError::blame`].
    pub async fn write(&self, row: DestinationRow) -> Result<(), DestinationError> {
        let plan = Arc::clone(row.plan());
        let lane = self
            .lane(plan.database())
            .ok_or_else(|| DestinationError::NoLane(plan.database()))?;
        let written = lane.write(row).await;
        if let Err(error) = &written {
            self.learn_from(&plan, error);
        }
        written
    }

    /// Forgets what was learnt of a table if the error says that it has changed.
    pub fn learn_from(&self, plan: &TablePlan, error: &DestinationError) {
        if error.is_of_table() {
            self.forget(plan);
        }
    }

    /// Forgets what was learnt of a table.
    pub fn forget(&self, plan: &TablePlan) {
        self.plans.forget(plan.database(), plan.table());
    }

    /// How the lanes are.
    #[must_use]
    pub fn states(&self) -> Vec<LaneState> {
        self.workspace.iter().map(Lane::state).collect()
    }

    /// Writes what waits in the lanes, takes nothing more and closes the destinations.
    pub async fn close(&self) {
        if let Some(lane) = &self.workspace {
            lane.close().await;
        }
    }
}

/// What stands behind `workspace.url`, if it is not HQ's database.
fn target(settings: &Settings) -> Result<Option<(Target, LaneLimits)>, DestinationError> {
    let url = settings.workspace.url.as_str();
    if is_hq(settings) {
        return Ok(None);
    }
    let group_bytes = settings.storage.group_bytes;
    let mut limits = LaneLimits {
        queue_rows: settings.storage.queue_max,
        queue_bytes: group_bytes.saturating_mul(QUEUED_GROUPS).min(Semaphore::MAX_PERMITS),
        group_rows: settings.storage.group_max.min(GROUP_ROWS),
        group_bytes,
    };
    let target = if url.starts_with("http:") || url.starts_with("https:") {
        limits.group_bytes = group_bytes.min(REST_GROUP_BYTES);
        let guard = Arc::new(AddressGuard::new(settings.network.allow_cidrs.clone()));
        let key = key(settings)?;
        Target::Rest(Box::new(PostgrestTarget::new(
            DestinationDb::Workspace,
            url,
            &key,
            guard,
        )?))
    } else {
        Target::Sql(Box::new(SqlTarget::new(DestinationDb::Workspace, url, settings)))
    };
    Ok(Some((target, limits)))
}

/// Two writers on one SQLite file would only wait for each other.
fn is_hq(settings: &Settings) -> bool {
    let (hq, workspace) = (&settings.database.url, &settings.workspace.url);
    let file = |url: &str| sqlite_file(url).map(|file| file.canonicalize().unwrap_or(file));
    let same_file = |workspace: PathBuf| file(hq).is_some_and(|hq| hq == workspace);
    workspace.is_empty() || workspace == hq || file(workspace).is_some_and(same_file)
}

/// The key of the PostgREST at `workspace.url`: the secret of that name, or the environment variable.
fn key(settings: &Settings) -> Result<SecretString, DestinationError> {
    let unusable = |what: String| DestinationError::Settings(what);
    let source = match settings.secrets.get(KEY) {
        Some(declared) => {
            let url =
                Url::parse(&settings.workspace.url).map_err(|error| unusable(format!("workspace.url: {error}")))?;
            let host = url.host_str().unwrap_or_default();
            if !declared.hosts.iter().any(|allowed| may_be_sent(allowed, host)) {
                return Err(unusable(format!(
                    "the secret {KEY} may not be sent to {host}; name that host in its `hosts`"
                )));
            }
            declared.clone()
        }
        None => SecretSource {
            from: format!("env:{KEY}"),
            hosts: Vec::new(),
            organisations: Vec::new(),
        },
    };
    source.read().map_err(|error| {
        unusable(format!(
            "a PostgREST workspace needs its key: set {KEY} in the environment, or declare [secrets.{KEY}] ({error})"
        ))
    })
}

fn may_be_sent(allowed: &str, host: &str) -> bool {
    match allowed.strip_prefix("*.") {
        Some(domain) => host
            .to_ascii_lowercase()
            .strip_suffix(&domain.to_ascii_lowercase())
            .is_some_and(|below| below.len() > 1 && below.ends_with('.')),
        None => allowed.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_workspace_may_be_hqs_own_database_under_another_spelling() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.db");
        std::fs::write(&file, "").unwrap();
        let settings = |workspace: &str| {
            Settings::from_text(&format!(
                "[database]\nurl = \"sqlite://{}?mode=rwc\"\n[workspace]\nurl = {workspace:?}\n",
                file.display()
            ))
            .unwrap()
        };
        let inside = directory.path().display();
        assert!(is_hq(&settings("")));
        assert!(is_hq(&settings(&format!("sqlite://{}", file.display()))));
        assert!(is_hq(&settings(&format!("sqlite:{inside}/./a.db?mode=rw"))));
        assert!(!is_hq(&settings(&format!("sqlite://{inside}/b.db"))));
        assert!(!is_hq(&settings("postgres://localhost/a")));
    }

    #[test]
    fn a_declared_key_goes_to_its_hosts_alone() {
        for (allowed, host, yes) in [
            ("abc.supabase.co", "abc.supabase.co", true),
            ("*.supabase.co", "abc.supabase.co", true),
            ("*.supabase.co", "supabase.co", false),
            ("*.supabase.co", "evilsupabase.co", false),
            ("abc.supabase.co", "abd.supabase.co", false),
        ] {
            assert_eq!(may_be_sent(allowed, host), yes, "{allowed} {host}");
        }
        let settings = Settings::from_text(
            "[workspace]\nurl = \"https://abc.supabase.co\"\n[secrets.WORKSPACE_SERVICE_ROLE_KEY]\n\
             from = \"env:NOT_THERE\"\nhosts = [\"other.example\"]\n",
        )
        .unwrap();
        let error = key(&settings).unwrap_err().to_string();
        assert!(error.contains("abc.supabase.co"), "{error}");
    }

    #[tokio::test]
    async fn rows_for_hq_go_with_its_own_transaction() {
        use entity::Id;
        use sea_orm::{ConnectionTrait as _, TryGetable as _};
        use serde_json::json;

        use crate::store::Database;
        use crate::store::destinations::{RowIds, by_table, insert_rows};
        use crate::store::rows::statement;
        use crate::store::tx::write_tx;

        let directory = tempfile::tempdir().unwrap();
        let settings = Settings::from_text(&format!("data_dir = {:?}\n", directory.path())).unwrap();
        let hq = Database::open(&settings).await.unwrap();
        for table in ["company_x", "company_y"] {
            let sql = format!("create table {table} (id uuid_text primary key, name text not null)");
            hq.writer.execute_unprepared(&sql).await.unwrap();
        }
        let destinations = Destinations::new(&settings, hq.readers.clone(), Patience::default())
            .await
            .unwrap();
        assert!(destinations.is_in_hq(DestinationDb::Workspace) && destinations.is_in_hq(DestinationDb::Hq));
        let mut rows = Vec::new();
        for n in 0..100 {
            let spec = DestinationSpec {
                database: DestinationDb::Workspace,
                table: if n % 2 == 0 { "company_x" } else { "company_y" }.to_owned(),
                mappings: vec![("name".to_owned(), "name".to_owned())],
                conflict_columns: Vec::new(),
            };
            let ids = RowIds {
                step_run_id: Id::now(),
                workflow_id: Id::now(),
                organisation_id: Id::now(),
                company_id: None,
                company_domain: None,
            };
            let plan = destinations.plan(&spec).await.unwrap();
            rows.push(plan.row(&ids, &json!({"name": n})).unwrap().0);
        }
        let rows: Vec<&DestinationRow> = rows.iter().collect();
        for _ in 0..2 {
            let tx = write_tx(&hq.writer).await.unwrap();
            let backend = tx.get_database_backend();
            assert_eq!(by_table(&rows).len(), 2);
            insert_rows(&tx, backend, &rows).await.unwrap();
            tx.commit().await.unwrap();
        }
        let counted = "select (select count(*) from company_x) * 1000 + (select count(*) from company_y)";
        let counted = statement(hq.readers.get_database_backend(), counted, []);
        let row = hq.readers.query_one_raw(counted).await.unwrap().unwrap();
        assert_eq!(i64::try_get_by(&row, 0).unwrap(), 50_050);
        assert_eq!(
            destinations.write(rows[0].clone()).await,
            Err(DestinationError::NoLane(DestinationDb::Workspace))
        );
        assert!(destinations.states().is_empty());
    }
}
