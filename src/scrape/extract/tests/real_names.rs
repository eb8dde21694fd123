//! Names of whole pages, in small: what pages of real businesses taught, each form with one that is like it and means something else.

#![allow(clippy::unwrap_used, clippy::expect_used)]
use crate::scrape::extract::extract_html;
use crate::scrape::extract::phones::DOUBTFUL;
use crate::scrape::merge;
use crate::scrape::payload::{ScrapePayload, ScrapedPage};
use crate::scrape::{CleanUrlPayload, clean_url};

/// What the business at `url` is called.
fn called(url: &str, html: &str) -> String {
    let clean = clean_url(url).unwrap();
    let page = ScrapedPage {
        url: clean.url.to_string(),
        facts: extract_html(html, &clean.url, None),
        ..ScrapedPage::default()
    };
    let scraped = ScrapePayload {
        final_url: clean.url.to_string(),
        pages: vec![page],
        extra: serde_json::Map::new(),
    };
    merge(&CleanUrlPayload::from(&clean), &scraped).name.unwrap_or_default()
}

#[test]
fn names_are_found_whole() {
    for (url, html, name) in [
        (
            "https://trimstone.co.uk/cottages.html",
            "<title>Trimstone Manor</title><a href=index.html><h1 class=logo>Trimstone</h1></a>",
            "Trimstone Manor",
        ),
        (
            "https://smile.nz/gallery.html",
            "<title>Smile Gallery</title><a href=index.html><h1 class=logo>Smile</h1></a>",
            "Smile",
        ),
        (
            "https://shapirodentist.com/directions.htm",
            "<title>Richard B. Shapiro</title><h1>Richard B. Shapiro</h1><p>Richard B. Shapiro, D.D.S.<br>427 Moreland Ave<br>Atlanta, GA 30307</p>",
            "Richard B. Shapiro, D.D.S.",
        ),
        (
            "https://mendomassage.com/prices.htm",
            "<title>Mendocino Massage Treatments and Prices</title><h2>Treatments and Prices</h2>",
            "Mendocino Massage",
        ),
        (
            "https://colonialsuites.com/location.htm",
            "<title>Location</title><p>© 2020 Leadership Development, LLC<br>DBA Colonial Suites<br>12 Main Street</p>",
            "Colonial Suites",
        ),
        (
            "https://mifamiliatacocatering.com/contact.htm",
            "<meta name=description content='Mi Familia Taco Catering brings simple Mexican street food to the valley.'><title>Contact us</title>",
            "Mi Familia Taco Catering",
        ),
        (
            "https://athomecare.com/",
            "<title>Home</title><p>Welcome to At Home Care, Denver</p>",
            "At Home Care",
        ),
        (
            "https://hirschen-hofgastein.at/",
            "<title>X</title><h1>Gasthof zum Goldenen Hirschen</h1><a href='mailto:info@hirschen-hofgastein.at'>info(at)hirschen-hofgastein.at</a>",
            "Gasthof zum Goldenen Hirschen",
        ),
    ] {
        assert_eq!(called(url, html), name, "{html}");
    }
}

#[test]
fn mail_is_told_by_its_domain() {
    for (html, mail) in [
        (
            "<p>Email <a href='mailto:info@herndon.foundation'>info@herndon.foundation</a></p>",
            true,
        ),
        (
            "<title>The Old Inn</title><p>Email us: info@ferry-house.co.uk</p>",
            true,
        ),
        (
            "<p><a href='mailto:ko@kuratorium.gda.pl'>ko@kuratorium.gda.pl</a></p>",
            false,
        ),
    ] {
        let facts = extract_html(html, &"https://theoldinn.co.uk/".parse().unwrap(), None);
        assert_eq!(!facts.emails.is_empty(), mail, "{html}");
    }
}

#[test]
fn colleagues_have_their_mail_at_one_domain() {
    let mails = |html: &str| {
        let facts = extract_html(html, &"https://etude-kacy.example.com/".parse().unwrap(), None);
        let sure = facts.emails.into_iter().filter(|fact| fact.trust >= DOUBTFUL);
        sure.map(|fact| fact.value).collect::<Vec<_>>()
    };
    let colleague = "<p>Pour les ventes, écrivez à Camille AUBLIN : <a href='mailto:camille.aublin@notaires.fr'>camille.aublin@notaires.fr</a></p>";
    let office = "<p>Courriel : <a href='mailto:scp.kacy@notaires.fr'>scp.kacy@notaires.fr</a></p>";
    assert_eq!(mails(&format!("{office}{colleague}")).len(), 2);
    assert!(mails(colleague).is_empty());
}

#[test]
fn a_branch_with_its_street_is_no_person() {
    let facts = |html: &str| extract_html(html, &"https://tandarts.nl/".parse().unwrap(), None);
    let branch = facts("<h3>Locatie Zuilen</h3><p>Amsterdamsestraatweg 512 hs, 3553 EK Utrecht</p>");
    assert!(branch.people.is_empty(), "{:?}", branch.people);
    assert_eq!(facts("<h3>Anna Bakker</h3><p>Tandarts</p>").people.len(), 1);
}

#[test]
fn titles_make_no_other_person() {
    use crate::scrape::extract::adds_title;
    assert!(adds_title("Richard B. Shapiro, D.D.S.", "Richard B. Shapiro"));
    assert!(adds_title("Dr. med. Karin König", "Karin König"));
    for other in [
        "Jean LEFEBVRE",
        "Karin König",
        "Karin König Praxis",
        "Dr. med. Anna König",
    ] {
        assert!(
            !adds_title(other, "Karin König") && !adds_title(other, "Jean DUPONT"),
            "{other}"
        );
    }
}
