//! What belongs to a website by its name: addresses at its domain, user names like it.

use url::Url;

use crate::scrape::text::fold;
use crate::scrape::url::site_key;

/// A registrable domain and its own word.
#[derive(Debug, Clone)]
pub(crate) struct Domain {
    name: String,
    label: String,
}

impl Domain {
    pub(crate) fn new(name: &str) -> Self {
        let (word, _) = idna::domain_to_unicode(name);
        let label = word
            .split('.')
            .next()
            .map(|label| fold(label).replace(' ', ""))
            .unwrap_or_default();
        Self {
            name: name.to_owned(),
            label,
        }
    }

    /// The website at an address. Hosts that give each customer a path know the website by that.
    pub(crate) fn at(url: &Url) -> Self {
        let site = Self::new(&site_key(url));
        match tenant(url) {
            Some(path) => Self {
                label: fold(path).replace(' ', ""),
                ..site
            },
            None => site,
        }
    }

    /// A business's name, as if it were the word of a domain.
    pub(crate) fn of_name(name: &str) -> Self {
        let name = fold(name);
        Self {
            label: name.replace(' ', ""),
            name,
        }
    }

    /// Whether a user name has anything of the word: four letters in a row, or the initials of its parts.
    pub(crate) fn shares_with(&self, handle: &str) -> bool {
        const ENOUGH: usize = 4;
        let handle = fold(handle).replace(' ', "");
        let parts = self.name.split([' ', '-', '.']);
        let initials: String = parts.filter_map(|part| part.chars().next()).collect();
        common(&handle, &self.label) >= ENOUGH.min(self.label.len()).min(handle.len())
            || (initials.chars().count() >= 3 && handle.contains(&initials))
    }

    /// The domain's own word in lower-case letters and digits: `smiledental` of `smile-dental.co.nz`.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// Whether a name, a user name or the word of a domain is the website's own, or so near that it can be no other's.
    pub(crate) fn resembles(&self, name: &str) -> bool {
        let name = fold(name).replace(' ', "");
        if name.len() < 4 || self.label.len() < 3 {
            return name == self.label && !name.is_empty();
        }
        if (self.label.len() >= 4 && name.contains(&self.label))
            || (self.label.contains(&name) && name.len() * 5 >= self.label.len() * 3)
        {
            return true;
        }
        common(&name, &self.label) * 5 >= name.len().max(self.label.len()) * 3
    }

    /// Whether a word is part of the website's domain.
    pub(crate) fn resembles_word(&self, word: &str) -> bool {
        let word = fold(word).replace(' ', "");
        word.len() >= 4 && self.label.contains(&word)
    }

    /// Whether an e-mail address is at the website's domain, or says the business's name.
    pub(crate) fn owns_mail(&self, mail: &str) -> bool {
        let Some((local, host)) = mail.rsplit_once('@') else {
            return false;
        };
        if host == self.name
            || host
                .strip_suffix(self.name.as_str())
                .is_some_and(|rest| rest.ends_with('.'))
        {
            return true;
        }
        let domain = crate::scrape::url::registrable(host).unwrap_or_else(|| host.to_owned());
        let (word, _) = idna::domain_to_unicode(&domain);
        let word = word.split('.').next().unwrap_or_default();
        self.resembles(word) || (self.label.len() >= 5 && fold(local).replace(' ', "").contains(&self.label))
    }
}

/// The length of the longest part that two short words share.
fn common(one: &str, other: &str) -> usize {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let (one, other) = (&one[..one.len().min(64)], &other[..other.len().min(64)]);
    let mut best = 0;
    let mut row = [0_usize; 65];
    for a in one {
        let mut diagonal = 0;
        for (at, b) in other.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if a == b { diagonal + 1 } else { 0 };
            best = best.max(row[at + 1]);
            diagonal = above;
        }
    }
    best
}

/// The part of the path that one customer of a host has: `smile-dental` of `sites.google.com/view/smile-dental/home`.
pub(crate) fn tenant(url: &Url) -> Option<&str> {
    const HOSTS: [&str; 4] = ["github.io", "gitlab.io", "wixsite.com", "sites.google.com"];
    let host = url.host_str()?;
    let is = |known: &str| {
        host.strip_suffix(known)
            .is_some_and(|user| user.is_empty() || user.ends_with('.'))
    };
    if !HOSTS.into_iter().any(is) {
        return None;
    }
    let mut parts = url.path_segments()?.filter(|part| !matches!(*part, "view" | "site"));
    // Such paths say what they hold, and the host's name whose it is.
    const GENERIC: [&str; 11] = [
        "website", "websites", "webpage", "webseite", "homepage", "page", "pages", "landing", "project", "project1",
        "test",
    ];
    let part = parts.next()?.trim_end_matches(".github.io");
    (part.len() >= 4 && !part.contains('.') && !GENERIC.contains(&part)).then_some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_belong_to_a_domain() {
        let domain = Domain::new("smile-dental.co.nz");
        for own in ["smiledental", "SmileDentalNZ", "smile.dental", "smile_dental_akl"] {
            assert!(domain.resembles(own), "{own}");
        }
        for other in ["dental", "webstudio", "wix", "smilers-club-of-rotorua"] {
            assert!(!domain.resembles(other), "{other}");
        }
        assert!(domain.owns_mail("a@mail.smile-dental.co.nz") && domain.owns_mail("smiledental@gmail.com"));
        assert!(domain.owns_mail("info@smiledental.com"));
        assert!(!domain.owns_mail("info@webstudio.nz"));
    }
}
