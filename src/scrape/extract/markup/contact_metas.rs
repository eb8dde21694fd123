//! Contact data in meta elements: Facebook's `business:contact_data` objects, and the older `og:` forms of the same.

use crate::scrape::extract::countries;
use crate::scrape::extract::emails;
use crate::scrape::extract::links::push_unique;
use crate::scrape::extract::page::scan::Scan;
use crate::scrape::extract::phones;
use crate::scrape::extract::phones::labels::Label;
use crate::scrape::extract::phones::{Candidates, DOUBTFUL};
use crate::scrape::extract::whose::Standing;
use crate::scrape::payload::{Address, Fact, PageFacts, PhoneKind, Source};

/// Trust in a head's contact data: written once for the business, and seldom looked at again.
const TRUST: u8 = 65;

/// Reads telephone, fax, e-mail and postal address.
pub(crate) fn read(scan: &Scan, numbers: &mut Candidates, facts: &mut PageFacts) {
    let either = |new: &str, old: &str| {
        scan.meta(&format!("business:contact_data:{new}"))
            .or_else(|| scan.meta(old))
    };
    if let Some(phone) = either("phone_number", "og:phone_number") {
        numbers.push(phone, PhoneKind::Phone, Source::Opengraph, TRUST);
    }
    if let Some(fax) = either("fax_number", "og:fax_number") {
        numbers.push(fax, PhoneKind::Fax, Source::Opengraph, TRUST);
    }
    if let Some(email) = either("email", "og:email").and_then(emails::normalise) {
        push_unique(&mut facts.emails, email, Source::Opengraph, TRUST);
    }
    described(scan, numbers, facts);
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let country = either("country_name", "og:country-name");
    let address = Address {
        street: owned(either("street_address", "og:street-address")),
        locality: owned(either("locality", "og:locality")),
        region: owned(either("region", "og:region")),
        postal_code: owned(either("postal_code", "og:postal-code")),
        country: country.and_then(countries::code),
        raw: String::new(),
    };
    let parts = [
        &address.street,
        &address.locality,
        &address.region,
        &address.postal_code,
    ];
    let raw: Vec<&str> = parts.into_iter().flatten().map(String::as_str).chain(country).collect();
    // A town alone says where the business is, not how to write to it.
    if address.street.is_some() && address.locality.is_some() {
        let raw = raw.join(", ");
        facts
            .addresses
            .push(Fact::with_trust(Address { raw, ..address }, Source::Opengraph, TRUST));
    }
}

/// Numbers and mail in what search engines show of the page, for want of better: "Call (828) 262-5593".
fn described(scan: &Scan, numbers: &mut Candidates, facts: &mut PageFacts) {
    let trust = DOUBTFUL - 10;
    let Some(text) = scan.meta("description").or_else(|| scan.meta("og:description")) else {
        return;
    };
    phones::lines::from_line(text, trust, Label::None, &mut |_| Standing::Doubtful, numbers);
    emails::from_line(text, false, &mut |_, _, mail| {
        push_unique(&mut facts.emails, mail, Source::Opengraph, trust)
    });
}

#[cfg(test)]
mod tests {
    use crate::scrape::extract::extract_html;
    use url::Url;

    #[test]
    fn descriptions_are_read_for_want_of_better() {
        let html = "<meta name=description content='Septic systems. Call (828) 262-5593 or mail jo@septic.com. Since 1998-2024.'>";
        let facts = extract_html(html, &Url::parse("https://www.septic.com/").unwrap(), Some("US"));
        assert_eq!(facts.phones[0].value.e164.as_deref(), Some("+18282625593"));
        assert_eq!(
            (facts.phones.len(), facts.emails[0].value.as_str()),
            (1, "jo@septic.com")
        );
        assert!(facts.phones[0].trust < super::DOUBTFUL && facts.emails[0].trust < super::DOUBTFUL);
    }

    #[test]
    fn contact_data_of_the_head_is_read() {
        let html = r#"<html lang="en-AU"><head>
            <meta property="business:contact_data:street_address" content="231 Brunswick Street">
            <meta property="business:contact_data:locality" content="Fitzroy">
            <meta property="business:contact_data:country_name" content="Australia">
            <meta property="business:contact_data:phone_number" content="03 7010 0142">
            <meta property="og:email" content="hello@fitzroydental.com.au"></head></html>"#;
        let facts = extract_html(html, &Url::parse("http://127.0.0.1/").unwrap(), None);
        assert_eq!(facts.phones[0].value.e164.as_deref(), Some("+61370100142"));
        assert_eq!(facts.emails[0].value, "hello@fitzroydental.com.au");
        let address = &facts.addresses[0].value;
        assert_eq!(
            (address.country.as_deref(), address.raw.as_str()),
            (Some("AU"), "231 Brunswick Street, Fitzroy, Australia")
        );
    }
}
