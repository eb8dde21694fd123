//! Postal addresses: with a postal code, in maps, without one, and at last towns alone.

mod bare;
mod bare_named;
mod bare_numbered;
mod coded;
mod codes;
mod forms;
mod japan;
mod labels;
mod lines;
mod maps;
pub(super) mod owner;
mod owner_words;
mod parts;
pub(super) mod places;
mod regions;
pub(super) mod states;
pub(super) mod street;
mod street_before;
mod street_end;
mod street_words;
mod towns;
mod units;

use super::context::Context;
use super::page::scan::Scan;
use super::whose::own::Own;
use crate::scrape::payload::PageFacts;
pub(crate) use coded::from_text;

/// Finds the addresses that a visitor reads. What lacks a postal code, and what lacks a street, is looked for where the forms before it
/// have given nothing.
pub(super) fn read(scan: &Scan, context: &Context, own: &Own, facts: &mut PageFacts) {
    coded::read(scan, context, own, facts);
    maps::read(scan, context, facts);
    bare::read(scan, context, facts);
    towns::read(scan, context, own, facts);
}
