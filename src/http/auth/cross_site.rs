//! Requests that another site makes a browser send.
//!
//! A cookie goes with whatever a browser sends here. So a request that may change something and carries one must come from
//! a page of ours: the browser says so (`Sec-Fetch-Site`), or names an origin that is this host, or the request holds a
//! token that only our pages know. Bearer tokens are never sent by themselves and need none of this.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_TYPE, HOST, HeaderName, ORIGIN};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, BytesMut, Data};
use actix_web::{Error, HttpMessage as _, ResponseError as _};
use futures_util::StreamExt as _;

use super::address::Client;
use super::cookies::{csrf_token, session_of};
use crate::http::app::App;
use crate::http::caller::bearer;
use crate::http::problem::Problem;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");
/// The name of the field in forms.
pub const FIELD: &str = "csrf_token";
/// Bytes of a form that are read to find it.
const LARGEST_FORM: usize = 64 * 1024;

/// The middleware: answers 403 to what another site may have sent.
///
/// # Errors
/// Those of what it wraps.
pub async fn refuse_other_sites<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if let Some(session) = session_at_risk(&request) {
        let refused = match is_ours(&mut request, session.as_deref()).await {
            Ok(true) => None,
            Ok(false) => Some(refusal()),
            Err(problem) => Some(problem),
        };
        if let Some(problem) = refused {
            return Ok(request.into_response(problem.error_response()).map_into_right_body());
        }
    }
    Ok(next.call(request).await?.map_into_left_body())
}

fn refusal() -> Problem {
    let detail = "this request carries a cookie and does not show that it comes from a page of this daemon; send the \
        header 'X-CSRF-Token' with the 'csrf_token' of GET /api/me, or use a token";
    Problem::new(StatusCode::FORBIDDEN, "cross_site", detail)
}

/// Paths that make a session, as routes see them: decoded.
const SIGNING_IN: [&str; 3] = ["/api/session", "/api/setup", "/api/accept-invitation"];

/// The session whose rights another site could use; `Some(None)` where there is none yet but the request would make one.
fn session_at_risk(request: &ServiceRequest) -> Option<Option<String>> {
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE];
    if safe.contains(request.method()) || bearer(request.request()).is_some() {
        return None;
    }
    let app = request.app_data::<Data<App>>()?;
    let client = Client::of(request.request(), &app.engine.settings().http);
    match session_of(request.request(), &client) {
        Some(session) => Some(Some(session)),
        None if SIGNING_IN.contains(&request.match_info().as_str()) => Some(None),
        None => None,
    }
}

async fn is_ours(request: &mut ServiceRequest, session: Option<&str>) -> Result<bool, Problem> {
    let text = |name: &HeaderName| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap_or("?").to_owned())
    };
    if let Some(site) = text(&FETCH_SITE) {
        if site == "same-origin" || site == "none" {
            return Ok(true);
        }
    } else if let Some(origin) = text(&ORIGIN) {
        let host = text(&HOST).unwrap_or_default();
        if !host.is_empty() && origin.split_once("://").is_some_and(|(_, authority)| authority == host) {
            return Ok(true);
        }
    } else if session.is_none() {
        // No browser of this decade: nothing of it can be abused before somebody has signed in.
        return Ok(true);
    }
    let Some(session) = session else { return Ok(false) };
    let wanted = csrf_token(session);
    if let Some(given) = text(&TOKEN) {
        return Ok(same(&given, &wanted));
    }
    let is_form = text(&CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        return Ok(false);
    }
    let body = read_form(request).await?;
    let given = url::form_urlencoded::parse(&body).find(|(name, _)| name == FIELD);
    let ours = given.is_some_and(|(_, given)| same(&given, &wanted));
    request.set_payload(Payload::from(body));
    Ok(ours)
}

async fn read_form(request: &mut ServiceRequest) -> Result<Bytes, Problem> {
    let mut payload = request.take_payload();
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::bad_request("the form broke off"))?;
        if body.len() + chunk.len() > LARGEST_FORM {
            return Err(Problem::too_large(format!("a form may have {LARGEST_FORM} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Whether two texts are the same, in a time that does not tell where they differ.
fn same(one: &str, other: &str) -> bool {
    let differing = one.bytes().zip(other.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    one.len() == other.len() && differing == 0
}
