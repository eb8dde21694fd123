//! What schema.org items say, whichever syntax carried them: JSON-LD, microdata and RDFa all end up here as JSON.

use super::metas::language;
use super::schema_types::{FOREIGN, Kind, kind_of, readable};
use super::schema_values::{each, is_template, number, postal, texts, types};
use crate::scrape::extract::address::owner::is_placeholder;
use crate::scrape::extract::context::Context;
use crate::scrape::extract::emails;
use crate::scrape::extract::hours;
use crate::scrape::extract::links::{MAX_PLACES, MAX_PROFILES, position, push_unique};
use crate::scrape::extract::phones::Candidates;
use crate::scrape::extract::social;
use crate::scrape::extract::whose::own::Own;
use crate::scrape::payload::{Address, Fact, OpeningHours, PageFacts, Person, PhoneKind, Rating, Source};
use crate::scrape::text::{squeeze, squeeze_to};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Items of one page that are looked at.
const MAX_ITEMS: usize = 2_000;
/// Nesting that is followed; `serde_json` itself refuses 128.
const MAX_DEPTH: usize = 24;
/// Bytes of a name; longer ones are slogans.
const LONGEST_NAME: usize = 240;

/// Trust in what a plugin has filled in: any other source is believed first.
const DOUBTED: u8 = 25;

type Object = Map<String, Value>;

/// Reads all items of one syntax.
pub(crate) fn read(
    values: &[Value],
    source: Source,
    context: &Context,
    own: &Own,
    phones: &mut Candidates,
    facts: &mut PageFacts,
) {
    let mut reader = Reader {
        source,
        context,
        own,
        by_id: HashMap::new(),
        phones,
        facts,
        left: MAX_ITEMS,
    };
    for value in values {
        reader.index(value, 0);
    }
    for value in values {
        reader.visit(value, 0, true, false);
    }
}

struct Reader<'a> {
    source: Source,
    context: &'a Context,
    own: &'a Own,
    by_id: HashMap<&'a str, &'a Object>,
    phones: &'a mut Candidates,
    facts: &'a mut PageFacts,
    left: usize,
}

impl<'a> Reader<'a> {
    fn index(&mut self, value: &'a Value, depth: usize)
    where
        Self: 'a,
    {
        if depth > MAX_DEPTH {
            return;
        }
        match value {
            Value::Array(list) => list.iter().for_each(|value| self.index(value, depth + 1)),
            Value::Object(object) => {
                if let Some(id) = object.get("@id").and_then(Value::as_str) {
                    let known = self.by_id.get(id).map_or(0, |known| known.len());
                    if object.len() > known.max(1) {
                        self.by_id.insert(id, object);
                    }
                }
                object
                    .values()
                    .filter(|value| value.is_object() || value.is_array())
                    .for_each(|value| self.index(value, depth + 1));
            }
            _ => {}
        }
    }

    /// Looks for businesses in `value`. `own` is false inside what is said about somebody else.
    fn visit(&mut self, value: &'a Value, depth: usize, own: bool, listed: bool) {
        if depth > MAX_DEPTH || self.left == 0 {
            return;
        }
        match value {
            Value::Array(list) => list.iter().for_each(|value| self.visit(value, depth + 1, own, listed)),
            Value::Object(object) => {
                self.left -= 1;
                let types = types(object);
                let own = own && !self.is_foreign(object, &types, listed);
                if own {
                    match kind_of(&types, object) {
                        // The makers of a website or of its theme leave their own markup in it.
                        Kind::Business | Kind::Organisation if self.is_of_others(object) => {
                            self.business(object, &types, 20, 20)
                        }
                        Kind::Business if self.is_called_otherwise(object) => self.business(object, &types, 20, 50),
                        Kind::Business => self.business(object, &types, 70, 70),
                        Kind::Organisation => self.business(object, &types, 60, 60),
                        Kind::WebSite => self.website(object),
                        Kind::Person => self.person(object),
                        Kind::Other => {}
                    }
                }
                for (key, value) in object {
                    if value.is_object() || value.is_array() {
                        let own = own
                            && !FOREIGN.contains(&key.as_str())
                            && !matches!(key.as_str(), "employee" | "employees" | "founder");
                        self.visit(value, depth + 1, own, listed || key == "itemListElement");
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether an item's address or name is not the website's.
    fn is_of_others(&self, object: &Object) -> bool {
        let mut homes = ["url", "@id"].into_iter().filter_map(|key| object.get(key)?.as_str());
        let elsewhere = homes
            .find(|home| home.starts_with("http"))
            .is_some_and(|home| self.context.is_elsewhere(home));
        let mut names = texts(object.get("name")).into_iter();
        elsewhere || names.any(|name| self.own.is_example(&name))
    }

    /// Whether an item has the name of another business.
    fn is_called_otherwise(&self, object: &Object) -> bool {
        let names = texts(object.get("name"));
        names
            .iter()
            .any(|name| name.len() <= LONGEST_NAME && self.own.is_another(name))
    }

    /// Whether an item is the business of somebody else, whose data a theme, an agency or a parent company has left
    /// behind: its own links lead elsewhere, or it is one of a list, and its name is not that of the page.
    fn is_foreign(&self, object: &Object, types: &[&str], listed: bool) -> bool {
        if !matches!(kind_of(types, object), Kind::Business | Kind::Organisation) {
            return false;
        }
        let links = ["url", "@id", "email"].iter().flat_map(|key| texts(object.get(*key)));
        let ours: Vec<bool> = links
            .filter_map(|link| self.own.is_ours(link.trim_start_matches("mailto:")))
            .collect();
        let name = texts(object.get("name")).into_iter().next();
        let called = name.as_deref().is_some_and(|name| self.own.is_called(name));
        is_template(object) || ((listed || !ours.is_empty()) && !ours.contains(&true) && !called)
    }

    /// The object itself, or the one that its `@id` refers to.
    fn follow(&self, object: &'a Object) -> &'a Object {
        let reference = object.len() == 1 || (object.len() == 2 && object.contains_key("@type"));
        match object.get("@id").and_then(Value::as_str) {
            Some(id) if reference => self.by_id.get(id).copied().unwrap_or(object),
            _ => object,
        }
    }

    fn objects(&self, value: Option<&'a Value>) -> Vec<&'a Object> {
        let objects = each(value).into_iter().filter_map(Value::as_object);
        objects.map(|object| self.follow(object)).collect()
    }

    fn business(&mut self, object: &'a Object, kinds: &[&str], trust: u8, named: u8) {
        let source = self.source;
        for key in ["name", "legalName", "alternateName"] {
            for name in texts(object.get(key))
                .into_iter()
                .filter(|name| name.chars().count() <= 120)
            {
                let trust = match key {
                    "name" => named,
                    "legalName" => named - 10,
                    _ => named - 20,
                };
                push_unique(&mut self.facts.names, name, source, trust);
            }
        }
        for text in texts(object.get("description")) {
            push_unique(&mut self.facts.descriptions, squeeze_to(&text, 2_000), source, trust);
        }
        for kind in kinds {
            if let Some(category) = readable(kind) {
                push_unique(&mut self.facts.categories, category, source, trust);
            }
        }
        for key in [
            "medicalSpecialty",
            "servesCuisine",
            "keywordsCategory",
            "additionalType",
        ] {
            for text in texts(object.get(key)) {
                let word = text.rsplit('/').next().unwrap_or(&text);
                if let Some(category) = readable(word).filter(|word| word.len() < 60) {
                    push_unique(&mut self.facts.categories, category, source, trust);
                }
            }
        }
        self.contact(object, trust);
        for contact in self
            .objects(object.get("contactPoint"))
            .into_iter()
            .chain(self.objects(object.get("contactPoints")))
        {
            self.contact(contact, trust - 10);
        }
        self.addresses(object, trust);
        self.hours(object, trust);
        for text in texts(object.get("sameAs")) {
            if let Some(profile) = self.context.resolve(&text).and_then(|url| social::profile(&url))
                && self.facts.social.len() < MAX_PROFILES
                && !self.facts.social.iter().any(|known| known.value == profile)
            {
                self.facts.social.push(Fact::with_trust(profile, source, trust));
            }
        }
        for geo in self.objects(object.get("geo")) {
            if let Some(place) = number(geo.get("latitude"))
                .zip(number(geo.get("longitude")))
                .and_then(|(lat, lng)| position(lat, lng))
                && self.facts.geo.len() < MAX_PLACES
            {
                self.facts.geo.push(Fact::with_trust(place, source, trust));
            }
        }
        for rating in self.objects(object.get("aggregateRating")).into_iter().take(1) {
            // Stars are of five; a value on another scale would be taken for one of these.
            let of_five = number(rating.get("bestRating")).is_none_or(|best| best == 5.0);
            let stars = number(rating.get("ratingValue")).filter(|value| of_five && (0.0..=5.0).contains(value));
            if let Some(value) = stars {
                let count = number(rating.get("reviewCount")).or(number(rating.get("ratingCount")));
                let count = count.map(|count| count as u64);
                self.facts
                    .ratings
                    .push(Fact::with_trust(Rating { value, count }, source, trust));
            }
        }
        for key in ["logo", "image"] {
            for url in self.urls(object.get(key)).into_iter().take(1) {
                push_unique(
                    &mut self.facts.logo_urls,
                    url,
                    source,
                    if key == "logo" { trust } else { 15 },
                );
            }
        }
        for text in texts(object.get("priceRange"))
            .into_iter()
            .filter(|text| text.len() <= 60)
        {
            push_unique(&mut self.facts.price_ranges, text, source, trust);
        }
        for key in ["knowsLanguage", "availableLanguage"] {
            for text in texts(object.get(key)) {
                if let Some(tag) = crate::scrape::extract::languages::code(&text).or_else(|| language(&text)) {
                    push_unique(&mut self.facts.languages, tag, source, trust);
                }
            }
        }
        self.services(object, trust);
        for key in ["employee", "employees", "founder", "founders", "member", "physician"] {
            for person in self.objects(object.get(key)) {
                self.person(person);
            }
        }
        for action in self.objects(object.get("potentialAction")) {
            if types(action)
                .iter()
                .any(|kind| kind.contains("Reserve") || kind.contains("Schedule"))
            {
                for url in self.urls(action.get("target")) {
                    push_unique(&mut self.facts.booking_urls, url, source, trust);
                }
            }
        }
        for key in ["acceptsReservations", "reservationUrl"] {
            for url in texts(object.get(key)).into_iter().filter(|url| url.starts_with("http")) {
                push_unique(&mut self.facts.booking_urls, url, source, trust);
            }
        }
    }

    fn contact(&mut self, object: &'a Object, trust: u8) {
        let is_fax = texts(object.get("contactType"))
            .iter()
            .any(|kind| kind.to_lowercase().contains("fax"));
        for (key, kind) in [
            ("telephone", PhoneKind::Phone),
            ("phone", PhoneKind::Phone),
            ("faxNumber", PhoneKind::Fax),
        ] {
            for text in texts(object.get(key)) {
                for part in text.split([',', ';', '|']) {
                    let kind = if is_fax { PhoneKind::Fax } else { kind };
                    self.phones
                        .push(part.trim_start_matches("tel:"), kind, self.source, trust);
                }
            }
        }
        for text in texts(object.get("email")) {
            let text = text.strip_prefix("mailto:").unwrap_or(&text).to_owned();
            for mail in text.split([',', ';', ' ']).filter_map(emails::normalise) {
                push_unique(&mut self.facts.emails, mail, self.source, trust);
            }
        }
    }

    fn addresses(&mut self, object: &'a Object, trust: u8) {
        for key in ["address", "location"] {
            for value in each(object.get(key)) {
                let address = match value {
                    Value::String(text) if key == "address" => {
                        crate::scrape::extract::address::from_text(&squeeze(text), self.context)
                    }
                    Value::Object(inner) => {
                        let inner = self.follow(inner);
                        if key == "location" {
                            self.contact(inner, trust - 10);
                            self.addresses_of_place(inner, trust);
                            continue;
                        }
                        postal(inner)
                    }
                    _ => None,
                };
                self.push_address(address, trust);
            }
        }
    }

    fn addresses_of_place(&mut self, place: &'a Object, trust: u8) {
        for inner in self.objects(place.get("address")) {
            self.push_address(postal(inner), trust);
        }
    }

    fn push_address(&mut self, address: Option<Address>, trust: u8) {
        if let Some(address) = address.filter(|address| !is_placeholder(&address.raw))
            && !self.facts.addresses.iter().any(|known| known.value == address)
            && self.facts.addresses.len() < 40
        {
            self.facts.addresses.push(Fact::with_trust(address, self.source, trust));
        }
    }

    fn hours(&mut self, object: &'a Object, trust: u8) {
        let mut week: Vec<OpeningHours> = Vec::new();
        for specification in self.objects(object.get("openingHoursSpecification")) {
            week.extend(hours::specification(specification));
        }
        for text in texts(object.get("openingHours")) {
            week.extend(hours::schema_text(&text));
        }
        let week = hours::tidy(week);
        let trust = if hours::is_default(&week) {
            trust.min(DOUBTED)
        } else {
            trust
        };
        if !week.is_empty()
            && !self.facts.opening_hours.iter().any(|known| known.value == week)
            && self.facts.opening_hours.len() < 20
        {
            self.facts
                .opening_hours
                .push(Fact::with_trust(week, self.source, trust));
        }
    }

    fn services(&mut self, object: &'a Object, trust: u8) {
        for key in [
            "availableService",
            "makesOffer",
            "hasOfferCatalog",
            "serviceType",
            "knowsAbout",
        ] {
            let mut open: Vec<(&Value, usize)> = each(object.get(key)).into_iter().map(|value| (value, 0)).collect();
            while let Some((value, depth)) = open.pop() {
                match value {
                    Value::String(text) => self.service(text, trust),
                    Value::Object(inner) if depth < 6 => {
                        let nested: Vec<&Value> = ["itemListElement", "itemOffered", "item"]
                            .iter()
                            .flat_map(|key| each(inner.get(*key)))
                            .collect();
                        if nested.is_empty() {
                            texts(inner.get("name"))
                                .iter()
                                .for_each(|name| self.service(name, trust));
                        }
                        open.extend(nested.into_iter().rev().map(|value| (value, depth + 1)));
                    }
                    _ => {}
                }
            }
        }
    }

    fn service(&mut self, text: &str, trust: u8) {
        let name = squeeze(text);
        if (3..=80).contains(&name.chars().count()) && !name.starts_with("http") {
            push_unique(&mut self.facts.services, name, self.source, trust);
        }
    }

    fn person(&mut self, object: &'a Object) {
        let joined = || {
            let part = |key: &str| texts(object.get(key)).into_iter().next();
            Some(format!("{} {}", part("givenName")?, part("familyName")?))
        };
        let Some(name) = texts(object.get("name")).into_iter().next().or_else(joined) else {
            return;
        };
        // Content systems describe whoever wrote a page.
        let author = ["url", "@id"]
            .iter()
            .flat_map(|key| texts(object.get(*key)))
            .any(|link| link.contains("/author/") || link.contains("/schema/person/"));
        if author && !object.contains_key("jobTitle") {
            return;
        }
        let role = texts(object.get("jobTitle"))
            .into_iter()
            .next()
            .map(|role| squeeze_to(&role, 100));
        if (4..=80).contains(&name.chars().count()) && name.contains(' ') && self.facts.people.len() < 100 {
            let person = Person { name, role };
            if !self.facts.people.iter().any(|known| known.value == person) {
                self.facts.people.push(Fact::with_trust(person, self.source, 60));
            }
        }
    }

    fn website(&mut self, object: &'a Object) {
        for name in texts(object.get("name"))
            .into_iter()
            .filter(|name| name.chars().count() <= 120)
        {
            push_unique(&mut self.facts.names, name, self.source, 45);
        }
        for text in texts(object.get("inLanguage")) {
            if let Some(tag) = language(&text) {
                push_unique(&mut self.facts.languages, tag, self.source, 50);
            }
        }
    }

    /// The addresses in a URL property: text, or objects with a `url`.
    fn urls(&self, value: Option<&'a Value>) -> Vec<String> {
        each(value)
            .into_iter()
            .flat_map(|value| match value {
                Value::Object(object) => {
                    let object = self.follow(object);
                    ["url", "contentUrl", "urlTemplate", "@id"]
                        .iter()
                        .map(|key| texts(object.get(*key)))
                        .find(|found| !found.is_empty())
                        .unwrap_or_default()
                }
                value => texts(Some(value)),
            })
            .filter_map(|text| self.context.resolve(&text).map(|url| url.to_string()))
            .collect()
    }
}
