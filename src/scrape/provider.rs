//! Fields that an outside provider answers, in the shape of the final payload, as facts of source `provider`.

use super::extract::{emails, hours, phones, social};
use super::payload::{
    Address, Fact, Geo, OpeningHours, PageFacts, Person, Phone, PhoneKind, Rating, SocialLink, Source,
};
use super::text::squeeze_to;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::Url;

/// Longest text that is taken over, in characters.
const MAX_TEXT: usize = 2_000;
/// Entries of a list that are taken over.
const MAX_ENTRIES: usize = 100;

/// Takes the known fields out of an answer, leniently: a field of the wrong shape is left among the rest, a lone text
/// counts as a list of one, and a phone may be a text. `region` reads phones that carry no country code.
///
/// Gives the facts, and what no field of the final payload holds.
pub fn facts_of(mut answer: Map<String, Value>, region: Option<&str>) -> (PageFacts, Map<String, Value>) {
    let mut facts = PageFacts::default();
    let region = region.and_then(|region| region.to_ascii_uppercase().parse().ok());
    facts.names = one(texts(&mut answer, "name"));
    facts.descriptions = one(texts(&mut answer, "description"));
    facts.categories = many(texts(&mut answer, "categories"));
    facts.services = many(texts(&mut answer, "services"));
    facts.languages = many(texts(&mut answer, "languages"));
    facts.price_ranges = one(texts(&mut answer, "price_range"));
    facts.booking_urls = one(texts(&mut answer, "booking_url")
        .into_iter()
        .filter(|url| is_web(url))
        .collect());
    facts.logo_urls = one(texts(&mut answer, "logo_url")
        .into_iter()
        .filter(|url| is_web(url))
        .collect());
    facts.emails = many(
        texts(&mut answer, "emails")
            .iter()
            .filter_map(|mail| emails::normalise(mail))
            .collect(),
    );
    facts.addresses = many(list::<Address>(&mut answer, "addresses", |raw| Address {
        raw,
        ..Address::default()
    }));
    facts.people = many(list::<Person>(&mut answer, "people", |name| Person {
        name,
        role: None,
    }));
    let told: Vec<Phone> = list(&mut answer, "phones", |raw| Phone {
        raw,
        e164: None,
        kind: PhoneKind::Phone,
    });
    facts.phones = many(
        told.into_iter()
            .filter_map(|phone| {
                let e164 = phones::e164(phone.e164.as_deref().unwrap_or(&phone.raw), region)?;
                Some(Phone {
                    e164: Some(e164),
                    ..phone
                })
            })
            .collect(),
    );
    let week = hours::tidy(typed::<Vec<OpeningHours>>(&mut answer, "opening_hours").unwrap_or_default());
    facts.opening_hours = one(Some(week).filter(|week| !week.is_empty()).into_iter().collect());
    facts.geo = one(typed::<Geo>(&mut answer, "geo").into_iter().collect());
    facts.ratings = one(typed::<Rating>(&mut answer, "rating").into_iter().collect());
    if let Some(Value::Object(links)) = answer.get("social") {
        let read = |url: &Value| social::profile(&Url::parse(url.as_str()?).ok()?);
        let found: Vec<SocialLink> = links.values().filter_map(read).collect();
        if !found.is_empty() {
            answer.shift_remove("social");
            facts.social = many(found);
        }
    }
    (facts, answer)
}

fn is_web(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

fn one<T>(values: Vec<T>) -> Vec<Fact<T>> {
    values
        .into_iter()
        .take(1)
        .map(|value| Fact::new(value, Source::Provider))
        .collect()
}

fn many<T>(values: Vec<T>) -> Vec<Fact<T>> {
    values
        .into_iter()
        .take(MAX_ENTRIES)
        .map(|value| Fact::new(value, Source::Provider))
        .collect()
}

/// The texts of a field: a text or a list of texts. The field is taken out when it holds any.
fn texts(answer: &mut Map<String, Value>, field: &str) -> Vec<String> {
    let read = |value: &Value| Some(squeeze_to(value.as_str()?, MAX_TEXT)).filter(|text| !text.is_empty());
    let found: Vec<String> = match answer.get(field) {
        Some(Value::Array(list)) => list.iter().filter_map(read).collect(),
        Some(value) => read(value).into_iter().collect(),
        None => Vec::new(),
    };
    if !found.is_empty() {
        answer.shift_remove(field);
    }
    found
}

/// A list whose entries are objects or plain texts.
fn list<T: DeserializeOwned>(answer: &mut Map<String, Value>, field: &str, from_text: impl Fn(String) -> T) -> Vec<T> {
    let Some(Value::Array(entries)) = answer.get(field) else {
        return texts(answer, field).into_iter().map(from_text).collect();
    };
    let read = |entry: &Value| match entry {
        Value::String(text) => Some(from_text(squeeze_to(text, MAX_TEXT))),
        entry => serde_json::from_value(clean(entry, 0)).ok(),
    };
    let found: Vec<T> = entries.iter().filter_map(read).collect();
    if !found.is_empty() {
        answer.shift_remove(field);
    }
    found
}

fn typed<T: DeserializeOwned>(answer: &mut Map<String, Value>, field: &str) -> Option<T> {
    let value = serde_json::from_value(clean(answer.get(field)?, 0)).ok()?;
    answer.shift_remove(field);
    Some(value)
}

/// A value whose texts a database can hold.
fn clean(value: &Value, depth: usize) -> Value {
    match value {
        Value::String(text) => Value::String(squeeze_to(text, MAX_TEXT)),
        Value::Array(list) if depth < 6 => list.iter().map(|value| clean(value, depth + 1)).collect(),
        Value::Object(object) if depth < 6 => Value::Object(
            object
                .iter()
                .map(|(key, value)| (squeeze_to(key, 200), clean(value, depth + 1)))
                .collect(),
        ),
        Value::Array(_) | Value::Object(_) => Value::Null,
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn known_fields_become_facts_and_the_rest_is_kept() {
        let answer = json!({
            "name": "Smile\u{0} Dental", "phones": ["09 524 7381", {"raw": "x", "e164": "+6495247382", "type": "fax"}], "emails": "a@smile.nz",
            "addresses": [{"raw": "1 High St", "postal_code": "1010"}], "social": {"facebook": "https://facebook.com/smilenz"},
            "geo": {"lat": -36.8, "lng": 174.7}, "rating": "good", "employees": 12
        });
        let (facts, rest) = facts_of(answer.as_object().unwrap().clone(), Some("nz"));
        assert_eq!(facts.names[0].value, "Smile Dental");
        assert_eq!(
            facts
                .phones
                .iter()
                .filter_map(|fact| fact.value.e164.as_deref())
                .collect::<Vec<_>>(),
            ["+6495247381", "+6495247382"]
        );
        assert_eq!(facts.emails[0].value, "a@smile.nz");
        assert_eq!((facts.addresses.len(), facts.social.len(), facts.geo.len()), (1, 1, 1));
        assert_eq!(Value::Object(rest), json!({"rating": "good", "employees": 12}));
    }
}
