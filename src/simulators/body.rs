//! Bodies: those that come in, up to a limit, and those that break off on their way out.

use std::io;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{HttpResponse, rt};
use futures_util::stream::{self, StreamExt};

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It was longer than the limit.
    TooLarge,
    /// The client broke off.
    BrokenOff,
}

/// Reads to the end whatever comes, so that a client always gets to read its refusal; keeps no more than `limit`.
pub(super) async fn read(mut payload: Payload, limit: usize) -> Result<Bytes, Unread> {
    let mut body = BytesMut::new();
    let mut too_large = false;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Unread::BrokenOff)?;
        too_large |= body.len() + chunk.len() > limit;
        if !too_large {
            body.extend_from_slice(&chunk);
        }
    }
    if too_large {
        Err(Unread::TooLarge)
    } else {
        Ok(body.freeze())
    }
}

/// Promises all of `body`, sends half of it and closes the connection.
pub(super) fn cut_off(status: StatusCode, content_type: &str, body: &[u8]) -> HttpResponse {
    let half = Bytes::copy_from_slice(&body[..body.len() / 2]);
    // The pause lets the first half reach the wire; without it the server would drop both at once.
    let stream = stream::once(async { Ok(half) }).chain(stream::once(async {
        rt::time::sleep(Duration::from_millis(20)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    }));
    HttpResponse::build(status)
        .content_type(content_type)
        .no_chunking(body.len() as u64)
        .streaming(stream)
}
