//! What tells the business itself from others that its pages speak of: its names, its domain, its mail.

use super::is_trade;
use crate::scrape::extract::context::Context;
use crate::scrape::extract::emails::is_mailbox_host;
use crate::scrape::extract::names::{agree, is_generic, likeness};
use crate::scrape::payload::Fact;
use crate::scrape::text::fold;
use url::Url;

/// Names that the page gives to itself, beyond which more say nothing new.
const MAX_NAMES: usize = 24;

/// What a domain has of a name that it stands for.
const EXPLAINED: f64 = 0.6;
/// Names of less trust are guesses from their place alone.
const MIN_TRUST: u8 = 20;

/// The business as its page shows it.
#[derive(Debug)]
pub(crate) struct Own {
    names: Vec<String>,
    label: String,
    site: String,
    /// The domain stands for one of the names.
    explained: bool,
}

impl Own {
    /// Gathers what the page calls itself.
    pub(crate) fn of(names: &[Fact<String>], context: &Context) -> Self {
        let names: Vec<String> = names
            .iter()
            .filter(|fact| fact.trust >= MIN_TRUST)
            .map(|fact| &fact.value)
            .filter(|name| !is_generic(name))
            .map(|name| fold(name))
            .filter(|name| name.len() >= 4)
            .take(MAX_NAMES)
            .collect();
        Self {
            explained: names.iter().any(|own| likeness(own, &context.label) >= EXPLAINED),
            names,
            label: context.label.clone(),
            site: context.site.clone(),
        }
    }

    /// Whether a name is one of the business's own.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        likeness(name, &self.label) >= 0.5 || self.names.iter().any(|own| agree(own, name))
    }

    /// Whether a name is that of a theme's example: "Flatsome Bistro Demo".
    pub(crate) fn is_example(&self, name: &str) -> bool {
        name.split(' ').any(|word| word.eq_ignore_ascii_case("demo")) && !self.is_called(name)
    }

    /// Whether a name is another's: the domain explains what the page calls itself, and the name shares no word with either but that of a
    /// trade.
    pub(crate) fn is_another(&self, name: &str) -> bool {
        if !self.explained || self.is_called(name) {
            return false;
        }
        let folded = fold(name);
        let telling = |word: &&str| word.len() >= 3 && !is_trade(word);
        let known = |word: &str| self.label.contains(word) || self.names.iter().any(|own| own.contains(word));
        !folded.split(' ').filter(telling).any(known)
    }

    /// Whether a text speaks of the business by a name of two words or more, or by one that the domain holds too.
    pub(crate) fn is_named_in(&self, text: &str) -> bool {
        let folded = fold(text);
        let joined = folded.replace(' ', "");
        let telling = |name: &&String| name.contains(' ') || (name.len() >= 6 && self.label.contains(name.as_str()));
        (self.label.len() >= 6 && joined.contains(&self.label))
            || self
                .names
                .iter()
                .filter(telling)
                .any(|name| folded.contains(name.as_str()))
    }

    /// Whether an address of a page or a mailbox is the business's own; `None` where that says nothing.
    pub(crate) fn is_ours(&self, link: &str) -> Option<bool> {
        if let Some((_, domain)) = link.split_once('@') {
            let domain = domain.trim().trim_end_matches('.').to_ascii_lowercase();
            let url = Url::parse(&format!("https://{domain}/")).ok()?;
            let own = crate::scrape::url::site_key(&url) == self.site;
            return (own || !is_mailbox_host(&domain)).then_some(own);
        }
        let url = Url::parse(link)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))?;
        (!url.host_str()?.is_empty()).then(|| crate::scrape::url::site_key(&url) == self.site)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::scrape::payload::Source;

    fn own() -> Own {
        let context = Context::new(&"https://www.smile-dental.co.nz/".parse().unwrap(), None, None);
        let names = ["Smile Dental Centre", "Home"].map(|name| Fact::with_trust(name.to_owned(), Source::Text, 40));
        Own::of(&names, &context)
    }

    #[test]
    fn the_business_is_known_by_name_and_domain() {
        let own = own();
        assert!(own.is_called("Smile Dental") && !own.is_called("LawSites Marketing"));
        assert!(own.is_named_in("Visit Smile Dental Centre at") && !own.is_named_in("Visit the Dental Council at"));
        assert!(own.is_another("Rapid Rooter Denver") && own.is_another("Brown Orthodontics"));
        assert!(!own.is_another("Smile Holdings Ltd") && !own.is_another("Smile Dental"));
        assert_eq!(own.is_ours("mailto@smile-dental.co.nz"), Some(true));
        assert_eq!(own.is_ours("https://www.lawsites.uk/#org"), Some(false));
        assert_eq!(own.is_ours("smile@gmail.com"), None);
        assert_eq!(own.is_ours("#business"), None);
    }
}
