//! Random data for columns of every type.

use batchdesk::store::destinations::Blame;
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::place::{Place, ids, spec};

const ROWS: usize = 1_500;

const POSTGRES: [(&str, &str); 20] = [
    ("a", "text"),
    ("b", "varchar(5)"),
    ("c", "char(2)"),
    ("d", "smallint"),
    ("e", "bigint"),
    ("f", "numeric(6,2)"),
    ("g", "real"),
    ("h", "boolean"),
    ("i", "timestamptz"),
    ("j", "timestamp"),
    ("k", "date"),
    ("l", "time"),
    ("m", "uuid"),
    ("n", "json"),
    ("o", "jsonb"),
    ("p", "text[]"),
    ("q", "integer[]"),
    ("r", "bytea"),
    ("s", "inet"),
    ("t", "interval"),
];

const SQLITE: [(&str, &str); 12] = [
    ("a", "text"),
    ("b", "varchar(5)"),
    ("d", "integer"),
    ("f", "decimal(6,2)"),
    ("g", "real"),
    ("h", "boolean"),
    ("i", "timestamp_text"),
    ("k", "date"),
    ("l", "time"),
    ("m", "uuid_text"),
    ("n", "json_text"),
    ("r", "blob"),
];

/// Values that mean something to some type, and some that mean nothing to any.
fn value(random: &mut StdRng, depth: u32) -> Value {
    const TEXTS: [&str; 22] = [
        "",
        " ",
        "x",
        "\0",
        "é\u{202e}'\"\\;--",
        "{}",
        "{a,NULL}",
        "null",
        "NaN",
        "-0",
        "1e400",
        "99999999999999999999",
        "0.000000000000000000001",
        "2026-02-29",
        "2026-01-31T25:00:00Z",
        "9999-12-31T23:59:59.999999999+23:59",
        "0000-01-01T00:00:00Z",
        "23:59:60",
        "0199f0d2-0000-7000-8000-000000000000",
        "AP8=",
        "10.0.0.1",
        "1 day",
    ];
    match random.random_range(0..if depth > 2 { 7 } else { 9 }) {
        0 => Value::Null,
        1 => json!(random.random::<bool>()),
        2 => json!(random.random::<i64>()),
        3 => json!(random.random_range(-3..300)),
        4 => json!(f64::from_bits(random.random())),
        5 | 6 => json!(TEXTS[random.random_range(0..TEXTS.len())]),
        7 => (0..random.random_range(0..4))
            .map(|_| value(random, depth + 1))
            .collect(),
        _ => json!({ TEXTS[random.random_range(0..TEXTS.len())]: value(random, depth + 1) }),
    }
}

pub async fn whatever_the_data_holds_only_its_own_row_can_fail(place: Place) {
    let columns = if place.is_postgres() {
        &POSTGRES[..]
    } else {
        &SQLITE[..]
    };
    let declared: Vec<String> = columns
        .iter()
        .map(|(name, of_type)| format!("{name} {of_type}"))
        .collect();
    place
        .execute(&format!(
            "create table company_x (id {{uuid}} primary key, {})",
            declared.join(", ")
        ))
        .await;
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut writes = Vec::new();
    let mut unfit = 0;
    for _ in 0..ROWS {
        let (name, _) = columns[random.random_range(0..columns.len())];
        let plan = place
            .destinations
            .plan(&spec("company_x", &[("x", name)]))
            .await
            .unwrap();
        let data = json!({ "x": value(&mut random, 0) });
        match plan.row(&ids(), &data) {
            Ok((row, _)) => {
                let written = place.destinations.write(row);
                let shown = format!("{name}: {data}");
                writes.push(async move { (shown, written.await) });
            }
            Err(error) => {
                assert_eq!(error.blame(), Blame::Row, "{name}: {data}: {error:?}");
                unfit += 1;
            }
        }
    }
    let sent = writes.len();
    let mut written = 0;
    for (shown, outcome) in join_all(writes).await {
        match outcome {
            Ok(()) => written += 1,
            Err(error) => assert_eq!(error.blame(), Blame::Row, "{shown}: {error:?}"),
        }
    }
    assert!(
        written > ROWS / 4 && unfit > ROWS / 10,
        "{written} of {sent} written, {unfit} unfit"
    );
    assert_eq!(place.count("company_x").await, written);
    if !place.is_postgres() {
        assert_eq!(written, sent, "SQLite takes what fits");
    }
}
