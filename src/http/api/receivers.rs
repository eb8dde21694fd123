//! `POST /api/receivers/{workflow_slug}`: where providers that answer later bring their answers.
//!
//! The address went out with the call; its token is the only credential, and nothing is read of whom it does not let in.
//! What comes is kept as it came, without secrets, and looked at when the step goes on.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer_body::is_json;
use crate::actors::AnswerArrived;
use crate::http::app::App;
use crate::http::auth::address::Client;
use crate::http::problem::Problem;
use crate::model::digest::sha256_hex;
use crate::model::journal::Origin;
use crate::ops::breakpoint;
use crate::store::write::{AnswerStored, StoreAnswer};

/// The header that may carry the token in place of the query.
const TOKEN_HEADER: &str = "x-batchdesk-token";

/// Bodies above this are looked through away from the arbiter.
const LARGE: usize = 64 * 1024;

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
    let (workflow_slug, token_digest) = (slug.into_inner(), sha256_hex(token.as_bytes()));
    if !app.engine.reader.knows_token(&workflow_slug, &token_digest).await? {
        return Err(unknown());
    }
    let (bytes, _share) = app.answers.read(payload).await?.into_parts();
    let (body, body_digest) = text(&app, bytes, token).await?;
    let answer = StoreAnswer {
        workflow_slug,
        token_digest,
        body,
        body_digest,
        origin: origin(Client::of(&request, &app.engine.settings().http).address),
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

/// The body as it is kept, without secrets, and the digest of what came.
async fn text(app: &App, body: Vec<u8>, token: String) -> Result<(String, String), Problem> {
    let providers = Arc::clone(&app.engine.providers);
    providers.learn_secrets().await;
    let large = body.len() > LARGE;
    let read = move || {
        let digest = sha256_hex(&body);
        let text = String::from_utf8(body).ok().filter(|text| is_json(text));
        let text = text.ok_or_else(|| {
            Problem::bad_request("the body must be JSON in UTF-8, not nested too deep; the token can still be used")
        })?;
        let text = providers.scrub_callback(text, &token);
        if is_json(&text) {
            Ok((text, digest))
        } else {
            let detail = "the answer repeats a secret where no text can stand for it; the token can still be used";
            Err(Problem::bad_request(detail))
        }
    };
    if large {
        let read = tokio::task::spawn_blocking(read).await;
        read.map_err(|error| Problem::internal(&error))?
    } else {
        read()
    }
}
