//! All destinations of one daemon.

use std::sync::Arc;

use super::error::{DestinationError, DestinationMistake};
use super::fit::{fit, mistakes_without_table};
use super::introspect;
use super::lane::{Lane, LaneState, Patience};
use super::names::TableRules;
use super::outside;
use super::plan::{DestinationRow, TablePlan};
use super::plans::Plans;
use super::spec::{DestinationDb, DestinationSpec};
use super::sql::dialect_of;
use super::table::{Dialect, Table};
use crate::settings::Settings;
use crate::store::Hq;

/// Where results of workflows go. Shared.
#[derive(Debug)]
pub struct Destinations {
    rules: TableRules,
    hq: Hq,
    hq_dialect: Dialect,
    /// Absent where rows for HQ go with the daemon's own transactions.
    outside_hq: Option<Lane>,
    /// Absent where the workspace is the daemon's own database.
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
        let lane = |database| {
            let target = outside::target(settings, database)?;
            Ok::<_, DestinationError>(target.map(|(target, limits)| Lane::start(database, target, limits, patience)))
        };
        let outside_hq = lane(DestinationDb::Hq)?;
        let workspace = lane(DestinationDb::Workspace)?;
        Ok(Arc::new(Self {
            rules,
            hq: hq_readers,
            hq_dialect: dialect_of(&settings.database.url),
            outside_hq,
            workspace,
            plans: Plans::default(),
        }))
    }

    fn lane(&self, database: DestinationDb) -> Option<&Lane> {
        match database {
            DestinationDb::Hq => self.outside_hq.as_ref(),
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
        // What a table that is not to be written to looks like is nobody's business.
        let mistake = match self.rules.refusal(&spec.table) {
            Some(refusal) => refusal,
            None => match self.table(spec).await {
                Ok(Some(table)) => match fit(spec, &table, self.dialect(spec.database)) {
                    Ok(plan) => {
                        self.plans.learn(spec, plan);
                        return Vec::new();
                    }
                    Err(mistakes) => return mistakes,
                },
                Ok(None) => DestinationMistake::TableMissing {
                    database: spec.database,
                    table: spec.table.clone(),
                },
                Err(error) => DestinationMistake::Unreachable(error.to_string()),
            },
        };
        let mut mistakes = vec![mistake];
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

    fn lanes(&self) -> impl Iterator<Item = &Lane> {
        self.outside_hq.iter().chain(&self.workspace)
    }

    /// How the lanes are.
    #[must_use]
    pub fn states(&self) -> Vec<LaneState> {
        self.lanes().map(Lane::state).collect()
    }

    /// Writes what waits in the lanes, takes nothing more and closes the destinations.
    pub async fn close(&self) {
        for lane in self.lanes() {
            lane.close().await;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use entity::Id;
    use sea_orm::{ConnectionTrait as _, TryGetable as _};
    use serde_json::json;

    use super::*;
    use crate::store::Database;
    use crate::store::destinations::{RowIds, by_table, insert_rows};
    use crate::store::rows::statement;
    use crate::store::tx::write_tx;

    #[tokio::test]
    async fn rows_for_hq_go_with_its_own_transaction() {
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
