//! Lists on their way in: spooled to a file of bounded size, so that a sender who goes away leaves nothing.

use std::collections::BTreeMap;
use std::io::Write as _;

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Payload};
use actix_web::{FromRequest as _, HttpRequest};
use entity::Id;
use futures_util::{Stream, StreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::characters::{holds_nul, refusal};
use super::problem::Problem;
use crate::actors::import::{SentList, TextList, unfold, workbook_limits};

/// The largest form field that is not the file.
const FIELD_BYTES: usize = 64 * 1024;

/// What the sender says of the list: in the query, as form fields, or beside the list in a JSON body.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListOptions {
    pub name: Option<String>,
    pub filename: Option<String>,
    pub url_column: Option<String>,
    pub play: Option<String>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// A JSON object; as text in a query and in a form.
    pub settings: Option<Value>,
    /// A list that is here already.
    pub import_id: Option<Id>,
}

/// A list and its options as a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub struct ListForm {
    /// CSV and the like, or an Excel workbook.
    #[schema(format = Binary, value_type = String)]
    file: Vec<u8>,
    name: Option<String>,
    /// The name of the file where the form does not say it.
    filename: Option<String>,
    /// The column that holds the addresses.
    url_column: Option<String>,
    play: Option<String>,
    /// The sheet of a workbook, where it is not the one with the most websites.
    sheet: Option<String>,
    /// A JSON object as text.
    settings: Option<String>,
}

/// An Excel workbook.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it describes what is read as a stream")]
pub struct Workbook(Vec<u8>);

/// A list and its options as JSON.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read as a stream")]
pub struct ListJson {
    /// Addresses, or objects that hold one; absent with `import_id`.
    practices: Option<Vec<PracticeJson>>,
    name: Option<String>,
    filename: Option<String>,
    url_column: Option<String>,
    play: Option<String>,
    settings: Option<BTreeMap<String, Value>>,
    /// A list that is here already.
    import_id: Option<Id>,
}

/// A row of a list as JSON.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes what is read as a stream")]
pub enum PracticeJson {
    Address(String),
    Columns(BTreeMap<String, Value>),
}

impl ListOptions {
    const FIELDS: &str = "file, filename, name, url_column, play, sheet, settings, import_id";

    fn set(&mut self, name: &str, text: String) -> Result<(), Problem> {
        match name {
            "filename" => self.filename = Some(text),
            "name" => self.name = Some(text),
            "url_column" => self.url_column = Some(text),
            "play" => self.play = Some(text),
            "sheet" => self.sheet = Some(text),
            "settings" => self.settings = Some(Value::String(text)),
            "import_id" => {
                let id = text.parse();
                self.import_id = Some(id.map_err(|_| Problem::bad_request("'import_id' is not an id"))?);
            }
            other => {
                let detail = format!("unknown form field '{other}'; known are {}", Self::FIELDS);
                return Err(Problem::bad_request(detail));
            }
        }
        Ok(())
    }

    /// What the body says goes before what the query says.
    fn or(self, query: Self) -> Self {
        Self {
            name: self.name.or(query.name),
            filename: self.filename.or(query.filename),
            url_column: self.url_column.or(query.url_column),
            play: self.play.or(query.play),
            sheet: self.sheet.or(query.sheet),
            settings: self.settings.or(query.settings),
            import_id: self.import_id.or(query.import_id),
        }
    }

    fn of_members(members: Map<String, Value>) -> Result<Self, Problem> {
        serde_json::from_value(Value::Object(members)).map_err(|error| {
            let detail =
                format!("beside 'practices' the body may have name, url_column, play, settings and import_id: {error}");
            Problem::bad_request(detail)
        })
    }
}

/// A request for a job or a preview, with its list as text.
#[derive(Debug)]
pub struct Received {
    /// Absent where the request only names a list that is here already.
    pub list: Option<TextList>,
    pub options: ListOptions,
    /// Hash of the list's bytes.
    pub digest: String,
}

impl Received {
    /// The name of the file, as far as it is known.
    #[must_use]
    pub fn filename(&self) -> String {
        let format = self.list.as_ref().and_then(|list| list.source["format"].as_str());
        let unnamed = match format {
            Some("json") => "practices.json",
            Some("xlsx") => "upload.xlsx",
            _ => "upload.csv",
        };
        self.options.filename.clone().unwrap_or_else(|| unnamed.to_owned())
    }
}

/// A body on disk.
struct Spooled {
    list: SentList,
    options: ListOptions,
    digest: String,
}

/// Takes a list in whatever form it is sent.
///
/// # Errors
/// 400 for a form or options that make no sense, 413, 415, 422 for faults of the list, 507 where the disk is full.
pub async fn receive(
    app: &App,
    request: &HttpRequest,
    query: ListOptions,
    payload: Payload,
) -> Result<Received, Problem> {
    let spooled = take(app, request, query, payload).await?;
    let limits = workbook_limits(&app.engine.settings());
    let unfolded = unfold(spooled.list, app.spool.clone(), limits).await?;
    let options = ListOptions::of_members(unfolded.members)?.or(spooled.options);
    if unfolded.list.is_none() && options.import_id.is_none() {
        let detail = "the body has neither 'practices' nor 'import_id'";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_file", detail));
    }
    if unfolded.list.is_some() && options.import_id.is_some() {
        let detail = "send either a list or the 'import_id' of one that is here, not both";
        return Err(Problem::bad_request(detail));
    }
    Ok(Received {
        list: unfolded.list,
        options,
        digest: spooled.digest,
    })
}

async fn take(
    app: &App,
    request: &HttpRequest,
    options: ListOptions,
    mut payload: Payload,
) -> Result<Spooled, Problem> {
    let media_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default();
    match media_type.trim().to_ascii_lowercase().as_str() {
        "multipart/form-data" => {
            let mut raw = payload.into_inner();
            let form = Multipart::from_request(request, &mut raw)
                .await
                .map_err(|error| Problem::bad_request(format!("the form cannot be read: {error}")))?;
            spool_form(app, form, options).await
        }
        "application/json" => {
            let (file, digest) = spool(app, &mut payload).await?;
            Ok(Spooled {
                list: SentList::Json(file),
                options,
                digest,
            })
        }
        "text/csv"
        | "application/csv"
        | "text/plain"
        | "text/tab-separated-values"
        | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        | "application/vnd.ms-excel"
        | "application/octet-stream" => {
            let (file, digest) = spool(app, &mut payload).await?;
            let sheet = options.sheet.clone();
            Ok(Spooled {
                list: SentList::File { file, sheet },
                options,
                digest,
            })
        }
        _ => {
            let detail = "send the list as multipart/form-data with a field 'file', as a text/csv body, as an Excel \
                workbook, or as JSON";
            Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                detail,
            ))
        }
    }
}

/// Writes a body to a file in the spool, and tells its hash. The file is gone when the value is dropped.
async fn spool<E: std::fmt::Display>(
    app: &App,
    body: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
) -> Result<(NamedTempFile, String), Problem> {
    let limit = app.engine.settings().http.max_upload_bytes;
    let mut file = NamedTempFile::new_in(&app.spool).map_err(|error| Problem::no_space(&error))?;
    let mut hash = Sha256::new();
    let mut size: u64 = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| Problem::bad_request(format!("the upload broke off: {error}")))?;
        size += chunk.len() as u64;
        if size > limit {
            let detail = format!("the file is larger than {limit} bytes (http.max_upload_bytes); split it");
            return Err(Problem::too_large(detail));
        }
        // On the blocking pool: a slow disk must not hold up other requests.
        let written = tokio::task::spawn_blocking(move || {
            hash.update(&chunk);
            file.write_all(&chunk).map(|()| (file, hash))
        });
        (file, hash) = written
            .await
            .map_err(|_| Problem::unavailable())?
            .map_err(|error| Problem::no_space(&error))?;
    }
    let digest = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((file, digest))
}

async fn spool_form(app: &App, mut form: Multipart, query: ListOptions) -> Result<Spooled, Problem> {
    let mut options = ListOptions::default();
    let mut file = None;
    while let Some(field) = form.next().await {
        let mut field = field.map_err(|error| Problem::bad_request(format!("the form cannot be read: {error}")))?;
        let name = field.name().unwrap_or_default().to_owned();
        if name != "file" {
            options.set(&name, read_field(&mut field).await?)?;
            continue;
        }
        if file.is_some() {
            let detail = "the form has the field 'file' twice; send one list at a time";
            return Err(Problem::bad_request(detail));
        }
        let filename = field
            .content_disposition()
            .and_then(|header| header.get_filename().map(str::to_owned));
        options.filename = options.filename.or(filename);
        file = Some(spool(app, &mut field).await?);
    }
    match file {
        Some((file, digest)) => {
            let options = options.or(query);
            let sheet = options.sheet.clone();
            Ok(Spooled {
                list: SentList::File { file, sheet },
                options,
                digest,
            })
        }
        None => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "no_file",
            "the form has no field 'file'; send the list in it",
        )),
    }
}

async fn read_field(field: &mut actix_multipart::Field) -> Result<String, Problem> {
    let mut text = Vec::new();
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(|error| Problem::bad_request(format!("the form cannot be read: {error}")))?;
        if text.len() + chunk.len() > FIELD_BYTES {
            return Err(Problem::too_large(format!(
                "a form field is larger than {FIELD_BYTES} bytes"
            )));
        }
        text.extend_from_slice(&chunk);
    }
    if holds_nul(&text) {
        return Err(refusal("a form field"));
    }
    String::from_utf8(text).map_err(|_| Problem::bad_request("a form field is not UTF-8"))
}
