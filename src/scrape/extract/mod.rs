//! What a page says, from its bytes to facts with their source. Pure: no I/O, no clock.
//!
//! Each source is a module of its own; the tree is walked once ([`scan`]) and the sources read what that walk found.

mod address;
mod address_bare;
mod address_codes;
mod address_japan;
mod address_lines;
mod address_maps;
mod address_owner;
mod address_owner_words;
mod address_parts;
mod address_street;
mod address_street_words;
mod cloudflare;
mod contact_metas;
mod context;
mod countries;
mod cues;
mod elements;
pub(crate) mod emails;
mod foreign;
pub(crate) mod hours;
mod hours_cjk;
mod hours_clauses;
mod hours_clock;
mod hours_dates;
mod hours_days;
mod hours_lexicon;
mod hours_matrix;
mod hours_ranges;
mod hours_tables;
mod hours_text;
mod hours_words;
mod jsonld;
mod languages;
mod links;
mod markup;
mod metas;
mod microdata;
pub(crate) mod names;
mod names_likeness;
mod names_words;
mod own;
pub(crate) mod pages;
mod parked;
mod people;
pub(crate) mod phones;
mod rdfa;
mod scan;
mod schema;
mod schema_types;
mod schema_values;
mod services;
pub(crate) mod social;
mod texts;
mod visible;

use super::payload::{PageFacts, Source};
use context::Context;
use phonenumber::country::Id;
use serde_json::Value;
use url::Url;

/// Extracts a page from its body. `region` is the ISO 3166-1 alpha-2 code of where phones without a country code
/// are, used when neither the page's addresses nor its domain say so.
pub fn extract_page(body: &[u8], content_type: Option<&str>, url: &Url, region: Option<&str>) -> PageFacts {
    let tld = url.domain().and_then(|host| host.rsplit('.').next());
    extract_html(&super::charset::decode(body, content_type, tld), url, region)
}

/// Extracts a page that has been decoded already.
pub fn extract_html(html: &str, url: &Url, region: Option<&str>) -> PageFacts {
    let dom = super::dom::parse(html);
    let scan = scan::scan(&dom);
    let context = Context::new(url, scan.base.as_deref(), region);
    let mut facts = PageFacts::default();
    if parked::is_parked(&scan) {
        return facts;
    }
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
    metas::read(&scan, &context, &mut facts);
    contact_metas::read(&scan, &mut numbers, &mut facts);
    links::read(&scan, &context, &mut numbers, &mut facts);
    facts.names.append(&mut named.names);
    let directory = parked::is_directory(&scan);
    if !directory {
        address::read(&scan, &context, &own, &mut facts);
        address_maps::read(&scan, &context, &mut facts);
        address_bare::read(&scan, &context, &mut facts);
        hours_tables::read(&scan, &context, &mut facts);
    }
    texts::read(&scan, &context, &mut numbers, &mut facts);
    if !directory {
        people::read(&scan, &context, &mut facts);
    }
    services::read(&scan, &context, &mut facts);
    facts.phones = numbers.resolve(region_of(&facts, &context, &scan));
    facts
}

/// Where the page's phones are: by its own address, its domain, the job, its language.
fn region_of(facts: &PageFacts, context: &Context, scan: &scan::Scan) -> Option<Id> {
    let by_address = facts
        .addresses
        .iter()
        .find_map(|fact| fact.value.country.as_deref()?.parse().ok());
    let by_lang = || {
        scan.lang
            .as_deref()?
            .split(['-', '_'])
            .nth(1)?
            .to_ascii_uppercase()
            .parse()
            .ok()
    };
    by_address
        .or_else(|| context.tld_region())
        .or(context.region)
        .or_else(by_lang)
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;

#[cfg(test)]
mod hostile_tests;
