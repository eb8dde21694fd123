//! The role that people's reads run as on PostgreSQL, so that its row-level security keeps organisations apart too.
//!
//! The policies are the migrations' (`migration/src/row_security.rs`). The role belongs to the whole cluster, and not every
//! user of a database may make one: so it is looked for, and made where that is allowed, at each start.

use migration::row_security::READER;
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, TryGetable as _};

use super::Hq;
use super::rows::statement;

/// Whether the database itself keeps organisations apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowSecurity {
    /// People's reads run as the role.
    Active,
    /// Only the conditions of the queries do, and why.
    Absent(String),
    /// SQLite has nothing of the kind.
    Unknown,
}

/// The membership that `set role` asks for.
const MEMBERSHIP: &str = "case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end";

/// What keeps people's reads from running as the role; null where nothing does.
const OBSTACLE: &str = "select case \
    when r.oid is null then 'there is no role {role}' \
    when not pg_has_role(current_user, r.oid, {membership}) then current_user || ' is not a member of the role {role}' \
    when r.rolsuper or r.rolbypassrls or exists (select from pg_class c where c.relrowsecurity \
        and c.relnamespace = current_schema()::regnamespace and pg_has_role(r.oid, c.relowner, 'MEMBER')) \
        then 'row-level security does not bind the role {role}' \
    when not has_schema_privilege(r.oid, current_schema(), 'USAGE') or exists (select from pg_class c where \
        c.relrowsecurity and c.relnamespace = current_schema()::regnamespace and not has_table_privilege(r.oid, c.oid, \
        'SELECT')) or not has_function_privilege(r.oid, 'batchdesk_owner(text, uuid)', 'EXECUTE') \
        then 'the role {role} may not read the tables' \
    end from (select 1) one left join pg_roles r on r.rolname = '{role}'";

const JOIN: &str = "do $$ begin if not pg_has_role(current_user, '{role}', {membership}) then \
    grant {role} to current_user; end if; end $$";

/// What the role may do: read what is guarded, and ask whose a row is.
const GRANT: &str = "do $$ declare of_table regclass; begin \
    if not has_schema_privilege('{role}', current_schema(), 'USAGE') then \
        execute format('grant usage on schema %I to {role}', current_schema()); \
    end if; \
    for of_table in select c.oid from pg_class c where c.relrowsecurity and c.relnamespace = current_schema()::regnamespace \
        and not has_table_privilege('{role}', c.oid, 'SELECT') \
    loop execute format('grant select on %s to {role}', of_table); end loop; \
    if not has_function_privilege('{role}', 'batchdesk_owner(text, uuid)', 'EXECUTE') then \
        grant execute on function batchdesk_owner(text, uuid) to {role}; \
    end if; end $$";

fn of_role(sql: &str) -> String {
    sql.replace("{membership}", MEMBERSHIP).replace("{role}", READER)
}

/// Whether people's reads can run as the role.
///
/// # Errors
/// Where the database cannot be read.
pub async fn row_security(hq: &Hq) -> Result<RowSecurity, DbErr> {
    if hq.get_database_backend() != DbBackend::Postgres {
        return Ok(RowSecurity::Unknown);
    }
    let row = hq
        .query_one_raw(statement(DbBackend::Postgres, &of_role(OBSTACLE), []))
        .await?;
    let obstacle = row.map(|row| Option::<String>::try_get_by(&row, 0)).transpose()?;
    Ok(obstacle.flatten().map_or(RowSecurity::Active, RowSecurity::Absent))
}

/// Makes the role, and lets it read what is guarded, as far as the database's user may. For a database that has this
/// version's schema.
///
/// # Errors
/// Where the database cannot be read.
pub async fn make_role(writer: &Hq) -> Result<RowSecurity, DbErr> {
    let found = row_security(writer).await?;
    if !matches!(found, RowSecurity::Absent(_)) {
        return Ok(found);
    }
    // Each says for itself whether it is allowed, and which of them were needed is looked at afterwards.
    for step in ["create role {role} nologin", JOIN, GRANT] {
        if let Err(error) = writer.execute_unprepared(&of_role(step)).await {
            tracing::debug!(%error, step, "the role of people's reads");
        }
    }
    row_security(writer).await
}

/// Says once that only the queries keep organisations apart, where that is so.
pub fn tell(row_security: &RowSecurity) {
    if let RowSecurity::Absent(why) = row_security {
        tracing::warn!(
            why,
            "PostgreSQL's row-level security does not guard people's reads; the conditions of the queries do alone. \
             docs/security.md says how to make the role {READER}"
        );
    }
}
