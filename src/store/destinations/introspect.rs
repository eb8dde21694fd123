//! What a table looks like, asked of the database itself.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};

use super::table::{Column, Kind, Table};

/// The table of that name, or `None`.
///
/// # Errors
/// Where the database cannot be asked.
pub(super) async fn table(connection: &impl ConnectionTrait, name: &str) -> Result<Option<Table>, DbErr> {
    match connection.get_database_backend() {
        DbBackend::Postgres => of_postgres(connection, name).await,
        _ => of_sqlite(connection, name).await,
    }
}

async fn ask(connection: &impl ConnectionTrait, sql: &str, name: &str) -> Result<Vec<QueryResult>, DbErr> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [name.into()]);
    connection.query_all_raw(statement).await
}

/// Neighbouring rows of (index, column) as the columns of each index. A part that is no column makes the index unfit.
fn indexes(rows: &[QueryResult]) -> Result<Vec<Vec<String>>, DbErr> {
    let mut found: Vec<(String, Option<Vec<String>>)> = Vec::new();
    for row in rows {
        let index: String = row.try_get_by(0)?;
        let column: Option<String> = row.try_get_by(1)?;
        if found.last().is_none_or(|(last, _)| *last != index) {
            found.push((index, Some(Vec::new())));
        }
        if let Some((_, columns)) = found.last_mut() {
            *columns = columns.take().zip(column).map(|(mut columns, column)| {
                columns.push(column);
                columns
            });
        }
    }
    Ok(found.into_iter().filter_map(|(_, columns)| columns).collect())
}

async fn of_sqlite(connection: &impl ConnectionTrait, name: &str) -> Result<Option<Table>, DbErr> {
    const TABLE: &str = "select name, type from pragma_table_list where schema = 'main' and name = ? collate nocase";
    const COLUMNS: &str = "select name, type, \"notnull\", dflt_value is not null, pk, hidden from pragma_table_xinfo(?) \
         order by cid";
    const UNIQUE: &str = "select l.name, i.name from pragma_index_list(?) l, pragma_index_info(l.name) i \
         where l.\"unique\" and not l.partial order by l.seq, i.seqno";
    let found = ask(connection, TABLE, name).await?;
    let Some(row) = found.first() else {
        return Ok(None);
    };
    let name: String = row.try_get_by(0)?;
    let read_only = match row.try_get_by::<String, _>(1)?.as_str() {
        "table" => None,
        other => Some(format!("it is a {other}, not a table")),
    };
    let mut columns = Vec::new();
    let mut key = Vec::new();
    for row in ask(connection, COLUMNS, &name).await? {
        let column: String = row.try_get_by(0)?;
        let type_name: String = row.try_get_by(1)?;
        if row.try_get_by::<i64, _>(4)? > 0 {
            key.push(column.clone());
        }
        columns.push(Column {
            name: column,
            kind: Kind::of_sqlite(&type_name),
            cast: None,
            nullable: row.try_get_by::<i64, _>(2)? == 0,
            has_default: row.try_get_by::<i64, _>(3)? != 0,
            read_only: (row.try_get_by::<i64, _>(5)? != 0).then(|| "it is generated".to_owned()),
            type_name,
        });
    }
    let mut unique = indexes(&ask(connection, UNIQUE, &name).await?)?;
    if let [alias] = key.as_slice()
        && let Some(column) = columns.iter_mut().find(|column| column.name == *alias)
        && column.type_name.eq_ignore_ascii_case("integer")
    {
        // The row id under another name: no index, and a number of its own where none is given.
        column.has_default = true;
        unique.push(key);
    }
    Ok(Some(Table {
        name,
        columns,
        unique: Some(unique),
        read_only,
    }))
}

async fn of_postgres(connection: &impl ConnectionTrait, name: &str) -> Result<Option<Table>, DbErr> {
    const TABLE: &str = "select c.relkind::text, current_user::text, \
         has_any_column_privilege(c.oid, 'insert') and has_any_column_privilege(c.oid, 'update') \
         and has_any_column_privilege(c.oid, 'select') from pg_class c where c.oid = to_regclass(quote_ident($1))";
    // A domain is followed to the type that it is made of; each domain on the way may forbid nulls or have a default.
    const COLUMNS: &str = "with recursive c as ( \
           select a.attnum, a.attname, a.atttypid as type, a.atttypmod as size, a.attnotnull as required, \
             a.atthasdef or a.attidentity <> '' as has_default, a.attgenerated <> '' as generated, \
             a.attidentity = 'a' as identity, has_column_privilege(a.attrelid, a.attnum, 'insert') as writable \
           from pg_attribute a where a.attrelid = to_regclass(quote_ident($1)) and a.attnum > 0 and not a.attisdropped \
           union all \
           select c.attnum, c.attname, t.typbasetype, t.typtypmod, c.required or t.typnotnull, \
             c.has_default or t.typdefault is not null, c.generated, c.identity, c.writable \
           from c join pg_type t on t.oid = c.type where t.typtype = 'd') \
         select c.attname::text, format_type(c.type, c.size), format_type(c.type, -1), c.required, c.has_default, \
           c.generated, c.identity, c.writable, \
           case when t.typtype = 'e' then (select json_agg(e.enumlabel::text order by e.enumsortorder)::text \
             from pg_enum e where e.enumtypid = t.oid) end \
         from c join pg_type t on t.oid = c.type where t.typtype <> 'd' order by c.attnum";
    const UNIQUE: &str = "select i.indexrelid::text, a.attname::text from pg_index i \
         cross join unnest(i.indkey::int2[]) with ordinality k(attnum, place) \
         left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum and k.attnum > 0 \
         where i.indrelid = to_regclass(quote_ident($1)) and i.indisunique and i.indisvalid and i.indimmediate \
           and i.indpred is null and k.place <= i.indnkeyatts order by i.indexrelid, k.place";
    let found = ask(connection, TABLE, name).await?;
    let Some(row) = found.first() else {
        return Ok(None);
    };
    let relation: String = row.try_get_by(0)?;
    let user: String = row.try_get_by(1)?;
    let read_only = match relation.as_str() {
        "r" | "p" if row.try_get_by::<bool, _>(2)? => None,
        "r" | "p" => Some(format!(
            "the user {user} lacks the right to select, insert and update; grant it"
        )),
        "v" | "m" => Some("it is a view, not a table".to_owned()),
        "f" => Some("it is a foreign table, which knows no upsert".to_owned()),
        _ => Some("it is not a table".to_owned()),
    };
    let mut columns = Vec::new();
    for row in ask(connection, COLUMNS, name).await? {
        let type_name: String = row.try_get_by(1)?;
        let words: Option<String> = row.try_get_by(8)?;
        let kind = match words.as_deref().map(serde_json::from_str) {
            Some(words) => Kind::Enum(words.map_err(|error| DbErr::Type(error.to_string()))?),
            None => Kind::of_postgres(&type_name),
        };
        let read_only = if row.try_get_by(5)? {
            Some("it is generated".to_owned())
        } else if row.try_get_by(6)? {
            Some("its numbers are always made by the database".to_owned())
        } else if row.try_get_by::<bool, _>(7)? {
            None
        } else {
            Some(format!("the user {user} lacks the right to; grant it"))
        };
        columns.push(Column {
            name: row.try_get_by(0)?,
            cast: kind.cast(&row.try_get_by::<String, _>(2)?),
            kind,
            type_name,
            nullable: !row.try_get_by::<bool, _>(3)?,
            has_default: row.try_get_by(4)?,
            read_only,
        });
    }
    Ok(Some(Table {
        name: name.to_owned(),
        columns,
        unique: Some(indexes(&ask(connection, UNIQUE, name).await?)?),
        read_only,
    }))
}
