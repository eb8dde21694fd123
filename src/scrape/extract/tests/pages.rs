#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::page;
use crate::scrape::extract::context::Context;
use crate::scrape::extract::extract_html;
use url::Url;

#[test]
fn names_end_with_their_cell() {
    let html = "<table><tr><td>Our family runs Smile Ltd<td>Mon - Fri 9am - 5pm</table>";
    let facts = extract_html(html, &"https://www.smile.co.nz/".parse().unwrap(), None);
    let names: Vec<_> = facts.names.iter().map(|fact| fact.value.as_str()).collect();
    assert_eq!(names, ["Smile Ltd"]);
}

#[test]
fn json_ld_is_read() {
    let facts = page(
        r##"<script type="application/ld+json">{"@context":"https://schema.org","@graph":[
        {"@type":["Dentist","LocalBusiness"],"@id":"#b","name":"Smile Dental","telephone":"09 524 7381","faxNumber":"+64 9 524 7382",
         "email":"mailto:Hi@smile-dental.co.nz","address":{"@type":"PostalAddress","streetAddress":"1 High St","addressLocality":"Auckland","postalCode":"1010","addressCountry":"New Zealand"},
         "geo":{"latitude":"-36.8","longitude":174.7},"openingHours":["Mo-Fr 08:30-17:00"],"sameAs":["https://facebook.com/smilenz"],
         "aggregateRating":{"ratingValue":"4.9","reviewCount":12},"priceRange":"$$","logo":{"@type":"ImageObject","url":"/logo.png"},
         "employee":{"@type":"Person","name":"Dr Jane Doe","jobTitle":"Dentist"},"availableService":[{"@type":"MedicalProcedure","name":"Implants"}]},
        {"@type":"Review","author":{"@type":"Organization","name":"Other Co","telephone":"+64 9 999 8877"}}]}</script>"##,
    );
    assert_eq!(facts.names[0].value, "Smile Dental");
    let phones: Vec<_> = facts
        .phones
        .iter()
        .map(|f| (f.value.e164.clone().unwrap(), f.value.kind))
        .collect();
    assert_eq!(
        phones,
        [
            ("+6495247381".to_owned(), crate::scrape::payload::PhoneKind::Phone),
            ("+6495247382".to_owned(), crate::scrape::payload::PhoneKind::Fax)
        ]
    );
    assert_eq!(facts.emails[0].value, "hi@smile-dental.co.nz");
    assert_eq!(facts.addresses[0].value.country.as_deref(), Some("NZ"));
    assert_eq!(facts.opening_hours[0].value[0].opens, "08:30");
    assert_eq!(facts.social[0].value.url, "https://www.facebook.com/smilenz");
    assert_eq!(facts.logo_urls[0].value, "https://www.smile-dental.co.nz/logo.png");
    assert_eq!(facts.people[0].value.name, "Dr Jane Doe");
    assert_eq!(facts.services[0].value, "Implants");
    assert_eq!(facts.categories[0].value, "Dentist");
    assert_eq!(facts.ratings[0].value.count, Some(12));
}

#[test]
fn visible_text_and_links_are_read_and_hidden_ones_are_not() {
    let facts = page(
        r##"<html lang="en-NZ"><head><title>Home | Smile Dental</title><meta property="og:site_name" content="Smile Dental">
        <style>.hp{display:none}</style></head><body>
        <!-- 09 524 0001 --><script>var t="09 524 0002";</script><p style="display:none">09 524 0003</p><p class="hp">09 524 0004 trap@smile-dental.co.nz</p>
        <a href="tel:+6495247381">Call us</a> <p>Fax: 09 524 7382</p><a href="mailto:info@smile-dental.co.nz">Mail</a>
        <a class="__cf_email__" data-cfemail="5a32331a293733363f743420">[email&#160;protected]</a>
        <a href="https://www.facebook.com/sharer/sharer.php?u=x">Share</a><a href="https://www.instagram.com/smile/">IG</a>
        <a href="/contact-us">Contact</a><a href="/blog">Blog</a>
        <h3>Opening hours</h3><table><tr><td>Monday</td><td>8am - 5pm</td></tr><tr><td>Tuesday</td><td>8am - 5pm</td></tr><tr><td>Sunday</td><td>Closed</td></tr></table>
        </body>"##,
    );
    let phones: Vec<_> = facts.phones.iter().map(|f| f.value.e164.clone().unwrap()).collect();
    assert_eq!(phones, ["+6495247381", "+6495247382"]);
    let mails: Vec<_> = facts.emails.iter().map(|f| f.value.clone()).collect();
    assert_eq!(mails, ["info@smile-dental.co.nz", "hi@smile.nz"]);
    assert_eq!(facts.social.len(), 1);
    assert_eq!(facts.links.len(), 1);
    assert_eq!(facts.opening_hours[0].value.len(), 1);
    assert!(facts.names.iter().any(|f| f.value == "Smile Dental" && f.trust > 90));
}

#[test]
fn a_german_page_with_its_chamber() {
    let html = r#"<html lang="de"><title>Zahnarztpraxis Dr. Sabine Krüger | Startseite</title><h2>Unsere Sprechzeiten</h2>
        <table><tr><th>Montag</th><td>8:00 - 12:00 Uhr</td><td>14:00 - 18:00 Uhr</td></tr><tr><th>Mittwoch</th><td>8:00 - 13:00 Uhr</td></tr></table>
        <p>Lindenallee 27<br>04158 Leipzig</p><p>Telefon: 03 41 / 461 72 83<br>Telefax: 03 41 / 461 72 84</p>
        <h3>Zuständige Kammer</h3><p>Landeszahnärztekammer Sachsen, Schützenhöhe 11, 01099 Dresden, Tel. 0351 8066-0</p>"#;
    let facts = extract_html(
        html,
        &"https://www.zahnarzt-krueger-leipzig.de/impressum".parse().unwrap(),
        None,
    );
    let phones: Vec<_> = facts
        .phones
        .iter()
        .filter_map(|fact| fact.value.e164.as_deref())
        .collect();
    assert_eq!(phones, ["+493414617283", "+493414617284"]);
    let codes: Vec<_> = facts
        .addresses
        .iter()
        .filter_map(|fact| fact.value.postal_code.as_deref())
        .collect();
    assert_eq!(codes, ["04158"]);
    assert_eq!(facts.opening_hours[0].value.len(), 3);
}

#[test]
fn credits_testimonials_and_staff() {
    let facts = page(
        r#"<h2>Our Team</h2><div><h3>Sarah Tamati</h3><p>Principal Dentist</p></div><div><h3>James O'Connor</h3><p>Practice Manager</p></div>
        <div class="testimonials"><h3>Mary Smith</h3><p>Best dentist ever, 021 999 888, mary@gmail.com</p></div>
        <footer>© 2024 Smile Dental Ltd | 09 524 7381 | Website by Acme 09 377 4455 <a href="mailto:hi@acme.nz">Acme</a></footer>"#,
    );
    let people: Vec<_> = facts
        .people
        .iter()
        .map(|fact| (fact.value.name.as_str(), fact.value.role.as_deref()))
        .collect();
    assert_eq!(
        people,
        [
            ("Sarah Tamati", Some("Principal Dentist")),
            ("James O'Connor", Some("Practice Manager"))
        ]
    );
    let phones: Vec<_> = facts
        .phones
        .iter()
        .filter_map(|fact| fact.value.e164.as_deref())
        .collect();
    assert_eq!(phones, ["+6495247381"]);
    assert!(facts.emails.is_empty());
}

fn hours(html: &str) -> Vec<Vec<String>> {
    page(html)
        .opening_hours
        .iter()
        .map(|fact| {
            fact.value
                .iter()
                .map(|h| format!("{:?} {}-{}", h.days, h.opens, h.closes))
                .collect()
        })
        .collect()
}

#[test]
fn answering_the_telephone_is_not_being_open() {
    const TABLE: &str = "<h2>Opening hours</h2><table><tr><td>Mon</td><td>9am - 5pm</td></tr>\
        <tr><td>Tue</td><td>Closed</td></tr><tr><td>Wed - Fri</td><td>9am - 5pm</td></tr></table>";
    let expected = vec![vec!["[Mo, We, Th, Fr] 09:00-17:00".to_owned()]];
    assert_eq!(hours(TABLE), expected);
    for more in [
        "<p>Phones open 8am-6pm Mon-Fri</p>",
        "<p>Phone lines are open Mon-Fri 8am-6pm.</p>",
        "<p>Mon-Fri 8am-6pm: reception phones</p>",
        "<p>Call us between 8am and 6pm, Mon-Fri 8am-6pm</p>",
        "<h2>Phone lines</h2><p>Mon-Fri 8am-6pm</p><p>Sat 9am-1pm</p>",
        "<p>We answer mails Mon-Fri 8am-6pm</p>",
        "<p>a</p><p>b</p><p>c</p><p>d</p><h2>Open</h2><p>Tuesday 8am-6pm</p>",
    ] {
        let found = hours(&format!("{TABLE}{more}"));
        assert!(!format!("{found:?}").contains("Tu"), "{more}: {found:?}");
        if !more.contains("mails") {
            assert_eq!(found, expected, "{more}");
        }
    }
    assert_eq!(
        hours("<h2>Opening hours</h2><p>Mon-Fri 9am-5pm. Phones open Mon-Fri 8am-6pm</p>"),
        [["[Mo, Tu, We, Th, Fr] 09:00-17:00"]]
    );
    assert_eq!(
        hours("<h2>Opening hours</h2><p>Phone lines 04 476 5432</p><p>Mon-Fri 9am-5pm</p>"),
        [["[Mo, Tu, We, Th, Fr] 09:00-17:00"]]
    );
    assert_eq!(
        hours("<h3>Phone lines</h3><p>Mon-Fri 8am-6pm</p><h3>Opening hours</h3><p>Mon-Fri 9am-5pm</p>"),
        [["[Mo, Tu, We, Th, Fr] 09:00-17:00"]]
    );
}

#[test]
fn other_times_are_no_opening_hours() {
    let week = ["[Tu, We, Th, Fr, Sa] 12:00-22:00".to_owned()];
    for more in [
        "<p>Kitchen: Tue-Sat 12-3pm</p>",
        "<h3>Kitchen</h3><p>Mon-Sat 12-3pm</p>",
        "<p>Happy hour Mon-Fri 5-7pm</p>",
        "<p>We deliver Mon-Sun 5pm - 9:30pm</p>",
        "<p>Check-in Mon-Sun 14:00 - 22:00</p>",
        "<p>In de binnenstad geldt elke dag betalend parkeren van 9u tot 20u.</p>",
        "<p>Monday 23 December: 8am to 1pm</p>",
        "<p>Winter hours: Mon-Sun 6am-4pm</p>",
        "<p>Christmas Eve 9am - 1pm, Mon 2pm - 4pm</p>",
        "<h2>Timetable</h2><p>Monday</p><p>6:15am - 7:15am Yoga</p><p>Sunday</p><p>6:15am - 7:15am Yoga</p>",
        "<p>First Sunday of the month 12-5pm</p>",
    ] {
        let found = hours(&format!("<h2>Opening hours</h2><p>Tue-Sat 12pm - 10pm</p>{more}"));
        assert_eq!(found.first().map(Vec::as_slice), Some(&week[..]), "{more}");
    }
    assert_eq!(
        hours("<p>Kitchen open Mon-Sat 12-3pm</p><p>Ring us Mon-Fri between 8 and 9</p>"),
        Vec::<Vec<String>>::new()
    );
    assert_eq!(
        hours(
            "<h3>Orari</h3><p>Pranzo: 12.15 – 14.30<br>Cena: 19.30 – 22.30</p><p>Chiuso il lunedì e la domenica sera.</p>"
        ),
        [[
            "[Tu, We, Th, Fr, Sa] 19:30-22:30",
            "[Tu, We, Th, Fr, Sa, Su] 12:15-14:30"
        ]]
    );
    assert_eq!(
        hours(
            "<table><tr><td></td><td>Mon</td><td>Tue</td><td>Wed</td></tr><tr><td>am</td><td>8-12</td><td></td><td>9-12</td></tr></table>"
        ),
        [["[Mo] 08:00-12:00", "[We] 09:00-12:00"]]
    );
}

#[test]
fn markup_left_behind_by_others_is_passed_over() {
    let facts = page(
        r#"<title>Smile Dental</title><script type="application/ld+json">[{"@type":"Organization","name":"LawSites","url":"https://lawsites.com/",
        "telephone":"+64 9 377 4455","address":{"streetAddress":"1 Mill St","addressLocality":"Leeds"}},
        {"@type":"Dentist","name":"Smile Dental","url":"https://smile.example/","telephone":"09 524 7381",
        "openingHours":"Mo-Su 09:00-17:00"}]</script><p>Mon-Fri 8am-6pm</p>"#,
    );
    assert!(facts.names.iter().all(|fact| fact.value != "LawSites"));
    assert_eq!(facts.addresses, vec![]);
    assert_eq!(facts.phones[0].value.e164.as_deref(), Some("+6495247381"));
    assert!(facts.opening_hours[0].trust < 30 && facts.opening_hours[1].trust > 30);
}

#[test]
fn pages_of_guards_and_servers_name_nobody() {
    for text in [
        "Just a moment...",
        "Checking your browser before accessing smile-dental.co.nz",
        "Attention Required! | Cloudflare",
        "Access denied",
        "Access denied | www.smile-dental.co.nz used Cloudflare to restrict access",
        "This domain is for sale",
        "smile-dental.co.nz is for sale!",
        "The domain smile-dental.co.nz is for sale",
        "Domain parked",
        "smile-dental.co.nz - Domain parked",
        "Index of /",
        "Index of /backup",
        "Welcome to nginx!",
        "Apache2 Debian Default Page",
        "Apache2 Ubuntu Default Page: It works",
        "Under construction",
        "Our new website is coming soon!",
        "Coming soon",
        "404 Not Found",
        "403 Forbidden",
        "Error 404 - Page not found",
    ] {
        for html in [
            format!("<title>{text}</title><p>Hello</p>"),
            format!("<h1>{text}</h1><p>Hello</p>"),
            format!("<title>{text}</title><h1>{text}</h1>"),
        ] {
            assert_eq!(page(&html).names, vec![], "{html}");
        }
    }
    let parked = page("<title>smile-dental.co.nz</title><h1>Buy this domain</h1><p>© 2024 Parkers Ltd</p>");
    assert_eq!(parked.names, vec![]);
    for title in [
        "Page not found | Smile Dental",
        "Coming soon - Smile Dental",
        "Smile Dental – Under construction",
    ] {
        let facts = page(&format!("<title>{title}</title>"));
        assert_eq!(facts.names.len(), 1, "{title}");
        assert_eq!(facts.names[0].value, "Smile Dental", "{title}");
    }
}

#[test]
fn toll_free_numbers_and_hidden_paths_of_networks_are_read() {
    let facts = extract_html(
        r##"<small>985-652-9080 <strong>·</strong> Toll Free: 1-877-215-7589</small>
        <a href="http://www.facebook.com/#!/pages/Smile-Dental/104430946272563?ref=search"></a><a href="/#!/about">About</a>"##,
        &Url::parse("https://www.smile-dental.com/").unwrap(),
        None,
    );
    let phones: Vec<_> = facts.phones.iter().filter_map(|f| f.value.e164.clone()).collect();
    assert!(phones.contains(&"+18772157589".to_owned()), "{phones:?}");
    let profile = "https://www.facebook.com/pages/Smile-Dental/104430946272563";
    assert_eq!(facts.social[0].value.url, profile);
    let context = Context::new(&Url::parse("https://www.smile-dental.co.nz/").unwrap(), None, None);
    let own = context.resolve("/#!/about").unwrap();
    assert_eq!(own.path(), "/", "an application's own part");
}

#[test]
fn the_language_is_that_of_the_sentences_where_a_template_says_english() {
    let of = |lang: &str, text: &str| {
        let facts = page(&format!("<html lang='{lang}'><p>{text}</p>"));
        facts.languages.first().map(|fact| fact.value.clone())
    };
    let french = "Nous sommes heureux de vous accueillir dans notre salon. Les horaires peuvent varier pendant les vacances, \
        veuillez nous appeler avant de venir.";
    assert_eq!(of("en", french).as_deref(), Some("fr"));
    assert_eq!(of("", french).as_deref(), Some("fr"));
    assert_eq!(
        of("de", french).as_deref(),
        Some("de"),
        "what is said and is no template's word stands"
    );
    let english =
        "We are open every day of the week and look forward to seeing you. Please call us before you come by.";
    assert_eq!(of("en", english).as_deref(), Some("en"));
    assert_eq!(of("", "Salon Axel"), None);
    let japanese = "当院は駅から徒歩五分の歯科医院です。お子さまからご年配の方まで安心して通っていただけるよう心がけています。ご予約はお電話でお願いいたします。";
    assert_eq!(of("", japanese).as_deref(), Some("ja"));
    let danish = "Den økologiske frisørsalon lægger vægt på personlig service, høj faglighed og en hyggelig atmosfære. Hos os behøver du ikke \
        at bekymre dig om farlige kemikalier, da vi udelukkende bruger økologiske produkter af den bedste kvalitet i dit hår. Vi har den \
        fireårige uddannelse, og dine ønsker er første prioritet. Du kan altid forvente kompetent rådgivning, når du sætter dig i stolen. \
        Vi bruger god tid til dig og går ikke på kompromis.";
    assert_eq!(of("", danish).as_deref(), Some("da"));
}

#[test]
fn two_words_without_a_space_are_nobody() {
    let facts =
        page("<strong>HANDS-ON DIFFERENCE</strong><span>One patient. One physiotherapist. Focused care.</span>");
    assert_eq!(facts.people, Vec::new());
}

#[test]
fn businesses_that_share_a_host_are_known_by_their_path() {
    let facts = extract_html(
        "<title>Kadeřnictví V Okružní</title><h1>Kadeřnictví V Okružní</h1><p class='motto'>Krása začíná péčí o sebe</p>",
        &Url::parse("https://someone.github.io/kadernictvivokruzni/").unwrap(),
        None,
    );
    let best = facts.names.iter().max_by_key(|name| name.trust).unwrap();
    assert_eq!(best.value, "Kadeřnictví V Okružní");
    assert!(best.trust > 70, "{best:?}");
}

#[test]
fn what_surrounds_a_name_is_no_part_of_it() {
    let best = |html: &str| {
        let facts = page(html);
        let best = facts
            .names
            .iter()
            .max_by_key(|name| name.trust)
            .map(|name| name.value.clone());
        best.unwrap_or_default()
    };
    assert_eq!(
        best("<img class='logo' src='l.png' alt='Logo von Smile-Dental'>"),
        "Smile-Dental"
    );
    assert_eq!(
        best("<p>At Smile Dental we offer a patient-centred approach to healthcare.</p>"),
        "Smile Dental"
    );
    assert_eq!(
        best("<title>Smile Dental & Implants Ltd Bury, Crowns Walmersley</title>"),
        "Smile Dental & Implants Ltd"
    );
    assert_eq!(
        best("<title>緑が丘の歯医者「酒井歯科医院」|緑が丘駅徒歩7分</title>"),
        "酒井歯科医院"
    );
    assert_eq!(
        best("<img class='logo' src='l.png' alt='en bild på en sax'><h1>Smile Salong</h1>"),
        "Smile Salong"
    );
}

#[test]
fn ratings_on_another_scale_than_stars_are_left_out() {
    let rated = |rating: &str| {
        let facts = page(&format!(
            r#"<script type="application/ld+json">{{"@type":"Dentist","name":"Smile Dental","aggregateRating":{{{rating},"reviewCount":31}}}}</script>"#
        ));
        facts.ratings.first().map(|fact| fact.value.value)
    };
    assert_eq!(rated(r#""ratingValue":"4,8""#), Some(4.8));
    assert_eq!(rated(r#""ratingValue":4.8,"bestRating":"5""#), Some(4.8));
    assert_eq!(rated(r#""ratingValue":"4.8","bestRating":"10""#), None);
    assert_eq!(rated(r#""ratingValue":96"#), None);
}
