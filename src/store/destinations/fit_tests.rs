#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;

use entity::Id;
use serde_json::json;

use super::*;
use crate::store::destinations::coerce::Cell;
use crate::store::destinations::error::DestinationError;
use crate::store::destinations::spec::{DestinationDb, RowIds};
use crate::store::destinations::table::Kind;

fn column(name: &str, kind: Kind) -> Column {
    Column {
        name: name.to_owned(),
        type_name: format!("{kind:?}"),
        cast: None,
        kind,
        nullable: true,
        has_default: false,
        read_only: None,
    }
}

fn table() -> Table {
    let id = Column {
        nullable: false,
        has_default: true,
        ..column("id", Kind::Uuid)
    };
    let total = Column {
        read_only: Some("it is generated".to_owned()),
        nullable: false,
        ..column("total", Kind::Integer(32))
    };
    let score = Column {
        has_default: true,
        nullable: false,
        ..column("score", Kind::Integer(32))
    };
    Table {
        name: "company_pages".to_owned(),
        columns: vec![
            id,
            column("company_id", Kind::Uuid),
            column("company_domain", Kind::Text(None)),
            column("html", Kind::Text(None)),
            score,
            total,
        ],
        unique: Some(vec![vec!["id".to_owned()], vec!["company_domain".to_owned()]]),
        read_only: None,
    }
}

fn spec(mappings: &[(&str, &str)], conflict_columns: &[&str]) -> DestinationSpec {
    let owned = |&(path, column): &(&str, &str)| (path.to_owned(), column.to_owned());
    DestinationSpec {
        database: DestinationDb::Hq,
        table: "company_pages".to_owned(),
        mappings: mappings.iter().map(owned).collect(),
        conflict_columns: conflict_columns.iter().map(|&column| column.to_owned()).collect(),
    }
}

fn ids() -> RowIds {
    RowIds {
        step_run_id: Id::now(),
        workflow_id: Id::now(),
        organisation_id: Id::now(),
        company_id: None,
        company_domain: Some("a.example".to_owned()),
    }
}

fn text(text: impl ToString) -> Cell {
    Cell::Text(text.to_string())
}

#[test]
fn the_id_is_the_step_run_and_known_columns_are_filled() {
    let plan = Arc::new(fit(&spec(&[("html", "html")], &[]), &table(), Dialect::Postgres).unwrap());
    assert_eq!(
        plan.columns().collect::<Vec<_>>(),
        ["id", "html", "company_id", "company_domain"]
    );
    let ids = ids();
    let (row, warnings) = plan.row(&ids, &json!({"html": "<p>"})).unwrap();
    assert_eq!(warnings, [""; 0]);
    assert_eq!(
        row.cells,
        [text(ids.step_run_id), text("<p>"), Cell::Null, text("a.example")]
    );
    assert_eq!(row.key(), [&text(ids.step_run_id)]);
}

#[test]
fn what_is_absent_is_left_to_the_default_and_told() {
    let plan = Arc::new(fit(&spec(&[("a", "html"), ("b", "score")], &[]), &table(), Dialect::Sqlite).unwrap());
    let names = |data| {
        let (row, warnings) = plan.row(&ids(), &data).unwrap();
        let names: Vec<&str> = row
            .columns
            .iter()
            .map(|&index| plan.columns[index].column.name.as_str())
            .collect();
        (names.join(" "), warnings.len())
    };
    let of_all = "id html score company_id company_domain";
    let without_score = "id html company_id company_domain";
    assert_eq!(names(json!({"a": "x", "b": 1})), (of_all.to_owned(), 0));
    assert_eq!(names(json!({"a": null, "b": null})), (without_score.to_owned(), 0));
    assert_eq!(names(json!({})), (without_score.to_owned(), 2));
}

#[test]
fn a_value_that_does_not_fit_says_where() {
    let plan = Arc::new(fit(&spec(&[("b", "score")], &[]), &table(), Dialect::Sqlite).unwrap());
    let error = plan.row(&ids(), &json!({"b": "x".repeat(100)})).unwrap_err();
    let DestinationError::Value { column, value, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(column, "score");
    assert_eq!(value.chars().count(), 63, "{value}");
}

#[test]
fn a_conflict_key_must_have_a_value() {
    let spec = spec(&[("html", "html")], &["company_domain"]);
    let plan = Arc::new(fit(&spec, &table(), Dialect::Postgres).unwrap());
    assert!(!plan.columns().any(|column| column == "id"), "its default makes it");
    let nameless = RowIds {
        company_domain: None,
        ..ids()
    };
    assert_eq!(
        plan.row(&nameless, &json!({"html": "x"})).unwrap_err(),
        DestinationError::NoValue {
            column: "company_domain".to_owned()
        }
    );
}

#[test]
fn every_mistake_is_told_at_once() {
    use DestinationMistake as M;
    let mut wanting = table();
    wanting.columns[3].nullable = false;
    wanting.unique = Some(Vec::new());
    let mappings = [
        ("a", "nowhere"),
        ("b", "x\"y"),
        ("c[", "score"),
        ("d", "total"),
        ("e", "id"),
        ("f", "score"),
        ("g", "score"),
        ("h", "company_id"),
    ];
    let mistakes = fit(&spec(&mappings, &[]), &wanting, Dialect::Postgres).unwrap_err();
    let told = |wanted: fn(&M) -> bool| mistakes.iter().filter(|mistake| wanted(mistake)).count();
    assert_eq!(
        told(|m| matches!(m, M::ColumnMissing { column, .. } if column == "nowhere")),
        1
    );
    assert_eq!(told(|m| matches!(m, M::ColumnName(_))), 1);
    assert_eq!(told(|m| matches!(m, M::Path { .. })), 1);
    assert_eq!(told(|m| matches!(m, M::ColumnReadOnly { .. })), 1);
    assert_eq!(told(|m| matches!(m, M::IdMapped(_))), 1);
    assert_eq!(told(|m| matches!(m, M::MappedTwice { .. })), 1);
    assert_eq!(
        told(|m| matches!(m, M::AutomaticMapped { path, column } if path == "h" && column == "company_id")),
        1
    );
    assert_eq!(told(|m| matches!(m, M::KeyMissing(_))), 1);
    assert_eq!(told(|m| matches!(m, M::NotFilled(column) if column == "html")), 1);
    assert_eq!(mistakes.len(), 9, "{mistakes:#?}");
}

#[test]
fn conflict_columns_need_a_unique_index_over_exactly_these() {
    use DestinationMistake as M;
    let mistakes = |conflict: &[&str]| {
        fit(&spec(&[("html", "html")], conflict), &table(), Dialect::Postgres)
            .err()
            .unwrap_or_default()
    };
    assert_eq!(mistakes(&["company_domain"]), []);
    assert!(matches!(mistakes(&["html"])[..], [M::NotUnique { .. }]));
    assert!(matches!(
        mistakes(&["company_domain", "html"])[..],
        [M::NotUnique { .. }]
    ));
    assert!(matches!(mistakes(&["score"])[..], [M::ConflictNotFilled(_)]));
}

#[test]
fn a_row_is_found_again_within_its_organisation_alone() {
    use DestinationMistake as M;
    let index = |columns: &[&str]| columns.iter().map(|&column| column.to_owned()).collect();
    let mut shared = table();
    shared.columns.push(column("organisation_id", Kind::Uuid));
    shared.unique = Some(vec![
        index(&["id"]),
        index(&["company_domain"]),
        index(&["organisation_id", "company_domain"]),
        index(&["organisation_id", "id"]),
    ]);
    for (dialect, unique) in [
        (Dialect::Sqlite, shared.unique.clone()),
        (Dialect::Postgres, shared.unique.clone()),
        (Dialect::Rest, None),
    ] {
        let shared = Table {
            unique,
            ..shared.clone()
        };
        let mistakes = |mappings: &[(&str, &str)], conflict: &[&str]| {
            fit(&spec(mappings, conflict), &shared, dialect)
                .err()
                .unwrap_or_default()
        };
        let across = [M::ConflictAcrossOrganisations("company_pages".to_owned())];
        assert_eq!(mistakes(&[("html", "html")], &["company_domain"]), across);
        assert_eq!(mistakes(&[("html", "html"), ("x", "id")], &["id"]), across);
        assert_eq!(
            mistakes(&[("html", "html")], &["organisation_id", "company_domain"]),
            []
        );
        assert_eq!(mistakes(&[("x", "id")], &["id", "organisation_id"]), []);
        assert_eq!(
            mistakes(&[("html", "html")], &[]),
            [],
            "the step run is of one organisation"
        );
        for automatic in ["organisation_id", "company_domain", "company_id"] {
            let told = mistakes(
                &[("html", "html"), ("x", automatic)],
                &["organisation_id", "company_domain"],
            );
            assert!(
                matches!(&told[..], [M::AutomaticMapped { column, .. }] if column == automatic),
                "{told:?}"
            );
        }
    }
    let other_case = fit(&spec(&[("x", "ORGANISATION_ID")], &[]), &shared, Dialect::Sqlite).unwrap_err();
    assert!(matches!(&other_case[..], [M::AutomaticMapped { .. }]), "{other_case:?}");
}

#[test]
fn sqlite_does_not_tell_names_by_case() {
    let plan = fit(
        &spec(&[("html", "HTML")], &["Company_Domain"]),
        &table(),
        Dialect::Sqlite,
    )
    .unwrap();
    assert_eq!(plan.columns().next(), Some("html"));
    assert!(fit(&spec(&[("html", "HTML")], &[]), &table(), Dialect::Postgres).is_err());
}
