//! Values in columns of every type.

use batchdesk::store::destinations::{DestinationError, DestinationMistake};
use serde_json::{Value, json};

use crate::place::{Place, hasty, ids, spec};
use crate::support::postgres::{create_database, require_or_skip};

/// Writes the data, column by column of the same names, and reads each column back as text.
async fn stored(place: &Place, table: &str, data: &Value) -> Vec<String> {
    let names: Vec<&str> = data.as_object().unwrap().keys().map(String::as_str).collect();
    let mappings: Vec<(&str, &str)> = names.iter().map(|&name| (name, name)).collect();
    let ids = ids();
    place.write(&spec(table, &mappings), &ids, data).await.unwrap();
    let mut found = Vec::new();
    for name in names {
        let sql = format!(
            "select coalesce(cast({name} as text), 'null') from {table} where id = '{}'",
            ids.step_run_id
        );
        found.extend(place.texts(&sql).await);
    }
    found
}

#[tokio::test]
async fn postgresql_keeps_every_type() {
    if !require_or_skip("destinations on PostgreSQL") {
        return;
    }
    let database = create_database();
    let place = Place::new(&database.url, "", hasty()).await;
    place
        .execute(
            "create type mood as enum ('hot', 'it''s cold');
             create domain score as numeric(5,2) check (value >= 0);
             create domain short as varchar(3);
             create table company_x (id uuid primary key default gen_random_uuid(), t text, v varchar(4), c char(3), \
             i2 smallint, i4 integer, i8 bigint, n numeric(30,10), f4 real, f8 double precision, b boolean, \
             tz timestamptz, ts timestamp, d date, ti time, u uuid, j json, jb jsonb, ta text[], ia integer[], \
             va varchar(5)[], ba boolean[], by bytea, m mood, sc score, sh short, ip inet, iv interval, vb varbit)",
        )
        .await;
    place.execute("set timezone = 'UTC'").await;
    let data = json!({
        "t": "it's \"quoted\" \\ ?", "v": "äöüß", "c": "ab", "i2": "-32768", "i4": 2_147_483_647, "i8": i64::MAX,
        "n": "12345678901234567890.0123456789", "f4": 1.5, "f8": 0.1, "b": "false",
        "tz": "2026-01-31T10:00:00.123456+02:00", "ts": "2026-01-31T10:00:00Z", "d": "2026-01-31", "ti": "08:30",
        "u": "0199F0D2-0000-7000-8000-000000000000", "j": "text", "jb": {"b": [1, null], "a": "é"},
        "ta": ["a,b", "q\"\\", null, ""], "ia": [1, "2"], "va": ["12345"], "ba": [true, 0], "by": "AP8=",
        "m": "it's cold", "sc": 99.5, "sh": "abc", "ip": "10.0.0.1", "iv": "1 day", "vb": "101",
    });
    assert_eq!(
        stored(&place, "company_x", &data).await,
        [
            "it's \"quoted\" \\ ?",
            "äöüß",
            "ab",
            "-32768",
            "2147483647",
            "9223372036854775807",
            "12345678901234567890.0123456789",
            "1.5",
            "0.1",
            "false",
            "2026-01-31 08:00:00.123456+00",
            "2026-01-31 10:00:00",
            "2026-01-31",
            "08:30:00",
            "0199f0d2-0000-7000-8000-000000000000",
            "\"text\"",
            "{\"a\": \"é\", \"b\": [1, null]}",
            "{\"a,b\",\"q\\\"\\\\\",NULL,\"\"}",
            "{1,2}",
            "{12345}",
            "{t,f}",
            "\\x00ff",
            "it's cold",
            "99.50",
            "abc",
            "10.0.0.1/32",
            "1 day",
            "101",
        ]
    );
    let column_of = |error: DestinationError| match error {
        DestinationError::Value { column, .. } => column,
        other => format!("{other:?}"),
    };
    for (column, wrong) in [
        ("t", json!("a\0b")),
        ("v", json!("12345")),
        ("c", json!("1234")),
        ("i2", json!(32_768)),
        ("i4", json!(1.5)),
        ("n", json!("123456789012345678901")),
        ("f4", json!(1e300)),
        ("b", json!("maybe")),
        ("tz", json!(1_700_000_000)),
        ("u", json!("x")),
        ("jb", json!(["\0"])),
        ("ta", json!("a")),
        ("ia", json!(["x"])),
        ("by", json!("?")),
        ("m", json!("warm")),
        ("sc", json!(1_000)),
        ("sh", json!("abcd")),
    ] {
        let spec = spec("company_x", &[(column, column)]);
        let error = place.write(&spec, &ids(), &json!({ column: wrong })).await.unwrap_err();
        assert_eq!(column_of(error), column);
    }
    // What only the database knows is a row's fault too.
    for (column, wrong) in [
        ("sc", json!(-1)),
        ("ip", json!("x")),
        ("va", json!(["123456"])),
        ("d", json!("0000-01-01")),
    ] {
        let spec = spec("company_x", &[(column, column)]);
        let error = place.write(&spec, &ids(), &json!({ column: wrong })).await;
        if column != "va" {
            assert!(
                matches!(error, Err(DestinationError::Rejected { .. })),
                "{column}: {error:?}"
            );
        } else {
            assert!(error.is_err(), "{error:?}");
        }
    }
}

#[tokio::test]
async fn sqlite_keeps_every_type_also_in_strict_tables() {
    let place = Place::sqlite().await;
    place
        .execute(
            "create table company_x (id uuid_text primary key, t text, v varchar(4), i integer, n decimal(10,2), r real, \
             b boolean, ts timestamp_text, d date, u uuid_text, j json_text, x blob, a)",
        )
        .await;
    let data = json!({
        "t": ["a"], "v": "äöüß", "i": "42", "n": "12.5", "r": 1, "b": true, "ts": "2026-01-31T10:00:00+02:00",
        "d": "2026-01-31", "u": "0199F0D2-0000-7000-8000-000000000000", "j": "text", "x": "YWI=", "a": 1.5,
    });
    assert_eq!(
        stored(&place, "company_x", &data).await,
        [
            "[\"a\"]",
            "äöüß",
            "42",
            "12.5",
            "1.0",
            "1",
            "2026-01-31T08:00:00+00:00",
            "2026-01-31",
            "0199f0d2-0000-7000-8000-000000000000",
            "\"text\"",
            "ab",
            "1.5",
        ]
    );
    let classes = place
        .texts("select typeof(i) || typeof(n) || typeof(r) || typeof(b) || typeof(ts) || typeof(x) || typeof(a) from company_x")
        .await;
    assert_eq!(classes, ["integerrealrealintegertextblobreal"]);
    place
        .execute("create table company_s (id text primary key, t text, i int, r real, x blob, a any) strict")
        .await;
    let data = json!({"t": 5, "i": 5.0, "r": "0.5", "x": "YWI=", "a": [1]});
    assert_eq!(stored(&place, "company_s", &data).await, ["5", "5", "0.5", "ab", "[1]"]);
    let too_fine = spec("company_x", &[("n", "n")]);
    let error = place
        .write(&too_fine, &ids(), &json!({"n": "1.2345678901234567"}))
        .await;
    assert!(matches!(error, Err(DestinationError::Value { .. })), "{error:?}");
}

#[tokio::test]
async fn what_postgresql_alone_knows_is_checked() {
    if !require_or_skip("destinations on PostgreSQL") {
        return;
    }
    let database = create_database();
    let place = Place::new(&database.url, "", hasty()).await;
    place
        .execute(
            "create table company_x (id uuid primary key, serial bigint generated always as identity, a text, \
             b text, unique (b) deferrable);
             create domain must as text not null;
             create table company_m (id uuid primary key, m must, a text);
             create table company_p (id uuid, a text, primary key (id)) partition by hash (id);
             create table company_p0 partition of company_p for values with (modulus 1, remainder 0);
             create table \"company_Case\" (id uuid primary key, \"Name\" text)",
        )
        .await;
    let serial = place.mistakes(&spec("company_x", &[("s", "serial")])).await;
    assert!(
        matches!(&serial[..], [DestinationMistake::ColumnReadOnly { .. }]),
        "{serial:?}"
    );
    let mut deferred = spec("company_x", &[("b", "b")]);
    deferred.conflict_columns = vec!["b".to_owned()];
    let deferred = place.mistakes(&deferred).await;
    assert!(
        deferred
            .iter()
            .any(|mistake| matches!(mistake, DestinationMistake::NotUnique { .. })),
        "{deferred:?}"
    );
    let must = place.mistakes(&spec("company_m", &[("a", "a")])).await;
    assert_eq!(must, [DestinationMistake::NotFilled("m".to_owned())]);
    for (table, column) in [("company_p", "a"), ("company_Case", "Name")] {
        let spec = spec(table, &[("x", column)]);
        assert_eq!(place.mistakes(&spec).await, []);
        place.write(&spec, &ids(), &json!({"x": "1"})).await.unwrap();
    }
    let other_case = place.mistakes(&spec("company_Case", &[("x", "name")])).await;
    assert!(
        matches!(&other_case[..], [DestinationMistake::ColumnMissing { .. }]),
        "{other_case:?}"
    );
}

#[tokio::test]
async fn a_user_without_rights_is_told_so() {
    if !require_or_skip("destinations on PostgreSQL") {
        return;
    }
    let database = create_database();
    let owner = Place::new(&database.url, "", hasty()).await;
    owner
        .execute(
            "create table company_x (id uuid primary key, a text);
             create role reads_only login;
             grant select on company_x to reads_only",
        )
        .await;
    let url = database.url.replace("postgres@", "reads_only@");
    let place = Place::new(&url, "", hasty()).await;
    let mistakes = place.mistakes(&spec("company_x", &[("a", "a")])).await;
    assert!(
        matches!(&mistakes[..], [DestinationMistake::ReadOnly { reason, .. }] if reason.contains("reads_only")),
        "{mistakes:?}"
    );
}
