//! What every answer says to browsers: what a page may do, and who else may read it.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, HttpResponse};

use super::app::App;
use super::auth::address::Client;
use super::rate::Spent;

/// What holds for everything that does not say otherwise: nothing is loaded, run, embedded or sent elsewhere.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// How long a browser remembers that this host is reached over TLS alone: two years.
const TLS_ONLY: &str = "max-age=63072000";
/// What a page of another origin may send, and read.
const CORS_METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const CORS_HEADERS: &str = "authorization, content-type, idempotency-key, if-match, last-event-id, x-request-id";
const CORS_EXPOSED: &str = "etag, idempotent-replayed, location, ratelimit, ratelimit-policy, retry-after, x-request-id, \
    content-disposition";

const FIXED: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    (header::CONTENT_SECURITY_POLICY, POLICY),
];

/// The middleware.
///
/// # Errors
/// Those of what it wraps.
pub async fn secure_answers<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let settings = request.app_data::<Data<App>>().map(|app| app.engine.settings());
    let http = settings.as_ref().map(|settings| &settings.http);
    let secure = http.is_some_and(|http| Client::of(request.request(), http).secure);
    let api = request.path().starts_with("/api/");
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = origin.filter(|origin| {
        let listed = |listed: &String| listed.as_bytes() == origin.as_bytes();
        http.is_some_and(|http| http.cors_origins.iter().any(listed))
    });
    let asks_first =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if allowed.is_some() && asks_first {
        let answer = HttpResponse::NoContent()
            .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, CORS_METHODS))
            .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, CORS_HEADERS))
            .insert_header((header::ACCESS_CONTROL_MAX_AGE, "600"))
            .finish();
        request.into_response(answer).map_into_right_body()
    } else {
        next.call(request).await?.map_into_left_body()
    };
    let spent = response.request().extensions().get::<Spent>().copied();
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        set_if_absent(headers, name, value);
    }
    if api {
        set_if_absent(headers, header::CACHE_CONTROL, "no-store");
    }
    if secure {
        set_if_absent(headers, header::STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
    if let Some(spent) = spent {
        spent.tell(headers);
    }
    if let Some(origin) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(CORS_EXPOSED),
        );
        // Readable for the listed origin alone.
        headers.insert(
            header::CROSS_ORIGIN_RESOURCE_POLICY,
            HeaderValue::from_static("cross-origin"),
        );
    }
    if http.is_some_and(|http| !http.cors_origins.is_empty()) {
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    Ok(response)
}

fn set_if_absent(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
