//! A client of the daemon's REST API that adds nothing to it: what the daemon answered is what a test sees.

use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

const POLL_EVERY: Duration = Duration::from_millis(20);
const ANSWER_WITHIN: Duration = Duration::from_secs(120);

/// What the daemon answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    /// The answer itself if it has this status; fails with the body otherwise.
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }
}

/// One caller of one daemon.
#[derive(Clone)]
pub struct Api {
    client: Client,
    base_url: String,
    token: String,
}

impl Api {
    /// A caller with a bearer token; an empty one is not sent.
    pub fn new(base_url: &str, token: &str) -> Self {
        super::install_tls();
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ANSWER_WITHIN)
            // A daemon ends connections that have been idle for longer; one that is about to end must not be taken.
            .pool_idle_timeout(Duration::from_secs(1))
            .build()
            .unwrap();
        Self {
            client,
            base_url: base_url.to_owned(),
            token: token.to_owned(),
        }
    }

    /// Uploads a file as a form does.
    pub async fn upload_csv(&self, csv: impl Into<Vec<u8>>, filename: &str) -> Answer {
        let part = Part::bytes(csv.into()).file_name(filename.to_owned());
        let part = part.mime_str("text/csv").unwrap();
        let request = self.request(Method::POST, "/api/jobs");
        self.send(request.multipart(Form::new().part("file", part))).await
    }

    /// Uploads a list that is in order and gives the id of its job.
    pub async fn create_job(&self, csv: impl Into<Vec<u8>>) -> String {
        let created = self.upload_csv(csv, "practices.csv").await.expect(201).json();
        created["job_id"].as_str().expect("a job_id").to_owned()
    }

    /// The job with its counts and the first practices.
    pub async fn job(&self, id: &str) -> Answer {
        self.get(&format!("/api/jobs/{id}")).await
    }

    /// One page of practices; `query` is what follows the question mark.
    pub async fn practices(&self, id: &str, query: &str) -> Answer {
        self.get(&format!("/api/jobs/{id}/practices?{query}")).await
    }

    /// Every practice of a job, page by page.
    pub async fn all_practices(&self, id: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut query = "limit=100".to_owned();
        loop {
            let mut page = self.practices(id, &query).await.expect(200).json();
            all.append(page["data"].as_array_mut().expect("a list"));
            match page["next_cursor"].as_str() {
                Some(cursor) => query = format!("limit=100&cursor={cursor}"),
                None => return all,
            }
        }
    }

    /// Status and counts.
    pub async fn status(&self, id: &str) -> Answer {
        self.get(&format!("/api/check-job-status?job_id={id}")).await
    }

    /// Polls the status until it is as wanted; fails at the deadline with the last one seen. A daemon that is away
    /// for a while is waited for.
    pub async fn wait_until(&self, id: &str, wanted: impl Fn(&Value) -> bool, deadline: Duration) -> Value {
        let path = format!("/api/check-job-status?job_id={id}");
        let end = Instant::now() + deadline;
        loop {
            let seen = match self.try_send(self.request(Method::GET, &path)).await {
                Ok(answer) if answer.status == StatusCode::OK => {
                    let status = answer.json();
                    if wanted(&status) {
                        return status;
                    }
                    status.to_string()
                }
                Ok(answer) if answer.status.is_client_error() => panic!("{}: {}", answer.status, answer.text()),
                Ok(answer) => format!("{}: {}", answer.status, answer.text()),
                Err(error) => error.to_string(),
            };
            assert!(Instant::now() < end, "not within {deadline:?}; last seen: {seen}");
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    /// Waits until the job has this status.
    pub async fn wait_for(&self, id: &str, status: &str, deadline: Duration) -> Value {
        self.wait_until(id, |job| job["status"] == status, deadline).await
    }

    /// Ends the job.
    pub async fn kill(&self, id: &str) -> Answer {
        self.command("kill-job", id).await
    }

    /// Lets no new step start.
    pub async fn pause(&self, id: &str) -> Answer {
        self.command("pause-job", id).await
    }

    /// Goes on after a pause.
    pub async fn resume(&self, id: &str) -> Answer {
        self.command("resume-job", id).await
    }

    /// Begins the failed practices anew.
    pub async fn redo(&self, id: &str) -> Answer {
        self.command("redo-job", id).await
    }

    /// The finished file as `csv` or `ndjson`.
    pub async fn export(&self, id: &str, format: &str) -> Vec<u8> {
        let path = format!("/api/jobs/{id}/export?format={format}");
        self.get(&path).await.expect(200).body
    }

    /// Any GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// Any POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Any request at all.
    pub async fn raw(&self, method: Method, path: &str, body: impl Into<Vec<u8>>, headers: &[(&str, &str)]) -> Answer {
        self.try_raw(method, path, body, headers).await.unwrap()
    }

    /// As [`raw`](Self::raw), of a daemon that may be gone before it answers.
    pub async fn try_raw(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> reqwest::Result<Answer> {
        let request = self.request(method, path).body(body.into());
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        self.try_send(request).await
    }

    /// The start of an answer whose body comes bit by bit.
    pub async fn open(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let request = headers
            .iter()
            .fold(self.request(Method::GET, path), |request, (name, value)| {
                request.header(*name, *value)
            });
        request.send().await.unwrap()
    }

    async fn command(&self, name: &str, id: &str) -> Answer {
        self.post(&format!("/api/{name}"), &json!({ "job_id": id })).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base_url));
        if self.token.is_empty() {
            request
        } else {
            request.bearer_auth(&self.token)
        }
    }

    async fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request).await.unwrap()
    }

    async fn try_send(&self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let answer = request.send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await?.to_vec();
        Ok(Answer { status, headers, body })
    }
}
