//! A path for every fault that a website can have.

use std::io;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, rt, web};
use futures_util::stream::{self, StreamExt};
use serde::Deserialize;

use super::ledger::Ledger;
use super::page::page;

/// A deflate block of 1 MiB of spaces that ends in a full flush: it may be repeated for as long as anyone reads.
const MEBIBYTE_OF_SPACES: &[u8] = include_bytes!("mebibyte_of_spaces.deflate");
const GZIP_HEADER: &[u8] = &[0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0xff];
const HUGE_HEADER_BYTES: usize = 1 << 20;
const BINARY_BYTES: usize = 64 << 10;

/// Adds every fault path. What none of them knows is a 404, and counted too.
pub(super) fn routes(app: &mut web::ServiceConfig) {
    app.route("/fault/slow", web::get().to(slow))
        .route("/fault/reset", web::get().to(reset))
        .route("/fault/endless", web::get().to(endless))
        .route("/fault/gzip-bomb", web::get().to(gzip_bomb))
        .route("/fault/redirect-loop", web::get().to(redirect_loop))
        .route("/fault/redirect-loop/back", web::get().to(redirect_loop_back))
        .route("/fault/redirect", web::get().to(redirect))
        .route("/fault/status/{code}", web::get().to(status))
        .route("/fault/binary", web::get().to(binary))
        .route("/fault/huge-header", web::get().to(huge_header))
        .default_service(web::to(unknown));
}

#[derive(Deserialize)]
struct Pause {
    #[serde(default)]
    ms: u64,
}

#[derive(Deserialize)]
struct Target {
    to: String,
}

#[derive(Deserialize)]
struct StatusPlan {
    times: Option<u64>,
    retry_after: Option<String>,
    key: Option<String>,
}

#[derive(Deserialize)]
struct ClaimedType {
    #[serde(rename = "type", default = "octet_stream")]
    content_type: String,
}

fn octet_stream() -> String {
    "application/octet-stream".to_owned()
}

async fn slow(request: HttpRequest, pause: web::Query<Pause>, ledger: web::Data<Ledger>) -> HttpResponse {
    ledger.count_path(request.path());
    rt::time::sleep(Duration::from_millis(pause.ms)).await;
    super::html(page(0))
}

async fn reset(request: HttpRequest, ledger: web::Data<Ledger>) -> HttpResponse {
    ledger.count_path(request.path());
    let mut half = page(0);
    half.truncate(half.len() / 2);
    // The pause lets the first half reach the wire; without it the server would drop both at once.
    let body = stream::once(async { Ok(Bytes::from(half)) }).chain(stream::once(async {
        rt::time::sleep(Duration::from_millis(20)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    }));
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .streaming(body)
}

async fn endless(request: HttpRequest, pause: web::Query<Pause>, ledger: web::Data<Ledger>) -> HttpResponse {
    ledger.count_path(request.path());
    let pause = Duration::from_millis(pause.ms);
    let chunk = Bytes::from("<p>There is always one more paragraph to be read.</p>\n".repeat(200));
    let body = stream::repeat(chunk).then(move |chunk| async move {
        if !pause.is_zero() {
            rt::time::sleep(pause).await;
        }
        Ok::<_, io::Error>(chunk)
    });
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .streaming(body)
}

async fn gzip_bomb(request: HttpRequest, ledger: web::Data<Ledger>) -> HttpResponse {
    ledger.count_path(request.path());
    let head = stream::once(async { Ok::<_, io::Error>(Bytes::from_static(GZIP_HEADER)) });
    let blocks = stream::repeat_with(|| Ok(Bytes::from_static(MEBIBYTE_OF_SPACES)));
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Encoding", "gzip"))
        .streaming(head.chain(blocks))
}

async fn redirect_loop(request: HttpRequest, ledger: web::Data<Ledger>) -> HttpResponse {
    ledger.count_path(request.path());
    found("/fault/redirect-loop/back")
}

async fn redirect_loop_back(request: HttpRequest, ledger: web::Data<Ledger>) -> HttpResponse {
    ledger.count_path(request.path());
    found("/fault/redirect-loop")
}

async fn redirect(request: HttpRequest, target: web::Query<Target>, ledger: web::Data<Ledger>) -> HttpResponse {
    ledger.count_path(request.path());
    found(&target.to)
}

fn found(location: &str) -> HttpResponse {
    HttpResponse::Found().insert_header(("Location", location)).finish()
}

async fn status(
    request: HttpRequest,
    code: web::Path<u16>,
    plan: web::Query<StatusPlan>,
    ledger: web::Data<Ledger>,
) -> HttpResponse {
    ledger.count_path(request.path());
    let Ok(status) = StatusCode::from_u16(*code) else {
        return HttpResponse::BadRequest().body("no such status");
    };
    let plan = plan.into_inner();
    let earlier = ledger.earlier(format!("{code} {}", plan.key.unwrap_or_default()));
    if plan.times.is_some_and(|times| earlier >= times) {
        return super::html(page(u64::from(*code)));
    }
    let mut answer = HttpResponse::build(status);
    if let Some(retry_after) = plan.retry_after {
        answer.insert_header(("Retry-After", retry_after));
    }
    answer
        .content_type("text/html; charset=utf-8")
        .body(format!("<!DOCTYPE html><title>{status}</title><h1>{status}</h1>"))
}

async fn binary(request: HttpRequest, claimed: web::Query<ClaimedType>, ledger: web::Data<Ledger>) -> HttpResponse {
    ledger.count_path(request.path());
    let noise: Vec<u8> = (0..BINARY_BYTES as u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    HttpResponse::Ok()
        .insert_header(("Content-Type", claimed.into_inner().content_type))
        .body(noise)
}

async fn huge_header(request: HttpRequest, ledger: web::Data<Ledger>) -> HttpResponse {
    ledger.count_path(request.path());
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("X-Filler", "a".repeat(HUGE_HEADER_BYTES)))
        .body(page(0))
}

async fn unknown(request: HttpRequest, ledger: web::Data<Ledger>) -> HttpResponse {
    ledger.count_path(request.path());
    HttpResponse::NotFound().finish()
}
