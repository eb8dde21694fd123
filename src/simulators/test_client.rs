//! What the tests of the stand-ins share: a plain client, and a receiver of callbacks.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::body;
use super::log::Log;
use super::serving::Serving;

pub(super) type Outcome = Result<(), Box<dyn Error>>;

pub(super) fn client() -> Result<reqwest::Client, reqwest::Error> {
    // Another test may have been first to install it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build()
}

/// The status of an answer, and its body as JSON; text that is none becomes a string.
pub(super) async fn answer(request: reqwest::RequestBuilder) -> Result<(u16, Value), reqwest::Error> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let text = response.text().await?;
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
}

/// A callback as it came.
#[derive(Debug, Clone)]
pub(super) struct Received {
    pub(super) path_and_query: String,
    pub(super) headers: Vec<(String, String)>,
    /// `None` when it was longer than 1 MB.
    pub(super) body: Option<String>,
}

/// Takes callbacks.
pub(super) struct Receiver {
    base: String,
    state: Arc<(Log<Received>, AtomicU16)>,
    _serving: Serving,
}

impl Receiver {
    pub(super) async fn start() -> std::io::Result<Self> {
        let state = Arc::new((Log::default(), AtomicU16::new(202)));
        let shared = Arc::clone(&state);
        let (address, serving) = Serving::on_loopback(move |app| {
            app.app_data(web::Data::from(Arc::clone(&shared)))
                .default_service(web::to(receive));
        })
        .await?;
        Ok(Self {
            base: format!("http://{address}"),
            state,
            _serving: serving,
        })
    }

    pub(super) fn url(&self) -> String {
        format!("{}/done?token=abc123", self.base)
    }

    pub(super) fn answer_with(&self, status: u16) {
        self.state.1.store(status, Ordering::Relaxed);
    }

    pub(super) async fn received(&self, count: u64) -> Vec<Received> {
        self.state.0.until(count).await;
        self.state.0.entries()
    }

    pub(super) fn count(&self) -> u64 {
        self.state.0.total()
    }
}

async fn receive(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<(Log<Received>, AtomicU16)>,
) -> HttpResponse {
    let body = body::read(payload, 1 << 20).await;
    let status = if body.is_ok() {
        state.1.load(Ordering::Relaxed)
    } else {
        413
    };
    state.0.push(Received {
        path_and_query: request.uri().to_string(),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
            .collect(),
        body: body.ok().map(|body| String::from_utf8_lossy(&body).into_owned()),
    });
    HttpResponse::build(StatusCode::from_u16(status).unwrap()).body("taken")
}
