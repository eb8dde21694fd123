use serde_json::{Value, json};

use super::super::test_client::{Outcome, answer, client};
use super::{Column, ColumnDefault, KEY, Options, Postgrest, Table};

fn tables() -> Vec<Table> {
    vec![
        Table::new(
            "companies",
            vec![
                Column::new("id", "bigint").primary().default(ColumnDefault::Serial),
                Column::new("domain", "varchar(20)").required().unique(),
                Column::new("employees", "int"),
                Column::new("status", "text").default(ColumnDefault::Value(json!("new"))),
                Column::new("tags", "text[]"),
                Column::new("extra", "jsonb"),
            ],
        ),
        Table::new(
            "urls",
            vec![
                Column::new("domain", "text")
                    .required()
                    .references("companies", "domain"),
                Column::new("url", "text").required(),
                Column::new("found_at", "timestamptz")
                    .required()
                    .default(ColumnDefault::Now),
            ],
        )
        .unique(&["domain", "url"]),
    ]
}

async fn server() -> std::io::Result<Postgrest> {
    Postgrest::start(Options {
        tables: tables(),
        ..Options::default()
    })
    .await
}

fn request(server: &Postgrest, path: &str, prefer: &str, body: &Value) -> reqwest::RequestBuilder {
    client()
        .unwrap()
        .post(format!("{}{path}", server.base_url()))
        .header("apikey", KEY)
        .header("Prefer", prefer)
        .json(body)
}

async fn post(server: &Postgrest, path: &str, prefer: &str, body: Value) -> Result<(u16, Value), reqwest::Error> {
    answer(request(server, path, prefer, &body)).await
}

async fn get(server: &Postgrest, path: &str) -> Result<(u16, Value), reqwest::Error> {
    let url = format!("{}{path}", server.base_url());
    answer(client()?.get(url).header("apikey", KEY)).await
}

/// The status and code of a POST without preferences.
async fn refused(server: &Postgrest, path: &str, body: Value) -> Result<(u16, String), reqwest::Error> {
    let (status, body) = post(server, path, "", body).await?;
    for field in ["message", "details", "hint"] {
        assert!(body.get(field).is_some(), "{field} of {body}");
    }
    Ok((status, body["code"].as_str().unwrap_or_default().to_owned()))
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn rows_are_inserted_and_returned_as_preferred() -> Outcome {
    let server = server().await?;
    assert_eq!(
        post(&server, "companies", "", json!({ "domain": "a" })).await?,
        (201, json!(""))
    );
    let two = json!([{ "domain": "b", "employees": "3" }, { "domain": "c", "employees": null }]);
    let (status, rows) = post(
        &server,
        "companies?select=id,domain,n:employees,status",
        "return=representation",
        two,
    )
    .await?;
    assert_eq!(status, 201);
    assert_eq!(rows[0], json!({ "id": 2, "domain": "b", "n": 3, "status": "new" }));
    assert_eq!(rows[1]["n"], Value::Null);
    let headers = request(&server, "companies", "return=headers-only", &json!({ "domain": "d" }))
        .send()
        .await?;
    assert_eq!(headers.headers()["location"], "/companies?id=eq.4");
    assert_eq!(headers.headers()["preference-applied"], "return=headers-only");
    assert_eq!(post(&server, "companies", "", json!([])).await?.0, 201);
    let csv = client()?
        .post(format!("{}companies", server.base_url()))
        .header("apikey", KEY)
        .header("Content-Type", "text/csv")
        .body("domain,employees\ne,5\nf,NULL\n");
    assert_eq!(answer(csv).await?.0, 201);
    assert_eq!(server.rows("companies").len(), 6);
    assert_eq!(server.rows("companies")[4]["employees"], 5);
    assert_eq!(server.requests()[1].rows, 2);
    Ok(())
}

#[tokio::test]
async fn duplicates_are_refused_merged_or_ignored() -> Outcome {
    let server = server().await?;
    let first = json!({ "domain": "a", "employees": 1, "status": "kept" });
    post(&server, "companies", "", first).await?;
    assert_eq!(
        refused(&server, "companies", json!({ "domain": "a" })).await?,
        code(409, "23505")
    );

    let path = "companies?on_conflict=domain";
    let merge = "resolution=merge-duplicates,return=representation";
    let (status, rows) = post(&server, path, merge, json!([{ "domain": "a", "employees": 2 }])).await?;
    assert_eq!(
        (status, &rows[0]["employees"], &rows[0]["status"]),
        (200, &json!(2), &json!("kept"))
    );
    let both = json!([{ "domain": "a", "employees": 3 }, { "domain": "b", "employees": 4 }]);
    assert_eq!(post(&server, path, merge, both.clone()).await?.0, 201);
    let ignore = "resolution=ignore-duplicates, return=representation";
    assert_eq!(post(&server, path, ignore, both).await?, (200, json!([])));

    let twice = json!([{ "domain": "x", "employees": 1 }, { "domain": "x", "employees": 2 }]);
    let (status, body) = post(&server, path, merge, twice).await?;
    assert_eq!((status, &body["code"]), (500, &json!("21000")));
    let (status, body) = post(&server, "companies?on_conflict=status", merge, json!({ "domain": "y" })).await?;
    assert_eq!((status, &body["code"]), (400, &json!("42P10")));
    let by_key = json!({ "id": 1, "domain": "b" });
    let (status, body) = post(&server, "companies", merge, by_key).await?;
    assert_eq!((status, &body["code"]), (409, &json!("23505")));
    assert_eq!(body["details"], "Key (domain)=(b) already exists.");

    let url = json!({ "domain": "a", "url": "u" });
    let path = "urls?on_conflict=domain,url";
    assert_eq!(post(&server, path, merge, url.clone()).await?.0, 201);
    assert_eq!(post(&server, path, merge, url).await?.0, 200);
    assert_eq!((server.rows("companies").len(), server.rows("urls").len()), (2, 1));
    Ok(())
}

#[tokio::test]
async fn one_bad_row_fails_them_all() -> Outcome {
    let server = server().await?;
    post(&server, "companies", "", json!({ "domain": "a", "employees": 1 })).await?;
    let merge = "resolution=merge-duplicates";
    let rows = json!([
        { "domain": "a", "employees": 9 },
        { "domain": "b", "employees": 2 },
        { "domain": "c", "employees": "many" },
    ]);
    let (status, body) = post(&server, "companies?on_conflict=domain", merge, rows).await?;
    assert_eq!((status, &body["code"]), (400, &json!("22P02")));
    assert_eq!(body["message"], "invalid input syntax for type integer: \"many\"");
    let rows = server.rows("companies");
    assert_eq!((rows.len(), &rows[0]["employees"]), (1, &json!(1)));
    // What was taken back is free again.
    assert_eq!(post(&server, "companies", "", json!({ "domain": "b" })).await?.0, 201);
    Ok(())
}

#[tokio::test]
async fn every_mistake_has_its_code() -> Outcome {
    let server = server().await?;
    for (path, body, expected) in [
        ("companies", json!({ "domain": null }), code(400, "23502")),
        ("companies", json!({ "employees": 1 }), code(400, "23502")),
        ("companies", json!({ "domain": "x".repeat(21) }), code(400, "22001")),
        (
            "companies",
            json!({ "domain": "a", "employees": 1e12 as i64 }),
            code(400, "22003"),
        ),
        ("companies", json!({ "domain": "a", "tags": "x" }), code(400, "22P02")),
        ("companies", json!({ "domain": "a", "fax": 1 }), code(400, "PGRST204")),
        ("companies?columns=fax", json!({ "domain": "a" }), code(400, "PGRST204")),
        (
            "companies",
            json!([{ "domain": "a" }, { "domain": "b", "employees": 1 }]),
            code(400, "PGRST102"),
        ),
        ("companies", json!([1]), code(400, "PGRST102")),
        ("companies", json!(1), code(400, "PGRST102")),
        ("urls", json!({ "domain": "nobody", "url": "u" }), code(409, "23503")),
        ("company", json!({}), code(404, "PGRST205")),
    ] {
        assert_eq!(refused(&server, path, body.clone()).await?, expected, "{path} {body}");
    }
    let (_, body) = post(&server, "company", "", json!({})).await?;
    assert_eq!(body["hint"], "Perhaps you meant the table 'public.companies'");
    let xml = request(&server, "companies", "", &json!({})).header("Content-Type", "text/xml");
    let mut xml = xml.build()?;
    xml.headers_mut().insert("content-type", "text/xml".parse()?);
    assert_eq!(client()?.execute(xml).await?.status(), 415);
    let url = format!("{}companies", server.base_url());
    assert_eq!(client()?.delete(&url).header("apikey", KEY).send().await?.status(), 405);
    let profile = client()?
        .post(&url)
        .header("apikey", KEY)
        .header("Content-Profile", "private");
    assert_eq!(answer(profile.json(&json!({}))).await?.1["code"], "PGRST106");
    let strict = post(&server, "companies", "handling=strict, speed=high", json!({})).await?;
    assert_eq!((strict.0, &strict.1["code"]), (400, &json!("PGRST122")));
    server.drop_table("companies");
    assert_eq!(refused(&server, "companies", json!({})).await?, code(404, "PGRST205"));
    Ok(())
}

#[tokio::test]
async fn columns_name_what_is_set_and_missing_ones_are_null_or_default() -> Outcome {
    let server = server().await?;
    let rows = json!([
        { "domain": "a", "status": "old", "ignored": 1 },
        { "domain": "b" },
    ]);
    let path = "companies?columns=domain,status&select=status";
    let returned = "return=representation";
    let (_, nulls) = post(&server, path, returned, rows.clone()).await?;
    assert_eq!(nulls, json!([{ "status": "old" }, { "status": null }]));
    server.set_table(tables().remove(0));
    let (_, defaults) = post(&server, path, "missing=default, return=representation", rows).await?;
    assert_eq!(defaults, json!([{ "status": "old" }, { "status": "new" }]));
    Ok(())
}

#[tokio::test]
async fn keys_and_tokens_are_checked() -> Outcome {
    let jwt = "eyJhbGciOi.eyJyb2xlIjoi.c2ln";
    let server = Postgrest::start(Options {
        tables: tables(),
        api_key: Some(jwt.to_owned()),
        ..Options::default()
    })
    .await?;
    let get = || client().unwrap().get(format!("{}companies", server.base_url()));
    let (status, body) = answer(get()).await?;
    assert_eq!((status, &body["message"]), (401, &json!("No API key found in request")));
    let (status, body) = answer(get().header("apikey", "x")).await?;
    assert_eq!((status, &body["message"]), (401, &json!("Invalid API key")));
    let keyed = || get().header("apikey", jwt);
    let (status, body) = answer(keyed().bearer_auth("a.b.c")).await?;
    assert_eq!((status, &body["code"]), (401, &json!("PGRST301")));
    assert_eq!(answer(keyed().bearer_auth(KEY)).await?.1["code"], "PGRST301");
    assert_eq!(answer(keyed().bearer_auth(jwt)).await?.0, 200);
    server.deny("companies");
    let (status, body) = answer(keyed()).await?;
    assert_eq!((status, &body["code"]), (401, &json!("42501")));
    let (status, body) = answer(keyed().bearer_auth(jwt)).await?;
    assert_eq!((status, &body["code"]), (403, &json!("42501")));
    server.allow("companies");
    assert_eq!(answer(keyed()).await?.0, 200);

    let closed = Postgrest::start(Options {
        api_key: None,
        jwt: Some(jwt.to_owned()),
        anonymous: false,
        tables: tables(),
        ..Options::default()
    })
    .await?;
    let get = || client().unwrap().get(format!("{}companies", closed.base_url()));
    assert_eq!(answer(get()).await?.1["code"], "PGRST302");
    assert_eq!(answer(get().bearer_auth(jwt)).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn failures_come_on_request_and_answers_get_lost() -> Outcome {
    let server = server().await?;
    let row = json!({ "domain": "a" });
    for (failure, status) in [("08006", 503), ("57014", 500), ("42P01", 404), ("PGRST003", 504)] {
        server.fail_next(failure, 1);
        assert_eq!(refused(&server, "companies", row.clone()).await?, code(status, failure));
    }
    assert_eq!(server.requests()[0].code.as_deref(), Some("08006"));
    assert_eq!(server.rows("companies").len(), 0);
    server.lose_answers(1);
    assert_eq!(post(&server, "companies", "", row.clone()).await?.0, 504);
    assert_eq!(server.rows("companies").len(), 1);
    assert_eq!(refused(&server, "companies", row).await?, code(409, "23505"));
    Ok(())
}

#[tokio::test]
async fn a_rollback_keeps_nothing_where_it_is_allowed() -> Outcome {
    let server = server().await?;
    let dry = "tx=rollback, return=representation";
    let row = json!({ "domain": "a" });
    server.set_allow_rollback(true);
    let response = request(&server, "companies", dry, &row).send().await?;
    assert_eq!(response.status(), 201);
    assert_eq!(
        response.headers()["preference-applied"],
        "tx=rollback, return=representation"
    );
    assert_eq!(server.rows("companies").len(), 0);
    server.set_allow_rollback(false);
    let response = request(&server, "companies", dry, &row).send().await?;
    assert_eq!(response.headers()["preference-applied"], "return=representation");
    assert_eq!(server.rows("companies").len(), 1);
    Ok(())
}

#[tokio::test]
async fn rows_are_read_by_filter() -> Outcome {
    let server = server().await?;
    let rows = json!([
        { "domain": "a", "employees": 1 },
        { "domain": "b", "employees": null },
        { "domain": "c", "employees": 1 },
    ]);
    post(&server, "companies", "", rows).await?;
    for (query, domains) in [
        ("employees=eq.1", json!(["a", "c"])),
        ("employees=eq.1&limit=1&offset=1", json!(["c"])),
        ("domain=in.(a,b)", json!(["a", "b"])),
        ("employees=is.null", json!(["b"])),
        ("employees=not.is.null&domain=eq.a", json!(["a"])),
    ] {
        let (status, found) = get(&server, &format!("companies?select=domain&{query}")).await?;
        let found: Vec<&Value> = found.as_array().unwrap().iter().map(|row| &row["domain"]).collect();
        assert_eq!((status, json!(found)), (200, domains), "{query}");
    }
    for (query, expected) in [
        ("select=fax", "42703"),
        ("fax=eq.1", "42703"),
        ("employees=eq.x", "22P02"),
        ("employees=like.x", "PGRST100"),
    ] {
        let (status, body) = get(&server, &format!("companies?{query}")).await?;
        assert_eq!((status, &body["code"]), (400, &json!(expected)), "{query}");
    }
    let url = format!("{}companies?limit=2", server.base_url());
    let counted = client()?.get(url).header("apikey", KEY).header("Prefer", "count=exact");
    assert_eq!(counted.send().await?.headers()["content-range"], "0-1/3");
    Ok(())
}

#[tokio::test]
async fn the_root_describes_the_tables() -> Outcome {
    let server = server().await?;
    let (status, document) = get(&server, "").await?;
    assert_eq!((status, &document["swagger"]), (200, &json!("2.0")));
    let companies = &document["definitions"]["companies"];
    assert_eq!(companies["required"], json!(["id", "domain"]));
    assert_eq!(
        companies["properties"]["domain"],
        json!({ "format": "character varying", "type": "string", "maxLength": 20 })
    );
    assert_eq!(
        companies["properties"]["id"],
        json!({ "format": "bigint", "type": "integer", "description": "Note:\nThis is a Primary Key.<pk/>" })
    );
    assert_eq!(
        companies["properties"]["tags"],
        json!({ "format": "text[]", "type": "array", "items": { "type": "string" } })
    );
    assert_eq!(companies["properties"]["extra"], json!({ "format": "jsonb" }));
    let urls = &document["definitions"]["urls"]["properties"];
    assert_eq!(urls["found_at"]["default"], "now()");
    assert!(
        urls["domain"]["description"]
            .as_str()
            .unwrap()
            .contains("<fk table='companies' column='domain'/>")
    );
    server.deny("urls");
    let (_, document) = get(&server, "").await?;
    assert!(document["definitions"].get("urls").is_none());
    Ok(())
}
