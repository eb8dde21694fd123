//! JSON values as PostgreSQL takes them into columns of its types.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use serde_json::{Number, Value};
use uuid::Uuid;

use super::problem::Problem;

/// The long name of a type, as the catalogue has it.
pub(super) fn canonical(pg_type: &str) -> String {
    let pg_type = pg_type.trim().to_ascii_lowercase();
    if let Some(element) = pg_type.strip_suffix("[]") {
        return format!("{}[]", canonical(element));
    }
    let (name, length) = match pg_type.split_once('(') {
        Some((name, length)) => (name.trim(), format!("({length}")),
        None => (pg_type.as_str(), String::new()),
    };
    let name = match name {
        "int2" => "smallint",
        "int" | "int4" | "serial" => "integer",
        "int8" | "bigserial" => "bigint",
        "float4" => "real",
        "float8" => "double precision",
        "decimal" => "numeric",
        "bool" => "boolean",
        "varchar" => "character varying",
        "char" | "bpchar" => "character",
        "timestamptz" => "timestamp with time zone",
        "timestamp" => "timestamp without time zone",
        other => other,
    };
    format!("{name}{length}")
}

/// The length in brackets.
pub(super) fn length(pg_type: &str) -> Option<usize> {
    let (_, length) = pg_type.split_once('(')?;
    length.trim_end_matches(')').parse().ok()
}

/// The value as a column of that type keeps it.
pub(super) fn coerce(pg_type: &str, value: &Value) -> Result<Value, Problem> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    if let Some(element) = pg_type.strip_suffix("[]") {
        return array(element, value);
    }
    if let "json" | "jsonb" = pg_type {
        return Ok(value.clone());
    }
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.contains('\0') {
        return Err(Problem::new("22P05", "unsupported Unicode escape sequence")
            .details("\\u0000 cannot be converted to text."));
    }
    let invalid = || syntax(pg_type, &text);
    match pg_type {
        "smallint" => integer(pg_type, &text, i16::MIN.into(), i16::MAX.into()),
        "integer" => integer(pg_type, &text, i32::MIN.into(), i32::MAX.into()),
        "bigint" => integer(pg_type, &text, i64::MIN, i64::MAX),
        "numeric" | "real" | "double precision" => {
            let number: Number = text.trim().parse().map_err(|_| invalid())?;
            Ok(Value::Number(number))
        }
        "boolean" => match text.trim().to_ascii_lowercase().as_str() {
            "t" | "true" | "y" | "yes" | "on" | "1" => Ok(Value::Bool(true)),
            "f" | "false" | "n" | "no" | "off" | "0" => Ok(Value::Bool(false)),
            _ => Err(invalid()),
        },
        "uuid" => Uuid::try_parse(text.trim())
            .map(|uuid| Value::from(uuid.to_string()))
            .map_err(|_| invalid()),
        "date" => match NaiveDate::parse_from_str(text.get(..10).unwrap_or(&text), "%Y-%m-%d") {
            Ok(date) => Ok(Value::from(date.to_string())),
            Err(_) => Err(date_problem(pg_type, &text)),
        },
        "timestamp with time zone" => moment(&text)
            .map(|at| Value::from(at.to_rfc3339_opts(SecondsFormat::AutoSi, false)))
            .ok_or_else(|| date_problem(pg_type, &text)),
        "timestamp without time zone" => moment(&text)
            .map(|at| Value::from(at.naive_utc().format("%Y-%m-%dT%H:%M:%S%.f").to_string()))
            .ok_or_else(|| date_problem(pg_type, &text)),
        _ if pg_type.starts_with("character") => match length(pg_type) {
            Some(most) if text.chars().count() > most => {
                Err(Problem::new("22001", format!("value too long for type {pg_type}")))
            }
            _ => Ok(Value::String(text)),
        },
        _ => Ok(Value::String(text)),
    }
}

fn syntax(pg_type: &str, text: &str) -> Problem {
    Problem::new("22P02", format!("invalid input syntax for type {pg_type}: \"{text}\""))
}

/// A date that looks like one is out of range; anything else is none.
fn date_problem(pg_type: &str, text: &str) -> Problem {
    if text.len() >= 8 && text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('-') {
        Problem::new("22008", format!("date/time field value out of range: \"{text}\""))
    } else {
        Problem::new("22007", format!("invalid input syntax for type {pg_type}: \"{text}\""))
    }
}

fn integer(pg_type: &str, text: &str, least: i64, most: i64) -> Result<Value, Problem> {
    let text = text.trim();
    match text.parse::<i128>() {
        Err(_) => Err(syntax(pg_type, text)),
        Ok(number) => match i64::try_from(number) {
            Ok(number) if (least..=most).contains(&number) => Ok(Value::from(number)),
            _ => Err(Problem::new(
                "22003",
                format!("value \"{text}\" is out of range for type {pg_type}"),
            )),
        },
    }
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"] {
        if let Ok(at) = NaiveDateTime::parse_from_str(text, format) {
            return Some(at.and_utc());
        }
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(day.and_hms_opt(0, 0, 0)?.and_utc())
}

fn array(element: &str, value: &Value) -> Result<Value, Problem> {
    match value {
        Value::Array(values) => values.iter().map(|value| coerce(element, value)).collect(),
        Value::String(text) => {
            let inner = text
                .strip_prefix('{')
                .and_then(|text| text.strip_suffix('}'))
                .ok_or_else(|| {
                    Problem::new("22P02", format!("malformed array literal: \"{text}\""))
                        .details("Array value must start with \"{\" or dimension information.")
                })?;
            inner
                .split(',')
                .filter(|value| !value.is_empty())
                .map(|value| coerce(element, &Value::from(value.trim_matches('"'))))
                .collect()
        }
        other => Err(Problem::new("22P02", "expected JSON array").details(format!("Found {other}."))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{canonical, coerce};

    #[test]
    fn values_become_what_the_column_keeps() {
        for (pg_type, given, kept) in [
            ("int", json!("12"), json!(12)),
            ("text", json!(12), json!("12")),
            ("text", json!({ "a": 1 }), json!("{\"a\":1}")),
            ("numeric", json!("1.5"), json!(1.5)),
            ("bool", json!("yes"), json!(true)),
            ("date", json!("2026-02-03T10:00:00Z"), json!("2026-02-03")),
            (
                "timestamptz",
                json!("2026-02-03T10:00:00+13:00"),
                json!("2026-02-02T21:00:00+00:00"),
            ),
            ("text[]", json!(["a", 1]), json!(["a", "1"])),
            ("int[]", json!("{1,2}"), json!([1, 2])),
            ("jsonb", json!([1]), json!([1])),
            (
                "uuid",
                json!("A0EEBC999C0B4EF8BB6D6BB9BD380A11"),
                json!("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            ),
            ("varchar(3)", json!("äöü"), json!("äöü")),
            ("int", Value::Null, Value::Null),
        ] {
            assert_eq!(coerce(&canonical(pg_type), &given).unwrap(), kept, "{pg_type} {given}");
        }
    }

    #[test]
    fn what_does_not_fit_has_its_code() {
        for (pg_type, given, code) in [
            ("int", json!("x"), "22P02"),
            ("int", json!(1.5), "22P02"),
            ("int", json!(3_000_000_000_i64), "22003"),
            ("smallint", json!(40_000), "22003"),
            ("uuid", json!("x"), "22P02"),
            ("bool", json!("maybe"), "22P02"),
            ("numeric", json!("1,5"), "22P02"),
            ("timestamptz", json!("soon"), "22007"),
            ("date", json!("2026-02-30"), "22008"),
            ("text[]", json!("a"), "22P02"),
            ("varchar(2)", json!("abc"), "22001"),
            ("text", json!("a\0"), "22P05"),
        ] {
            assert_eq!(
                coerce(&canonical(pg_type), &given).unwrap_err().code,
                code,
                "{pg_type} {given}"
            );
        }
    }
}
