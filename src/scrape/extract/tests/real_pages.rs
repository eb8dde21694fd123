//! Whole pages, in small: what pages of real businesses taught.

#![allow(clippy::unwrap_used, clippy::expect_used)]
use crate::scrape::extract::extract_html;
use crate::scrape::extract::tests::page;
use url::Url;

#[test]
fn numbers_are_read_by_the_language_where_nothing_else_tells_the_country() {
    let facts = extract_html(
        "<html lang='sv'><ul><li>Sparbanksvägen 70</li><li>08-744 02 52</li></ul></html>",
        &Url::parse("https://valias.example.com/").unwrap(),
        None,
    );
    assert_eq!(facts.phones[0].value.e164.as_deref(), Some("+4687440252"));
}

#[test]
fn a_profile_that_is_called_as_the_business_is_its_own() {
    let facts = page(
        "<p>Kontakt <span>Zdeněk Kubásek</span> <a href='https://www.facebook.com/profile.php?id=100083138806394'>Smile Dental NZ</a></p>",
    );
    assert!(facts.social[0].trust >= 50, "{:?}", facts.social);
}

#[test]
fn a_sentence_that_goes_on_in_the_next_line_says_whose_a_number_is() {
    let facts = page(
        "<p>Telefon: 09 524 7381</p><p>Außerhalb der Sprechzeiten wenden Sie sich bitte an den Notdienst<br>
        unter der Telefonnummer: <a href='tel:093001122'>09 300 1122</a></p>",
    );
    let numbers: Vec<_> = facts
        .phones
        .iter()
        .filter_map(|phone| phone.value.e164.as_deref())
        .collect();
    assert_eq!(numbers, ["+6495247381"]);
}

#[test]
fn the_country_is_told_by_places_mail_and_maps_where_the_domain_is_of_none() {
    let first = |html: &str| {
        let facts = extract_html(html, &Url::parse("https://smile.github.io/x/").unwrap(), None);
        facts.phones.first().and_then(|fact| fact.value.e164.clone())
    };
    for (html, expected) in [
        ("<p>Tel: 016/49 08 18<p>kapsalon@smile.be", "+3216490818"),
        (
            "<p>Mob: 9443177709<iframe src='https://maps.google.co.in/maps?q=x'></iframe>",
            "+919443177709",
        ),
        (
            "<p>Pasig City, Metro Manila, Philippines<p>Tel. (63 2) 914 04 64",
            "+6329140464",
        ),
        // The language of those who live elsewhere.
        ("<html lang='ko'><p>전화 (213) 382-9000", "+12133829000"),
    ] {
        assert_eq!(first(html).as_deref(), Some(expected), "{html}");
    }
}

#[test]
fn two_numbers_of_one_line_that_nothing_separates_are_two() {
    let html = "<p><i></i><b>06582 / 73277</b> <i></i><b>0664 / 3770802</b></p>";
    let facts = extract_html(html, &Url::parse("https://www.zahnarzt.at/").unwrap(), None);
    let mut numbers: Vec<_> = facts
        .phones
        .iter()
        .filter_map(|fact| fact.value.e164.as_deref())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["+43658273277", "+436643770802"]);
}

#[test]
fn the_picture_of_a_fax_says_what_the_number_is() {
    let html = "<p><i class='fa fa-fax'></i> 09 524 7382</p><p><i class='fa fa-phone'></i> 09 524 7381</p>";
    let kinds: Vec<_> = page(html).phones.iter().map(|fact| fact.value.kind).collect();
    assert_eq!(
        kinds,
        [
            crate::scrape::payload::PhoneKind::Fax,
            crate::scrape::payload::PhoneKind::Phone
        ]
    );
}

#[test]
fn streets_without_a_town_are_read_under_a_heading_that_calls_them_addresses() {
    let streets = |html: &str| -> Vec<String> {
        let facts = extract_html(html, &Url::parse("https://www.studio.it/").unwrap(), None);
        facts
            .addresses
            .into_iter()
            .filter_map(|fact| fact.value.street)
            .collect()
    };
    assert_eq!(
        streets(
            "<h5>Sede di Padova</h5><p>via Emanuele Filiberto 43</p><h5>Sede di Roma</h5><p>via Alessandria 88</p>"
        ),
        ["via Emanuele Filiberto 43", "via Alessandria 88"]
    );
    assert_eq!(streets("<h5>La nostra storia</h5><p>via Alessandria 88</p>"), [""; 0]);
}

#[test]
fn a_kind_of_page_is_no_part_of_the_name() {
    let best = |html: &str| {
        let facts = page(html);
        let best = facts.names.into_iter().max_by_key(|fact| fact.trust);
        best.map(|fact| fact.value)
    };
    for html in [
        "<title>Contact Smile Dental</title>",
        "<title>Smile Dental Contact Us</title>",
        "<p>© {{ date('Y') }} Smile Dental. Alle rechten voorbehouden.</p>",
        "<p>© 2015 Andrew Schoenherr / Smile Dental</p>",
    ] {
        assert_eq!(best(html).as_deref(), Some("Smile Dental"), "{html}");
    }
    let facts = extract_html(
        "<title>ACCESS｜赤ひょうたん｜越谷のお好み焼き店</title>",
        &Url::parse("https://smile.github.io/").unwrap(),
        None,
    );
    assert_eq!(facts.names[0].value, "赤ひょうたん");
}

#[test]
fn the_profile_of_a_person_is_own_where_the_business_is_called_so() {
    let social = |url: &str| {
        let html = "<a href='https://www.linkedin.com/in/william-meyer-a86677235/'>LinkedIn</a>";
        extract_html(html, &Url::parse(url).unwrap(), None).social.len()
    };
    assert_eq!(
        (
            social("https://williammeyer.co.za/"),
            social("https://www.smile.co.za/")
        ),
        (1, 0)
    );
}

#[test]
fn an_item_of_a_menu_is_no_heading_of_hours() {
    let html = "<nav><ul><li><a href='/d'>DELIVERY</a></li></ul></nav><p>TEL 0489-85-1998　水曜日定休</p><p>OPEN 17:00~23:30</p>";
    let facts = extract_html(html, &Url::parse("https://www.akahyoutan.jp/").unwrap(), None);
    assert_eq!(facts.opening_hours[0].value[0].opens, "17:00");
    assert!(
        !facts.opening_hours[0].value[0]
            .days
            .contains(&crate::scrape::payload::Day::We)
    );
}

#[test]
fn each_of_two_addresses_that_begin_with_their_code_has_its_own_street() {
    let html = "<p>2400 Dunaújváros,<br>Lobogó utca 1<br>+36-25/433-148</p><p>2400 Dunaújváros,<br>Vasmű út 5<br>+36-25/281-739</p>";
    let facts = extract_html(html, &Url::parse("https://www.cukraszda.hu/").unwrap(), None);
    let streets: Vec<_> = facts
        .addresses
        .iter()
        .filter_map(|fact| fact.value.street.as_deref())
        .collect();
    assert_eq!(streets, ["Lobogó utca 1", "Vasmű út 5"]);
}

#[test]
fn a_link_whose_text_is_another_address_was_forgotten() {
    let facts = page("<p>Appointments <a href='mailto:vicky@gmail.com'>vicky@smile-dental.co.nz</a></p>");
    let best = facts.emails.iter().max_by_key(|fact| fact.trust).unwrap();
    assert_eq!(best.value, "vicky@smile-dental.co.nz");
    assert!(
        facts
            .emails
            .iter()
            .all(|fact| fact.value != "vicky@gmail.com" || fact.trust < 30)
    );
}

#[test]
fn a_telephone_number_is_no_span_of_time() {
    let html = "<p>Wed</p><p>Call us: <a href='tel:+16182221942'>(618) 222-1942</a></p><h2>Opening hours</h2><p>Mon - Tue 8am - 5pm</p>";
    let facts = page(html);
    let days: Vec<_> = facts.opening_hours[0]
        .value
        .iter()
        .flat_map(|hours| hours.days.clone())
        .collect();
    assert_eq!(days, [crate::scrape::payload::Day::Mo, crate::scrape::payload::Day::Tu]);
}

#[test]
fn a_picture_may_stand_in_the_place_of_a_number() {
    let facts = page("<img src='tel.gif' alt='call us on 09 524 7381'><img src='x.jpg' alt='IMG_095247382 x'>");
    let numbers: Vec<_> = facts
        .phones
        .iter()
        .filter_map(|fact| fact.value.e164.as_deref())
        .collect();
    assert_eq!(numbers, ["+6495247381"]);
}

#[test]
fn numbers_as_americans_write_them_are_american_whatever_a_page_speaks_of() {
    let first = |html: &str| {
        let facts = extract_html(html, &Url::parse("https://www.smile.com/").unwrap(), None);
        let country = facts.addresses.first().and_then(|fact| fact.value.country.clone());
        (facts.phones.first().and_then(|fact| fact.value.e164.clone()), country)
    };
    for (html, number) in [
        (
            "<html lang=en><p>A taste of India</p><p>123 Main Street, Atlanta</p><p>Tel: (404) 233-1234</p>",
            "+14042331234",
        ),
        (
            "<html lang=en-US><p>Serving Hallowell, Manchester, Readfield. Call (207) 622-1234",
            "+12076221234",
        ),
        ("<p>We ship to Canada, Mexico.<p>Call (312) 967-4138", "+13129674138"),
        (
            "<p>+30 years of hairpin-legs. Call (212) 967-4138 <p>INFO@SMILE.CO",
            "+12129674138",
        ),
    ] {
        let (phone, country) = first(html);
        assert_eq!(phone.as_deref(), Some(number), "{html}");
        assert_ne!(country.as_deref(), Some("IN"), "{html}");
    }
}

#[test]
fn a_state_before_a_code_rules_nobody_else_out_where_a_town_stands_behind_it() {
    let country = |html: &str| {
        let facts = extract_html(html, &Url::parse("https://www.smile.com/").unwrap(), None);
        facts.addresses.first().and_then(|fact| fact.value.country.clone())
    };
    for (html, expected) in [
        ("<html lang=fr><p>12 rue Washington, 75008 Paris", "FR"),
        ("<html lang=de><p>Hauptstr. 5, DE 10115 Berlin", "DE"),
        ("<html lang=ko><p>928 S Western Ave, Los Angeles, CA 90006", "US"),
    ] {
        assert_eq!(country(html).as_deref(), Some(expected), "{html}");
    }
}

#[test]
fn what_ends_a_line_takes_no_link_along() {
    let links = |text: &str| {
        let button = format!("<button onclick=\"location.href='/contact'\">{text}</button>");
        page(&format!(
            "<table><tr><td>abc</td><td></td><td>{button}</td></tr></table>"
        ))
        .links
        .len()
    };
    assert_eq!((links("Contact"), links("é")), (1, 1));
    let html = "<p>Fax: 09 524 7382 <button onclick=\"location.href='tel:095247381'\">Call</button>";
    let kinds: Vec<_> = page(html)
        .phones
        .into_iter()
        .map(|fact| (fact.value.e164, fact.value.kind))
        .collect();
    assert!(
        kinds.contains(&(Some("+6495247381".to_owned()), crate::scrape::payload::PhoneKind::Phone)),
        "{kinds:?}"
    );
}

#[test]
fn what_customers_say_and_what_is_struck_out_is_not_taken() {
    let numbers = |html: &str| -> Vec<String> {
        page(html)
            .phones
            .into_iter()
            .filter_map(|fact| fact.value.e164)
            .collect()
    };
    let html = "<p>Call 09 524 7381</p><p>\"They fixed our boiler, brilliant. Ring me on 09 300 1122 for more\" - Mrs Holroyd</p>";
    assert_eq!(numbers(html), ["+6495247381"]);
    assert_eq!(numbers("<p>Call <s>09 300 1122</s> 09 524 7381</p>"), ["+6495247381"]);
    assert_eq!(
        numbers("<style>p.t{display:none}</style><p class=t>Tel 09 300 1122</p><p>Tel 09 524 7381</p>"),
        ["+6495247381"]
    );
}

#[test]
fn an_emergency_service_opens_no_doors_and_a_number_is_no_street() {
    let html = "<p>Open Monday to Friday 8am-5.30pm. Emergency call-out 24/7.</p>";
    let days: Vec<_> = page(html).opening_hours[0]
        .value
        .iter()
        .flat_map(|hours| hours.days.clone())
        .collect();
    assert_eq!(days.len(), 5, "{days:?}");
    let shop = page("<p>Shop (Mon–Thu, 8am–5pm): 517-677-3173<br>24/7 emergencies only: 517-279-2010</p>");
    assert_eq!(shop.opening_hours[0].value.len(), 1, "{:?}", shop.opening_hours);
    let facts = extract_html(
        "<p>Ring 01584 872119</p><p>The Old Mill, Ludlow SY8 1AA</p>",
        &Url::parse("https://www.hillsidevets.co.uk/").unwrap(),
        None,
    );
    assert_ne!(facts.addresses[0].value.street.as_deref(), Some("01584 872119"));
}

#[test]
fn numbers_tell_their_country_where_nothing_else_does() {
    let first = |html: &str| {
        let facts = extract_html(html, &Url::parse("https://airporttyres.github.io/").unwrap(), None);
        facts.phones.first().and_then(|fact| fact.value.e164.clone())
    };
    let irish = "<html lang='en'><p>Mobile: <a href='tel:0872503971'>0872503971</a><p>Landline: <a href='tel:(01)8423727'>(01) 842 3727</a>";
    assert_eq!(first(irish).as_deref(), Some("+353872503971"));
    // Where the page is not said to be in English, the country of its numbers may be any.
    assert_eq!(
        first("<p>Taxi Wien<p>Tel. 01 5123456<p>Tel. 01 5123457").as_deref(),
        Some("+4315123456")
    );
    assert_eq!(first("<p>Pizzeria Roma<p>Tel: 08-650 12 34"), None);
    let basel = "<html lang='de'><p>Freie Strasse 12, 4051 Basel<p>Tel. 061 261 44 12";
    assert_eq!(first(basel).as_deref(), Some("+41612614412"));
    let swiss = "<html lang='it'><p>Il nostro giardino è sempre aperto<p>Telefono: 076 816 38 38";
    assert_eq!(first(swiss).as_deref(), Some("+41768163838"));
    let greek = "<html lang='el'><p>Η ταβέρνα μας είναι ανοιχτή κάθε μέρα<p>Τηλ. 210 805 0344";
    assert_eq!(first(greek).as_deref(), Some("+302108050344"));
}

#[test]
fn the_script_tells_the_language_that_a_template_does_not() {
    let facts = page("<html lang='en'><title>Ταβέρνα Τα Βαρέλια</title><ul><li>Αρχική<li>Μενού<li>Επικοινωνία</ul>");
    assert_eq!(facts.languages[0].value, "el");
    let facts = page("<html lang='en'><title>Η Smile Dental</title><p>We are a dental practice and we treat families");
    assert_eq!(facts.languages[0].value, "en");
    let facts = page(
        "<html lang='en'><p>Our sushi bar in the middle of London is open every day and we are happy to see you with your friends
        <p>Nigiri and more on the menu of the day<p>にぎりずし まぐろ さーもん えび いくら うに たまご あなご",
    );
    assert_eq!(facts.languages[0].value, "en");
}

#[test]
fn mail_is_read_from_links_that_write_it_on_the_web() {
    let facts =
        page("<a href='https://mail.google.com/mail/?view=cm&fs=1&to=mirta.stublic@gmail.com'><img src='m.png'></a>");
    assert_eq!(facts.emails[0].value, "mirta.stublic@gmail.com");
}

#[test]
fn names_stand_without_the_kind_of_their_page() {
    let best = |html: &str, url: &str| {
        let facts = extract_html(html, &Url::parse(url).unwrap(), None);
        let best = facts.names.iter().max_by_key(|fact| fact.trust);
        best.map(|fact| fact.value.clone()).unwrap_or_default()
    };
    let speech = "<title>Tarieven</title><meta property='og:title' content='Logopedie Sprekend-Tarieven'>";
    assert_eq!(
        best(speech, "https://www.logopediesprekend.be/tarieven"),
        "Logopedie Sprekend"
    );
    let locksmith = "<img src='top.png' alt='Cabeçalho Carlos Chaveiro'><h1>Onde estamos</h1>";
    assert_eq!(best(locksmith, "https://www.carloschaveiro.com.br/"), "Carlos Chaveiro");
    let doctor = "<footer>© Priv. Doz. Dr. Stefan Hofstätter</footer>";
    assert_eq!(
        best(doctor, "https://www.hofstaetter.at/"),
        "Priv. Doz. Dr. Stefan Hofstätter"
    );
    let tyres = "<img src='logo.png' alt='airport tyres ltd. business logo'>";
    assert_eq!(best(tyres, "https://airporttyres.ie/"), "airport tyres ltd.");
    let surgery = "<p>Cookies on the Saltmarsh Surgery website<h1>Saltmarsh Surgery</h1>";
    assert_eq!(
        best(surgery, "https://www.saltmarshsurgery.co.uk/"),
        "Saltmarsh Surgery"
    );
    for (name, url) in [
        ("Praxis Müller", "https://mueller.de/"),
        ("De Gouden Leeuw", "https://goudenleeuw.nl/"),
        ("Rossi Services", "https://rossiservices.com/"),
        ("Bikeland Shop", "https://bikeland.com/"),
    ] {
        assert_eq!(best(&format!("<title>{name}</title><h1>{name}</h1>"), url), name);
    }
    assert_eq!(best("<a href='/'>GR</a><h1>ΕΠΙΚΟΙΝΩΝΙΑ</h1>", "https://x.gr/"), "");
}

#[test]
fn days_below_what_calls_them_closed_leave_the_others_open() {
    let facts =
        page("<html lang='ja'><dl><dt>営業時間</dt><dd>8:00 — 17:00</dd><dt>定休日</dt><dd>土曜・日曜・祝日</dd></dl>");
    let week = &facts.opening_hours[0].value;
    assert_eq!((week.len(), week[0].days.len()), (1, 5));
    assert_eq!((week[0].opens.as_str(), week[0].closes.as_str()), ("08:00", "17:00"));
}

#[test]
fn markup_with_the_name_of_another_gives_way() {
    let html = r#"<title>Smile Dental</title><h1>Smile Dental</h1><script type="application/ld+json">{"@type":"Plumber","name":"Rapid Rooter Denver",
        "telephone":"(303) 892-4417","address":{"@type":"PostalAddress","streetAddress":"900 Colfax Ave","postalCode":"80204"}}</script>"#;
    let facts = page(html);
    assert!(facts.addresses[0].trust < 30, "{:?}", facts.addresses);
}

#[test]
fn a_street_belongs_to_one_postal_code() {
    let html =
        "<p>18 rue de Marseille, 69007 Lyon</p><p>Nos farines viennent des Moulins Bourgeois, 77510 Verdelot.</p>";
    let facts = extract_html(html, &Url::parse("https://boulangerie-lemaire.fr/").unwrap(), None);
    let towns: Vec<_> = facts
        .addresses
        .iter()
        .filter_map(|fact| fact.value.locality.as_deref())
        .collect();
    assert_eq!(towns, ["Lyon"]);
}

#[test]
fn an_extension_is_not_that_of_a_mobile() {
    let html = "<html lang='de'><p>Telefon 030 2345 8812, Mobil 0171-2345881, Fax: -13";
    let facts = extract_html(html, &Url::parse("https://acmestudio.de/").unwrap(), None);
    let numbers: Vec<_> = facts
        .phones
        .iter()
        .filter_map(|fact| fact.value.e164.as_deref())
        .collect();
    assert_eq!(numbers, ["+493023458812", "+491712345881"]);
}

#[test]
fn mail_of_authorities_is_not_the_business_s() {
    let facts = page("<p>Contact the State Dental Board at dentalboard@illinois.gov");
    assert!(facts.emails.is_empty(), "{:?}", facts.emails);
}

#[test]
fn a_number_beside_an_icon_does_not_say_whose_it_is() {
    let facts = page(
        "<header><div><a href='tel:8028772055'>802.877.2055</a> <a href='https://facebook.com/foe3801/'>f</a></div></header>",
    );
    assert!(facts.social[0].trust >= 50, "{:?}", facts.social);
}

/// The first hours of a page: days and times.
fn first_hours(html: &str) -> Vec<(usize, String, String)> {
    let facts = page(html);
    let week = facts.opening_hours.into_iter().next().map(|fact| fact.value);
    let spans = week.into_iter().flatten();
    spans
        .map(|hours| (hours.days.len(), hours.opens, hours.closes))
        .collect()
}

#[test]
fn hours_of_emergencies_and_neighbours_are_not_those_of_the_doors() {
    let own = [(5, "09:00".to_owned(), "19:00".to_owned())];
    let vet = "<p>Open 7 days with a 24/7 Emergency Vet on call<p>Monday - Friday<p>9.00am to 7.00pm";
    assert_eq!(first_hours(vet), own);
    let out = "<p>Mon-Fri 9am-7pm</p><h3>Out of hours</h3><p>Vets Now is open Mon-Sun 6pm-8am</p>";
    assert_eq!(first_hours(out), own);
    let neighbours = "<p>Mon-Fri 9am-7pm</p><p>Our neighbours at Bloom Florist are open Mon-Sun 8am-6pm</p>";
    assert_eq!(first_hours(neighbours), own);
}

#[test]
fn short_hours_that_come_every_day_are_hours() {
    let farm = "<table><tr><td>Lundi au dimanche, matin<td>8 h 30 – 10 h 30<tr><td>Lundi au dimanche, soir<td>17 h 30 – 19 h</table>";
    assert_eq!(first_hours(farm).len(), 2);
}
