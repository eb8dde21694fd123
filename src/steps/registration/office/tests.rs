#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::path::Path;
use std::sync::Arc;

use entity::{Id, restaurants};
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use super::super::{Found, RegistrationContext, RegistrationHandler, RegistrationStop, checked_plan};
use super::AskCompaniesOffice;
use crate::model::registration::step::StepNumber;
use crate::providers::Providers;
use crate::settings::Settings;
use crate::simulators::nzbn::{Asked, Fault, KEY, Nzbn};
use crate::steps::{Handlers, Progress};
use crate::store::Database;
use crate::store::read::EngineReader;
use crate::store::write::CandidateFound;

/// The real providers before the register on loopback.
struct Desk {
    register: Nzbn,
    providers: Arc<Providers>,
    reader: EngineReader,
    _settings: watch::Sender<Arc<Settings>>,
    _directory: tempfile::TempDir,
}

impl Desk {
    async fn start() -> Self {
        Self::with_key(KEY).await
    }

    async fn with_key(key: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let directory = tempfile::tempdir().unwrap();
        let secret = directory.path().join("key");
        std::fs::write(&secret, key).unwrap();
        let text = format!(
            "data_dir = {:?}\n[network]\nallow_cidrs = ['127.0.0.0/8']\n\
             [secrets.NZBN_SUBSCRIPTION_KEY]\nfrom = 'file:{}'\nhosts = ['127.0.0.1']\n",
            directory.path(),
            secret.display()
        );
        let settings = Arc::new(Settings::from_text(&text).unwrap());
        let database = Database::open(&settings).await.unwrap();
        let settings = watch::Sender::new(settings);
        Self {
            register: Nzbn::start().await.unwrap(),
            providers: Providers::new(settings.subscribe()).unwrap(),
            reader: EngineReader::new(database.readers),
            _settings: settings,
            _directory: directory,
        }
    }

    fn context(&self, step: StepNumber, name: &str, selection: Value) -> RegistrationContext {
        let plan = checked_plan(Path::new("/nonexistent")).unwrap();
        RegistrationContext {
            organisation_id: Id::now(),
            organisation: "Acme".to_owned(),
            batch_id: Id::now(),
            restaurant: restaurant(name),
            slug: step.name().to_owned(),
            settings: plan.step(step).unwrap().settings.clone(),
            facts: Arc::new(json!({
                "companies_office": { "url": self.register.url() }, "restaurant": { "name": name },
                "selection": selection,
            })),
            key: Uuid::nil(),
            attempt: 1,
            providers: Arc::clone(&self.providers),
            reader: self.reader.clone(),
            handlers: Handlers::default(),
            progress: Progress::new(),
        }
    }

    async fn search(&self, name: &str) -> Result<Found, RegistrationStop> {
        let context = self.context(StepNumber::CompanySearch, name, Value::Null);
        AskCompaniesOffice.run(&context).await
    }

    async fn details(&self, selection: Value) -> Result<Found, RegistrationStop> {
        let context = self.context(StepNumber::CompanyDetails, "Pizza Palace", selection);
        AskCompaniesOffice.run(&context).await
    }

    fn asked(&self, asked: Asked) -> usize {
        let requests = self.register.requests();
        requests.iter().filter(|request| request.asked == asked).count()
    }
}

fn restaurant(name: &str) -> restaurants::Model {
    let (address, phone) = match name {
        "Burger House" => ("88 Ponsonby Rd", "(09) 555 0201"),
        "Chicken Shop" => ("Shop 2, 25 Sandringham Rd", "09 5550301"),
        _ => ("12 Queen St, Auckland", "+6495550101"),
    };
    restaurants::Model {
        id: Id::now(),
        organisation_id: Id::now(),
        name: name.to_owned(),
        name_key: name.to_lowercase(),
        kind: "outbound".to_owned(),
        stage: "hot".to_owned(),
        icp_score: None,
        status: "new".to_owned(),
        website: None,
        website_input: None,
        phone: Some(phone.to_owned()),
        email: None,
        address: Some(address.to_owned()),
        city: Some("Auckland".to_owned()),
        city_key: Some("auckland".to_owned()),
        region: None,
        region_key: None,
        country: None,
        extraction_job_id: None,
        company_number: None,
        nzbn: None,
        data: json!({}),
        version: 1,
        created_at: chrono::Utc::now(),
        updated_at: chrono::Utc::now(),
    }
}

fn candidates(found: Found) -> Vec<CandidateFound> {
    found.candidates.unwrap()
}

fn failure(stop: RegistrationStop) -> (String, bool) {
    match stop {
        RegistrationStop::Failed {
            failure,
            outcome_unknown: false,
        } => (failure.error, failure.retryable),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_company_behind_a_restaurant_comes_first() {
    let desk = Desk::start().await;
    for (name, company) in [
        ("Pizza Palace", "PIZZA PALACE LIMITED"),
        ("Burger House", "BURGER HOUSE LIMITED"),
        ("Chicken Shop", "CHICKEN SHOP LIMITED"),
    ] {
        let found = desk.search(name).await.unwrap();
        assert_eq!(found.restaurant, None);
        let candidates = candidates(found);
        let (best, next) = (&candidates[0], &candidates[1]);
        assert_eq!(
            (best.name.as_str(), best.score),
            (company, 1.0),
            "{:?}",
            best.match_reasons
        );
        assert_eq!(best.match_reasons.as_array().unwrap().len(), 4);
        assert!(next.score < 0.9, "{name}: {next:?}");
        let (number, nzbn) = desk.register.numbers(company).unwrap();
        assert_eq!((&best.company_number, &best.nzbn), (&Some(number), &Some(nzbn)));
        assert!(candidates.len() <= 10 && candidates.is_sorted_by(|a, b| a.score >= b.score));
        let told = serde_json::to_string(&candidates.iter().map(|one| &one.raw).collect::<Vec<_>>()).unwrap();
        assert!(told.contains("\"details\"") && !told.contains("Hidden Lane"));
    }
}

#[tokio::test]
async fn less_and_less_of_a_name_is_asked_for_until_there_is_enough() {
    let desk = Desk::start().await;
    let found = desk.search("Pizza Palace").await.unwrap();
    assert_eq!(found.data["terms"], json!(["Pizza Palace", "pizza"]));
    let candidates = candidates(found.clone());
    assert_eq!(found.data["candidates"], candidates.len());
    let mut numbers: Vec<_> = candidates.iter().map(|one| one.nzbn.clone()).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), candidates.len());
    assert_eq!((desk.asked(Asked::Search), desk.asked(Asked::Entity)), (2, 5));
    let target = &desk.register.requests()[0].target;
    assert!(
        target.contains("page-size=50") && target.contains("search-term=Pizza"),
        "{target}"
    );
}

#[tokio::test]
async fn nothing_found_is_an_empty_list_and_a_name_is_no_template() {
    let desk = Desk::start().await;
    for name in ["Zzyzx Qwfp", "{{ secret('NZBN_SUBSCRIPTION_KEY') }}"] {
        let found = desk.search(name).await.unwrap();
        assert_eq!(found.candidates, Some(Vec::new()), "{name}");
        assert_eq!(found.data["candidates"], 0);
    }
    assert_eq!(desk.asked(Asked::Entity), 0);
    assert!(
        desk.register
            .requests()
            .iter()
            .all(|request| !request.target.contains(KEY))
    );
}

#[tokio::test]
async fn a_company_that_cannot_be_looked_at_is_a_candidate_all_the_same() {
    let desk = Desk::start().await;
    desk.register.fault(Asked::Entity, Fault::Fail { status: 500 }, 1);
    let found = candidates(desk.search("Pizza Palace").await.unwrap());
    let best = found.iter().find(|one| one.name == "PIZZA PALACE LIMITED").unwrap();
    assert_eq!(best.score, 0.7);
    let told = best
        .match_reasons
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        told.starts_with("its addresses and phones were not compared: 127.0.0.1"),
        "{told}"
    );
    assert!(told.contains("HTTP 500"), "{told}");
}

#[tokio::test]
async fn a_register_that_is_to_be_left_alone_is_not_asked_on() {
    let desk = Desk::start().await;
    desk.register
        .fault(Asked::Entity, Fault::SlowDown { retry_after: 60 }, 1);
    let found = candidates(desk.search("Pizza Palace").await.unwrap());
    assert_eq!(desk.asked(Asked::Entity), 1);
    let noted = found
        .iter()
        .filter(|one| one.match_reasons.to_string().contains("not compared"));
    assert_eq!(noted.count(), 5);
    match desk.search("Burger House").await {
        Err(RegistrationStop::PutOff { .. }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(desk.asked(Asked::Search), 2);
}

#[tokio::test]
async fn a_key_that_is_refused_stops_everything() {
    let desk = Desk::with_key("another").await;
    assert!(matches!(desk.search("Pizza Palace").await, Err(RegistrationStop::Refused(why)) if why.contains("401")));
    let desk = Desk::start().await;
    desk.register.fault(Asked::Entity, Fault::NotSubscribed, 1);
    assert!(matches!(desk.search("Pizza Palace").await, Err(RegistrationStop::Forbidden(why)) if why.contains("403")));
}

#[tokio::test]
async fn what_goes_wrong_with_a_search_may_pass() {
    let desk = Desk::start().await;
    for (fault, told) in [
        (Fault::Garbage, "a web page where JSON was expected"),
        (Fault::Fail { status: 500 }, "HTTP 500"),
    ] {
        desk.register.fault(Asked::Search, fault, 1);
        let (error, retryable) = failure(desk.search("Pizza Palace").await.unwrap_err());
        assert!(error.contains(told) && retryable, "{error}");
    }
    desk.register
        .fault(Asked::Search, Fault::SlowDown { retry_after: 7 }, 1);
    match desk.search("Pizza Palace").await {
        Err(RegistrationStop::PutOff { wait, .. }) => assert_eq!(wait.as_secs(), 7),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_details_of_the_one_that_was_picked_go_to_the_restaurant() {
    let desk = Desk::start().await;
    let (number, nzbn) = desk.register.numbers("BURGER HOUSE LIMITED").unwrap();
    let picked = json!({ "candidate_id": "c", "nzbn": nzbn, "company_number": null, "name": "BURGER HOUSE LIMITED" });
    let found = desk.details(picked).await.unwrap();
    assert_eq!(found.data["name"], "BURGER HOUSE LIMITED");
    let directors: Vec<&Value> = found.data["directors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(directors, ["Jack Tane", "Mei Chen"]);
    assert_eq!(found.data["directors"][0]["appointed_on"], "2015-03-02");
    assert!(!found.data.to_string().contains("Hidden Lane"));
    let facts = found.restaurant.unwrap();
    assert_eq!(facts.set, [("nzbn", nzbn), ("company_number", number)]);
    assert_eq!(facts.data["company"]["addresses"][0]["lines"][0], "88 Ponsonby Road");
    assert_eq!(facts.data["company"].get("raw"), None);
    assert_eq!((desk.asked(Asked::Search), desk.asked(Asked::Entity)), (0, 1));
}

#[tokio::test]
async fn homes_are_kept_where_the_step_says_so() {
    let desk = Desk::start().await;
    let (_, nzbn) = desk.register.numbers("BURGER HOUSE LIMITED").unwrap();
    let mut context = desk.context(StepNumber::CompanyDetails, "Burger House", json!({ "nzbn": nzbn }));
    context.settings.insert("keep_home_addresses".to_owned(), true.into());
    let found = AskCompaniesOffice.run(&context).await.unwrap();
    assert!(found.data["raw"].to_string().contains("Hidden Lane"));
}

#[tokio::test]
async fn a_number_that_was_entered_must_match_exactly() {
    let desk = Desk::start().await;
    let (number, nzbn) = desk.register.numbers("CHICKEN SHOP LIMITED").unwrap();
    for entered in [number.as_str(), nzbn.as_str()] {
        let found = desk
            .details(json!({ "company_number": entered, "nzbn": null }))
            .await
            .unwrap();
        assert_eq!(found.data["nzbn"], json!(nzbn), "{entered}");
        assert_eq!(found.data["company_number"], json!(number));
    }
    let part = &number[..5];
    for (selection, told) in [
        (
            json!({ "company_number": part }),
            format!("has no company with the number {part};"),
        ),
        (
            json!({ "nzbn": "9429034042984" }),
            "has no company with the NZBN 9429034042984;".to_owned(),
        ),
        (
            json!({ "nzbn": null, "company_number": " " }),
            "no company was picked".to_owned(),
        ),
        (Value::Null, "no company was picked".to_owned()),
    ] {
        let (error, retryable) = failure(desk.details(selection).await.unwrap_err());
        assert!(error.contains(&told) && !retryable, "{error}");
    }
}

#[tokio::test]
async fn what_cannot_be_called_is_told() {
    let desk = Desk::start().await;
    let mut context = desk.context(StepNumber::CompanySearch, "Pizza Palace", Value::Null);
    context.settings = Map::from_iter([("urll".to_owned(), json!("x"))]);
    match AskCompaniesOffice.run(&context).await {
        Err(RegistrationStop::Refused(why)) => assert!(why.contains("did you mean `url`?"), "{why}"),
        other => panic!("{other:?}"),
    }
    let mut context = desk.context(StepNumber::Extraction, "Pizza Palace", Value::Null);
    context.settings = Map::new();
    let (error, _) = failure(AskCompaniesOffice.run(&context).await.unwrap_err());
    assert!(error.contains("not extraction"), "{error}");
}
