//! Companies as objects and as files.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::daemon::Db;
use crate::support::start;
use crate::{CSV, each, send};

pub async fn companies_are_made_found_and_changed(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("member"));
    let viewer = daemon.api(&daemon.token("viewer"));
    let other = daemon.api(&daemon.token_in("Other", "admin"));

    let new =
        json!({ "domain": "https://www.Acme.co.nz/about?utm_source=x", "name": "Acme", "data": { "city": "Ōtaki" } });
    let made = api.post("/api/companies", &new).await.expect(201);
    let location = made.headers["location"].to_str().unwrap().to_owned();
    let made = made.json();
    assert_eq!([&made["domain"], &made["name"]], ["acme.co.nz", "Acme"]);
    assert_eq!(location, format!("/api/companies/{}", made["id"].as_str().unwrap()));
    assert_eq!(viewer.get(&location).await.expect(200).json(), made);

    // The same company by another name for it: what is absent stays, `data` is replaced.
    let again = json!({ "domain": "shop.acme.co.nz", "data": { "plan": 2 } });
    let again = api.post("/api/companies", &again).await.expect(200).json();
    assert_eq!([&again["id"], &again["name"]], [&made["id"], &made["name"]]);
    assert_eq!(again["data"], json!({ "plan": 2 }));
    let several = json!({ "companies": [
        { "domain": "acme.co.nz" }, { "domain": "b.nz", "name": "Bee" }, { "domain": "www.b.nz", "name": "Bee Ltd" },
    ] });
    let written = api.post("/api/companies", &several).await.expect(200).json();
    assert_eq!(each(&written["companies"], "name"), ["Acme", "Bee Ltd"]);

    let page = viewer.get("/api/companies?limit=1").await.expect(200).json();
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = viewer
        .get(&format!("/api/companies?cursor={cursor}"))
        .await
        .expect(200)
        .json();
    assert!(!each(&rest["data"], "id").contains(&page["data"][0]["id"]));
    for (q, domain) in [("acme", "acme.co.nz"), ("BEE", "b.nz")] {
        let found = viewer.get(&format!("/api/companies?q={q}")).await.expect(200).json();
        assert_eq!(each(&found["data"], "domain"), [domain], "{q}");
    }
    assert_eq!(
        viewer.get("/api/companies?q=%25").await.json()["data"],
        json!([]),
        "a wildcard is a letter"
    );

    let patched = send(
        &api,
        Method::PATCH,
        &location,
        &json!({ "name": null, "domain": "http://acme.nz" }),
    )
    .await;
    let patched = patched.expect(200).json();
    assert_eq!(
        [&patched["domain"], &patched["name"], &patched["data"]],
        [&json!("acme.nz"), &Value::Null, &json!({ "plan": 2 })]
    );
    let taken = send(&api, Method::PATCH, &location, &json!({ "domain": "b.nz" }))
        .await
        .expect(409)
        .json();
    assert_eq!(
        (taken["code"].as_str().unwrap(), &taken["company_id"]),
        ("domain_taken", &written["companies"][1]["id"])
    );
    assert_eq!(
        viewer.get(&format!("{location}/completions")).await.expect(200).json()["data"],
        json!([])
    );

    other.get(&location).await.expect(403);
    send(&other, Method::PATCH, &location, &json!({ "name": "X" }))
        .await
        .expect(403);
    other.raw(Method::DELETE, &location, "", &[]).await.expect(403);
    assert_eq!(other.get("/api/companies").await.json()["data"], json!([]));
    assert_eq!(
        other
            .post("/api/companies", &json!({ "domain": "acme.nz" }))
            .await
            .expect(201)
            .json()["domain"],
        "acme.nz"
    );
    api.get("/api/companies/01890000-0000-7000-8000-000000000000")
        .await
        .expect(404);
    viewer
        .post("/api/companies", &json!({ "domain": "x.nz" }))
        .await
        .expect(403);
    send(&viewer, Method::PATCH, &location, &json!({})).await.expect(403);
    viewer.raw(Method::DELETE, &location, "", &[]).await.expect(403);
    api.raw(Method::DELETE, &location, "", &[]).await.expect(204);
    api.get(&location).await.expect(404);
}

pub async fn companies_that_are_wrong_are_refused(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("member"));
    let wrong = json!({ "companies": [
        { "domain": "n/a" }, { "domain": "fine.nz", "data": [] }, { "name": 3 }, "x.nz", { "domain": "fine.nz", "size": 2 },
    ] });
    let refused = api.post("/api/companies", &wrong).await.expect(422).json();
    assert_eq!(refused["code"], "invalid");
    assert_eq!(
        each(&refused["errors"], "pointer"),
        [
            "/companies/0/domain",
            "/companies/1/data",
            "/companies/2/name",
            "/companies/2/domain",
            "/companies/3",
            "/companies/4/size"
        ]
    );
    let large = json!({ "domain": "large.nz", "data": { "text": "x".repeat(70_000) } });
    assert_eq!(
        api.post("/api/companies", &large).await.expect(422).json()["errors"][0]["pointer"],
        "/data"
    );
    let nul = json!({ "domain": "nul.nz", "data": { "text": "a\u{0}b" } });
    assert_eq!(
        api.post("/api/companies", &nul).await.expect(422).json()["code"],
        "unknown_character"
    );
    for body in [
        json!({ "companies": [] }),
        json!({ "companies": {} }),
        json!({ "companies": [{ "domain": "a.nz" }], "x": 1 }),
    ] {
        api.post("/api/companies", &body).await.expect(400);
    }
    assert_eq!(
        api.get("/api/companies").await.json()["data"],
        json!([]),
        "all or nothing"
    );

    let key = [("content-type", "application/json"), ("idempotency-key", "k1")];
    let body = "{\"domain\":\"once.nz\",\"name\":\"Once\"}";
    let first = api.raw(Method::POST, "/api/companies", body, &key).await.expect(201);
    let second = api.raw(Method::POST, "/api/companies", body, &key).await.expect(201);
    assert_eq!(
        (second.headers["idempotent-replayed"].to_str().unwrap(), first.json()),
        ("true", second.json())
    );
    api.raw(Method::POST, "/api/companies", "{\"domain\":\"twice.nz\"}", &key)
        .await
        .expect(422);
}

pub async fn companies_come_as_files(database: Db) {
    let daemon = start(&database);
    let api = daemon.api(&daemon.token("member"));
    api.post(
        "/api/companies",
        &json!({ "domain": "a.nz", "name": "Old", "data": { "kept": false } }),
    )
    .await
    .expect(201);
    let csv = "Company Name,Website,City,Note\nAye,https://www.a.nz/x,Ōtaki,\nBee,b.nz,,\"two\nlines\"\n\n,n/a,Foxton,\nBee,b.nz,,\"two\nlines\"\n";
    let answer = api
        .raw(
            Method::POST,
            "/api/companies/import",
            csv,
            &[CSV, ("idempotency-key", "f1")],
        )
        .await;
    let done = answer.expect(200).json();
    assert_eq!(
        [&done["domain_column"], &done["name_column"]],
        ["Website", "Company Name"],
        "{done}"
    );
    let counts =
        ["rows", "created", "updated", "unchanged", "invalid", "blank_rows"].map(|name| done[name].as_u64().unwrap());
    assert_eq!(counts, [4, 1, 1, 1, 1, 1], "{done}");
    let problem = &done["problems"][0];
    assert_eq!(
        (problem["row_number"].as_i64(), problem["value"].as_str()),
        (Some(3), Some("n/a")),
        "{problem}"
    );
    let found = api.get("/api/companies?q=a.nz").await.json();
    assert_eq!(
        (&found["data"][0]["name"], &found["data"][0]["data"]),
        (&json!("Aye"), &json!({ "City": "Ōtaki" }))
    );
    let found = api.get("/api/companies?q=b.nz").await.json();
    assert_eq!(found["data"][0]["data"], json!({ "Note": "two\nlines" }));
    let again = api
        .raw(
            Method::POST,
            "/api/companies/import",
            csv,
            &[CSV, ("idempotency-key", "f1")],
        )
        .await;
    assert_eq!(again.expect(200).json(), done);

    // More than one command takes, and the columns that are there decide what is written.
    let mut long = "domain\n".to_owned();
    for n in 0..2_300 {
        long.push_str(&format!("company-{n}.nz\n"));
    }
    let done = api
        .raw(Method::POST, "/api/companies/import", long, &[CSV])
        .await
        .expect(200)
        .json();
    assert_eq!(
        (done["created"].as_u64(), &done["name_column"]),
        (Some(2_300), &Value::Null)
    );
    let domain = api
        .raw(Method::POST, "/api/companies/import", "domain\na.nz\nb.nz\n", &[CSV])
        .await
        .expect(200)
        .json();
    assert_eq!(
        domain["unchanged"], 2,
        "a file of domains alone blanks nothing: {domain}"
    );

    let two = api
        .raw(
            Method::POST,
            "/api/companies/import",
            "website,url\na.nz,b.nz\nc.nz,d.nz\n",
            &[CSV],
        )
        .await;
    assert_eq!(two.expect(422).json()["code"], "ambiguous_url_column");
    let named = "website,url\na.nz,b.nz\nc.nz,d.nz\n";
    let named = api
        .raw(Method::POST, "/api/companies/import?url_column=url", named, &[CSV])
        .await
        .expect(200)
        .json();
    assert_eq!(named["domain_column"], "url");
    let body = api
        .post("/api/companies/import", &json!({ "practices": ["a.nz"] }))
        .await
        .expect(415)
        .json();
    assert!(
        body["detail"].as_str().unwrap().contains("POST /api/companies"),
        "{body}"
    );
    let viewer = daemon.api(&daemon.token("viewer"));
    viewer
        .raw(Method::POST, "/api/companies/import", "domain\na.nz\n", &[CSV])
        .await
        .expect(403);
}
