//! What the three workers hand on. Every string is free of control characters, and absent values are left out.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the URL worker made of a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanUrlPayload {
    /// The cell as it was written.
    pub input: String,
    /// The address that is fetched.
    pub url: String,
    /// The registrable domain, or the literal address.
    pub domain: String,
    /// Equal for two rows that mean one website.
    pub dedupe_key: String,
}

impl From<&super::url::CleanUrl> for CleanUrlPayload {
    fn from(clean: &super::url::CleanUrl) -> Self {
        Self {
            input: clean.input.clone(),
            url: clean.url.as_str().to_owned(),
            domain: clean.domain.clone(),
            dedupe_key: clean.dedupe_key.clone(),
        }
    }
}

/// Where on a page a value stood. The order is the precedence when sources disagree: earlier wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A `<script type="application/ld+json">` block.
    JsonLd,
    /// `itemscope` and `itemprop` attributes.
    Microdata,
    /// `vocab`, `typeof` and `property` attributes (RDFa Lite).
    Rdfa,
    /// Fields that an outside provider answered.
    Provider,
    /// OpenGraph and other meta elements.
    Opengraph,
    /// A link: `tel:`, `mailto:`, a map, a social profile.
    Link,
    /// Text that a visitor sees.
    Text,
}

/// A value and where on the page it came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact<T> {
    /// The value, normalised.
    pub value: T,
    /// Where it stood.
    pub source: Source,
    /// 0 to 100: how sure this source is of this value on this page, before other pages are heard.
    #[serde(default = "usual_trust")]
    pub trust: u8,
}

fn usual_trust() -> u8 {
    50
}

impl<T> Fact<T> {
    /// A fact with the usual trust of 50.
    pub fn new(value: T, source: Source) -> Self {
        Self {
            value,
            source,
            trust: usual_trust(),
        }
    }

    /// A fact that its place on the page makes more or less likely.
    pub fn with_trust(value: T, source: Source, trust: u8) -> Self {
        Self { value, source, trust }
    }
}

/// Whether a number is for talking or for documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PhoneKind {
    /// A line that a person answers.
    Phone,
    /// A fax line.
    Fax,
}

/// A telephone number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// As the page writes it.
    pub raw: String,
    /// E.164, when the region is known and the number is valid there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e164: Option<String>,
    /// Telephone or fax.
    #[serde(rename = "type")]
    pub kind: PhoneKind,
}

/// A postal address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// As the page writes it, on one line.
    pub raw: String,
    /// Street, number and unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// Town, with its suburb where the page gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// State, county or region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// A day of the week, named as schema.org's `openingHours` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Day {
    Mo,
    Tu,
    We,
    Th,
    Fr,
    Sa,
    Su,
}

impl Day {
    /// Monday to Sunday.
    pub const WEEK: [Self; 7] = [Self::Mo, Self::Tu, Self::We, Self::Th, Self::Fr, Self::Sa, Self::Su];

    /// The days from `self` to `last`, round the end of the week when needed.
    pub fn through(self, last: Self) -> Vec<Self> {
        let (from, to) = (self as usize, last as usize);
        let count = (to + 7 - from) % 7 + 1;
        (0..count).map(|step| Self::WEEK[(from + step) % 7]).collect()
    }
}

/// One span of opening on some days, 24-hour clock. `closes` before `opens` means after midnight; closed days are
/// not listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpeningHours {
    /// The days that share the span.
    pub days: Vec<Day>,
    /// `HH:MM`.
    pub opens: String,
    /// `HH:MM`, `24:00` for midnight at the end of the day.
    pub closes: String,
}

/// Somebody who works at the practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// With titles, as the page writes it.
    pub name: String,
    /// What the person does there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// A position on the map, WGS 84 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Geo {
    pub lat: f64,
    pub lng: f64,
}

/// What visitors think of the practice, as its own markup says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// On the markup's own scale, mostly 1 to 5.
    pub value: f64,
    /// Number of ratings or reviews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// A profile on a social network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocialLink {
    /// `facebook`, `instagram`, …
    pub network: String,
    /// The profile's canonical address.
    pub url: String,
}

/// What a further page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageKind {
    /// How to reach the business.
    Contact,
    /// When it is open.
    Hours,
    /// Where it is.
    Places,
    /// Who works there.
    People,
    /// What it is.
    About,
    /// What it does.
    Services,
    /// The page that the law asks for: name, address, telephone.
    Legal,
}

/// A link to another page of the same website, with how much it promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageLink {
    /// Absolute, without fragment.
    pub url: url::Url,
    /// Higher is fetched first; 0 or less is not worth a request.
    pub score: i32,
    /// Of pages of one kind each further one promises less; none where that is not so, as for the frames of a page.
    pub kind: Option<PageKind>,
}

/// What one page gave, before pages are merged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageFacts {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<Fact<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub descriptions: Vec<Fact<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Fact<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<Fact<Phone>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<Fact<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<Fact<Address>>,
    /// One entry a source: the week as that source tells it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub opening_hours: Vec<Fact<Vec<OpeningHours>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub social: Vec<Fact<SocialLink>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Fact<Person>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Fact<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub booking_urls: Vec<Fact<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub logo_urls: Vec<Fact<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub geo: Vec<Fact<Geo>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ratings: Vec<Fact<Rating>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<Fact<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub price_ranges: Vec<Fact<String>>,
    /// Links to further pages; only the scraper needs them, so they are not stored.
    #[serde(skip)]
    pub links: Vec<PageLink>,
    /// Where the page sends a browser by `<meta http-equiv="refresh">`.
    #[serde(skip)]
    pub refresh: Option<url::Url>,
}

/// What a server calls the state of a page (RFC 9110, 8.8), to ask whether it has changed since.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// `ETag`, with its quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Last-Modified`, as it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

impl Validators {
    /// Whether there is nothing to ask with.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// One page that was asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ScrapedPage {
    /// The page's final address.
    pub url: String,
    /// HTTP status; absent when no answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Size of the body after decompression.
    #[serde(default)]
    pub bytes: u64,
    /// Why the page gave nothing, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What to ask with when the page is read again.
    #[serde(default, skip_serializing_if = "Validators::is_empty")]
    pub validators: Validators,
    /// What it gave.
    #[serde(default)]
    pub facts: PageFacts,
}

/// What the scraper worker read: the home page first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ScrapePayload {
    /// The home page's address after redirects.
    pub final_url: String,
    /// In the order of fetching.
    pub pages: Vec<ScrapedPage>,
    /// What an outside provider gave besides.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// A page as the final payload lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageSummary {
    pub url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    pub bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A value that was not taken, and who claimed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    pub value: serde_json::Value,
    pub source: Source,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub page: String,
}

/// Where a field of the final payload came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The best source that gave the value, or the first value of a list.
    pub source: Source,
    /// The page it stood on; empty for a provider's fields.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub page: String,
    /// 0 to 1, as [`FinalPayload::confidence`] but for this field alone.
    #[serde(default)]
    pub confidence: f64,
    /// How many pairs of page and source said the same, when more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreeing: Option<u32>,
    /// Other values that were found and not taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
}

/// The merged answer for one practice.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FinalPayload {
    pub url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub final_url: String,
    pub domain: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<Phone>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<Address>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub opening_hours: Vec<OpeningHours>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub social: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booking_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geo: Option<Geo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_range: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<PageSummary>,
    /// What an outside provider gave besides.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub extra: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub provenance: BTreeMap<String, Provenance>,
    /// 0 to 1: how likely it is that the identifying fields (name, phone, address, e-mail, hours) are right *and*
    /// complete. See [`super::merge`] for the arithmetic. 0 means that nothing was found.
    pub confidence: f64,
}
