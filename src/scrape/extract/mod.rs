//! What a page says, from its bytes to facts with their source. Pure: no I/O, no clock.
//!
//! Each source is a module of its own; the tree is walked once ([`walk`]) and the sources read what that walk found.

mod address;
mod address_bare;
mod address_bare_named;
mod address_codes;
mod address_forms;
mod address_japan;
mod address_labels;
mod address_lines;
mod address_maps;
mod address_owner;
mod address_owner_words;
mod address_parts;
mod address_places;
mod address_regions;
mod address_states;
mod address_street;
mod address_street_words;
mod address_towns;
mod address_units;
mod clauses;
mod cloudflare;
mod contact_metas;
mod context;
mod countries;
mod credits;
mod cues;
mod domain;
mod elements;
pub(crate) mod emails;
mod encoded;
mod foreign;
mod home;
mod home_words;
pub(crate) mod hours;
mod hours_cjk;
mod hours_clauses;
mod hours_clock;
mod hours_columns;
mod hours_dates;
mod hours_days;
mod hours_lexicon;
mod hours_looks;
mod hours_matrix;
mod hours_ranges;
mod hours_tables;
mod hours_text;
mod hours_words;
mod hrefs;
mod jsonld;
mod languages;
mod languages_told;
mod links;
mod markup;
mod masked;
mod metas;
mod microdata;
pub(crate) mod names;
mod names_likeness;
mod names_logos;
mod names_owner;
mod names_prose;
mod names_words;
mod own;
mod parked;
mod people;
mod people_names;
mod people_reached;
mod people_roles;
mod people_words;
mod phone_labels;
mod phone_lines;
pub(crate) mod phones;
mod rdfa;
mod scan;
mod schema;
mod schema_types;
mod schema_values;
mod scripted;
mod services;
mod services_words;
mod signs;
pub(crate) mod social;
mod social_text;
mod texts;
mod visible;
mod walk;
mod whose;
mod words;

use super::payload::{PageFacts, Source};
use context::Context;
pub use countries::code as country_code;
pub(crate) use domain::Domain;
use home::Home;
use phonenumber::country::Id;
use serde_json::Value;
use url::Url;
use whose::Whose;

/// Extracts a page from its body. `region` is the ISO 3166-1 alpha-2 code of where phones without a country code
/// are, used when neither the page's addresses nor its domain say so.
pub fn extract_page(body: &[u8], content_type: Option<&str>, url: &Url, region: Option<&str>) -> PageFacts {
    let tld = url.domain().and_then(|host| host.rsplit('.').next());
    extract_html(&super::charset::decode(body, content_type, tld), url, region)
}

/// Extracts a page that has been decoded already.
pub fn extract_html(html: &str, url: &Url, region: Option<&str>) -> PageFacts {
    let dom = super::dom::parse(html);
    let scan = walk::scan(&dom);
    let mut facts = PageFacts::default();
    if parked::is_parked(&scan) {
        return facts;
    }
    let mut context = Context::new(url, scan.base.as_deref(), region);
    let language = languages_told::of_page(&scan);
    context.home = Home::of(&scan, &context, language.as_ref().map(|told| told.code.as_str()));
    let mut numbers = phones::Candidates::default();
    let mut named = PageFacts::default();
    names::read(&scan, &context, &mut named);
    let own = own::Own::of(&named.names, &context);

    let blocks: Vec<Value> = scan.json_ld.iter().flat_map(|block| jsonld::parse(block)).collect();
    schema::read(&blocks, Source::JsonLd, &context, &own, &mut numbers, &mut facts);
    if scan.has_microdata {
        schema::read(
            &microdata::read(&dom),
            Source::Microdata,
            &context,
            &own,
            &mut numbers,
            &mut facts,
        );
    }
    if scan.has_rdfa {
        schema::read(
            &rdfa::read(&dom),
            Source::Rdfa,
            &context,
            &own,
            &mut numbers,
            &mut facts,
        );
    }
    metas::read(&scan, &context, language, &mut facts);
    contact_metas::read(&scan, &mut numbers, &mut facts);
    let whose = Whose::new(&scan, &context);
    links::read(&scan, &context, &whose, &mut numbers, &mut facts);
    social_text::read(&scan, &whose, &mut facts);
    facts.names.append(&mut named.names);
    let directory = parked::is_directory(&scan);
    if !directory {
        address::read(&scan, &context, &own, &mut facts);
        address_maps::read(&scan, &context, &mut facts);
        address_bare::read(&scan, &context, &mut facts);
        address_towns::read(&scan, &context, &own, &mut facts);
        hours_tables::read(&scan, &context, &mut facts);
    }
    texts::read(&scan, &whose, &mut numbers, &mut facts);
    if !directory {
        people::read(&scan, &context, &mut facts);
        people_reached::read(&scan, &own, &mut facts);
    }
    services::read(&scan, &context, &mut facts);
    languages::read(&scan, &mut facts);
    let regions: Vec<Id> = context.home.with_numbers(&facts, &numbers).countries().collect();
    facts.phones = numbers.resolve(&regions);
    facts
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;

#[cfg(test)]
mod hostile_pages;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod real_contacts_tests;
#[cfg(test)]
mod real_pages_tests;
