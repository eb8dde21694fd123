//! The one character that no text may hold: U+0000, which PostgreSQL stores nowhere.
//!
//! It is refused where requests come in, on either database, rather than in each place that would store it. In JSON it can only be
//! written as an escape, so it is found without reading the document. What providers answer (`/api/receivers/`) passes: nobody there
//! reads what is wrong, and the step that it answers says so instead.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Decompress, Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage as _, ResponseError as _};
use futures_util::Stream;

use super::problem::Problem;

/// A JSON text holds U+0000.
#[derive(Debug, thiserror::Error)]
#[error("the body holds the character U+0000")]
struct NulInJson;

/// The middleware: answers 422 to U+0000 in the path, the query, or a body of JSON.
///
/// # Errors
/// Those of what it wraps.
pub async fn refuse_nul<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if request.uri().to_string().contains("%00") {
        let refused = refusal("the address").error_response();
        return Ok(request.into_response(refused).map_into_right_body());
    }
    let is_json = request.content_type().to_ascii_lowercase().ends_with("json");
    if is_json && !request.path().starts_with("/api/receivers/") {
        // What is compressed is looked at as it was meant, and comes to the handler as that.
        let body = Decompress::from_headers(request.take_payload(), request.headers());
        request.headers_mut().remove(CONTENT_ENCODING);
        request.set_payload(Payload::from(Box::pin(Checked::new(body)) as BoxedBody));
    }
    let response = next.call(request).await?;
    // Where the body is read as JSON it has been told already.
    let told = response
        .response()
        .error()
        .and_then(|error| match error.as_error::<PayloadError>()? {
            PayloadError::Overflow => Some(Problem::too_large("the body is larger than this route takes")),
            error => has_nul(error).then(nul_in_json),
        });
    match told {
        Some(problem) => Ok(response.into_response(problem.error_response()).map_into_right_body()),
        None => Ok(response.map_into_left_body()),
    }
}

/// Whether reading a body failed because of U+0000 in it.
pub fn has_nul(error: &PayloadError) -> bool {
    let PayloadError::Io(error) = error else { return false };
    error.get_ref().is_some_and(|inner| inner.is::<NulInJson>())
}

/// Whether a text holds U+0000, as it stands or as JSON writes it.
pub fn holds_nul(text: &[u8]) -> bool {
    text.contains(&0) || Scan::default().finds_nul(text)
}

/// What is answered where [`has_nul`] holds.
pub fn nul_in_json() -> Problem {
    refusal("the body")
}

/// What is answered where a part of the request, named `place`, [holds](holds_nul) U+0000.
pub fn refusal(place: &str) -> Problem {
    let detail = format!("{place} holds the character U+0000, which no text may hold; leave it out");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_character", detail)
}

type BoxedBody = Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>;

/// A body that is looked at as it comes.
struct Checked {
    body: Decompress<Payload>,
    scan: Scan,
}

impl Checked {
    fn new(body: Decompress<Payload>) -> Self {
        Self {
            body,
            scan: Scan::default(),
        }
    }
}

impl Stream for Checked {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        Pin::new(&mut this.body).poll_next(context).map(|next| match next {
            Some(Ok(chunk)) if this.scan.finds_nul(&chunk) => Some(Err(PayloadError::Io(io::Error::new(
                io::ErrorKind::InvalidData,
                NulInJson,
            )))),
            other => other,
        })
    }
}

/// How far into an escape the last byte was: `\` is 1, `\u` is 2, and each zero after it one more.
#[derive(Default)]
struct Scan(u8);

impl Scan {
    /// Whether U+0000 is complete with this chunk; the next one goes on where it ends.
    fn finds_nul(&mut self, chunk: &[u8]) -> bool {
        chunk.iter().any(|byte| {
            self.0 = match (self.0, byte) {
                // After `\\` a `u` is a letter.
                (0, b'\\') => 1,
                (1, b'u') => 2,
                (2..=5, b'0') => self.0 + 1,
                (2..=5, b'\\') => 1,
                _ => 0,
            };
            self.0 == 6
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_escape_is_found_across_chunks_and_nothing_else_is() {
        let found = |text: &str, at: usize| {
            let mut scan = Scan::default();
            let (one, two) = text.as_bytes().split_at(at.min(text.len()));
            scan.finds_nul(one) || scan.finds_nul(two)
        };
        let with = [
            r#"{"a":"\u0000"}"#,
            r#"["x\\\u0000"]"#,
            r#"{"\u0000":1}"#,
            r#"["\u000\u0000"]"#,
        ];
        let without = [
            r#"["\\u0000"]"#,
            r#"["\u0001"]"#,
            r#"["u0000"]"#,
            r#"["\u00e9000"]"#,
            r#"["0000"]"#,
            "",
        ];
        for at in 0..12 {
            assert!(with.iter().all(|text| found(text, at)), "{at}");
            assert!(without.iter().all(|text| !found(text, at)), "{at}");
        }
    }
}
