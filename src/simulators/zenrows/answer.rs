//! Answers in the form that was asked for.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde_json::{Map, Value, json};

use super::super::body::cut_off;
use super::codes::ErrorBody;
use super::params::{Asked, Form, Refusal};
use super::targets::{Fetched, Garbage};

/// The headers that tell of the service rather than of the page.
pub(super) struct Meters {
    pub(super) request_id: String,
    pub(super) concurrency: Option<(usize, usize)>,
    pub(super) cost: Option<u32>,
}

impl Meters {
    fn write(&self, response: &mut HttpResponse) {
        let mut set = |name: &'static str, value: String| {
            if let Ok(value) = value.parse() {
                response
                    .headers_mut()
                    .insert(actix_web::http::header::HeaderName::from_static(name), value);
            }
        };
        set("x-request-id", self.request_id.clone());
        if let Some((limit, remaining)) = self.concurrency {
            set("concurrency-limit", limit.to_string());
            set("concurrency-remaining", remaining.to_string());
        }
        if let Some(cost) = self.cost {
            set("x-request-cost", cost.to_string());
        }
    }
}

pub(super) fn refused(refusal: &Refusal, form: ErrorBody, garbage: Option<Garbage>, meters: &Meters) -> HttpResponse {
    let body = refusal.code.body(form, &refusal.detail).to_string();
    let mut response = send(refusal.code.http(), form.content_type(), body.into_bytes(), garbage);
    meters.write(&mut response);
    response
}

pub(super) fn page(asked: &Asked, fetched: &Fetched, garbage: Option<Garbage>, meters: &Meters) -> HttpResponse {
    let page = &fetched.page;
    let status = if asked.original_status || asked.allowed_statuses.contains(&page.status) {
        StatusCode::from_u16(page.status).unwrap_or(StatusCode::OK)
    } else {
        StatusCode::OK
    };
    let (content_type, body) = formed(asked, &page.html);
    let mut response = send(status, content_type, body, garbage);
    let final_url = page.final_url.as_deref().unwrap_or(asked.url.as_str());
    let target_headers = [
        ("zr-final-url", final_url),
        ("zr-content-type", "text/html; charset=utf-8"),
        ("zr-server", "nginx"),
    ];
    for (name, value) in target_headers {
        if let Ok(value) = value.parse() {
            let name = actix_web::http::header::HeaderName::from_static(name);
            response.headers_mut().insert(name, value);
        }
    }
    meters.write(&mut response);
    response
}

fn send(status: StatusCode, content_type: &str, body: Vec<u8>, garbage: Option<Garbage>) -> HttpResponse {
    let mut response: HttpResponseBuilder = HttpResponse::build(status);
    match garbage {
        None => response.insert_header(("Content-Type", content_type)).body(body),
        Some(Garbage::CutOff) => cut_off(status, content_type, &body),
        Some(Garbage::Empty) => response.insert_header(("Content-Type", content_type)).finish(),
        Some(Garbage::Html) => response
            .content_type("text/html")
            .body("<html><head><title>Gateway</title></head><body><h1>Something went wrong</h1></body></html>"),
    }
}

fn formed(asked: &Asked, html: &str) -> (&'static str, Vec<u8>) {
    const JSON: &str = "application/json";
    let title = element(html, "title").unwrap_or_default();
    match &asked.form {
        Form::Html => ("text/html; charset=utf-8", html.as_bytes().to_vec()),
        Form::Markdown => ("text/markdown; charset=utf-8", format!("# {title}\n").into_bytes()),
        Form::Plain => ("text/plain; charset=utf-8", format!("{title}\n").into_bytes()),
        Form::Pdf => ("application/pdf", b"%PDF-1.4\n%%EOF\n".to_vec()),
        Form::Json => (JSON, json!({ "html": html, "xhr": [] }).to_string().into_bytes()),
        Form::Parsed => {
            let parsed = json!({ "title": title, "url": asked.url.as_str() });
            (JSON, parsed.to_string().into_bytes())
        }
        Form::Outputs(names) => {
            let lists: Map<String, Value> = names.iter().map(|name| (name.clone(), json!([]))).collect();
            (JSON, Value::Object(lists).to_string().into_bytes())
        }
        Form::Extracted(selectors) => {
            let found: Map<String, Value> = selectors
                .iter()
                .map(|(name, selector)| {
                    (
                        name.clone(),
                        json!(selector.as_str().and_then(|tag| element(html, tag))),
                    )
                })
                .collect();
            (JSON, Value::Object(found).to_string().into_bytes())
        }
    }
}

/// The text of the first element of that name. No more of a selector is understood than that.
fn element<'a>(html: &'a str, tag: &str) -> Option<&'a str> {
    let (_, rest) = html.split_once(&format!("<{tag}>"))?;
    Some(rest.split_once("</")?.0)
}
