//! Leads: found, converted, sent as files.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::daemon::Db;
use crate::support::start;
use crate::{CSV, JSON, NOBODY, delete, each, names, patch, pointers};

async fn make(api: &Api, leads: Value) -> Vec<String> {
    let made = api
        .post("/api/leads", &json!({ "leads": leads }))
        .await
        .expect(201)
        .json();
    each(&made["leads"], "id")
}

async fn convert(api: &Api, lead_ids: &[String]) -> Value {
    let body = json!({ "lead_ids": lead_ids });
    api.post("/api/leads/convert", &body).await.expect(200).json()
}

pub async fn leads_are_found_by_what_is_known(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("member"));
    let ids = make(
        &api,
        json!([
            { "name": "Ōtaki Fish", "city": "Ōtaki", "region": "Wellington", "country": "NZ", "stage": "hot", "icp_score": 9 },
            { "name": "Ōtaki Pies", "city": "ŌTAKI", "region": "wellington", "stage": "warm", "icp_score": 4 },
            { "name": "Otaki Cafe", "city": "Otaki", "country": "AU", "type": "inbound", "status": "called" },
            { "name": "100% Pure", "city": "Auckland", "icp_score": 0 },
        ]),
    )
    .await;
    convert(&api, &ids[3..]).await;
    for (query, expected) in [
        ("q=%C5%8Dtaki", vec!["Ōtaki Pies", "Ōtaki Fish"]),
        ("q=%C5%8CTAKI%20F", vec!["Ōtaki Fish"]),
        ("q=otaki", vec!["Otaki Cafe"]),
        ("q=100%25", vec!["100% Pure"]),
        ("q=%25", vec![]),
        ("city=%C5%8Dtaki", vec!["Ōtaki Pies", "Ōtaki Fish"]),
        ("region=WELLINGTON&stage=hot", vec!["Ōtaki Fish"]),
        ("country=au", vec!["Otaki Cafe"]),
        ("type=inbound", vec!["Otaki Cafe"]),
        ("status=called", vec!["Otaki Cafe"]),
        ("icp_min=4", vec!["Ōtaki Pies", "Ōtaki Fish"]),
        ("icp_min=1&icp_max=8", vec!["Ōtaki Pies"]),
        ("icp_max=0", vec!["100% Pure"]),
        ("converted=true", vec!["100% Pure"]),
        ("converted=false&stage=cold", vec!["Otaki Cafe"]),
    ] {
        assert_eq!(names(&api, &format!("/api/leads?{query}")).await, expected, "{query}");
    }
    let mut paged = Vec::new();
    let mut path = "/api/leads?limit=3".to_owned();
    for _ in 0..2 {
        let page = api.get(&path).await.expect(200).json();
        paged.extend(each(&page["data"], "id"));
        path = format!(
            "/api/leads?limit=3&cursor={}",
            page["next_cursor"].as_str().unwrap_or_default()
        );
    }
    let newest_first: Vec<String> = ids.iter().rev().cloned().collect();
    assert_eq!(paged, newest_first);
    assert_eq!(
        pointers(&api.get("/api/leads?icp_max=-1").await.expect(422).json()),
        ["/icp_max"]
    );
    api.get("/api/leads?registered=open").await.expect(400);

    // A change is found by what it changed.
    let lead = format!("/api/leads/{}", ids[2]);
    let changed = patch(&api, &lead, &json!({ "name": "Ōtaki Café", "city": "Ōtaki" }), None).await;
    assert_eq!(changed.expect(200).json()["version"], 2);
    assert_eq!(
        names(&api, "/api/leads?q=%C5%8Dtaki%20caf%C3%A9&city=%C5%8Dtaki").await,
        ["Ōtaki Café"]
    );
}

pub async fn leads_become_restaurants_once(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("member"));
    let ids = make(
        &api,
        json!([
            { "name": "Kai", "stage": "hot", "icp_score": 8, "website": "kai.nz", "city": "Ōtaki", "nzbn": "9429041525746",
              "phone": "06 364 0000", "status": "won", "data": { "seats": 4 } },
            { "name": "Moana" },
        ]),
    )
    .await;
    let first = convert(&api, &ids[..1]).await;
    assert_eq!(first["registration_batch"], Value::Null);
    let restaurant = first["restaurants"][0].clone();
    assert_eq!(
        [&restaurant["lead_id"], &restaurant["name"], &restaurant["created"]],
        [&json!(ids[0]), &json!("Kai"), &json!(true)]
    );
    let at = format!("/api/restaurants/{}", restaurant["id"].as_str().unwrap());
    let made = api.get(&at).await.expect(200).json();
    let lead = api.get(&format!("/api/leads/{}", ids[0])).await.expect(200).json();
    assert_eq!(lead["converted_restaurant_id"], restaurant["id"]);
    assert!(lead["converted_at"].is_string(), "{lead}");
    let own = [
        "id",
        "version",
        "created_at",
        "updated_at",
        "converted_restaurant_id",
        "converted_at",
    ];
    for (field, value) in lead.as_object().unwrap() {
        assert!(
            own.contains(&field.as_str()) || &made[field] == value,
            "{field}: {made}"
        );
    }
    assert_eq!(names(&api, "/api/restaurants?city=%C5%8DTAKI&q=kai").await, ["Kai"]);

    // Again, and beside one that is new.
    let again = convert(&api, &[ids[1].clone(), ids[0].clone()]).await;
    assert_eq!(each(&again["restaurants"], "lead_id"), [ids[1].as_str(), &ids[0]]);
    assert_eq!(again["restaurants"][1]["id"], restaurant["id"]);
    let created: Vec<bool> = [0, 1]
        .map(|place| again["restaurants"][place]["created"].as_bool().unwrap())
        .to_vec();
    assert_eq!(created, [true, false]);

    // Many at once: one restaurant a lead, whoever comes first.
    let many: Vec<Value> = (0..20).map(|n| json!({ "name": format!("Lead {n}") })).collect();
    let ids = make(&api, json!(many)).await;
    let (one, two, three) = tokio::join!(convert(&api, &ids), convert(&api, &ids), convert(&api, &ids[5..]));
    assert_eq!(each(&one["restaurants"], "id"), each(&two["restaurants"], "id"));
    assert_eq!(each(&one["restaurants"], "id")[5..], each(&three["restaurants"], "id"));
    assert_eq!(names(&api, "/api/restaurants?q=lead").await.len(), 20);

    let keyed = || {
        let headers = [JSON, ("idempotency-key", "c1")];
        let body = json!({ "lead_ids": ids }).to_string();
        let api = api.clone();
        async move {
            api.raw(Method::POST, "/api/leads/convert", body, &headers)
                .await
                .expect(200)
        }
    };
    let first = keyed().await;
    let second = keyed().await;
    assert_eq!(second.headers["idempotent-replayed"], "true");
    assert_eq!(second.json(), first.json());
}

pub async fn a_conversion_that_cannot_be_is_none(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("member"));
    let other = daemon.api(&daemon.token_in("Other", "member"));
    let own = make(&api, json!([{ "name": "Ours" }, { "name": "Ours too" }])).await;
    let theirs = make(&other, json!([{ "name": "Theirs" }])).await;

    let foreign = json!({ "lead_ids": [own[0], theirs[0], own[1]] });
    let refused = api.post("/api/leads/convert", &foreign).await.expect(403).json();
    assert_eq!(each(&refused["errors"], "pointer"), ["/lead_ids/1"]);
    assert!(!refused.to_string().contains("Theirs"), "{refused}");
    let unknown = json!({ "lead_ids": [own[0], own[1], NOBODY] });
    let refused = api.post("/api/leads/convert", &unknown).await.expect(404).json();
    assert_eq!(each(&refused["errors"], "pointer"), ["/lead_ids/2"]);

    let some = json!([own[0]]);
    let too_many: Vec<String> = (0..1_001).map(|_| entity::Id::now().to_string()).collect();
    for (status, body) in [
        (400, json!({})),
        (400, json!({ "lead_ids": [] })),
        (400, json!({ "lead_ids": too_many })),
        (400, json!({ "lead_ids": some, "filter": {} })),
        (400, json!({ "lead_ids": some, "confirm_count": 1 })),
        (400, json!({ "lead_ids": some, "batch": { "name": "B" } })),
        (400, json!({ "filter": { "town": "Ōtaki" } })),
        (422, json!({ "filter": { "registered": "none" } })),
        (422, json!({ "lead_ids": [own[0], own[0]] })),
    ] {
        api.post("/api/leads/convert", &body).await.expect(status);
    }
    let viewer = daemon.api(&daemon.token("viewer"));
    viewer
        .post("/api/leads/convert", &json!({ "lead_ids": some }))
        .await
        .expect(403);
    assert!(
        names(&api, "/api/restaurants").await.is_empty(),
        "nothing was converted"
    );
    assert_eq!(names(&api, "/api/leads?converted=true").await.len(), 0);

    let lead = format!("/api/leads/{}", theirs[0]);
    api.get(&lead).await.expect(403);
    patch(&api, &lead, &json!({}), None).await.expect(403);
    delete(&api, &lead).await.expect(403);
}

pub async fn a_filter_is_counted_before_it_converts(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("member"));
    let other = daemon.api(&daemon.token_in("Other", "member"));
    make(
        &other,
        json!([{ "name": "Theirs", "stage": "hot", "city": "Auckland" }]),
    )
    .await;
    let ids = make(
        &api,
        json!([
            { "name": "A", "stage": "hot", "city": "Auckland" },
            { "name": "B", "stage": "hot", "city": "auckland" },
            { "name": "C", "stage": "cold", "city": "Auckland" },
        ]),
    )
    .await;
    let hot = json!({ "stage": "hot", "city": "AUCKLAND" });
    let counted = api
        .post("/api/leads/convert", &json!({ "filter": hot }))
        .await
        .expect(200)
        .json();
    assert_eq!(counted, json!({ "matched": 2, "more": false, "dry_run": true }));
    let named = json!({ "lead_ids": ids, "dry_run": true });
    let dry_run = api.post("/api/leads/convert", &named).await.expect(200).json();
    assert_eq!(dry_run["matched"], 3);
    assert!(names(&api, "/api/restaurants").await.is_empty());

    let wrong = json!({ "filter": hot, "confirm_count": 3 });
    let refused = api.post("/api/leads/convert", &wrong).await.expect(409).json();
    assert_eq!(
        (refused["code"].as_str(), &refused["matched"]),
        (Some("count_changed"), &json!(2))
    );
    let confirmed = json!({ "filter": hot, "confirm_count": 2 });
    let done = api.post("/api/leads/convert", &confirmed).await.expect(200).json();
    assert_eq!(
        (each(&done["restaurants"], "name"), &done["more"]),
        (vec!["A".to_owned(), "B".to_owned()], &json!(false))
    );
    // What is done does not match again.
    let counted = api
        .post("/api/leads/convert", &json!({ "filter": hot }))
        .await
        .expect(200)
        .json();
    assert_eq!(counted["matched"], 0);
    assert_eq!(names(&api, "/api/restaurants").await.len(), 2);
    assert!(names(&other, "/api/restaurants").await.is_empty());
}

async fn import(api: &Api, file: impl Into<Vec<u8>>) -> crate::support::api::Answer {
    api.raw(Method::POST, "/api/leads/import", file, &[CSV]).await
}

pub async fn leads_come_as_files(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("member"));
    let csv = "Restaurant,Phone,City,ICP,Website,Country,Note\n\
        Ōtaki Fish,06 364 0000,Ōtaki,7/10,www.otaki-fish.nz,New Zealand,\"two\nlines\"\n\
        ,06 1,Levin,3,,,\n\
        \n\
        Levin Pies,,Levin,eleven,n/a,,\n\
        Foxton Cafe,,Foxton,,n/a,,\n\
        Ōtaki Fish,06 364 0000,ŌTAKI,7,otaki-fish.nz,,\n\
        Ōtaki Fish,06 364 0000,ōtaki,7,www.otaki-fish.nz,,\n";
    let done = import(&api, csv).await.expect(200).json();
    let counts = ["rows", "created", "unchanged", "invalid", "blank_rows"].map(|name| done[name].as_u64().unwrap());
    assert_eq!(counts, [6, 3, 1, 2, 1], "{done}");
    let columns = json!({
        "name": ["Restaurant"], "phone": ["Phone"], "city": ["City"], "icp_score": ["ICP"], "website": ["Website"],
        "country": ["Country"],
    });
    assert_eq!(done["columns"], columns);
    let problems = done["problems"].as_array().unwrap();
    let told: Vec<_> = problems
        .iter()
        .map(|problem| {
            (
                problem["line"].as_u64().unwrap(),
                problem["column"].as_str().unwrap(),
                problem["value"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [(4, "Restaurant", ""), (6, "ICP", "eleven")], "{done}");
    let found = api.get("/api/leads?city=%C5%8Dtaki&country=nz").await.json();
    let lead = &found["data"][0];
    assert_eq!(
        [
            &lead["website"],
            &lead["website_input"],
            &lead["icp_score"],
            &lead["data"]
        ],
        [
            &json!("https://www.otaki-fish.nz/"),
            &json!("www.otaki-fish.nz"),
            &json!(7),
            &json!({ "Note": "two\nlines" })
        ]
    );
    // The same file again makes none twice, and needs no websites.
    let again = import(&api, csv).await.expect(200).json();
    assert_eq!(
        (again["created"].as_u64(), again["unchanged"].as_u64()),
        (Some(0), Some(4))
    );
    let without = "Business name;Town\nKai;Ōtaki\nMoana;Foxton\n";
    let headers = [CSV, ("idempotency-key", "f1")];
    for replayed in [false, true] {
        let answer = api
            .raw(Method::POST, "/api/leads/import", without, &headers)
            .await
            .expect(200);
        assert_eq!(answer.headers.contains_key("idempotent-replayed"), replayed);
        assert_eq!(answer.json()["created"], 2);
    }

    // More than one command takes.
    let mut long = "Lead\n".to_owned();
    for n in 0..2_300 {
        long.push_str(&format!("Lead {n}\n"));
    }
    assert_eq!(import(&api, long).await.expect(200).json()["created"], 2_300);

    let nameless = import(&api, "Website,Town\na.nz,Ōtaki\n").await.expect(422).json();
    assert_eq!(
        (nameless["code"].as_str(), &nameless["columns"]),
        (Some("no_name_column"), &json!(["Website", "Town"]))
    );
    let body = api
        .post("/api/leads/import", &json!({ "leads": [] }))
        .await
        .expect(415)
        .json();
    assert!(body["detail"].as_str().unwrap().contains("POST /api/leads"), "{body}");
    daemon
        .api(&daemon.token("viewer"))
        .raw(Method::POST, "/api/leads/import", csv, &[CSV])
        .await
        .expect(403);

    // A workbook, as the daemon itself writes one.
    let job = api
        .create_job("Restaurant,Website,Tāone\nKāpiti Workbooks,https://192.0.2.1/,Ōtaki\n")
        .await;
    let workbook = api.export(&job, "xlsx").await;
    let of_workbook = [(
        "content-type",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )];
    let answer = api
        .raw(Method::POST, "/api/leads/import", workbook, &of_workbook)
        .await
        .expect(200)
        .json();
    assert_eq!(answer["created"], 1, "{answer}");
    assert_eq!(
        names(&api, "/api/leads?q=k%C4%81piti&city=%C5%8Dtaki").await,
        ["Kāpiti Workbooks"]
    );
}
