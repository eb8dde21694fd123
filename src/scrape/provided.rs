//! Fields of a final payload that an outside provider answered, as facts of a page that only it has seen.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::extract::phones;
use super::payload::{
    Address, Fact, OpeningHours, PageFacts, Person, Phone, PhoneKind, ScrapePayload, ScrapedPage, SocialLink, Source,
};
use super::region::region_code;

/// What the scraper worker would have given. A field that has no place in a final payload, or not the form that it has
/// there, is kept as it is under `extra`.
#[must_use]
pub fn provided_fields(address: &str, fields: Map<String, Value>, region: Option<&str>) -> ScrapePayload {
    let region = region.map(str::to_owned).or_else(|| region_of(address));
    let mut facts = PageFacts::default();
    let mut extra = Map::new();
    for (name, value) in fields {
        if take(&mut facts, &name, &value, region.as_deref()).is_none() {
            extra.insert(name, value);
        }
    }
    let page = ScrapedPage {
        url: address.to_owned(),
        facts,
        ..ScrapedPage::default()
    };
    ScrapePayload {
        final_url: address.to_owned(),
        pages: vec![page],
        extra,
    }
}

/// `None` where the field cannot be taken.
fn take(facts: &mut PageFacts, name: &str, value: &Value, region: Option<&str>) -> Option<()> {
    match name {
        "name" => facts.names.push(one(value)?),
        "description" => facts.descriptions.push(one(value)?),
        "categories" => facts.categories.extend(many(value)?),
        "phones" => facts.phones.extend(phones(value, region)?),
        "emails" => facts.emails.extend(many(value)?),
        "addresses" => facts.addresses.extend(many::<Address>(value)?),
        "opening_hours" => facts.opening_hours.push(one::<Vec<OpeningHours>>(value)?),
        "social" => facts.social.extend(social(value)?),
        "people" => facts.people.extend(many::<Person>(value)?),
        "services" => facts.services.extend(many(value)?),
        "booking_url" => facts.booking_urls.push(one(value)?),
        "logo_url" => facts.logo_urls.push(one(value)?),
        "geo" => facts.geo.push(one(value)?),
        "rating" => facts.ratings.push(one(value)?),
        "languages" => facts.languages.extend(many(value)?),
        "price_range" => facts.price_ranges.push(one(value)?),
        _ => return None,
    }
    Some(())
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

fn one<T: DeserializeOwned>(value: &Value) -> Option<Fact<T>> {
    Some(Fact::new(read(value)?, Source::Provider))
}

/// A list, or one value that stands for a list of it alone.
fn many<T: DeserializeOwned>(value: &Value) -> Option<Vec<Fact<T>>> {
    let values: Vec<T> = read(value).or_else(|| Some(vec![read(value)?]))?;
    Some(
        values
            .into_iter()
            .map(|value| Fact::new(value, Source::Provider))
            .collect(),
    )
}

/// Numbers as a final payload has them, or as plain text.
fn phones(value: &Value, region: Option<&str>) -> Option<Vec<Fact<Phone>>> {
    let mut phones = match many::<Phone>(value) {
        Some(phones) => phones,
        None => many::<String>(value)?.into_iter().map(plain_phone).collect(),
    };
    for Fact { value: phone, .. } in &mut phones {
        phone.e164 = e164(phone.e164.as_deref().unwrap_or(&phone.raw), region);
    }
    Some(phones)
}

fn plain_phone(raw: Fact<String>) -> Fact<Phone> {
    let phone = Phone {
        raw: raw.value,
        e164: None,
        kind: PhoneKind::Phone,
    };
    Fact::new(phone, Source::Provider)
}

/// The number as it is dialled from anywhere, where it is one.
fn e164(text: &str, region: Option<&str>) -> Option<String> {
    let region = region.and_then(|code| code.parse().ok());
    phones::valid(text, region).as_ref().map(phones::e164)
}

/// The country of the address's top-level domain, if it has one.
fn region_of(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    let code = match url.domain()?.rsplit('.').next()? {
        "uk" => "GB".to_owned(),
        other => other.to_ascii_uppercase(),
    };
    region_code(&code).ok().filter(|code| code.len() == 2)
}

fn social(value: &Value) -> Option<Vec<Fact<SocialLink>>> {
    let links: std::collections::BTreeMap<String, String> = read(value)?;
    let link = |(network, url)| Fact::new(SocialLink { network, url }, Source::Provider);
    Some(links.into_iter().map(link).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{clean_url, merge, payload::CleanUrlPayload};
    use super::*;

    #[test]
    fn fields_are_merged_as_a_providers_and_the_rest_is_kept() {
        let given = json!({
            "name": "Bay Dental", "phones": ["09 486 1234", "12"], "emails": "hello@bay-dental.co.nz",
            "addresses": [{"raw": "1 Bay Road, Takapuna", "street": "1 Bay Road"}],
            "employees": 12, "opening_hours": "always",
        });
        let Value::Object(given) = given else { return };
        let payload = provided_fields("https://bay-dental.co.nz/", given, None);
        let Ok(clean) = clean_url("bay-dental.co.nz") else {
            panic!("a website")
        };
        let last = merge(&CleanUrlPayload::from(&clean), &payload);
        assert_eq!(last.name.as_deref(), Some("Bay Dental"));
        assert_eq!(last.emails, ["hello@bay-dental.co.nz"]);
        let phones: Vec<_> = last.phones.iter().map(|phone| phone.e164.as_deref()).collect();
        assert!(phones.contains(&Some("+6494861234")), "{phones:?}");
        assert_eq!(last.addresses[0].street.as_deref(), Some("1 Bay Road"));
        assert_eq!(last.provenance["name"].source, Source::Provider);
        assert_eq!(last.extra["employees"], 12);
        assert_eq!(last.extra["opening_hours"], "always", "not the form of a week");
    }
}
