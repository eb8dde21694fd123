//! Reads for people: whatever is read is read as an organisation.
//!
//! On PostgreSQL each statement runs in a transaction that begins by taking on the role which row-level security binds, and
//! by naming the organisation. Both are local to the transaction, so the next user of the connection finds neither. One
//! statement a transaction: a request that writes an export for minutes holds no reader meanwhile.

use std::sync::Arc;

use entity::Id;
use migration::row_security::READER;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, FromQueryResult, QueryResult, Statement,
    TransactionTrait as _, TryGetable as _, Value,
};
use tokio::sync::OnceCell;

use super::scope::{Access, Role, Scope};
use crate::store::Hq;
use crate::store::connect::localise;
use crate::store::row_security::{RowSecurity, row_security};
use crate::store::rows::statement;

/// Reads for people.
#[derive(Clone, Debug)]
pub struct Reader {
    hq: Hq,
    row_security: Arc<OnceCell<RowSecurity>>,
}

impl Reader {
    #[must_use]
    pub fn new(readers: Hq) -> Self {
        Self {
            hq: readers,
            row_security: Arc::default(),
        }
    }

    /// Whether the database itself keeps organisations apart. Found out once.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn row_security(&self) -> Result<&RowSecurity, DbErr> {
        self.row_security.get_or_try_init(|| row_security(&self.hq)).await
    }

    /// Reads as people's requests do: also finds out that the role which they take on may not read any more.
    ///
    /// # Errors
    /// Where such reads fail.
    pub async fn ping(&self) -> Result<(), DbErr> {
        let nobodys = self.within(Id::now());
        let sql = "select 1 from organisations limit 1";
        nobodys
            .query_one_raw(statement(self.backend(), sql, []))
            .await
            .map(drop)
    }

    /// What the scope's organisation sees.
    #[must_use]
    pub fn seen_by(&self, scope: &Scope) -> Seen<'_> {
        self.within(scope.organisation_id)
    }

    /// What whoever administers sees: an operator all organisations, others their own.
    pub(super) fn administered_by(&self, scope: &Scope) -> Seen<'_> {
        Seen {
            reader: self,
            organisation: (scope.role < Role::Operator).then_some(scope.organisation_id),
        }
    }

    /// What the organisation sees, for whoever was shown something of it through a scope.
    pub(super) fn within(&self, organisation: Id) -> Seen<'_> {
        Seen {
            reader: self,
            organisation: Some(organisation),
        }
    }

    /// All that there is: for finding out who somebody is, and for nothing else.
    pub(super) fn before_sign_in(&self) -> &Hq {
        &self.hq
    }

    pub(super) fn backend(&self) -> DbBackend {
        self.hq.get_database_backend()
    }

    pub(super) async fn select<T: FromQueryResult>(
        &self,
        organisation: Id,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Vec<T>, DbErr> {
        let rows = self
            .within(organisation)
            .query_all_raw(statement(self.backend(), sql, values))
            .await?;
        rows.iter().map(|row| T::from_query_result(row, "")).collect()
    }

    /// What is told of a row that the scope was not shown: that it is another organisation's, or that there is none.
    pub(super) async fn unseen<T>(&self, scope: &Scope, table: &str, id: Id) -> Result<Access<T>, DbErr> {
        if self.row_security().await? != &RowSecurity::Active {
            return Ok(Access::Missing);
        }
        let owner = statement(
            self.backend(),
            "select batchdesk_owner(?, ?)",
            [table.into(), id.into()],
        );
        let row = self.seen_by(scope).query_one_raw(owner).await?;
        let owner = row.map(|row| Option::<Id>::try_get_by(&row, 0)).transpose()?.flatten();
        Ok(match owner.filter(|owner| *owner != scope.organisation_id) {
            Some(_) => Access::Forbidden,
            None => Access::Missing,
        })
    }
}

/// The rows of one organisation, as a connection; of all organisations for an operator.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    reader: &'a Reader,
    organisation: Option<Id>,
}

impl Seen<'_> {
    /// The transaction that a statement runs in, where row-level security guards it. It reads only, so that it is dropped
    /// rather than committed; the rollback goes out beside whatever comes next.
    async fn guarded(&self) -> Result<Option<DatabaseTransaction>, DbErr> {
        let Some(organisation) = self.organisation else {
            return Ok(None);
        };
        if self.reader.row_security().await? != &RowSecurity::Active {
            return Ok(None);
        }
        #[expect(clippy::disallowed_methods, reason = "readers are read-only")]
        let transaction = self.reader.hq.raw().begin().await?;
        let local = format!("set local role {READER}; set local batchdesk.organisation = '{organisation}'");
        transaction.execute_unprepared(&local).await?;
        Ok(Some(transaction))
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Seen<'_> {
    fn get_database_backend(&self) -> DbBackend {
        self.reader.backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match self.guarded().await? {
            Some(transaction) => transaction.execute_raw(localise(statement)).await,
            None => self.reader.hq.execute_raw(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match self.guarded().await? {
            Some(transaction) => transaction.execute_unprepared(sql).await,
            None => self.reader.hq.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self.guarded().await? {
            Some(transaction) => transaction.query_one_raw(localise(statement)).await,
            None => self.reader.hq.query_one_raw(statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self.guarded().await? {
            Some(transaction) => transaction.query_all_raw(localise(statement)).await,
            None => self.reader.hq.query_all_raw(statement).await,
        }
    }
}
