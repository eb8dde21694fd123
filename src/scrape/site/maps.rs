//! The second chance of a website whose home page gives little: its site map.

use super::visit::Visitor;
use crate::scrape::compute;
use crate::scrape::fetch::{Hop, RedirectTrail, Wanted};
use crate::scrape::payload::{PageLink, Validators};
use crate::scrape::sitemap::{self, SiteMap};
use crate::scrape::url::site_key;
use std::collections::VecDeque;
use url::Url;

/// Files of a site map that are asked for, redirects not counted.
const MAX_FILES: usize = 4;
/// Of the maps that robots.txt or an index names.
const MAX_NAMED: usize = 2;
const MAX_REDIRECTS: usize = 2;

impl Visitor<'_> {
    /// What the site map offers; nothing when there is none.
    pub(super) async fn site_map(&self, home: &Url) -> Vec<PageLink> {
        let site = site_key(home);
        let mut waiting = VecDeque::from(self.named_maps(home).await);
        if waiting.is_empty() {
            waiting.extend(
                ["/sitemap.xml", "/sitemap_index.xml"]
                    .iter()
                    .filter_map(|path| home.join(path).ok()),
            );
        }
        for _ in 0..MAX_FILES {
            let Some(next) = waiting.pop_front() else {
                break;
            };
            let Some(map) = self.map(&next, &site).await else {
                continue;
            };
            if !map.links.is_empty() {
                return map.links;
            }
            for named in map.maps.into_iter().take(MAX_NAMED).rev() {
                waiting.push_front(named);
            }
        }
        Vec::new()
    }

    async fn named_maps(&self, home: &Url) -> Vec<Url> {
        if !self.settings.respect_robots {
            return Vec::new();
        }
        let Ok(rules) = self.robots.rules(self.fetcher, self.pace, home).await else {
            return Vec::new();
        };
        let named = rules.sitemaps.iter().filter_map(|named| home.join(named).ok());
        named
            .filter(|named| site_key(named) == site_key(home))
            .take(MAX_NAMED)
            .collect()
    }

    async fn map(&self, url: &Url, site: &str) -> Option<SiteMap> {
        let mut trail = RedirectTrail::new(url.clone(), MAX_REDIRECTS);
        loop {
            let wanted = Wanted::Text(sitemap::MAX_BYTES);
            match self
                .ask(trail.current(), Some(site), wanted, &Validators::default())
                .await
            {
                Ok(Hop::Page(page)) => {
                    let parsed = compute(move || sitemap::read(&page.body, &page.url));
                    return parsed.await.ok();
                }
                Ok(Hop::Redirect(next, _)) => trail.follow(next).ok()?,
                Ok(Hop::Unchanged) | Err(_) => return None,
            }
        }
    }
}
