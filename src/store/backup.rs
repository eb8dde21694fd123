//! A copy of a SQLite database that is in use, and what such a copy holds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use chrono::{DateTime, Utc};
use sea_orm::sqlx::ConnectOptions as _;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sea_orm::{ConnectionTrait, DbErr, TryGetable};
use serde::Serialize;

use super::connect::{BUSY_TIMEOUT, Hq, connect_error};
use super::rows::statement;

/// Why there is no copy, or what is wrong with one.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("the database cannot be opened")]
    Open(#[source] DbErr),
    #[error("the database could not be copied")]
    Copy(#[source] DbErr),
    #[error("{} is in use: the log {} beside it belongs to it; back it up rather than look into it", .file.display(), .log.display())]
    InUse { file: PathBuf, log: PathBuf },
    #[error("it is not the database of a batchdesk, or not a whole one")]
    Foreign(#[source] DbErr),
    #[error("it is damaged: {0}")]
    Damaged(String),
}

/// How closely a copy is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scrutiny {
    /// Every page once (`PRAGMA quick_check`).
    Quick,
    /// That every index says what its table does, besides (`PRAGMA integrity_check`).
    Full,
}

/// What a copy holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contents {
    /// Migrations that were applied, oldest first.
    #[serde(skip)]
    pub migrations: Vec<String>,
    /// The last sequence number of the journal; 0 if it is empty.
    pub journal_head: i64,
    /// When that was written.
    pub journal_head_at: Option<DateTime<Utc>>,
    pub organisations: i64,
    pub users: i64,
    /// Jobs by status.
    pub jobs: BTreeMap<String, i64>,
    pub practices: i64,
    pub finished_practices: i64,
}

/// Writes a copy of the database to `target`, which is missing or empty: everything that has committed when it begins,
/// and nothing later. Writers go on meanwhile; only their log grows until it is done.
///
/// # Errors
/// Where there is no such database, or no space.
pub async fn copy(url: &str, target: &str) -> Result<(), BackupError> {
    let options = SqliteConnectOptions::from_str(url).map_err(|error| BackupError::Open(connect_error(error)))?;
    let hq = open(options.create_if_missing(false)).await?;
    let copied = hq
        .execute_raw(statement(hq.get_database_backend(), "vacuum into ?", [target.into()]))
        .await;
    // It was only read; how it closes changes nothing.
    let _ = hq.0.close_by_ref().await;
    copied.map(drop).map_err(BackupError::Copy)
}

/// Looks into a copy, which nobody may be writing to.
///
/// # Errors
/// Where it is in use, damaged, or no database of ours.
pub async fn inspect(file: &Path, scrutiny: Scrutiny) -> Result<Contents, BackupError> {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let log = PathBuf::from(log);
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        let file = file.to_owned();
        return Err(BackupError::InUse { file, log });
    }
    // Nothing is written beside it, and no lock is taken.
    let hq = open(SqliteConnectOptions::new().filename(file).immutable(true)).await?;
    let contents = look(&hq, scrutiny).await;
    let _ = hq.0.close_by_ref().await;
    contents
}

async fn open(options: SqliteConnectOptions) -> Result<Hq, BackupError> {
    let options = options
        .read_only(true)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
    pool.map(|pool| Hq(pool.into()))
        .map_err(|error| BackupError::Open(connect_error(error)))
}

async fn look(hq: &Hq, scrutiny: Scrutiny) -> Result<Contents, BackupError> {
    let check = match scrutiny {
        Scrutiny::Quick => "pragma quick_check(1)",
        Scrutiny::Full => "pragma integrity_check(1)",
    };
    let verdict: String = one(hq, check).await.map_err(BackupError::Foreign)?;
    if verdict != "ok" {
        return Err(BackupError::Damaged(verdict));
    }
    contents(hq).await.map_err(BackupError::Foreign)
}

async fn contents(hq: &Hq) -> Result<Contents, DbErr> {
    const IMPORTED: &str = "from enrichment_jobs where imported_at is not null";
    let rows = async |sql: &str| hq.query_all_raw(statement(hq.get_database_backend(), sql, [])).await;
    let migrations = rows("select version from seaql_migrations order by version").await?;
    let jobs = rows(&format!("select status, count(*) {IMPORTED} group by status")).await?;
    let head_at = rows("select created_at from batch_operation_logs order by seq desc limit 1").await?;
    let practices = format!("select coalesce(sum(total_practices), 0) {IMPORTED}");
    let finished = format!("select coalesce(sum(completed_practices), 0) {IMPORTED}");
    Ok(Contents {
        migrations: migrations
            .iter()
            .map(|row| String::try_get_by(row, 0))
            .collect::<Result<_, _>>()?,
        journal_head: one(hq, "select coalesce(max(seq), 0) from batch_operation_logs").await?,
        journal_head_at: head_at.first().map(|row| DateTime::try_get_by(row, 0)).transpose()?,
        organisations: one(hq, "select count(*) from organisations").await?,
        users: one(hq, "select count(*) from users").await?,
        jobs: jobs
            .iter()
            .map(|row| Ok::<_, DbErr>((String::try_get_by(row, 0)?, i64::try_get_by(row, 1)?)))
            .collect::<Result<_, _>>()?,
        practices: one(hq, &practices).await?,
        finished_practices: one(hq, &finished).await?,
    })
}

async fn one<T: TryGetable>(hq: &Hq, sql: &str) -> Result<T, DbErr> {
    let row = hq
        .query_one_raw(statement(hq.get_database_backend(), sql, []))
        .await?
        .ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))?;
    Ok(T::try_get_by(&row, 0)?)
}
