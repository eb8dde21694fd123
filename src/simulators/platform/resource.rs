//! What can be made on the platform, and what a request for it must hold.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A kind of thing on the platform; one for each sub-step of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Resource {
    Accounts,
    Restaurants,
    ApiUsers,
    Websites,
    Services,
    Payments,
    Menus,
    Images,
    OptionSets,
    ItemTags,
    OnboardingUsers,
    /// Nothing is made: it tells whether the restaurant can go live.
    Readiness,
}

/// There is nothing of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the platform has no '{0}'")]
pub struct UnknownResource(pub String);

/// A check of one field: its name, whether it may be absent, and what it holds.
struct Field {
    name: &'static str,
    needed: bool,
    holds: Holds,
}

#[derive(Clone, Copy)]
enum Holds {
    Text,
    Email,
    Url,
    /// One of these words, or a list of them.
    Words(&'static [&'static str]),
    Clock,
    Whole,
    Price,
    /// A list that is not empty, of texts.
    Texts,
    /// A list that is not empty, of objects.
    Each(&'static [Field]),
}

use Holds::{Clock, Each, Email, Price, Text, Texts, Url, Whole, Words};

const fn needed(name: &'static str, holds: Holds) -> Field {
    Field {
        name,
        needed: true,
        holds,
    }
}

const fn optional(name: &'static str, holds: Holds) -> Field {
    Field {
        name,
        needed: false,
        holds,
    }
}

const REFERENCE: Field = needed("reference", Text);
const RESTAURANT: Field = needed("restaurant_id", Text);
const DAYS: &[&str] = &["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];

const ACCOUNT: &[Field] = &[
    REFERENCE,
    needed("name", Text),
    needed("email", Email),
    needed("contact_name", Text),
    optional("phone", Text),
    optional("company_number", Text),
    optional("nzbn", Text),
];
const PLACE: &[Field] = &[
    REFERENCE,
    needed("account_id", Text),
    needed("name", Text),
    needed("address", Text),
    optional("city", Text),
    optional("region", Text),
    optional("country", Text),
    optional("phone", Text),
    optional("website", Text),
    optional("legal_name", Text),
];
const USER: &[Field] = &[REFERENCE, RESTAURANT, needed("name", Text), needed("email", Email)];
const WEBSITE: &[Field] = &[
    REFERENCE,
    RESTAURANT,
    needed("subdomain", Text),
    optional("current_website", Text),
    optional("description", Text),
];
const HOURS: &[Field] = &[
    needed("days", Words(DAYS)),
    needed("opens", Clock),
    needed("closes", Clock),
];
const SERVICES: &[Field] = &[
    REFERENCE,
    RESTAURANT,
    needed("services", Words(&["delivery", "pickup", "dine_in"])),
    needed("opening_hours", Each(HOURS)),
];
const PAYMENT: &[Field] = &[
    REFERENCE,
    RESTAURANT,
    needed("method", Words(&["card", "cash", "bank_transfer"])),
    optional("payout_account", Text),
];
const IMAGE: &[Field] = &[needed("kind", Words(&["logo", "hero", "gallery"])), needed("url", Url)];
const IMAGES: &[Field] = &[REFERENCE, RESTAURANT, needed("images", Each(IMAGE))];
const CHOICE: &[Field] = &[needed("name", Text), optional("price", Price)];
const OPTION_SET: &[Field] = &[
    needed("name", Text),
    optional("min", Whole),
    optional("max", Whole),
    needed("options", Each(CHOICE)),
];
const OPTION_SETS: &[Field] = &[REFERENCE, RESTAURANT, needed("option_sets", Each(OPTION_SET))];
const ITEM_TAG: &[Field] = &[needed("item", Text), needed("tags", Texts)];
const ITEM_TAGS: &[Field] = &[REFERENCE, RESTAURANT, needed("item_tags", Each(ITEM_TAG))];
const MENU: &[Field] = &[REFERENCE, RESTAURANT];

/// Columns that the header line of a menu must have.
const MENU_COLUMNS: [&str; 3] = ["category", "name", "price"];

impl Resource {
    /// All of them, in the order of a registration.
    pub const ALL: [Self; 12] = [
        Self::Accounts,
        Self::Restaurants,
        Self::ApiUsers,
        Self::Websites,
        Self::Services,
        Self::Payments,
        Self::Menus,
        Self::Images,
        Self::OptionSets,
        Self::ItemTags,
        Self::OnboardingUsers,
        Self::Readiness,
    ];

    /// The name in addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Restaurants => "restaurants",
            Self::ApiUsers => "api-users",
            Self::Websites => "websites",
            Self::Services => "services",
            Self::Payments => "payments",
            Self::Menus => "menus",
            Self::Images => "images",
            Self::OptionSets => "option-sets",
            Self::ItemTags => "item-tags",
            Self::OnboardingUsers => "onboarding-users",
            Self::Readiness => "readiness",
        }
    }

    /// What must have been made for the same registration before, and the field that names it.
    pub(super) fn belongs_to(self) -> Option<(Self, &'static str)> {
        match self {
            Self::Accounts | Self::Readiness => None,
            Self::Restaurants => Some((Self::Accounts, "account_id")),
            _ => Some((Self::Restaurants, "restaurant_id")),
        }
    }

    fn fields(self) -> &'static [Field] {
        match self {
            Self::Accounts => ACCOUNT,
            Self::Restaurants => PLACE,
            Self::ApiUsers | Self::OnboardingUsers => USER,
            Self::Websites => WEBSITE,
            Self::Services => SERVICES,
            Self::Payments => PAYMENT,
            Self::Menus => MENU,
            Self::Images => IMAGES,
            Self::OptionSets => OPTION_SETS,
            Self::ItemTags => ITEM_TAGS,
            Self::Readiness => &[],
        }
    }

    /// What is wrong with a request to make one.
    pub(super) fn mistakes(self, body: &Map<String, Value>) -> Vec<String> {
        let mut mistakes = Vec::new();
        check(self.fields(), body, "", &mut mistakes);
        mistakes
    }
}

/// The number of items that a menu has.
///
/// # Errors
/// What is wrong with it.
pub(super) fn menu_items(csv: &str) -> Result<usize, String> {
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(csv.as_bytes());
    let header = reader.headers().map_err(|error| error.to_string())?;
    let names: Vec<String> = header.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    let missing = MENU_COLUMNS
        .iter()
        .find(|wanted| !names.iter().any(|name| name == *wanted));
    if let Some(missing) = missing {
        return Err(format!("the first line is no header: it has no column '{missing}'"));
    }
    let items = reader.records().try_fold(0, |items, record| record.map(|_| items + 1));
    match items.map_err(|error| error.to_string())? {
        0 => Err("it has no items".to_owned()),
        items => Ok(items),
    }
}

fn check(fields: &[Field], body: &Map<String, Value>, place: &str, mistakes: &mut Vec<String>) {
    for field in fields {
        let name = format!("{place}{}", field.name);
        match body.get(field.name).filter(|value| !value.is_null()) {
            None if field.needed => mistakes.push(format!("{name} is missing")),
            None => {}
            Some(value) => check_value(field.holds, value, &name, mistakes),
        }
    }
    let unknown = body.keys().filter(|key| fields.iter().all(|field| field.name != *key));
    mistakes.extend(unknown.map(|key| format!("{place}{key} is not known")));
}

fn check_value(holds: Holds, value: &Value, name: &str, mistakes: &mut Vec<String>) {
    let text = value.as_str().filter(|text| !text.trim().is_empty());
    let list = value.as_array().filter(|list| !list.is_empty());
    let wanted = match holds {
        Text => text.is_none().then_some("a text"),
        Email => (!text.is_some_and(|text| text.contains('@'))).then_some("an e-mail address"),
        Url => (!text.is_some_and(|text| text.starts_with("http"))).then_some("an address"),
        Clock => (!text.is_some_and(is_clock)).then_some("a time such as 09:30"),
        Whole => value.as_u64().is_none().then_some("a whole number"),
        Price => (!value.as_f64().is_some_and(|price| price >= 0.0)).then_some("a price"),
        Words(words) => {
            let known = |word: &Value| word.as_str().is_some_and(|word| words.contains(&word));
            let fits = known(value) || list.is_some_and(|list| list.iter().all(known));
            if !fits {
                mistakes.push(format!("{name} takes {}", words.join(", ")));
            }
            None
        }
        Texts => {
            let fits = list.is_some_and(|list| list.iter().all(Value::is_string));
            (!fits).then_some("a list of texts")
        }
        Each(fields) => {
            for (n, entry) in list.into_iter().flatten().enumerate() {
                match entry.as_object() {
                    Some(entry) => check(fields, entry, &format!("{name}[{n}]."), mistakes),
                    None => mistakes.push(format!("{name}[{n}] takes an object")),
                }
            }
            list.is_none().then_some("a list that is not empty")
        }
    };
    if let Some(wanted) = wanted {
        mistakes.push(format!("{name} takes {wanted}"));
    }
}

/// `09:30`.
fn is_clock(text: &str) -> bool {
    let parts = text.split_once(':');
    let number = |part: &str, below: u8| part.len() == 2 && part.parse::<u8>().is_ok_and(|number| number < below);
    text == "24:00" || parts.is_some_and(|(hours, minutes)| number(hours, 24) && number(minutes, 60))
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Resource {
    type Err = UnknownResource;

    fn from_str(text: &str) -> Result<Self, UnknownResource> {
        let named = Self::ALL.into_iter().find(|resource| resource.name() == text);
        named.ok_or_else(|| UnknownResource(text.to_owned()))
    }
}

impl TryFrom<String> for Resource {
    type Error = UnknownResource;

    fn try_from(text: String) -> Result<Self, UnknownResource> {
        text.parse()
    }
}

impl From<Resource> for String {
    fn from(resource: Resource) -> Self {
        resource.name().to_owned()
    }
}
