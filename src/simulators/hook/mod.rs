//! A receiver of webhooks: it checks signatures with code of its own, remembers what came, and answers as it is told.

mod verify;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::body;
use super::log::Log;
use super::pace::Pace;
use super::serving::{Serving, locked};

pub use verify::{Refused, verify};

/// The largest body that is read.
const LARGEST_BODY: usize = 64 << 10;

/// How a message is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers, such as `Retry-After` or `Location`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// An answer with this status and nothing else.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same with a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }
}

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// The path that it came to: a receiver has any number of them.
    pub path: String,
    /// `webhook-id`, empty where there is none.
    pub id: String,
    /// `webhook-timestamp`, empty where there is none.
    pub timestamp: String,
    /// `webhook-signature`, empty where there is none.
    pub signature: String,
    /// The body to the byte.
    pub body: String,
    /// The status that it was answered with.
    pub status: u16,
}

impl Received {
    /// The body as JSON; `null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// Whether it was signed with this secret. The time it says is not compared with the clock.
    ///
    /// # Errors
    /// Why it was not.
    pub fn verify(&self, secret: &str) -> Result<(), Refused> {
        verify(secret, &self.id, &self.timestamp, &self.body, &self.signature)
    }
}

struct Desk {
    usual: Mutex<Answer>,
    /// Answers that are given before the usual one, once each.
    first: Mutex<VecDeque<Answer>>,
    pace: Pace,
    arrived: Log<String>,
    received: Log<Received>,
}

/// The receiver, until this is dropped.
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// use batchdesk::simulators::hook::{Answer, Hook};
///
/// let hook = Hook::start().await?;
/// hook.answer_first([Answer::status(500), Answer::status(429).header("Retry-After", "1")]);
/// let url = hook.url("/batches");
/// // ... POST messages to it ...
/// let received = hook.received(3).await;
/// assert!(received[2].verify("whsec_...").is_ok());
/// # Ok(())
/// # }
/// ```
pub struct Hook {
    address: SocketAddr,
    desk: Arc<Desk>,
    _serving: Serving,
}

impl Hook {
    /// Serves on loopback, and takes everything. Any runtime will do.
    pub async fn start() -> io::Result<Self> {
        let desk = Arc::new(Desk {
            usual: Mutex::new(Answer::status(200).body("ok")),
            first: Mutex::default(),
            pace: Pace::new(Duration::ZERO),
            arrived: Log::default(),
            received: Log::default(),
        });
        let shared = Arc::clone(&desk);
        let (address, serving) = Serving::on_loopback(move |app| {
            app.app_data(web::Data::from(Arc::clone(&shared)))
                .default_service(web::to(receive));
        })
        .await?;
        Ok(Self {
            address,
            desk,
            _serving: serving,
        })
    }

    /// The URL of a path of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers so from now on.
    pub fn answer(&self, answer: Answer) {
        *locked(&self.desk.usual) = answer;
    }

    /// Gives these answers first, once each.
    pub fn answer_first(&self, answers: impl IntoIterator<Item = Answer>) {
        locked(&self.desk.first).extend(answers);
    }

    /// Answers nothing until [`release`](Self::release).
    pub fn hold(&self) {
        self.desk.pace.hold();
    }

    /// Answers what was held.
    pub fn release(&self) {
        self.desk.pace.release();
    }

    /// Waits until so many messages have come, answered or not.
    pub async fn until_arrived(&self, messages: u64) {
        self.desk.arrived.until(messages).await;
    }

    /// How many messages have come, answered or not.
    pub fn arrived(&self) -> u64 {
        self.desk.arrived.total()
    }

    /// Waits until so many messages have been answered; gives the latest, oldest first.
    pub async fn received(&self, messages: u64) -> Vec<Received> {
        self.desk.received.until(messages).await;
        self.desk.received.entries()
    }

    /// How many messages have been answered.
    pub fn answered(&self) -> u64 {
        self.desk.received.total()
    }
}

fn header(request: &HttpRequest, name: &str) -> String {
    let value = request.headers().get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

async fn receive(request: HttpRequest, payload: web::Payload, desk: web::Data<Desk>) -> HttpResponse {
    let body = body::read(payload, LARGEST_BODY).await;
    desk.arrived.push(header(&request, "webhook-id"));
    desk.pace.work().await;
    let told = locked(&desk.first).pop_front();
    let answer = match body {
        Ok(_) => told.unwrap_or_else(|| locked(&desk.usual).clone()),
        Err(_) => Answer::status(413),
    };
    desk.received.push(Received {
        path: request.path().to_owned(),
        id: header(&request, "webhook-id"),
        timestamp: header(&request, "webhook-timestamp"),
        signature: header(&request, "webhook-signature"),
        body: String::from_utf8_lossy(&body.unwrap_or_else(|_| Bytes::new())).into_owned(),
        status: answer.status,
    });
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK));
    for (name, value) in answer.headers {
        response.insert_header((name, value));
    }
    response.body(answer.body)
}

#[cfg(test)]
mod tests;
