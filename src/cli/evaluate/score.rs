//! Comparing what was found with what is labelled.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::labels::{Expected, Labels, Span};
use crate::scrape::text::percent_decode;

/// A field of the payload that labels speak of.
pub struct Field {
    pub name: &'static str,
    /// The labelled values in the form in which they are compared; `None` where the site is not scored.
    expected: fn(&Expected) -> Option<Vec<String>>,
    /// The found values in that form.
    found: fn(&Value) -> Vec<String>,
    /// Whether two values in that form are the same.
    same: fn(&str, &str) -> bool,
    /// Whether one right value is all that there can be.
    single: bool,
}

/// Every field that is scored.
pub const FIELDS: [Field; 13] = [
    Field {
        name: "name",
        expected: |labels| plain(labels.name.as_ref(), letters),
        found: |found| texts(&found["name"], letters),
        same: str::eq,
        single: true,
    },
    Field {
        name: "phones",
        expected: |labels| plain(labels.phones.as_ref(), str::to_owned),
        found: |found| numbers(found, "phone"),
        same: str::eq,
        single: false,
    },
    Field {
        name: "fax",
        expected: |labels| plain(labels.fax.as_ref(), str::to_owned),
        found: |found| numbers(found, "fax"),
        same: str::eq,
        single: false,
    },
    Field {
        name: "emails",
        expected: |labels| plain(labels.emails.as_ref(), str::to_lowercase),
        found: |found| texts(&found["emails"], str::to_lowercase),
        same: str::eq,
        single: false,
    },
    Field {
        name: "social",
        expected: |labels| plain(labels.social.as_ref(), link),
        found: |found| {
            let networks = found["social"].as_object().into_iter().flatten();
            networks.flat_map(|(_, links)| texts(links, link)).collect()
        },
        same: str::eq,
        single: false,
    },
    Field {
        name: "streets",
        expected: |labels| plain(labels.streets.as_ref(), letters),
        found: |found| addresses(found, "street", letters),
        same: |one, other| one.contains(other) || other.contains(one),
        single: false,
    },
    Field {
        name: "localities",
        expected: |labels| plain(labels.localities.as_ref(), letters),
        found: |found| addresses(found, "locality", letters),
        same: |one, other| one.contains(other) || other.contains(one),
        single: false,
    },
    Field {
        name: "postal_codes",
        expected: |labels| plain(labels.postal_codes.as_ref(), letters),
        found: |found| addresses(found, "postal_code", letters),
        same: str::eq,
        single: false,
    },
    Field {
        name: "countries",
        expected: |labels| plain(labels.countries.as_ref(), str::to_owned),
        found: |found| addresses(found, "country", str::to_owned),
        same: str::eq,
        single: false,
    },
    Field {
        name: "hours",
        expected: |labels| Some(labels.hours.as_ref()?.iter().flat_map(labelled_days).collect()),
        found: |found| {
            let spans = found["opening_hours"].as_array().into_iter().flatten();
            spans.flat_map(found_days).collect()
        },
        same: str::eq,
        single: false,
    },
    Field {
        name: "people",
        expected: |labels| {
            Some(
                labels
                    .people
                    .as_ref()?
                    .iter()
                    .map(|person| letters(&person.name))
                    .collect(),
            )
        },
        found: |found| {
            let people = found["people"].as_array().into_iter().flatten();
            people.flat_map(|person| texts(&person["name"], letters)).collect()
        },
        same: |one, other| one.contains(other) || other.contains(one),
        single: false,
    },
    Field {
        name: "services",
        expected: |labels| plain(labels.services.as_ref(), letters),
        found: |found| texts(&found["services"], letters),
        same: str::eq,
        single: false,
    },
    Field {
        name: "languages",
        expected: |labels| plain(labels.languages.as_ref(), language),
        found: |found| texts(&found["languages"], language),
        same: str::eq,
        single: false,
    },
];

fn plain(values: Option<&Vec<String>>, form: fn(&str) -> String) -> Option<Vec<String>> {
    values.map(|values| values.iter().map(|value| form(value)).collect())
}

/// The text or texts of a value.
fn texts(value: &Value, form: fn(&str) -> String) -> Vec<String> {
    match value {
        Value::String(text) => vec![form(text)],
        Value::Array(values) => values.iter().filter_map(Value::as_str).map(form).collect(),
        _ => Vec::new(),
    }
}

fn addresses(found: &Value, part: &str, form: fn(&str) -> String) -> Vec<String> {
    let addresses = found["addresses"].as_array().into_iter().flatten();
    addresses.flat_map(|address| texts(&address[part], form)).collect()
}

fn numbers(found: &Value, kind: &str) -> Vec<String> {
    let phones = found["phones"].as_array().into_iter().flatten();
    phones
        .filter(|phone| phone["type"] == kind)
        .filter_map(|phone| phone["e164"].as_str().or_else(|| phone["raw"].as_str()))
        .map(str::to_owned)
        .collect()
}

/// Letters and digits alone, in lower case: spelling counts, punctuation does not.
fn letters(text: &str) -> String {
    // Japanese writes digits wide or narrow.
    let narrow = |c: char| match c {
        '０'..='９' => char::from_u32(c as u32 - '０' as u32 + '0' as u32).unwrap_or(c),
        c => c,
    };
    let kept = text.chars().filter(|letter| letter.is_alphanumeric()).map(narrow);
    kept.flat_map(char::to_lowercase).collect()
}

fn language(text: &str) -> String {
    text.split(['-', '_']).next().unwrap_or_default().to_lowercase()
}

/// An address without what does not tell two profiles apart.
fn link(text: &str) -> String {
    let text = percent_decode(text).to_lowercase();
    let text = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let text = ["www.", "m."]
        .iter()
        .fold(text, |text, prefix| text.strip_prefix(prefix).unwrap_or(text));
    text.trim_end_matches('/').to_owned()
}

fn labelled_days(span: &Span) -> impl Iterator<Item = String> {
    span.days.iter().map(|day| span_of(day, &span.opens, &span.closes))
}

fn found_days(span: &Value) -> Vec<String> {
    let time = |part: &str| span[part].as_str().unwrap_or_default();
    let days = span["days"].as_array().into_iter().flatten().filter_map(Value::as_str);
    days.map(|day| span_of(day, time("opens"), time("closes"))).collect()
}

/// Midnight has two names.
fn span_of(day: &str, opens: &str, closes: &str) -> String {
    let closes = if closes == "24:00" { "00:00" } else { closes };
    format!("{day} {opens}-{closes}")
}

/// How one site fared in one field.
#[derive(Debug, Default)]
pub struct Outcome {
    right: Vec<String>,
    missed: Vec<String>,
    wrong: Vec<String>,
    forbidden: Vec<String>,
}

/// Something that was missed, or found and is wrong.
#[derive(Debug)]
pub enum Mistake {
    Missed(String),
    Wrong(String),
    /// Wrong, and labelled so.
    Forbidden(String),
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missed(value) => write!(f, "missed     {value}"),
            Self::Wrong(value) => write!(f, "wrong      {value}"),
            Self::Forbidden(value) => write!(f, "forbidden  {value}"),
        }
    }
}

impl Outcome {
    pub fn mistakes(self) -> impl Iterator<Item = Mistake> {
        let forbidden = self.forbidden;
        let wrong = self.wrong.into_iter().map(move |value| {
            if forbidden.contains(&value) {
                Mistake::Forbidden(value)
            } else {
                Mistake::Wrong(value)
            }
        });
        self.missed.into_iter().map(Mistake::Missed).chain(wrong)
    }
}

impl Field {
    /// Compares what was found on a site with its labels.
    pub fn judge(&self, labels: &Labels, found: &Value) -> Outcome {
        let mut found: BTreeSet<String> = (self.found)(found).into_iter().collect();
        let never: Vec<String> = labels
            .never
            .iter()
            .flat_map(|value| [letters(value), link(value)])
            .collect();
        let is_forbidden = |value: &String| never.contains(&letters(value)) || never.contains(&link(value));
        let mut outcome = Outcome::default();
        let expected = (self.expected)(&labels.expected).unwrap_or_else(|| {
            // Not scored; but what must never be found must not be found here either.
            found.retain(is_forbidden);
            Vec::new()
        });
        let mut left: Vec<(String, Vec<String>)> = expected
            .into_iter()
            .map(|value| (value.clone(), self.spellings(labels, value)))
            .collect();
        if self.single && left.len() > 1 {
            let all = left.iter().flat_map(|(_, spellings)| spellings.clone()).collect();
            left = vec![(left.swap_remove(0).0, all)];
        }
        for value in found {
            let place = left
                .iter()
                .position(|(_, spellings)| spellings.iter().any(|spelling| (self.same)(spelling, &value)));
            match place {
                Some(place) => {
                    left.swap_remove(place);
                    outcome.right.push(value);
                }
                // Two places may say the same in different words; only what is labelled nowhere is wrong.
                None if outcome.right.iter().any(|right| (self.same)(right, &value)) => {}
                None => {
                    if is_forbidden(&value) {
                        outcome.forbidden.push(value.clone());
                    }
                    outcome.wrong.push(value);
                }
            }
        }
        outcome.missed = left.into_iter().map(|(value, _)| value).collect();
        outcome
    }

    /// All forms in which a labelled value may be written.
    fn spellings(&self, labels: &Labels, value: String) -> Vec<String> {
        let groups = labels.alternatives.get(self.name).into_iter().flatten();
        let group = groups
            .map(|group| group.iter().map(|spelling| letters(spelling)).collect::<Vec<_>>())
            .find(|group| group.contains(&letters(&value)));
        let mut spellings = group.unwrap_or_default();
        spellings.push(value);
        spellings
    }
}

/// How all sites fared in one field.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub right: usize,
    pub missed: usize,
    pub wrong: usize,
    pub forbidden: usize,
}

impl Tally {
    pub fn add(&mut self, outcome: &Outcome) {
        self.right += outcome.right.len();
        self.missed += outcome.missed.len();
        self.wrong += outcome.wrong.len();
        self.forbidden += outcome.forbidden.len();
    }

    /// The share of what was found that is right; `None` where nothing was found.
    pub fn precision(&self) -> Option<f64> {
        share(self.right, self.wrong)
    }

    /// The share of what is labelled that was found; `None` where nothing is labelled.
    pub fn recall(&self) -> Option<f64> {
        share(self.right, self.missed)
    }

    /// The harmonic mean of both; `None` where nothing is labelled and nothing was found.
    pub fn f1(&self) -> Option<f64> {
        let all = 2 * self.right + self.wrong + self.missed;
        (all > 0).then(|| 2.0 * self.right as f64 / all as f64)
    }
}

fn share(right: usize, others: usize) -> Option<f64> {
    (right + others > 0).then(|| right as f64 / (right + others) as f64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::json;

    use super::*;

    fn labels(expected: Value) -> Labels {
        let labels = json!({
            "url": "https://a.nz/", "pages": [], "expected": expected, "never": ["+6491111111"],
            "alternatives": {"streets": [["14 Harbour Street", "14 Harbour St"]]},
        });
        serde_json::from_value(labels).unwrap()
    }

    fn field(name: &str) -> &'static Field {
        FIELDS.iter().find(|field| field.name == name).unwrap()
    }

    #[test]
    fn what_is_right_missed_and_wrong_is_counted() {
        let labels = labels(json!({"phones": ["+6495550123", "+6495550124"], "name": ["A Dental", "A"]}));
        let found = json!({"name": "a dental!", "phones": [
            {"e164": "+6495550123", "raw": "", "type": "phone"}, {"e164": "+6491111111", "raw": "", "type": "phone"},
            {"e164": "+6495550199", "raw": "", "type": "fax"}]});
        let mut tally = Tally::default();
        tally.add(&field("phones").judge(&labels, &found));
        assert_eq!((tally.right, tally.missed, tally.wrong, tally.forbidden), (1, 1, 1, 1));
        assert_eq!(tally.f1(), Some(0.5));
        let nothing = Tally::default();
        assert_eq!(
            (nothing.precision(), nothing.recall(), nothing.f1()),
            (None, None, None)
        );
        let missed = Tally {
            missed: 2,
            ..Tally::default()
        };
        assert_eq!(
            (missed.precision(), missed.recall(), missed.f1()),
            (None, Some(0.0), Some(0.0))
        );
        let name = field("name").judge(&labels, &found);
        assert_eq!((name.right.len(), name.missed.len(), name.wrong.len()), (1, 0, 0));
        let unlabelled = field("fax").judge(&labels, &found);
        assert_eq!(unlabelled.wrong.len(), 0, "not labelled, not scored");
        let fax = json!({"phones": [{"e164": "+6491111111", "raw": "", "type": "fax"}]});
        assert_eq!(
            field("fax").judge(&labels, &fax).forbidden.len(),
            1,
            "forbidden everywhere"
        );
    }

    #[test]
    fn hours_are_compared_by_day_and_spellings_are_one_value() {
        let labels = labels(
            json!({"hours": [{"days": ["Mo", "Tu"], "opens": "09:00", "closes": "24:00"}],
            "streets": ["14 Harbour Street"]}),
        );
        let found = json!({"opening_hours": [{"days": ["Mo"], "opens": "09:00", "closes": "00:00"}],
            "addresses": [{"street": "Level 2, 14 Harbour St"}]});
        let hours = field("hours").judge(&labels, &found);
        assert_eq!((hours.right.len(), hours.missed.len()), (1, 1));
        assert_eq!(field("streets").judge(&labels, &found).right.len(), 1);
    }
}
