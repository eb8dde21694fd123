//! What is known of a lead or a restaurant, and the rules that it keeps wherever it comes from.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::UnknownState;
use crate::model::workflow_spec::Mistake;

/// Bytes that `data` may have as JSON.
pub const DATA_BYTES: usize = 64 * 1024;
/// Characters of a name or an address.
const LONGEST_TEXT: usize = 500;
/// Characters of a city, a region, a status, or a name that another system gave.
const LONGEST_WORD: usize = 200;
/// Characters of a telephone number with what people write around it.
const LONGEST_PHONE: usize = 50;
/// Characters of an e-mail address (RFC 5321).
const LONGEST_EMAIL: usize = 254;
/// Characters of a website as it is written.
const LONGEST_WEBSITE: usize = 2_048;
/// The status of one that nobody has spoken of.
const NEW: &str = "new";

/// The two lists of those who can be registered. Both hold the same fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directory {
    Leads,
    Restaurants,
}

impl Directory {
    /// The table, which is what the list is called in addresses too.
    #[must_use]
    pub fn table(self) -> &'static str {
        match self {
            Self::Leads => "leads",
            Self::Restaurants => "restaurants",
        }
    }

    /// What one of its entries is called.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Leads => "lead",
            Self::Restaurants => "restaurant",
        }
    }
}

/// Declares a word that a field may have.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "lowercase")]
        pub enum $name {
            $($(#[$each])* $variant),+
        }

        impl $name {
            const WORDS: &[&str] = &[$($word),+];

            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl FromStr for $name {
            type Err = UnknownState;

            fn from_str(text: &str) -> Result<Self, UnknownState> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownState(text.to_owned())),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// Who came to whom.
    Kind { #[default] Outbound = "outbound", Inbound = "inbound" }
}

words! {
    /// How close it is to saying yes.
    Stage { #[default] Cold = "cold", Warm = "warm", Hot = "hot" }
}

/// What only others can tell of a field.
#[derive(Clone, Copy)]
pub struct Checks {
    /// The address of a website as it can be fetched, or why it is none.
    pub website: fn(&str) -> Result<String, String>,
    /// The code of a country in capitals, or why there is none.
    pub country: fn(&str) -> Result<String, String>,
}

/// What is known of a lead or a restaurant.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    pub name: String,
    pub kind: Kind,
    pub stage: Stage,
    /// 0 to 10.
    pub icp_score: Option<i32>,
    pub status: String,
    /// As it can be fetched.
    pub website: Option<String>,
    /// As somebody wrote it.
    pub website_input: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    pub extraction_job_id: Option<String>,
    pub company_number: Option<String>,
    /// 13 digits.
    pub nzbn: Option<String>,
    /// An object.
    pub data: Value,
}

/// A text as lists search it: in lower case, whatever its script.
#[must_use]
pub fn search_key(text: &str) -> String {
    text.to_lowercase()
}

impl Profile {
    /// The names of the fields. `website_input` is what `website` was written like; where it means another website, it is
    /// passed over.
    pub const FIELDS: [&str; 17] = [
        "name",
        "type",
        "stage",
        "icp_score",
        "status",
        "website",
        "website_input",
        "phone",
        "email",
        "address",
        "city",
        "region",
        "country",
        "extraction_job_id",
        "company_number",
        "nzbn",
        "data",
    ];
    /// What answers say besides, so that an answer can be sent back.
    const ANSWERED: [&str; 6] = [
        "id",
        "version",
        "created_at",
        "updated_at",
        "converted_restaurant_id",
        "converted_at",
    ];

    /// Reads what somebody says of a lead or a restaurant. What is absent or null takes its default.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn read(said: &Map<String, Value>, checks: Checks) -> Result<Self, Vec<Mistake>> {
        let mut reading = Reading {
            said,
            mistakes: Vec::new(),
        };
        reading.refuse_unknown();
        let (website, website_input) = reading.website(checks.website);
        let profile = Self {
            name: reading.name(),
            kind: reading.word("type", Kind::WORDS),
            stage: reading.word("stage", Stage::WORDS),
            icp_score: reading.icp_score(),
            status: reading.text("status", LONGEST_WORD).unwrap_or_else(|| NEW.to_owned()),
            website,
            website_input,
            phone: reading.phone(),
            email: reading.email(),
            address: reading.text("address", LONGEST_TEXT),
            city: reading.text("city", LONGEST_WORD),
            region: reading.text("region", LONGEST_WORD),
            country: reading.country(checks.country),
            extraction_job_id: reading.text("extraction_job_id", LONGEST_WORD),
            company_number: reading.text("company_number", LONGEST_WORD),
            nzbn: reading.nzbn(),
            data: reading.data(),
        };
        if reading.mistakes.is_empty() {
            Ok(profile)
        } else {
            Err(reading.mistakes)
        }
    }

    /// Roughly how many bytes it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        const SHORT_ONES: usize = 512;
        let texts = [&self.website, &self.website_input, &self.address];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        SHORT_ONES + self.name.len() * 2 + texts + self.data.to_string().len()
    }
}

/// What is left to be told while a profile is read.
struct Reading<'a> {
    said: &'a Map<String, Value>,
    mistakes: Vec<Mistake>,
}

impl<'a> Reading<'a> {
    fn wrong(&mut self, key: &str, detail: impl Into<String>) {
        let key = key.replace('~', "~0").replace('/', "~1");
        self.mistakes.push(Mistake::new(format!("/{key}"), detail));
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.said.get(key).filter(|value| !value.is_null())
    }

    fn refuse_unknown(&mut self) {
        for key in self.said.keys() {
            let known = Profile::FIELDS.contains(&key.as_str()) || Profile::ANSWERED.contains(&key.as_str());
            if !known {
                let detail = format!("is not known; known are {}", Profile::FIELDS.join(", "));
                self.wrong(key, detail);
            }
        }
    }

    /// Without space around it; a blank one is none.
    fn text(&mut self, key: &str, longest: usize) -> Option<String> {
        let Value::String(text) = self.get(key)? else {
            self.wrong(key, "must be text");
            return None;
        };
        let text = text.trim();
        if text.contains('\0') {
            self.wrong(key, "must not hold a NUL character");
        } else if text.chars().count() > longest {
            self.wrong(key, format!("may have {longest} characters"));
        }
        Some(text.to_owned()).filter(|text| !text.is_empty())
    }

    /// As [`text`](Self::text), changed or refused by `check`.
    fn checked(
        &mut self,
        key: &str,
        longest: usize,
        check: impl FnOnce(&str) -> Result<String, String>,
    ) -> Option<String> {
        let mistakes = self.mistakes.len();
        let text = self.text(key, longest)?;
        if self.mistakes.len() > mistakes {
            return None;
        }
        check(&text).map_err(|detail| self.wrong(key, detail)).ok()
    }

    fn name(&mut self) -> String {
        let mistakes = self.mistakes.len();
        let name = self.text("name", LONGEST_TEXT);
        if name.is_none() && self.mistakes.len() == mistakes {
            self.wrong("name", "is missing");
        }
        name.unwrap_or_default()
    }

    fn word<T: FromStr + Default>(&mut self, key: &str, known: &[&str]) -> T {
        let read = self.checked(key, LONGEST_WORD, |text| match text.parse::<T>() {
            Ok(_) => Ok(text.to_owned()),
            Err(_) => Err(format!("must be one of {}", known.join(", "))),
        });
        read.and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    fn icp_score(&mut self) -> Option<i32> {
        let said = self.get("icp_score")?;
        let score = said.as_i64().filter(|score| (0..=10).contains(score));
        if score.is_none() {
            self.wrong("icp_score", "must be a whole number from 0 to 10");
        }
        score.and_then(|score| i32::try_from(score).ok())
    }

    fn website(&mut self, clean: fn(&str) -> Result<String, String>) -> (Option<String>, Option<String>) {
        let Some(website) = self.checked("website", LONGEST_WEBSITE, clean) else {
            return (None, None);
        };
        let written = |key: &str| self.get(key).and_then(Value::as_str).map(str::trim);
        let earlier = written("website_input").filter(|input| clean(input).as_ref() == Ok(&website));
        let input = earlier.or_else(|| written("website")).map(str::to_owned);
        (Some(website), input)
    }

    fn phone(&mut self) -> Option<String> {
        self.checked("phone", LONGEST_PHONE, |text| {
            match text.chars().filter(|letter| letter.is_numeric()).count() {
                0..3 => Err("must be a telephone number".to_owned()),
                _ => Ok(text.to_owned()),
            }
        })
    }

    fn email(&mut self) -> Option<String> {
        self.checked("email", LONGEST_EMAIL, |text| {
            if is_email(text) {
                Ok(text.to_owned())
            } else {
                Err("must be one e-mail address, such as kia.ora@example.co.nz".to_owned())
            }
        })
    }

    fn country(&mut self, code: fn(&str) -> Result<String, String>) -> Option<String> {
        self.checked("country", LONGEST_WORD, code)
    }

    fn nzbn(&mut self) -> Option<String> {
        self.checked("nzbn", LONGEST_WORD, |text| {
            let digits: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
            if is_nzbn(&digits) {
                Ok(digits)
            } else {
                Err("must have 13 digits, the last of which checks the others".to_owned())
            }
        })
    }

    fn data(&mut self) -> Value {
        let Some(data) = self.get("data") else {
            return json!({});
        };
        let text = data.to_string();
        if !data.is_object() {
            self.wrong("data", "must be an object");
        } else if text.len() > DATA_BYTES {
            self.wrong("data", format!("may have {DATA_BYTES} bytes as JSON"));
        } else if text.contains("\\u0000") {
            self.wrong("data", "must not hold a NUL character");
        }
        data.clone()
    }
}

fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else {
        return false;
    };
    let labels = host.split('.');
    !name.is_empty()
        && labels.clone().count() > 1
        && labels.into_iter().all(|label| !label.is_empty())
        && !host.contains('@')
        && !text
            .chars()
            .any(|letter| letter.is_whitespace() || letter.is_control() || ",;<>\"".contains(letter))
}

/// Whether these are 13 digits whose last checks the others, as GS1 has it.
fn is_nzbn(digits: &str) -> bool {
    let weighed = digits.bytes().enumerate().map(|(place, digit)| {
        let weight = if place % 2 == 0 { 1 } else { 3 };
        u32::from(digit.wrapping_sub(b'0')) * weight
    });
    digits.len() == 13 && digits.bytes().all(|digit| digit.is_ascii_digit()) && weighed.sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn read(said: Value) -> Result<Profile, Vec<Mistake>> {
        let checks = Checks {
            website: |text| Ok(format!("https://{text}/")),
            country: |text| Ok(text.to_uppercase()),
        };
        Profile::read(said.as_object().unwrap(), checks)
    }

    fn pointers(said: Value) -> Vec<String> {
        let mistakes = read(said).unwrap_err();
        mistakes.into_iter().map(|mistake| mistake.pointer).collect()
    }

    #[test]
    fn what_is_absent_takes_its_default() {
        let profile = read(json!({ "name": " Ōtaki Fish ", "email": "", "stage": null })).unwrap();
        assert_eq!(profile.name, "Ōtaki Fish");
        assert_eq!((profile.kind, profile.stage), (Kind::Outbound, Stage::Cold));
        assert_eq!((profile.status.as_str(), &profile.data), ("new", &json!({})));
        assert_eq!(profile.email, None);
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let wrong = json!({
            "name": "x".repeat(501), "type": "both", "stage": "HOT", "icp_score": 11, "status": 3, "phone": "n/a",
            "email": "a@b", "nzbn": "9429000000001", "data": [], "size/2": 1,
        });
        let mut told = pointers(wrong);
        told.sort_unstable();
        let expected = [
            "/data",
            "/email",
            "/icp_score",
            "/name",
            "/nzbn",
            "/phone",
            "/size~12",
            "/stage",
            "/status",
            "/type",
        ];
        assert_eq!(told, expected);
        assert_eq!(pointers(json!({})), ["/name"]);
        assert_eq!(pointers(json!({ "name": "A", "icp_score": 7.5 })), ["/icp_score"]);
        assert_eq!(pointers(json!({ "name": "A", "data": { "a": "\0" } })), ["/data"]);
    }

    #[test]
    fn a_website_is_kept_as_it_was_written_too() {
        let first = read(json!({ "name": "A", "website": " a.nz" })).unwrap();
        let written = |profile: &Profile| (profile.website.clone().unwrap(), profile.website_input.clone().unwrap());
        assert_eq!(written(&first), ("https://a.nz/".to_owned(), "a.nz".to_owned()));
        let other = read(json!({ "name": "A", "website": "b.nz", "website_input": "a.nz" })).unwrap();
        assert_eq!(written(&other), ("https://b.nz/".to_owned(), "b.nz".to_owned()));
    }

    #[test]
    fn emails_have_one_name_and_one_host() {
        for text in ["kia.ora@example.co.nz", "a+b@ex-ample.nz", "名@例.jp"] {
            assert!(is_email(text), "{text}");
        }
        for text in [
            "a",
            "@a.nz",
            "a@",
            "a@b",
            "a@.nz",
            "a@b..nz",
            "a@b@c.nz",
            "a b@c.nz",
            "A <a@b.nz>",
            "a@b.nz,c@d.nz",
        ] {
            assert!(!is_email(text), "{text}");
        }
    }

    #[test]
    fn the_last_digit_checks_the_others() {
        assert!(is_nzbn("9429041525746"));
        for text in ["9429041525747", "942904152574", "94290415257460", "942904152574x", ""] {
            assert!(!is_nzbn(text), "{text}");
        }
    }
}
