//! What of the final payload goes into which column of a table.

use serde_json::Value;

use super::hours;

/// Between the parts of a list. A part that holds it is not marked in any way.
const SEPARATOR: &str = " | ";

/// A column of found values.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The name of the column, without the prefix it may get.
    pub name: &'static str,
    /// The cell of one payload; `None` when the payload has no such value.
    pub value: fn(&Value) -> Option<String>,
}

/// Every column of found values, in their order. All tables use it; a new column goes at the end of its group.
pub const FIELDS: &[Field] = &[
    Field {
        name: "final_url",
        value: |found| text(&found["final_url"]),
    },
    Field {
        name: "domain",
        value: |found| text(&found["domain"]),
    },
    Field {
        name: "name",
        value: |found| text(&found["name"]),
    },
    Field {
        name: "description",
        value: |found| text(&found["description"]),
    },
    Field {
        name: "categories",
        value: |found| list(&found["categories"], text),
    },
    Field {
        name: "phones",
        value: |found| list(&found["phones"], |phone| number(phone, false)),
    },
    Field {
        name: "fax",
        value: |found| list(&found["phones"], |phone| number(phone, true)),
    },
    Field {
        name: "emails",
        value: |found| list(&found["emails"], text),
    },
    Field {
        name: "address",
        value: |found| list(&found["addresses"], address),
    },
    Field {
        name: "street",
        value: |found| text(&found["addresses"][0]["street"]),
    },
    Field {
        name: "locality",
        value: |found| text(&found["addresses"][0]["locality"]),
    },
    Field {
        name: "region",
        value: |found| text(&found["addresses"][0]["region"]),
    },
    Field {
        name: "postal_code",
        value: |found| text(&found["addresses"][0]["postal_code"]),
    },
    Field {
        name: "country",
        value: |found| text(&found["addresses"][0]["country"]),
    },
    Field {
        name: "opening_hours",
        value: |found| list(&found["opening_hours"], hours::span),
    },
    Field {
        name: "facebook",
        value: |found| list(&found["social"]["facebook"], text),
    },
    Field {
        name: "instagram",
        value: |found| list(&found["social"]["instagram"], text),
    },
    Field {
        name: "other_social",
        value: other_social,
    },
    Field {
        name: "people",
        value: |found| list(&found["people"], person),
    },
    Field {
        name: "services",
        value: |found| list(&found["services"], text),
    },
    Field {
        name: "booking_url",
        value: |found| text(&found["booking_url"]),
    },
    Field {
        name: "logo_url",
        value: |found| text(&found["logo_url"]),
    },
    Field {
        name: "lat",
        value: |found| text(&found["geo"]["lat"]),
    },
    Field {
        name: "lng",
        value: |found| text(&found["geo"]["lng"]),
    },
    Field {
        name: "rating",
        value: |found| text(&found["rating"]["value"]),
    },
    Field {
        name: "rating_count",
        value: |found| text(&found["rating"]["count"]),
    },
    Field {
        name: "languages",
        value: |found| list(&found["languages"], text),
    },
    Field {
        name: "price_range",
        value: |found| text(&found["price_range"]),
    },
    Field {
        name: "pages",
        value: |found| list(&found["pages"], |page| text(&page["url"])),
    },
    Field {
        name: "confidence",
        value: |found| text(&found["confidence"]),
    },
];

/// A value that fits a cell as it is. Blank is as good as absent.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// The parts of an array, or the one part of a value that is none.
fn list(value: &Value, part: impl Fn(&Value) -> Option<String>) -> Option<String> {
    let parts: Vec<String> = match value {
        Value::Array(values) => values.iter().filter_map(part).collect(),
        one => part(one).into_iter().collect(),
    };
    (!parts.is_empty()).then(|| parts.join(SEPARATOR))
}

fn number(phone: &Value, fax: bool) -> Option<String> {
    let is_fax = phone["type"]
        .as_str()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("fax"));
    if is_fax != fax {
        return None;
    }
    text(&phone["e164"])
        .or_else(|| text(&phone["raw"]))
        .or_else(|| text(phone))
}

fn address(address: &Value) -> Option<String> {
    const PARTS: [&str; 5] = ["street", "locality", "region", "postal_code", "country"];
    text(&address["raw"]).or_else(|| text(address)).or_else(|| {
        let parts: Vec<String> = PARTS.iter().filter_map(|part| text(&address[*part])).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    })
}

fn person(person: &Value) -> Option<String> {
    let name = text(&person["name"]).or_else(|| text(person))?;
    Some(match text(&person["role"]) {
        Some(role) => format!("{name} ({role})"),
        None => name,
    })
}

/// The address says which network it is of, so the network's name is left out.
fn other_social(found: &Value) -> Option<String> {
    let networks = found["social"].as_object()?;
    let others = networks
        .iter()
        .filter(|(network, _)| !matches!(network.as_str(), "facebook" | "instagram"));
    let parts: Vec<String> = others.filter_map(|(_, links)| list(links, text)).collect();
    (!parts.is_empty()).then(|| parts.join(SEPARATOR))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::json;

    use super::*;

    fn cells(found: &Value) -> Vec<(&'static str, String)> {
        FIELDS
            .iter()
            .filter_map(|field| Some((field.name, (field.value)(found)?)))
            .collect()
    }

    #[test]
    fn a_full_payload_fills_every_column() {
        let found = json!({
            "url": "acme.nz", "final_url": "https://acme.nz/", "domain": "acme.nz", "name": "Acme Dental",
            "description": "Teeth", "categories": ["Dentist", "Clinic"],
            "phones": [{"raw": "09 123", "e164": "+649123", "type": "phone"}, {"raw": "09 124"},
                       {"raw": "09 125", "type": "fax"}],
            "emails": ["a@acme.nz", "b@acme.nz"],
            "addresses": [{"raw": "1 High St, Auckland", "street": "1 High St", "locality": "Auckland",
                           "region": "AKL", "postal_code": "1010", "country": "NZ"},
                          {"street": "2 Low St", "postal_code": "0610"}],
            "opening_hours": [{"days": ["Mo", "Tu"], "opens": "08:30", "closes": "17:00"},
                              {"days": ["Sa"], "opens": "09:00", "closes": "12:00"}],
            "social": {"facebook": "https://facebook.com/acme", "instagram": "https://instagram.com/acme",
                       "linkedin": "https://linkedin.com/acme", "tiktok": ["https://tiktok.com/@acme"]},
            "people": [{"name": "Dr A", "role": "Dentist"}, {"name": "B"}], "services": ["Crowns", "Implants"],
            "booking_url": "https://acme.nz/book", "logo_url": "https://acme.nz/logo.png",
            "geo": {"lat": -36.8485, "lng": 174.76}, "rating": {"value": 4.5, "count": 12}, "languages": ["en", "mi"],
            "price_range": "$$", "pages": [{"url": "https://acme.nz/", "status": 200, "bytes": 9}], "confidence": 0.9
        });
        let expected = [
            ("final_url", "https://acme.nz/"),
            ("domain", "acme.nz"),
            ("name", "Acme Dental"),
            ("description", "Teeth"),
            ("categories", "Dentist | Clinic"),
            ("phones", "+649123 | 09 124"),
            ("fax", "09 125"),
            ("emails", "a@acme.nz | b@acme.nz"),
            ("address", "1 High St, Auckland | 2 Low St, 0610"),
            ("street", "1 High St"),
            ("locality", "Auckland"),
            ("region", "AKL"),
            ("postal_code", "1010"),
            ("country", "NZ"),
            ("opening_hours", "Mo,Tu 08:30-17:00 | Sa 09:00-12:00"),
            ("facebook", "https://facebook.com/acme"),
            ("instagram", "https://instagram.com/acme"),
            ("other_social", "https://linkedin.com/acme | https://tiktok.com/@acme"),
            ("people", "Dr A (Dentist) | B"),
            ("services", "Crowns | Implants"),
            ("booking_url", "https://acme.nz/book"),
            ("logo_url", "https://acme.nz/logo.png"),
            ("lat", "-36.8485"),
            ("lng", "174.76"),
            ("rating", "4.5"),
            ("rating_count", "12"),
            ("languages", "en | mi"),
            ("price_range", "$$"),
            ("pages", "https://acme.nz/"),
            ("confidence", "0.9"),
        ];
        let cells = cells(&found);
        let cells: Vec<(&str, &str)> = cells.iter().map(|(name, cell)| (*name, cell.as_str())).collect();
        assert_eq!(cells, expected);
        assert_eq!(cells.len(), FIELDS.len());
    }

    #[test]
    fn what_is_absent_or_of_another_shape_leaves_the_cell_empty() {
        assert!(cells(&json!({})).is_empty());
        assert!(
            cells(&json!({"name": null, "phones": {}, "geo": 5, "people": [{}], "social": [], "emails": [""]}))
                .is_empty()
        );
        assert!(cells(&Value::Null).is_empty());
    }
}
