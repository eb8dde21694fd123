//! The query string: which rows, and which of their columns.

use serde_json::{Map, Value};

use super::problem::Problem;
use super::schema::Table;
use super::store::Stored;
use super::values::coerce;

const NO_FILTERS: [&str; 7] = ["select", "columns", "on_conflict", "limit", "offset", "order", "apikey"];

/// All pairs of a query string.
pub(super) fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

pub(super) fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

/// Names with commas between, which may stand in quotes.
pub(super) fn list(text: &str) -> Vec<String> {
    text.split(',')
        .map(|name| name.trim().trim_matches('"').to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

fn no_column(table: &Table, name: &str) -> Problem {
    Problem::new("42703", format!("column {}.{name} does not exist", table.name))
}

/// The columns that are wanted of an object: the name that each goes by, and its own.
pub(super) fn selection(table: &Table, select: Option<&str>) -> Result<Option<Vec<(String, String)>>, Problem> {
    let Some(select) = select.filter(|select| *select != "*") else {
        return Ok(None);
    };
    let mut wanted = Vec::new();
    for part in list(select) {
        if part == "*" {
            wanted.extend(
                table
                    .columns
                    .iter()
                    .map(|column| (column.name.clone(), column.name.clone())),
            );
            continue;
        }
        let (alias, name) = part.split_once(':').unwrap_or((&part, &part));
        if table.position(name).is_none() {
            return Err(no_column(table, name));
        }
        wanted.push((alias.to_owned(), name.to_owned()));
    }
    Ok(Some(wanted))
}

/// Reduces an object to what is wanted of it.
pub(super) fn project(object: &Value, wanted: Option<&[(String, String)]>) -> Value {
    match wanted {
        None => object.clone(),
        Some(wanted) => wanted
            .iter()
            .map(|(alias, name)| (alias.clone(), object[name].clone()))
            .collect::<Map<_, _>>()
            .into(),
    }
}

enum Test {
    OneOf(Vec<Value>),
    Null(bool),
}

/// The rows that the filters let through, within `limit` and `offset`, and how many there are without these.
pub(super) fn read(stored: &Stored, pairs: &[(String, String)]) -> Result<(Vec<Value>, usize), Problem> {
    let filters = filters(&stored.table, pairs)?;
    let number = |name| match find(pairs, name) {
        None => Ok(None),
        Some(text) => text.parse::<usize>().map(Some).map_err(|_| unreadable(text)),
    };
    let (limit, offset) = (number("limit")?, number("offset")?.unwrap_or_default());
    let matching: Vec<&Vec<Value>> = stored
        .rows()
        .iter()
        .filter(|row| filters.iter().all(|(at, test)| passes(test, &row[*at])))
        .collect();
    let total = matching.len();
    let rows = matching
        .into_iter()
        .skip(offset)
        .take(limit.unwrap_or(usize::MAX))
        .map(|row| stored.object(row))
        .collect();
    Ok((rows, total))
}

fn filters(table: &Table, pairs: &[(String, String)]) -> Result<Vec<(usize, Test)>, Problem> {
    let mut filters = Vec::new();
    for (name, condition) in pairs.iter().filter(|(name, _)| !NO_FILTERS.contains(&name.as_str())) {
        let at = table.position(name).ok_or_else(|| no_column(table, name))?;
        let typed = |text: &str| coerce(&table.columns[at].pg_type, &Value::from(text));
        let test = match condition.split_once('.') {
            Some(("eq", text)) => Test::OneOf(vec![typed(text)?]),
            Some(("in", text)) => {
                let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
                let values = list(inner.ok_or_else(|| unreadable(condition))?);
                Test::OneOf(values.iter().map(|value| typed(value)).collect::<Result<_, _>>()?)
            }
            Some(("is", "null")) => Test::Null(true),
            Some(("not", "is.null")) => Test::Null(false),
            _ => return Err(unreadable(condition)),
        };
        filters.push((at, test));
    }
    Ok(filters)
}

fn passes(test: &Test, value: &Value) -> bool {
    match test {
        Test::OneOf(values) => values.contains(value),
        Test::Null(null) => value.is_null() == *null,
    }
}

fn unreadable(text: &str) -> Problem {
    Problem::new(
        "PGRST100",
        format!("\"failed to parse filter ({text})\" (line 1, column 1)"),
    )
    .details("unexpected input")
}
