//! The rows of a POST, and the columns that they must share.

use actix_web::HttpRequest;
use actix_web::web::Bytes;
use serde_json::{Map, Value};

use super::Problem;
use super::prefer::Prefer;
use super::query::{find, list};
use super::schema::Table;
use super::store::Insert;

/// Reads the body of a POST, and checks that its rows have the columns that they must.
pub(super) fn insert(
    request: &HttpRequest,
    table: &Table,
    query: &[(String, String)],
    body: &Bytes,
    prefer: &Prefer,
) -> Result<Insert, Problem> {
    let content_type = request
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("application/json");
    let rows = match content_type.split(';').next().map(str::trim) {
        Some("application/json") => json_rows(body)?,
        Some("text/csv") => csv_rows(body)?,
        _ => {
            let message = format!("Content-Type not acceptable: {content_type}");
            return Err(Problem::new("PGRST107", message));
        }
    };
    let columns = match find(query, "columns") {
        Some(columns) => list(columns),
        None => shared_columns(&rows)?,
    };
    if let Some(unknown) = columns.iter().find(|name| table.position(name).is_none()) {
        let message = format!(
            "Could not find the '{unknown}' column of '{}' in the schema cache",
            table.name
        );
        return Err(Problem::new("PGRST204", message));
    }
    Ok(Insert {
        rows,
        columns,
        missing_default: prefer.missing_default,
        resolution: prefer.resolution,
        on_conflict: find(query, "on_conflict").map(list),
        rollback: prefer.rollback,
    })
}

fn json_rows(body: &Bytes) -> Result<Vec<Map<String, Value>>, Problem> {
    let rows = match serde_json::from_slice(body) {
        Ok(Value::Array(rows)) => rows,
        Ok(row @ Value::Object(_)) => vec![row],
        _ => return Err(Problem::new("PGRST102", "Empty or invalid json")),
    };
    rows.into_iter()
        .map(|row| match row {
            Value::Object(row) => Ok(row),
            _ => Err(unlike()),
        })
        .collect()
}

/// The first line has the columns; `NULL` is one.
fn csv_rows(body: &Bytes) -> Result<Vec<Map<String, Value>>, Problem> {
    let unreadable = |error: csv::Error| Problem::new("PGRST102", error.to_string());
    let mut reader = csv::Reader::from_reader(body.as_ref());
    let columns = reader.headers().map_err(unreadable)?.clone();
    let value = |field: &str| {
        if field == "NULL" {
            Value::Null
        } else {
            Value::from(field)
        }
    };
    reader
        .records()
        .map(|record| {
            let record = record.map_err(|_| Problem::new("PGRST102", "All lines must have same number of fields"))?;
            let fields = columns.iter().zip(record.iter());
            Ok(fields.map(|(name, field)| (name.to_owned(), value(field))).collect())
        })
        .collect()
}

fn shared_columns(rows: &[Map<String, Value>]) -> Result<Vec<String>, Problem> {
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let same = |row: &Map<String, Value>| row.len() == first.len() && row.keys().all(|key| first.contains_key(key));
    if rows.iter().all(same) {
        Ok(first.keys().cloned().collect())
    } else {
        Err(unlike())
    }
}

fn unlike() -> Problem {
    Problem::new("PGRST102", "All object keys must match")
}
