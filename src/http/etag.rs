//! Versions as ETags, so that nobody overwrites what somebody else has changed since (RFC 9110, 13.1.1).

use actix_web::http::header::IF_MATCH;
use actix_web::{HttpRequest, HttpResponse, http::header::ETAG};
use serde::Serialize;

use super::problem::Problem;

/// An answer with the version of what it holds.
pub fn tagged(version: i32, body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, format!("\"{version}\"")))
        .json(body)
}

/// The version that `If-Match` names; `None` where any will do.
///
/// # Errors
/// 400 for a header that is no such ETag.
pub fn expected_version(request: &HttpRequest) -> Result<Option<i32>, Problem> {
    let Some(header) = request.headers().get(IF_MATCH) else {
        return Ok(None);
    };
    let tag = header.to_str().unwrap_or_default().trim();
    if tag == "*" {
        return Ok(None);
    }
    let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    match version.and_then(|version| version.parse().ok()) {
        Some(version) => Ok(Some(version)),
        None => Err(Problem::bad_request(
            "'If-Match' must be an ETag that this resource gave, with its quotes, such as \"3\"",
        )),
    }
}
