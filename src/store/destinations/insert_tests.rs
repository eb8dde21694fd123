#![allow(clippy::unwrap_used, clippy::expect_used)]

use entity::Id;
use serde_json::json;

use super::*;
use crate::store::destinations::fit::fit;
use crate::store::destinations::spec::{DestinationDb, DestinationSpec, RowIds};
use crate::store::destinations::table::{Column, Dialect, Kind, Table};

fn plan(dialect: Dialect) -> Arc<TablePlan> {
    let column = |name: &str, kind: Kind, type_name: &str| Column {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        cast: kind.cast(type_name),
        kind,
        nullable: true,
        has_default: name == "a",
        read_only: None,
    };
    let table = Table {
        name: "company_x".to_owned(),
        columns: vec![
            column("id", Kind::Uuid, "uuid"),
            column("a", Kind::Text(None), "text"),
            column("b", Kind::Integer(32), "integer"),
        ],
        unique: Some(vec![vec!["id".to_owned()]]),
        read_only: None,
    };
    let spec = DestinationSpec {
        database: DestinationDb::Hq,
        table: "company_x".to_owned(),
        mappings: vec![("a".to_owned(), "a".to_owned()), ("b".to_owned(), "b".to_owned())],
        conflict_columns: Vec::new(),
    };
    Arc::new(fit(&spec, &table, dialect).unwrap())
}

fn row(plan: &Arc<TablePlan>, id: Id, data: serde_json::Value) -> DestinationRow {
    let ids = RowIds {
        step_run_id: id,
        workflow_id: id,
        organisation_id: id,
        company_id: None,
        company_domain: None,
    };
    plan.row(&ids, &data).unwrap().0
}

#[test]
fn statements_are_upserts_with_casts_where_they_are_needed() {
    let of_postgres = plan(Dialect::Postgres);
    let row_of = row(&of_postgres, Id::now(), json!({"a": "x", "b": 1}));
    let rows = [&row_of];
    let statement = &sets(&rows)[0].statements(DbBackend::Postgres)[0];
    assert_eq!(
        statement.sql,
        "insert into \"company_x\" (\"id\", \"a\", \"b\") select v.c1::uuid, v.c2, v.c3::integer from \
         (values ($1,$2,$3)) as v(c1, c2, c3) on conflict (\"id\") do update set \"a\" = excluded.\"a\", \
         \"b\" = excluded.\"b\""
    );
    let of_sqlite = plan(Dialect::Sqlite);
    let row_of = row(&of_sqlite, Id::now(), json!({"b": 1}));
    let rows = [&row_of];
    let statement = &sets(&rows)[0].statements(DbBackend::Sqlite)[0];
    assert_eq!(
        statement.sql,
        "insert into \"company_x\" (\"id\", \"b\") values (?,?) on conflict (\"id\") do update set \"b\" = excluded.\"b\""
    );
}

#[test]
fn of_two_rows_with_one_key_the_last_one_wins() {
    let plan = plan(Dialect::Sqlite);
    let (one, two) = (Id::now(), Id::now());
    let rows = [
        row(&plan, one, json!({"a": "first", "b": 1})),
        row(&plan, two, json!({"a": "other", "b": 2})),
        row(&plan, one, json!({"a": "last", "b": 3})),
    ];
    let all: Vec<&DestinationRow> = rows.iter().collect();
    let found = sets(&all);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].rows.len(), 2);
    assert_eq!(found[0].rows[0].cells[1], Cell::Text("last".to_owned()));
}

#[test]
fn a_row_that_comes_again_with_other_columns_comes_later() {
    let plan = plan(Dialect::Sqlite);
    let id = Id::now();
    let rows = [
        row(&plan, id, json!({"a": "1", "b": 1})),
        row(&plan, Id::now(), json!({"b": 2})),
        row(&plan, id, json!({"b": 3})),
        row(&plan, id, json!({"a": "4", "b": 4})),
    ];
    let all: Vec<&DestinationRow> = rows.iter().collect();
    let order: Vec<Vec<Cell>> = sets(&all)
        .iter()
        .map(|set| {
            set.rows
                .iter()
                .map(|row| row.cells[row.cells.len() - 1].clone())
                .collect()
        })
        .collect();
    let whole = Cell::Integer;
    assert_eq!(order, [vec![whole(1)], vec![whole(2)], vec![whole(3)], vec![whole(4)]]);
}

#[test]
fn wide_rows_stay_below_the_limit_of_bound_values() {
    let mut rows = Rows::new(1_000, 100);
    for _ in 0..100 {
        rows.push_wide((0..1_000).map(|n: i32| n.into()));
    }
    let widest = rows
        .statements(DbBackend::Sqlite, str::to_owned)
        .iter()
        .filter_map(|statement| statement.values.as_ref().map(|values| values.0.len()))
        .max();
    assert_eq!(widest, Some(32_000));
}
