//! Names, profiles, numbers and mail of whole pages, in small: what pages of real businesses taught.

#![allow(clippy::unwrap_used, clippy::expect_used)]
use crate::scrape::extract::extract_html;
use crate::scrape::extract::phones::DOUBTFUL;
use crate::scrape::payload::PageFacts;

fn at(url: &str, html: &str) -> PageFacts {
    extract_html(html, &url.parse().unwrap(), None)
}

/// The name of most trust.
fn name(facts: &PageFacts) -> Option<&str> {
    let best = facts.names.iter().max_by_key(|fact| fact.trust);
    best.map(|fact| fact.value.as_str())
}

fn profiles(facts: &PageFacts) -> Vec<&str> {
    let sure = facts.social.iter().filter(|fact| fact.trust >= DOUBTFUL);
    sure.map(|fact| fact.value.url.as_str()).collect()
}

fn numbers(facts: &PageFacts) -> Vec<&str> {
    facts
        .phones
        .iter()
        .filter_map(|fact| fact.value.e164.as_deref())
        .collect()
}

#[test]
fn names_without_what_is_none() {
    for (url, html, expected) in [
        (
            "https://steffis-haarstudio.de/zeiten.html",
            "<a href='index.html'><span>S</span> <span>Steffi's Haarstudio</span></a>",
            "Steffi's Haarstudio",
        ),
        (
            "https://www.dunstonvillage.com/find-us.html",
            "<title>Find Dunston Village</title>",
            "Dunston Village",
        ),
        (
            "https://x.github.io/henley/",
            "<p>© 2024 1st Henley Scouts. All rights reserved.</p>",
            "1st Henley Scouts",
        ),
        (
            "https://x.github.io/shop-1/",
            "<p>Nicol Motors, All rights reserved</p>",
            "Nicol Motors",
        ),
        (
            "https://www.manlylaw.com.au/",
            "<title>Fees - Shipton & Associates</title><p>1 Raglan Street, <br>MANLY NSW</p>",
            "Shipton & Associates",
        ),
        (
            "https://x.github.io/praktijk/",
            "<title>Osteopathie-Delft</title><a href='index.html'><h1>Osteopathie-Delft</h1><p>Peter Rekveldt</p></a>",
            "Osteopathie-Delft",
        ),
        (
            "https://robertchenmd.com/",
            "<title>Robert Chen, MD</title><h1>Robert Chen, MD</h1>",
            "Robert Chen, MD",
        ),
        (
            "https://www.brasseriedelagare.fr/",
            "<a href='/'>Brasserie<br>de la Gare</a>",
            "Brasserie de la Gare",
        ),
        (
            "https://www.zahnarzt-weber.de/",
            "<a href='/'><div>Zahnarztpraxis</div><div>Dr. Anna Weber</div></a>",
            "Zahnarztpraxis Dr. Anna Weber",
        ),
        (
            "https://x.github.io/butchers/",
            "<title>J Jones &amp; Sons</title>",
            "J Jones & Sons",
        ),
        (
            "https://astra-dental.co.uk/",
            "<title>Astra</title><img class=logo alt='Astra' src='a.png'>",
            "Astra",
        ),
        (
            "https://x.github.io/garage-1/",
            "<p>© 2024 Hillview Garage</p><p>Photos by Jane Doe, all rights reserved</p>",
            "Hillview Garage",
        ),
        (
            "https://www.smiledental.co.nz/",
            "<h1><a href='/'>Smile Den</a><a href='/'>tal</a></h1>",
            "Smile Dental",
        ),
    ] {
        assert_eq!(name(&at(url, html)), Some(expected), "{html}");
    }
    for html in [
        "<title>A A</title>",
        "<a href='/'>B B</a>",
        "<p>We see that the brakes are all right before you go</p>",
    ] {
        assert_eq!(
            name(&at("https://x.github.io/abcd/", html)).filter(|name| name.len() > 3),
            None,
            "{html}"
        );
    }
    let builder = "<div><img alt='Mobirise' src='logo.png'></div><p>© 2021 Mobirise</p>";
    assert_eq!(name(&at("https://x.github.io/drukwerk/", builder)), None);
}

#[test]
fn rows_of_links_name_nobody() {
    let facts = at(
        "https://rolyspies.github.io/website/",
        "<footer><div><a href='https://www.facebook.com/share/1CCyAzhzyL/'>roly's pies</a>
        <a href='https://www.instagram.com/pie.and.mash'>pie.and.mash</a>
        <a href='https://www.tiktok.com/@pieandmash'>Pieandmash</a></div></footer>",
    );
    assert_eq!(
        profiles(&facts),
        [
            "https://www.facebook.com/share/1CCyAzhzyL",
            "https://www.instagram.com/pie.and.mash",
            "https://www.tiktok.com/@pieandmash"
        ]
    );
    let facts = at(
        "https://rutkowski.pl/",
        "<footer><a href='tel:+48507027792'>507 027 792</a> <a href='kontakt.html'>ul. Wrocławska 156a/306</a>
        <a href='https://www.facebook.com/osteopatiaopole'>Facebook</a></footer>",
    );
    assert_eq!(profiles(&facts), ["https://www.facebook.com/osteopatiaopole"]);
    // What a page of its own says of somebody is their name all the same.
    let therapist = "<p><a href='/team/jane'>Jane Nowak Fizjoterapia</a> <a href='https://www.facebook.com/janafizjo'>Facebook</a></p>";
    assert_eq!(profiles(&at("https://rutkowski.pl/", therapist)), Vec::<&str>::new());
    // Of whoever made the website, unless the page names them.
    let personal = "<footer><a href='https://www.facebook.com/martin.farragher.9'><i></i></a></footer>";
    assert_eq!(profiles(&at("https://hanly.ie/", personal)), Vec::<&str>::new());
    let named = format!("<p>Martin Farragher, painter</p>{personal}");
    assert_eq!(
        profiles(&at("https://hanly.ie/", &named)),
        ["https://www.facebook.com/martin.farragher.9"]
    );
    // Another's website beside the profile is another's profile.
    let facts = at(
        "https://rutkowski.pl/",
        "<p><a href='https://www.jana-physio.pl/'>Jana Nowak Fizjoterapia</a> <a href='https://www.facebook.com/janafizjo'>Facebook</a></p>",
    );
    assert_eq!(profiles(&facts), Vec::<&str>::new());
}

#[test]
fn a_box_in_which_one_can_call_is_no_review() {
    let card = "<div class='review__card'><p>Telefono: <a href='tel:+39'>06 3032 5318</a></p><p>Orari: Lun–Sab 9:00–19:00</p></div>";
    let facts = at("https://www.capoccia.it/", card);
    assert_eq!(numbers(&facts), ["+390630325318"]);
    assert_eq!(facts.opening_hours.len(), 1);
    let comments = "<div class='comments'><p>Nice people</p><p>I am Bob, write to <a href='mailto:bob@plumbing.it'>bob@plumbing.it</a> or 06 3032 5318</p></div>";
    let facts = at("https://www.capoccia.it/", comments);
    assert!(facts.phones.is_empty() && facts.emails.is_empty());
    let review = "<div class='review'><p>Call them on 06 3032 5318, they are great!</p></div>";
    assert_eq!(numbers(&at("https://www.capoccia.it/", review)), Vec::<&str>::new());
}

#[test]
fn numbers_dialled_with_a_one_are_american() {
    let facts = at(
        "https://x.github.io/center/",
        "<a href='tel:1-502-241-0177'> 1-502-241-0177</a>",
    );
    assert_eq!(numbers(&facts), ["+15022410177"]);
    let both = "<p>Phone 0821-2423318, 2423319</p>";
    assert_eq!(
        numbers(&at("https://www.mysore.in/", both)),
        ["+918212423318", "+918212423319"]
    );
    let mexican = "<p>Teléfonos: (33) 3615 8842 y 3615 8843</p>";
    assert_eq!(
        numbers(&at("https://www.sonrie.mx/", mexican)),
        ["+523336158842", "+523336158843"]
    );
    let with_fax = at("https://www.motel.com.au/", "<p>PH: (02) 4961 7720 Fax 4961 7721</p>");
    assert_eq!(numbers(&with_fax), ["+61249617720", "+61249617721"]);
    let toll_free = "<p>tel 030 3772155 – numero verde 800 912345</p>";
    assert_eq!(numbers(&at("https://www.farmacia.it/", toll_free)).len(), 2);
    let on_duty = "<p>En dehors des heures d'ouverture, appelez le service de garde au 03 80 41 00 00.</p>";
    assert_eq!(numbers(&at("https://www.veto.fr/", on_duty)), Vec::<&str>::new());
    let belgian = "<p>09 230 51 88</p><footer>BE 0478.221.906 | KBC</footer>";
    assert_eq!(numbers(&at("https://www.bakkerij.be/", belgian)), ["+3292305188"]);
    let shared = "<p>Tel 0151 382 8611 or 0845 862 0801</p>";
    assert_eq!(numbers(&at("https://www.trees.co.uk/", shared)).len(), 2);
    let tax = "<p>Calzaturificio, P.I. 01574680243 - Cap. Soc. € 115.000</p>";
    assert_eq!(numbers(&at("https://www.calzature.it/", tax)), Vec::<&str>::new());
}

#[test]
fn links_side_by_side_are_words_of_their_own() {
    let facts = at(
        "https://cper.ca/",
        "<div><a href='tel:+18775062737'>877-506-CPER</a><a href='mailto:info@cper.ca'>info@cper.ca</a></div>",
    );
    let mails: Vec<_> = facts.emails.iter().map(|fact| fact.value.as_str()).collect();
    assert_eq!(mails, ["info@cper.ca"]);
}

#[test]
fn parts_of_pages_are_told_by_more_than_a_word() {
    for html in [
        "<div class='clear with-navbar'><p>1308 Route 28, South Yarmouth, MA</p></div>",
        "<footer><div role='navigation'><p>30 Cameron Road<br>Tauranga, New Zealand</p></div></footer>",
        "<p>97440 Les Avirons<br>La Réunion, France</p>",
    ] {
        let facts = at("https://www.smile.com/", html);
        let towns = facts.addresses.iter().filter_map(|fact| fact.value.locality.as_deref());
        let expected = ["South Yarmouth", "Tauranga", "Les Avirons"];
        assert!(
            towns.clone().count() == 1 && towns.clone().all(|town| expected.contains(&town)),
            "{html}"
        );
    }
    for class in ["piano-testimonial", "no-navbar testimonial", "x-review"] {
        let html = format!("<div class='{class}'><p>Ring them on +64 9 486 7777</p></div>");
        assert_eq!(
            numbers(&at("https://www.smile.co.nz/", &html)),
            Vec::<&str>::new(),
            "{html}"
        );
    }
}

#[test]
fn sentences_with_links_stay_whole() {
    let html = "<p>Tel. 030 5556677</p><p>Giftnotruf <a href='https://giftnotruf.charite.de'>Charité Berlin</a> <a href='tel:+493019240'>+49 30 19240</a></p>";
    assert_eq!(numbers(&at("https://www.acme-berg.de/", html)), ["+49305556677"]);
    let html = "<p>Tel. 030 5556677</p><p>Report a concern to Ofsted</p><p>Piccadilly Gate, Store Street</p><p>+44 300 123 1231</p>";
    assert_eq!(numbers(&at("https://www.acme-berg.de/", html)), ["+49305556677"]);
}

#[test]
fn patterns_are_no_mail() {
    let html = "<a href='mailto:etunimi.sukunimi@asennus.fi'>etunimi.sukunimi@asennus.fi</a>";
    assert!(at("https://asennus.fi/", html).emails.is_empty());
}
