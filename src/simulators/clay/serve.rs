//! How submissions are answered, and what becomes of their rows.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, rt, web};
use serde_json::{Value, json};

use super::super::body::{self, Unread};
use super::super::callbacks::{Delivery, Destination};
use super::super::serving::locked;
use super::rows::Refused;
use super::{Submission, Table};

pub(super) async fn submit(
    request: HttpRequest,
    id: web::Path<String>,
    payload: web::Payload,
    table: web::Data<Table>,
) -> HttpResponse {
    let table = table.into_inner();
    let body = body::read(payload, table.largest_payload).await;
    let json = body
        .as_ref()
        .ok()
        .and_then(|body| serde_json::from_slice(body).ok())
        .unwrap_or(Value::Null);
    let (response, row) = match table.take(&request, &id, body) {
        Err(response) => (*response, None),
        Ok(rows) => {
            let first = {
                let mut next = locked(&table.next_row);
                let first = *next;
                *next += rows.len() as u64;
                first
            };
            for (number, row) in (first..).zip(rows) {
                rt::spawn(enrich(Arc::clone(&table), number, row));
            }
            (HttpResponse::Ok().json(json!({})), Some(first))
        }
    };
    table.submissions.push(Submission {
        webhook: id.into_inner(),
        body: json,
        status: response.status().as_u16(),
        row,
    });
    response
}

impl Table {
    /// The rows of a submission, or the answer to one that is refused.
    fn take(
        &self,
        request: &HttpRequest,
        id: &str,
        body: Result<Bytes, Unread>,
    ) -> Result<Vec<Value>, Box<HttpResponse>> {
        let mut webhooks = locked(&self.webhooks);
        if !webhooks.exists(id) {
            return Err(refusal(StatusCode::NOT_FOUND, "Webhook not found"));
        }
        if let Some(token) = &self.auth {
            let given = request.headers().get("x-clay-webhook-auth");
            if given.and_then(|given| given.to_str().ok()) != Some(token) {
                return Err(refusal(StatusCode::UNAUTHORIZED, "Unauthorized"));
            }
        }
        let body = body.map_err(|unread| match unread {
            Unread::TooLarge => refusal(StatusCode::PAYLOAD_TOO_LARGE, "Payload too large"),
            Unread::BrokenOff => refusal(StatusCode::BAD_REQUEST, "Request aborted"),
        })?;
        let rows = match serde_json::from_slice(&body) {
            Ok(row @ Value::Object(_)) => vec![row],
            Ok(Value::Array(rows)) if !rows.is_empty() && rows.iter().all(Value::is_object) => rows,
            _ => return Err(refusal(StatusCode::UNPROCESSABLE_ENTITY, "Invalid JSON body")),
        };
        match webhooks.take(id, rows.len() as u64) {
            Ok(()) => Ok(rows),
            Err(Refused::Deleted) => Err(refusal(StatusCode::NOT_FOUND, "Webhook not found")),
            Err(Refused::Exhausted) => {
                let status = StatusCode::from_u16(self.exhausted_status).unwrap_or(StatusCode::FORBIDDEN);
                Err(refusal(status, "Webhook record limit reached"))
            }
            Err(Refused::TooFast(seconds)) => {
                let mut refused = HttpResponse::TooManyRequests();
                refused.insert_header(("Retry-After", seconds.to_string()));
                Err(Box::new(refused.json(json!({ "message": "Too many requests" }))))
            }
        }
    }
}

fn refusal(status: StatusCode, message: &str) -> Box<HttpResponse> {
    Box::new(HttpResponse::build(status).json(json!({ "message": message })))
}

async fn enrich(table: Arc<Table>, number: u64, row: Value) {
    table.pace.work().await;
    let column = locked(&table.column).clone();
    let Some(destination) = Destination::of(&row) else {
        return;
    };
    let result = (column.enrich)(&row);
    if column.partial_first && column.delivery != Delivery::Never {
        table
            .caller
            .deliver(number, &destination, &partial(&result), Delivery::Once)
            .await;
    }
    for _ in 0..=column.reruns {
        table
            .caller
            .deliver(number, &destination, &result, column.delivery)
            .await;
    }
}

/// The first half of the fields; those of the other half have not been found yet.
fn partial(result: &Value) -> Value {
    match result.as_object() {
        Some(fields) => fields
            .iter()
            .take(fields.len().div_ceil(2))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        None => Value::Null,
    }
}
