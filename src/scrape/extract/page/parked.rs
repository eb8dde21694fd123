//! Pages that stand in the place of a business's own: those of hosts, of traders in domains, and lists of many businesses.

use super::scan::{LineKind, Scan};
use crate::scrape::text::{Words, fold};

/// Lines at the top of a page in which it says what it is.
const LINES: usize = 14;

/// Sentences of hosts and traders, in the languages that they are in.
static PARKED: Words = Words::new(&[
    "domain is for sale",
    "domain name is for sale",
    "domain may be for sale",
    "domain for sale",
    "buy this domain",
    "domain parked",
    "domain is parked",
    "domain name parked",
    "parked domain",
    "parked free",
    "domain has expired",
    "domain expired",
    "has been registered for",
    "this domain is registered",
    "web page is parked",
    "sponsored listings displayed",
    "resources and information.",
    "apache2 debian default",
    "apache2 ubuntu default",
    "default web site page",
    "default plesk page",
    "web server's default page",
    "website is almost here",
    "future home of something quite cool",
    "account suspended",
    "account has been suspended",
    "site is temporarily unavailable",
    "domain steht zum verkauf",
    "diese domain wurde",
    "diese domain ist",
    "hier entsteht eine neue",
    "domaine est à vendre",
    "domaine a été",
    "domaine est réservé",
    "dominio está en venta",
    "dominio en venta",
    "dominio ha sido registrado",
    "dominio registrado",
    "dominio è in vendita",
    "dominio è stato registrato",
    "domínio registado",
    "domínio registrado",
    "domein is geregistreerd",
    "deze domeinnaam",
    "domein te koop",
    "domena jest utrzymywana",
    "domena została",
    "poprawnie skierowana",
    "domena na sprzedaż",
    "doména je zaregistrov",
    "doména je parkov",
    "doména na prodej",
    "domain er registreret",
    "domænet er",
    "domenet er",
    "domänen är",
    "verkkotunnus on",
    "alan adı",
    "domeniul a fost",
    "a domain név",
    "domain parking",
    "domain has been registered",
    "domain name has been registered",
    "default web page",
    "apache2 default",
    "welcome to nginx",
    "domena na sprzeda",
    "domena jest na sprzeda",
    "domain zu verkaufen",
    "domain ist geparkt",
    "domaine est enregistré",
    "nom de domaine à vendre",
    "dominio in vendita",
    "domein is te koop",
    "domeinnaam is geregistreerd",
    "doména je na prodej",
    "domínio está à venda",
    "domínio à venda",
    "domain eladó",
]);

/// Whether the page is that of a host or a trader, who name nobody but themselves.
pub(crate) fn is_parked(scan: &Scan) -> bool {
    let lines = scan.lines.iter().take(LINES).map(|line| &scan.text[line.range.clone()]);
    let mut told = lines.chain([scan.title.as_str()]).filter(|text| text.len() <= 300);
    told.any(|text| PARKED.any(text))
}

/// Whether title or heading announce a list of businesses: "Top 5 dentists in Hamilton".
pub(crate) fn is_directory(scan: &Scan) -> bool {
    let headings = scan
        .lines
        .iter()
        .filter(|line| line.kind == LineKind::Heading(1))
        .take(1)
        .map(|line| &scan.text[line.range.clone()]);
    headings.chain([scan.title.as_str()]).any(|text| {
        let folded = fold(text);
        let mut words = folded.split(' ');
        let ranked = words.next().is_some_and(|first| {
            matches!(
                first,
                "top" | "best" | "die" | "les" | "los" | "las" | "mejores" | "i" | "de" | "najlepsi" | "topp"
            )
        });
        ranked
            && words
                .next()
                .and_then(|second| second.parse::<u16>().ok())
                .is_some_and(|count| (3..=200).contains(&count))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use crate::scrape::extract::extract_html;

    #[test]
    fn hosts_and_lists_say_nothing_of_a_business() {
        let url = "https://www.smile-dental.co.nz/".parse().unwrap();
        let body = "<p>Mon-Fri 9am-5pm</p><p>12 High Street, Auckland 1010</p><p>09 524 7381</p>";
        for head in [
            "<title>smile-dental.co.nz</title><p>This domain may be for sale!</p>",
            "<h1>Domena jest utrzymywana na serwerach Hostowo.pl</h1>",
            "<title>Diese Domain wurde registriert</title>",
        ] {
            let facts = extract_html(&format!("{head}{body}"), &url, None);
            assert!(
                facts.names.is_empty() && facts.addresses.is_empty() && facts.phones.is_empty(),
                "{head}"
            );
        }
        let list = extract_html(&format!("<h1>Top 5 dentists in Auckland</h1>{body}"), &url, None);
        assert!(list.addresses.is_empty() && list.opening_hours.is_empty());
        let own = extract_html(&format!("<h1>Top dentists in Auckland</h1>{body}"), &url, None);
        assert!(!own.addresses.is_empty() && !own.opening_hours.is_empty());
    }
}
