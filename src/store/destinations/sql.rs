//! A destination in a database of its own.

use sea_orm::{ConnectionTrait as _, DbErr};
use tokio::sync::OnceCell;

use super::error::DestinationError;
use super::insert::{by_table, insert_rows};
use super::introspect;
use super::plan::DestinationRow;
use super::spec::DestinationDb;
use super::table::{Dialect, Table};
use crate::settings::Settings;
use crate::store::Database;
use crate::store::tx::write_tx;

/// A SQLite file or a PostgreSQL database that is not HQ's.
#[derive(Debug)]
pub(super) struct SqlTarget {
    database: DestinationDb,
    dialect: Dialect,
    /// HQ's, with the destination's URL in the place of HQ's.
    settings: Settings,
    /// Opened by the first that needs it: a destination that is away does not hinder the daemon's start.
    opened: OnceCell<Database>,
}

impl SqlTarget {
    pub(super) fn new(database: DestinationDb, url: &str, settings: &Settings) -> Self {
        let mut settings = settings.clone();
        url.clone_into(&mut settings.database.url);
        settings.database.readers = 1;
        Self {
            database,
            dialect: dialect_of(url),
            settings,
            opened: OnceCell::new(),
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    async fn opened(&self) -> Result<&Database, DbErr> {
        self.opened.get_or_try_init(|| Database::open(&self.settings)).await
    }

    pub(super) async fn table(&self, name: &str) -> Result<Option<Table>, DestinationError> {
        let asked = async { introspect::table(&self.opened().await?.readers, name).await };
        asked
            .await
            .map_err(|error| DestinationError::of_database(self.database, name, &error))
    }

    /// Writes the rows in one transaction. On an error none of them is written, unless it is the commit's answer that
    /// was lost; then a repeat writes the same again.
    pub(super) async fn write(&self, rows: &[&DestinationRow]) -> Result<(), DestinationError> {
        let first = rows.first().map_or("", |row| row.plan().table());
        let of = |table: &str, error: &DbErr| DestinationError::of_database(self.database, table, error);
        let opened = self.opened().await.map_err(|error| of(first, &error))?;
        let tx = write_tx(&opened.writer).await.map_err(|error| of(first, &error))?;
        let backend = tx.get_database_backend();
        for part in by_table(rows) {
            if let Err(error) = insert_rows(&tx, backend, &part).await {
                if tx.rollback().await.is_err() {
                    opened.writer.renew().await;
                }
                let table = part.first().map_or(first, |row| row.plan().table());
                return Err(of(table, &error));
            }
        }
        if let Err(error) = tx.commit().await {
            opened.writer.renew().await;
            return Err(of(first, &error));
        }
        Ok(())
    }

    pub(super) async fn close(&self) {
        if let Some(opened) = self.opened.get()
            && let Err(error) = opened.close().await
        {
            tracing::warn!(%error, "the workspace could not be closed in order");
        }
    }
}

pub(super) fn dialect_of(url: &str) -> Dialect {
    if url.starts_with("sqlite:") {
        Dialect::Sqlite
    } else {
        Dialect::Postgres
    }
}
