//! How well companies of a register fit a restaurant, in points out of a hundred, each with its reason.

use super::company::{CompanyDetails, CompanyFound, Standing};
use super::company_name::{plain_words, telling_words, words};
use super::street;

/// What is known of the restaurant whose company is sought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    pub name: String,
    pub address: Option<String>,
    pub city: Option<String>,
    pub phone: Option<String>,
}

/// A company, and how well it fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    pub company: CompanyFound,
    pub details: Option<CompanyDetails>,
    /// From 0 to 1: the points of all reasons, over a hundred.
    pub score: f64,
    /// For a person to read; each ends with its points.
    pub match_reasons: Vec<String>,
}

const SAME_NAME: u32 = 70;
const SAME_TELLING_WORDS: u32 = 62;
/// For a name that is the same but for a letter, nearly.
const LIKE_NAME: f64 = 60.0;
/// Names less alike than this have nothing to do with each other.
const LEAST_LIKENESS: f64 = 0.3;
/// A name that is no longer used says less.
const FORMER_NAME: u32 = 10;
const SAME_STREET: u32 = 5;
const SAME_DOOR: u32 = 12;
const SAME_CITY: u32 = 8;
const SAME_PHONE: u32 = 10;
const GONE: u32 = 30;
const TROUBLED: u32 = 10;

/// The companies, best first; those that fit equally well stay in the order in which they came.
#[must_use]
pub fn rank(sought: &Sought, companies: Vec<(CompanyFound, Option<CompanyDetails>)>) -> Vec<Ranked> {
    let mut ranked: Vec<(u32, Ranked)> = companies
        .into_iter()
        .map(|(company, details)| {
            let reasons = Reasons::of(sought, &company, details.as_ref());
            let one = Ranked {
                company,
                details,
                score: f64::from(reasons.points) / 100.0,
                match_reasons: reasons.told,
            };
            (reasons.points, one)
        })
        .collect();
    ranked.sort_by_key(|(points, _)| std::cmp::Reverse(*points));
    ranked.into_iter().map(|(_, one)| one).collect()
}

#[derive(Default)]
struct Reasons {
    points: u32,
    told: Vec<String>,
}

impl Reasons {
    fn of(sought: &Sought, company: &CompanyFound, details: Option<&CompanyDetails>) -> Self {
        let mut reasons = Self::default();
        reasons.name(sought, company, details);
        if let Some(details) = details {
            reasons.place(sought, details);
            reasons.phone(sought, details);
        }
        reasons.standing(company);
        reasons
    }

    fn add(&mut self, points: u32, reason: &str) {
        self.points += points;
        self.told.push(format!("{reason}: +{points}"));
    }

    /// Takes no more than there is, so that the reasons always add up.
    fn take(&mut self, points: u32, reason: &str) {
        let points = points.min(self.points);
        self.points -= points;
        self.told.push(format!("{reason}: -{points}"));
    }

    fn name(&mut self, sought: &Sought, company: &CompanyFound, details: Option<&CompanyDetails>) {
        let more = |of: fn(&CompanyDetails) -> &Vec<String>| details.map(of).into_iter().flatten();
        let trading = company
            .trading_names
            .iter()
            .chain(more(|details| &details.trading_names));
        let names = std::iter::once(("the name", &company.name, 0))
            .chain(trading.map(|name| ("the trading name", name, 0)))
            .chain(more(|details| &details.previous_names).map(|name| ("the former name", name, FORMER_NAME)));
        let mut best = (0, "no name of the company is like the restaurant's".to_owned());
        for (which, name, less) in names {
            let (points, how) = likeness(sought, name);
            let points = points.saturating_sub(less);
            if points > best.0 {
                best = (points, format!("{which} \"{name}\" {how}"));
            }
        }
        self.add(best.0, &best.1);
    }

    fn place(&mut self, sought: &Sought, details: &CompanyDetails) {
        let places: Vec<(String, String)> = details
            .addresses
            .iter()
            .map(|address| {
                let kind = address.kind.as_deref().unwrap_or("an").to_lowercase();
                let text = [address.lines.join(", "), address.post_code.clone().unwrap_or_default()];
                (kind, text.join(" "))
            })
            .collect();
        if let Some(here) = sought.address.as_deref().and_then(street::door) {
            let theirs = |wanted: &dyn Fn(&street::Door) -> bool| {
                places
                    .iter()
                    .find(|(_, text)| street::door(text).is_some_and(|door| wanted(&door)))
            };
            if let Some((kind, _)) = theirs(&|door| *door == here) {
                self.add(SAME_DOOR, &format!("the {kind} address has the same street and number"));
            } else if let Some((kind, _)) = theirs(&|door| door.street == here.street) {
                self.add(SAME_STREET, &format!("the {kind} address is in the same street"));
            }
        }
        let city = sought.city.as_deref().map(plain_words).unwrap_or_default();
        let in_city = |text: &str| !city.is_empty() && plain_words(text).windows(city.len()).any(|words| words == city);
        if let Some((kind, _)) = places.iter().find(|(_, text)| in_city(text)) {
            let city = sought.city.as_deref().unwrap_or_default();
            self.add(SAME_CITY, &format!("the {kind} address is in {city}"));
        }
    }

    fn phone(&mut self, sought: &Sought, details: &CompanyDetails) {
        let ours = sought.phone.as_deref().and_then(national_number);
        if ours.is_some() && details.phones.iter().any(|theirs| national_number(theirs) == ours) {
            self.add(SAME_PHONE, "the phone number is the same");
        }
    }

    fn standing(&mut self, company: &CompanyFound) {
        let status = company.status.as_deref().unwrap_or("no status");
        match company.standing {
            Standing::Registered => {}
            Standing::Troubled => self.take(TROUBLED, &format!("the company is in trouble ({status})")),
            Standing::Gone => self.take(GONE, &format!("the company does no business any more ({status})")),
        }
    }
}

/// The points of one name, and how it is like the one that is sought.
fn likeness(sought: &Sought, name: &str) -> (u32, String) {
    let (ours, theirs) = (words(&sought.name), words(name));
    if ours.is_empty() || theirs.is_empty() {
        return (0, String::new());
    }
    if ours == theirs {
        return (SAME_NAME, "is the same".to_owned());
    }
    let city = sought.city.as_deref();
    let telling = telling_words(&sought.name, city);
    if telling == telling_words(name, city) {
        return (
            SAME_TELLING_WORDS,
            "is the same but for words that many have".to_owned(),
        );
    }
    let alike = share_alike(&ours, &theirs).max(share_alike(&telling, &telling_words(name, city)));
    if alike < LEAST_LIKENESS {
        return (0, String::new());
    }
    // Between 0 and 60, so nothing is cut off.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let points = (alike * LIKE_NAME).round() as u32;
    (points, format!("is alike by {:.0} %", alike * 100.0))
}

/// The mean of what the texts have in common, letter by letter, and of the words that both have.
fn share_alike(ours: &[String], theirs: &[String]) -> f64 {
    let letters = strsim::normalized_damerau_levenshtein(&ours.join(" "), &theirs.join(" "));
    let sorted = |words: &[String]| {
        let mut words = words.to_vec();
        words.sort();
        words.join(" ")
    };
    let letters = letters.max(strsim::normalized_damerau_levenshtein(&sorted(ours), &sorted(theirs)));
    let common: Vec<f64> = ours.iter().map(|word| closest(word, theirs)).collect();
    let back: Vec<f64> = theirs.iter().map(|word| closest(word, ours)).collect();
    let number = u32::try_from(common.len() + back.len()).unwrap_or(u32::MAX);
    let in_words = common.iter().chain(&back).sum::<f64>() / f64::from(number);
    f64::midpoint(letters, in_words)
}

/// How like the word is to the likest of the others; 0 where it is another word.
fn closest(word: &str, others: &[String]) -> f64 {
    let likest = others
        .iter()
        .map(|other| strsim::normalized_damerau_levenshtein(word, other))
        .fold(0.0, f64::max);
    if likest >= 0.7 { likest } else { 0.0 }
}

/// The digits of a phone number within its country; `None` where they are too few to tell anybody.
fn national_number(phone: &str) -> Option<String> {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.strip_prefix("00").unwrap_or(&digits);
    let digits = digits
        .strip_prefix("64")
        .filter(|rest| rest.len() >= 8)
        .unwrap_or(digits);
    let digits = digits.trim_start_matches('0');
    (digits.len() >= 7).then(|| digits.to_owned())
}

#[cfg(test)]
#[path = "likeness_tests.rs"]
mod tests;
