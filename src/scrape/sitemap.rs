//! Site maps (sitemaps.org), read only where a home page gives little.

use super::further;
use super::payload::PageLink;
use std::borrow::Cow;
use std::io::Read;
use url::Url;

/// Bytes of a map that are read, before and after decompression.
pub(super) const MAX_BYTES: usize = 512 * 1024;
/// Entries that are looked at; a small site's map is shorter.
const MAX_ENTRIES: usize = 2_000;
/// Links that are kept: enough for any `max_pages`.
const MAX_LINKS: usize = 100;
/// Maps of these are long and name no page of contact, team or services.
const DULL: [&str; 14] = [
    "post",
    "product",
    "categor",
    "tag",
    "author",
    "image",
    "video",
    "news",
    "blog",
    "event",
    "portfolio",
    "attachment",
    "archive",
    "media",
];

/// What one file of a site map says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SiteMap {
    /// Pages that promise something.
    pub links: Vec<PageLink>,
    /// Further maps, those likely to name pages first.
    pub maps: Vec<Url>,
}

/// Reads a map that was found at `base`: XML or one address a line, gzip or not, whole or cut.
pub(super) fn read(body: &[u8], base: &Url) -> SiteMap {
    let body = unpacked(body);
    let text = String::from_utf8_lossy(&body);
    let is_index = text.contains("<sitemapindex");
    let mut map = SiteMap::default();
    for address in addresses(&text).take(MAX_ENTRIES) {
        let joined = base.join(&address).ok();
        let Some(url) = joined.filter(|url| matches!(url.scheme(), "http" | "https")) else {
            continue;
        };
        if is_index {
            map.maps.push(url);
            continue;
        }
        if map.links.len() < MAX_LINKS {
            map.links.extend(further::link(&url, ""));
        }
    }
    map.maps.sort_by_key(dullness);
    map
}

/// How little a map of this name has to say: stable among equals, so that the file's order counts.
fn dullness(url: &Url) -> u8 {
    let name = url.path().to_ascii_lowercase();
    if DULL.iter().any(|word| name.contains(word)) {
        2
    } else {
        u8::from(!name.contains("page"))
    }
}

fn unpacked(body: &[u8]) -> Cow<'_, [u8]> {
    if !body.starts_with(&[0x1f, 0x8b]) {
        return Cow::Borrowed(body);
    }
    let mut out = Vec::new();
    let mut decoder = flate2::read::MultiGzDecoder::new(body).take(MAX_BYTES as u64);
    // A file that was cut or damaged has given what stands before that.
    let _ = decoder.read_to_end(&mut out);
    Cow::Owned(out)
}

fn addresses(text: &str) -> Box<dyn Iterator<Item = Cow<'_, str>> + '_> {
    if !text.contains('<') {
        return Box::new(
            text.lines()
                .map(|line| Cow::Borrowed(line.trim()))
                .filter(|line| !line.is_empty()),
        );
    }
    Box::new(text.split("<loc>").skip(1).filter_map(|rest| {
        // The end that is missing is the file's: what it was cut in is no address.
        let (address, _) = rest.split_once("</loc>")?;
        let address = address.trim();
        let address = address
            .strip_prefix("<![CDATA[")
            .and_then(|inner| inner.strip_suffix("]]>"))
            .unwrap_or(address)
            .trim();
        Some(if address.contains('&') {
            Cow::Owned(address.replace("&amp;", "&").replace("&apos;", "'"))
        } else {
            Cow::Borrowed(address)
        })
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use std::io::Write;

    fn base() -> Url {
        "https://a.com/sitemap.xml".parse().unwrap()
    }

    fn pages(body: &[u8]) -> Vec<String> {
        read(body, &base())
            .links
            .into_iter()
            .map(|link| link.url.into())
            .collect()
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    const URLSET: &str = "<urlset><url><loc>https://a.com/contact</loc></url><url><loc> https://a.com/x?a=1&amp;b=2 </loc></url>\
        <url><loc><![CDATA[https://a.com/our-team]]></loc></url><url><loc>https://a.com/about-u";

    #[test]
    fn pages_that_promise_something_are_kept() {
        assert_eq!(
            pages(URLSET.as_bytes()),
            ["https://a.com/contact", "https://a.com/our-team"]
        );
        assert_eq!(
            pages(&gzip(URLSET)),
            ["https://a.com/contact", "https://a.com/our-team"]
        );
        assert_eq!(
            pages(b"https://a.com/contact\r\n\r\nhttps://a.com/x\n"),
            ["https://a.com/contact"]
        );
        assert!(pages(b"<urlset><url><loc>javascript:contact()</loc></url>").is_empty());
    }

    #[test]
    fn an_index_names_the_maps_of_pages_first() {
        let index = "<sitemapindex><sitemap><loc>/post-sitemap.xml</loc></sitemap><sitemap><loc>/a.xml</loc></sitemap>\
            <sitemap><loc>/page-sitemap.xml.gz</loc></sitemap></sitemapindex>";
        let map = read(index.as_bytes(), &base());
        let paths: Vec<&str> = map.maps.iter().map(Url::path).collect();
        assert_eq!(paths, ["/page-sitemap.xml.gz", "/a.xml", "/post-sitemap.xml"]);
        assert!(map.links.is_empty());
    }

    #[test]
    fn maps_of_any_size_stay_within_their_bounds() {
        let bomb = gzip(&" ".repeat(20 * MAX_BYTES));
        assert_eq!(unpacked(&bomb).len(), MAX_BYTES);
        let cut = gzip(URLSET);
        assert!(pages(&cut[..cut.len() / 2]).len() <= 2);
        assert!(pages(&[0x1f, 0x8b, 0, 0]).is_empty());
        let long = "<loc>https://a.com/contact</loc>".repeat(10_000);
        assert_eq!(pages(long.as_bytes()).len(), MAX_LINKS);
    }
}
