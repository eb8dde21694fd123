//! What becomes of answers that are early, late, repeated, different, forged, huge or for a job that was killed.

use batchdesk::simulators::Delivery;
use batchdesk::simulators::n8n::When;
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::support::daemon::Db;

on_both_databases!("callbacks":
    an_early_answer_is_kept_until_the_step_waits,
    the_same_answer_again_is_200_and_another_is_409,
    forged_and_huge_answers_leave_the_step_waiting,
    a_killed_job_and_a_missed_deadline_take_no_answer,
    waiting_survives_a_kill_of_the_daemon_and_a_pause_takes_answers,
    a_step_ends_under_the_version_that_it_began_with,
    a_step_that_has_begun_ends_though_its_workflow_is_gone,
);

/// A daemon with one workflow that n8n answers by a callback.
async fn waiting(database: Db, settings: Value) -> Desk {
    let desk = Desk::start_with(database, "[receivers]\nmax_body_bytes = 2000\n").await;
    let mut all = json!({"url": desk.n8n.webhook_url("case-studies")});
    all.as_object_mut()
        .unwrap()
        .extend(settings.as_object().unwrap().clone());
    let workflow = json!({"mode": "async", "settings": all});
    desk.workflow("studies", 1, "n8n", workflow).await;
    desk
}

/// Posts an answer where the first call said, and gives the status.
async fn answer(desk: &Desk, body: &Value) -> u16 {
    let url = callback_url(desk, 0).await;
    post(&url, body).await
}

async fn callback_url(desk: &Desk, call: usize) -> String {
    desk.n8n.until_calls(call as u64 + 1).await;
    let url = desk.n8n.calls()[call].body["callback_url"].as_str().unwrap().to_owned();
    // The daemon's port is another after a restart.
    let path = url.split_once("/api/").unwrap().1;
    format!("{}/api/{path}", desk.daemon.base_url())
}

async fn post(url: &str, body: &Value) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.post(url).json(body).send().await.unwrap();
    answer.status().as_u16()
}

async fn until_waiting(desk: &Desk) {
    let sql = "select id from job_practices where blocked_by like 'callback until%'";
    desk.until(sql, |rows| rows.len() == 1).await;
}

async fn an_early_answer_is_kept_until_the_step_waits(database: Db) {
    let desk = waiting(database, json!({})).await;
    desk.n8n.change("case-studies", |workflow| workflow.when = When::Early);
    let job = desk.upload("default", &["one.example"]).await;
    let ended = desk.until_ended(&job).await;
    assert_eq!(ended["counts"]["aggregated"], 1, "{}", desk.daemon.log());
    desk.n8n.until_callbacks(1).await;
    assert_eq!(desk.n8n.callbacks()[0].answered, Ok(202));
}

async fn the_same_answer_again_is_200_and_another_is_409(database: Db) {
    let desk = waiting(database, json!({})).await;
    desk.n8n.set_delivery("case-studies", Delivery::Never);
    let job = desk.upload("default", &["one.example"]).await;
    until_waiting(&desk).await;
    let body = json!({"case_study_urls": ["https://one.example/a"]});
    assert_eq!(answer(&desk, &body).await, 202);
    assert_eq!(answer(&desk, &body).await, 200);
    assert_eq!(answer(&desk, &json!({"case_study_urls": []})).await, 409);
    let ended = desk.until_ended(&job).await;
    assert_eq!(ended["counts"]["aggregated"], 1);
    // Also when the step has long ended.
    assert_eq!(answer(&desk, &body).await, 200);
    let results = desk.select("select final_payload from job_practices").await;
    assert!(
        results[0]["final_payload"].to_string().contains("one.example/a"),
        "{results:?}"
    );
}

async fn forged_and_huge_answers_leave_the_step_waiting(database: Db) {
    let desk = waiting(database, json!({})).await;
    desk.n8n.set_delivery("case-studies", Delivery::Never);
    let job = desk.upload("default", &["one.example"]).await;
    until_waiting(&desk).await;
    let right = callback_url(&desk, 0).await;
    let body = json!({"case_study_urls": ["a"]});
    let wrong_token = format!("{}?token=nobodys", right.split_once('?').unwrap().0);
    let other_workflow = right.replace("/studies?", "/other?");
    let no_token = right.split_once('?').unwrap().0.to_owned();
    for forged in [&wrong_token, &other_workflow, &no_token] {
        assert_eq!(post(forged, &body).await, 404, "{forged}");
    }
    assert_eq!(post(&right, &json!({"x": "y".repeat(3_000)})).await, 413);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let html = client.post(&right).body("<html>").send().await.unwrap();
    assert_eq!(html.status().as_u16(), 400);
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let deep = client.post(&right).body(deep).send().await.unwrap();
    assert_eq!(deep.status().as_u16(), 400, "what could not be read later");
    let token = right.split_once("token=").unwrap().1;
    let body = json!({"case_study_urls": ["a"], "asked": token});
    assert_eq!(post(&right, &body).await, 202, "nothing of that has used the token up");
    assert_eq!(desk.until_ended(&job).await["counts"]["aggregated"], 1);
    let kept = desk.select("select final_payload from job_practices").await;
    let kept = kept[0]["final_payload"].to_string();
    assert!(kept.contains("***token***") && !kept.contains(token), "{kept}");
}

async fn a_killed_job_and_a_missed_deadline_take_no_answer(database: Db) {
    let desk = waiting(database, json!({"callback_deadline_ms": 300, "on_deadline": "fail"})).await;
    desk.n8n.set_delivery("case-studies", Delivery::Never);
    let job = desk.upload("default", &["one.example"]).await;
    let ended = desk.until_ended(&job).await;
    assert_eq!(ended["counts"]["error"], 1, "no answer came by the deadline");
    assert_eq!(answer(&desk, &json!({"a": 1})).await, 410);
    let logs = desk.logs(&job, 1).await;
    assert!(
        logs[0]["error_message"].as_str().unwrap().contains("deadline"),
        "{logs:?}"
    );

    let patient =
        json!({"mode": "async", "play": "patient", "settings": {"url": desk.n8n.webhook_url("case-studies")}});
    desk.workflow("patient", 1, "n8n", patient).await;
    let job = desk.upload("patient", &["two.example"]).await;
    until_waiting(&desk).await;
    desk.api
        .post("/api/kill-job", &json!({"job_id": job}))
        .await
        .expect(200);
    let url = callback_url(&desk, 1).await;
    assert_eq!(post(&url, &json!({"a": 1})).await, 410);
    assert_eq!(
        desk.until_ended(&job).await["status"],
        "error",
        "a late answer brings nothing back"
    );
}

async fn waiting_survives_a_kill_of_the_daemon_and_a_pause_takes_answers(database: Db) {
    let mut desk = waiting(database, json!({})).await;
    desk.n8n.set_delivery("case-studies", Delivery::Never);
    let job = desk.upload("default", &["one.example"]).await;
    until_waiting(&desk).await;
    desk.daemon.kill9();
    desk.daemon.restart();
    desk.api = desk.daemon.api(&desk.daemon.token("admin"));
    desk.api
        .post("/api/pause-job", &json!({"job_id": job}))
        .await
        .expect(200);
    assert_eq!(
        answer(&desk, &json!({"case_study_urls": ["a"]})).await,
        202,
        "stored while paused"
    );
    let job_now = desk.api.status(&job).await.expect(200).json();
    assert_eq!(job_now["counts"]["aggregated"], 0, "and not acted upon");
    desk.api
        .post("/api/resume-job", &json!({"job_id": job}))
        .await
        .expect(200);
    assert_eq!(desk.until_ended(&job).await["counts"]["aggregated"], 1);
    assert_eq!(desk.n8n.calls().len(), 1, "nobody was asked twice");
}

async fn a_step_ends_under_the_version_that_it_began_with(database: Db) {
    let desk = Desk::start(database).await;
    desk.n8n.set_delivery("case-studies", Delivery::Never);
    let settings = |result: &str| json!({"url": desk.n8n.webhook_url("case-studies"), "result": result});
    let workflow = json!({
        "workflow_slug": "studies", "title": "Studies", "overall_step_number": 1, "provider": "n8n",
        "mode": "async", "settings": settings("first"),
    });
    let made = desk.api.post("/api/workflows", &workflow).await.expect(201).json();
    let path = format!("/api/workflows/{}", made["id"].as_str().unwrap());
    let job = desk.upload("default", &["one.example"]).await;
    until_waiting(&desk).await;
    let changed = desk
        .api
        .raw(
            reqwest::Method::PATCH,
            &path,
            json!({"settings": settings("second")}).to_string(),
            &[("content-type", "application/json")],
        )
        .await
        .expect(200)
        .json();
    assert_eq!(changed["version"], 2, "{changed}");
    let body = json!({"first": {"found": "old"}, "second": {"found": "new"}});
    assert_eq!(answer(&desk, &body).await, 202);
    assert_eq!(desk.until_ended(&job).await["counts"]["aggregated"], 1);
    let results = desk.select("select final_payload from job_practices").await;
    let text = results[0]["final_payload"].to_string();
    assert!(text.contains("old") && !text.contains("new"), "{text}");

    // What begins now begins under the version of now.
    let job = desk.upload("default", &["two.example"]).await;
    until_waiting(&desk).await;
    let url = callback_url(&desk, 1).await;
    assert_eq!(post(&url, &body).await, 202);
    assert_eq!(desk.until_ended(&job).await["counts"]["aggregated"], 1);
    let results = desk
        .select("select final_payload from job_practices order by id desc")
        .await;
    assert!(results[0]["final_payload"].to_string().contains("new"));
}

async fn a_step_that_has_begun_ends_though_its_workflow_is_gone(database: Db) {
    let mut desk = Desk::start(database).await;
    desk.n8n.set_delivery("case-studies", Delivery::Never);
    let workflow = json!({
        "workflow_slug": "studies", "title": "Studies", "overall_step_number": 1, "provider": "n8n",
        "mode": "async", "settings": {"url": desk.n8n.webhook_url("case-studies")},
    });
    let made = desk.api.post("/api/workflows", &workflow).await.expect(201).json();
    let path = format!("/api/workflows/{}", made["id"].as_str().unwrap());
    let job = desk.upload("default", &["one.example"]).await;
    until_waiting(&desk).await;
    desk.api.raw(reqwest::Method::DELETE, &path, "", &[]).await.expect(204);
    desk.daemon.kill9();
    desk.daemon.restart();
    desk.api = desk.daemon.api(&desk.daemon.token("admin"));
    assert_eq!(answer(&desk, &json!({"case_study_urls": ["kept"]})).await, 202);
    assert_eq!(
        desk.until_ended(&job).await["counts"]["aggregated"],
        1,
        "{}",
        desk.daemon.log()
    );
    let results = desk.select("select final_payload from job_practices").await;
    assert!(results[0]["final_payload"].to_string().contains("kept"), "{results:?}");
    assert_eq!(
        answer(&desk, &json!({"another": 1})).await,
        409,
        "the answer that stands is the first"
    );
}
