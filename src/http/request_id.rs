//! Every request has an id: its sender's `X-Request-Id` or one of ours. It stands in the answer, in every problem and in
//! the log.

use std::cell::RefCell;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use entity::Id;
use tracing::Instrument as _;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST: usize = 128;

tokio::task_local! {
    static CURRENT: RefCell<String>;
}

/// The id of the request that this task answers, if it answers one.
pub(super) fn current() -> Option<String> {
    CURRENT.try_with(|id| id.borrow().clone()).ok()
}

/// The middleware.
///
/// # Errors
/// Those of what it wraps.
pub async fn give_request_id(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let sent = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
    let id = sent
        .filter(|id| (1..=LONGEST).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()))
        .map_or_else(|| Id::now().to_string(), str::to_owned);
    let span = tracing::info_span!("request", request_id = %id, method = %request.method(), path = request.path());
    let header = HeaderValue::from_str(&id);
    let mut response = CURRENT
        .scope(RefCell::new(id), next.call(request).instrument(span))
        .await?;
    if let Ok(header) = header {
        response.headers_mut().insert(HEADER, header);
    }
    Ok(response)
}
