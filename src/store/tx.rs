//! The only way to a write transaction.

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};

use super::connect::{Hq, localise};

/// A transaction that holds the write lock from its first statement on.
///
/// It must be ended by [`commit`](Self::commit) or [`rollback`](Self::rollback), and never be shared among futures.
#[derive(Debug)]
pub struct WriteTx(DatabaseTransaction);

/// Begins a write transaction.
///
/// On SQLite it is `IMMEDIATE`: a transaction that begins by reading and then upgrades fails at once with
/// `SQLITE_BUSY`, without the busy timeout being asked.
///
/// # Errors
/// Where the database is away or locked for longer than the busy timeout.
pub async fn write_tx(hq: &Hq) -> Result<WriteTx, DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the helper that the others are told to use"
    )]
    hq.0.begin_with_options(options).await.map(WriteTx)
}

impl WriteTx {
    /// # Errors
    /// The outcome is unknown after an error: the commit may have taken place.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.0.commit().await
    }

    /// # Errors
    /// Where the connection is gone; then the database rolls back by itself.
    pub async fn rollback(self) -> Result<(), DbErr> {
        self.0.rollback().await
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for WriteTx {
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
