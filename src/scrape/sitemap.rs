//! Site maps (sitemaps.org), read only where a home page gives no links worth following.

use super::extract::pages;
use super::payload::PageLink;
use url::Url;

/// Entries that are looked at; a small site's map is shorter.
const MAX_ENTRIES: usize = 500;

/// The links of a site map and what their addresses promise; pages only, no further maps.
pub(super) fn links(xml: &str, base: &Url) -> Vec<PageLink> {
    let entries = xml.split("<loc>").skip(1).take(MAX_ENTRIES);
    entries
        .filter_map(|rest| {
            let address = rest.split('<').next()?.trim();
            let address = address
                .strip_prefix("<![CDATA[")
                .unwrap_or(address)
                .trim_end_matches("]]>")
                .replace("&amp;", "&");
            let url = base
                .join(&address)
                .ok()
                .filter(|url| matches!(url.scheme(), "http" | "https"))?;
            let score = pages::score(&url, "");
            (score > 0).then_some(PageLink { url, score })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn pages_that_promise_something_are_kept() {
        let xml = "<urlset><url><loc>https://a.com/contact</loc></url><url><loc> https://a.com/x?a=1&amp;b=2 </loc></url><url><loc>https://a.com/our-team";
        let found: Vec<String> = links(xml, &"https://a.com/".parse().unwrap())
            .into_iter()
            .map(|link| link.url.into())
            .collect();
        assert_eq!(found, ["https://a.com/contact", "https://a.com/our-team"]);
    }
}
