#![allow(clippy::unwrap_used)]
use serde_json::{Value, json};

use super::{Ranked, Sought, rank};
use crate::model::registration::company::{CompanyDetails, CompanyFound};

fn sought() -> Sought {
    Sought {
        name: "Pizza Palace".to_owned(),
        address: Some("Shop 1, 12 Queen St".to_owned()),
        city: Some("Auckland".to_owned()),
        phone: Some("09 555 1234".to_owned()),
    }
}

fn company(name: &str) -> (CompanyFound, Option<CompanyDetails>) {
    with(json!({ "entityName": name }), None)
}

fn with(item: Value, document: Option<Value>) -> (CompanyFound, Option<CompanyDetails>) {
    let details = document.map(|document| CompanyDetails::read(&document, false).unwrap());
    (CompanyFound::read(&item, false).unwrap(), details)
}

/// What the reasons add up to.
fn sum(ranked: &Ranked) -> i32 {
    let points = ranked.match_reasons.iter().map(|reason| {
        let (_, points) = reason.rsplit_once(": ").unwrap();
        points.parse::<i32>().unwrap()
    });
    points.sum()
}

fn scores(sought: &Sought, names: &[&str]) -> Vec<(String, f64)> {
    let ranked = rank(sought, names.iter().map(|name| company(name)).collect());
    ranked.into_iter().map(|one| (one.company.name, one.score)).collect()
}

#[test]
fn the_same_name_comes_first_and_another_last() {
    let scores = scores(
        &sought(),
        &[
            "SUNSHINE PLUMBING LIMITED",
            "PIZZA PLACE LIMITED",
            "PIZZA PALACE RESTAURANT AUCKLAND LIMITED",
            "PALACE HOTEL LIMITED",
            "THE PIZZA PALACE LTD",
        ],
    );
    let names: Vec<&str> = scores.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "THE PIZZA PALACE LTD",
            "PIZZA PALACE RESTAURANT AUCKLAND LIMITED",
            "PIZZA PLACE LIMITED",
            "PALACE HOTEL LIMITED",
            "SUNSHINE PLUMBING LIMITED",
        ]
    );
    assert_eq!((scores[0].1, scores[1].1, scores[4].1), (0.7, 0.62, 0.0));
    assert!(
        scores[2].1 > 0.45 && scores[2].1 < 0.6 && scores[3].1 < 0.4,
        "{scores:?}"
    );
}

#[test]
fn everything_that_fits_makes_one_and_the_reasons_add_up() {
    let document = json!({"entityName": "PIZZA PALACE LIMITED", "phoneNumbers": ["+64 9 5551234"],
        "addresses": [{"address1": "12 Queen Street", "address2": "Auckland", "addressType": "REGISTERED"}]});
    let ranked = rank(&sought(), vec![with(document.clone(), Some(document))]);
    assert_eq!(ranked[0].score, 1.0);
    assert_eq!(
        ranked[0].match_reasons,
        [
            "the name \"PIZZA PALACE LIMITED\" is the same: +70",
            "the registered address has the same street and number: +12",
            "the registered address is in Auckland: +8",
            "the phone number is the same: +10",
        ]
    );
}

#[test]
fn a_company_that_is_gone_scores_less_and_never_below_nothing() {
    let item = |name: &str, code: &str| with(json!({"entityName": name, "entityStatusCode": code}), None);
    let ranked = rank(
        &sought(),
        vec![
            item("PIZZA PALACE LIMITED", "80"),
            item("SUNSHINE PLUMBING LIMITED", "80"),
            item("PIZZA PALACE LIMITED", "62"),
            item("PIZZA PALACE LIMITED", "50"),
        ],
    );
    let scores: Vec<f64> = ranked.iter().map(|one| one.score).collect();
    assert_eq!(scores, [0.7, 0.6, 0.4, 0.0]);
    assert_eq!(
        ranked[2].match_reasons[1],
        "the company does no business any more (80): -30"
    );
    for (one, points) in ranked.iter().zip([70, 60, 40, 0]) {
        assert_eq!(sum(one), points, "{:?}", one.match_reasons);
    }
}

#[test]
fn trading_and_former_names_count() {
    let trading = json!({"entityName": "LEE HOLDINGS LIMITED", "tradingNames": [{"name": "Pizza Palace"}]});
    let former = json!({"entityName": "LEE HOLDINGS LIMITED", "previousEntityNames": ["PIZZA PALACE LIMITED"]});
    let ranked = rank(&sought(), vec![with(former.clone(), Some(former)), with(trading, None)]);
    assert_eq!((ranked[0].score, ranked[1].score), (0.7, 0.6));
    assert_eq!(
        ranked[0].match_reasons,
        ["the trading name \"Pizza Palace\" is the same: +70"]
    );
    assert!(ranked[1].match_reasons[0].starts_with("the former name"));
}

#[test]
fn what_fits_equally_well_stays_in_its_order() {
    let numbered = |number: u64| {
        with(
            json!({"entityName": "PIZZA PALACE LIMITED", "sourceRegisterUniqueId": number}),
            None,
        )
    };
    let ranked = rank(&sought(), (1..=8).map(numbered).collect());
    let numbers: Vec<_> = ranked
        .into_iter()
        .filter_map(|one| one.company.company_number)
        .collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6", "7", "8"]);
}

#[test]
fn the_street_alone_counts_less_and_another_phone_nothing() {
    let document = json!({"entityName": "PIZZA PALACE LIMITED", "phoneNumbers": ["09 555 1235"],
        "addresses": [{"address1": "14 Queen Street", "address2": "Wellington", "addressType": "SERVICE"}]});
    let ranked = rank(&sought(), vec![with(document.clone(), Some(document))]);
    assert_eq!((sum(&ranked[0]), ranked[0].score), (75, 0.75));
    assert_eq!(
        ranked[0].match_reasons[1],
        "the service address is in the same street: +5"
    );
}
