//! `batchdesk demo --workflows`: two steps that others do, with stand-ins for those on loopback.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use sea_orm::{ConnectionTrait as _, DbBackend, FromQueryResult, Statement};
use serde_json::{Value, json};

use super::api::Api;
use super::daemon::Daemon;
use super::{Options, invite, make_token, prepare};
use crate::simulators::n8n::{self, N8n};
use crate::simulators::zenrows::{self, ZenRows};

/// The tables that results go to, as the page for authors of workflows has them.
const TABLES: [&str; 2] = [
    "create table company_homepage_scrapes (id text primary key, company_id text, company_domain text, \
     homepage_html text, scraped_at timestamp, created_at timestamp default current_timestamp)",
    "create table company_case_studies (id text primary key, company_id text, company_domain text, urls json, \
     extracted_at timestamp, created_at timestamp default current_timestamp)",
];

const COMPANIES: [(&str, &str); 5] = [
    ("harbour-dental.example", "Harbour Dental"),
    ("summit-physio.example", "Summit Physio"),
    ("old-mill-bakery.example", "Old Mill Bakery"),
    ("kauri-law.example", "Kauri Law"),
    ("bright-optics.example", "Bright Optics"),
];

/// Stand-ins for the providers, for as long as this is held.
struct StandIns {
    zenrows: ZenRows,
    n8n: N8n,
}

pub(super) async fn run(options: &Options) -> anyhow::Result<()> {
    let output = &options.output;
    let stand_ins = StandIns {
        zenrows: ZenRows::start(zenrows::Options {
            latency: Duration::from_millis(120),
            ..zenrows::Options::default()
        })
        .await?,
        n8n: N8n::start(n8n::Options {
            latency: Duration::from_millis(200),
            ..n8n::Options::default()
        })
        .await?,
    };
    stand_ins
        .n8n
        .change("case-studies", |workflow| workflow.result = Arc::new(case_studies));
    for (domain, name) in COMPANIES {
        stand_ins
            .zenrows
            .set_page(&format!("https://{domain}"), &page(domain, name));
    }
    let config = prepare(output, &extra(output)?)?;
    std::fs::write(key_file(output)?, zenrows::KEY)?;
    let workspace = workspace(output).await?;
    let settings = crate::cli::settings(Some(&config))?;
    let token = make_token(&settings).await?;
    let mut daemon = Daemon::start(&config)?;
    let api = Api::new(daemon.address.clone(), token);

    println!("Two workflows, as rows:\n");
    for workflow in workflows(&stand_ins) {
        let made = api.post("/api/workflows", &workflow).await?;
        let id = made["id"].as_str().unwrap_or_default();
        let checked = api.post(&format!("/api/workflows/{id}/check"), &json!({})).await?;
        println!(
            "  step {}  {:<29} {:<8} into {:<25} check: {}",
            made["overall_step_number"],
            made["workflow_slug"].as_str().unwrap_or_default(),
            made["provider"].as_str().unwrap_or_default(),
            made["destination_table_name"].as_str().unwrap_or_default(),
            if checked["ok"] == true {
                "right".to_owned()
            } else {
                checked["mistakes"].to_string()
            },
        );
    }
    let companies: Vec<Value> = COMPANIES
        .iter()
        .map(|(domain, name)| json!({"domain": domain, "name": name}))
        .collect();
    api.post("/api/companies", &json!({ "companies": companies })).await?;
    let run = api.post("/api/plays/default/run", &json!({"all": true})).await?;
    let job_id = run["job_id"].as_str().unwrap_or_default().to_owned();
    println!(
        "\n{} companies go through the play 'default' as job {job_id}.\n",
        COMPANIES.len()
    );
    let job = api.follow(&job_id).await?;
    println!(
        "{} of {} went through all steps.\n",
        job["counts"]["aggregated"], job["total_practices"]
    );
    show(&workspace).await?;
    println!(
        "\nIts providers: {} pages by ZenRows, at most {} at a time and none refused; {} calls of n8n, answered by callback.\n",
        stand_ins.zenrows.total(),
        stand_ins.zenrows.peak_concurrency(zenrows::KEY),
        stand_ins.n8n.calls().len(),
    );
    println!("  workspace  {}", output.join("workspace.db").display());
    println!("  database   {}", output.join("data/batchdesk.db").display());
    if !options.exit {
        invite(&api, &job_id);
        tokio::signal::ctrl_c().await?;
    }
    daemon.end()
}

fn key_file(output: &Path) -> anyhow::Result<PathBuf> {
    Ok(std::path::absolute(output)?.join("zenrows.key"))
}

/// What the demo's settings have besides.
fn extra(output: &Path) -> anyhow::Result<String> {
    let workspace = std::path::absolute(output)?.join("workspace.db");
    Ok(format!(
        "\n[workspace]\nurl = \"sqlite://{}\"\n\n[secrets.ZENROWS_API_KEY]\nfrom = \"file:{}\"\nhosts = [\"127.0.0.1\"]\n",
        workspace.display(),
        key_file(output)?.display(),
    ))
}

async fn workspace(output: &Path) -> anyhow::Result<sea_orm::DatabaseConnection> {
    let url = format!(
        "sqlite://{}?mode=rwc",
        std::path::absolute(output)?.join("workspace.db").display()
    );
    let workspace = sea_orm::Database::connect(url)
        .await
        .context("the workspace cannot be made")?;
    for table in TABLES {
        workspace.execute_unprepared(table).await?;
    }
    Ok(workspace)
}

fn workflows(stand_ins: &StandIns) -> [Value; 2] {
    [
        json!({
            "workflow_slug": "scrape-homepage-via-zenrows",
            "title": "Scrape Homepage",
            "overall_step_number": 1,
            "provider": "zenrows",
            "destination_db": "workspace",
            "destination_table_name": "company_homepage_scrapes",
            "destination_field_mappings": {"homepage_html": "homepage_html", "scraped_at": "scraped_at"},
            "settings": {"base_url": stand_ins.zenrows.base_url()},
        }),
        json!({
            "workflow_slug": "extract-case-studies-via-n8n",
            "title": "Extract Case Studies",
            "overall_step_number": 3,
            "provider": "n8n",
            "mode": "async",
            "destination_db": "workspace",
            "destination_table_name": "company_case_studies",
            "destination_field_mappings": {"case_study_urls": "urls", "extracted_at": "extracted_at"},
            "settings": {"url": stand_ins.n8n.webhook_url("case-studies")},
        }),
    ]
}

/// What the workflow in n8n makes of a company.
fn case_studies(body: &Value) -> Value {
    let domain = body["company"]["domain"].as_str().unwrap_or_default();
    json!({
        "case_study_urls": [format!("https://{domain}/cases/1"), format!("https://{domain}/cases/2")],
        "extracted_at": chrono::Utc::now(),
    })
}

fn page(domain: &str, name: &str) -> String {
    format!(
        "<!doctype html><html><head><title>{name}</title></head><body><h1>{name}</h1>\
         <a href=\"https://{domain}/cases\">What we have done</a></body></html>"
    )
}

/// A company as the workspace's tables have it.
#[derive(FromQueryResult)]
struct Enriched {
    domain: String,
    bytes: i64,
    urls: Option<String>,
}

/// What stands in the workspace's tables now.
async fn show(workspace: &sea_orm::DatabaseConnection) -> anyhow::Result<()> {
    const SQL: &str = "select p.company_domain as domain, length(p.homepage_html) as bytes, s.urls as urls \
        from company_homepage_scrapes p left join company_case_studies s on s.company_id = p.company_id order by 1";
    let rows = Enriched::find_by_statement(Statement::from_string(DbBackend::Sqlite, SQL))
        .all(workspace)
        .await?;
    println!("  {:<26} {:>10}  case studies", "company", "homepage");
    for row in rows {
        let urls = row.urls.and_then(|text| serde_json::from_str(&text).ok());
        let urls: Vec<String> = urls.unwrap_or_default();
        println!("  {:<26} {:>8} B  {}", row.domain, row.bytes, urls.join(", "));
    }
    Ok(())
}
