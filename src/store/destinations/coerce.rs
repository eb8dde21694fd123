//! A JSON value as a value of a column's type, or why it is none.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::moment;
use super::number::Decimal;
use super::table::{Dialect, Kind};

/// A value on its way to a column. For PostgreSQL everything is text, which the statement casts: exact, and the same
/// over PostgREST.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Text(String),
    Integer(i64),
    Real(f64),
    Bytes(Vec<u8>),
}

impl Cell {
    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Null => 1,
            Self::Integer(_) | Self::Real(_) => 8,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

/// The digits that SQLite's floating point numbers keep.
const SQLITE_DIGITS: usize = 15;

/// Makes of a value that is not null what the column takes.
///
/// # Errors
/// Why the value does not fit, as the end of a sentence.
pub(super) fn coerce(kind: &Kind, dialect: Dialect, value: &Value) -> Result<Cell, String> {
    match kind {
        Kind::Text(longest) => text(value, *longest, dialect),
        Kind::Integer(bits) => integer(value, *bits, dialect),
        Kind::Numeric(whole_digits) => numeric(value, *whole_digits, dialect),
        Kind::Real { single } => real(value, *single, dialect),
        Kind::Boolean => boolean(value, dialect),
        Kind::Timestamp { zoned } => moment::timestamp(string(value, "a time as in RFC 3339")?, *zoned, dialect),
        Kind::Date => moment::date(string(value, "a date as 2026-01-31")?),
        Kind::Time => moment::time(string(value, "a time of day as 08:30")?),
        Kind::Uuid => uuid(string(value, "a UUID")?),
        Kind::Json { binary } => json(value, *binary && dialect != Dialect::Sqlite),
        Kind::Bytes => bytes(string(value, "bytes as base64")?, dialect),
        Kind::Enum(words) => word(string(value, "one of its words")?, words),
        Kind::List(element) => list(value, element, dialect),
        Kind::Any => Ok(any(value)),
        Kind::Other => Ok(Cell::Text(whole(&plain_text(value), dialect)?)),
    }
}

fn string<'value>(value: &'value Value, wanted: &str) -> Result<&'value str, String> {
    value
        .as_str()
        .map(str::trim)
        .ok_or_else(|| format!("it wants {wanted}, in a string"))
}

/// A scalar as people write it; a list or an object as JSON.
fn plain_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// PostgreSQL has no text with U+0000 in it.
fn whole(text: &str, dialect: Dialect) -> Result<String, String> {
    if dialect != Dialect::Sqlite && text.contains('\0') {
        return Err("it has a character U+0000, which PostgreSQL cannot hold".to_owned());
    }
    Ok(text.to_owned())
}

fn text(value: &Value, longest: Option<usize>, dialect: Dialect) -> Result<Cell, String> {
    let text = whole(&plain_text(value), dialect)?;
    if let Some(longest) = longest {
        let length = text.chars().count();
        if length > longest {
            return Err(format!("it has {length} characters, and there is room for {longest}"));
        }
    }
    Ok(Cell::Text(text))
}

/// A JSON number, or a string that is one. What is written in the JSON is what is read, no float stands between.
fn decimal(value: &Value) -> Result<(Decimal, String), String> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return Err("it wants a number".to_owned()),
    };
    let number = Decimal::parse(&text).ok_or("it is not a number")?;
    Ok((number, text))
}

fn integer(value: &Value, bits: u32, dialect: Dialect) -> Result<Cell, String> {
    let (number, _) = decimal(value)?;
    let out_of_range = || format!("it is not a whole number of {bits} bits");
    let whole = number.to_integer().ok_or_else(out_of_range)?;
    let limit = i64::MAX >> (64 - bits);
    if whole > limit || whole < -limit - 1 {
        return Err(out_of_range());
    }
    Ok(match dialect {
        Dialect::Sqlite => Cell::Integer(whole),
        Dialect::Postgres | Dialect::Rest => Cell::Text(whole.to_string()),
    })
}

fn numeric(value: &Value, whole_digits: Option<i64>, dialect: Dialect) -> Result<Cell, String> {
    let (number, text) = decimal(value)?;
    if let Some(most) = whole_digits
        && number.whole_digits() > most.max(0)
    {
        return Err(format!("there is room for {most} digits before the point"));
    }
    if dialect != Dialect::Sqlite {
        return Ok(Cell::Text(text));
    }
    if let Some(whole) = number.to_integer() {
        return Ok(Cell::Integer(whole));
    }
    if number.significant() > SQLITE_DIGITS {
        return Err(format!(
            "SQLite keeps {SQLITE_DIGITS} digits of a number; declare the column as TEXT to keep all"
        ));
    }
    float(&text).map(Cell::Real)
}

fn float(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err("it is too large".to_owned()),
    }
}

fn real(value: &Value, single: bool, dialect: Dialect) -> Result<Cell, String> {
    let (_, text) = decimal(value)?;
    let number = float(&text)?;
    if single && number.abs() > f64::from(f32::MAX) {
        return Err("it is too large for four bytes".to_owned());
    }
    Ok(match dialect {
        Dialect::Sqlite => Cell::Real(number),
        Dialect::Postgres | Dialect::Rest => Cell::Text(text),
    })
}

fn boolean(value: &Value, dialect: Dialect) -> Result<Cell, String> {
    let truth = match value {
        Value::Bool(truth) => Some(*truth),
        Value::Number(number) => match number.as_f64() {
            Some(1.0) => Some(true),
            Some(0.0) => Some(false),
            _ => None,
        },
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    };
    let truth = truth.ok_or("it wants true or false")?;
    Ok(match dialect {
        Dialect::Sqlite => Cell::Integer(truth.into()),
        Dialect::Postgres | Dialect::Rest => Cell::Text(truth.to_string()),
    })
}

fn uuid(text: &str) -> Result<Cell, String> {
    uuid::Uuid::parse_str(text)
        .map(|uuid| Cell::Text(uuid.hyphenated().to_string()))
        .map_err(|_| "it is not a UUID".to_owned())
}

fn json(value: &Value, no_zero: bool) -> Result<Cell, String> {
    if no_zero && has_zero(value) {
        return Err("it has a character U+0000, which jsonb cannot hold".to_owned());
    }
    Ok(Cell::Text(value.to_string()))
}

fn has_zero(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(list) => list.iter().any(has_zero),
        Value::Object(object) => object.iter().any(|(key, value)| key.contains('\0') || has_zero(value)),
        _ => false,
    }
}

fn bytes(text: &str, dialect: Dialect) -> Result<Cell, String> {
    use std::fmt::Write as _;
    let bytes = STANDARD
        .decode(text)
        .map_err(|_| "it is not base64, with padding".to_owned())?;
    if dialect == Dialect::Sqlite {
        return Ok(Cell::Bytes(bytes));
    }
    let mut hex = String::with_capacity(2 + 2 * bytes.len());
    hex.push_str("\\x");
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(Cell::Text(hex))
}

fn word(text: &str, words: &[String]) -> Result<Cell, String> {
    if words.iter().any(|word| word == text) {
        return Ok(Cell::Text(text.to_owned()));
    }
    Err(format!("it is none of {}", words.join(", ")))
}

/// A list as PostgreSQL writes one: `{"a",NULL,"b \"c\""}`.
fn list(value: &Value, element: &Kind, dialect: Dialect) -> Result<Cell, String> {
    let values = value.as_array().ok_or("it wants a list")?;
    let mut text = "{".to_owned();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        if value.is_null() {
            text.push_str("NULL");
            continue;
        }
        let cell = coerce(element, dialect, value).map_err(|reason| format!("element {}: {reason}", index + 1))?;
        let Cell::Text(of_element) = cell else {
            return Err("lists are known to PostgreSQL alone".to_owned());
        };
        text.push('"');
        for character in of_element.chars() {
            if matches!(character, '"' | '\\') {
                text.push('\\');
            }
            text.push(character);
        }
        text.push('"');
    }
    text.push('}');
    Ok(Cell::Text(text))
}

fn any(value: &Value) -> Cell {
    match value {
        Value::Bool(truth) => Cell::Integer((*truth).into()),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Cell::Integer(whole),
            (None, Some(real)) => Cell::Real(real),
            (None, None) => Cell::Text(number.to_string()),
        },
        other => Cell::Text(plain_text(other)),
    }
}

#[cfg(test)]
#[path = "coerce_tests.rs"]
mod tests;
