//! Results that outside functions post, and what the operator sees of providers.

use batchdesk::simulators::postgrest::{self, Column, Postgrest, Table};
use sea_orm::ConnectionTrait as _;
use serde_json::json;

use crate::desk::Desk;
use crate::support::daemon::Db;

on_both_databases!("outside functions":
    a_posted_result_is_stored_and_logged_like_any_other,
    the_operator_sees_providers_and_lets_them_be_asked_again,
    results_for_hq_may_go_behind_postgrest,
);

async fn a_posted_result_is_stored_and_logged_like_any_other(database: Db) {
    let desk = Desk::start(database).await;
    desk.run_sql("create table company_people (id text primary key, company_domain text, head_count integer not null)")
        .await;
    let workflow = json!({"table": "company_people", "mappings": {"people.count": "head_count"},
        "settings": {"url": "https://clay.example/x"}});
    desk.workflow("people", 4, "clay", workflow).await;
    let id = desk
        .select("select id from db_driven_enrichment_workflows where workflow_slug = 'people'")
        .await;
    let id = id[0]["id"].as_str().unwrap().to_owned();
    let post = async |count: serde_json::Value| {
        let body = json!({"workflow_id": id, "company_domain": "One.example", "data": {"people": {"count": count}}});
        desk.api.post("/api/storage-worker", &body).await
    };
    let first = post(json!(3)).await.expect(201).json();
    assert_eq!(first["result_table"], "company_people");
    let again = post(json!(5)).await.expect(201).json();
    assert_eq!(first["id"], again["id"], "one row a company");
    let rows = desk
        .select_workspace("select company_domain, head_count from company_people")
        .await;
    assert_eq!(rows, [json!({"company_domain": "one.example", "head_count": 5})]);

    let refused = post(json!("many")).await.expect(422).json();
    assert_eq!(refused["code"], "destination_value");
    assert!(refused["detail"].as_str().unwrap().contains("head_count"), "{refused}");
    let logs = desk
        .until(
            "select status, workflow_slug from enrichment_results_log order by id",
            |rows| rows.len() == 3,
        )
        .await;
    let statuses: Vec<_> = logs.iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["completed", "completed", "failed"]);
    let failed = desk.select("select failed_workflow_name from failed_jobs").await;
    assert_eq!(failed, [json!({"failed_workflow_name": "people"})]);

    let ours = desk
        .api
        .post("/api/companies", &json!({"domain": "two.example"}))
        .await
        .expect(201)
        .json();
    let by = async |company: serde_json::Value| {
        let mut body = json!({"workflow_id": id, "data": {"people": {"count": 1}}});
        body.as_object_mut()
            .unwrap()
            .extend(company.as_object().unwrap().clone());
        desk.api.post("/api/storage-worker", &body).await
    };
    let by_id = by(json!({"company_id": ours["id"]})).await.expect(201).json();
    let by_domain = by(json!({"company_domain": "https://www.Two.example/about"}))
        .await
        .expect(201)
        .json();
    assert_eq!(by_id["id"], by_domain["id"], "one row a company, however it is named");
    by(json!({"company_domain": "n/a"})).await.expect(400);
    by(json!({"company_id": id})).await.expect(404);

    desk.hq
        .execute_unprepared("update db_driven_enrichment_workflows set enabled = false")
        .await
        .unwrap();
    let off = post(json!(1)).await.expect(409).json();
    assert_eq!(off["code"], "workflow_disabled");
    desk.hq
        .execute_unprepared("update db_driven_enrichment_workflows set enabled = true")
        .await
        .unwrap();

    desk.run_sql("drop table company_people").await;
    let gone = post(json!(1)).await.expect(409).json();
    assert!(gone["detail"].as_str().unwrap().contains("company_people"), "{gone}");
    let nobodys = json!({"workflow_id": "01a213fb-c114-72e3-9c37-63783d86e26f", "company_domain": "a", "data": {}});
    desk.api.post("/api/storage-worker", &nobodys).await.expect(404);
    let reader = desk.daemon.api(&desk.daemon.token("viewer"));
    reader.post("/api/storage-worker", &nobodys).await.expect(403);
}

async fn the_operator_sees_providers_and_lets_them_be_asked_again(database: Db) {
    let desk = Desk::start(database).await;
    let settings = json!({"settings": {"base_url": desk.zenrows.base_url()}});
    desk.workflow("page", 1, "zenrows", settings).await;
    desk.zenrows.revoke(batchdesk::simulators::zenrows::KEY);
    let job = desk.upload("default", &["one.example"]).await;
    desk.until_status(&job, "paused").await;
    let operator = desk.daemon.api(&desk.daemon.token("operator"));
    let seen = operator.get("/api/admin/providers").await.expect(200).json();
    let provider = &seen["data"][0];
    assert_eq!(provider["circuit"]["state"], "paused", "{seen}");
    assert_eq!(seen["destinations"][0]["breaker"], "closed");
    let name = provider["name"].as_str().unwrap();

    desk.zenrows.accept_key(batchdesk::simulators::zenrows::KEY);
    operator
        .post(&format!("/api/admin/providers/{name}/resume"), &json!({}))
        .await
        .expect(200);
    desk.api
        .post("/api/resume-job", &json!({"job_id": job}))
        .await
        .expect(200);
    assert_eq!(
        desk.until_ended(&job).await["counts"]["aggregated"],
        1,
        "{}",
        desk.daemon.log()
    );
    desk.api.get("/api/admin/providers").await.expect(403);
    operator
        .post("/api/admin/providers/nobody/resume", &json!({}))
        .await
        .expect(404);
}

async fn results_for_hq_may_go_behind_postgrest(database: Db) {
    let table = Table::new(
        "company_pages",
        vec![
            Column::new("id", "uuid").primary(),
            Column::new("company_domain", "text"),
            Column::new("url", "text"),
        ],
    );
    let options = postgrest::Options {
        tables: vec![table],
        ..postgrest::Options::default()
    };
    let supabase = Postgrest::start(options).await.unwrap();
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), postgrest::KEY).unwrap();
    let extra = format!(
        "[storage]\nhq_url = \"{}\"\n[secrets.SUPABASE_SERVICE_ROLE_KEY]\nfrom = \"file:{}\"\nhosts = [\"127.0.0.1\"]\n",
        supabase.base_url(),
        key.path().display()
    );
    let desk = Desk::start_with(database, &extra).await;
    let workflow = json!({"table": "company_pages", "mappings": {"final_url": "url"}, "destination_db": "hq",
        "settings": {"base_url": desk.zenrows.base_url()}});
    desk.workflow("page", 1, "zenrows", workflow).await;
    // Away for longer than the lane has patience for.
    supabase.fail_next("08006", 1);
    supabase.lose_answers(1);
    let job = desk.upload("default", &["one.example", "two.example"]).await;
    assert_eq!(
        desk.until_ended(&job).await["counts"]["aggregated"],
        2,
        "{}",
        desk.daemon.log()
    );
    let mut domains: Vec<String> = supabase
        .rows("company_pages")
        .iter()
        .map(|row| row["company_domain"].as_str().unwrap().to_owned())
        .collect();
    domains.sort();
    assert_eq!(domains, ["one.example", "two.example"]);
    assert_eq!(desk.zenrows.total(), 2, "nothing was asked for twice");
}
