#![allow(clippy::unwrap_used)]
use serde_json::{Value, json};

use super::{Address, Classification, CompanyDetails, CompanyFound, Director, Standing};

fn document() -> Value {
    json!({
        "nzbn": "9429034042984", "entityName": "PIZZA PALACE LIMITED", "entityStatusCode": "50",
        "entityStatusDescription": "Registered", "entityTypeCode": "LTD", "registrationDate": "2015-03-02T00:00:00.000+1300",
        "sourceRegisterUniqueIdentifier": "1234567", "previousEntityNames": ["ANN'S PIZZA LIMITED"],
        "emailAddresses": null, "websites": {"items": [{"url": "https://pizza.example"}]},
        "phoneNumbers": [{"phoneCountryCode": "64", "phoneAreaCode": "9", "phoneNumber": "555 1234"}],
        "tradingNames": [{"name": "Pizza Palace", "endDate": null}, {"name": "Old Palace", "endDate": "2019-01-01"}],
        "industryClassifications": [{"classificationCode": "H451110", "classificationDescription": "Restaurant operation"}],
        "gstNumbers": [{"gstNumber": "111222333"}],
        "addresses": {"links": [], "addressList": [
            {"address1": "1 Queen Street", "address2": "", "address3": "Auckland", "address4": null, "postCode": "1010",
             "countryCode": "NZ", "addressType": "REGISTERED", "endDate": null},
            {"address1": "9 Old Road", "addressType": "POSTAL", "endDate": "2018-01-01"},
            {"address1": "7 Hidden Lane", "address3": "Auckland", "addressType": "PHYSICAL", "endDate": null},
            {"address1": null, "addressType": "SERVICE"}]},
        "roles": [
            {"roleType": "Director", "roleStatus": "ACTIVE", "startDate": "2015-03-02", "endDate": null,
             "rolePerson": {"firstName": "ANN", "middleNames": "May", "lastName": "LEE"},
             "roleAddress": [{"address1": "7 Hidden Lane", "addressType": "PHYSICAL"}]},
            {"roleType": "DIR", "endDate": "2020-01-01", "rolePerson": {"firstName": "Bob", "lastName": "Gone"}},
            {"roleType": "Director", "roleStatus": "Ceased", "rolePerson": {"firstName": "Cy", "lastName": "Gone"}},
            {"roleType": "Shareholder", "rolePerson": {"firstName": "Di", "lastName": "Other"}}],
        "company-details": {
            "ultimateHoldingCompany": {"name": "PALACE GROUP", "registeredOfficeAddress": {"address1": "1 Queen Street"}},
            "shareholding": {"numberOfShares": 100, "shareAllocation": [{"allocation": 100, "shareholder": [
                {"individualShareholder": {"fullName": "ANN LEE"},
                 "shareholderAddress": {"address1": "7 Hidden Lane", "addressType": null}}]}]}},
    })
}

#[test]
fn a_document_is_read() {
    let details = CompanyDetails::read(&document(), false).unwrap();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        (&details.nzbn, &details.company_number),
        (&text("9429034042984"), &text("1234567"))
    );
    assert_eq!(details.registered_on, text("2015-03-02"));
    assert_eq!(
        details.directors,
        [Director {
            name: "ANN May LEE".to_owned(),
            first_name: text("ANN"),
            last_name: text("LEE"),
            appointed_on: text("2015-03-02"),
        }]
    );
    assert_eq!(
        details.addresses,
        [Address {
            kind: text("REGISTERED"),
            lines: vec!["1 Queen Street".to_owned(), "Auckland".to_owned()],
            post_code: text("1010"),
            country: text("NZ"),
        }]
    );
    assert_eq!(details.phones, ["+64 9 555 1234"]);
    assert_eq!(details.websites, ["https://pizza.example"]);
    assert_eq!(details.trading_names, ["Pizza Palace"]);
    assert_eq!(details.previous_names, ["ANN'S PIZZA LIMITED"]);
    assert_eq!(details.gst_numbers, ["111222333"]);
    assert_eq!(
        details.classifications,
        [Classification {
            code: text("H451110"),
            description: text("Restaurant operation"),
        }]
    );
}

#[test]
fn homes_are_left_out_unless_they_are_to_be_kept() {
    let told = |keep| serde_json::to_string(&CompanyDetails::read(&document(), keep).unwrap()).unwrap();
    assert!(!told(false).contains("Hidden Lane"), "{}", told(false));
    assert!(told(false).contains("registeredOfficeAddress"));
    assert!(told(false).contains("ANN LEE"));
    assert_eq!(told(true).matches("Hidden Lane").count(), 4);
    let item = json!({"entityName": "A", "roleAddress": [{"address1": "7 Hidden Lane"}],
                      "addresses": [{"address1": "8 Hidden Lane", "addressType": "alternative"}, {"address1": "1 Queen Street"}]});
    let raw = CompanyFound::read(&item, false).unwrap().raw;
    assert_eq!(
        raw,
        json!({"entityName": "A", "addresses": [{"address1": "1 Queen Street"}]})
    );
}

#[test]
fn lists_come_in_every_wrapping() {
    let roles = document()["roles"].clone();
    let addresses = document()["addresses"]["addressList"].clone();
    let phones = document()["phoneNumbers"].clone();
    let expected = CompanyDetails::read(&document(), false).unwrap();
    for (key, value) in [
        ("roles", json!({ "roles": roles })),
        ("roles", json!({ "items": roles })),
        ("addresses", addresses.clone()),
        ("addresses", json!({ "items": addresses })),
        ("phoneNumbers", json!({ "items": phones })),
        ("previousEntityNames", json!([{"name": "ANN'S PIZZA LIMITED"}])),
    ] {
        let mut other = document();
        other[key] = value;
        let mut read = CompanyDetails::read(&other, false).unwrap();
        read.raw = expected.raw.clone();
        assert_eq!(read, expected, "{key}");
    }
}

#[test]
fn nulls_and_nonsense_are_borne() {
    let bare = json!({"entityName": "A", "nzbn": "9429034042985", "roles": null, "addresses": 7, "phoneNumbers": [null, 5551234]});
    let details = CompanyDetails::read(&bare, false).unwrap();
    assert_eq!((details.nzbn, details.phones), (None, vec!["5551234".to_owned()]));
    assert!(details.directors.is_empty() && details.addresses.is_empty());
    for nameless in [
        json!({}),
        json!([]),
        json!("A"),
        json!({"entityName": " "}),
        json!({"entityName": null}),
    ] {
        assert_eq!(CompanyDetails::read(&nameless, false), None, "{nameless}");
        assert_eq!(CompanyFound::read(&nameless, false), None, "{nameless}");
    }
}

#[test]
fn an_entry_of_a_search_is_read() {
    let read = |code: Value, words: Value| {
        let item = json!({"entityName": "A  LIMITED", "nzbn": "9429034042984", "sourceRegisterUniqueId": 1_234_567,
            "entityStatusCode": code, "entityStatusDescription": words, "tradingNames": ["The A"]});
        CompanyFound::read(&item, false).unwrap()
    };
    let found = read(json!("50"), json!("Registered"));
    assert_eq!(
        (found.name.as_str(), found.company_number.as_deref()),
        ("A LIMITED", Some("1234567"))
    );
    assert_eq!(found.trading_names, ["The A"]);
    for (code, words, standing) in [
        (json!("50"), json!("Registered"), Standing::Registered),
        (json!(80), json!(null), Standing::Gone),
        (json!(null), json!("Removed"), Standing::Gone),
        (json!("62"), json!(null), Standing::Troubled),
        (json!(null), json!("In Liquidation"), Standing::Troubled),
        (json!(null), json!(null), Standing::Registered),
    ] {
        assert_eq!(read(code.clone(), words.clone()).standing, standing, "{code} {words}");
    }
}
