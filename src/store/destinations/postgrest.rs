//! A destination behind PostgREST, as Supabase has it.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::coerce::Cell;
use super::error::{DestinationError, shortened};
use super::fault::of_sqlstate;
use super::insert::{RowSet, sets};
use super::openapi;
use super::plan::DestinationRow;
use super::spec::DestinationDb;
use super::table::{Kind, Table};
use crate::scrape::fetch::parse_retry_after;
use crate::scrape::{AddressGuard, AddressRefused, guarded_client};
use crate::store::fault::is_transient_sqlstate;

const API_KEY: HeaderName = HeaderName::from_static("apikey");
const PREFER: HeaderName = HeaderName::from_static("prefer");
/// For one request, from its first byte to the last of its answer.
const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(8);
/// Descriptions of very large schemas have a few megabytes.
const DOCUMENT_BYTES: usize = 16 * 1024 * 1024;
const ERROR_BYTES: usize = 64 * 1024;

/// One PostgREST.
#[derive(Debug)]
pub(super) struct PostgrestTarget {
    database: DestinationDb,
    /// Ends with a slash.
    root: Url,
    client: Client,
    guard: Arc<AddressGuard>,
}

/// What PostgREST says of an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    code: Option<String>,
    message: Option<String>,
    details: Option<String>,
}

impl PostgrestTarget {
    /// # Errors
    /// Where the address or the key cannot be used.
    pub(super) fn new(
        database: DestinationDb,
        url: &str,
        key: &SecretString,
        guard: Arc<AddressGuard>,
    ) -> Result<Self, DestinationError> {
        let unusable =
            |what: String| DestinationError::Settings(format!("the PostgREST of {database} cannot be used: {what}"));
        let client = guarded_client(&guard)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .default_headers(credentials(key)?)
            .build()
            .map_err(|error| unusable(format!("no HTTP client can be made: {error}")))?;
        let root = root(url).map_err(unusable)?;
        if root.scheme() != "https" {
            tracing::warn!(%root, "the key of a PostgREST goes over a connection that is not encrypted");
        }
        Ok(Self {
            database,
            root,
            client,
            guard,
        })
    }

    pub(super) async fn table(&self, name: &str) -> Result<Option<Table>, DestinationError> {
        let request = self
            .client
            .get(self.root.clone())
            .header(ACCEPT, "application/openapi+json");
        let response = self.send(request, name).await?;
        let document = body(response, DOCUMENT_BYTES)
            .await
            .map_err(|error| self.unanswered(&error))?;
        let name = name.to_owned();
        let read = tokio::task::spawn_blocking(move || openapi::table(&document, &name)).await;
        let what = match read {
            Ok(Ok(table)) => return Ok(table),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        Err(DestinationError::Refused {
            database: self.database,
            reason: format!(
                "{} does not describe its tables as PostgREST does ({what}); is openapi-mode on, and the address that of \
                 the REST interface?",
                self.root
            ),
        })
    }

    /// Writes the rows, a request for each set of columns. There is no transaction over requests; what an earlier one
    /// wrote, a repeat writes again.
    pub(super) async fn write(&self, rows: &[&DestinationRow]) -> Result<(), DestinationError> {
        for set in sets(rows) {
            let table = &set.plan.table;
            let request = self
                .client
                .post(self.address(&set)?)
                .header(CONTENT_TYPE, "application/json")
                .header(PREFER, "resolution=merge-duplicates,return=minimal,missing=default")
                .body(json(&set));
            self.send(request, table).await?;
        }
        Ok(())
    }

    fn address(&self, set: &RowSet<'_>) -> Result<Url, DestinationError> {
        let table = &set.plan.table;
        let mut url = self.root.join(table).map_err(|error| DestinationError::Refused {
            database: self.database,
            reason: format!("{table} makes no address: {error}"),
        })?;
        let columns = || set.columns.iter().map(|&index| &set.plan.columns[index]);
        let names: Vec<&str> = columns().map(|column| column.column.name.as_str()).collect();
        let key: Vec<&str> = columns()
            .filter(|column| column.in_key)
            .map(|column| column.column.name.as_str())
            .collect();
        url.query_pairs_mut()
            .append_pair("on_conflict", &key.join(","))
            .append_pair("columns", &names.join(","));
        Ok(url)
    }

    /// The answer, if it is a success.
    async fn send(&self, request: RequestBuilder, table: &str) -> Result<Response, DestinationError> {
        self.guard
            .check(&self.root)
            .map_err(|refused| self.unreachable(&refused))?;
        let response = request.send().await.map_err(|error| self.unanswered(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| parse_retry_after(value, Utc::now()));
        let said = body(response, ERROR_BYTES).await.unwrap_or_default();
        let said = serde_json::from_slice(&said).unwrap_or_default();
        Err(meaning(self.database, table, status, retry_after, &said))
    }

    /// No answer came, or only a part of it.
    fn unanswered(&self, error: &reqwest::Error) -> DestinationError {
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            if let Some(refused) = inner.downcast_ref::<AddressRefused>() {
                return self.unreachable(refused);
            }
            cause = inner;
        }
        // The outermost words hold the address alone.
        let reason = if error.is_timeout() {
            "it does not answer in time".to_owned()
        } else {
            shortened(&cause.to_string())
        };
        DestinationError::Away {
            database: self.database,
            reason,
            retry_after: None,
        }
    }

    fn unreachable(&self, refused: &AddressRefused) -> DestinationError {
        DestinationError::Refused {
            database: self.database,
            reason: format!("{refused} If it is meant, {}", refused.remedy()),
        }
    }
}

/// The root of the REST interface; a project of Supabase has it at a known path.
fn root(url: &str) -> Result<Url, String> {
    let mut root = Url::parse(url).map_err(|error| error.to_string())?;
    if !root.username().is_empty() || root.password().is_some() {
        return Err("it holds a user; the key goes into a secret".to_owned());
    }
    root.set_query(None);
    root.set_fragment(None);
    let is_supabase = root.host_str().is_some_and(|host| host.ends_with(".supabase.co"));
    if is_supabase && root.path() == "/" {
        root.set_path("/rest/v1/");
    }
    if !root.path().ends_with('/') {
        root.set_path(&format!("{}/", root.path()));
    }
    Ok(root)
}

/// Newer keys of Supabase are no JWT and go into `apikey` alone.
fn credentials(key: &SecretString) -> Result<HeaderMap, DestinationError> {
    let unusable =
        |_| DestinationError::Settings("the key of a PostgREST holds a character that no header may".to_owned());
    let header = |text: &str| {
        let mut value = HeaderValue::from_str(text).map_err(unusable)?;
        value.set_sensitive(true);
        Ok::<_, DestinationError>(value)
    };
    let key = key.expose_secret();
    let mut headers = HeaderMap::new();
    headers.insert(API_KEY, header(key)?);
    if key.starts_with("eyJ") && key.split('.').count() == 3 {
        headers.insert(AUTHORIZATION, header(&format!("Bearer {key}"))?);
    }
    Ok(headers)
}

/// The body, up to a limit; what is beyond is not needed or no honest answer.
async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = limit - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == limit {
            break;
        }
    }
    Ok(body)
}

/// The rows as a JSON list of objects.
fn json(set: &RowSet<'_>) -> String {
    let mut text = String::with_capacity(2 + set.rows.iter().map(|row| 2 * row.bytes()).sum::<usize>());
    let quote = |text: &str| serde_json::Value::from(text).to_string();
    text.push('[');
    for (index, row) in set.rows.iter().enumerate() {
        text.push_str(if index == 0 { "{" } else { ",{" });
        for (place, (&column, cell)) in row.columns.iter().zip(&row.cells).enumerate() {
            let column = &set.plan.columns[column].column;
            if place > 0 {
                text.push(',');
            }
            text.push_str(&quote(&column.name));
            text.push(':');
            match cell {
                Cell::Text(json) if matches!(column.kind, Kind::Json { .. }) => text.push_str(json),
                Cell::Text(value) => text.push_str(&quote(value)),
                Cell::Integer(whole) => text.push_str(&whole.to_string()),
                Cell::Real(real) => text.push_str(&serde_json::Value::from(*real).to_string()),
                Cell::Null | Cell::Bytes(_) => text.push_str("null"),
            }
        }
        text.push('}');
    }
    text.push(']');
    text
}

/// What an answer that is no success means for the rows.
fn meaning(
    database: DestinationDb,
    table: &str,
    status: StatusCode,
    retry_after: Option<Duration>,
    said: &Said,
) -> DestinationError {
    let words: Vec<&str> = [said.message.as_deref(), said.details.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let reason = match words.as_slice() {
        [] => format!("it answers {status}"),
        some => shortened(&some.join(" ")),
    };
    let code = said.code.as_deref().unwrap_or_default();
    let table = table.to_owned();
    match (status.as_u16(), code) {
        (_, "PGRST205") => DestinationError::TableMissing { database, table },
        (_, "PGRST204") => DestinationError::TableChanged {
            database,
            table,
            reason,
        },
        // A token that has expired, is of another project, or may not do this.
        (401 | 403, _) | (300..=399 | 404 | 405, "") => DestinationError::Refused { database, reason },
        (408 | 429, _) => away(database, reason, retry_after),
        (413, _) => DestinationError::Rejected { table, reason },
        _ if is_sqlstate(code) && is_transient_sqlstate(code) => away(database, reason, retry_after),
        _ if is_sqlstate(code) => of_sqlstate(database, &table, code, reason),
        _ if status.is_server_error() => away(database, reason, retry_after),
        _ => DestinationError::Refused { database, reason },
    }
}

/// Five letters and digits; what PostgREST says of itself is longer.
fn is_sqlstate(code: &str) -> bool {
    code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn away(database: DestinationDb, reason: String, retry_after: Option<Duration>) -> DestinationError {
    DestinationError::Away {
        database,
        reason,
        retry_after,
    }
}

#[cfg(test)]
#[path = "postgrest_tests.rs"]
mod tests;
