//! Whole pages: what they must give, and what no page may do.

#![allow(clippy::unwrap_used)]

mod hostile;
mod hostile_pages;
mod pages;
mod real_addresses;
mod real_contacts;
mod real_names;
mod real_pages;

use super::extract_html;
use crate::scrape::payload::PageFacts;
use url::Url;

/// The facts of a page of a dentist in New Zealand.
fn page(html: &str) -> PageFacts {
    extract_html(html, &Url::parse("https://www.smile-dental.co.nz/").unwrap(), None)
}
