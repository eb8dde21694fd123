//! What a page says, from its bytes to facts with their source. Pure: no I/O, no clock.
//!
//! Each source is a module of its own; the tree is walked once ([`walk`]) and the sources read what that walk found.

mod address;
mod clauses;
mod context;
mod countries;
mod cues;
pub(crate) mod emails;
pub(crate) mod hours;
mod languages;
mod links;
mod markup;
pub(crate) mod names;
mod page;
mod people;
pub(crate) mod phones;
mod services;
pub(crate) mod social;
mod texts;
mod whose;
mod words;

use super::payload::PageFacts;
use context::Context;
pub(crate) use context::domain::Domain;
use context::home::Home;
pub use countries::code as country_code;
use page::{parked, walk};
pub(crate) use people::names::adds_title;
use phonenumber::country::Id;
use url::Url;
use whose::Whose;
use whose::own::Own;

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
    let language = context::language::of_page(&scan);
    context.home = Home::of(&scan, &context, language.as_ref().map(|told| told.code.as_str()));
    let mut numbers = phones::Candidates::default();
    let mut named = PageFacts::default();
    names::read(&scan, &context, &mut named);
    let own = Own::of(&named.names, &context);

    markup::read(&dom, &scan, &context, &own, language, &mut numbers, &mut facts);
    let whose = Whose::new(&scan, &context);
    links::read(&scan, &context, &whose, &mut numbers, &mut facts);
    social::text::read(&scan, &whose, &mut facts);
    facts.names.append(&mut named.names);
    let directory = parked::is_directory(&scan);
    if !directory {
        address::read(&scan, &context, &own, &mut facts);
        hours::tables::read(&scan, &context, &mut facts);
    }
    texts::read(&scan, &whose, &mut numbers, &mut facts);
    emails::believe_colleagues(&mut facts.emails);
    if !directory {
        people::read(&scan, &context, &own, &mut facts);
    }
    services::read(&scan, &context, &mut facts);
    languages::read(&scan, &mut facts);
    let regions: Vec<Id> = context.home.with_numbers(&facts, &numbers).countries().collect();
    facts.phones = numbers.resolve(&regions);
    facts
}

#[cfg(test)]
mod tests;
