//! What a page says to programs: schema.org items in three syntaxes, and meta elements.

mod contact_metas;
mod items;
mod jsonld;
pub(super) mod metas;
mod microdata;
mod rdfa;
mod schema;
mod schema_types;
pub(super) mod schema_values;

use super::context::Context;
use super::context::language::Told;
use super::page::scan::Scan;
use super::phones::Candidates;
use super::whose::own::Own;
use crate::scrape::dom::Dom;
use crate::scrape::payload::{PageFacts, Source};
use serde_json::Value;

/// Reads the markup of a page; `language` is what its sentences are in.
pub(super) fn read(
    dom: &Dom,
    scan: &Scan,
    context: &Context,
    own: &Own,
    language: Option<Told>,
    numbers: &mut Candidates,
    facts: &mut PageFacts,
) {
    let blocks: Vec<Value> = scan.json_ld.iter().flat_map(|block| jsonld::parse(block)).collect();
    schema::read(&blocks, Source::JsonLd, context, own, numbers, facts);
    if scan.has_microdata {
        let items = microdata::read(dom);
        schema::read(&items, Source::Microdata, context, own, numbers, facts);
    }
    if scan.has_rdfa {
        let items = rdfa::read(dom);
        schema::read(&items, Source::Rdfa, context, own, numbers, facts);
    }
    metas::read(scan, context, language, facts);
    contact_metas::read(scan, numbers, facts);
}
