//! How requests to resources are answered, and how they are not.

use std::io;
use std::time::Duration;

use actix_web::http::header::AUTHORIZATION;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, rt, web};
use futures_util::stream;
use serde_json::{Map, Value};

use super::super::body;
use super::super::serving::locked;
use super::books::{Answer, Order, reference};
use super::{Asked, Desk, Fault, Request, Resource};

/// The largest body that is read.
const LARGEST_BODY: usize = 4 << 20;

pub(super) async fn nothing() -> HttpResponse {
    send(&Answer::refusal(
        404,
        "there is nothing here; resources are at /v1/NAME",
    ))
}

pub(super) async fn resource(
    request: HttpRequest,
    name: web::Path<String>,
    payload: web::Payload,
    desk: web::Data<Desk>,
) -> HttpResponse {
    let body = body::read(payload, LARGEST_BODY).await;
    let resource = match name.parse::<Resource>() {
        Ok(resource) => resource,
        Err(unknown) => return send(&Answer::refusal(404, unknown.to_string())),
    };
    let asked = match (request.method(), resource) {
        (&Method::GET, Resource::Readiness) => Asked::Work,
        (&Method::GET, _) => Asked::Find,
        (&Method::POST, resource) if resource != Resource::Readiness => Asked::Work,
        (method, _) => {
            let error = format!("{method} is not for {resource}");
            return send(&Answer::refusal(405, error));
        }
    };
    let Ok(body) = body else {
        return send(&Answer::refusal(413, "the body is too large"));
    };
    let Some(given) = Given::read(&request, &body) else {
        return send(&Answer::refusal(400, "the body is neither JSON nor a text"));
    };
    let (answer, fault) = desk.carry_out(&request, resource, asked, &given);
    desk.note(Request {
        resource,
        asked,
        target: request.uri().to_string(),
        reference: reference(&given.fields).to_owned(),
        idempotency_key: given.key.clone(),
        body: given.body,
        effect: answer.effect,
        status: status(&answer, fault),
    });
    if asked == Asked::Work {
        // The sender lives for as long as the desk does, so the wait does not end without it.
        let _ = desk.held.subscribe().wait_for(|held| !held.contains(&resource)).await;
    }
    end(&answer, fault).await
}

/// What a request brings.
struct Given {
    fields: Map<String, Value>,
    text: Option<String>,
    body: Value,
    key: Option<String>,
}

impl Given {
    /// The fields are those of a JSON body, and otherwise those of the query.
    fn read(request: &HttpRequest, body: &Bytes) -> Option<Self> {
        let query = url::form_urlencoded::parse(request.query_string().as_bytes());
        let mut fields: Map<String, Value> = query
            .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
            .collect();
        let header = |name: &str| request.headers().get(name)?.to_str().ok();
        let is_json = header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        let text = std::str::from_utf8(body).ok()?;
        let (body, text) = if body.is_empty() {
            (Value::Null, None)
        } else if is_json {
            let body: Value = serde_json::from_str(text).ok()?;
            fields.extend(body.as_object().cloned().unwrap_or_default());
            (body, None)
        } else {
            (Value::from(text), Some(text.to_owned()))
        };
        Some(Self {
            fields,
            text,
            body,
            key: header("idempotency-key").map(str::to_owned),
        })
    }
}

impl Desk {
    /// Does what is asked for, unless the request is refused or has a fault that comes before.
    fn carry_out(
        &self,
        request: &HttpRequest,
        resource: Resource,
        asked: Asked,
        given: &Given,
    ) -> (Answer, Option<Fault>) {
        let shown = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        if shown.and_then(|shown| shown.strip_prefix("Bearer ")) != Some(self.key.as_str()) {
            return (unauthorized(), None);
        }
        let mut books = locked(&self.books);
        let fault = books.faults.take(resource, asked);
        if let Some(fault) = fault.filter(|fault| !fault.has_effect()) {
            let answer = match fault {
                Fault::RefuseLogin => unauthorized(),
                Fault::SlowDown { .. } => Answer::refusal(429, "too many requests"),
                Fault::Refuse { status } => Answer::refusal(status, "the simulator was told to refuse this"),
                _ => Answer::refusal(500, "not done"),
            };
            return (answer, Some(fault));
        }
        let named = reference(&given.fields);
        let answer = if resource == Resource::Readiness {
            books.readiness(named)
        } else if asked == Asked::Find {
            if named.is_empty() {
                Answer::refusal(400, "say whose: ?reference=…")
            } else {
                books.find(resource, named)
            }
        } else {
            books.make(Order {
                resource,
                fields: given.fields.clone(),
                text: given.text.as_deref(),
                key: given.key.as_deref(),
            })
        };
        (answer, fault)
    }
}

fn unauthorized() -> Answer {
    Answer::refusal(401, "the key is not one of ours: send Authorization: Bearer KEY")
}

/// The status that the client gets to see.
fn status(answer: &Answer, fault: Option<Fault>) -> Option<u16> {
    match fault {
        Some(Fault::Hang { .. } | Fault::DieBeforeAnswer | Fault::DieBeforeEffect) => None,
        Some(Fault::HalfSucceed) if answer.status < 400 => Some(500),
        Some(Fault::Garbage) => Some(200),
        _ => Some(answer.status),
    }
}

async fn end(answer: &Answer, fault: Option<Fault>) -> HttpResponse {
    match fault {
        // The server drops this when the client hangs up, or when it ends.
        Some(Fault::Hang { .. }) => std::future::pending().await,
        Some(Fault::DieBeforeAnswer | Fault::DieBeforeEffect) => die(),
        Some(Fault::HalfSucceed) if answer.status < 400 => send(&Answer::refusal(500, "something went wrong")),
        Some(Fault::Garbage) => HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .body("<!DOCTYPE html><title>Welcome</title><h1>Please wait"),
        Some(Fault::SlowDown { retry_after }) => HttpResponse::TooManyRequests()
            .insert_header(("Retry-After", retry_after.to_string()))
            .json(&answer.body),
        Some(Fault::Slow { ms }) => {
            rt::time::sleep(Duration::from_millis(ms)).await;
            send(answer)
        }
        _ => send(answer),
    }
}

fn send(answer: &Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if answer.replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    response.json(&answer.body)
}

/// A body that breaks before its first byte: the server closes the connection and sends not even the head.
fn die() -> HttpResponse {
    let broken = stream::once(async { Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset)) });
    HttpResponse::Ok().streaming(broken)
}
