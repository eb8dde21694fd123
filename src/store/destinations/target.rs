//! What stands at the end of a lane.

use super::error::DestinationError;
use super::plan::DestinationRow;
use super::postgrest::PostgrestTarget;
use super::sql::SqlTarget;
use super::table::{Dialect, Table};

/// A destination outside HQ.
#[derive(Debug)]
pub(super) enum Target {
    Sql(Box<SqlTarget>),
    Rest(Box<PostgrestTarget>),
}

impl Target {
    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::Sql(sql) => sql.dialect(),
            Self::Rest(_) => Dialect::Rest,
        }
    }

    pub(super) async fn table(&self, name: &str) -> Result<Option<Table>, DestinationError> {
        match self {
            Self::Sql(sql) => sql.table(name).await,
            Self::Rest(rest) => rest.table(name).await,
        }
    }

    /// Writes the rows, all or in a way that a repeat makes whole.
    pub(super) async fn write(&self, rows: &[&DestinationRow]) -> Result<(), DestinationError> {
        match self {
            Self::Sql(sql) => sql.write(rows).await,
            Self::Rest(rest) => rest.write(rows).await,
        }
    }

    pub(super) async fn close(&self) {
        if let Self::Sql(sql) = self {
            sql.close().await;
        }
    }
}
