//! What a benchmark does in HQ by itself: workflows, and counts.

use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, Statement};
use serde_json::Value;

pub struct Hq(DatabaseConnection);

impl Hq {
    pub async fn open(url: &str) -> Self {
        Self(Database::connect(url).await.unwrap())
    }

    #[allow(dead_code, reason = "one of the benchmarks needs none")]
    /// A workflow as an author inserts it: the only step of a play of its name.
    pub async fn workflow(&self, slug: &str, provider: &str, mode: &str, settings: &Value) {
        let sql = format!(
            "insert into db_driven_enrichment_workflows (workflow_slug, title, overall_step_number, provider, play_name, \
             mode, settings) values ('{slug}', '{slug}', 1, '{provider}', '{slug}', '{mode}', '{settings}')"
        );
        self.0.execute_unprepared(&sql).await.unwrap();
    }

    #[allow(dead_code, reason = "one of the benchmarks makes rows of its own")]
    pub async fn execute(&self, sql: &str) {
        self.0.execute_unprepared(sql).await.unwrap();
    }

    #[allow(dead_code, reason = "one of the benchmarks makes rows of its own")]
    pub fn is_postgres(&self) -> bool {
        self.0.get_database_backend() == sea_orm::DbBackend::Postgres
    }

    #[allow(dead_code, reason = "one of the benchmarks counts")]
    pub async fn count(&self, sql: &str) -> i64 {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let row = self.0.query_one_raw(statement).await.unwrap().unwrap();
        row.try_get_by::<i64, _>(0).unwrap()
    }
}
