//! The daemon's REST interface, as the demo uses it.

use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Client;
use serde_json::Value;

/// How often the demo asks how the job stands.
const POLL: Duration = Duration::from_millis(100);

/// A daemon and the token to speak to it with.
pub(super) struct Api {
    client: Client,
    pub(super) address: String,
    pub(super) token: String,
}

impl Api {
    pub(super) fn new(address: String, token: String) -> Self {
        let client = Client::new();
        Self { client, address, token }
    }

    async fn get(&self, path: &str) -> anyhow::Result<reqwest::Response> {
        let request = self.client.get(format!("{}{path}", self.address));
        let response = request.bearer_auth(&self.token).send().await?;
        if !response.status().is_success() {
            bail!("the daemon refused GET {path}: {}", response.text().await?);
        }
        Ok(response)
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.client.post(format!("{}{path}", self.address)).json(body);
        let response = request.bearer_auth(&self.token).send().await?;
        if !response.status().is_success() {
            bail!("the daemon refused POST {path}: {}", response.text().await?);
        }
        Ok(response.json().await?)
    }

    /// Starts a job; what the daemon says of the list.
    pub(super) async fn upload(&self, list: &Path) -> anyhow::Result<Value> {
        let filename = list
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let response = self
            .client
            .post(format!("{}/api/jobs?filename={filename}", self.address))
            .bearer_auth(&self.token)
            .header("content-type", "text/csv")
            .body(std::fs::read(list)?)
            .send()
            .await?;
        if !response.status().is_success() {
            bail!("the list was refused: {}", response.text().await?);
        }
        Ok(response.json().await?)
    }

    /// Shows a progress bar on a terminal until the job has ended.
    pub(super) async fn follow(&self, job_id: &str) -> anyhow::Result<Value> {
        let bar = ProgressBar::new(0);
        bar.set_style(ProgressStyle::with_template(
            "  {bar:40.cyan/dim} {pos} of {len} rows, {elapsed}",
        )?);
        loop {
            let job: Value = self.get(&format!("/api/jobs/{job_id}")).await?.json().await?;
            bar.set_length(job["total_practices"].as_u64().unwrap_or_default());
            bar.set_position(job["completed_practices"].as_u64().unwrap_or_default());
            match job["status"].as_str() {
                Some("completed") => {
                    bar.finish_and_clear();
                    return Ok(job);
                }
                Some("error") => bail!("the job ended without a result: {}", job["error_message"]),
                _ => tokio::time::sleep(POLL).await,
            }
        }
    }

    pub(super) async fn json(&self, path: &str) -> anyhow::Result<Value> {
        Ok(self.get(path).await?.json().await?)
    }

    pub(super) async fn bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        Ok(self.get(path).await?.bytes().await?.to_vec())
    }

    /// The result as a file of that format.
    pub(super) async fn export(&self, job_id: &str, format: &str) -> anyhow::Result<Vec<u8>> {
        self.bytes(&format!("/api/jobs/{job_id}/export?format={format}")).await
    }
}
