//! What a play lives through: a workspace or HQ that is away for a while, and workflows that change or go while it runs.

use std::sync::Arc;

use batchdesk::simulators::Delivery;
use batchdesk::simulators::n8n::When;
use sea_orm::{ConnectionTrait as _, Database, EntityTrait as _, QueryFilter as _, Set, TransactionTrait as _};
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::support::daemon::Db;
use crate::support::postgres::{self, Cluster, Durability};

on_both_databases!("faults":
    what_was_paid_for_is_kept_while_its_table_is_missing,
    an_answer_is_stored_by_a_workflow_that_was_mended,
    a_workflow_that_goes_while_its_answer_is_awaited_takes_it_all_the_same,
    a_step_that_was_put_off_has_its_whole_deadline_before_it,
);

const PAGES: &str = "create table company_pages (id KEY primary key, company_domain text, url text)";
const STUDIES: &str = "create table company_studies (id KEY primary key, company_domain text, urls text)";

fn on_sqlite(table: &str) -> String {
    table.replace("KEY", "uuid_text")
}

fn on_postgres(table: &str) -> String {
    table.replace("KEY", "uuid")
}

fn on(database: &Db) -> fn(&str) -> String {
    match database {
        Db::Sqlite => on_sqlite,
        Db::Postgres(_) => on_postgres,
    }
}

/// A play of a page by ZenRows and studies by n8n, which answers with a list of items, and one that writes nowhere.
async fn plays(desk: &Desk) {
    desk.n8n.change("case-studies", |workflow| {
        workflow.when = When::Early;
        workflow.result = Arc::new(|asked: &Value| json!([{"urls": asked["company"]["domain"]}]));
    });
    let zenrows = json!({"base_url": desk.zenrows.base_url()});
    let pages = json!({"table": "company_pages", "mappings": {"final_url": "url"}, "settings": zenrows});
    desk.workflow("pages", 1, "zenrows", pages).await;
    let n8n = json!({"url": desk.n8n.webhook_url("case-studies")});
    let studies = json!({"mode": "async", "table": "company_studies", "mappings": {"urls": "urls"}, "settings": n8n});
    desk.workflow("studies", 2, "n8n", studies).await;
    desk.workflow("look", 1, "zenrows", json!({"play": "other", "settings": zenrows}))
        .await;
}

const DOMAINS: [&str; 4] = ["one.example", "two.example", "three.example", "four.example"];

/// Everything is stored, nobody was asked twice, no attempt was spent.
async fn assert_undisturbed(desk: &Desk, job: &str) {
    let ended = desk.until_ended(job).await;
    assert_eq!(ended["counts"]["aggregated"], 4, "{ended}\n{}", desk.daemon.log());
    let logs = desk.logs(job, 8).await;
    assert!(
        logs.iter()
            .all(|log| log["status"] == "completed" && log["attempts"] == 1),
        "{logs:?}"
    );
    assert_eq!(desk.n8n.calls().len(), 4, "n8n was asked once for each");
    let asked = desk.zenrows.requests();
    let for_pages = asked.iter().filter(|request| !request.url.contains("other"));
    assert_eq!(for_pages.count(), 4, "ZenRows was asked once for each: {asked:?}");
    let pages = "select company_domain from company_pages order by company_domain";
    assert_eq!(desk.select_workspace(pages).await.len(), 4);
    let studies = "select company_domain, urls from company_studies";
    let studies = desk.select_workspace(studies).await;
    assert_eq!(studies.len(), 4);
    assert!(
        studies.iter().all(|row| row["company_domain"] == row["urls"]),
        "{studies:?}"
    );
    let open = desk.select("select id from step_runs where closed_at is null").await;
    assert_eq!(open, Vec::<Value>::new(), "every step run is closed");
}

async fn until_away(desk: &Desk) {
    let away = "select id from job_practices where blocked_by like 'destination away until%' \
                and flow is not null";
    desk.until(away, |rows| rows.len() == 4).await;
}

async fn others_go_on(desk: &Desk) {
    let other = desk.upload("other", &["one.other.example", "two.other.example"]).await;
    assert_eq!(desk.until_ended(&other).await["counts"]["aggregated"], 2);
}

#[tokio::test]
async fn a_workspace_that_is_locked_is_waited_for() {
    let desk = Desk::start(Db::Sqlite).await;
    desk.run_sql(&on_sqlite(PAGES)).await;
    desk.run_sql(&on_sqlite(STUDIES)).await;
    plays(&desk).await;
    let lock = desk.workspace.begin().await.unwrap();
    lock.execute_unprepared("delete from company_pages").await.unwrap();
    let job = desk.upload("default", &DOMAINS).await;
    until_away(&desk).await;
    others_go_on(&desk).await;
    lock.rollback().await.unwrap();
    assert_undisturbed(&desk, &job).await;
}

#[tokio::test]
async fn a_workspace_that_is_stopped_is_waited_for_also_by_callbacks() {
    if !postgres::require_or_skip("a stopped workspace") {
        return;
    }
    let cluster = Cluster::start(Durability::Relaxed);
    let workspace = cluster.create_database();
    let desk = Desk::start_on(Db::Sqlite, Some(&workspace.url), "").await;
    desk.run_sql(&on_postgres(PAGES)).await;
    desk.run_sql(&on_postgres(STUDIES)).await;
    plays(&desk).await;
    // Before anything is known of the table.
    cluster.stop();
    let job = desk.upload("default", &DOMAINS).await;
    until_away(&desk).await;
    others_go_on(&desk).await;
    cluster.start_again();
    let done = "select id from job_practices where step_number >= 1 and job_id in (select id from enrichment_jobs \
                where play_name = 'default')";
    desk.until(done, |rows| !rows.is_empty()).await;
    // And again, while callbacks come.
    cluster.restart();
    assert_undisturbed(&desk, &job).await;
}

async fn what_was_paid_for_is_kept_while_its_table_is_missing(database: Db) {
    let on = on(&database);
    let desk = Desk::start(database).await;
    desk.run_sql(&on(STUDIES)).await;
    plays(&desk).await;
    let job = desk.upload("default", &DOMAINS).await;
    desk.until_status(&job, "paused").await;
    let kept = "select id from step_runs where answer is not null";
    let asked = desk.zenrows.total() as usize;
    desk.until(kept, |rows| rows.len() == asked).await;
    desk.run_sql(&on(PAGES)).await;
    desk.api.resume(&job).await.expect(200);
    assert_undisturbed(&desk, &job).await;
}

/// Keeps the workflow as it is now as a version of it.
async fn keep_version(desk: &Desk, slug: &str) {
    use entity::{db_driven_enrichment_workflows as workflows, workflow_versions};

    let row = workflows::Entity::find()
        .filter(workflows::COLUMN.workflow_slug.eq(slug))
        .one(&desk.hq)
        .await
        .unwrap()
        .unwrap();
    let kept = workflow_versions::ActiveModel {
        workflow_id: Set(row.id),
        version: Set(row.version),
        created_at: Set(row.created_at),
        spec: Set(serde_json::to_value(&row).unwrap()),
    };
    workflow_versions::Entity::insert(kept)
        .exec_without_returning(&desk.hq)
        .await
        .unwrap();
}

async fn an_answer_is_stored_by_a_workflow_that_was_mended(database: Db) {
    let on = on(&database);
    let desk = Desk::start(database).await;
    desk.run_sql(&on(PAGES)).await;
    plays(&desk).await;
    let job = desk.upload("default", &DOMAINS).await;
    desk.until_status(&job, "paused").await;
    desk.run_sql(&on(STUDIES).replace("company_studies", "company_stories"))
        .await;
    // The version that the steps began under is known, and stays wrong.
    keep_version(&desk, "studies").await;
    let mend = "update db_driven_enrichment_workflows set destination_table_name = 'company_stories', \
                version = version + 1 where workflow_slug = 'studies'";
    desk.hq.execute_unprepared(mend).await.unwrap();
    desk.api.resume(&job).await.expect(200);
    let ended = desk.until_ended(&job).await;
    assert_eq!(ended["counts"]["aggregated"], 4, "{ended}\n{}", desk.daemon.log());
    assert_eq!(desk.n8n.calls().len(), 4, "n8n was asked once for each");
    assert_eq!(desk.select_workspace("select urls from company_stories").await.len(), 4);
}

async fn a_workflow_that_goes_while_its_answer_is_awaited_takes_it_all_the_same(database: Db) {
    for gone in [
        "update db_driven_enrichment_workflows set enabled = false, version = version + 1 where workflow_slug = 'studies'",
        "delete from db_driven_enrichment_workflows where workflow_slug = 'studies'",
    ] {
        let of_its_own = matches!(database, Db::Postgres(_)).then(postgres::create_database);
        let hq = of_its_own
            .as_ref()
            .map_or(Db::Sqlite, |database| Db::Postgres(database.url.clone()));
        let desk = Desk::start(hq).await;
        desk.n8n.set_delivery("case-studies", Delivery::Never);
        let settings = json!({"url": desk.n8n.webhook_url("case-studies")});
        desk.workflow("studies", 1, "n8n", json!({"mode": "async", "settings": settings}))
            .await;
        let page = json!({"settings": {"base_url": desk.zenrows.base_url()}});
        desk.workflow("page", 2, "zenrows", page).await;
        let job = desk.upload("default", &["one.example"]).await;
        let waits = "select id from job_practices where blocked_by like 'callback until%'";
        desk.until(waits, |rows| rows.len() == 1).await;
        desk.hq.execute_unprepared(gone).await.unwrap();
        let url = desk.n8n.calls()[0].body["callback_url"].as_str().unwrap().to_owned();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.post(url).json(&json!({"urls": "a"})).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 202, "{gone}");
        assert_eq!(desk.until_ended(&job).await["counts"]["aggregated"], 1, "{gone}");
        let logs = desk.logs(&job, 2).await;
        assert!(logs.iter().all(|log| log["status"] == "completed"), "{gone}: {logs:?}");
    }
}

async fn a_step_that_was_put_off_has_its_whole_deadline_before_it(database: Db) {
    let desk = Desk::start(database).await;
    // Calls wait for their turn for longer than their answers have time.
    let settings = json!({
        "url": desk.n8n.webhook_url("case-studies"), "rate_per_second": 1, "callback_deadline_ms": 900,
        "on_deadline": "fail",
    });
    desk.workflow("studies", 1, "n8n", json!({"mode": "async", "settings": settings}))
        .await;
    let job = desk.upload("default", &DOMAINS).await;
    let ended = desk.until_ended(&job).await;
    assert_eq!(ended["counts"]["aggregated"], 4, "{ended}\n{}", desk.daemon.log());
    assert_eq!(desk.n8n.calls().len(), 4);
}

#[tokio::test]
async fn answers_that_come_while_hq_is_away_are_refused_for_a_while_and_taken_later() {
    let desk = Desk::start_with(Db::Sqlite, "[http]\ncommand_timeout_ms = 300\n").await;
    desk.n8n.set_delivery("case-studies", Delivery::Never);
    let settings = json!({"url": desk.n8n.webhook_url("case-studies")});
    desk.workflow("studies", 1, "n8n", json!({"mode": "async", "settings": settings}))
        .await;
    let job = desk.upload("default", &DOMAINS).await;
    let waits = "select id from job_practices where blocked_by like 'callback until%'";
    desk.until(waits, |rows| rows.len() == 4).await;
    let intruder = Database::connect(desk.daemon.database_url()).await.unwrap();
    let lock = intruder.begin().await.unwrap();
    lock.execute_unprepared("update writer_state set last_end = last_end")
        .await
        .unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let bring = async |call: usize| {
        let calls = desk.n8n.calls();
        let url = calls[call].body["callback_url"].as_str().unwrap().to_owned();
        client.post(url).json(&json!({"urls": "a"})).send().await.unwrap()
    };
    for call in 0..4 {
        let refused = bring(call).await;
        assert_eq!(refused.status().as_u16(), 503);
        assert!(refused.headers().contains_key("retry-after"));
    }
    lock.rollback().await.unwrap();
    for call in 0..4 {
        // The first delivery may have been stored after its answer was given up: then this one is a repetition.
        let taken = loop {
            match bring(call).await.status().as_u16() {
                503 => {}
                status => break status,
            }
        };
        assert!(matches!(taken, 200 | 202), "{taken}");
    }
    assert_eq!(desk.until_ended(&job).await["counts"]["aggregated"], 4);
    assert_eq!(desk.n8n.calls().len(), 4, "nobody was asked twice");
}

#[tokio::test]
async fn an_hq_that_restarts_while_answers_come_spends_no_attempt() {
    const PRACTICES: usize = 60;
    if !postgres::require_or_skip("HQ that restarts") {
        return;
    }
    let cluster = Arc::new(Cluster::start(Durability::Relaxed));
    let hq = cluster.create_database();
    let desk = Desk::start_on(Db::Postgres(hq.url.clone()), None, "").await;
    desk.n8n.set_delivery("case-studies", Delivery::Never);
    let settings = json!({"url": desk.n8n.webhook_url("case-studies")});
    desk.workflow("studies", 1, "n8n", json!({"mode": "async", "settings": settings}))
        .await;
    let domains: Vec<String> = (0..PRACTICES).map(|n| format!("p{n}.example")).collect();
    let domains: Vec<&str> = domains.iter().map(String::as_str).collect();
    let job = desk.upload("default", &domains).await;
    let waits = "select id from job_practices where blocked_by like 'callback until%'";
    desk.until(waits, |rows| rows.len() == PRACTICES).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (n, call) in desk.n8n.calls().iter().enumerate() {
        let restarted = (n % 20 == 10).then(|| {
            let cluster = Arc::clone(&cluster);
            tokio::task::spawn_blocking(move || cluster.restart())
        });
        let url = call.body["callback_url"].as_str().unwrap();
        loop {
            let answer = client.post(url).json(&json!({"urls": n})).send().await.unwrap();
            match answer.status().as_u16() {
                200 | 202 => break,
                status => assert_eq!(status, 503),
            }
        }
        if let Some(restarted) = restarted {
            restarted.await.unwrap();
        }
    }
    let ended = desk.until_ended(&job).await;
    assert_eq!(
        ended["counts"]["aggregated"],
        PRACTICES,
        "{ended}\n{}",
        desk.daemon.log()
    );
    assert_eq!(desk.n8n.calls().len(), PRACTICES, "nobody was asked twice");
    let logs = desk.logs(&job, PRACTICES).await;
    assert!(logs.iter().all(|log| log["attempts"] == 1), "{logs:?}");
}
