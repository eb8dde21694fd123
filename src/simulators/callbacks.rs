//! How a stand-in that works asynchronously brings its results, well and badly.

use std::io;
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::stream;
use serde_json::{Map, Value, json};
use url::Url;

use super::log::Log;

const OVERSIZED_BYTES: usize = 50 << 20;
const CHUNK: Bytes = Bytes::from_static(&[b'a'; 64 << 10]);
/// Enough of an answer to tell it from another.
const ANSWER_BYTES_KEPT: usize = 4 << 10;

/// How a result is brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// As it should be.
    #[default]
    Once,
    /// The same bytes twice, one after the other.
    TwiceSame,
    /// A second time with another result.
    TwiceDifferent,
    /// Not at all.
    Never,
    /// With a token that nobody gave out.
    ForgedToken,
    /// As a body of 50 MB.
    Oversized,
    /// As an HTML page that calls itself JSON.
    Garbage,
}

/// One call to a callback URL.
#[derive(Debug, Clone)]
pub struct Callback {
    /// The execution or row whose result it was.
    pub run: u64,
    /// The URL that was called.
    pub url: String,
    /// The status of the answer, or why there was none.
    pub answered: Result<u16, String>,
    /// The beginning of the answer.
    pub answer: String,
}

/// Where a result goes, as the request asked for it.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    url: String,
    headers: Map<String, Value>,
}

impl Destination {
    /// `callback_url` of a request body, with the `callback_headers` to be sent along.
    pub(super) fn of(request: &Value) -> Option<Self> {
        Some(Self {
            url: request.get("callback_url")?.as_str()?.to_owned(),
            headers: request
                .get("callback_headers")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
        })
    }

    /// The same place with another token: in the query, in every header, or else at the end of the path.
    fn forged(&self) -> Self {
        let mut headers = self.headers.clone();
        for value in headers.values_mut() {
            *value = Value::from(forge(value.as_str().unwrap_or_default()));
        }
        let url = Url::parse(&self.url).map_or_else(|_| self.url.clone(), forge_url);
        Self { url, headers }
    }
}

fn forge_url(mut url: Url) -> String {
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    if pairs.is_empty() {
        let path = url.path().to_owned();
        let (parent, last) = path.rsplit_once('/').unwrap_or(("", &path));
        url.set_path(&format!("{parent}/{}", forge(last)));
    } else {
        let forged = pairs.iter().map(|(name, value)| (name, forge(value)));
        url.query_pairs_mut().clear().extend_pairs(forged);
    }
    url.into()
}

/// As long as what it replaces, of the same alphabet, and different.
fn forge(token: &str) -> String {
    token
        .chars()
        .map(|c| match c {
            '0'..='8' => ((c as u8) + 1) as char,
            '9' => '0',
            'a' => 'b',
            'A' => 'B',
            c if c.is_ascii_lowercase() => 'a',
            c if c.is_ascii_uppercase() => 'A',
            c => c,
        })
        .collect()
}

/// Calls back, and remembers what it was answered.
pub(super) struct Caller {
    client: reqwest::Client,
    log: Log<Callback>,
}

impl Caller {
    pub(super) fn new() -> io::Result<Self> {
        // Fails only when the process already has one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .build()
            .map_err(io::Error::other)?;
        Ok(Self {
            client,
            log: Log::default(),
        })
    }

    pub(super) fn log(&self) -> &Log<Callback> {
        &self.log
    }

    /// Brings `result` as `delivery` says, and waits for the answers.
    pub(super) async fn deliver(&self, run: u64, to: &Destination, result: &Value, delivery: Delivery) {
        let body = result.to_string();
        match delivery {
            Delivery::Never => {}
            Delivery::Once => self.call(run, to, body.into()).await,
            Delivery::ForgedToken => self.call(run, &to.forged(), body.into()).await,
            Delivery::Oversized => self.call(run, to, oversized()).await,
            Delivery::Garbage => self.call(run, to, "<html><h1>Bad gateway</h1>".into()).await,
            Delivery::TwiceSame => {
                self.call(run, to, body.clone().into()).await;
                self.call(run, to, body.into()).await;
            }
            Delivery::TwiceDifferent => {
                self.call(run, to, body.into()).await;
                self.call(run, to, changed(result).to_string().into()).await;
            }
        }
    }

    async fn call(&self, run: u64, to: &Destination, body: reqwest::Body) {
        let mut request = self
            .client
            .post(&to.url)
            .header("Content-Type", "application/json")
            .body(body);
        for (name, value) in &to.headers {
            request = request.header(name, value.as_str().unwrap_or_default());
        }
        let (answered, answer) = match request.send().await {
            Ok(response) => (Ok(response.status().as_u16()), beginning(response).await),
            Err(error) => (Err(error.to_string()), String::new()),
        };
        self.log.push(Callback {
            run,
            url: to.url.clone(),
            answered,
            answer,
        });
    }
}

async fn beginning(mut response: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() >= ANSWER_BYTES_KEPT {
            bytes.truncate(ANSWER_BYTES_KEPT);
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn changed(result: &Value) -> Value {
    let mut changed = result.clone();
    match changed.as_object_mut() {
        Some(fields) => {
            fields.insert("changed".to_owned(), Value::Bool(true));
            changed
        }
        None => json!({ "result": result, "changed": true }),
    }
}

/// One JSON document of 50 MB, made while it is sent.
fn oversized() -> reqwest::Body {
    let filler = (0..OVERSIZED_BYTES / CHUNK.len()).map(|_| CHUNK);
    let parts = std::iter::once(Bytes::from_static(b"{\"filler\":\""))
        .chain(filler)
        .chain(std::iter::once(Bytes::from_static(b"\"}")));
    reqwest::Body::wrap_stream(stream::iter(parts.map(Ok::<_, io::Error>)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Destination;

    #[test]
    fn a_forged_token_is_as_long_and_different() {
        for (given, forged) in [
            ("http://h/r/x?token=a9Zb", "http://h/r/x?token=b0Aa"),
            ("http://h/r/az", "http://h/r/ba"),
        ] {
            let request = json!({ "callback_url": given, "callback_headers": { "X-Token": "abc" } });
            let destination = Destination::of(&request).unwrap().forged();
            assert_eq!(
                (destination.url.as_str(), &destination.headers["X-Token"]),
                (forged, &json!("baa"))
            );
        }
    }
}
