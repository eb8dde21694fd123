//! The real daemon, and a client of its API.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::Value;

fn program(config: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_batchdesk"));
    command.args(arguments).arg("--config").arg(config);
    command
}

#[allow(dead_code, reason = "one of the benchmarks asks for more rights")]
pub fn make_token(config: &Path) -> String {
    make_token_of(config, "member")
}

pub fn make_token_of(config: &Path, role: &str) -> String {
    let user = [
        "user",
        "add",
        "--email",
        "b@example.org",
        "--role",
        role,
        "--organisation",
        "Bench",
    ];
    assert!(program(config, &user).stderr(Stdio::null()).status().unwrap().success());
    let token = program(
        config,
        &["token", "create", "--email", "b@example.org", "--name", "bench"],
    );
    let output = { token }.output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub struct Daemon {
    child: Child,
    pub base: String,
    #[allow(dead_code, reason = "one of the benchmarks tells it")]
    pub ready_after: Duration,
}

impl Daemon {
    pub async fn start(config: &Path) -> Self {
        let started = Instant::now();
        let mut child = program(config, &["serve"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let base = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        let client = Client::new();
        while !client
            .get(format!("{base}/readyz"))
            .send()
            .await
            .is_ok_and(|answer| answer.status().is_success())
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Self {
            child,
            base,
            ready_after: started.elapsed(),
        }
    }

    #[allow(dead_code, reason = "one of the benchmarks does not measure it")]
    /// A line of proc(5) `status`, in bytes.
    pub fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    #[allow(dead_code, reason = "one of the benchmarks measures it")]
    /// User and system time, in seconds (proc(5) `stat`, fields 14 and 15, in hundredths).
    pub fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Clone)]
pub struct Api {
    pub client: Client,
    pub base: String,
    pub token: String,
}

impl Api {
    #[allow(dead_code, reason = "one of the benchmarks does nothing else")]
    pub async fn get(&self, path: &str) -> Value {
        let request = self.client.get(format!("{}{path}", self.base)).bearer_auth(&self.token);
        let answer = request.send().await.unwrap().error_for_status().unwrap();
        answer.json().await.unwrap()
    }

    #[allow(dead_code, reason = "one of the benchmarks does nothing else")]
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self
            .client
            .post(format!("{}{path}", self.base))
            .bearer_auth(&self.token);
        let answer = request.json(body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    #[allow(dead_code, reason = "most of the benchmarks run the usual play")]
    pub async fn upload(&self, csv: impl Into<reqwest::Body>) -> String {
        self.upload_to("practice-enrichment", csv).await
    }

    #[allow(dead_code, reason = "one of the benchmarks has no jobs")]
    pub async fn upload_to(&self, play: &str, csv: impl Into<reqwest::Body>) -> String {
        let url = format!("{}/api/jobs?play={play}", self.base);
        let request = self.client.post(url).bearer_auth(&self.token);
        let answer = request
            .header("content-type", "text/csv")
            .body(csv)
            .send()
            .await
            .unwrap();
        let job: Value = answer.error_for_status().unwrap().json().await.unwrap();
        job["job_id"].as_str().unwrap().to_owned()
    }

    #[allow(dead_code, reason = "one of the benchmarks has no jobs")]
    /// Waits until the job has completed, and every practice of it is aggregated.
    pub async fn wait(&self, job: &str, every: Duration) {
        loop {
            let url = format!("{}/api/check-job-status?job_id={job}", self.base);
            let status: Value = self
                .client
                .get(url)
                .bearer_auth(&self.token)
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            if status["counts"]["aggregated"] == status["total_practices"] {
                return;
            }
            assert_eq!(status["counts"]["error"], 0, "{status}");
            tokio::time::sleep(every).await;
        }
    }
}
