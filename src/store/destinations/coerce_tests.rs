#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use serde_json::json;

use super::*;

const BOTH: [Dialect; 2] = [Dialect::Sqlite, Dialect::Postgres];

fn stored(kind: &Kind, value: Value) -> [Option<Cell>; 2] {
    BOTH.map(|dialect| coerce(kind, dialect, &value).ok())
}

fn same(text: &str) -> [Option<Cell>; 2] {
    [Some(Cell::Text(text.to_owned())), Some(Cell::Text(text.to_owned()))]
}

fn number(whole: i64) -> [Option<Cell>; 2] {
    [Some(Cell::Integer(whole)), Some(Cell::Text(whole.to_string()))]
}

const NONE: [Option<Cell>; 2] = [None, None];

#[test]
fn texts_take_everything_that_has_room() {
    let kind = Kind::Text(None);
    assert_eq!(stored(&kind, json!("a")), same("a"));
    assert_eq!(stored(&kind, json!(1.50)), same("1.5"));
    assert_eq!(stored(&kind, json!(true)), same("true"));
    assert_eq!(stored(&kind, json!(["a", {"b": null}])), same(r#"["a",{"b":null}]"#));
    assert_eq!(stored(&Kind::Text(Some(2)), json!("äö")), same("äö"));
    assert_eq!(stored(&Kind::Text(Some(2)), json!("äöü")), NONE);
    assert_eq!(
        stored(&kind, json!("a\0b")),
        [Some(Cell::Text("a\0b".to_owned())), None]
    );
}

#[test]
fn whole_numbers_are_checked_for_their_range() {
    for (bits, most) in [(16, i64::from(i16::MAX)), (32, i64::from(i32::MAX)), (64, i64::MAX)] {
        let kind = Kind::Integer(bits);
        assert_eq!(stored(&kind, json!(most)), number(most));
        assert_eq!(stored(&kind, json!(-most - 1)), number(-most - 1));
        assert_eq!(stored(&kind, json!(u128::from(most.unsigned_abs()) as u64 + 1)), NONE);
    }
    let kind = Kind::Integer(32);
    assert_eq!(stored(&kind, json!(5.0)), number(5));
    assert_eq!(stored(&kind, json!(" 42 ")), number(42));
    for wrong in [json!(5.5), json!("x"), json!(true), json!([1]), json!({})] {
        assert_eq!(stored(&kind, wrong), NONE);
    }
}

#[test]
fn exact_numbers_are_not_rounded() {
    let exact = "123456789012345678901234.000000000000000001";
    assert_eq!(
        stored(&Kind::Numeric(None), json!(exact)),
        [None, Some(Cell::Text(exact.to_owned()))]
    );
    assert_eq!(
        stored(&Kind::Numeric(Some(8)), json!(12.34)),
        [Some(Cell::Real(12.34)), Some(Cell::Text("12.34".to_owned()))]
    );
    assert_eq!(stored(&Kind::Numeric(Some(2)), json!(123)), NONE);
    assert_eq!(
        stored(&Kind::Numeric(Some(2)), json!("99.9"))[1],
        Some(Cell::Text("99.9".to_owned()))
    );
    assert_eq!(stored(&Kind::Numeric(None), json!("NaN")), NONE);
}

#[test]
fn floating_numbers_are_finite() {
    let single = Kind::Real { single: true };
    assert_eq!(
        stored(&single, json!("1.5")),
        [Some(Cell::Real(1.5)), Some(Cell::Text("1.5".to_owned()))]
    );
    assert_eq!(stored(&single, json!(1e39)), NONE);
    assert_eq!(stored(&Kind::Real { single: false }, json!("1e999")), NONE);
}

#[test]
fn truth_has_few_spellings() {
    let yes = [Some(Cell::Integer(1)), Some(Cell::Text("true".to_owned()))];
    for value in [json!(true), json!("true"), json!("True"), json!(1), json!("1")] {
        assert_eq!(stored(&Kind::Boolean, value), yes);
    }
    assert_eq!(stored(&Kind::Boolean, json!(0))[0], Some(Cell::Integer(0)));
    for wrong in [json!("yes"), json!(2), json!([]), json!("")] {
        assert_eq!(stored(&Kind::Boolean, wrong), NONE);
    }
}

#[test]
fn times_are_written_in_utc() {
    let zoned = Kind::Timestamp { zoned: true };
    for (given, written) in [
        ("2026-01-31T10:00:00+02:00", "2026-01-31T08:00:00+00:00"),
        ("2026-01-31T08:00:00.250Z", "2026-01-31T08:00:00.250+00:00"),
        ("2026-01-31T08:00:00.123456Z", "2026-01-31T08:00:00.123456+00:00"),
        ("2026-01-31 08:00:00", "2026-01-31T08:00:00+00:00"),
        ("2026-01-31", "2026-01-31T00:00:00+00:00"),
    ] {
        assert_eq!(stored(&zoned, json!(given)), same(written), "{given}");
    }
    let local = stored(&Kind::Timestamp { zoned: false }, json!("2026-01-31T10:00:00.5+02:00"));
    assert_eq!(local[1], Some(Cell::Text("2026-01-31T08:00:00.500".to_owned())));
    for wrong in [
        json!(1_769_000_000),
        json!("1769000000"),
        json!("tomorrow"),
        json!("2026-02-30"),
    ] {
        assert_eq!(stored(&zoned, wrong), NONE);
    }
    assert_eq!(stored(&Kind::Date, json!("2026-01-31")), same("2026-01-31"));
    assert_eq!(
        stored(&Kind::Date, json!("2026-01-31T23:00:00-05:00")),
        same("2026-01-31")
    );
    assert_eq!(stored(&Kind::Date, json!("31/01/2026")), NONE);
    assert_eq!(stored(&Kind::Time, json!("08:30")), same("08:30:00"));
    assert_eq!(stored(&Kind::Time, json!("25:00")), NONE);
}

#[test]
fn ids_json_bytes_and_words() {
    let id = "0199f0d2-0000-7000-8000-000000000000";
    assert_eq!(stored(&Kind::Uuid, json!(id.to_uppercase())), same(id));
    assert_eq!(stored(&Kind::Uuid, json!("7")), NONE);
    let binary = Kind::Json { binary: true };
    assert_eq!(stored(&binary, json!("a")), same("\"a\""));
    assert_eq!(stored(&binary, json!({"a": [1, null]})), same(r#"{"a":[1,null]}"#));
    assert!(stored(&binary, json!([{"a\0": 1}]))[1].is_none());
    assert_eq!(
        stored(&Kind::Bytes, json!("AP8=")),
        [Some(Cell::Bytes(vec![0, 255])), Some(Cell::Text("\\x00ff".to_owned()))]
    );
    assert_eq!(stored(&Kind::Bytes, json!("AP8")), NONE);
    let words = Kind::Enum(vec!["hot".to_owned(), "cold".to_owned()]);
    assert_eq!(stored(&words, json!("hot")), same("hot"));
    assert!(
        coerce(&words, Dialect::Postgres, &json!("Hot"))
            .unwrap_err()
            .contains("hot, cold")
    );
}

#[test]
fn lists_are_written_as_postgresql_reads_them() {
    let list = |element, value| coerce(&Kind::List(Box::new(element)), Dialect::Postgres, &value);
    assert_eq!(
        list(Kind::Text(None), json!(["a", null, "q\"\\,{}", 5, ["x"]])),
        Ok(Cell::Text(r#"{"a",NULL,"q\"\\,{}","5","[\"x\"]"}"#.to_owned()))
    );
    assert_eq!(list(Kind::Integer(32), json!([])), Ok(Cell::Text("{}".to_owned())));
    let error = list(Kind::Integer(32), json!([1, "x"])).unwrap_err();
    assert!(error.contains("element 2"), "{error}");
    assert!(list(Kind::Text(None), json!("a")).is_err());
}

#[test]
fn a_column_without_a_type_keeps_what_a_value_is() {
    let kept = |value| coerce(&Kind::Any, Dialect::Sqlite, &value).unwrap();
    assert_eq!(kept(json!(7)), Cell::Integer(7));
    assert_eq!(kept(json!(1.5)), Cell::Real(1.5));
    assert_eq!(kept(json!(true)), Cell::Integer(1));
    assert_eq!(kept(json!([1])), Cell::Text("[1]".to_owned()));
}

proptest! {
    #[test]
    fn whole_numbers_come_through_unchanged(whole: i64) {
        prop_assert_eq!(stored(&Kind::Integer(64), json!(whole)), number(whole));
        prop_assert_eq!(stored(&Kind::Integer(64), json!(whole.to_string())), number(whole));
    }

    #[test]
    fn no_value_makes_it_panic(text in ".*", real: f64) {
        for kind in ["text", "integer", "numeric(5,2)", "real", "boolean", "timestamp with time zone", "date",
            "time without time zone", "uuid", "jsonb", "bytea", "text[]", "inet"] {
            for dialect in BOTH {
                let _ = coerce(&Kind::of_postgres(kind), dialect, &json!(text));
                let _ = coerce(&Kind::of_postgres(kind), dialect, &json!([text, real]));
            }
        }
    }
}
