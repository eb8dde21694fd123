//! What the extractors know about the page before they read it.

pub(super) mod domain;
pub(super) mod home;
mod home_words;
pub(super) mod language;

use domain::{Domain, tenant};
use home::Home;
use phonenumber::country::Id;
use url::Url;

/// The page's address and what follows from it.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// The page's own address.
    pub(crate) url: Url,
    /// What relative links are relative to.
    pub(crate) base: Url,
    /// The website's registrable domain.
    pub(crate) site: String,
    /// What belongs to the domain.
    pub(crate) domain: Domain,
    /// The domain's own word in lower-case letters and digits: `smiledental` of `smile-dental.co.nz`.
    pub(crate) label: String,
    /// The job's region, used when the page itself does not say.
    pub(crate) region: Option<Id>,
    /// Where the business is, as far as the page as a whole tells.
    pub(crate) home: Home,
}

impl Context {
    pub(crate) fn new(url: &Url, base: Option<&str>, region: Option<&str>) -> Self {
        let site = crate::scrape::url::site_key(url);
        let domain = Domain::at(url);
        let label = domain.label().to_owned();
        let base = base
            .and_then(|base| url.join(base.trim()).ok())
            .unwrap_or_else(|| url.clone());
        let region = region.and_then(|region| region.trim().to_ascii_uppercase().parse().ok());
        Self {
            url: url.clone(),
            base,
            site,
            domain,
            label,
            region,
            home: Home::default(),
        }
    }

    /// Whether the page is the website's entrance.
    pub(crate) fn is_home(&self) -> bool {
        let path = self.url.path().trim_matches('/');
        let path = tenant(&self.url)
            .and_then(|own| path.strip_suffix(own))
            .unwrap_or(path)
            .trim_matches('/');
        path.is_empty()
            || (path.len() <= 5 && !path.contains('/') && path.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
            || path.starts_with("index.")
            || path.starts_with("home")
    }

    /// An absolute http(s) address without fragment.
    pub(crate) fn resolve(&self, href: &str) -> Option<Url> {
        let href = href.trim();
        if href.is_empty() || href.starts_with('#') {
            return None;
        }
        let mut url = self.base.join(href).ok()?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return None;
        }
        // "facebook.com/#!/pages/Smile/1044", as networks wrote addresses for some years. Elsewhere it is a part of an application.
        if let Some(path) = url.fragment().and_then(|fragment| fragment.strip_prefix("!/"))
            && crate::scrape::extract::social::is_network(&url)
        {
            url = url.join(&format!("/{path}")).ok()?;
        }
        url.set_fragment(None);
        Some(url)
    }

    /// Whether an absolute address is at the website of somebody else.
    pub(crate) fn is_elsewhere(&self, address: &str) -> bool {
        let Ok(url) = Url::parse(address) else { return false };
        let site = crate::scrape::url::site_key(&url);
        let word = site.split('.').next().unwrap_or_default();
        matches!(url.scheme(), "http" | "https")
            && site != self.site
            && word != "schema"
            && !self.domain.resembles(word)
            && crate::scrape::extract::social::profile(&url).is_none()
    }

    /// The country that the domain's ending names, when it is one that people use for their own country.
    pub(crate) fn tld_region(&self) -> Option<Id> {
        country_of(self.site.rsplit('.').next()?)
    }
}

/// The country that a domain's ending names, when it is one that people use for their own country.
pub(crate) fn country_of(ending: &str) -> Option<Id> {
    match ending {
        "uk" => return Some(Id::GB),
        "co" | "io" | "me" | "tv" | "ai" | "cc" | "fm" | "ws" | "gg" | "ly" | "to" | "eu" | "la" | "sh" | "nu" => {
            return None;
        }
        _ => {}
    }
    if ending.len() != 2 {
        return match ending {
            "kiwi" => Some(Id::NZ),
            "melbourne" | "sydney" => Some(Id::AU),
            "london" | "wales" | "scot" | "cymru" => Some(Id::GB),
            "berlin" | "hamburg" | "koeln" | "cologne" | "bayern" | "nrw" | "ruhr" | "saarland" => Some(Id::DE),
            "nyc" | "miami" | "vegas" | "boston" => Some(Id::US),
            "paris" | "bzh" | "corsica" => Some(Id::FR),
            "wien" | "tirol" => Some(Id::AT),
            "swiss" | "zuerich" => Some(Id::CH),
            "amsterdam" | "frl" => Some(Id::NL),
            "quebec" => Some(Id::CA),
            _ => None,
        };
    }
    ending.to_ascii_uppercase().parse().ok()
}
