//! Addresses of whole pages, in small: what pages of real businesses taught, each form with one that is like it and means something else.

#![allow(clippy::unwrap_used, clippy::expect_used)]
use crate::scrape::extract::extract_html;

/// Street, town and code of the first address.
fn first(url: &str, html: &str) -> [Option<String>; 3] {
    let facts = extract_html(html, &url.parse().unwrap(), None);
    let address = facts.addresses.into_iter().next().map(|fact| fact.value);
    let address = address.unwrap_or_default();
    [address.street, address.locality, address.postal_code]
}

#[test]
fn addresses_are_taken_apart() {
    for (url, html, street, town, code) in [
        (
            "https://x.example.com/",
            "<p>4331 Excelsior Blvd Suite #7 St. Louis Park, MN 55416</p>",
            "4331 Excelsior Blvd Suite #7",
            "St. Louis Park",
            "55416",
        ),
        (
            "https://x.example.com/",
            "<p>1200 Belvedere Rd. West Palm Beach, FL 33405</p>",
            "1200 Belvedere Rd",
            "West Palm Beach",
            "33405",
        ),
        // No town of Belgium, and no code of any.
        (
            "https://lash.example.com/",
            "<html lang=nl><p>+32 2 123 45 67</p><p>4331 Excelsior Blvd Suite #7<br>St. Louis Park, MN 55416</p>",
            "4331 Excelsior Blvd Suite #7",
            "St. Louis Park",
            "55416",
        ),
        (
            "https://smile.nl/",
            "<p>Lensheuvel 1s 5541 BA te Reusel</p>",
            "Lensheuvel 1s",
            "Reusel",
            "5541 BA",
        ),
        (
            "https://devi.in/",
            "<p>4531-4532, Arya Samaj Road, Regar Pura, Near Tanga Stand, Karol Bagh, New Delhi, Delhi-110005</p>",
            "4531-4532, Arya Samaj Road",
            "Delhi",
            "110005",
        ),
        (
            "https://pepe.es/",
            "<p>Calle Mayor, nº 12-14, 28013 Madrid</p>",
            "Calle Mayor, nº 12-14",
            "Madrid",
            "28013",
        ),
        (
            "https://blumen.ch/",
            "<p>Poststrasse 14<br>Postfach 212<br>CH-7001 Chur</p>",
            "Poststrasse 14",
            "Chur",
            "7001",
        ),
        (
            "https://garage.example.com/",
            "<html lang=nl><p>Garage Alain - Switch-Road 120A - 8970 Poperinge (Belgie) - Tel.: +32 57 33 87 97 - E-mail: alain@pandora.be</p>",
            "Switch-Road 120A",
            "Poperinge",
            "8970",
        ),
        (
            "https://metronik.it/",
            "<table><tr><td><p>Metronik snc</p><p>Via A. Costa ang. per Caccivio - 22079 Villaguardia (CO) - Italy</p></td></tr></table>",
            "Via A. Costa ang. per Caccivio",
            "Villaguardia",
            "22079",
        ),
    ] {
        let expected = [street, town, code].map(|value| Some(value.to_owned()));
        assert_eq!(first(url, html), expected, "{html}");
    }
}

#[test]
fn places_are_told_without_a_street_or_without_a_code() {
    let some = |value: &str| Some(value.to_owned());
    for (url, html, expected) in [
        (
            "https://preschool.com.au/",
            "<p>Griffith NSW 2680</p>",
            [None, some("Griffith"), some("2680")],
        ),
        (
            "https://preschool.com.au/",
            "<p>Sydney NSW 2000</p>",
            [None, some("Sydney"), some("2000")],
        ),
        // Where somebody works.
        (
            "https://lawn.com.au/",
            "<p>We serve Bondi NSW 2026, Coogee NSW 2034, Parramatta NSW 2150</p>",
            [None, None, None],
        ),
        (
            "https://potential.co.ke/",
            "<p>P.O BOX 369 00300, NAIROBI.</p>",
            [None, some("NAIROBI"), some("00300")],
        ),
        (
            "https://heating.co.uk/",
            "<p>11 Burrow Down Eastbourne East Sussex BN20 8ST</p>",
            [None, None, some("BN20 8ST")],
        ),
        (
            "https://barba.it/",
            "<p>PERUGIA, CORSO GARIBALDI 22 (PG)</p>",
            [some("CORSO GARIBALDI 22"), some("PERUGIA"), None],
        ),
        (
            "https://bari.it/",
            "<ul><li>Corso Umberto 1°, 51<li>Albaredo d'Adige, VR</ul>",
            [some("Corso Umberto 1°, 51"), some("Albaredo d'Adige"), None],
        ),
        // Two capitals are a province in Italy only.
        (
            "https://hotel.de/",
            "<ul><li>Hauptstraße 12<li>Klima, TV</ul>",
            [None, None, None],
        ),
    ] {
        assert_eq!(first(url, html), expected, "{html}");
    }
    let facts = extract_html(
        "<p>11 Burrow Down Eastbourne East Sussex BN20 8ST</p>",
        &"https://heating.co.uk/".parse().unwrap(),
        None,
    );
    assert_eq!(
        facts.addresses[0].value.raw,
        "11 Burrow Down Eastbourne East Sussex BN20 8ST"
    );
}

#[test]
fn paragraphs_of_a_cell_are_lines_where_it_has_its_row_to_itself() {
    let lines = |html: &str| {
        let scan = crate::scrape::extract::page::walk::scan(&crate::scrape::dom::parse(html));
        let lines = scan.lines.iter().map(|line| scan.text[line.range.clone()].to_owned());
        lines.collect::<Vec<_>>()
    };
    assert_eq!(lines("<table><tr><td><p>One<p>Two</table>"), ["One", "Two"]);
    assert_eq!(
        lines("<table><tr><td><p>Mon<p>Tue<td><p>9-5<p>10-6</table>"),
        ["Mon Tue\t9-5 10-6"]
    );
}
