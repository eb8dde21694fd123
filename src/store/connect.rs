//! Opening HQ: one connection that writes, a few that cannot.

use std::str::FromStr;
use std::time::Duration;

use sea_orm::sea_query::Value;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::sqlx::{ConnectOptions as _, Connection as _, Error as SqlxError};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};

use crate::settings::{Settings, Synchronous};

/// How long SQLite waits for a lock that another process holds.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a reader waits for a free connection, or for a database that is away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a reader's connection is taken to live after its last use.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// Set-based statements come in a few sizes each; all of them stay prepared.
const STATEMENT_CACHE: usize = 256;

/// A connection (pool) to HQ that speaks ids as the database stores them.
#[derive(Clone, Debug)]
pub struct Hq(pub(super) DatabaseConnection);

/// HQ's two ends.
#[derive(Clone, Debug)]
pub struct Database {
    /// One connection; only the commit pipeline uses it.
    pub writer: Hq,
    /// Read-only connections.
    pub readers: Hq,
}

/// Turns ids into text where the database is SQLite, which has no type for them.
pub(super) fn localise(mut statement: Statement) -> Statement {
    if statement.db_backend == DbBackend::Sqlite
        && let Some(values) = statement.values.as_mut()
    {
        for value in &mut values.0 {
            if let Value::Uuid(uuid) = value {
                *value = Value::String(uuid.map(|uuid| uuid.hyphenated().to_string()));
            }
        }
    }
    statement
}

#[async_trait::async_trait]
impl ConnectionTrait for Hq {
    fn get_database_backend(&self) -> DbBackend {
        self.0.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.0.execute_raw(localise(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.0.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.0.query_one_raw(localise(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.0.query_all_raw(localise(statement)).await
    }
}

impl Hq {
    /// Closes the writer's connection, so that the next transaction begins on a new one.
    ///
    /// SQLite rolls back by itself when the disk is full; the driver's count of open transactions does not know that
    /// and would make of each further transaction a savepoint inside one that nobody commits.
    pub(super) async fn renew(&self) {
        if self.get_database_backend() != DbBackend::Sqlite {
            return;
        }
        let closed = match self.0.get_sqlite_connection_pool().acquire().await {
            Ok(connection) => connection.close().await,
            Err(error) => Err(error),
        };
        if let Err(error) = closed {
            tracing::warn!(%error, "a connection that failed could not be closed");
        }
    }

    /// The connection as migrations want it.
    #[must_use]
    pub fn raw(&self) -> &DatabaseConnection {
        &self.0
    }
}

pub(super) fn connect_error(error: SqlxError) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(error.into()))
}

impl Database {
    /// Opens HQ. The file of a SQLite database is made if the URL says so (`?mode=rwc`).
    ///
    /// # Errors
    /// Where the URL cannot be read or the database cannot be reached.
    pub async fn open(settings: &Settings) -> Result<Self, DbErr> {
        let url = settings.database.url.as_str();
        if url.starts_with("sqlite:") {
            Self::open_sqlite(url, settings).await
        } else {
            Self::open_postgres(url, settings)
        }
    }

    /// Closes every connection, the writer's last: with it SQLite takes its log into the database and removes it.
    ///
    /// # Errors
    /// Where one could not be closed in order; the database is whole all the same.
    pub async fn close(&self) -> Result<(), DbErr> {
        self.readers.0.close_by_ref().await?;
        self.writer.0.close_by_ref().await
    }

    async fn open_sqlite(url: &str, settings: &Settings) -> Result<Self, DbErr> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(connect_error)?
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(match settings.storage.synchronous {
                Synchronous::Full => SqliteSynchronous::Full,
                Synchronous::Normal => SqliteSynchronous::Normal,
            })
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .statement_cache_capacity(STATEMENT_CACHE)
            // 8 MiB of pages, and a checkpoint every 16 MiB of log: fewer, longer syncs of the database file.
            .pragma("cache_size", "-8192")
            .pragma("wal_autocheckpoint", "4096")
            .disable_statement_logging();
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
            .await
            .map_err(connect_error)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(settings.database.readers)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .connect_lazy_with(
                options
                    .read_only(true)
                    .create_if_missing(false)
                    // The system keeps the file's pages for all of them.
                    .pragma("cache_size", "-2048"),
            );
        Ok(Self {
            writer: Hq(writer.into()),
            readers: Hq(readers.into()),
        })
    }

    fn open_postgres(url: &str, settings: &Settings) -> Result<Self, DbErr> {
        let options = PgConnectOptions::from_str(url)
            .map_err(connect_error)?
            .application_name("batchdesk")
            .statement_cache_capacity(STATEMENT_CACHE)
            .disable_statement_logging();
        let options = match settings.storage.synchronous {
            Synchronous::Full => options,
            Synchronous::Normal => options.options([("synchronous_commit", "off")]),
        };
        let writer = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(options.clone());
        let readers = PgPoolOptions::new()
            .max_connections(settings.database.readers)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // A connection that has just been used is not asked whether it lives: people's reads ask twice as it is, to begin
            // and to name their organisation.
            .test_before_acquire(false)
            .before_acquire(|connection, usage| {
                Box::pin(async move {
                    if usage.idle_for > TRUSTED_FOR {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options.options([
                ("default_transaction_read_only", "on"),
                // A read that hangs must not hold its reader for ever.
                ("statement_timeout", "30s"),
            ]));
        Ok(Self {
            writer: Hq(writer.into()),
            readers: Hq(readers.into()),
        })
    }
}
