//! People and what they do, where a page lists them: a name with a title or with a role beside it.

pub(super) mod names;
mod reached;
mod roles;
pub(super) mod words;

use crate::scrape::extract::context::Context;
use crate::scrape::extract::page::scan::{Line, LineKind, Scan, Zone};
use crate::scrape::extract::whose::own::Own;
use crate::scrape::payload::{Fact, PageFacts, Person, Source};
use crate::scrape::text::{contains_ci, fold, starts_ci};
pub(super) use names::looks_like_name;
use names::{has_title, in_sentence, introduced, is_title, japanese, same_person, without_titles};
use roles::ROLES;
use words::{ABSENT, TEAMS};

/// A longer list is a directory.
const MAX_PEOPLE: usize = 60;
/// Longer lines are prose, in which names stand behind titles only.
const MAX_LINE: usize = 160;
/// "Inhaber" in short, which begins a role.
const OWNER: &str = "Inh. ";
/// Roles that stand before a name without a colon.
const OWNERS: [&str; 4] = [OWNER, "Inhaber ", "Inhaberin ", "GF "];
/// Endings of streets whose names may hold a role.
const STREETS: [&str; 6] = ["straat", "straße", "strasse", "weg", "laan", "gasse"];
/// Roles that are too short to be found among other letters.
const SHORT_ROLES: [&str; 8] = ["VD", "CEO", "COO", "CFO", "GP", "GF", "DG", "PDG"];

/// Reads names and roles from lines that follow each other.
pub(crate) fn read(scan: &Scan, context: &Context, own: &Own, facts: &mut PageFacts) {
    listed(scan, context, facts);
    reached::read(scan, own, facts);
}

fn listed(scan: &Scan, context: &Context, facts: &mut PageFacts) {
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
        "equipa",
        "praxis",
        "praticien",
        "zespol",
        "behandler",
        "henkilo",
        "medarbe",
        "ansatte",
        "kolektiv",
        "teacher",
        "attorney",
    ]
    .iter()
    .any(|word| contains_ci(context.url.path(), word))
        || contains_ci(&scan.title, "team");
    let lines: Vec<&Line> = scan
        .lines
        .iter()
        .filter(|line| !matches!(line.zone, Zone::Nav | Zone::Quote))
        .collect();
    let text = |at: usize| lines.get(at).map_or("", |line| &scan.text[line.range.clone()]);
    // The level of the heading that announced people.
    let mut section: Option<u8> = None;
    for (at, line) in lines.iter().enumerate() {
        let own = text(at);
        if let LineKind::Heading(level) = line.kind {
            if speaks_of_team(own) {
                section = Some(level);
            } else if section.is_some_and(|outer| level <= outer)
                && looks_like_name(own).is_none()
                && split(own).is_none()
            {
                section = None;
            }
        }
        if own.len() < 5 || facts.people.len() >= MAX_PEOPLE {
            continue;
        }
        let place = Place {
            listed: team_page || section.is_some(),
            heading: matches!(line.kind, LineKind::Heading(_) | LineKind::Item),
            footer: line.zone == Zone::Footer,
        };
        if let Some((name, role)) = japanese(own) {
            add(name, Some(role), 50, facts);
        } else if own.len() <= MAX_LINE {
            let several = line.signs.list() && !place.footer && segments(own, place, facts);
            if !several {
                whole_line(own, [text(at + 1), text(at + 2)], place, facts);
            }
        } else if !place.footer && (line.signs.colon() || OWNERS.iter().any(|word| own.starts_with(word))) {
            // "Managing director: Jane Berg. Registered in …".
            let first = own.split(". ").next().unwrap_or_default();
            if let Some((name, role)) = role_then_name(first) {
                add(name, Some(role), 45, facts);
            }
        }
        if own.len() <= 600 && !place.footer && !line.signs.tab() {
            prose(own, line, facts);
        }
    }
}

/// Where a line stands.
#[derive(Clone, Copy)]
struct Place {
    /// On a page or in a section about people.
    listed: bool,
    heading: bool,
    footer: bool,
}

/// A line with one person.
fn whole_line(own: &str, next: [&str; 2], place: Place, facts: &mut PageFacts) {
    if let Some((name, role)) = split(own) {
        let titled = looks_like_name(name).unwrap_or_default();
        if place.heading || titled || place.listed || own.len() <= 80 {
            add(name, Some(role), 55, facts);
        }
        return;
    }
    if place.footer {
        return;
    }
    let Some(titled) = looks_like_name(own).filter(|_| !is_role(without_titles(own))) else {
        return;
    };
    // "Reception: Niamh" is somebody else.
    fn below(line: &str) -> Option<&str> {
        let others = |rest: &str| {
            rest.split(' ').count() <= 2 && rest.split(' ').all(|word| word.starts_with(char::is_uppercase))
        };
        let named = line.split_once(": ").is_some_and(|(_, rest)| others(rest));
        role_of(line).filter(|_| split(line).is_none() && !named)
    }
    let role = below(next[0]).or_else(|| {
        let named = looks_like_name(next[0]).is_some();
        (place.listed && !named).then(|| below(next[1])).flatten()
    });
    match role {
        Some(role) if place.heading || titled || place.listed || own.len() <= 40 => add(own, Some(role), 55, facts),
        None if titled && place.heading && place.listed => add(own, None, 40, facts),
        _ => {}
    }
}

/// Several people in one line: "Jana Berg (Ärztin), Emre Kaya (Arzt)", "Jo Bray – nurse · Ben Quick – vet".
fn segments(own: &str, place: Place, facts: &mut PageFacts) -> bool {
    let own = match own.split_once(": ") {
        Some((label, rest)) if speaks_of_team(label) || label.len() <= 20 => rest,
        _ => own,
    };
    let marks: &[&str] = if own.contains(" · ") || own.contains(" • ") || own.contains(" | ") {
        &[" · ", " • ", " | "]
    } else if own.contains("), ") || own.contains(") und ") || own.contains(") and ") {
        &["), ", ") und ", ") and ", ") y ", ") et ", ") e "]
    } else {
        return false;
    };
    let mut parts = vec![own];
    for mark in marks {
        parts = parts.into_iter().flat_map(|part| part.split(mark)).collect();
    }
    let pairs: Vec<(&str, &str)> = parts
        .iter()
        .filter_map(|part| split(part.trim_end_matches(['.', ')'])))
        .collect();
    let enough = pairs.len() >= 2 || (pairs.len() == 1 && place.listed);
    if enough {
        for (name, role) in pairs {
            add(name, Some(role), 50, facts);
        }
    }
    enough
}

/// Names behind titles in sentences, where nothing says that they are somebody else's.
fn prose(text: &str, line: &Line, facts: &mut PageFacts) {
    let (introducing, several) = (line.cues.introduced, line.signs.list());
    let titled = line.cues.titled && has_title(text);
    if !(introducing || titled || several) {
        return;
    }
    let mut rest = text;
    while !rest.is_empty() {
        // Titles end in full stops too: only a long word before one ends a sentence.
        let end = rest
            .match_indices(". ")
            .find(|(at, _)| {
                let word = rest[..*at].rsplit(' ').next().unwrap_or_default();
                word.chars().count() > 4 && !is_title(word)
            })
            .map_or(rest.len(), |(at, _)| at + 1);
        let sentence = &rest[..end];
        let place = Place {
            listed: false,
            heading: false,
            footer: false,
        };
        if several && (sentence.len() < text.len() || text.len() > MAX_LINE) {
            segments(sentence, place, facts);
        }
        if introducing && let Some(name) = introduced(sentence) {
            add(name, None, 35, facts);
        }
        if titled && !ABSENT.any(sentence) {
            for name in in_sentence(sentence) {
                add(name, None, 35, facts);
            }
        }
        rest = rest[end..].trim_start();
    }
}

pub(super) fn add(name: &str, role: Option<&str>, trust: u8, facts: &mut PageFacts) {
    let name = name.trim().trim_end_matches([',', '.', ':', '–', '-']).trim();
    if matches!(
        fold(name).as_str(),
        "john doe" | "jane doe" | "max mustermann" | "erika mustermann" | "mario rossi"
    ) {
        return;
    }
    let role = role.map(|role| crate::scrape::text::squeeze_to(role, 100));
    // "Locatie Zuilen" above "Amsterdamsestraatweg 512": a branch and its street.
    let is_street = |role: &str| STREETS.iter().any(|ending| role.ends_with(ending));
    if role.as_deref().is_some_and(is_street) {
        return;
    }
    if let Some(known) = facts
        .people
        .iter_mut()
        .find(|known| same_person(&known.value.name, name))
    {
        if known.value.role.is_none() && known.source == Source::Text {
            (known.value.role, known.trust) = (role, known.trust.max(trust));
        }
        return;
    }
    if facts.people.len() < MAX_PEOPLE {
        let name = name.to_owned();
        facts
            .people
            .push(Fact::with_trust(Person { name, role }, Source::Text, trust));
    }
}

fn speaks_of_team(heading: &str) -> bool {
    heading.len() <= 80 && TEAMS.any(heading)
}

/// A name and a role in one line, in either order.
fn split(line: &str) -> Option<(&str, &str)> {
    let shouted = |two: &[u8]| two.iter().all(u8::is_ascii_uppercase);
    let short = || {
        line.contains(OWNER)
            || (line.as_bytes().windows(2).any(shouted) && SHORT_ROLES.iter().any(|role| line.contains(role)))
    };
    if !ROLES.any(line) && !short() {
        return None;
    }
    name_then_role(line)
        .or_else(|| role_then_name(line))
        .or_else(|| run_together(line))
}

/// "Jane Doe – Receptionist" and "Jane Doe, Dentist".
fn name_then_role(line: &str) -> Option<(&str, &str)> {
    [" – ", " — ", " - ", " | ", " · ", ", ", ": ", "\t", " ("]
        .iter()
        .find_map(|mark| {
            let (name, rest) = line.split_once(mark)?;
            let name = name.trim();
            let named = looks_like_name(name).is_some() && !is_role(without_titles(name));
            let role = role_of(rest.split('\t').next()?.trim_start_matches('('))?;
            named.then_some((name, role))
        })
}

/// "Geschäftsführer: Roland Berg, Meister", "Inh. Jana Berg", "Veteriner Hekim Gülşen Akıncı".
fn role_then_name(line: &str) -> Option<(&str, &str)> {
    let cut = |name: &str| -> Option<usize> {
        let end = name.find([',', '(', ';', '·', '|', '\t']).unwrap_or(name.len());
        let end = name[..end].find(" – ").unwrap_or(end);
        let end = name[..end].find(". ").filter(|at| *at > 8).unwrap_or(end);
        let name = name[..end].trim().trim_end_matches('.');
        looks_like_name(name).is_some().then_some(name.len())
    };
    if let Some((label, rest)) = line.split_once(": ") {
        let rest = rest.trim_start();
        let role = role_of(label).filter(|_| label.len() <= 40)?;
        return cut(rest).map(|end| (&rest[..end], role));
    }
    for word in OWNERS {
        if let Some(rest) = line.strip_prefix(word) {
            return cut(rest).map(|end| (&rest[..end], word.trim()));
        }
    }
    None
}

/// "Jane DoeDentist" and "Jane Doe Dentist", as layouts without a mark between them leave it.
fn run_together(line: &str) -> Option<(&str, &str)> {
    let company = [
        "Ltd", "GmbH", "S.r.l", "Inc", "LLC", "Lda", "s.r.o", "Kft", "Sp. z", "AB", "ApS",
    ]
    .iter()
    .any(|form| line.contains(form));
    if line.len() > 90 || company {
        return None;
    }
    let spaces: Vec<usize> = line.match_indices(' ').map(|(at, _)| at).take(5).collect();
    let at = spaces.iter().skip(1).find(|at| {
        let (name, rest) = (&line[..**at], line[**at..].trim_start());
        let first = rest.split(' ').next().unwrap_or_default();
        let begins = ROLES
            .all(rest)
            .any(|(place, index)| ends_word(rest, place, index) && place <= 24)
            && (is_role(first) || rest.split(' ').count() <= 4);
        begins && !is_role(without_titles(name)) && looks_like_name(name).is_some() && role_of(rest).is_some()
    })?;
    Some((&line[..*at], role_of(line[*at..].trim_start())?))
}

/// Whether the role found at a place is a word of its own or the stem of one: not "dentist" in "dentistry".
fn ends_word(line: &str, at: usize, index: usize) -> bool {
    let rest = &line[at + ROLES.word(index).len()..];
    let tail = rest.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let begins = !line[..at].ends_with(char::is_alphabetic) || ROLES.word(index).len() >= 5;
    begins && tail.chars().count() <= 6 && !matches!(tail, "ry" | "ies" | "ship" | "ing" | "y")
}

/// The role that a line begins with, without numbers of licences and remarks behind it.
fn role_of(line: &str) -> Option<&str> {
    let mut end = line
        .find([';', '·', '•', '|', '@', '(', ')', '\t'])
        .unwrap_or(line.len());
    for mark in [" – ", ". ", " - ", " — "] {
        end = end.min(line[..end].find(mark).filter(|at| *at > 5).unwrap_or(end));
    }
    let digit = line[..end].find(|c: char| c.is_ascii_digit()).unwrap_or(end);
    let role = line[..digit.min(end)]
        .trim()
        .trim_end_matches([')', ',', ':', '.', '-', '–'])
        .trim();
    let first = role.split(' ').next().unwrap_or_default();
    // "Zahnärztin" is a title before a name and a role behind it.
    let may_begin = !is_title(first) || first.starts_with("dipl") || (role == first && first.len() >= 6);
    (may_begin && is_role(role)).then_some(role)
}

/// A short line with the word of a role in it.
fn is_role(line: &str) -> bool {
    let words = line.split(' ').count();
    if SHORT_ROLES.contains(&line) {
        return true;
    }
    (2..=90).contains(&line.len())
        && words <= 9
        && !line.ends_with(['?', '!'])
        && line.get(6..).is_none_or(|rest| !rest.contains(". "))
        && !line.bytes().any(|b| b.is_ascii_digit())
        && ![
            "our ", "meet ", "your ", "the ", "book ", "call ", "contact ", "we ", "unser", "nos ", "notre ", "nuestr",
            "find ",
        ]
        .iter()
        .any(|word| starts_ci(line, word))
        && ROLES.all(line).any(|(at, index)| ends_word(line, at, index))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::scrape::extract::extract_html;

    #[test]
    fn names_and_headings() {
        for (text, expected) in [
            ("Dr. Jane Doe", Some(true)),
            ("Dr. med. dent. Anna von Berg", Some(true)),
            ("Mary-Ann O'Neil", Some(false)),
            ("Jane Doe BDS, MSc", Some(false)),
            ("Dr Smith", Some(true)),
            ("JUDr. Kateřina Vlčková", Some(true)),
            ("lek. wet. Joanna Przybylska", Some(true)),
            ("Dott.ssa Elisa Marengo", Some(true)),
            ("Mr J. R. Pemberton BDS", Some(true)),
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
        for (line, expected) in [
            ("Jane Doe – Practice Manager", Some(("Jane Doe", "Practice Manager"))),
            (
                "Dra. Amparo Ferrer, Directora médica · Col. 4600",
                Some(("Dra. Amparo Ferrer", "Directora médica")),
            ),
            (
                "Hilde Solvang Nygård\tSpesialist i manuellterapi\tLedig",
                Some(("Hilde Solvang Nygård", "Spesialist i manuellterapi")),
            ),
            (
                "Geschäftsführer: Roland Gäßler, Kfz-Meister",
                Some(("Roland Gäßler", "Geschäftsführer")),
            ),
            (
                "Chidi Okafor Founding Partner",
                Some(("Chidi Okafor", "Founding Partner")),
            ),
            ("Hygienist: Mrs Pat Coe", Some(("Mrs Pat Coe", "Hygienist"))),
            (
                "Dr. Elisabeth Huber – Zahnärztin",
                Some(("Dr. Elisabeth Huber", "Zahnärztin")),
            ),
            ("Dr. Anna Berg, Zahnärztin", Some(("Dr. Anna Berg", "Zahnärztin"))),
            ("dipl. Augenoptikerin FH, Inhaberin", None),
            ("Kids Dentistry", None),
            ("Teeth Whitening – Dentistry", None),
        ] {
            assert_eq!(split(line), expected, "{line}");
        }
        assert!(is_role("Zahnärztin"));
        assert!(!is_role("Our dentists love what they do. Really"));
        assert!(!is_role("Kids Dentistry"));
    }

    #[test]
    fn people_in_sentences_and_lists() {
        let names = |html: &str| {
            let facts = extract_html(html, &"https://www.smile.example/".parse().unwrap(), None);
            facts.people.into_iter().map(|fact| fact.value.name).collect::<Vec<_>>()
        };
        assert_eq!(
            names("<p>Dr. med. vet. Anke Pauquet und Dr. Philippe Derwahl kümmern sich um Ihr Tier.</p>"),
            ["Dr. med. vet. Anke Pauquet", "Dr. Philippe Derwahl"]
        );
        assert_eq!(
            names("<p>Vertretung im Urlaub: Dr. Karl Wolff, Tel. 030 12345</p>"),
            Vec::<String>::new()
        );
        assert_eq!(
            names("<h3>Regula Zellweger</h3><p>dipl. Augenoptikerin FH, Inhaberin</p>"),
            ["Regula Zellweger"]
        );
        assert_eq!(
            names(
                "<p>Unser Team: Dr. Kerstin Albrecht (Zahnärztin), Emre Yıldız (angestellter Zahnarzt), Sandra Pohl (Prophylaxe)</p>"
            ),
            ["Dr. Kerstin Albrecht", "Emre Yıldız", "Sandra Pohl"]
        );
        assert_eq!(
            names(
                "<h2>Team</h2><h3>Nils Berg</h3><p>Tierarzt</p><p>Schwerpunkt Zahnheilkunde</p><h3>Aylin Kaya</h3><p>Tiermedizinische Fachangestellte</p>"
            ),
            ["Nils Berg", "Aylin Kaya"]
        );
        assert_eq!(names("<p>院長 日向 早紀子（ひなた さきこ）</p>"), ["日向 早紀子"]);
        assert_eq!(names("<h3>John Doe</h3><p>Dentist</p>"), Vec::<String>::new());
    }
}
