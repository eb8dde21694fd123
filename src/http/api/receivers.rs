//! `POST /api/receivers/{workflow_slug}`: where providers that answer later bring their answers.
//!
//! The address went out with the call; its token is the only credential. What comes is kept as it came, and looked at when
//! the step goes on.

use std::net::IpAddr;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, BytesMut, Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::actors::AnswerArrived;
use crate::http::app::App;
use crate::http::problem::{Problem, Refusals};
use crate::model::digest::sha256_hex;
use crate::model::journal::Origin;
use crate::ops::breakpoint;
use crate::store::write::{AnswerStored, StoreAnswer};

/// The header that may carry the token in place of the query.
const TOKEN_HEADER: &str = "x-batchdesk-token";

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CallbackQuery {
    /// As it stands in the callback's address; it may be sent as `X-Batchdesk-Token` or as a bearer token instead.
    token: Option<String>,
}

/// What became of an answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallbackAnswer {
    /// `accepted`, or `repeated` where the same answer has come before.
    outcome: &'static str,
}

/// Takes the answer to one step run.
#[utoipa::path(
    post, path = "/api/receivers/{workflow_slug}", tag = "workflows",
    description = "Takes the answer to one step run. The address, with its token, went out as `callback_url`; there is no other \
        credential. Any JSON is taken. `{\"status\": \"error\", \"error\": \"why\"}` says that the work failed.",
    params(("workflow_slug" = String, Path, description = "The workflow that was called."), CallbackQuery),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses(
        (status = 202, description = "It is stored; the step goes on when its job may.", body = CallbackAnswer),
        (status = 200, description = "The same answer has come before.", body = CallbackAnswer),
        Refusals,
    ),
)]
pub async fn receive(
    app: Data<App>,
    request: HttpRequest,
    slug: Path<String>,
    query: Query<CallbackQuery>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let token = token(&request, query.token.as_deref()).ok_or_else(unknown)?;
    let limit = app.engine.settings().receivers.max_body_bytes;
    let body = body(payload, limit).await?;
    let text = std::str::from_utf8(&body)
        .ok()
        .filter(|text| serde_json::from_str::<&RawValue>(text).is_ok())
        .ok_or_else(|| Problem::bad_request("the body must be JSON in UTF-8; the token can still be used"))?;
    let answer = StoreAnswer {
        workflow_slug: slug.into_inner(),
        token_digest: sha256_hex(token.as_bytes()),
        body: text.to_owned(),
        body_digest: sha256_hex(&body),
        origin: origin(request.peer_addr().map(|peer| peer.ip())),
    };
    breakpoint("before an answer is stored");
    let stored = app.command(answer).await?;
    breakpoint("after an answer is stored");
    match stored {
        AnswerStored::Accepted { job_id, runs } => {
            if runs {
                app.overseer.do_send(AnswerArrived(job_id));
            }
            Ok(HttpResponse::Accepted().json(CallbackAnswer { outcome: "accepted" }))
        }
        AnswerStored::Repeated => Ok(HttpResponse::Ok().json(CallbackAnswer { outcome: "repeated" })),
        AnswerStored::Different => {
            let detail = "another answer to this step has come before, and stands";
            Err(Problem::new(StatusCode::CONFLICT, "answered_differently", detail))
        }
        AnswerStored::Gone(why) => Err(Problem::new(StatusCode::GONE, "too_late", why)),
        AnswerStored::Unknown => Err(unknown()),
    }
}

/// The same words for a token that never was and one of another workflow: neither tells anything.
fn unknown() -> Problem {
    Problem::not_found("step that waits for this answer")
}

fn origin(peer: Option<IpAddr>) -> Origin {
    Origin {
        actor: "callback".to_owned(),
        source: peer.map_or_else(|| "receiver".to_owned(), |peer| format!("receiver {peer}")),
        audit: None,
    }
}

fn token(request: &HttpRequest, in_query: Option<&str>) -> Option<String> {
    let header = |name: &str| request.headers().get(name)?.to_str().ok().map(str::to_owned);
    let bearer = || {
        let value = header("authorization")?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    };
    in_query
        .map(str::to_owned)
        .or_else(|| header(TOKEN_HEADER))
        .or_else(bearer)
}

async fn body(mut payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Problem::bad_request(format!("the body could not be read: {error}")))?;
        if body.len() + chunk.len() > limit {
            return Err(Problem::too_large("the answer is larger than receivers.max_body_bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
