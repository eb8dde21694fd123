//! `Idempotency-Key`: a request that is sent twice is carried out once.
//!
//! As in draft-ietf-httpapi-idempotency-key-header-07: the same key and request give the first answer again, another
//! request under the same key is 422, one that is still being carried out 409.

use std::future::{Ready, ready};
use std::panic::AssertUnwindSafe;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, LOCATION};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use futures_util::FutureExt as _;
use serde::Serialize;
use tokio::sync::oneshot;

use super::app::App;
use super::caller::Caller;
use super::problem::Problem;
use crate::actors::Storage;
use crate::model::digest::sha256_hex;
use crate::store::write::{ClaimKey, Claimed, ReleaseKey, RequestKey, StoredAnswer};

const HEADER: &str = "idempotency-key";
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const LONGEST: usize = 255;

/// The key of a request, where it carries one.
#[derive(Clone, Debug, Default)]
pub struct IdempotencyKey(Option<String>);

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request).map(Self))
    }
}

fn read(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(header) = request.headers().get(HEADER) else {
        return Ok(None);
    };
    let key = header.to_str().unwrap_or_default().trim();
    // The draft has it as a structured string, in quotes; most clients send it bare.
    let key = key
        .strip_prefix('"')
        .and_then(|key| key.strip_suffix('"'))
        .unwrap_or(key);
    if key.is_empty() || key.len() > LONGEST || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let detail = format!("'Idempotency-Key' must be 1 to {LONGEST} visible ASCII characters, such as a UUID");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "bad_idempotency_key", detail));
    }
    Ok(Some(key.to_owned()))
}

/// Carries out a request that creates something, once for each key.
///
/// `asked` is what makes two requests the same. `work` is given the key, and must write its answer under it in the
/// transaction that makes the work count. It runs to its end also when the client goes away.
///
/// # Errors
/// 409 and 422 for the key, and those of `work`; then the key is free again. 503 where the database does not answer: what
/// was asked may still be carried out, so the key stays with it.
pub async fn once<W, F>(
    app: &App,
    caller: &Caller,
    key: IdempotencyKey,
    route: &'static str,
    asked: &impl Serialize,
    work: W,
) -> Result<HttpResponse, Problem>
where
    W: FnOnce(Option<RequestKey>) -> F + 'static,
    F: Future<Output = Result<StoredAnswer, Problem>> + 'static,
{
    let Some(key) = key.0 else {
        let task = actix_web::rt::spawn(work(None));
        let answer = task.await.map_err(|error| Problem::internal(&error))??;
        return Ok(respond(&answer, false));
    };
    let request = RequestKey {
        user_id: caller.scope.user_id,
        route,
        key,
    };
    let claim = ClaimKey {
        request: request.clone(),
        fingerprint: fingerprint(asked)?,
    };
    let (tell, told) = oneshot::channel();
    let storage = app.engine.storage.clone();
    let task = actix_web::rt::spawn(async move {
        let claimed = storage.write(claim).await;
        let granted = matches!(claimed, Ok(Claimed::Granted));
        let awaited = tell.send(claimed).is_ok();
        if !granted {
            return None;
        }
        if !awaited {
            release(&storage, request).await;
            return None;
        }
        let outcome = AssertUnwindSafe(work(Some(request.clone()))).catch_unwind().await;
        let outcome = outcome.unwrap_or_else(|panic| Err(Problem::panicked(&*panic)));
        // While the database is away the work stands in its queue, and its answer will be written.
        if outcome.as_ref().is_err_and(|problem| !problem.may_still_happen()) {
            release(&storage, request).await;
        }
        Some(outcome)
    });
    let claimed = tokio::time::timeout(app.command_timeout(), told).await;
    match claimed
        .map_err(|_| Problem::unavailable())?
        .map_err(|_| Problem::unavailable())??
    {
        Claimed::Granted => {}
        Claimed::Answered(answer) => return Ok(respond(&answer, true)),
        Claimed::Running => return Err(Problem::still_running()),
        Claimed::Different => {
            let detail = "this Idempotency-Key was used for another request; take a new key for a new request";
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                detail,
            ));
        }
    }
    let outcome = task.await.map_err(|error| Problem::internal(&error))?;
    let answer = outcome.ok_or_else(Problem::unavailable)??;
    Ok(respond(&answer, false))
}

/// Gives a key back. Where that is lost too, it is free once the daemon has been started anew.
async fn release(storage: &Storage, request: RequestKey) {
    drop(storage.write(ReleaseKey { request }).await);
}

fn fingerprint(asked: &impl Serialize) -> Result<String, Problem> {
    let text = serde_json::to_vec(asked).map_err(|error| Problem::internal(&error))?;
    Ok(sha256_hex(&text))
}

/// The answer with what is shown once in it, unless it is one that is given again: that is kept without.
pub fn once_shown(response: HttpResponse, shown: impl FnOnce() -> serde_json::Value) -> HttpResponse {
    if response.headers().contains_key(REPLAYED) {
        return response;
    }
    response.set_body(shown().to_string()).map_into_boxed_body()
}

fn respond(answer: &StoredAnswer, replayed: bool) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    if let Some(location) = &answer.location {
        response.insert_header((LOCATION, location.as_str()));
    }
    if replayed {
        response.insert_header((REPLAYED, "true"));
    }
    response.content_type("application/json").body(answer.body.clone())
}
