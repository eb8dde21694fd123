//! Lists of batches, registrations and questions: filters, order, pages.

use serde_json::{Value, json};

use crate::desk::{Desk, ids};
use crate::support::daemon::Db;

async fn page(desk: &Desk, path: &str) -> Value {
    desk.api.get(path).await.expect(200).json()
}

fn each<'a>(page: &'a Value, member: &str) -> Vec<&'a str> {
    let data = page["data"].as_array().unwrap();
    data.iter().map(|each| each[member].as_str().unwrap()).collect()
}

pub async fn pages_hold_everything_once_while_rows_change(database: Db) {
    let desk = crate::open(database).await;
    let mut batches = Vec::new();
    for name in ["A", "B", "C", "D", "E"] {
        batches.push(desk.batch(&[name], json!({ "start": false })).await);
    }
    let first = page(&desk, "/api/registration-batches?limit=2").await;
    assert_eq!(each(&first, "id"), [&batches[4], &batches[3]]);
    // One that is newer, one that changes its state, and one that is hidden before its page is read.
    let newer = desk.batch(&["F"], json!({ "start": false })).await;
    desk.post(&batches[2], "cancel", json!({})).await.expect(200);
    desk.post(&batches[1], "archive", json!({})).await.expect(200);
    let next = format!(
        "/api/registration-batches?limit=2&cursor={}",
        first["next_cursor"].as_str().unwrap()
    );
    let second = page(&desk, &next).await;
    assert_eq!(each(&second, "id"), [&batches[2], &batches[0]]);
    assert!(second["next_cursor"].is_null(), "{second:#}");
    // What is filtered away by then leaves no gap.
    let drafts = page(&desk, "/api/registration-batches?status=draft,paused&limit=500").await;
    assert_eq!(each(&drafts, "id"), [&newer, &batches[4], &batches[3], &batches[0]]);
    let hidden = page(&desk, "/api/registration-batches?archived=true").await;
    assert_eq!(each(&hidden, "id"), [&batches[1]]);
    let after = desk.seen(&batches[4]).await["created_at"]
        .as_str()
        .unwrap()
        .replace("+00:00", "Z");
    let recent = page(&desk, &format!("/api/registration-batches?created_after={after}")).await;
    assert_eq!(each(&recent, "id"), [&newer]);
    for wrong in [
        "status=started",
        "limit=0",
        "limit=501",
        "cursor=x",
        "created_after=today",
        "colour=red",
    ] {
        for path in ["/api/registration-batches", "/api/registration-jobs", "/api/actions"] {
            if path != "/api/registration-batches" && wrong.starts_with("created_after") {
                continue;
            }
            let refused = desk.api.get(&format!("{path}?{wrong}")).await.expect(400).json();
            assert_eq!(refused["code"], "bad_request", "{path}?{wrong}");
        }
    }

    let jobs = page(&desk, "/api/registration-jobs?limit=4").await;
    assert_eq!(each(&jobs, "restaurant_name"), ["F", "E", "D", "C"]);
    let next = format!(
        "/api/registration-jobs?limit=4&cursor={}",
        jobs["next_cursor"].as_str().unwrap()
    );
    assert_eq!(each(&page(&desk, &next).await, "restaurant_name"), ["B", "A"]);
}

pub async fn questions_are_told_to_their_organisation_oldest_first(database: Db) {
    let desk = crate::open(database).await;
    let first = desk.batch(&["A", "B", "C"], json!({})).await;
    let jobs = desk.until_asked(&first, 3).await;
    let jobs: Vec<&str> = ids(&jobs).collect();
    let second = desk.batch(&["D"], json!({})).await;
    desk.until_asked(&second, 3).await;
    let actions = page(&desk, "/api/actions?limit=2").await;
    assert_eq!(each(&actions, "restaurant_name"), ["A", "B"]);
    // One that was told is answered before the next page is read, and so is one that was not told yet.
    let none = |job: &str| json!({ "registration_job_id": job, "none": true });
    let selections = json!({ "selections": [none(jobs[0]), none(jobs[2])] });
    desk.post(&first, "steps/3/complete", selections).await.expect(200);
    let asked = |job: usize| move |seen: &Value| seen["jobs"][job]["current_step"] == 5 && seen["waiting"] == 3;
    desk.until(&first, asked(0)).await;
    desk.until(&first, asked(2)).await;
    let next = format!(
        "/api/actions?limit=2&cursor={}",
        actions["next_cursor"].as_str().unwrap()
    );
    let rest = page(&desk, &next).await;
    assert_eq!(each(&rest, "restaurant_name"), ["C", "D"]);
    assert_eq!(
        (&rest["data"][0]["step"], &rest["data"][1]["step"]),
        (&json!(5), &json!(3))
    );
    assert!(rest["next_cursor"].is_null(), "{rest:#}");
    for (filter, names) in [
        ("step=3".to_owned(), vec!["B", "D"]),
        ("step=5".to_owned(), vec!["A", "C"]),
        ("step=6".to_owned(), vec![]),
        (format!("batch_id={second}"), vec!["D"]),
        (format!("batch_id={first}&step=3"), vec!["B"]),
    ] {
        let found = page(&desk, &format!("/api/actions?{filter}")).await;
        assert_eq!(each(&found, "restaurant_name"), names, "{filter}");
        let counted = page(&desk, &format!("/api/actions?count=true&{filter}")).await;
        assert_eq!(counted["count"], names.len(), "{filter}");
    }
    // A step that asks nobody is a mistake rather than an empty list.
    desk.api.get("/api/actions?step=4").await.expect(400);
    let theirs = desk.daemon.api(&desk.daemon.token_in("Theirs", "member"));
    assert_eq!(theirs.get("/api/actions").await.expect(200).json()["data"], json!([]));
    assert_eq!(
        theirs.get("/api/actions?count=true").await.expect(200).json()["count"],
        0
    );
    let forbidden = theirs.get(&format!("/api/actions?batch_id={first}")).await;
    assert_eq!(forbidden.expect(403).json()["code"], "forbidden");
    desk.api
        .get("/api/actions?batch_id=0190a000-0000-7000-8000-000000000000")
        .await
        .expect(404);
    // What a paused batch asks is still asked.
    desk.post(&second, "pause", json!({})).await.expect(200);
    let paused = page(&desk, &format!("/api/actions?batch_id={second}")).await;
    assert_eq!(paused["data"][0]["batch_status"], "paused");
    desk.post(&second, "cancel", json!({})).await.expect(200);
    assert_eq!(page(&desk, "/api/actions?count=true").await["count"], 3);
}
