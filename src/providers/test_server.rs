#![allow(clippy::unwrap_used, clippy::expect_used)]
//! A stand-in for a provider: each request is answered by a function, after as long as the test holds it.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use super::{Call, Mode, ProviderName, ProviderSpec, Providers};
use crate::settings::Settings;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    /// Path and query, untouched.
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    /// Requests that were being worked on when it arrived, itself included.
    pub(super) running: usize,
}

impl Asked {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Status, headers and body.
pub(super) type Answer = (u16, Vec<(&'static str, String)>, String);

pub(super) fn answer(status: u16, content_type: &str, body: impl Into<String>) -> Answer {
    (status, vec![("content-type", content_type.to_owned())], body.into())
}

pub(super) fn json_answer(status: u16, body: &Value) -> Answer {
    answer(status, "application/json", body.to_string())
}

struct Shared {
    respond: Box<dyn Fn(&Asked) -> Answer + Send + Sync>,
    asked: Mutex<Vec<Asked>>,
    running: watch::Sender<usize>,
    held: watch::Sender<bool>,
    latency: Duration,
}

pub(super) struct Stub {
    pub(super) host: String,
    shared: Arc<Shared>,
    handle: ServerHandle,
}

impl Drop for Stub {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

impl Stub {
    pub(super) fn start(respond: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::slow(Duration::ZERO, respond)
    }

    pub(super) fn slow(latency: Duration, respond: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared {
            respond: Box::new(respond),
            asked: Mutex::default(),
            running: watch::Sender::default(),
            held: watch::Sender::default(),
            latency,
        });
        let (report, started) = std::sync::mpsc::channel();
        let data = web::Data::from(Arc::clone(&shared));
        std::thread::spawn(move || {
            System::new().block_on(async move {
                let app = move || App::new().app_data(data.clone()).default_service(web::to(serve));
                let server = HttpServer::new(app).workers(1).disable_signals();
                let running = server.listen(listener).unwrap().run();
                report.send(running.handle()).unwrap();
                running.await.unwrap();
            });
        });
        Self {
            host,
            shared,
            handle: started.recv().unwrap(),
        }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// No answer is given until [`release`](Self::release).
    pub(super) fn hold(&self) {
        self.shared.held.send_replace(true);
    }

    pub(super) fn release(&self) {
        self.shared.held.send_replace(false);
    }

    pub(super) async fn until_running(&self, number: usize) {
        let mut running = self.shared.running.subscribe();
        running.wait_for(|now| *now == number).await.unwrap();
    }
}

async fn serve(request: HttpRequest, body: web::Bytes, shared: web::Data<Shared>) -> HttpResponse {
    shared.running.send_modify(|running| *running += 1);
    let asked = Asked {
        method: request.method().to_string(),
        target: request.uri().to_string(),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
        running: *shared.running.borrow(),
    };
    let number = {
        let mut all = shared.asked.lock().unwrap();
        all.push(asked.clone());
        u32::try_from(all.len()).unwrap()
    };
    if !shared.latency.is_zero() {
        // Of different lengths, so that the answers do not all come at once.
        tokio::time::sleep(shared.latency * (1 + number % 7) / 4).await;
    }
    let _ = shared.held.subscribe().wait_for(|held| !held).await;
    let (status, headers, body) = (shared.respond)(&asked);
    shared.running.send_modify(|running| *running -= 1);
    let mut response = HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap());
    for (name, value) in headers {
        response.insert_header((name, value));
    }
    response.body(body)
}

pub(super) const SECRET: &str = "s3cret+key/of=the test";

/// Providers that may reach loopback and know the secrets KEY (for loopback) and OTHER (for elsewhere).
pub(super) struct Bench {
    pub(super) providers: Arc<Providers>,
    pub(super) settings: watch::Sender<Arc<Settings>>,
    pub(super) secret_file: tempfile::NamedTempFile,
}

impl Bench {
    pub(super) fn new() -> Self {
        let secret_file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret_file.path(), SECRET).unwrap();
        let from = format!("file:{}", secret_file.path().display());
        Self::with(
            secret_file,
            &format!(
                "[network]\nallow_cidrs = ['127.0.0.0/8']\n\
                 [secrets.KEY]\nfrom = '{from}'\nhosts = ['127.0.0.1']\n\
                 [secrets.OTHER]\nfrom = '{from}'\nhosts = ['api.example.com']\n\
                 [secrets.THEIRS]\nfrom = '{from}'\nhosts = ['127.0.0.1']\norganisations = ['Theirs']\n"
            ),
        )
    }

    pub(super) fn with(secret_file: tempfile::NamedTempFile, text: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = watch::Sender::new(Arc::new(Settings::from_text(text).unwrap()));
        Self {
            providers: Providers::new(settings.subscribe()).unwrap(),
            settings,
            secret_file,
        }
    }

    pub(super) async fn call(&self, spec: &ProviderSpec) -> super::CallReport {
        self.call_with(
            spec,
            &json!({"company": {"domain": "a.example"}, "url": "https://a.example/"}),
        )
        .await
    }

    pub(super) async fn call_with(&self, spec: &ProviderSpec, context: &Value) -> super::CallReport {
        self.providers.call(spec, call(context)).await
    }
}

pub(super) fn call(context: &Value) -> Call<'_> {
    Call {
        workflow_slug: "find-owner",
        organisation: "Acme",
        step_run_id: Uuid::from_u128(7),
        attempt: 1,
        context,
        callback_url: Some("https://desk.example/api/receivers/find-owner?token=0123456789abcdef"),
        on_place: None,
    }
}

pub(super) fn spec(provider: ProviderName, mode: Mode, settings: Value) -> ProviderSpec {
    let settings: Map<String, Value> = settings.as_object().unwrap().clone();
    ProviderSpec::parse(provider, mode, &settings).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
}
