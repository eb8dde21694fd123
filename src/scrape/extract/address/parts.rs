//! The parts that a line with an address falls into, and what a town, a county or a country looks like.

use super::codes::{Code, Town};
use super::street::begins_street;
use super::units::{is_box, is_unit};
use crate::scrape::extract::countries;
use crate::scrape::text::fold;
use phonenumber::country::Id;

/// The number of a house in a part of its own, also with the door behind it: `nº 88`, `1345 casa 20`.
pub(super) fn is_number(part: &str) -> bool {
    const DOORS: [&str; 12] = [
        "casa", "int", "interior", "apto", "apt", "dpto", "depto", "oficina", "of", "sala", "loja", "piso",
    ];
    let with_door = || {
        let (number, door) = part.split_once(' ')?;
        let kind = fold(door.split(' ').next()?);
        (is_bare_number(number) && DOORS.contains(&kind.as_str()) && door.len() <= 12).then_some(())
    };
    is_bare_number(part) || is_range(part) || with_door().is_some()
}

/// Neighbouring houses: "4531-4532", but no telephone, no years and no hours.
fn is_range(part: &str) -> bool {
    let number =
        |end: &str| (2..=5).contains(&end.len()) && !end.starts_with('0') && end.bytes().all(|b| b.is_ascii_digit());
    let Some((from, to)) = part.split_once('-').filter(|(from, to)| number(from) && number(to)) else {
        return false;
    };
    match (from.parse::<u32>(), to.parse::<u32>()) {
        (Ok(from), Ok(to)) => from > 24 && (from + 1..=from + 20).contains(&to) && !(1900..2100).contains(&from),
        _ => false,
    }
}

fn is_bare_number(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    (1..=5).contains(&digits)
        && part.len() <= digits + 6
        && part.starts_with(|c: char| c.is_ascii_digit() || c == 'n' || c == 'N')
}

/// "Find us at 12 High Street" begins at its number, or at the part of the building before it; Brazilian streets end with theirs.
pub(super) fn from_number<'a>(part: &'a str, code: &Code) -> &'a str {
    if code.town == Town::After || code.country == Id::BR || is_box(part) {
        return part;
    }
    let words: Vec<&str> = part.split(' ').collect();
    let Some(number) = words
        .iter()
        .position(|word| word.starts_with(|c: char| c.is_ascii_digit()))
    else {
        return part;
    };
    let unit = (0..number).find(|at| is_unit(words[*at]) && number - at <= 2);
    let start = unit.unwrap_or(number);
    let skip: usize = words[..start].iter().map(|word| word.len() + 1).sum();
    &part[skip..]
}

/// Whether what stands before a colon says that a house number follows: "Reşit Paşa Cd. NO:88/A".
fn numbers(label: &str) -> bool {
    let last = label.rsplit(' ').next().unwrap_or_default();
    label.len() > last.len() && matches!(last.to_ascii_lowercase().as_str(), "no" | "nr" | "n" | "num")
}

/// The text behind a label such as "Address:".
pub(super) fn without_label(part: &str) -> &str {
    match part.split_once(':') {
        Some((label, rest))
            if label.len() <= 30
                && !label.bytes().any(|b| b.is_ascii_digit())
                && !numbers(label)
                && (rest.trim().len() >= 4 || is_number(rest.trim())) =>
        {
            rest.trim()
        }
        _ => part,
    }
}

/// Parts of a line between commas and the marks that layouts use.
pub(super) fn split(line: &str) -> Vec<&str> {
    line.split([',', '|', '•', '·', '\t', ';', '●', '∙', '/'])
        .flat_map(|part| part.split(" - "))
        .flat_map(|part| part.split(" – "))
        .flat_map(|part| part.split("---"))
        .map(trimmed)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .into_iter()
        .fold(Vec::new(), |mut parts: Vec<&str>, part| {
            // A slash between numbers belongs to them: "5/12 Smith Road".
            match parts.last() {
                Some(last) if is_slash_between(line, last, part) => {
                    let start = last.as_ptr() as usize - line.as_ptr() as usize;
                    let end = part.as_ptr() as usize - line.as_ptr() as usize + part.len();
                    parts.pop();
                    parts.push(&line[start..end]);
                }
                _ => parts.push(part),
            }
            parts
        })
}

fn is_slash_between(line: &str, last: &str, part: &str) -> bool {
    let end = last.as_ptr() as usize - line.as_ptr() as usize + last.len();
    let next = part.as_ptr() as usize - line.as_ptr() as usize;
    let letter = last.ends_with(|c: char| c.is_ascii_digit())
        && part.starts_with(|c: char| c.is_ascii_alphabetic())
        && !part[1..].starts_with(char::is_alphabetic);
    let number =
        letter || last.ends_with(|c: char| c.is_alphanumeric()) && part.starts_with(|c: char| c.is_ascii_digit());
    // Spanish writes "C/ Mayor" for "Calle Mayor".
    let calle = last == "C" || last == "c" || last.ends_with(" C");
    (number && &line[end..next] == "/") || (calle && line[end..next].starts_with('/'))
}

fn trimmed(part: &str) -> &str {
    part.trim_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ':' | '(' | ')' | '-' | '–' | '"'))
}

/// The town behind a postal code, the region in brackets after it, and what follows.
pub(super) fn town_after(right: &str) -> Option<(&str, Option<&str>, &str)> {
    let start = right.len() - right.trim_start_matches([' ', ',']).len();
    if start > 3 {
        return None;
    }
    let text = &right[start..];
    // "5541 BA te Reusel".
    let text = text.strip_prefix("te ").unwrap_or(text);
    let mut end = text
        .find(|c: char| {
            matches!(
                c,
                ',' | '|' | '•' | '·' | '\t' | ';' | '(' | ':' | '@' | '/' | '–' | '—' | '+'
            ) || c.is_ascii_digit()
        })
        .unwrap_or(text.len());
    for stop in [
        " - ", " tel", " fon", " phone", " fax", " t.", " mail", " e-mail", " email", ". ",
    ] {
        end = end.min(crate::scrape::text::find_ci(text, stop).unwrap_or(end));
    }
    // "20148 Milano Via Monreale 14".
    let mut words = text[..end].match_indices(' ');
    if text[end..].starts_with(|c: char| c.is_ascii_digit())
        && let Some((at, _)) = words.find(|(at, _)| {
            let word = text[at + 1..end].split(' ').next().unwrap_or_default();
            *at > 1 && word.len() > 2 && begins_street(&fold(word))
        })
    {
        end = at;
    }
    let mut town = trimmed(&text[..end]);
    if is_country(town) {
        return None;
    }
    // "Ciudad de México" is called so.
    if let Some((shorter, _)) = countries::at_end(town).filter(|(shorter, _)| !shorter.ends_with(" de")) {
        town = trimmed(shorter);
    }
    let region = text[end..]
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
        .map(|(region, _)| region)
        .filter(|region| (2..=20).contains(&region.len()) && is_called(region) && !is_country(region));
    (is_town(town) && town.starts_with(|c: char| c.is_uppercase() || c == '\'')).then_some((town, region, &text[end..]))
}

/// Whether a place is a country and no town that is called like its own.
pub(super) fn is_country(place: &str) -> bool {
    const TOWNS: [&str; 6] = ["Luxembourg", "Luxemburg", "Singapore", "Panamá", "Guatemala", "México"];
    countries::code(place).is_some() && place.len() > 3 && !TOWNS.contains(&place)
}

/// Whether a text is a name and no remark: no word of it that is longer than a particle is written small.
fn is_called(text: &str) -> bool {
    text.split(' ')
        .all(|word| word.chars().count() < 4 || !word.starts_with(char::is_lowercase))
}

/// A place name: a few capitalised words without digits.
pub(super) fn is_town(part: &str) -> bool {
    let letters = part.chars().filter(|c| c.is_alphabetic()).count();
    let district = part
        .rsplit(' ')
        .next()
        .is_some_and(|last| last.len() <= 2 && last.bytes().all(|b| b.is_ascii_digit()));
    letters >= 2
        && part.chars().count() <= 45
        && part.split(' ').count() <= 5
        && (district || !part.bytes().any(|b| b.is_ascii_digit()))
        && part.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_uppercase)
        && !part.contains(['@', '©', '?', '!', '='])
}

pub(super) fn country_after(rest: &str) -> Option<String> {
    let rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
    let end = rest
        .find([',', '|', '\t', '•', '·', '(', ')', '.'])
        .unwrap_or(rest.len());
    let name = rest[..end].trim();
    (name.len() >= 3 && name.len() <= 30)
        .then(|| countries::code(name))
        .flatten()
}
