//! Errors as `application/problem+json` (RFC 9457), each with a stable `code`.

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use sea_orm::DbErr;
use serde_json::{Map, Value};
use utoipa::{IntoResponses, ToSchema};

use super::request_id;
use crate::actors::ExportError;
use crate::actors::import::{ImportError, RunRefused};
use crate::actors::supervision::panic_text;
use crate::exchange::read::FileFault;
use crate::exchange::write::WorkbookFault;
use crate::model::batch::{JobEvent, JobStatus};
use crate::model::workflow_spec::Mistake;
use crate::store::fault::is_transient;
use crate::store::write::WriteError;

/// When a client may try again while the database is away.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Mistakes of one request that are told.
const MISTAKES_TOLD: usize = 100;

/// An error as the client sees it.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    /// Stable: clients match on it.
    code: &'static str,
    /// A sentence that says what to do.
    detail: String,
    /// Boxed: most problems have none, and every handler's result carries the space.
    extra: Box<Map<String, Value>>,
    retry_after: Option<Duration>,
    /// The methods that a route takes.
    allow: Option<String>,
}

/// A problem as it is sent, for the description of the API.
#[derive(Debug, ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "it describes what `Problem` writes")]
pub struct ProblemBody {
    /// `about:blank`: the code says more than the type.
    r#type: String,
    title: String,
    status: u16,
    /// Stable: match on it.
    code: String,
    /// What to do about it, in a sentence that may change.
    detail: String,
    /// Every mistake in what was sent, where `code` is `invalid`.
    errors: Option<Vec<Mistake>>,
    /// The `X-Request-Id` of the answer; the daemon's log has it too.
    request_id: Option<String>,
}

/// What every route may answer instead.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it describes what `Problem` answers")]
pub enum Refusals {
    /// The request cannot be carried out as it is; `code` says why.
    #[response(status = "4XX", content_type = "application/problem+json")]
    Refused(ProblemBody),
    /// The daemon cannot carry it out now; `code` says why.
    #[response(status = "5XX", content_type = "application/problem+json")]
    Unable(ProblemBody),
}

/// `"post get "` as an `Allow` header has it.
fn allowed(methods: &str) -> String {
    let mut allowed: Vec<String> = methods.split_whitespace().map(str::to_ascii_uppercase).collect();
    if allowed.iter().any(|method| method == "GET") {
        allowed.push("HEAD".to_owned());
    }
    allowed.join(", ")
}

impl Problem {
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            extra: Box::default(),
            retry_after: None,
            allow: None,
        }
    }

    /// Adds a member beside the standard ones.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    /// Says when the client may try again.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    #[must_use]
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    #[must_use]
    pub fn not_json() -> Self {
        let detail = "this route takes JSON; send it with the header 'Content-Type: application/json'";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    }

    #[must_use]
    pub fn method_not_allowed(methods: &'static str) -> Self {
        let allowed = allowed(methods);
        let detail = format!("this route takes {allowed}");
        let mut problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
        problem.allow = Some(allowed);
        problem
    }

    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    #[must_use]
    pub fn unauthorized() -> Self {
        let detail = "send a valid token as 'Authorization: Bearer …'; `batchdesk token create` makes one";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
    }

    #[must_use]
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    }

    /// The same request is being carried out.
    #[must_use]
    pub fn still_running() -> Self {
        let detail = "the request with this Idempotency-Key is still being carried out; ask again";
        let mut problem = Self::new(StatusCode::CONFLICT, "still_running", detail);
        problem.retry_after = Some(Duration::from_secs(1));
        problem
    }

    /// Somebody has changed it since the version that `If-Match` names.
    #[must_use]
    pub fn stale(version: i32) -> Self {
        let detail = "somebody has changed it since; read it again and repeat your change";
        Self::new(StatusCode::PRECONDITION_FAILED, "stale", detail).with("version", version)
    }

    /// A run of no company.
    #[must_use]
    pub fn no_company_matches() -> Self {
        let detail = "no company of the organisation matches; POST /api/companies makes some";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "no_company_matches", detail)
    }

    /// What was sent has these mistakes; there is at least one.
    #[must_use]
    pub fn mistakes(mistakes: &[Mistake]) -> Self {
        let first = mistakes.first().map(ToString::to_string).unwrap_or_default();
        let detail = match mistakes.len() {
            0 | 1 => first,
            many => format!("{first}; there are {many} mistakes in all"),
        };
        let told = &mistakes[..mistakes.len().min(MISTAKES_TOLD)];
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail).with("errors", serde_json::json!(told))
    }

    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    #[must_use]
    pub fn is_server_error(&self) -> bool {
        self.status.is_server_error()
    }

    /// Whoever carried it out panicked.
    pub(super) fn panicked(panic: &(dyn std::any::Any + Send)) -> Self {
        tracing::error!(error = panic_text(panic), "a request failed");
        let detail = "an error of the daemon's own; its log says more";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// Whether what was asked may be carried out later all the same.
    #[must_use]
    pub fn may_still_happen(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
    }

    /// The state does not allow the command.
    #[must_use]
    pub fn illegal(from: JobStatus, event: JobEvent) -> Self {
        let detail = format!("a job whose status is '{from}' cannot be {}", event.done());
        Self::new(StatusCode::CONFLICT, "illegal_transition", detail)
            .with("from", from.as_str())
            .with("event", event.as_str())
    }

    /// What would have to run again is no longer there.
    #[must_use]
    pub fn archived() -> Self {
        let detail = "this job is archived: its rows are no longer in the database, so nothing of it can run again; \
            upload the list again, or the rows of its export that are in error";
        Self::new(StatusCode::CONFLICT, "archived", detail)
    }

    /// The database does not answer in time. A command that was sent to it may still take place.
    #[must_use]
    pub fn unavailable() -> Self {
        let detail = "the database does not answer at the moment; try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_unavailable", detail).retry_after(RETRY_AFTER)
    }

    /// The disk takes no more.
    pub(super) fn no_space(error: &std::io::Error) -> Self {
        tracing::error!(%error, "a list could not be kept on disk");
        let detail = "the upload could not be stored; try again later";
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "no_space", detail)
    }

    pub(super) fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = %error, "a request failed");
        let detail = "an error of the daemon's own; its log says more";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut body = (*self.extra).clone();
        body.insert("type".to_owned(), "about:blank".into());
        body.insert(
            "title".to_owned(),
            self.status.canonical_reason().unwrap_or("Error").into(),
        );
        body.insert("status".to_owned(), self.status.as_u16().into());
        body.insert("code".to_owned(), self.code.into());
        body.insert("detail".to_owned(), self.detail.clone().into());
        if let Some(id) = request_id::current() {
            body.insert("request_id".to_owned(), id.into());
        }
        let mut response = HttpResponse::build(self.status);
        response.content_type("application/problem+json");
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        }
        if let Some(allow) = &self.allow {
            response.insert_header((header::ALLOW, allow.as_str()));
        }
        if let Some(wait) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, wait.as_secs().to_string()));
        }
        response.body(Value::from(body).to_string())
    }
}

impl From<DbErr> for Problem {
    fn from(error: DbErr) -> Self {
        if is_transient(&error) {
            Self::unavailable()
        } else {
            Self::internal(&error)
        }
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Stopped | WriteError::Fenced => Self::unavailable(),
            WriteError::Rejected(_) => Self::internal(&error),
        }
    }
}

impl From<FileFault> for Problem {
    fn from(fault: FileFault) -> Self {
        let status = match fault.code() {
            "too_many_rows" | "row_too_long" | "workbook_too_large" => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let mut problem = Self::new(status, fault.code(), fault.to_string());
        if !fault.columns().is_empty() {
            problem = problem.with("columns", fault.columns().to_vec());
        }
        if !fault.sheets().is_empty() {
            problem = problem.with("sheets", fault.sheets().to_vec());
        }
        match fault.line() {
            Some(line) => problem.with("line", line),
            None => problem,
        }
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::File(fault) => fault.into(),
            ImportError::NoNameColumn { ref columns } => {
                let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "no_name_column", error.to_string());
                problem.with("columns", columns.clone())
            }
            ImportError::Write(error) => error.into(),
            ImportError::Database(error) => error.into(),
            ImportError::Away => Self::unavailable(),
            ImportError::Spool(error) => Self::no_space(&error),
            ImportError::Reading(_) => Self::internal(&error),
        }
    }
}

impl From<RunRefused> for Problem {
    fn from(error: RunRefused) -> Self {
        match error {
            RunRefused::NoCompany => Self::no_company_matches(),
            RunRefused::Import(error) => error.into(),
        }
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Database(error) => error.into(),
            ExportError::Workbook(WorkbookFault::TooManyColumns { .. }) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_columns", error.to_string())
            }
            ExportError::Workbook(WorkbookFault::Spool(_)) => {
                tracing::error!(%error, "an export could not be spooled");
                let detail = "the workbook could not be stored while it is built; try again later, or take csv";
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "no_space", detail)
            }
            ExportError::Archive { file, fault } => {
                tracing::error!(file = %file.display(), %fault, "an archive cannot be served");
                let detail = format!(
                    "the archive of this job {fault}; an operator can restore 'archive/{}' in the data directory from \
                     a backup",
                    file.display()
                );
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "archive_unreadable", detail)
            }
            ExportError::Encoding(_) | ExportError::Workbook(_) | ExportError::GivenUp(_) => Self::internal(&error),
        }
    }
}

impl From<actix::MailboxError> for Problem {
    fn from(_: actix::MailboxError) -> Self {
        Self::unavailable()
    }
}
