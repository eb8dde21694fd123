//! What a database's error about a destination means.

use sea_orm::sqlx::Error as SqlxError;
use sea_orm::sqlx::postgres::PgDatabaseError;
use sea_orm::{DbErr, RuntimeErr};

use super::error::{DestinationError, shortened};
use super::spec::DestinationDb;
use crate::store::fault::is_transient;

impl DestinationError {
    /// What an error of the database that holds the table means for a row of it.
    #[must_use]
    pub fn of_database(database: DestinationDb, table: &str, error: &DbErr) -> Self {
        let reason = reason(error);
        if is_transient(error) {
            return Self::Away {
                database,
                reason,
                retry_after: None,
            };
        }
        match sqlx_error(error) {
            Some(SqlxError::Database(said)) if said.try_downcast_ref::<PgDatabaseError>().is_some() => {
                of_sqlstate(database, table, &said.code().unwrap_or_default(), reason)
            }
            Some(SqlxError::Database(said)) => of_sqlite(database, table, said.message(), reason),
            Some(_) if matches!(error, DbErr::Conn(_)) => Self::Refused { database, reason },
            _ => Self::Rejected {
                table: table.to_owned(),
                reason,
            },
        }
    }
}

/// What a SQLSTATE means (PostgreSQL manual, appendix A); PostgREST passes them on.
pub(super) fn of_sqlstate(database: DestinationDb, table: &str, code: &str, reason: String) -> DestinationError {
    let table = table.to_owned();
    match code {
        "42P01" => DestinationError::TableMissing { database, table },
        "42501" | "3D000" => DestinationError::Refused { database, reason },
        _ => match code.get(..2) {
            Some("28") => DestinationError::Refused { database, reason },
            // A column, type or index that is not what was learnt of it.
            Some("42" | "0A" | "3F") => DestinationError::TableChanged {
                database,
                table,
                reason,
            },
            _ => DestinationError::Rejected { table, reason },
        },
    }
}

/// SQLite has one code for all mistakes in a statement, and tells them apart by words alone.
fn of_sqlite(database: DestinationDb, table: &str, said: &str, reason: String) -> DestinationError {
    const OF_TABLE: [&str; 5] = [
        "has no column named",
        "no such column",
        "ON CONFLICT clause does not match",
        "generated column",
        "cannot modify",
    ];
    let table = table.to_owned();
    if said.contains("no such table") {
        DestinationError::TableMissing { database, table }
    } else if OF_TABLE.iter().any(|words| said.contains(words)) {
        DestinationError::TableChanged {
            database,
            table,
            reason,
        }
    } else {
        DestinationError::Rejected { table, reason }
    }
}

fn sqlx_error(error: &DbErr) -> Option<&SqlxError> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// The database's own words.
fn reason(error: &DbErr) -> String {
    let words = match sqlx_error(error) {
        Some(SqlxError::Database(said)) => match said.try_downcast_ref::<PgDatabaseError>() {
            Some(of_postgres) => match of_postgres.detail() {
                Some(detail) => format!("{} ({detail})", of_postgres.message()),
                None => of_postgres.message().to_owned(),
            },
            None => said.message().to_owned(),
        },
        Some(other) => other.to_string(),
        None => error.to_string(),
    };
    shortened(&words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::destinations::error::Blame;

    #[test]
    fn states_of_sql_say_whose_fault_it_is() {
        let blame = |code| of_sqlstate(DestinationDb::Workspace, "t", code, String::new()).blame();
        for code in ["23505", "23502", "22P02", "22001", "21000", "P0001"] {
            assert_eq!(blame(code), Blame::Row, "{code}");
        }
        for code in ["42P01", "42703", "42P10", "428C9", "42501", "28P01"] {
            assert_eq!(blame(code), Blame::Workflow, "{code}");
        }
    }
}
