use std::collections::HashSet;

use serde_json::{Value, json};

use super::super::test_client::{Outcome, answer, client};
use super::{Asked, Fault, KEY, Nzbn, companies};
use crate::model::registration::nzbn;

async fn get(register: &Nzbn, path: &str) -> Result<(u16, Value), Box<dyn std::error::Error>> {
    let url = format!("{}{path}", register.url());
    let request = client()?.get(url).header("Ocp-Apim-Subscription-Key", KEY);
    Ok(answer(request).await?)
}

#[test]
fn every_company_has_numbers_of_its_own() {
    let companies = companies();
    assert_eq!(companies.len(), 40);
    let numbers: HashSet<&str> = companies.iter().map(|company| company.nzbn.as_str()).collect();
    assert_eq!(numbers.len(), 40);
    for company in &companies {
        assert!(nzbn::Nzbn::parse(&company.nzbn).is_some(), "{company:?}");
    }
}

#[tokio::test]
async fn companies_are_found_page_by_page() -> Outcome {
    let register = Nzbn::start().await?;
    let (_, all) = get(&register, "/entities?search-term=pizza%20palace&page-size=50").await?;
    assert_eq!(
        (&all["totalItems"], &all["page"], &all["pageSize"]),
        (&json!(5), &json!(0), &json!(50))
    );
    assert_eq!(all["items"][0]["entityName"], "PIZZA PALACE LIMITED");
    let (_, second) = get(&register, "/entities?search-term=pizza%20palace&page-size=2&page=1").await?;
    assert_eq!(second["items"], json!([all["items"][2], all["items"][3]]));
    let open = "/entities?search-term=pizza%20palace&entity-status=Registered&entity-status=InLiquidation";
    assert_eq!(get(&register, open).await?.1["totalItems"], 4);
    let none = get(&register, "/entities?search-term=nothing-of-the-kind").await?;
    assert_eq!((none.0, &none.1["items"]), (200, &json!([])));
    for wrong in [
        "/entities",
        "/entities?search-term=a&page-size=51",
        "/entities?search-term=a&page=x",
    ] {
        assert_eq!(get(&register, wrong).await?.0, 400, "{wrong}");
    }
    Ok(())
}

#[tokio::test]
async fn a_document_and_its_parts_are_given() -> Outcome {
    let register = Nzbn::start().await?;
    let (number, nzbn) = register.numbers("PIZZA PALACE LIMITED").ok_or("it is there")?;
    let (_, document) = get(&register, &format!("/entities/{nzbn}")).await?;
    assert_eq!(document["sourceRegisterUniqueIdentifier"], json!(number));
    let part = |name: &str| format!("/entities/{nzbn}/{name}");
    assert_eq!(get(&register, &part("roles")).await?.1["roles"], document["roles"]);
    assert_eq!(
        get(&register, &part("company-details")).await?.1,
        document["company-details"]
    );
    let (_, addresses) = get(&register, &part("addresses?address-type=SERVICE")).await?;
    assert_eq!(addresses, json!([document["addresses"]["addressList"][1]]));
    assert_eq!(get(&register, &part("addresses")).await?.0, 400);
    let (_, trader) = register.numbers("CHICKEN SHOP CATERING").ok_or("it is there")?;
    assert_eq!(
        get(&register, &format!("/entities/{trader}/company-details")).await?.0,
        400
    );
    assert_eq!(get(&register, "/entities/9429034042984").await?.0, 404);
    Ok(())
}

#[tokio::test]
async fn keys_are_checked_and_faults_come_once() -> Outcome {
    let register = Nzbn::start().await?;
    let url = format!("{}/entities?search-term=pizza", register.url());
    assert_eq!(answer(client()?.get(&url)).await?.0, 401);
    let wrong = client()?.get(&url).header("Ocp-Apim-Subscription-Key", "another");
    assert_eq!(answer(wrong).await?.0, 401);
    let faults = [
        (Fault::SlowDown { retry_after: 3 }, 429),
        (Fault::Fail { status: 500 }, 500),
        (Fault::Garbage, 200),
        (Fault::RefuseKey, 401),
        (Fault::NotSubscribed, 403),
    ];
    for (fault, _) in faults {
        register.fault(Asked::Search, fault, 1);
    }
    for (fault, status) in faults {
        let (answered, body) = get(&register, "/entities?search-term=pizza").await?;
        assert_eq!(
            (answered, body.is_string()),
            (status, fault == Fault::Garbage),
            "{fault:?}"
        );
    }
    assert_eq!(get(&register, "/entities?search-term=pizza").await?.0, 200);
    let statuses: Vec<u16> = register.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [401, 401, 429, 500, 200, 401, 403, 200]);
    Ok(())
}
