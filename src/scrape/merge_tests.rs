#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::scrape::extract::extract_html;
use crate::scrape::payload::ScrapedPage;
use serde_json::{Value, json};

fn url() -> CleanUrlPayload {
    CleanUrlPayload::from(&crate::scrape::clean_url("www.smile-dental.co.nz").unwrap())
}

fn scrape(pages: &[(&str, &str)]) -> ScrapePayload {
    let read = |(path, html): &(&str, &str)| {
        let url = url::Url::parse("https://www.smile-dental.co.nz")
            .unwrap()
            .join(path)
            .unwrap();
        let facts = extract_html(html, &url, None);
        ScrapedPage {
            url: url.into(),
            status: Some(200),
            bytes: html.len() as u64,
            facts,
            ..ScrapedPage::default()
        }
    };
    ScrapePayload {
        final_url: "https://www.smile-dental.co.nz/".into(),
        pages: pages.iter().map(read).collect(),
        extra: serde_json::Map::new(),
    }
}

#[test]
fn nothing_found_is_nothing_said() {
    let merged = serde_json::to_value(merge(&url(), &scrape(&[("/", "<p>Hello</p>")]))).unwrap();
    assert_eq!(
        merged,
        json!({"url": "https://www.smile-dental.co.nz/", "final_url": "https://www.smile-dental.co.nz/", "domain": "smile-dental.co.nz",
            "pages": [{"url": "https://www.smile-dental.co.nz/", "status": 200, "bytes": 12}], "confidence": 0.0})
    );
}

#[test]
fn no_confidence_is_not_negative() {
    let merged = merge(&url(), &scrape(&[("/", "<p>Hello</p>")]));
    assert!(merged.confidence.is_sign_positive());
    assert!(serde_json::to_string(&merged).unwrap().contains(r#""confidence":0.0"#));
}

#[test]
fn fields_keep_their_order_and_shape() {
    let page = r##"<title>Smile Dental</title><a href="tel:095247381">09 524 7381</a><p>1 High Street, Auckland 1010</p>
        <script type="application/ld+json">{"@type":"Dentist","name":"Smile Dental","openingHours":"Mo-Fr 08:30-17:00","geo":{"latitude":-36.8,"longitude":174.7}}</script>"##;
    let merged = serde_json::to_value(merge(&url(), &scrape(&[("/", page)]))).unwrap();
    let keys: Vec<&String> = merged.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "url",
            "final_url",
            "domain",
            "name",
            "categories",
            "phones",
            "addresses",
            "opening_hours",
            "geo",
            "pages",
            "provenance",
            "confidence"
        ]
    );
    assert_eq!(
        merged["phones"],
        json!([{"raw": "09 524 7381", "e164": "+6495247381", "type": "phone"}])
    );
    assert_eq!(
        merged["opening_hours"],
        json!([{"days": ["Mo", "Tu", "We", "Th", "Fr"], "opens": "08:30", "closes": "17:00"}])
    );
    assert_eq!(merged["provenance"]["name"]["source"], "json-ld");
    assert_eq!(merged["provenance"]["addresses"]["source"], "text");
    let again: FinalPayload = serde_json::from_value(merged.clone()).unwrap();
    assert_eq!(serde_json::to_value(again).unwrap(), merged);
}

#[test]
fn a_templates_markup_does_not_win() {
    let page = r#"<title>Smile Dental | Auckland</title><meta property="og:site_name" content="Smile Dental">
        <script type="application/ld+json">{"@type":"Organization","name":"Flavor Bistro"}</script>"#;
    let merged = merge(&url(), &scrape(&[("/", page)]));
    assert_eq!(merged.name.as_deref(), Some("Smile Dental"));
    assert_eq!(
        merged.provenance["name"].conflicts[0].value,
        Value::from("Flavor Bistro")
    );
}

#[test]
fn agreement_raises_confidence() {
    let home = "<title>Smile Dental</title><p>Phone 09 524 7381</p>";
    let alone = merge(&url(), &scrape(&[("/", home)]));
    let agreed = merge(
        &url(),
        &scrape(&[("/", home), ("/contact", "<p>Phone: (09) 524 7381</p>")]),
    );
    assert_eq!(agreed.phones.len(), 1);
    assert_eq!(agreed.provenance["phones"].agreeing, Some(2));
    assert!(agreed.provenance["phones"].confidence > alone.provenance["phones"].confidence);
    assert!(agreed.confidence > alone.confidence && agreed.confidence <= 1.0);
}

#[test]
fn a_town_alone_says_nothing_beside_a_street() {
    let merged = merge(
        &url(),
        &scrape(&[
            ("/", "<footer><p>Smile<p>Padova, Italy"),
            ("/contact", "<p>12 High Street, Dunedin"),
        ]),
    );
    assert_eq!(merged.addresses.len(), 1);
    assert_eq!(merged.addresses[0].street.as_deref(), Some("12 High Street"));
}

#[test]
fn a_page_that_says_it_twice_is_one_witness() {
    let home = "<title>Smile Dental</title><p>Phone 09 524 7381</p>";
    let twice = merge(&url(), &scrape(&[("/", home), ("/", home)]));
    assert_eq!(twice.provenance["phones"].agreeing, None);
}

#[test]
fn what_is_doubtful_is_never_sure() {
    assert!(field_confidence(Source::JsonLd, DOUBTFUL - 1, 4, 0) <= 0.3);
    assert!(field_confidence(Source::Text, DOUBTFUL, 1, 0) > 0.5);
}

#[test]
fn locations_stay_apart_and_spellings_of_one_do_not() {
    let home = r#"<script type="application/ld+json">{"@type":"Dentist","name":"Smile","address":{"streetAddress":"1 High St","postalCode":"1010"}}</script>
        <p>1 High Street, Auckland 1010</p><p>25 Hurstmere Road, Takapuna 0622</p>"#;
    let merged = merge(&url(), &scrape(&[("/", home)]));
    assert_eq!(merged.addresses.len(), 2);
    assert_eq!(merged.addresses[0].street.as_deref(), Some("1 High St"));
    assert_eq!(merged.addresses[0].locality.as_deref(), Some("Auckland"));
    assert_eq!(merged.addresses[1].postal_code.as_deref(), Some("0622"));
}

#[test]
fn a_themes_example_gives_way() {
    let page = r#"<title>Smile Dental | Auckland</title><meta property="og:site_name" content="Smile Dental">
        <script type="application/ld+json">{"@type":"Dentist","name":"Flavor Theme Demo","telephone":"+64 9 486 7001"}</script>
        <p>Phone 09 524 7381</p>"#;
    let merged = merge(&url(), &scrape(&[("/", page)]));
    let numbers: Vec<_> = merged.phones.iter().filter_map(|phone| phone.e164.as_deref()).collect();
    assert_eq!(numbers, ["+6495247381"]);
    assert_eq!(merged.name.as_deref(), Some("Smile Dental"));
}

fn called(domain: &str, html: &str) -> Option<String> {
    let address = format!("https://www.{domain}/");
    let url = url::Url::parse(&address).unwrap();
    let page = ScrapedPage {
        url: address.clone(),
        status: Some(200),
        facts: extract_html(html, &url, None),
        ..ScrapedPage::default()
    };
    let scrape = ScrapePayload {
        final_url: address.clone(),
        pages: vec![page],
        extra: serde_json::Map::new(),
    };
    merge(
        &CleanUrlPayload::from(&crate::scrape::clean_url(&address).unwrap()),
        &scrape,
    )
    .name
}

#[test]
fn a_business_is_not_called_by_its_town_or_by_what_leads_to_its_name() {
    let town = "<title>Directions | Pepper Mill - West Chester | West Chester, PA</title>\
        <p>813 North Chester Road, West Chester, PA 19380</p>";
    assert_eq!(
        called("peppermillwestchester.com", town).as_deref(),
        Some("Pepper Mill")
    );
    let lead = r#"<title>Blocked Drains — Deep Creek Plumbing</title><p>— Bryce, Deep Creek Plumbing</p>
        <script type="application/ld+json">{"@type": "Plumber", "name": "Deep Creek Plumbing"}</script>"#;
    assert_eq!(
        called("deepcreekplumbing.com.au", lead).as_deref(),
        Some("Deep Creek Plumbing")
    );
    let partners = "<title>Simonds, Winslow, Willis &amp; Abbott, Directions to the Office</title>";
    assert_eq!(
        called("swwalaw.com", partners).as_deref(),
        Some("Simonds, Winslow, Willis & Abbott")
    );
    let layers = "<h1>VELVET RAZOR<span>VELVET RAZOR</span><span>VELVET RAZOR</span></h1>";
    assert_eq!(called("velvetrazor.com", layers).as_deref(), Some("VELVET RAZOR"));
    let host = "<title>Physiotherapie Frankenhausen</title><a href='/'>www.physiotherapie-frankenhausen.de</a>";
    assert_eq!(
        called("physiotherapie-frankenhausen.de", host).as_deref(),
        Some("Physiotherapie Frankenhausen")
    );
}

#[test]
fn a_label_is_no_part_of_the_address_behind_it() {
    let html = "<span>Mailbox</span><a href='mailto:info@smile-dental.co.nz'>info@smile-dental.co.nz</a>";
    let merged = merge(&url(), &scrape(&[("/", html)]));
    assert_eq!(merged.emails, ["info@smile-dental.co.nz"]);
    let two = "<p>joann@smile-dental.co.nz</p><a href='mailto:ann@smile-dental.co.nz'>ann@smile-dental.co.nz</a>";
    let merged = merge(&url(), &scrape(&[("/", two)]));
    assert_eq!(merged.emails.len(), 2, "{:?}", merged.emails);
}
