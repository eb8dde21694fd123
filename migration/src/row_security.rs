//! Row-level security on PostgreSQL: what the role that people's reads run as sees of a table.
//!
//! A migration that makes a table with an `organisation_id` guards it too: `row_security::run(manager, &guard(table, OWN))`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// Whom the policies bind. The tables' owner, who writes and serves all organisations, and other roles that somebody has
/// granted something go by their grants alone.
pub const READER: &str = "batchdesk_reader";

/// Only the organisation's own rows.
pub const OWN: &str = "organisation_id = {organisation}";
/// Its own, and those that all organisations share.
pub const OWN_OR_SHARED: &str = "organisation_id is null or organisation_id = {organisation}";

/// The organisation that a transaction reads for. A setting that was local to an earlier transaction is empty, not absent.
const ORGANISATION: &str = "nullif(current_setting('batchdesk.organisation', true), '')::uuid";

/// Statements that let [`READER`] see of `table` only what `condition` says.
#[must_use]
pub fn guard(table: &str, condition: &str) -> [String; 2] {
    let condition = condition.replace("{organisation}", ORGANISATION);
    [
        format!("alter table {table} enable row level security"),
        format!("create policy organisation on {table} using (current_user <> '{READER}' or ({condition}))"),
    ]
}

/// The statements that undo [`guard`].
#[must_use]
pub fn unguard(table: &str) -> [String; 2] {
    [
        format!("drop policy organisation on {table}"),
        format!("alter table {table} disable row level security"),
    ]
}

/// Runs the statements where the database is PostgreSQL.
pub async fn run(manager: &SchemaManager<'_>, statements: &[String]) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        for statement in statements {
            manager.get_connection().execute_unprepared(statement).await?;
        }
    }
    Ok(())
}
