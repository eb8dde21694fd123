//! Conditions, dependencies, waterfalls, optional steps, and what is wrong with a workflow.

use std::sync::Arc;

use batchdesk::simulators::n8n::{self, N8n};
use batchdesk::simulators::zenrows::Code;
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::support::daemon::Db;

on_both_databases!("plays":
    a_step_whose_condition_does_not_hold_is_skipped,
    the_next_workflow_of_a_step_is_asked_where_one_fails,
    an_optional_step_that_fails_holds_nobody_back,
    each_workflow_of_a_step_has_a_condition_of_its_own,
    a_revoked_key_pauses_the_job_with_one_reason,
    a_table_that_is_missing_pauses_the_job_until_it_is_there,
    a_scrape_can_be_given_to_zenrows,
    a_redo_begins_with_the_first_workflow_of_the_step,
    the_scrape_of_an_upload_can_be_dispatched_to_a_webhook,
);

fn zenrows(desk: &Desk, settings: Value) -> Value {
    let mut all = json!({"base_url": desk.zenrows.base_url()});
    all.as_object_mut()
        .unwrap()
        .extend(settings.as_object().unwrap().clone());
    json!({"settings": all})
}

fn statuses(logs: &[Value]) -> Vec<(String, String)> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    logs.iter()
        .map(|row| (text(row, "workflow_slug"), text(row, "status")))
        .collect()
}

fn pair(slug: &str, status: &str) -> (String, String) {
    (slug.to_owned(), status.to_owned())
}

async fn a_step_whose_condition_does_not_hold_is_skipped(database: Db) {
    let desk = Desk::start(database).await;
    let when = json!({"when": "company.domain == 'two.example'"});
    desk.workflow("only-two", 1, "zenrows", zenrows(&desk, when)).await;
    let depends = json!({"depends_on": ["only-two"]});
    desk.workflow("after-it", 2, "zenrows", zenrows(&desk, depends)).await;
    let job = desk.upload("default", &["one.example", "two.example"]).await;
    assert_eq!(
        desk.until_ended(&job).await["counts"]["aggregated"],
        2,
        "{}",
        desk.daemon.log()
    );
    let logs = desk.logs(&job, 4).await;
    assert_eq!(
        statuses(&logs),
        [
            pair("only-two", "skipped"),
            pair("after-it", "skipped"),
            pair("only-two", "completed"),
            pair("after-it", "completed"),
        ]
    );
    assert!(
        logs[1]["error_message"]
            .as_str()
            .unwrap()
            .contains("'only-two' has not completed")
    );
}

async fn the_next_workflow_of_a_step_is_asked_where_one_fails(database: Db) {
    let desk = Desk::start(database).await;
    desk.zenrows.fail_domain("one.example", Code::Resp002, Some(1));
    desk.workflow("cheap", 1, "zenrows", zenrows(&desk, json!({"order": 1})))
        .await;
    desk.workflow(
        "dear",
        1,
        "zenrows",
        zenrows(&desk, json!({"order": 2, "params": {"js_render": true}})),
    )
    .await;
    let job = desk.upload("default", &["one.example", "two.example"]).await;
    assert_eq!(
        desk.until_ended(&job).await["counts"]["aggregated"],
        2,
        "{}",
        desk.daemon.log()
    );
    let logs = desk.logs(&job, 2).await;
    assert_eq!(statuses(&logs), [pair("dear", "completed"), pair("cheap", "completed")]);
}

async fn an_optional_step_that_fails_holds_nobody_back(database: Db) {
    let desk = Desk::start(database).await;
    desk.zenrows.fail_domain("one.example", Code::Resp002, Some(1));
    desk.workflow("logo", 1, "zenrows", zenrows(&desk, json!({"skip_if_failed": true})))
        .await;
    desk.workflow("page", 2, "zenrows", zenrows(&desk, json!({}))).await;
    let job = desk.upload("default", &["one.example"]).await;
    assert_eq!(
        desk.until_ended(&job).await["counts"]["aggregated"],
        1,
        "{}",
        desk.daemon.log()
    );
    let logs = desk.logs(&job, 2).await;
    assert_eq!(statuses(&logs), [pair("logo", "failed"), pair("page", "completed")]);
}

async fn a_revoked_key_pauses_the_job_with_one_reason(database: Db) {
    let desk = Desk::start(database).await;
    desk.workflow("page", 1, "zenrows", zenrows(&desk, json!({}))).await;
    desk.zenrows.revoke(batchdesk::simulators::zenrows::KEY);
    let domains: Vec<String> = (0..50).map(|n| format!("p{n}.example")).collect();
    let domains: Vec<&str> = domains.iter().map(String::as_str).collect();
    let job = desk.upload("default", &domains).await;
    desk.until_status(&job, "paused").await;
    let seen = desk.api.job(&job).await.expect(200).json();
    assert!(seen["error_message"].as_str().unwrap().contains("key"), "{seen}");
    assert_eq!(seen["counts"]["error"], 0, "nothing is burnt for it");
    assert!(
        desk.zenrows.total() <= 5,
        "no more calls than were on their way: {}",
        desk.zenrows.total()
    );
}

async fn a_table_that_is_missing_pauses_the_job_until_it_is_there(database: Db) {
    let desk = Desk::start(database).await;
    let mut workflow = zenrows(&desk, json!({}));
    workflow["table"] = json!("company_pages");
    workflow["mappings"] = json!({"final_url": "url"});
    desk.workflow("page", 1, "zenrows", workflow).await;
    let job = desk.upload("default", &["one.example", "two.example"]).await;
    desk.until_status(&job, "paused").await;
    let seen = desk.api.job(&job).await.expect(200).json();
    assert!(
        seen["error_message"].as_str().unwrap().contains("company_pages"),
        "{seen}"
    );
    desk.run_sql("create table company_pages (id text primary key, url text)")
        .await;
    desk.api
        .post("/api/resume-job", &json!({"job_id": job}))
        .await
        .expect(200);
    assert_eq!(
        desk.until_ended(&job).await["counts"]["aggregated"],
        2,
        "{}",
        desk.daemon.log()
    );
    assert_eq!(desk.select_workspace("select url from company_pages").await.len(), 2);
}

async fn a_scrape_can_be_given_to_zenrows(database: Db) {
    let desk = Desk::start(database).await;
    let page = "<html><head><title>Bay Dental</title></head><body><h1>Bay Dental</h1>\
        <p>Call us on <a href=\"tel:+6494861234\">09 486 1234</a></p></body></html>";
    desk.zenrows.set_page("https://bay-dental.co.nz/", page);
    let native =
        |handler: &str, done: &str| json!({"play": "mine", "settings": {"handler": handler, "done_status": done}});
    desk.workflow("mine-url", 1, "native", native("url", "url_complete"))
        .await;
    let mut scrape = zenrows(&desk, json!({"done_status": "scraped"}));
    scrape["play"] = json!("mine");
    desk.workflow("mine-scrape", 2, "zenrows", scrape).await;
    desk.workflow("mine-end", 3, "native", native("aggregate", "aggregated"))
        .await;
    let job = desk.upload("mine", &["bay-dental.co.nz"]).await;
    assert_eq!(
        desk.until_ended(&job).await["counts"]["aggregated"],
        1,
        "{}",
        desk.daemon.log()
    );
    let found = desk.select("select final_payload from job_practices").await;
    let text = found[0]["final_payload"].to_string();
    assert!(text.contains("Bay Dental") && text.contains("+6494861234"), "{text}");
}

async fn a_redo_begins_with_the_first_workflow_of_the_step(database: Db) {
    let desk = Desk::start(database).await;
    desk.zenrows.fail_domain("one.example", Code::Resp002, Some(2));
    desk.workflow("cheap", 1, "zenrows", zenrows(&desk, json!({"order": 1})))
        .await;
    desk.workflow("dear", 1, "zenrows", zenrows(&desk, json!({"order": 2})))
        .await;
    let job = desk.upload("default", &["one.example"]).await;
    assert_eq!(desk.until_ended(&job).await["counts"]["error"], 1);
    desk.api
        .post("/api/redo-job", &json!({"job_id": job}))
        .await
        .expect(200);
    let done = |seen: &Value| seen["counts"]["aggregated"] == 1;
    desk.api.wait_until(&job, done, crate::desk::SOON).await;
    let logs = desk.logs(&job, 2).await;
    assert_eq!(statuses(&logs), [pair("dear", "failed"), pair("cheap", "completed")]);
}

async fn the_scrape_of_an_upload_can_be_dispatched_to_a_webhook(database: Db) {
    let n8n = N8n::start(n8n::Options::default()).await.unwrap();
    n8n.change("case-studies", |workflow| {
        workflow.result = Arc::new(|body| {
            let url = body["data"]["url"].as_str().unwrap_or_default();
            json!({"name": format!("What n8n read at {url}"), "phones": ["+64 9 486 1234"], "employees": 4})
        });
    });
    let extra = format!(
        "[workflows]\ndispatcher_url = \"{}\"\n",
        n8n.webhook_url("case-studies")
    );
    let desk = Desk::start_with(database, &extra).await;
    let job = desk.upload("practice-enrichment", &["www.bay-dental.co.nz"]).await;
    assert_eq!(
        desk.until_ended(&job).await["counts"]["aggregated"],
        1,
        "{}",
        desk.daemon.log()
    );
    let found = desk.select("select final_payload from job_practices").await;
    let text = found[0]["final_payload"].to_string().replace("\\\"", "\"");
    for part in [
        "What n8n read at https://www.bay-dental.co.nz",
        "+6494861234",
        "employees",
        "provider",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

async fn each_workflow_of_a_step_has_a_condition_of_its_own(database: Db) {
    let desk = Desk::start(database).await;
    let only = |domain: &str, order: i32| {
        zenrows(
            &desk,
            json!({"order": order, "when": format!("company.domain == '{domain}'")}),
        )
    };
    desk.workflow("for-one", 1, "zenrows", only("one.example", 1)).await;
    desk.workflow("for-two", 1, "zenrows", only("two.example", 2)).await;
    let after = zenrows(&desk, json!({"depends_on": ["for-two"]}));
    desk.workflow("after-two", 2, "zenrows", after).await;
    let wrong = zenrows(&desk, json!({"when": "company.domain / 2 > 1", "skip_if_failed": true}));
    desk.workflow("undecided", 3, "zenrows", wrong).await;
    let job = desk
        .upload("default", &["one.example", "two.example", "three.example"])
        .await;
    assert_eq!(
        desk.until_ended(&job).await["counts"]["aggregated"],
        3,
        "{}",
        desk.daemon.log()
    );
    let logs = desk.logs(&job, 9).await;
    assert_eq!(
        statuses(&logs),
        [
            pair("for-one", "completed"),
            pair("after-two", "skipped"),
            pair("undecided", "failed"),
            pair("for-two", "completed"),
            pair("after-two", "completed"),
            pair("undecided", "failed"),
            pair("for-two", "skipped"),
            pair("after-two", "skipped"),
            pair("undecided", "failed"),
        ]
    );
}
