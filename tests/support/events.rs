//! A listener to Server-Sent Events that reads what is sent, byte for byte, and reconnects to nothing by itself.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::Value;

use super::api::Api;

const NEXT_WITHIN: Duration = Duration::from_secs(60);

/// An event.
#[derive(Clone, Debug)]
pub struct Event {
    /// What kind.
    pub name: String,
    /// What the client would send as `Last-Event-ID`.
    pub id: i64,
    /// The data.
    pub data: Value,
}

impl Event {
    /// The number of the journal row that an item or job event tells of.
    pub fn seq(&self) -> i64 {
        self.data["seq"]
            .as_i64()
            .unwrap_or_else(|| panic!("no seq in {self:?}"))
    }

    /// What happened, for item and job events.
    pub fn operation(&self) -> &str {
        self.data["operation"].as_str().unwrap_or_default()
    }
}

/// A stream of events that is open.
pub struct Events {
    response: Response,
    buffer: Vec<u8>,
    /// The wait before a reconnect that the daemon has asked for, in ms.
    pub retry: Option<u64>,
}

impl Events {
    /// Opens the stream of a job; `query` is what follows the question mark.
    pub async fn of(api: &Api, job: &str, query: &str) -> Self {
        Self::from(api.open(&path(job, query), &[]).await)
    }

    /// Opens the stream at this path.
    pub async fn at(api: &Api, path: &str) -> Self {
        Self::from(api.open(path, &[]).await)
    }

    /// Opens it again as a browser does, with the id of the last event that it has seen.
    pub async fn after(api: &Api, job: &str, query: &str, last: i64) -> Self {
        Self::from(
            api.open(&path(job, query), &[("Last-Event-ID", &last.to_string())])
                .await,
        )
    }

    /// The next event, or `None` where the daemon has ended the stream in order. Fails if the connection breaks.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                if let Some(event) = self.read(&String::from_utf8(block).unwrap()) {
                    return Some(event);
                }
            }
            let chunk = tokio::time::timeout(NEXT_WITHIN, self.response.chunk()).await;
            match chunk.expect("no event in time").expect("the connection broke") {
                Some(chunk) => self.buffer.extend_from_slice(&chunk),
                None => {
                    assert!(self.buffer.is_empty(), "the stream ends inside an event");
                    return None;
                }
            }
        }
    }

    /// Events up to the first one that is wanted.
    pub async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut seen = Vec::new();
        while let Some(event) = self.next().await {
            let last = wanted(&event);
            seen.push(event);
            if last {
                return seen;
            }
        }
        panic!("the stream ended before; seen: {seen:#?}");
    }

    /// Events until the daemon ends the stream.
    pub async fn rest(&mut self) -> Vec<Event> {
        let mut seen = Vec::new();
        while let Some(event) = self.next().await {
            seen.push(event);
        }
        seen
    }

    fn read(&mut self, block: &str) -> Option<Event> {
        let (mut name, mut id, mut data) = (None, None, Vec::new());
        for line in block.lines().filter(|line| !line.is_empty() && !line.starts_with(':')) {
            match line.split_once(": ").unwrap_or_else(|| panic!("not a field: {line}")) {
                ("event", value) => name = Some(value.to_owned()),
                ("id", value) => id = Some(value.parse().unwrap()),
                ("data", value) => data.push(value),
                ("retry", value) => self.retry = Some(value.parse().unwrap()),
                other => panic!("an unknown field: {other:?}"),
            }
        }
        Some(Event {
            name: name?,
            id: id.expect("every event has an id"),
            data: serde_json::from_str(&data.join("\n")).unwrap(),
        })
    }
}

impl From<Response> for Events {
    fn from(response: Response) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        for (name, value) in [
            ("content-type", "text/event-stream"),
            ("cache-control", "no-store"),
            ("x-accel-buffering", "no"),
            ("content-encoding", "identity"),
        ] {
            assert_eq!(response.headers()[name], value, "{name}");
        }
        Self {
            response,
            buffer: Vec::new(),
            retry: None,
        }
    }
}

/// The path of a job's stream.
pub fn path(job: &str, query: &str) -> String {
    format!("/api/jobs/{job}/events?{query}")
}
