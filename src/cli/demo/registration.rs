//! `batchdesk demo --registration`: three leads become restaurants and are registered, with stand-ins for the register of companies
//! and for the platform on loopback, and with the answers that people would give.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::api::Api;
use super::daemon::Daemon;
use super::{Options, make_token, prepare};
use crate::simulators::nzbn::{self, Nzbn};
use crate::simulators::platform::{self, Fault, Platform, Resource};
use crate::simulators::restaurants::Restaurants;

/// How often the demo looks how the batch stands.
const POLL: Duration = Duration::from_millis(50);
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) async fn run(options: &Options) -> anyhow::Result<()> {
    let output = &options.output;
    let (office, platform) = (Nzbn::start().await?, Platform::start().await?);
    let sites = Restaurants::start().await?;
    let config = prepare(output, &extra(output, &office, &platform)?)?;
    std::fs::write(output.join("platform.key"), platform::KEY)?;
    std::fs::write(output.join("register.key"), nzbn::KEY)?;
    let settings = crate::cli::settings(Some(&config))?;
    let token = make_token(&settings).await?;
    let mut daemon = Daemon::start(&config)?;
    let desk = Desk {
        api: Api::new(daemon.address.clone(), token),
    };

    let batch = desk.convert(&sites).await?;
    desk.answer_companies(&batch).await?;
    // The first restaurant's menu arrives; the platform refuses the second one's.
    platform.hold(Resource::Menus);
    desk.answer_configurations(&batch).await?;
    platform.until_asked(Resource::Menus, 1).await;
    platform.fault(Resource::Menus, Fault::Refuse { status: 422 }, 1);
    platform.release(Resource::Menus);
    let ended = desk.follow(&batch, |batch| batch["completed_at"].is_string()).await?;
    print(&ended);

    println!("Burger House is registered again, from the sub-step that failed:\n");
    let at = format!("/api/registration-batches/{batch}/retry-failed");
    let retry = desk.api.post(&at, &json!({})).await?;
    let retry = retry["new_batch_id"].as_str().unwrap_or_default();
    let retried = desk.follow(retry, |batch| batch["completed_at"].is_string()).await?;
    print(&retried);
    let repeated = ended["jobs"].as_array().into_iter().flatten().filter(|job| {
        let reference = job["reference"].as_str().unwrap_or_default();
        Resource::ALL
            .iter()
            .any(|resource| platform.effects(*resource, reference) > 1)
    });
    println!(
        "The platform was asked {} times, and nothing was done twice: {}.\n",
        platform.requests().len(),
        repeated.count() == 0,
    );
    let file = output.join("registrations.csv");
    std::fs::write(
        &file,
        desk.api
            .bytes(&format!("/api/registration-batches/{batch}/export"))
            .await?,
    )?;
    println!("  results   {}", file.display());
    println!("  database  {}", output.join("data/batchdesk.db").display());
    if !options.exit {
        invite(&desk.api, &batch);
        tokio::signal::ctrl_c().await?;
    }
    daemon.end()
}

/// Says how to go on by hand.
fn invite(api: &Api, batch: &str) {
    let Api { address, token, .. } = api;
    println!(
        "\nThe daemon goes on at {address} until Ctrl-C. Ask it, in another terminal:\n\n  \
         export T='Authorization: Bearer {token}'\n  \
         curl -H \"$T\" '{address}/api/registration-batches/{batch}'\n  \
         curl -H \"$T\" '{address}/api/registration-batches/{batch}/logs'\n  \
         curl -H \"$T\" '{address}/api/actions'"
    );
}

/// What the demo's settings have besides.
fn extra(output: &Path, office: &Nzbn, platform: &Platform) -> anyhow::Result<String> {
    let output = std::path::absolute(output)?;
    Ok(format!(
        "\n[scrape]\nhost_delay_ms = 0\n\n[registration]\nplatform_url = \"{}\"\ncompanies_office_url = \"{}\"\n\n\
         [secrets.PLATFORM_API_KEY]\nfrom = \"file:{}\"\nhosts = [\"127.0.0.1\"]\n\n\
         [secrets.NZBN_SUBSCRIPTION_KEY]\nfrom = \"file:{}\"\nhosts = [\"127.0.0.1\"]\n",
        platform.url(),
        office.url(),
        output.join("platform.key").display(),
        output.join("register.key").display(),
    ))
}

/// Whoever answers in the place of people.
struct Desk {
    api: Api,
}

impl Desk {
    /// Three leads become restaurants and a batch, which is started.
    async fn convert(&self, sites: &Restaurants) -> anyhow::Result<String> {
        let leads: Vec<Value> = sites
            .all()
            .map(|(name, website)| {
                json!({ "name": name, "website": website, "city": "Auckland", "country": "NZ", "stage": "hot", "icp_score": 8 })
            })
            .collect();
        self.api.post("/api/leads", &json!({ "leads": leads })).await?;
        let hot = json!({ "stage": "hot", "city": "Auckland" });
        let convert = json!({
            "filter": hot, "confirm_count": leads.len(), "create_registration_batch": true,
            "batch": {
                "name": "Auckland Q4", "start": true,
                "common_config": { "services": ["pickup", "delivery"], "contact_phone": "+6495550100" },
            },
        });
        let converted = self.api.post("/api/leads/convert", &convert).await?;
        println!(
            "{} hot leads of Auckland become restaurants, and the batch \"Auckland Q4\".\n",
            leads.len()
        );
        let batch = converted["registration_batch"]["batch_id"].as_str();
        Ok(batch.context("the leads came into no batch")?.to_owned())
    }

    /// Picks the likeliest company of each restaurant.
    async fn answer_companies(&self, batch: &str) -> anyhow::Result<()> {
        let asked = self.asked(batch, 3).await?;
        println!("The register of companies was asked. A person picks, here the likeliest:\n");
        let mut selections = Vec::new();
        for action in &asked {
            let best = &action["candidates"][0];
            println!(
                "  {:<14} {} ({}), {:.0} % alike",
                text(&action["restaurant_name"]),
                text(&best["name"]),
                text(&best["company_number"]),
                best["score"].as_f64().unwrap_or_default() * 100.0,
            );
            for reason in best["match_reasons"].as_array().into_iter().flatten() {
                println!("  {:<14}   {}", "", text(reason));
            }
            selections
                .push(json!({ "registration_job_id": action["registration_job_id"], "candidate_id": best["id"] }));
        }
        let at = format!("/api/registration-batches/{batch}/steps/3/complete");
        self.api.post(&at, &json!({ "selections": selections })).await?;
        Ok(())
    }

    /// Confirms what is proposed, with a menu.
    async fn answer_configurations(&self, batch: &str) -> anyhow::Result<()> {
        let asked = self.asked(batch, 5).await?;
        println!("\nA person confirms the configurations, prefilled from website, register and batch:\n");
        let mut configurations = Vec::new();
        for action in &asked {
            let mut config = action["asked"]["config"].clone();
            println!(
                "  {:<14} {}, {}, {}",
                text(&action["restaurant_name"]),
                text(&config["contact_name"]),
                text(&config["phone"]),
                text(&config["account_email"]),
            );
            config["menu_csv"] = json!("category,name,price\nMains,The usual,18.00\n");
            configurations.push(json!({ "registration_job_id": action["registration_job_id"], "config": config }));
        }
        println!();
        let at = format!("/api/registration-batches/{batch}/steps/5/complete");
        self.api.post(&at, &json!({ "configurations": configurations })).await?;
        Ok(())
    }

    /// Waits until all restaurants of the batch are asked about at this step.
    async fn asked(&self, batch: &str, step: i64) -> anyhow::Result<Vec<Value>> {
        self.follow(batch, |batch| {
            let mut jobs = batch["jobs"].as_array().into_iter().flatten();
            jobs.all(|job| job["status"] == "action_required" && job["current_step"] == step)
        })
        .await?;
        let asked = self
            .api
            .json(&format!("/api/actions?batch_id={batch}&step={step}"))
            .await?;
        Ok(asked["data"].as_array().cloned().unwrap_or_default())
    }

    /// Shows a progress bar over the sub-steps on a terminal until the batch is as wanted.
    async fn follow(&self, batch: &str, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let bar = ProgressBar::new(0);
        bar.set_style(ProgressStyle::with_template(
            "  {bar:40.cyan/dim} {pos} of {len} steps, {elapsed}",
        )?);
        let began = std::time::Instant::now();
        loop {
            let seen = self.api.json(&format!("/api/registration-batches/{batch}")).await?;
            let steps = || {
                seen["jobs"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .flat_map(|job| job["steps"].as_array().into_iter().flatten())
            };
            bar.set_length(steps().count() as u64);
            bar.set_position(steps().filter(|step| step["completed_at"].is_string()).count() as u64);
            if wanted(&seen) {
                bar.finish_and_clear();
                return Ok(seen);
            }
            if seen["status"] == "paused" || began.elapsed() > PATIENCE {
                bail!("the batch does not go on: {}", seen["error_message"]);
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

/// A duration as people say it.
fn spoken(ms: &Value) -> String {
    let ms = ms.as_i64().unwrap_or_default();
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", ms as f64 / 1_000.0),
        _ => format!("{} min {} s", ms / 60_000, ms / 1_000 % 60),
    }
}

/// The batch's results.
fn print(batch: &Value) {
    let summary = &batch["summary"];
    println!("Batch \"{}\": {}", text(&batch["name"]), text(&batch["status"]));
    println!("Duration: {}\n", spoken(&summary["duration_ms"]));
    println!("  Total:      {}", summary["total"]);
    println!(
        "  Successful: {} ({} %)",
        summary["successful"], summary["successful_percent"]
    );
    println!(
        "  Failed:     {} ({} %)\n",
        summary["failed"], summary["failed_percent"]
    );
    for job in batch["jobs"].as_array().into_iter().flatten() {
        let sub_steps = || job["steps"][5]["sub_step_progress"].as_array().into_iter().flatten();
        let done = sub_steps().filter(|each| each["status"] == "completed").count();
        let how = match job["error_message"].as_str() {
            Some(error) => format!("failed: {error}"),
            None => {
                let skipped = sub_steps().filter(|each| each["status"] == "skipped").count();
                format!("{}, {done} sub-steps done, {skipped} not needed", text(&job["status"]))
            }
        };
        println!(
            "  {:<14} {how} ({})",
            text(&job["restaurant_name"]),
            spoken(&job["duration_ms"])
        );
    }
    println!();
}
