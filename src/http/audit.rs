//! Requests that change something, as the audit log tells of them.
//!
//! A command that carries the caller's origin writes its row in its own transaction. What was refused, and what has no such
//! command, is written after the answer is known.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, HttpRequest};
use entity::Id;
use serde_json::json;
use tokio::sync::Semaphore;

use super::app::App;
use super::problem::Problem;
use crate::actors::Storage;
use crate::model::audit::{AuditRecord, DONE};
use crate::model::journal::Origin;
use crate::store::read::Scope;
use crate::store::write::AppendAudit;

/// Rows that are on their way to the database beside the requests that they tell of.
const AT_ONCE: usize = 256;
/// The longest path that is kept.
const LONGEST_PATH: usize = 200;

/// What a request asks for, and by whom.
#[derive(Clone)]
pub struct Asked {
    origin: Origin,
    record: AuditRecord,
    /// Whether a command has taken the record with it.
    taken: Arc<AtomicBool>,
}

impl Asked {
    /// A request of somebody who was recognised.
    #[must_use]
    pub fn by(request: &HttpRequest, scope: &Scope, address: Option<IpAddr>) -> Self {
        let address = address.map(|address| address.to_string());
        let origin = scope.origin(address.as_deref());
        let record = AuditRecord {
            request: Id::now(),
            organisation_id: Some(scope.organisation_id),
            user_id: Some(scope.user_id),
            actor: origin.actor.clone(),
            source: origin.source.clone(),
            action: action(request),
            object: path(request),
            outcome: DONE.to_owned(),
        };
        Self {
            origin,
            record,
            taken: Arc::default(),
        }
    }

    /// A request of somebody who is about to show who it is.
    #[must_use]
    pub fn by_anybody(request: &HttpRequest, address: Option<IpAddr>) -> Self {
        let source = address.map_or_else(|| "api".to_owned(), |address| format!("api {address}"));
        let record = AuditRecord {
            request: Id::now(),
            organisation_id: None,
            user_id: None,
            actor: "anybody".to_owned(),
            source,
            action: action(request),
            object: path(request),
            outcome: DONE.to_owned(),
        };
        let origin = Origin {
            actor: record.actor.clone(),
            source: record.source.clone(),
            audit: None,
        };
        Self {
            origin,
            record,
            taken: Arc::default(),
        }
    }

    /// The same, now that it is known who asks.
    #[must_use]
    pub fn known(mut self, organisation_id: Id, user_id: Id) -> Self {
        self.record.organisation_id = Some(organisation_id);
        self.record.user_id = Some(user_id);
        self.record.actor = format!("user:{user_id}");
        self.origin.actor.clone_from(&self.record.actor);
        self
    }

    #[must_use]
    pub fn record(&self) -> &AuditRecord {
        &self.record
    }

    /// What a command takes along.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.taken.store(true, Ordering::Relaxed);
        Origin {
            audit: Some(Box::new(self.record.clone())),
            ..self.origin.clone()
        }
    }
}

fn action(request: &HttpRequest) -> String {
    let route = request.match_pattern().unwrap_or_else(|| "?".to_owned());
    format!("{} {route}", request.method())
}

fn path(request: &HttpRequest) -> String {
    request.path().chars().take(LONGEST_PATH).collect()
}

/// Failures to sign in that are kept of each minute; of the rest only the number.
const FAILURES_A_MINUTE: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);

/// Failures of the minute that began then.
#[derive(Debug)]
struct Failures {
    since: Instant,
    kept: u32,
    left_out: u64,
}

/// Writes rows beside requests, a bounded number at a time.
pub struct AuditLog {
    storage: Storage,
    places: Arc<Semaphore>,
    failures: Mutex<Failures>,
}

impl AuditLog {
    #[must_use]
    pub fn new(storage: Storage) -> Self {
        Self {
            storage,
            places: Arc::new(Semaphore::new(AT_ONCE)),
            failures: Mutex::new(Failures {
                since: Instant::now(),
                kept: 0,
                left_out: 0,
            }),
        }
    }

    /// Writes that somebody failed to sign in, unless that happens all the time. The row says how many were left out
    /// before it.
    pub fn append_failure(&self, record: AuditRecord, email: &str) {
        let left_out = {
            let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
            if failures.since.elapsed() >= MINUTE {
                failures.since = Instant::now();
                failures.kept = 0;
            }
            if failures.kept >= FAILURES_A_MINUTE {
                failures.left_out += 1;
                return;
            }
            failures.kept += 1;
            std::mem::take(&mut failures.left_out)
        };
        let email: String = email.chars().take(LONGEST_PATH).collect();
        let details = match left_out {
            0 => json!({ "email": email }),
            left_out => json!({ "email": email, "left_out": left_out }),
        };
        self.append(record, details);
    }

    /// Writes the row without keeping anybody waiting.
    pub fn append(&self, record: AuditRecord, details: serde_json::Value) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            metrics::counter!("batchdesk_audit_rows_lost_total").increment(1);
            tracing::error!(
                actor = record.actor,
                action = record.action,
                object = record.object,
                outcome = record.outcome,
                "the audit log cannot keep up; this line takes the place of its row"
            );
            return;
        };
        let storage = self.storage.clone();
        actix_web::rt::spawn(async move {
            let (actor, action, outcome) = (record.actor.clone(), record.action.clone(), record.outcome.clone());
            if let Err(error) = storage.write(AppendAudit { record, details }).await {
                tracing::error!(%error, actor, action, outcome, "a row of the audit log could not be written");
            }
            drop(place);
        });
    }
}

/// The middleware: keeps what no command has kept.
///
/// # Errors
/// Those of what it wraps.
pub async fn keep(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let is_read = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    let response = next.call(request).await?;
    if is_read {
        return Ok(response);
    }
    let asked = response.request().extensions().get::<Asked>().cloned();
    let Some((asked, app)) = asked.zip(response.request().app_data::<Data<App>>()) else {
        return Ok(response);
    };
    let status = response.status();
    if status.is_success() && asked.taken.load(Ordering::Relaxed) {
        return Ok(response);
    }
    let error = response.response().error();
    let code = error.and_then(|error| error.as_error::<Problem>()).map(Problem::code);
    let outcome = match code {
        Some(code) => code.to_owned(),
        None if status.is_success() => DONE.to_owned(),
        None => format!("status {}", status.as_u16()),
    };
    app.audit.append(asked.record.with_outcome(&outcome), json!({}));
    Ok(response)
}
