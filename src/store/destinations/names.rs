//! Which names the table and the columns of a workflow may have, and which tables are the daemon's own.

use std::collections::BTreeSet;

use migration::{Migrator, MigratorTrait as _, SchemaManager};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, Statement, TryGetable as _};
use tokio::sync::OnceCell;

use super::error::DestinationMistake;
use crate::store::connect::connect_error;

/// PostgreSQL cuts longer names off without a word.
const LONGEST: usize = 63;
/// Where the migrations keep their own account.
const MIGRATIONS: &str = "seaql_migrations";

/// Whether a name can be written as it is, between quotes, in every database.
pub(super) fn is_identifier(name: &str) -> bool {
    let plain = |byte: u8| byte == b'_' || byte == b'$' || byte.is_ascii_alphanumeric();
    name.len() <= LONGEST
        && name.bytes().all(plain)
        && name.starts_with(|first: char| first == '_' || first.is_ascii_alphabetic())
}

/// A name that [`is_identifier`] let through, as SQL writes it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Names, quoted and with commas between.
pub(super) fn quoted_list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(quoted).collect();
    names.join(", ")
}

/// Which tables a workflow may write to.
#[derive(Clone, Debug)]
pub(super) struct TableRules {
    allowed: Vec<String>,
    own: &'static BTreeSet<String>,
}

impl TableRules {
    /// The rules of `storage.allowed_tables`.
    ///
    /// # Errors
    /// Where the list of the daemon's own tables cannot be made.
    pub(super) async fn new(allowed: &[String]) -> Result<Self, DbErr> {
        Ok(Self {
            allowed: allowed.to_vec(),
            own: own_tables().await?,
        })
    }

    /// Why a table may not be written to, if it may not.
    pub(super) fn refusal(&self, table: &str) -> Option<DestinationMistake> {
        use DestinationMistake as M;
        if !is_identifier(table) {
            return Some(M::TableName(table.to_owned()));
        }
        // SQLite takes names of any case for the same.
        let lower = table.to_ascii_lowercase();
        if lower.starts_with("sqlite_") || lower.starts_with("pg_") || lower == "information_schema" {
            return Some(M::SystemTable(table.to_owned()));
        }
        if self.own.contains(&lower) {
            return Some(M::OwnTable(table.to_owned()));
        }
        let allows = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => table.starts_with(beginning),
            None => table == pattern,
        };
        if self.allowed.iter().any(allows) {
            return None;
        }
        Some(M::TableNotAllowed {
            table: table.to_owned(),
            allowed: match self.allowed.as_slice() {
                [] => "none".to_owned(),
                some => some.join(", "),
            },
        })
    }
}

/// The daemon's own tables, in lower case: what its migrations make of an empty database, so that none can be forgotten.
async fn own_tables() -> Result<&'static BTreeSet<String>, DbErr> {
    static OWN: OnceCell<BTreeSet<String>> = OnceCell::const_new();
    OWN.get_or_try_init(async || {
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(SqliteConnectOptions::new().in_memory(true))
            .await
            .map_err(connect_error)?;
        let empty: DatabaseConnection = pool.into();
        // One by one: the migrator itself would tell the log of changes to a database that nobody has.
        for migration in Migrator::migrations() {
            migration.up(&SchemaManager::new(&empty)).await?;
        }
        let names = "select lower(name) from sqlite_master where type in ('table', 'view')";
        let rows = empty
            .query_all_raw(Statement::from_string(DbBackend::Sqlite, names))
            .await?;
        let mut own = rows
            .iter()
            .map(|row| String::try_get_by(row, 0))
            .collect::<Result<BTreeSet<_>, _>>()?;
        own.insert(MIGRATIONS.to_owned());
        empty.close().await?;
        Ok(own)
    })
    .await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_name_is_plain_or_refused() {
        for name in ["company_pages", "_x", "A$1", &"a".repeat(63)] {
            assert!(is_identifier(name), "{name}");
        }
        for name in [
            "",
            "1a",
            "a b",
            "a\"b",
            "a'b",
            "a;drop table users",
            "public.users",
            "café",
            "$a",
            "a\0",
            &"a".repeat(64),
        ] {
            assert!(!is_identifier(name), "{name}");
        }
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }

    #[tokio::test]
    async fn only_allowed_tables_and_never_our_own() {
        use DestinationMistake as M;
        let rules = TableRules::new(&["company_*".to_owned(), "leads_found".to_owned()])
            .await
            .unwrap();
        for table in ["company_homepage_scrapes", "leads_found", "company_"] {
            assert_eq!(rules.refusal(table), None, "{table}");
        }
        for table in ["leads_found2", "Company_x", "compan"] {
            assert!(
                matches!(rules.refusal(table), Some(M::TableNotAllowed { .. })),
                "{table}"
            );
        }
        let all = TableRules::new(&["*".to_owned()]).await.unwrap();
        for table in [
            "enrichment_jobs",
            "Job_Practices",
            "company_play_step_completions",
            "seaql_migrations",
            "USERS",
        ] {
            assert_eq!(all.refusal(table), Some(M::OwnTable(table.to_owned())));
        }
        for table in ["sqlite_master", "SQLITE_sequence", "pg_class", "information_schema"] {
            assert_eq!(all.refusal(table), Some(M::SystemTable(table.to_owned())));
        }
        for table in ["public.users", "main.users", "\"users\""] {
            assert_eq!(all.refusal(table), Some(M::TableName(table.to_owned())));
        }
        assert_eq!(all.refusal("anything_else"), None);
    }

    #[tokio::test]
    async fn every_entity_is_an_own_table() {
        use sea_orm::EntityName as _;
        let own = own_tables().await.unwrap();
        for table in [
            entity::organisations::Entity.table_name(),
            entity::users::Entity.table_name(),
            entity::job_practices::Entity.table_name(),
            entity::writer_state::Entity.table_name(),
            entity::enrichment_results_log::Entity.table_name(),
        ] {
            assert!(own.contains(table), "{table}");
        }
    }
}
