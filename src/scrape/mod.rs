//! Reading practice websites: from what an analyst wrote in a cell to the merged payload.
//!
//! The pure half (`url`, `charset`, `dom`, `extract`, `merge`) has no I/O, clock or randomness; the other half
//! (`guard`, `names`, `fetch`, `robots`, `site`) talks to the network and knows no actor, database or HTTP server.

mod called;
pub mod charset;
mod compute;
mod contacts;
mod dom;
pub mod extract;
pub mod fetch;
mod further;
pub mod guard;
pub mod merge;
pub mod names;
pub mod payload;
mod provided;
mod region;
pub mod robots;
pub mod site;
mod sitemap;
#[cfg(test)]
pub(crate) mod test_server;
pub mod text;
mod tracking;
pub mod url;

pub use compute::compute;
pub use extract::{country_code, extract_html, extract_page};
pub use fetch::{ByteBudget, FetchError, FetchErrorKind, FetchSettings, Fetched, Fetcher};
pub use guard::{AddressGuard, AddressRefused, guarded_client};
pub use merge::merge;
pub use payload::{CleanUrlPayload, FinalPayload, PageFacts, ScrapePayload};
pub use provided::provided_fields;
pub use region::{UnknownRegion, region_code};
pub use robots::RobotsCache;
pub use site::{Pace, SiteSettings, scrape_site};
pub use url::{CleanUrl, UrlRefusal, clean_url};
