//! `batchdesk demo`: a sample list against bundled sites on loopback, through the real daemon.

mod api;
mod daemon;
mod registration;
mod table;
mod workflows;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use self::api::Api;
use self::daemon::Daemon;
use self::table::table;
use super::migrate::{open, up};
use crate::http::NewToken;
use crate::settings::Settings;
use crate::simulators::sites::SampleSites;
use crate::store::identity::{self, NewUser};
use crate::store::lock::{LockError, acquire};
use crate::store::read::Role;

const EMAIL: &str = "demo@example.org";
/// What the result is written as, and what for.
const RESULTS: [(&str, &str); 3] = [
    ("csv", "the list with what was found beside it"),
    ("json", "all that was found, and where it stood"),
    ("xlsx", "the list as a workbook"),
];

#[derive(Debug, Args)]
pub struct Options {
    /// Show workflows that providers do instead: a homepage by ZenRows, case studies by n8n, into tables of a workspace.
    /// Both providers are stand-ins on loopback.
    #[arg(long)]
    workflows: bool,
    /// Show registrations instead: three leads become restaurants, which go through six steps, with the answers that people would
    /// give. The register of companies and the platform are stand-ins on loopback.
    #[arg(long, conflicts_with = "workflows")]
    registration: bool,
    /// End when the job is done, rather than leave the daemon running for a look around.
    #[arg(long)]
    exit: bool,
    /// Where the database and the results go. Emptied first, if an earlier demo made it.
    #[arg(long, value_name = "DIR", default_value = "batchdesk-demo")]
    output: PathBuf,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    super::block_on(async {
        refuse_in_use(&options.output).await?;
        let mut terminated = signal(SignalKind::terminate())?;
        // What is dropped here ends its daemon.
        tokio::select! {
            shown = show(options) => shown,
            _ = terminated.recv() => bail!("the demo was told to end, and its daemon with it"),
        }
    })
}

async fn show(options: &Options) -> anyhow::Result<()> {
    if options.workflows {
        workflows::run(options).await
    } else if options.registration {
        registration::run(options).await
    } else {
        demo(options).await
    }
}

async fn demo(options: &Options) -> anyhow::Result<()> {
    let output = &options.output;
    let config = prepare(output, "")?;
    let settings = super::settings(Some(&config))?;
    let token = make_token(&settings).await?;
    let sites = SampleSites::start()
        .await
        .context("the sample sites cannot be served on loopback")?;
    let list = output.join("practices.csv");
    std::fs::write(&list, sites.demo_csv())?;
    let mut daemon = Daemon::start(&config)?;
    let api = Api::new(daemon.address.clone(), token);

    let began = Instant::now();
    let accepted = api.upload(&list).await?;
    println!(
        "{}: {} practices ({} listed twice, {} without a website; {} blank row left out)\n",
        list.display(),
        accepted["total_practices"],
        accepted["duplicates"],
        accepted["invalid"],
        accepted["blank_rows"],
    );
    let job_id = accepted["job_id"].as_str().unwrap_or_default();
    let job = api.follow(job_id).await?;
    let took = began.elapsed().as_secs_f64();

    let rows: Vec<Value> = serde_json::from_slice(&api.export(job_id, "json").await?)?;
    print!("{}", table(&rows));
    println!(
        "\n{} of {} rows have a result after {took:.1} s. The others say why not; their troubles are there on purpose.\n",
        job["counts"]["aggregated"], job["total_practices"]
    );
    for (format, what) in RESULTS {
        let file = output.join(format!("result.{format}"));
        std::fs::write(&file, api.export(job_id, format).await?)?;
        println!("  {format:<4}  {}  ({what})", file.display());
    }
    if !options.exit {
        invite(&api, job_id);
        tokio::signal::ctrl_c().await?;
    }
    daemon.end()
}

/// Says how to go on by hand.
fn invite(api: &Api, job_id: &str) {
    let Api { address, token, .. } = api;
    println!(
        "\nThe daemon goes on at {address} until Ctrl-C. Ask it, in another terminal:\n\n  \
         export T='Authorization: Bearer {token}'\n  \
         curl -H \"$T\" '{address}/api/check-job-status?job_id={job_id}'\n  \
         curl -NH \"$T\" '{address}/api/jobs/{job_id}/events'\n  \
         curl -H \"$T\" '{address}/api/jobs/{job_id}/export?format=xlsx' -o again.xlsx"
    );
}

/// A demo that still runs must not lose its files.
async fn refuse_in_use(output: &Path) -> anyhow::Result<()> {
    let database = output.join("data/batchdesk.db");
    if !database.try_exists()? {
        return Ok(());
    }
    match acquire(&format!("sqlite://{}", database.canonicalize()?.display())).await {
        Err(LockError::Taken(_)) => bail!(
            "a daemon still works in {}; end it with Ctrl-C, or name another directory with --output",
            output.display()
        ),
        // What else is wrong with it does not matter: it is emptied.
        _ => Ok(()),
    }
}

/// Makes the output directory and the demo's settings, `extra` at their end. Only a directory that a demo made is emptied.
fn prepare(output: &Path, extra: &str) -> anyhow::Result<PathBuf> {
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
         allow_cidrs = [\"127.0.0.0/8\"]\n\n[retry]\nbase_ms = 300\n\n[log]\nlevel = \"warn\"\n{extra}",
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
