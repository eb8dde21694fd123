//! Where people live is nobody's business: a register's documents without the home addresses in them.

use serde_json::{Map, Value};

/// What is said of people, whose addresses are where they live.
const OF_PEOPLE: [&str; 6] = [
    "role",
    "director",
    "sharehold",
    "shareallocation",
    "individual",
    "person",
];
/// What the register calls an address of a person.
const KINDS: [&str; 2] = ["PHYSICAL", "ALTERNATIVE"];

/// The document without addresses of directors and shareholders, wherever in it they are.
#[must_use]
pub fn without_homes(document: &Value) -> Value {
    stripped(document, false)
}

fn stripped(value: &Value, of_people: bool) -> Value {
    match value {
        Value::Array(entries) => {
            let kept = entries.iter().filter(|entry| !is_home(entry));
            kept.map(|entry| stripped(entry, of_people)).collect()
        }
        Value::Object(fields) => Value::Object(fields_kept(fields, of_people)),
        other => other.clone(),
    }
}

fn fields_kept(fields: &Map<String, Value>, of_people: bool) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, value) in fields {
        let lower = name.to_ascii_lowercase();
        let of_people = of_people || OF_PEOPLE.iter().any(|word| lower.starts_with(word));
        if (of_people && lower.contains("address")) || is_home(value) {
            continue;
        }
        kept.insert(name.clone(), stripped(value, of_people));
    }
    kept
}

fn is_home(value: &Value) -> bool {
    value
        .get("addressType")
        .and_then(Value::as_str)
        .is_some_and(|kind| KINDS.iter().any(|home| kind.trim().eq_ignore_ascii_case(home)))
}
