use serde_json::{Value, json};

use super::super::test_client::{Outcome, answer, client};
use super::{Asked, Fault, KEY, Options, Platform, Resource};

struct Bench {
    platform: Platform,
    client: reqwest::Client,
}

impl Bench {
    async fn start() -> Result<Self, Box<dyn std::error::Error>> {
        Ok(Self {
            platform: Platform::start().await?,
            client: client()?,
        })
    }

    fn post(&self, resource: Resource, body: &Value, key: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/v1/{resource}", self.platform.url());
        let request = self.client.post(url).bearer_auth(KEY).json(body);
        if key.is_empty() {
            request
        } else {
            request.header("Idempotency-Key", key)
        }
    }

    fn find(&self, resource: Resource, reference: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/v1/{resource}?reference={reference}", self.platform.url());
        self.client.get(url).bearer_auth(KEY)
    }

    fn accounts(&self) -> u64 {
        self.platform.effects(Resource::Accounts, "r-1")
    }
}

fn account() -> Value {
    json!({ "reference": "r-1", "name": "Pizza Palace", "email": "ann@pizza.example", "contact_name": "Ann" })
}

#[tokio::test]
async fn what_was_made_is_found_by_its_reference() -> Outcome {
    let bench = Bench::start().await?;
    assert_eq!(
        answer(bench.find(Resource::Accounts, "r-1")).await?,
        (200, json!({ "data": [] }))
    );
    let (status, made) = answer(bench.post(Resource::Accounts, &account(), "")).await?;
    assert_eq!((status, &made["email"]), (201, &json!("ann@pizza.example")));
    assert_eq!(
        answer(bench.find(Resource::Accounts, "r-1")).await?.1,
        json!({ "data": [made] })
    );
    assert_eq!(
        answer(bench.find(Resource::Accounts, "r-2")).await?.1,
        json!({ "data": [] })
    );
    assert_eq!(answer(bench.find(Resource::Accounts, "")).await?.0, 400);
    let seen = bench.platform.requests();
    assert_eq!(
        (seen.len(), seen[1].effect, seen[1].asked, seen[1].reference.as_str()),
        (5, true, Asked::Work, "r-1")
    );
    assert_eq!(
        (
            bench.platform.asked(Resource::Accounts),
            bench.platform.finds(Resource::Accounts)
        ),
        (1, 4)
    );
    Ok(())
}

#[tokio::test]
async fn only_whoever_has_the_key_is_let_in() -> Outcome {
    let platform = Platform::with(Options {
        key: "another".to_owned(),
        honours_keys: true,
    })
    .await?;
    let url = format!("{}/v1/accounts", platform.url());
    let client = client()?;
    assert_eq!(answer(client.post(&url).json(&account())).await?.0, 401);
    assert_eq!(
        answer(client.post(&url).bearer_auth(KEY).json(&account())).await?.0,
        401
    );
    assert_eq!(platform.effects(Resource::Accounts, "r-1"), 0);
    assert_eq!(
        answer(client.post(&url).bearer_auth("another").json(&account()))
            .await?
            .0,
        201
    );
    Ok(())
}

#[tokio::test]
async fn a_refusal_says_what_is_wrong() -> Outcome {
    let bench = Bench::start().await?;
    let (status, told) = answer(bench.post(
        Resource::Accounts,
        &json!({ "reference": "r-1", "email": "ann", "name": null, "contact_name": 1, "x": 1 }),
        "",
    ))
    .await?;
    assert_eq!(
        (status, &told["errors"]),
        (
            422,
            &json!([
                "name is missing",
                "email takes an e-mail address",
                "contact_name takes a text",
                "x is not known"
            ])
        )
    );
    let place = json!({ "reference": "r-1", "account_id": "accounts-9", "name": "P", "address": "1 Queen Street" });
    let (status, told) = answer(bench.post(Resource::Restaurants, &place, "")).await?;
    assert_eq!(
        (status, &told["errors"]),
        (422, &json!(["account_id names none of the accounts of this reference"]))
    );
    let wrong = json!({ "reference": "r-1", "restaurant_id": 1, "services": ["delivery", "fax"], "opening_hours": [
        { "days": ["Mo"], "opens": "9", "closes": "24:00" }, 5
    ]});
    let (_, told) = answer(bench.post(Resource::Services, &wrong, "")).await?;
    assert_eq!(
        told["errors"],
        json!([
            "restaurant_id takes a text",
            "services takes delivery, pickup, dine_in",
            "opening_hours[0].opens takes a time such as 09:30",
            "opening_hours[1] takes an object"
        ])
    );
    let url = format!("{}/v1/menus?reference=r-1&restaurant_id=x", bench.platform.url());
    for (menu, told) in [
        (
            "Pizza,Margherita,12.00\n",
            "the first line is no header: it has no column 'category'",
        ),
        ("category,name,price\n", "it has no items"),
        ("category,name,price\na,b\n", "found record with 2 fields"),
    ] {
        let request = bench
            .client
            .post(&url)
            .bearer_auth(KEY)
            .header("Content-Type", "text/csv");
        let (status, answered) = answer(request.body(menu)).await?;
        assert_eq!(status, 422);
        assert!(answered["error"].to_string().contains(told), "{answered}");
    }
    for (path, method, status) in [
        ("/v1/fax", reqwest::Method::GET, 404),
        ("/x", reqwest::Method::GET, 404),
        ("/v1/readiness", reqwest::Method::POST, 405),
        ("/v1/readiness?reference=r-1", reqwest::Method::GET, 409),
    ] {
        let url = format!("{}{path}", bench.platform.url());
        let request = bench.client.request(method, url).bearer_auth(KEY);
        assert_eq!(answer(request).await?.0, status, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_key_that_is_honoured_does_its_work_once() -> Outcome {
    let bench = Bench::start().await?;
    let (_, first) = answer(bench.post(Resource::Accounts, &account(), "k")).await?;
    let again = bench.post(Resource::Accounts, &account(), "k").send().await?;
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!((again.status().as_u16(), again.json::<Value>().await?), (201, first));
    let mut other = account();
    other["name"] = "Burger House".into();
    assert_eq!(answer(bench.post(Resource::Accounts, &other, "k")).await?.0, 422);
    assert_eq!(bench.accounts(), 1);

    bench.platform.honours_keys(false);
    assert_eq!(answer(bench.post(Resource::Accounts, &account(), "k")).await?.0, 201);
    assert_eq!(bench.accounts(), 2);
    assert_eq!(bench.platform.made(Resource::Accounts, "r-1").len(), 2);
    Ok(())
}

#[tokio::test]
async fn each_fault_has_its_effect_and_its_answer() -> Outcome {
    let bench = Bench::start().await?;
    for (fault, effects, answered) in [
        (Fault::HalfSucceed, 1, Some(500)),
        (Fault::DieBeforeAnswer, 1, None),
        (Fault::DieBeforeEffect, 0, None),
        (Fault::Garbage, 1, Some(200)),
        (Fault::SlowDown { retry_after: 7 }, 0, Some(429)),
        (Fault::Refuse { status: 409 }, 0, Some(409)),
        (Fault::RefuseLogin, 0, Some(401)),
        (Fault::Slow { ms: 1 }, 1, Some(201)),
    ] {
        let before = bench.accounts();
        bench.platform.fault(Resource::Accounts, fault, 1);
        let sent = bench.post(Resource::Accounts, &account(), "").send().await;
        let status = sent.as_ref().ok().map(|response| response.status().as_u16());
        assert_eq!((bench.accounts() - before, status), (effects, answered), "{fault:?}");
        if fault == Fault::Garbage {
            assert!(sent?.json::<Value>().await.is_err());
        } else if matches!(fault, Fault::SlowDown { .. }) {
            assert_eq!(sent?.headers()["retry-after"], "7");
        }
    }
    assert_eq!(answer(bench.post(Resource::Accounts, &account(), "")).await?.0, 201);
    bench.platform.fault(Resource::Accounts, Fault::HalfSucceed, 9);
    bench.platform.clear_faults();
    assert_eq!(answer(bench.post(Resource::Accounts, &account(), "")).await?.0, 201);
    bench
        .platform
        .fault_of_find(Resource::Accounts, Fault::Refuse { status: 503 }, 1);
    assert_eq!(answer(bench.find(Resource::Accounts, "r-1")).await?.0, 503);
    Ok(())
}

#[tokio::test]
async fn a_request_can_be_left_without_an_answer() -> Outcome {
    let bench = Bench::start().await?;
    for (n, effect) in [false, true].into_iter().enumerate() {
        bench.platform.fault(Resource::Accounts, Fault::Hang { effect }, 1);
        let hanging = tokio::spawn(bench.post(Resource::Accounts, &account(), "").send());
        bench.platform.until_asked(Resource::Accounts, n as u64 + 1).await;
        assert_eq!(bench.accounts(), u64::from(effect));
        hanging.abort();
        assert!(hanging.await.is_err());
    }
    assert_eq!(bench.platform.requests().last().map(|last| last.status), Some(None));
    Ok(())
}

#[tokio::test]
async fn what_is_held_is_done_and_answered_later() -> Outcome {
    let bench = Bench::start().await?;
    bench.platform.hold(Resource::Accounts);
    let held = tokio::spawn(bench.post(Resource::Accounts, &account(), "").send());
    bench.platform.until_asked(Resource::Accounts, 1).await;
    assert_eq!(bench.accounts(), 1);
    // A question is answered all the same.
    assert_eq!(answer(bench.find(Resource::Accounts, "r-1")).await?.0, 200);
    assert!(!held.is_finished());
    bench.platform.release(Resource::Accounts);
    assert_eq!(held.await??.status(), 201);
    Ok(())
}

#[tokio::test]
async fn it_can_be_switched_and_read_over_http() -> Outcome {
    let bench = Bench::start().await?;
    let at = |path: &str| format!("{}{path}", bench.platform.url());
    let post = |path: &str, body: Value| answer(bench.client.post(at(path)).json(&body));
    let fault = json!({ "resource": "accounts", "fault": "refuse", "status": 418, "times": 2 });
    assert_eq!(post("/_faults", fault).await?.0, 204);
    assert_eq!(answer(bench.post(Resource::Accounts, &account(), "")).await?.0, 418);
    assert_eq!(answer(bench.client.delete(at("/_faults"))).await?.0, 204);
    assert_eq!(post("/_settings", json!({ "honours_keys": false })).await?.0, 204);
    for _ in 0..2 {
        assert_eq!(answer(bench.post(Resource::Accounts, &account(), "k")).await?.0, 201);
    }
    let find = json!({ "resource": "accounts", "fault": "hang", "asked": "find" });
    assert_eq!(post("/_faults", find).await?.0, 204);
    for wrong in [
        json!({ "resource": "fax", "fault": "garbage" }),
        json!({ "resource": "accounts", "fault": "burn" }),
    ] {
        assert_eq!(post("/_faults", wrong).await?.0, 400);
    }
    for path in ["/_hold", "/_release"] {
        assert_eq!(post(path, json!({ "resource": "menus" })).await?.0, 204);
    }
    let (_, effects) = answer(bench.client.get(at("/_effects"))).await?;
    assert_eq!(effects, json!({ "r-1": { "accounts": 2 } }));
    let (_, requests) = answer(bench.client.get(at("/_requests"))).await?;
    assert_eq!(
        (&requests["total"], &requests["data"][0]["status"]),
        (&json!(3), &json!(418))
    );
    Ok(())
}
