//! What is wrong with a workflow is found before it runs, and what it would do is shown.

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::support::daemon::Db;
use sea_orm::ConnectionTrait as _;

on_both_databases!("checks":
    every_mistake_is_told_at_once,
    a_dry_run_shows_the_request_and_the_row_and_writes_nothing,
);

async fn id_of(desk: &Desk, slug: &str) -> String {
    let sql = format!("select id from db_driven_enrichment_workflows where workflow_slug = '{slug}'");
    desk.select(&sql).await[0]["id"].as_str().unwrap().to_owned()
}

async fn check(desk: &Desk, slug: &str) -> Value {
    let path = format!("/api/workflows/{}/check", id_of(desk, slug).await);
    desk.api.post(&path, &json!({})).await.expect(200).json()
}

async fn every_mistake_is_told_at_once(database: Db) {
    let desk = Desk::start(database).await;
    desk.run_sql("create table company_pages (id text primary key, url text)")
        .await;
    let wrong = json!({
        "table": "company_pages", "mappings": {"final_url": "address", "a..b": "url"},
        "settings": {
            "base_url": desk.zenrows.base_url(), "when": "company.domain ==", "depends_on": ["wrong"],
            "secret": "NOBODYS_KEY", "params": {"proxy_country": "nz"}, "unheard_of": 1,
        },
    });
    desk.workflow("wrong", 1, "zenrows", wrong).await;
    let told = check(&desk, "wrong").await;
    assert_eq!(told["ok"], false);
    let pointers: Vec<&str> = told["mistakes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mistake| mistake["pointer"].as_str().unwrap())
        .collect();
    for pointer in [
        "/settings/when",
        "/settings/depends_on",
        "/settings/unheard_of",
        "/destination_field_mappings",
    ] {
        assert!(pointers.contains(&pointer), "{pointer} in {told}");
    }
    let text = told.to_string();
    assert!(text.contains("address") && text.contains("proxy_country"), "{told}");

    let own = json!({"table": "users", "mappings": {"a": "email"}, "destination_db": "hq",
        "settings": {"url": "http://169.254.169.254/latest", "headers": {"x": "{{ secret('NOBODYS_KEY') }}"}}});
    desk.workflow("own-table", 1, "http", own).await;
    let text = check(&desk, "own-table").await.to_string();
    for part in ["daemon's own", "metadata", "NOBODYS_KEY"] {
        assert!(text.contains(part), "{part} in {text}");
    }

    let right = json!({"table": "company_pages", "mappings": {"final_url": "url"},
        "settings": {"base_url": desk.zenrows.base_url()}});
    desk.workflow("right", 1, "zenrows", right).await;
    let told = check(&desk, "right").await;
    assert_eq!(told["ok"], true, "{told}");
}

async fn a_dry_run_shows_the_request_and_the_row_and_writes_nothing(database: Db) {
    let desk = Desk::start(database).await;
    desk.run_sql("create table company_pages (id text primary key, company_domain text, url text, title text)")
        .await;
    let workflow = json!({"table": "company_pages", "mappings": {"final_url": "url", "title": "title"},
        "settings": {"base_url": desk.zenrows.base_url()}});
    desk.workflow("page", 1, "zenrows", workflow).await;
    let company =
        "insert into companies (organisation_id, domain, name) select id, 'one.example', 'One' from organisations";
    desk.hq.execute_unprepared(company).await.unwrap();
    let company = desk.select("select id from companies").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/workflows/{}/dry-run", id_of(&desk, "page").await);

    let shown = desk
        .api
        .post(&path, &json!({"company_id": company}))
        .await
        .expect(200)
        .json();
    let request = shown["request"].to_string();
    assert!(
        request.contains("one.example") && request.contains("***ZENROWS_API_KEY***"),
        "{shown}"
    );
    assert!(!shown.to_string().contains(batchdesk::simulators::zenrows::KEY));
    assert_eq!(desk.zenrows.total(), 0, "nobody was called");

    let body = json!({"company_id": company, "call": true});
    let called = desk.api.post(&path, &body).await.expect(200).json();
    assert_eq!(called["row"]["company_domain"], "one.example", "{called}");
    assert!(called["row"]["url"].as_str().unwrap().contains("one.example"));
    assert!(
        called["errors"].to_string().contains("title"),
        "the page's data has no title: {called}"
    );

    let body = json!({"company_id": company, "sample": {"final_url": "https://x.example/", "title": 5}});
    let sampled = desk.api.post(&path, &body).await.expect(200).json();
    assert_eq!(sampled["row"]["title"], "5");
    assert_eq!(desk.select_workspace("select id from company_pages").await.len(), 0);
    assert_eq!(desk.select("select id from enrichment_results_log").await.len(), 0);
}
