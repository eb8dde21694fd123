//! Which database errors pass by themselves.

use sea_orm::sqlx::Error as SqlxError;
use sea_orm::{DbErr, RuntimeErr};

/// Primary result codes of SQLite that say nothing about the statement: busy, locked, read-only medium, I/O error,
/// disk full, cannot open, out of memory, protocol of the lock (<https://sqlite.org/rescode.html>).
const SQLITE_TRANSIENT: [u32; 8] = [5, 6, 7, 8, 10, 13, 14, 15];

/// Classes of SQLSTATE that say nothing about the statement: connection, resources (disk full among them), operator
/// intervention, system error, and transaction rollback by the server (PostgreSQL manual, appendix A).
///
/// Two single codes besides: a server that is read-only for a while (25006) and a lock that was not to be had (55P03).
const POSTGRES_TRANSIENT: [&str; 7] = ["08", "53", "57", "58", "40", "25006", "55P03"];

fn sqlx_error(error: &DbErr) -> Option<&SqlxError> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// Whether PostgreSQL says by this code that the statement is not to blame.
#[must_use]
pub fn is_transient_sqlstate(code: &str) -> bool {
    POSTGRES_TRANSIENT.iter().any(|class| code.starts_with(class))
}

/// Whether the same statement may succeed later without anybody changing it: the database is away, locked or full.
#[must_use]
pub fn is_transient(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) => return true,
        DbErr::Conn(RuntimeErr::Internal(_)) => return true,
        _ => {}
    }
    match sqlx_error(error) {
        Some(SqlxError::Database(database)) => {
            let code = database.code().unwrap_or_default();
            if database
                .try_downcast_ref::<sea_orm::sqlx::postgres::PgDatabaseError>()
                .is_some()
            {
                return is_transient_sqlstate(&code);
            }
            code.parse::<u32>()
                .is_ok_and(|code| SQLITE_TRANSIENT.contains(&(code & 0xff)))
        }
        Some(
            SqlxError::Io(_)
            | SqlxError::Tls(_)
            | SqlxError::Protocol(_)
            | SqlxError::PoolTimedOut
            | SqlxError::PoolClosed
            | SqlxError::WorkerCrashed,
        ) => true,
        _ => false,
    }
}
