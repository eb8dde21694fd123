//! Pages that stand in for a website that is not there: hosts and dealers in domains speak on them.

use crate::scrape::extract::scan::{Line, Scan};
use crate::scrape::text::Words;

/// Such pages are short.
const MAX_TEXT: usize = 6_000;

/// Whether a host or a dealer in domains speaks here, and no business.
pub(super) fn is_parked(scan: &Scan) -> bool {
    let says = |line: &Line| line.range.len() <= 200 && PARKED.any(&scan.text[line.range.clone()]);
    scan.text.len() <= MAX_TEXT && (PARKED.any(&scan.title) || scan.lines.iter().take(12).any(says))
}

/// What pages say that stand where a website was or will be.
static PARKED: Words = Words::new(&[
    "domain may be for sale",
    "domain is for sale",
    "domain name is for sale",
    "domain for sale",
    "buy this domain",
    "domain is parked",
    "parked domain",
    "domain parking",
    "parked free",
    "domain has been registered",
    "domain name has been registered",
    "domain has expired",
    "default web page",
    "default web site page",
    "apache2 default",
    "welcome to nginx",
    "it works!",
    "account has been suspended",
    "account suspended",
    "domena jest utrzymywana",
    "domena na sprzeda",
    "domena jest na sprzeda",
    "domain steht zum verkauf",
    "domain zu verkaufen",
    "domain ist geparkt",
    "domaine est à vendre",
    "domaine est enregistré",
    "domaine a été enregistré",
    "nom de domaine à vendre",
    "dominio en venta",
    "dominio está en venta",
    "dominio in vendita",
    "dominio è in vendita",
    "domein is te koop",
    "domein is geregistreerd",
    "domeinnaam is geregistreerd",
    "doména je na prodej",
    "doména na prodej",
    "domínio está à venda",
    "domínio à venda",
    "domænet er til salg",
    "domänen är till salu",
    "domenet er til salgs",
    "domain eladó",
]);

#[cfg(test)]
mod tests {
    use crate::scrape::extract::extract_html;
    use url::Url;

    #[test]
    fn a_dealer_is_no_business() {
        let url = Url::parse("https://smile.co.nz/").expect("an address");
        let read = |line: &str| {
            let html = format!("<p>{line}</p><p>Phone +64 9 524 7381, sales@dealer.com</p>");
            let facts = extract_html(&html, &url, None);
            (facts.phones.len(), facts.emails.len())
        };
        assert_eq!(read("This domain is for sale!"), (0, 0));
        assert_eq!(read("Welcome"), (1, 1));
    }
}
