//! A workspace database and the destinations of a daemon that has it.

use std::sync::Arc;
use std::time::Duration;

use batchdesk::settings::Settings;
use batchdesk::store::Database;
use batchdesk::store::destinations::{
    DestinationDb, DestinationError, DestinationMistake, DestinationSpec, Destinations, Patience, RowIds,
};
use entity::Id;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use serde_json::Value;
use tempfile::TempDir;

pub struct Place {
    pub destinations: Arc<Destinations>,
    /// A connection of nobody's that sees what is there.
    pub db: DatabaseConnection,
    _directory: TempDir,
}

/// Patience of a test: a destination that is away is asked once, and again soon.
pub fn hasty() -> Patience {
    Patience {
        ride_out: Duration::ZERO,
        first_refusal: Duration::from_millis(20),
        longest_refusal: Duration::from_millis(20),
        ..Patience::default()
    }
}

/// The destinations of a daemon whose HQ is an empty SQLite file.
pub async fn destinations(directory: &TempDir, url: &str, extra: &str, patience: Patience) -> Arc<Destinations> {
    crate::support::install_tls();
    let text = format!("data_dir = {:?}\n[workspace]\nurl = {url:?}\n{extra}", directory.path());
    let settings = Settings::from_text(&text).unwrap();
    let hq = Database::open(&settings).await.unwrap();
    Destinations::new(&settings, hq.readers, patience).await.unwrap()
}

impl Place {
    pub async fn sqlite() -> Self {
        Self::new("sqlite://{data_dir}/workspace.db?mode=rwc", "", hasty()).await
    }

    pub async fn new(url: &str, extra: &str, patience: Patience) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let destinations = destinations(&directory, url, extra, patience).await;
        let url = url.replace("{data_dir}", directory.path().to_str().unwrap());
        let db = sea_orm::Database::connect(url).await.unwrap();
        Self {
            destinations,
            db,
            _directory: directory,
        }
    }

    pub fn is_postgres(&self) -> bool {
        self.db.get_database_backend() == DbBackend::Postgres
    }

    /// Runs SQL; `{uuid}`, `{json}` and `{time}` are types of the database.
    pub async fn execute(&self, sql: &str) {
        let types = if self.is_postgres() {
            ["uuid", "jsonb", "timestamptz"]
        } else {
            ["uuid_text", "jsonb_text", "timestamp_text"]
        };
        let sql = ["{uuid}", "{json}", "{time}"]
            .iter()
            .zip(types)
            .fold(sql.to_owned(), |sql, (placeholder, name)| {
                sql.replace(placeholder, name)
            });
        self.db.execute_unprepared(&sql).await.unwrap();
    }

    /// The first column of every row, as text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let statement = Statement::from_string(self.db.get_database_backend(), sql);
        let rows = self.db.query_all_raw(statement).await.unwrap();
        rows.iter().map(|row| row.try_get_by(0).unwrap()).collect()
    }

    pub async fn count(&self, table: &str) -> usize {
        let counted = self.texts(&format!("select cast(count(*) as text) from {table}")).await;
        counted[0].parse().unwrap()
    }

    /// Plans, maps and writes; the plan is made of what is known.
    pub async fn write(&self, spec: &DestinationSpec, ids: &RowIds, data: &Value) -> Result<(), DestinationError> {
        write(&self.destinations, spec, ids, data).await
    }

    pub async fn mistakes(&self, spec: &DestinationSpec) -> Vec<DestinationMistake> {
        self.destinations.check(spec).await
    }
}

pub async fn write(
    destinations: &Destinations,
    spec: &DestinationSpec,
    ids: &RowIds,
    data: &Value,
) -> Result<(), DestinationError> {
    let (row, _) = destinations.plan(spec).await?.row(ids, data)?;
    destinations.write(row).await
}

pub fn spec(table: &str, mappings: &[(&str, &str)]) -> DestinationSpec {
    let owned = |&(path, column): &(&str, &str)| (path.to_owned(), column.to_owned());
    DestinationSpec {
        database: DestinationDb::Workspace,
        table: table.to_owned(),
        mappings: mappings.iter().map(owned).collect(),
        conflict_columns: Vec::new(),
    }
}

pub fn ids() -> RowIds {
    RowIds {
        step_run_id: Id::now(),
        workflow_id: Id::now(),
        organisation_id: Id::now(),
        company_id: Some(Id::now()),
        company_domain: Some("a.example".to_owned()),
    }
}

/// Waits until something holds.
pub async fn wait_until(what: &str, mut reached: impl AsyncFnMut() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while !reached().await {
        assert!(std::time::Instant::now() < deadline, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
