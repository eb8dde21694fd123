//! The two examples of the architecture document: a homepage by ZenRows, case studies by n8n.

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::support::daemon::Db;

on_both_databases!("workflows": a_homepage_and_its_case_studies);

const ON_POSTGRES: [&str; 2] = [
    "create table company_homepage_scrapes (id uuid primary key default gen_random_uuid(), company_id uuid, \
     company_domain text, homepage_html text, scraped_at timestamptz, created_at timestamptz default now())",
    "create table company_case_studies (id uuid primary key default gen_random_uuid(), company_id uuid, \
     company_domain text, urls jsonb, extracted_at timestamptz, created_at timestamptz default now())",
];

const ON_SQLITE: [&str; 2] = [
    "create table company_homepage_scrapes (id uuid_text primary key, company_id uuid_text, company_domain text, \
     homepage_html text, scraped_at timestamp, created_at timestamp default current_timestamp)",
    "create table company_case_studies (id uuid_text primary key, company_id uuid_text, company_domain text, \
     urls json, extracted_at timestamp, created_at timestamp default current_timestamp)",
];

async fn a_homepage_and_its_case_studies(database: Db) {
    let tables = match &database {
        Db::Sqlite => ON_SQLITE,
        Db::Postgres(_) => ON_POSTGRES,
    };
    let desk = Desk::start(database).await;
    for table in tables {
        desk.run_sql(table).await;
    }
    let base_url = desk.zenrows.base_url();
    let scrape = json!({
        "table": "company_homepage_scrapes",
        "mappings": {"homepage_html": "homepage_html", "scraped_at": "scraped_at"},
        "settings": {"base_url": base_url},
    });
    desk.workflow("scrape-homepage-via-zenrows", 1, "zenrows", scrape).await;
    let studies = json!({
        "table": "company_case_studies", "mode": "async",
        "mappings": {"case_study_urls": "urls", "extracted_at": "extracted_at"},
        "settings": {"url": desk.n8n.webhook_url("case-studies")},
    });
    desk.workflow("extract-case-studies-via-n8n", 3, "n8n", studies).await;

    let job = desk
        .upload("default", &["one.example", "two.example", "three.example"])
        .await;
    let ended = desk.until_ended(&job).await;
    assert_eq!(ended["status"], "completed", "{}", desk.daemon.log());
    assert_eq!(ended["counts"]["aggregated"], 3, "{ended}\n{}", desk.daemon.log());

    let pages = desk
        .select_workspace("select company_domain, homepage_html from company_homepage_scrapes order by company_domain")
        .await;
    let domains: Vec<&str> = pages.iter().filter_map(|row| row["company_domain"].as_str()).collect();
    assert_eq!(domains, ["one.example", "three.example", "two.example"]);
    assert!(pages[0]["homepage_html"].as_str().unwrap().contains("one.example"));
    let studies = desk.select_workspace("select urls from company_case_studies").await;
    assert_eq!(studies.len(), 3);
    assert!(!studies[0]["urls"].is_null());

    let logs = desk.logs(&job, 6).await;
    let told: Vec<(&str, &str)> = logs
        .iter()
        .take(2)
        .map(|row| (row["workflow_slug"].as_str().unwrap(), row["status"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("scrape-homepage-via-zenrows", "completed"),
            ("extract-case-studies-via-n8n", "completed")
        ]
    );
    assert_eq!(logs[0]["result_table"], "company_homepage_scrapes");
    let open = desk.select("select id from step_runs where closed_at is null").await;
    assert_eq!(open, Vec::<Value>::new(), "every step run that waited is closed");
}
