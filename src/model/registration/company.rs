//! A company as a register has it: an entry of a search, and the whole document. About half of a document's fields are null,
//! and its lists come bare or within an object.

use serde::Serialize;
use serde_json::Value;

use super::homes::without_homes;
use super::nzbn::Nzbn;

/// Whether a company still does business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Registered,
    /// In liquidation, receivership or administration.
    Troubled,
    /// Removed, closed or inactive.
    Gone,
}

/// A company that a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct CompanyFound {
    pub nzbn: Option<Nzbn>,
    pub company_number: Option<String>,
    pub name: String,
    /// In the register's words.
    pub status: Option<String>,
    pub standing: Standing,
    pub entity_type: Option<String>,
    pub trading_names: Vec<String>,
    /// What the register said.
    pub raw: Value,
}

impl CompanyFound {
    /// Reads an entry of a search; `None` where it has no name.
    #[must_use]
    pub fn read(item: &Value, keep_homes: bool) -> Option<Self> {
        Some(Self {
            nzbn: text(item, &["nzbn"]).and_then(|number| Nzbn::parse(&number)),
            company_number: company_number(item),
            name: text(item, &["entityName"])?,
            status: status(item),
            standing: standing(item),
            entity_type: entity_type(item),
            trading_names: names(&item["tradingNames"]),
            raw: kept(item, keep_homes),
        })
    }
}

/// Somebody who directs a company now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Director {
    pub name: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub appointed_on: Option<String>,
}

/// Where a company can be found now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Address {
    /// In the register's words: REGISTERED, POSTAL, SERVICE…
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub lines: Vec<String>,
    pub post_code: Option<String>,
    pub country: Option<String>,
}

/// What a company does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Classification {
    pub code: Option<String>,
    pub description: Option<String>,
}

/// What a register's document says of a company.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CompanyDetails {
    pub nzbn: Option<String>,
    pub company_number: Option<String>,
    pub name: String,
    pub status: Option<String>,
    pub entity_type: Option<String>,
    pub registered_on: Option<String>,
    pub directors: Vec<Director>,
    pub addresses: Vec<Address>,
    pub phones: Vec<String>,
    pub emails: Vec<String>,
    pub websites: Vec<String>,
    pub trading_names: Vec<String>,
    pub previous_names: Vec<String>,
    pub classifications: Vec<Classification>,
    /// None does not mean that it is not registered for GST.
    pub gst_numbers: Vec<String>,
    /// What the register said.
    pub raw: Value,
}

impl CompanyDetails {
    /// Reads a document; `None` where it has no name.
    #[must_use]
    pub fn read(document: &Value, keep_homes: bool) -> Option<Self> {
        let texts = |key: &str, inner: &[&str]| -> Vec<String> {
            list(&document[key], &[])
                .iter()
                .filter(|entry| is_current(entry))
                .filter_map(|entry| plain(entry).or_else(|| text(entry, inner)))
                .collect()
        };
        let phones = list(&document["phoneNumbers"], &["phoneNumbers"]);
        let roles = list(&document["roles"], &["roles"]);
        let raw = kept(document, keep_homes);
        let addresses = list(&raw["addresses"], &["addressList", "addresses"]);
        let classifications = list(&document["industryClassifications"], &["industryClassifications"]);
        Some(Self {
            nzbn: text(document, &["nzbn"]).and_then(|number| Some(Nzbn::parse(&number)?.as_str().to_owned())),
            company_number: company_number(document),
            name: text(document, &["entityName"])?,
            status: status(document),
            entity_type: entity_type(document),
            registered_on: date(document, "registrationDate"),
            directors: roles.iter().filter_map(director).collect(),
            addresses: addresses.iter().filter_map(address).collect(),
            phones: phones.iter().filter_map(phone).collect(),
            emails: texts("emailAddresses", &["emailAddress"]),
            websites: texts("websites", &["url", "website"]),
            trading_names: names(&document["tradingNames"]),
            previous_names: list(&document["previousEntityNames"], &[])
                .iter()
                .filter_map(name)
                .collect(),
            classifications: classifications.iter().filter_map(classification).collect(),
            gst_numbers: texts("gstNumbers", &["gstNumber"]),
            raw,
        })
    }
}

/// The entries of a list, however it is wrapped: bare, in `items`, or under one of `names`.
#[must_use]
pub fn list<'a>(value: &'a Value, names: &[&str]) -> &'a [Value] {
    if let Some(bare) = value.as_array() {
        return bare;
    }
    names
        .iter()
        .chain(&["items"])
        .find_map(|name| value.get(name)?.as_array())
        .map_or(&[], Vec::as_slice)
}

fn kept(value: &Value, keep_homes: bool) -> Value {
    if keep_homes {
        value.clone()
    } else {
        without_homes(value)
    }
}

/// A text or number that says something.
fn plain(value: &Value) -> Option<String> {
    let said = match value {
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!said.is_empty()).then_some(said)
}

/// The first of `keys` that says something.
fn text(value: &Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| plain(value.get(key)?))
}

fn date(value: &Value, key: &str) -> Option<String> {
    text(value, &[key]).map(|date| date.chars().take(10).collect())
}

fn is_current(value: &Value) -> bool {
    text(value, &["endDate"]).is_none()
}

/// The register spells it one way in a search and another in a document.
fn company_number(value: &Value) -> Option<String> {
    text(value, &["sourceRegisterUniqueId", "sourceRegisterUniqueIdentifier"])
}

fn status(value: &Value) -> Option<String> {
    text(value, &["entityStatusDescription", "entityStatusCode"])
}

fn entity_type(value: &Value) -> Option<String> {
    text(value, &["entityTypeDescription", "entityTypeCode"])
}

fn standing(value: &Value) -> Standing {
    let code = text(value, &["entityStatusCode"]).and_then(|code| code.parse::<u16>().ok());
    let words = text(value, &["entityStatusDescription"])
        .unwrap_or_default()
        .to_lowercase();
    let says = |any: &[&str]| any.iter().any(|word| words.contains(word));
    if matches!(code, Some(80..=99)) || says(&["removed", "closed", "inactive", "struck"]) {
        Standing::Gone
    } else if matches!(code, Some(51..=79)) || says(&["liquidation", "receivership", "administration"]) {
        Standing::Troubled
    } else {
        Standing::Registered
    }
}

fn name(entry: &Value) -> Option<String> {
    plain(entry).or_else(|| text(entry, &["name", "entityName"]))
}

fn names(value: &Value) -> Vec<String> {
    let current = list(value, &["tradingNames"]).iter().filter(|entry| is_current(entry));
    current.filter_map(name).collect()
}

fn director(role: &Value) -> Option<Director> {
    let kind = text(role, &["roleType"])?.to_lowercase();
    let status = text(role, &["roleStatus"]).unwrap_or_default().to_lowercase();
    let has_left = matches!(
        status.as_str(),
        "inactive" | "former" | "historic" | "historical" | "ceased" | "resigned"
    );
    if !matches!(kind.as_str(), "director" | "dir") || has_left || !is_current(role) {
        return None;
    }
    let person = &role["rolePerson"];
    let first_name = text(person, &["firstName"]);
    let last_name = text(person, &["lastName"]);
    let middle = text(person, &["middleNames"]);
    let parts = [first_name.as_deref(), middle.as_deref(), last_name.as_deref()];
    let name = match parts.into_iter().flatten().collect::<Vec<_>>().join(" ") {
        name if name.is_empty() => text(&role["roleEntity"], &["entityName", "name"])?,
        name => name,
    };
    Some(Director {
        name,
        first_name,
        last_name,
        appointed_on: date(role, "startDate"),
    })
}

fn address(entry: &Value) -> Option<Address> {
    let lines: Vec<String> = ["address1", "address2", "address3", "address4"]
        .iter()
        .filter_map(|key| text(entry, &[key]))
        .collect();
    if lines.is_empty() || !is_current(entry) {
        return None;
    }
    Some(Address {
        kind: text(entry, &["addressType"]),
        lines,
        post_code: text(entry, &["postCode"]),
        country: text(entry, &["countryCode"]),
    })
}

/// In one piece, however many it is told in.
fn phone(entry: &Value) -> Option<String> {
    if !is_current(entry) {
        return None;
    }
    let number = plain(entry).or_else(|| text(entry, &["phoneNumber", "number"]))?;
    let before = |key: &str| text(entry, &[key]);
    let country = before("phoneCountryCode").map(|code| format!("+{}", code.trim_start_matches(['+', '0'])));
    let parts = [country, before("phoneAreaCode"), Some(number)];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

fn classification(entry: &Value) -> Option<Classification> {
    let code = text(entry, &["classificationCode", "code"]);
    let description = text(entry, &["classificationDescription", "description"]).or_else(|| plain(entry));
    (code.is_some() || description.is_some()).then_some(Classification { code, description })
}

#[cfg(test)]
#[path = "company_tests.rs"]
mod tests;
