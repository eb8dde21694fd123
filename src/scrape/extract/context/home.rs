//! The country that a page's business is in: as far as the page tells before its addresses and numbers have been read, and then
//! with these.

use super::Context;
use super::home_words::{PLACES, SIGNS, spoken_in};
use crate::scrape::extract::countries;
use crate::scrape::extract::page::scan::Scan;
use crate::scrape::extract::phones::{Candidates, DOUBTFUL};
use crate::scrape::payload::{PageFacts, Source};
use crate::scrape::text::Words;
use phonenumber::country::Id;
use phonenumber::metadata::DATABASE;

/// What the kinds of evidence weigh against each other.
const DOMAIN: u32 = 9;
const TAG: u32 = 6;
const DIALLED: u32 = 4;
const NAMED_ALONE: u32 = 4;
const MAILED: u32 = 4;
const MAPPED: u32 = 4;
const JOB: u32 = 3;
const MENTIONED: u32 = 2;
/// What the address counts that most others agree with: more than the domain, for it says which of several is right.
const MAIN_ADDRESS: u32 = 9;
const ADDRESS: u32 = 3;
const OTHER_NUMBER: u32 = 6;
const MERE_LANGUAGE: u32 = 3;
/// What numbers count that are written as `(312) 967-4138`: more than a place that is named.
const AMERICAN: u32 = 6;
/// More than a language.
const SWISS: u32 = 4;

/// Countries where numbers are written as in America: `210 805 0344`.
const ALSO_IN_THREE: [Id; 4] = [Id::GR, Id::TR, Id::MX, Id::CO];
/// Countries whose pages in English may say nowhere that they are of them.
const ENGLISH_SPEAKING: [Id; 19] = [
    Id::US,
    Id::GB,
    Id::AU,
    Id::NZ,
    Id::IE,
    Id::ZA,
    Id::IN,
    Id::KE,
    Id::NG,
    Id::PH,
    Id::SG,
    Id::MY,
    Id::HK,
    Id::GH,
    Id::UG,
    Id::TZ,
    Id::ZM,
    Id::CA,
    Id::PK,
];
/// Less is no more than a guess.
const LEAST: u32 = 2;
/// Countries that are tried.
const MOST: usize = 5;
/// Links that are looked at for maps.
const MAX_ADDRESSES: usize = 300;
/// Places where one kind of evidence is looked for.
const MAX_HITS: usize = 60;

/// Countries with the weight of what speaks for them, the heaviest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Home {
    votes: Vec<(Id, u32)>,
    english: bool,
    /// The page or its sentences say that they are in English.
    surely_english: bool,
}

impl Home {
    /// Weighs the domain, the language and its tag, the names of places, dial codes, mail and currencies. `language` is that of
    /// the page's sentences.
    pub(crate) fn of(scan: &Scan, context: &Context, language: Option<&str>) -> Self {
        let mut home = Self {
            english: language.is_none_or(|language| language == "en"),
            surely_english: language == Some("en"),
            ..Self::default()
        };
        if let Some(country) = context.tld_region() {
            home.vote(country, DOMAIN);
        }
        if let Some(country) = context.region {
            home.vote(country, JOB);
        }
        if let Some(country) = tagged(scan.lang.as_deref()) {
            // Templates are American.
            home.vote(country, if country == Id::US { LEAST } else { TAG });
        }
        for (country, weight) in spoken_in(language.unwrap_or_default()) {
            home.vote(*country, *weight);
        }
        // What a domain of a country tells, no name of a place outweighs before addresses are read.
        if context.tld_region().is_none() {
            home.named(&scan.text);
        }
        home.dialled(scan);
        home.mailed(scan);
        home.mapped(scan);
        home.votes.retain(|(_, weight)| *weight >= LEAST);
        home.sort();
        home.votes.truncate(MOST);
        home
    }

    /// The countries, the likeliest first.
    pub(crate) fn countries(&self) -> impl Iterator<Item = Id> + '_ {
        self.votes.iter().map(|(country, _)| *country)
    }

    /// The likeliest country, where more than the language or a sentence speaks for it.
    pub(crate) fn sure(&self) -> Option<Id> {
        let (country, weight) = self.votes.first()?;
        (*weight >= NAMED_ALONE).then_some(*country)
    }

    /// Whether the page is in English, as far as anything tells.
    pub(crate) fn is_english(&self) -> bool {
        self.english
    }

    /// What is known when addresses and numbers have been read too: for numbers without a country's code.
    pub(crate) fn with_numbers(&self, facts: &PageFacts, numbers: &Candidates) -> Self {
        let mut home = self.clone();
        // One without a postal code has its country from what has voted already.
        let addresses = facts.addresses.iter().filter(|fact| {
            let told = fact.value.postal_code.is_some() || fact.source != Source::Text;
            fact.trust >= DOUBTFUL && told
        });
        let countries: Vec<Id> = addresses
            .filter_map(|fact| fact.value.country.as_deref()?.parse().ok())
            .collect();
        for country in &countries {
            home.vote(*country, ADDRESS);
        }
        let most = countries.iter().max_by_key(|country| {
            let agreeing = countries.iter().filter(|other| other == country).count();
            (agreeing, countries.first() == Some(*country))
        });
        if let Some(country) = most {
            home.vote(*country, MAIN_ADDRESS);
        }
        if let Some(country) = numbers.told_regions().next() {
            home.vote(country, OTHER_NUMBER);
        }
        let likely = home.countries().next().filter(|_| !home.english);
        let written_so_too = likely.is_some_and(|likely| ALSO_IN_THREE.contains(&likely));
        if numbers.look_north_american() && !written_so_too {
            home.north_american();
        }
        let may_be = |wanted| home.votes.iter().any(|(country, _)| *country == wanted);
        if may_be(Id::CH) && numbers.look_swiss(!may_be(Id::IT)) {
            home.vote(Id::CH, SWISS);
        }
        if home.votes.is_empty() && home.surely_english && numbers.look_british() {
            home.vote(Id::GB, OTHER_NUMBER);
        }
        if home.votes.is_empty() && home.surely_english {
            home.votes.extend(
                numbers
                    .only_country(&ENGLISH_SPEAKING)
                    .map(|country| (country, OTHER_NUMBER)),
            );
        }
        home.sort();
        home
    }

    /// In English nobody else writes numbers so; other languages are also those of people who live there.
    fn north_american(&mut self) {
        let known = |country| self.votes.iter().any(|(id, _)| *id == country);
        let country = if known(Id::CA) { Id::CA } else { Id::US };
        let vague = self.votes.iter().all(|(_, sum)| *sum <= MERE_LANGUAGE);
        let weight = match self.english {
            true => AMERICAN,
            false if known(country) || vague => MERE_LANGUAGE + 1,
            false => 0,
        };
        self.vote(country, weight);
    }

    /// Stable: of equal ones the earlier kind of evidence counts.
    fn sort(&mut self) {
        self.votes.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    }

    fn vote(&mut self, country: Id, weight: u32) {
        match self.votes.iter_mut().find(|(known, _)| *known == country) {
            Some((_, sum)) => *sum += weight,
            None => self.votes.push((country, weight)),
        }
    }

    /// Names of countries, states and large towns, and currencies. What stands alone or ends an address says where the business
    /// is; what stands in a sentence may be where its wine comes from.
    fn named(&mut self, text: &str) {
        let mut best: Vec<(Id, u32)> = Vec::new();
        for (at, index) in NAMES.all(text).take(MAX_HITS) {
            let (name, country) = place(index);
            let (before, after) = (text[..at].trim_end_matches(' '), &text[at + name.len()..]);
            let sign = !name.starts_with(char::is_alphabetic);
            let label = name.ends_with([':', ' ']);
            let glued = text[..at].ends_with(char::is_alphabetic) || (!label && after.starts_with(char::is_alphabetic));
            let written = &text[at..at + name.len()];
            // "Chile" is a country and "chile" food.
            let small = if name.starts_with(' ') {
                written.contains(char::is_lowercase)
            } else {
                written.starts_with(char::is_lowercase)
            };
            if (glued && !sign) || small {
                continue;
            }
            let begins = before.is_empty() || before.ends_with([',', '\n', '\t', '-', '–', '|', '(', ';']);
            let ends = after.is_empty() || after.starts_with([',', '\n', '\t', '.', '|', ')', ';']);
            let weight = if sign || label || (begins && ends) {
                NAMED_ALONE
            } else {
                MENTIONED
            };
            match best.iter_mut().find(|(known, _)| *known == country) {
                Some((_, known)) => *known = weight.max(*known),
                None => best.push((country, weight)),
            }
        }
        for (country, weight) in best {
            self.vote(country, weight);
        }
        for (sign, country) in SIGNS {
            if text.contains(sign) {
                self.vote(country, NAMED_ALONE);
            }
        }
    }

    /// Numbers with their country's code, those of chats among them, which are always written so.
    fn dialled(&mut self, scan: &Scan) {
        let hrefs = scan
            .anchors
            .iter()
            .map(|anchor| anchor.href.as_str())
            .filter(|href| href.starts_with("tel:"));
        let with_plus = std::iter::once(scan.text.as_str()).chain(hrefs).flat_map(|text| {
            let signs = text.match_indices('+').take(MAX_HITS);
            signs.map(|(at, _)| &text[at + 1..])
        });
        let chats = scan.anchors.iter().filter_map(|anchor| {
            let (_, number) = ["wa.me/", "whatsapp.com/send?phone=", "whatsapp.com/send/?phone="]
                .iter()
                .find_map(|chat| anchor.href.split_once(chat))?;
            Some(number.trim_start_matches(['+', '/']))
        });
        let mut known: Vec<Id> = Vec::new();
        for country in with_plus.chain(chats).filter_map(dialled) {
            if !known.contains(&country) {
                known.push(country);
                self.vote(country, DIALLED);
            }
        }
    }

    /// Mail at a domain of a country.
    fn mailed(&mut self, scan: &Scan) {
        let mut known: Vec<Id> = Vec::new();
        for (at, _) in scan.text.match_indices('@').take(MAX_HITS) {
            let host = scan.text[at + 1..]
                .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.'))
                .next()
                .unwrap_or_default();
            let Some((name, ending)) = host.trim_end_matches('.').rsplit_once('.') else {
                continue;
            };
            // "yahoo.fr" is where somebody once opened an account, which is mostly where they live.
            if let Some(country) = super::country_of(&ending.to_ascii_lowercase()).filter(|_| name.len() > 1)
                && !known.contains(&country)
            {
                known.push(country);
                self.vote(country, MAILED);
            }
        }
    }

    /// Maps from the country's own door of a search engine: `maps.google.co.in`.
    fn mapped(&mut self, scan: &Scan) {
        let hrefs = scan.anchors.iter().map(|anchor| anchor.href.as_str());
        for address in scan.frames.iter().map(String::as_str).chain(hrefs).take(MAX_ADDRESSES) {
            let Some((_, rest)) = address.split_once("google.") else {
                continue;
            };
            let host = rest.split(['/', '?']).next().unwrap_or_default();
            if address.contains("maps")
                && let Some(country) = super::country_of(host.rsplit('.').next().unwrap_or_default())
            {
                return self.vote(country, MAPPED);
            }
        }
    }
}

/// The country whose code a number in full begins with. `+1` and `+7` are of several; "+ 30 minutes" is no number.
fn dialled(text: &str) -> Option<Id> {
    let digits: String = text
        .chars()
        .take(24)
        .take_while(|c| c.is_ascii_digit() || matches!(c, ' ' | '(' | ')' | '-' | '.' | '/'))
        .filter(char::is_ascii_digit)
        .take(15)
        .collect();
    if digits.len() < 8 || digits.starts_with(['1', '7', '0']) {
        return None;
    }
    // No code begins another; the first country of a code is the one that it is known for.
    let regions = (2..=3).find_map(|length| DATABASE.region(&digits[..length].parse::<u16>().ok()?))?;
    regions.first()?.parse().ok()
}

/// The country of a language tag: `en-NZ`.
fn tagged(lang: Option<&str>) -> Option<Id> {
    lang?.split(['-', '_']).nth(1)?.to_ascii_uppercase().parse().ok()
}

const COUNTRIES: usize = countries::NAMES.len();

/// Whether a place is one of those that tell a country: a state, or a large town.
pub(crate) fn is_known(place: &str) -> bool {
    // Some stand between spaces in the list.
    let padded = format!(" {place} ");
    NAMES
        .all(&padded)
        .any(|(_, index)| index >= COUNTRIES && PLACES[index - COUNTRIES].0.trim().len() == place.len())
}

static NAMES: Words = Words::new(&names());

/// Countries, then states and towns.
const fn place(index: usize) -> (&'static str, Id) {
    if index < COUNTRIES {
        countries::NAMES[index]
    } else {
        PLACES[index - COUNTRIES]
    }
}

const fn names() -> [&'static str; COUNTRIES + PLACES.len()] {
    let mut out = [""; COUNTRIES + PLACES.len()];
    let mut at = 0;
    while at < out.len() {
        out[at] = place(at).0;
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::scrape::{dom, extract::walk};

    fn home(html: &str, url: &str, language: Option<&str>) -> Vec<Id> {
        let scan = walk::scan(&dom::parse(html));
        let context = Context::new(&url.parse().unwrap(), None, None);
        Home::of(&scan, &context, language).countries().collect()
    }

    #[test]
    fn places_mail_and_codes_tell_the_country_where_the_domain_does_not() {
        let at = "https://smile.github.io/";
        for (html, language, expected) in [
            ("<p>805 West Tower, Pasig City, Philippines", Some("en"), Id::PH),
            ("<p>Our shop in Nairobi<p>Nairobi, Kenya", Some("en"), Id::KE),
            ("<p>Mail: info@kapsalon.be", Some("nl"), Id::BE),
            ("<p>Bel ons", Some("nl"), Id::NL),
            ("<p>R$ 40 o corte", Some("pt"), Id::BR),
            ("<p>₹ 400 a lesson", Some("en"), Id::IN),
            ("<p>Call +64 9 123 4567", Some("en"), Id::NZ),
        ] {
            assert_eq!(home(html, at, language).first(), Some(&expected), "{html}");
        }
        assert_eq!(home("<p>Call us", at, Some("en")), []);
    }

    #[test]
    fn codes_are_those_of_the_country_that_they_are_known_for() {
        for (number, country) in [
            ("44 20 7946 0000", Some(Id::GB)),
            ("61 2 9374 4000", Some(Id::AU)),
            ("47 22 12 34 56", Some(Id::NO)),
            ("39 06 1234567", Some(Id::IT)),
            ("358 9 1234567", Some(Id::FI)),
            ("212 5 22 12 34 56", Some(Id::MA)),
            ("237 6 71 23 45 67", Some(Id::CM)),
            ("1 312 967 4138", None),
            (" 30 minutes", None),
        ] {
            assert_eq!(dialled(number), country, "{number}");
        }
    }

    #[test]
    fn a_domain_outweighs_places_that_a_page_speaks_of() {
        let html = "<p>Wine from Italy, Spain, France<p>Olives from Greece";
        assert_eq!(home(html, "https://www.deli.co.nz/", Some("en")).first(), Some(&Id::NZ));
        assert_eq!(
            home(
                "<p>Hatch chile, Sydney rock oysters + 30 min",
                "https://x.github.io/",
                None
            ),
            []
        );
        assert_eq!(home("<p>We chilled the Chilean wine", "https://x.github.io/", None), []);
    }
}
