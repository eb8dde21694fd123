//! The values of schema.org properties, in all the shapes that sites write them in.

use crate::scrape::extract::address::owner::is_placeholder;
use crate::scrape::extract::countries;
use crate::scrape::extract::names::is_demo;
use crate::scrape::payload::Address;
use crate::scrape::text::squeeze;
use serde_json::{Map, Value};

type Object = Map<String, Value>;

/// A value as a list: arrays one by one, nothing for null.
pub(crate) fn each(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list.iter().collect(),
        Some(value) => vec![value],
    }
}

/// The texts of a property; numbers count as text, `{"@value": …}` too.
pub(crate) fn texts(value: Option<&Value>) -> Vec<String> {
    each(value)
        .into_iter()
        .filter_map(|value| match value {
            Value::String(text) => Some(plain(text)),
            Value::Number(number) => Some(number.to_string()),
            Value::Object(object) => object
                .get("@value")
                .or(object.get("name"))
                .and_then(Value::as_str)
                .map(plain),
            _ => None,
        })
        .filter(|text| !text.is_empty())
        .collect()
}

/// Text in JSON is often HTML once more.
fn plain(text: &str) -> String {
    if !text.contains(['&', '<']) {
        return squeeze(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('<') {
            match rest
                .find('>')
                .filter(|_| rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/'))
            {
                Some(end) => {
                    out.push(' ');
                    rest = &rest[end + 1..];
                }
                None => {
                    out.push('<');
                    rest = &rest[1..];
                }
            }
            continue;
        }
        let end = rest.char_indices().take(10).find(|(_, c)| *c == ';').map(|(at, _)| at);
        match end.and_then(|end| entity(&rest[1..end]).map(|c| (end, c))) {
            Some((end, c)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    squeeze(&out)
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" | "rsquo" | "lsquo" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "Auml" => 'Ä',
        "Ouml" => 'Ö',
        "Uuml" => 'Ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        "egrave" => 'è',
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

pub(super) fn number(value: Option<&Value>) -> Option<f64> {
    match value? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().replace(',', ".").parse().ok(),
        Value::Array(list) => number(list.first()),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

/// Whether an item is the example of a template: its name or address is nobody's.
pub(super) fn is_template(object: &Object) -> bool {
    let mut told = ["address", "legalName", "name"]
        .iter()
        .filter_map(|key| object.get(*key)?.as_str());
    told.any(|text| is_placeholder(text) || is_demo(text))
}

/// The type names without their vocabulary.
pub(super) fn types(object: &Object) -> Vec<&str> {
    each(object.get("@type"))
        .into_iter()
        .filter_map(Value::as_str)
        .map(|name| name.rsplit(['/', '#', ':']).next().unwrap_or(name))
        .collect()
}
/// A `PostalAddress`, if it says where.
pub(super) fn postal(object: &Object) -> Option<Address> {
    let part = |key: &str| {
        let text = texts(object.get(key)).join(", ");
        (!text.is_empty() && text.chars().count() <= 200).then_some(text)
    };
    let country = part("addressCountry").or_else(|| {
        object
            .get("addressCountry")?
            .as_object()
            .and_then(|country| texts(country.get("name")).into_iter().next())
    });
    let (street, locality, region, postal_code) = (
        part("streetAddress"),
        part("addressLocality"),
        part("addressRegion"),
        part("postalCode"),
    );
    // Generators put the town into every field that must not be empty.
    let street = street.filter(|street| locality.as_ref() != Some(street));
    if street.is_none() && locality.is_none() && postal_code.is_none() {
        return None;
    }
    let raw = [&street, &locality, &region, &postal_code, &country]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    let country = country.and_then(|country| countries::code(&country));
    Some(Address {
        raw,
        street,
        locality,
        region,
        postal_code,
        country,
    })
}
