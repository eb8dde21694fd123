//! Which restaurants a batch takes, and which it does not.

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::support::api::Answer;
use crate::support::daemon::Db;

/// An id that nothing has.
const NOBODY: &str = "0190a000-0000-7000-8000-000000000000";

async fn restaurants(desk: &Desk, many: usize) -> Vec<String> {
    let list: Vec<Value> = (0..many).map(|n| json!({ "name": format!("R{n}") })).collect();
    let made = desk.api.post("/api/restaurants", &json!(list)).await.expect(201).json();
    let made = made["restaurants"].as_array().unwrap();
    made.iter()
        .map(|each| each["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn make(desk: &Desk, body: Value) -> Answer {
    desk.api.post("/api/registration-batches", &body).await
}

/// Place and code of everything that stands against it.
fn errors(refused: &Value) -> Vec<(&str, &str)> {
    let all = refused["errors"].as_array().unwrap_or_else(|| panic!("{refused:#}"));
    all.iter()
        .map(|error| {
            assert!(!error["detail"].as_str().unwrap().is_empty(), "{refused:#}");
            (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())
        })
        .collect()
}

async fn batches(desk: &Desk) -> usize {
    let listed = desk.api.get("/api/registration-batches").await.expect(200).json();
    listed["data"].as_array().unwrap().len()
}

pub async fn a_batch_takes_fifty(database: Db) {
    let desk = crate::open(database).await;
    let all = restaurants(&desk, 51).await;
    let many = make(&desk, json!({ "restaurant_ids": all })).await.expect(422).json();
    assert_eq!(many["code"], "too_many_restaurants");
    let detail = many["detail"].as_str().unwrap();
    assert!(detail.contains("50") && detail.contains("51"), "{detail}");
    assert_eq!(errors(&many), [("/restaurant_ids", "too_many_restaurants")]);
    let none = make(&desk, json!({ "restaurant_ids": [] })).await.expect(422).json();
    assert_eq!(errors(&none), [("/restaurant_ids", "no_restaurants")]);
    let made = make(&desk, json!({ "restaurant_ids": all[..50] }))
        .await
        .expect(201)
        .json();
    assert_eq!(made["jobs_count"], 50);
    assert_eq!(batches(&desk).await, 1);
}

pub async fn restaurants_that_cannot_be_taken(database: Db) {
    let desk = crate::open(database).await;
    let all = restaurants(&desk, 3).await;
    let running = make(&desk, json!({ "restaurant_ids": [all[2]], "start": true })).await;
    let running = running.expect(201).json()["batch_id"].clone();
    let theirs = desk.daemon.api(&desk.daemon.token_in("Theirs", "member"));
    let theirs = theirs.post("/api/restaurants", &json!({ "name": "Foreign" })).await;
    let theirs = theirs.expect(201).json()["id"].as_str().unwrap().to_owned();

    let twice = make(&desk, json!({ "restaurant_ids": [all[0], all[1], all[0], all[1]] })).await;
    let twice = twice.expect(422).json();
    assert_eq!(twice["code"], "restaurant_twice");
    let (second, fourth) = (
        ("/restaurant_ids/2", "restaurant_twice"),
        ("/restaurant_ids/3", "restaurant_twice"),
    );
    assert_eq!(errors(&twice), [second, fourth]);

    // All that the request itself says wrongly is told at once.
    let wrong = json!({ "restaurant_ids": [all[0], all[0]], "name": "n".repeat(201), "common_config": [1] });
    let wrong = make(&desk, wrong).await.expect(422).json();
    assert_eq!(
        errors(&wrong),
        [
            ("/restaurant_ids/1", "restaurant_twice"),
            ("/name", "invalid"),
            ("/common_config", "invalid"),
        ]
    );

    let busy = make(&desk, json!({ "restaurant_ids": [all[0], all[2]] }))
        .await
        .expect(409)
        .json();
    assert_eq!(busy["code"], "restaurant_busy");
    assert!(
        busy["detail"].as_str().unwrap().contains(running.as_str().unwrap()),
        "{busy:#}"
    );
    assert_eq!(busy["busy"], json!([{ "restaurant_id": all[2], "batch_id": running }]));
    assert_eq!(errors(&busy), [("/restaurant_ids/1", "restaurant_busy")]);

    // So is whoever stands against it; the gravest gives the status.
    let unknown = make(&desk, json!({ "restaurant_ids": [all[2], NOBODY, all[0]] }))
        .await
        .expect(422)
        .json();
    assert_eq!(unknown["code"], "unknown_restaurant");
    assert_eq!(
        errors(&unknown),
        [
            ("/restaurant_ids/1", "unknown_restaurant"),
            ("/restaurant_ids/0", "restaurant_busy")
        ]
    );
    let foreign = make(&desk, json!({ "restaurant_ids": [NOBODY, theirs, all[2]] }))
        .await
        .expect(403)
        .json();
    assert_eq!(foreign["code"], "forbidden");
    assert_eq!(
        errors(&foreign),
        [
            ("/restaurant_ids/1", "forbidden"),
            ("/restaurant_ids/0", "unknown_restaurant"),
            ("/restaurant_ids/2", "restaurant_busy"),
        ]
    );

    for (restaurant, status, code) in [
        (theirs.as_str(), 403, "forbidden"),
        (NOBODY, 422, "unknown_restaurant"),
        (&all[2], 409, "restaurant_busy"),
    ] {
        let one = json!({ "restaurant_id": restaurant });
        let refused = desk
            .api
            .post("/api/registration-jobs", &one)
            .await
            .expect(status)
            .json();
        assert_eq!(errors(&refused), [("/restaurant_id", code)]);
    }
    // Nothing was made, and the restaurants that could be taken still can.
    assert_eq!(batches(&desk).await, 1);
    make(&desk, json!({ "restaurant_ids": [all[0], all[1]] }))
        .await
        .expect(201);
    // A draft holds nobody; two of them with one restaurant cannot both be started.
    let first = make(&desk, json!({ "restaurant_ids": [all[0]] }))
        .await
        .expect(201)
        .json();
    let second = make(&desk, json!({ "restaurant_ids": [all[0]] }))
        .await
        .expect(201)
        .json();
    let [first, second] = [first, second].map(|made| made["batch_id"].as_str().unwrap().to_owned());
    desk.post(&first, "start", json!({})).await.expect(200);
    let refused = desk.post(&second, "start", json!({})).await.expect(409).json();
    assert_eq!(refused["busy"], json!([{ "restaurant_id": all[0], "batch_id": first }]));
    assert_eq!(desk.seen(&second).await["status"], "draft");
}

pub async fn a_template_gives_what_is_left_out(database: Db) {
    let desk = crate::open(database).await;
    let settings =
        json!({ "execution_mode": "parallel", "common_config": { "services": ["pickup"] }, "name": "{name}!" });
    let template = json!({ "name": "Hot", "filter": {}, "settings": settings });
    let template = desk
        .api
        .post("/api/batch-templates", &template)
        .await
        .expect(201)
        .json();
    let all = restaurants(&desk, 1).await;
    for (said, name, mode, config) in [
        (json!({}), "Hot!", "parallel", json!({ "services": ["pickup"] })),
        (
            json!({ "name": "Mine", "execution_mode": "sequential", "common_config": {} }),
            "Mine",
            "sequential",
            json!({}),
        ),
    ] {
        let mut body = json!({ "restaurant_ids": all, "template_id": template["id"] });
        body.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
        let made = make(&desk, body).await.expect(201).json();
        let seen = desk.seen(made["batch_id"].as_str().unwrap()).await;
        assert_eq!((&seen["name"], &seen["execution_mode"]), (&json!(name), &json!(mode)));
        assert_eq!(
            (&seen["common_config"], &seen["template_id"]),
            (&config, &template["id"])
        );
    }
    let unknown = json!({ "restaurant_ids": all, "template_id": NOBODY });
    let unknown = make(&desk, unknown).await.expect(422).json();
    assert_eq!(errors(&unknown), [("/template_id", "unknown_template")]);
    let theirs = desk.daemon.api(&desk.daemon.token_in("Theirs", "member"));
    let foreign = json!({ "restaurant_ids": all, "template_id": template["id"] });
    let foreign = theirs
        .post("/api/registration-batches", &foreign)
        .await
        .expect(403)
        .json();
    assert_eq!(errors(&foreign), [("/template_id", "forbidden")]);
    assert_eq!(batches(&desk).await, 2);
}
