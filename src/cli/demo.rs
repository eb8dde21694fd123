//! `batchdesk demo`: a sample list against bundled sites on loopback, through the real daemon.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Client;
use serde_json::Value;

use super::migrate::{open, up};
use crate::http::NewToken;
use crate::settings::Settings;
use crate::simulators::sites::SampleSites;
use crate::store::identity::{self, NewUser};
use crate::store::read::Role;

const EMAIL: &str = "demo@example.org";
/// How often the demo asks how the job stands.
const POLL: Duration = Duration::from_millis(100);

#[derive(Debug, Args)]
pub struct Options {
    /// End when the job is done, rather than leave the daemon running for a look around.
    #[arg(long)]
    exit: bool,
    /// Where the database and the results go. Emptied first, if an earlier demo made it.
    #[arg(long, value_name = "DIR", default_value = "batchdesk-demo")]
    output: PathBuf,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    super::block_on(demo(options))
}

async fn demo(options: &Options) -> anyhow::Result<()> {
    let config = prepare(&options.output)?;
    let settings = super::settings(Some(&config))?;
    let token = make_token(&settings).await?;
    let sites = SampleSites::start()
        .await
        .context("the sample sites cannot be served on loopback")?;
    let list = options.output.join("practices.csv");
    std::fs::write(&list, sites.demo_csv())?;
    println!("sample list      {}", list.display());

    let mut daemon = Daemon::start(&config)?;
    println!("daemon           {}", daemon.address);
    let api = Api {
        client: Client::new(),
        address: daemon.address.clone(),
        token,
    };
    let accepted = api.upload(&list).await?;
    println!(
        "job              {} ({} practices, {} duplicate, {} invalid, {} blank row)",
        text(&accepted, "job_id"),
        accepted["total_practices"],
        accepted["duplicates"],
        accepted["invalid"],
        accepted["blank_rows"],
    );
    let job = api.follow(text(&accepted, "job_id")).await?;
    println!(
        "outcome          {}: {} aggregated, {} in error",
        text(&job, "status"),
        job["counts"]["aggregated"],
        job["counts"]["error"]
    );
    for format in ["csv", "ndjson"] {
        let file = options.output.join(format!("result.{format}"));
        std::fs::write(&file, api.export(text(&job, "job_id"), format).await?)?;
        println!("result           {}", file.display());
    }
    api.print_table(text(&job, "job_id")).await?;
    if options.exit {
        return daemon.end();
    }
    println!(
        "\nThe daemon goes on at {} until Ctrl-C. Ask it anything, for example:",
        daemon.address
    );
    println!(
        "  curl -H 'Authorization: Bearer {}' {}/api/jobs",
        api.token, daemon.address
    );
    tokio::signal::ctrl_c().await?;
    daemon.end()
}

/// Makes the output directory and the demo's settings. Only a directory that a demo made is emptied.
fn prepare(output: &Path) -> anyhow::Result<PathBuf> {
    let config = output.join("config.toml");
    if output.try_exists()? {
        if !config.try_exists()? {
            bail!(
                "{} exists and is not from a demo; name another with --output",
                output.display()
            );
        }
        std::fs::remove_dir_all(output)?;
    }
    std::fs::create_dir_all(output)?;
    let output = output.canonicalize()?;
    let config = output.join("config.toml");
    let text = format!(
        "data_dir = {:?}\n\n[http]\nlisten = \"127.0.0.1:0\"\n\n[network]\n# The sample sites are on loopback.\n\
         allow_cidrs = [\"127.0.0.0/8\"]\n\n[retry]\nbase_ms = 300\n\n[log]\nlevel = \"warn\"\n",
        output.join("data")
    );
    std::fs::write(&config, text)?;
    Ok(config)
}

async fn make_token(settings: &Settings) -> anyhow::Result<String> {
    let database = open(settings).await?;
    up(&database.writer).await?;
    let user = NewUser {
        email: EMAIL.to_owned(),
        role: Role::Operator,
        organisation: "Demo".to_owned(),
        password_hash: None,
    };
    identity::add_user(&database.writer, &user).await?;
    let token = NewToken::random();
    identity::add_token(&database.writer, EMAIL, "demo", &token.hash).await?;
    database.writer.raw().close_by_ref().await?;
    Ok(token.text)
}

/// The daemon, as a process of its own.
struct Daemon {
    child: Child,
    address: String,
}

impl Daemon {
    fn start(config: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .arg("--config")
            .arg(config)
            .stdout(Stdio::piped())
            .spawn()
            .context("the daemon cannot be started")?;
        let stdout = child.stdout.take().context("the daemon's output cannot be read")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        match line.trim().strip_prefix("listening on ") {
            Some(address) => Ok(Self {
                address: address.to_owned(),
                child,
            }),
            None => {
                child.wait()?;
                bail!("the daemon did not come up");
            }
        }
    }

    /// Lets the daemon drain.
    fn end(&mut self) -> anyhow::Result<()> {
        let pid = self.child.id().to_string();
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .context("the daemon cannot be told to stop")?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It has ended already, or the demo failed and must not leave it behind.
        let _ = self.child.kill();
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The daemon's REST interface.
struct Api {
    client: Client,
    address: String,
    token: String,
}

impl Api {
    async fn get(&self, path: &str) -> anyhow::Result<reqwest::Response> {
        let response = self
            .client
            .get(format!("{}{path}", self.address))
            .bearer_auth(&self.token)
            .send()
            .await?;
        Ok(response.error_for_status()?)
    }

    async fn upload(&self, list: &Path) -> anyhow::Result<Value> {
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

    /// Shows a progress bar until the job has ended.
    async fn follow(&self, job_id: &str) -> anyhow::Result<Value> {
        let bar = ProgressBar::new(0);
        bar.set_style(ProgressStyle::with_template(
            "{bar:40} {pos}/{len} {per_sec}, {eta} left  {msg}",
        )?);
        loop {
            let job: Value = self.get(&format!("/api/jobs/{job_id}")).await?.json().await?;
            bar.set_length(job["total_practices"].as_u64().unwrap_or_default());
            bar.set_position(job["completed_practices"].as_u64().unwrap_or_default());
            bar.set_message(text(&job, "status").to_owned());
            if matches!(text(&job, "status"), "completed" | "error") {
                bar.finish_and_clear();
                return Ok(job);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn export(&self, job_id: &str, format: &str) -> anyhow::Result<Vec<u8>> {
        let response = self.get(&format!("/api/jobs/{job_id}/export?format={format}")).await?;
        Ok(response.bytes().await?.to_vec())
    }

    async fn print_table(&self, job_id: &str) -> anyhow::Result<()> {
        println!();
        let lines = String::from_utf8(self.export(job_id, "ndjson").await?)?;
        for line in lines.lines() {
            let row: Value = serde_json::from_str(line)?;
            let result = &row["result"];
            let found = match row["error"].as_str() {
                Some(error) => error.to_owned(),
                None => format!(
                    "{}  {}",
                    text(result, "name"),
                    result["phones"][0]["e164"].as_str().unwrap_or("")
                ),
            };
            println!(
                "{:>3}  {:<11} {:<38} {found}",
                row["row_number"].as_u64().unwrap_or_default(),
                text(&row, "status"),
                text(&row, "identifier")
            );
        }
        Ok(())
    }
}
