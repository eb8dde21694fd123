//! Lists come in pages, and a cursor says where the next one begins.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use crate::store::read::Page;

const DEFAULT_LIMIT: u64 = 50;
const LARGEST_LIMIT: u64 = 500;

/// The form of every list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    pub data: Vec<T>,
    /// `null` on the last page.
    pub next_cursor: Option<String>,
}

impl<T> From<Page<T>> for List<T> {
    fn from(page: Page<T>) -> Self {
        Self {
            data: page.data,
            next_cursor: page.last.map(|key| URL_SAFE_NO_PAD.encode(key)),
        }
    }
}

/// The key that a cursor stands for.
///
/// # Errors
/// 400 for one that no list gave.
pub fn read<K: FromStr>(cursor: Option<&str>) -> Result<Option<K>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let key = URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    match key.and_then(|key| key.parse().ok()) {
        Some(key) => Ok(Some(key)),
        None => Err(Problem::bad_request(
            "'cursor' must be a next_cursor that this list gave, unchanged",
        )),
    }
}

/// The number of items on a page.
///
/// # Errors
/// 400 outside 1 to 500.
pub fn limit(limit: Option<u64>) -> Result<u64, Problem> {
    match limit.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=LARGEST_LIMIT => Ok(limit),
        _ => Err(Problem::bad_request(format!("'limit' must be 1 to {LARGEST_LIMIT}"))),
    }
}
