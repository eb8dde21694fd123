//! People and what they do, where a page lists them: a name with a title or with a role beside it.

use super::context::Context;
use super::scan::{Line, LineKind, Scan, Zone};
use crate::scrape::payload::{Fact, PageFacts, Person, Source};
use crate::scrape::text::{Words, contains_ci, fold, starts_ci};

/// A longer list is a directory.
const MAX_PEOPLE: usize = 60;

const TITLES: [&str; 19] = [
    "dr",
    "dr.",
    "drs.",
    "prof",
    "prof.",
    "professor",
    "mr",
    "mr.",
    "mrs",
    "mrs.",
    "ms",
    "ms.",
    "miss",
    "dra.",
    "dott.",
    "dott.ssa",
    "dipl.-stom.",
    "zahnarzt",
    "zahnärztin",
];

/// Words of roles; a role line holds one of them.
static ROLES: Words = Words::new(&[
    "dentist",
    "orthodontist",
    "endodontist",
    "periodontist",
    "prosthodontist",
    "hygienist",
    "therapist",
    "dental assistant",
    "receptionist",
    "reception",
    "manager",
    "nurse",
    "doctor",
    "physician",
    "general practitioner",
    "surgeon",
    "physiotherapist",
    "chiropractor",
    "osteopath",
    "optometrist",
    "optician",
    "veterinarian",
    "vet nurse",
    "psychologist",
    "podiatrist",
    "owner",
    "director",
    "founder",
    "principal",
    "partner",
    "chef",
    "stylist",
    "coordinator",
    "co-ordinator",
    "administrator",
    "assistant",
    "technician",
    "consultant",
    "solicitor",
    "lawyer",
    "attorney",
    "accountant",
    "pharmacist",
    "audiologist",
    "dietitian",
    "midwife",
    "counsellor",
    "counselor",
    "specialist",
    "clinician",
    "practitioner",
    "instructor",
    "trainer",
    "barber",
    "colourist",
    "groomer",
    "front desk",
    "treatment",
    "head of",
    "lead ",
    "zahnarzt",
    "zahnärztin",
    "arzt",
    "ärztin",
    "kieferorthopäd",
    "praxismanag",
    "zfa",
    "mfa",
    "prophylaxe",
    "assistentin",
    "inhaber",
    "geschäftsführ",
    "fachangestellte",
    "auszubildende",
    "rezeption",
    "verwaltung",
    "dentiste",
    "chirurgien",
    "médecin",
    "secrétaire",
    "assistante",
    "kinésithérapeute",
    "gérant",
    "odontólog",
    "médic",
    "recepcionista",
    "higienista",
    "tandarts",
    "hygiënist",
    "assistente",
    "eigenaar",
    "dentista",
    "titolare",
    "medico",
]);

/// Words that begin headings, never names.
const NO_NAMES: [&str; 60] = [
    "our",
    "the",
    "meet",
    "about",
    "contact",
    "welcome",
    "dental",
    "dentist",
    "dentists",
    "clinic",
    "practice",
    "team",
    "services",
    "opening",
    "hours",
    "home",
    "your",
    "why",
    "what",
    "how",
    "book",
    "new",
    "emergency",
    "cosmetic",
    "general",
    "family",
    "teeth",
    "smile",
    "smiles",
    "oral",
    "health",
    "care",
    "medical",
    "center",
    "centre",
    "call",
    "find",
    "get",
    "more",
    "read",
    "learn",
    "privacy",
    "patient",
    "patients",
    "unser",
    "unsere",
    "das",
    "die",
    "der",
    "notre",
    "nuestro",
    "praxis",
    "impressum",
    "street",
    "road",
    "avenue",
    "monday",
    "hygiene",
    "whitening",
    "implants",
];

/// Reads names and roles from lines that follow each other.
pub(crate) fn read(scan: &Scan, context: &Context, facts: &mut PageFacts) {
    let team_page = [
        "team",
        "staff",
        "people",
        "about",
        "doctor",
        "dentist",
        "ueber",
        "equipe",
        "equipo",
        "praxis",
        "praticien",
    ]
    .iter()
    .any(|word| contains_ci(context.url.path(), word))
        || contains_ci(&scan.title, "team");
    let mut section = false;
    let lines: Vec<&Line> = scan
        .lines
        .iter()
        .filter(|line| !matches!(line.zone, Zone::Nav | Zone::Quote))
        .collect();
    let text = |at: usize| lines.get(at).map_or("", |line| &scan.text[line.range.clone()]);
    for (at, line) in lines.iter().enumerate() {
        let own = text(at);
        if let LineKind::Heading(level) = line.kind
            && level <= 3
            && speaks_of_team(own)
        {
            section = true;
        }
        if own.len() > 160 || own.len() < 5 || facts.people.len() >= MAX_PEOPLE || line.zone == Zone::Footer {
            continue;
        }
        let (name, inline_role) = split_role(own);
        let Some(titled) = looks_like_name(name).filter(|titled| *titled || !is_role(name)) else {
            continue;
        };
        let role = inline_role
            .filter(|role| is_role(role))
            .or_else(|| {
                [text(at + 1), text(at + 2)]
                    .into_iter()
                    .take(if team_page || section { 2 } else { 1 })
                    .find(|next| is_role(next))
            })
            .map(|role| crate::scrape::text::squeeze_to(role, 100));
        let heading = matches!(line.kind, LineKind::Heading(_) | LineKind::Item);
        let believable = role.is_some() && (heading || titled || team_page || section)
            || (titled && heading && (team_page || section));
        if !believable || facts.people.iter().any(|known| same_person(&known.value.name, name)) {
            continue;
        }
        let trust = if role.is_some() { 55 } else { 40 };
        facts.people.push(Fact::with_trust(
            Person {
                name: name.to_owned(),
                role,
            },
            Source::Text,
            trust,
        ));
    }
}

fn speaks_of_team(heading: &str) -> bool {
    [
        "team",
        "staff",
        "our people",
        "meet",
        "our dentists",
        "our doctors",
        "who we are",
        "équipe",
        "equipo",
        "behandler",
        "ärzte",
    ]
    .iter()
    .any(|word| contains_ci(heading, word))
}

/// "Jane Doe – Receptionist" and "Jane Doe, Dentist" as name and role.
fn split_role(line: &str) -> (&str, Option<&str>) {
    for mark in [" – ", " — ", " - ", " | ", ", ", ": ", "\t", " ("] {
        if let Some((name, role)) = line.split_once(mark) {
            let role = role.trim_end_matches(')').trim();
            if is_role(role) {
                return (name.trim(), Some(role));
            }
        }
    }
    (line.trim(), None)
}

/// A short line with the word of a role in it.
fn is_role(line: &str) -> bool {
    let words = line.split(' ').count();
    (2..=90).contains(&line.len())
        && words <= 9
        && !line.ends_with(['?', '!'])
        && line.matches(". ").count() == 0
        && !line.bytes().any(|b| b.is_ascii_digit())
        && ![
            "our ", "meet ", "your ", "the ", "book ", "call ", "contact ", "we ", "unser",
        ]
        .iter()
        .any(|word| starts_ci(line, word))
        && ROLES.any(line)
}

/// Whether a text is a person's name, and if so whether it has a title.
pub(super) fn looks_like_name(text: &str) -> Option<bool> {
    if text.len() > 60
        || text.bytes().any(|b| b.is_ascii_digit())
        || text.contains(['@', '?', '!', ':', '&', '/', '|', '"', '©'])
    {
        return None;
    }
    let capitals = text
        .split(' ')
        .filter(|word| word.starts_with(char::is_uppercase))
        .count();
    if capitals < 2 || text.split(' ').count() > 8 {
        return None;
    }
    let mut titled = false;
    let mut names = 0;
    for (place, word) in text.split(' ').enumerate() {
        let lower = word.to_lowercase();
        if names == 0
            && (TITLES.contains(&lower.as_str())
                || lower.ends_with("med.")
                || lower == "med"
                || lower == "dent."
                || lower == "dent")
        {
            titled = true;
            continue;
        }
        let particle = matches!(
            lower.as_str(),
            "von"
                | "van"
                | "de"
                | "der"
                | "den"
                | "du"
                | "da"
                | "del"
                | "di"
                | "la"
                | "le"
                | "zu"
                | "al"
                | "bin"
                | "te"
                | "ter"
        );
        if particle && names > 0 {
            continue;
        }
        let letters = word.trim_matches(|c: char| matches!(c, '.' | ',' | '(' | ')' | '\'' | '’' | '-'));
        let shaped = letters.chars().next().is_some_and(char::is_uppercase)
            && letters
                .chars()
                .all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-' | '.'));
        let degree = names >= 2 && (word.chars().filter(|c| c.is_uppercase()).count() >= 2 || word.contains('.'));
        if degree {
            continue;
        }
        if !shaped
            || (place <= 1 && NO_NAMES.contains(&fold(letters).as_str()))
            || (names > 0 && NO_NAMES.contains(&fold(letters).as_str()))
        {
            return None;
        }
        names += 1;
    }
    let shouted = text.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase);
    let enough = if titled {
        (1..=4).contains(&names)
    } else {
        (2..=4).contains(&names)
    };
    (enough && (titled || !shouted)).then_some(titled)
}

/// One person under two spellings: with and without title.
fn same_person(one: &str, other: &str) -> bool {
    let core = |name: &str| {
        fold(name)
            .split(' ')
            .filter(|word| !TITLES.contains(word) && !matches!(*word, "med" | "dent"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    core(one) == core(other)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn names_and_headings() {
        for (text, expected) in [
            ("Dr. Jane Doe", Some(true)),
            ("Dr. med. dent. Anna von Berg", Some(true)),
            ("Mary-Ann O'Neil", Some(false)),
            ("Jane Doe BDS, MSc", Some(false)),
            ("Dr Smith", Some(true)),
            ("Our Team", None),
            ("Dental Implants", None),
            ("jane doe", None),
            ("General Dentistry", None),
            ("Opening Hours", None),
        ] {
            assert_eq!(looks_like_name(text), expected, "{text}");
        }
    }

    #[test]
    fn roles_beside_names() {
        assert_eq!(
            split_role("Jane Doe – Practice Manager"),
            ("Jane Doe", Some("Practice Manager"))
        );
        assert!(is_role("Zahnärztin"));
        assert!(!is_role("Our dentists love what they do. Really"));
    }
}
