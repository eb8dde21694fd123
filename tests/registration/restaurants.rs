//! Restaurants: made, changed, found by their registrations, kept while they are needed.

use reqwest::Method;
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};

use crate::support::daemon::{Daemon, Db};
use crate::support::start;
use crate::{JSON, NOBODY, delete, each, names, patch, pointers};

pub async fn restaurants_are_made_and_changed(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("member"));
    let viewer = daemon.api(&daemon.token("viewer"));
    let other = daemon.api(&daemon.token_in("Other", "admin"));

    let new = json!({
        "name": " Ōtaki Fish ", "type": "inbound", "stage": "hot", "icp_score": 9, "status": "called",
        "website": "WWW.Otaki-Fish.co.nz/?utm_source=x", "phone": "+64 6 364 0000", "email": "kia.ora@otaki-fish.co.nz",
        "address": "1 Main Street", "city": "Ōtaki", "region": "Wellington", "country": "nz",
        "extraction_job_id": "menu-17", "company_number": "4152574", "nzbn": "9429 0415 2574 6",
        "data": { "seats": 40, "till": { "maker": "Acme" } },
    });
    let made = api.post("/api/restaurants", &new).await.expect(201);
    let location = made.headers["location"].to_str().unwrap().to_owned();
    let made = made.json();
    assert_eq!(location, format!("/api/restaurants/{}", made["id"].as_str().unwrap()));
    let seen = viewer.get(&location).await.expect(200);
    assert_eq!(seen.headers["etag"], "\"1\"");
    assert_eq!(seen.json(), made);
    for (field, value) in [
        ("name", json!("Ōtaki Fish")),
        ("website", json!("https://www.otaki-fish.co.nz/")),
        ("website_input", json!("WWW.Otaki-Fish.co.nz/?utm_source=x")),
        ("country", json!("NZ")),
        ("nzbn", json!("9429041525746")),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    for field in [
        "type",
        "stage",
        "icp_score",
        "status",
        "phone",
        "email",
        "address",
        "city",
        "region",
        "data",
    ] {
        assert_eq!(made[field], new[field], "{field}");
    }

    let changes = json!({ "icp_score": null, "stage": null, "city": "Foxton", "data": { "seats": null, "rooms": 2 } });
    let changed = patch(&api, &location, &changes, Some("\"1\"")).await.expect(200);
    assert_eq!(changed.headers["etag"], "\"2\"");
    let changed = changed.json();
    assert_eq!(
        [&changed["icp_score"], &changed["stage"]],
        [&Value::Null, &json!("cold")]
    );
    assert_eq!(changed["data"], json!({ "till": { "maker": "Acme" }, "rooms": 2 }));
    assert_eq!(changed["website_input"], made["website_input"]);
    let stale = patch(&api, &location, &json!({ "city": "Levin" }), Some("\"1\"")).await;
    assert_eq!(stale.expect(412).json()["version"], 2);
    // What was answered can be sent back, and says nothing new.
    let same = patch(&api, &location, &changed, None).await.expect(200);
    assert_eq!(
        (same.headers["etag"].to_str().unwrap(), same.json()),
        ("\"2\"", changed)
    );
    assert_eq!(
        pointers(
            &patch(&api, &location, &json!({ "name": null }), None)
                .await
                .expect(422)
                .json()
        ),
        ["/name"]
    );

    other.get(&location).await.expect(403);
    patch(&other, &location, &json!({}), None).await.expect(403);
    delete(&other, &location).await.expect(403);
    assert!(names(&other, "/api/restaurants").await.is_empty());
    patch(&viewer, &location, &json!({}), None).await.expect(403);
    delete(&viewer, &location).await.expect(403);
    viewer.post("/api/restaurants", &new).await.expect(403);
    api.get(&format!("/api/restaurants/{NOBODY}")).await.expect(404);

    let old = api.raw(Method::DELETE, &location, "", &[("if-match", "\"1\"")]).await;
    old.expect(412);
    delete(&api, &location).await.expect(204);
    api.get(&location).await.expect(404);
    let audit = daemon
        .api(&daemon.token("admin"))
        .get("/api/audit?outcome=done")
        .await
        .json();
    let id = made["id"].as_str().unwrap();
    let mut actions: Vec<String> = audit["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["object"] == format!("restaurant {id}"))
        .map(|row| row["action"].as_str().unwrap().to_owned())
        .collect();
    actions.sort_unstable();
    let at = "/api/restaurants/{id}";
    assert_eq!(
        actions,
        [
            format!("DELETE {at}"),
            format!("PATCH {at}"),
            "POST /api/restaurants".to_owned()
        ],
        "{audit}"
    );
}

pub async fn mistakes_are_told_at_once(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("member"));
    let wrong = json!({ "restaurants": [
        { "name": "Fine" },
        { "name": "A", "type": "both", "stage": "boiling", "icp_score": 11 },
        { "name": " ", "website": "n/a", "phone": "0".repeat(51), "email": "a@b", "country": "Atlantis" },
        { "name": "C", "nzbn": "9429041525747", "data": [], "size": 3 },
        "D",
    ] });
    let mut told = pointers(&api.post("/api/restaurants", &wrong).await.expect(422).json());
    told.sort_unstable();
    let expected = [
        "/restaurants/1/icp_score",
        "/restaurants/1/stage",
        "/restaurants/1/type",
        "/restaurants/2/country",
        "/restaurants/2/email",
        "/restaurants/2/name",
        "/restaurants/2/phone",
        "/restaurants/2/website",
        "/restaurants/3/data",
        "/restaurants/3/nzbn",
        "/restaurants/3/size",
        "/restaurants/4",
    ];
    assert_eq!(told, expected);
    let large = json!({ "name": "Large", "data": { "text": "x".repeat(70_000) } });
    assert_eq!(
        pointers(&api.post("/api/restaurants", &large).await.expect(422).json()),
        ["/data"]
    );
    let too_many: Vec<Value> = (0..1_001).map(|n| json!({ "name": n.to_string() })).collect();
    for body in [
        json!([]),
        json!("A"),
        json!({ "restaurants": {} }),
        json!({ "restaurants": [{ "name": "A" }], "x": 1 }),
        json!(too_many),
    ] {
        api.post("/api/restaurants", &body).await.expect(400);
    }
    assert!(names(&api, "/api/restaurants").await.is_empty(), "all or nothing");

    let all = api
        .post("/api/restaurants", &json!(too_many[..1_000]))
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&all["created"], each(&all["restaurants"], "name")[999].as_str()),
        (&json!(1_000), "999")
    );
    for query in [
        "stage=lukewarm",
        "icp_min=11",
        "icp_min=5&icp_max=4",
        "registered=no",
        "converted=true",
        "limit=0",
    ] {
        let refused = api.get(&format!("/api/restaurants?{query}")).await;
        assert!(
            [400, 422].contains(&refused.status.as_u16()),
            "{query}: {}",
            refused.text()
        );
    }
}

pub async fn what_is_sent_twice_is_made_once(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("member"));
    let keyed = |key: &'static str, body: Value| {
        let api = api.clone();
        async move {
            let headers = [JSON, ("idempotency-key", key)];
            api.raw(Method::POST, "/api/restaurants", body.to_string(), &headers)
                .await
        }
    };
    let first = keyed("k1", json!({ "name": "Once" })).await.expect(201);
    let second = keyed("k1", json!({ "name": "Once" })).await.expect(201);
    assert_eq!(second.headers["idempotent-replayed"], "true");
    assert_eq!(
        (first.json(), &first.headers["location"]),
        (second.json(), &second.headers["location"])
    );
    keyed("k1", json!({ "name": "Twice" })).await.expect(422);
    // What is refused leaves its key free.
    keyed("k2", json!({ "name": "" })).await.expect(422);
    keyed("k2", json!([{ "name": "Once more" }])).await.expect(201);
    assert_eq!(names(&api, "/api/restaurants").await, ["Once more", "Once"]);
}

/// A registration of the restaurant, in the words of the tables.
async fn register(daemon: &Daemon, restaurant: &str, status: &str, is_open: bool) {
    let (batch, job) = (entity::Id::now(), entity::Id::now());
    let db = Database::connect(daemon.database_url()).await.unwrap();
    let at = "'2026-01-01T00:00:00Z'";
    for sql in [
        format!(
            "insert into registration_batch_jobs (id, organisation_id, name, created_at, updated_at) \
             select '{batch}', organisation_id, 'B', {at}, {at} from restaurants where id = '{restaurant}'"
        ),
        format!(
            "insert into registration_jobs (id, batch_job_id, organisation_id, restaurant_id, position, status, is_open, \
             reference, created_at, updated_at) select '{job}', '{batch}', organisation_id, id, 1, '{status}', {is_open}, '{job}', {at}, {at} \
             from restaurants where id = '{restaurant}'"
        ),
    ] {
        assert_eq!(db.execute_unprepared(&sql).await.unwrap().rows_affected(), 1, "{sql}");
    }
}

pub async fn restaurants_in_use_stay(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("member"));
    let list = json!([{ "name": "Open" }, { "name": "Done" }, { "name": "Failed" }, { "name": "Unknown" }]);
    let made = api.post("/api/restaurants", &list).await.expect(201).json();
    let ids = each(&made["restaurants"], "id");
    register(&daemon, &ids[0], "in_progress", true).await;
    register(&daemon, &ids[1], "completed", false).await;
    register(&daemon, &ids[2], "failed", false).await;
    for (registered, expected) in [
        ("none", vec!["Unknown", "Failed"]),
        ("open", vec!["Open"]),
        ("completed", vec!["Done"]),
    ] {
        let found = names(&api, &format!("/api/restaurants?registered={registered}")).await;
        assert_eq!(found, expected, "{registered}");
    }
    for id in &ids[..3] {
        let refused = delete(&api, &format!("/api/restaurants/{id}")).await.expect(409).json();
        assert_eq!(refused["code"], "has_registrations");
    }
    delete(&api, &format!("/api/restaurants/{}", ids[3])).await.expect(204);

    let lead = api
        .post("/api/leads", &json!({ "name": "Was a lead" }))
        .await
        .expect(201)
        .json();
    let converted = api
        .post("/api/leads/convert", &json!({ "lead_ids": [lead["id"]] }))
        .await
        .expect(200)
        .json();
    let restaurant = format!(
        "/api/restaurants/{}",
        converted["restaurants"][0]["id"].as_str().unwrap()
    );
    let refused = delete(&api, &restaurant).await.expect(409).json();
    assert_eq!(
        (refused["code"].as_str(), &refused["lead_id"]),
        (Some("converted_from_lead"), &lead["id"])
    );
    delete(&api, &format!("/api/leads/{}", lead["id"].as_str().unwrap()))
        .await
        .expect(204);
    delete(&api, &restaurant).await.expect(204);
}
