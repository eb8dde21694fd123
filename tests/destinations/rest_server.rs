//! As much of PostgREST as a destination talks to: one table with `id`, `name`, `tags` and `data`.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::rt::System;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: BTreeMap<String, String>,
    pub body: Value,
}

/// An answer to give instead of the usual one.
#[derive(Clone, Debug)]
pub struct Instead {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Value,
}

impl Instead {
    pub fn new(status: u16, body: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body,
        }
    }
}

#[derive(Default)]
pub struct Seen {
    pub asked: Vec<Asked>,
    /// Rows by id.
    pub rows: BTreeMap<String, Value>,
    /// Answers to the next writes, the first one last.
    pub instead: Vec<Instead>,
}

pub struct RestServer {
    pub url: String,
    pub seen: Arc<Mutex<Seen>>,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl RestServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = web::Data::from(Arc::clone(&seen));
        let (report, started) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            System::new().block_on(async move {
                let app = move || {
                    App::new()
                        .app_data(shared.clone())
                        .app_data(web::PayloadConfig::new(64 * 1024 * 1024))
                        .default_service(web::to(answer))
                };
                let server = HttpServer::new(app)
                    .workers(1)
                    .disable_signals()
                    .listen(listener)
                    .unwrap()
                    .run();
                report.send(server.handle()).ok().unwrap();
                server.await.unwrap();
            });
        });
        Self {
            url,
            seen,
            handle: started.await.unwrap(),
            thread: Some(thread),
        }
    }

    pub fn answer_next_with(&self, instead: Instead) {
        self.seen.lock().unwrap().instead.insert(0, instead);
    }

    pub fn writes(&self) -> Vec<Asked> {
        let seen = self.seen.lock().unwrap();
        seen.asked
            .iter()
            .filter(|asked| asked.method == "POST")
            .cloned()
            .collect()
    }
}

impl Drop for RestServer {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn answer(request: HttpRequest, body: web::Bytes, seen: web::Data<Mutex<Seen>>) -> HttpResponse {
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let asked = Asked {
        method: request.method().to_string(),
        path: request.path().to_owned(),
        query: request.query_string().to_owned(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let mut seen = seen.lock().unwrap();
    seen.asked.push(asked.clone());
    if asked.path == "/" {
        return HttpResponse::Ok().json(document());
    }
    if let Some(instead) = seen.instead.pop() {
        let mut response = HttpResponse::build(StatusCode::from_u16(instead.status).unwrap());
        for (name, value) in instead.headers {
            response.insert_header((name, value));
        }
        return response.json(instead.body);
    }
    if asked.path != "/company_x" {
        let body = json!({"code": "PGRST205", "message": "Could not find the table", "details": null, "hint": null});
        return HttpResponse::NotFound().json(body);
    }
    let rows = asked.body.as_array().cloned().unwrap_or_default();
    if rows.iter().any(|row| row["name"] == "bad") {
        let body =
            json!({"code": "23505", "message": "duplicate key value", "details": "Key (name)=(bad)", "hint": null});
        return HttpResponse::Conflict().json(body);
    }
    for row in rows {
        seen.rows.insert(row["id"].as_str().unwrap().to_owned(), row);
    }
    HttpResponse::Created().finish()
}

fn document() -> Value {
    json!({
        "swagger": "2.0",
        "paths": {"/company_x": {"get": {}, "post": {}}, "/company_v": {"get": {}}},
        "definitions": {
            "company_x": {"required": ["id"], "properties": {
                "id": {"format": "uuid", "type": "string", "default": "gen_random_uuid()"},
                "name": {"format": "text", "type": "string"},
                "tags": {"format": "text[]", "type": "array", "items": {"type": "string"}},
                "data": {"format": "jsonb"},
            }, "type": "object"},
            "company_v": {"properties": {"id": {"format": "uuid"}, "name": {"format": "text"}}},
            "company_gone": {"properties": {"id": {"format": "uuid"}, "name": {"format": "text"}}},
        },
    })
}
