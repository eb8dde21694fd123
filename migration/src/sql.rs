//! Statements written once for both databases.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// A random version 4 UUID as text: SQLite has no function for it.
const SQLITE_UUID: &str = "(lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) \
     || '-' || substr('89ab', 1 + (abs(random()) % 4), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))))";

/// Replaces the type placeholders of a statement by what the database calls them.
///
/// | placeholder | PostgreSQL | SQLite |
/// |---|---|---|
/// | `{uuid}` | `uuid` | `uuid_text` (text) |
/// | `{json}` | `jsonb` | `jsonb_text` (text) |
/// | `{time}` | `timestamptz` | `timestamp_text` (RFC 3339, UTC) |
/// | `{bigid}` | `bigint primary key` | `integer primary key` (the row id itself) |
/// | `{bigserial}` | `bigserial primary key` | `integer primary key autoincrement` |
/// | `{new_uuid}`, `{now}` | default expressions for rows that people insert by hand | |
pub fn render(backend: DbBackend, statement: &str) -> String {
    let types: [(&str, &str); 7] = match backend {
        DbBackend::Postgres => [
            ("{uuid}", "uuid"),
            ("{json}", "jsonb"),
            ("{time}", "timestamptz"),
            ("{bigid}", "bigint primary key"),
            ("{bigserial}", "bigserial primary key"),
            ("{new_uuid}", "gen_random_uuid()"),
            ("{now}", "now()"),
        ],
        _ => [
            ("{uuid}", "uuid_text"),
            ("{json}", "jsonb_text"),
            ("{time}", "timestamp_text"),
            ("{bigid}", "integer primary key"),
            ("{bigserial}", "integer primary key autoincrement"),
            ("{new_uuid}", SQLITE_UUID),
            ("{now}", "(strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'))"),
        ],
    };
    types
        .iter()
        .fold(statement.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Runs the statements one after the other on the migration's connection.
pub async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let backend = manager.get_database_backend();
    for statement in statements {
        manager
            .get_connection()
            .execute_unprepared(&render(backend, statement))
            .await?;
    }
    Ok(())
}

/// A migration that runs `UP` in a transaction, and is undone by `DOWN`.
#[macro_export]
macro_rules! migration {
    ($name:literal, up: $up:expr, down: $down:expr) => {
        pub struct Migration;

        impl sea_orm_migration::prelude::MigrationName for Migration {
            fn name(&self) -> &str {
                $name
            }
        }

        #[async_trait::async_trait]
        impl sea_orm_migration::prelude::MigrationTrait for Migration {
            fn use_transaction(&self) -> Option<bool> {
                Some(true)
            }

            async fn up(
                &self,
                manager: &sea_orm_migration::prelude::SchemaManager,
            ) -> Result<(), sea_orm_migration::prelude::DbErr> {
                $crate::sql::run(manager, $up).await
            }

            async fn down(
                &self,
                manager: &sea_orm_migration::prelude::SchemaManager,
            ) -> Result<(), sea_orm_migration::prelude::DbErr> {
                $crate::sql::run(manager, $down).await
            }
        }
    };
}
