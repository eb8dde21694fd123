//! What the practice calls itself: title, headings, logo, copyright line, weighed by the domain.

mod likeness;
mod logos;
mod owner;
mod prose;
mod words;

use crate::scrape::extract::address::street::is_street;
use crate::scrape::extract::context::Context;
use crate::scrape::extract::emails;
use crate::scrape::extract::links::push_unique;
use crate::scrape::extract::page::scan::{LineKind, Scan, Zone};
use crate::scrape::extract::social::is_platform;
pub(crate) use crate::scrape::extract::whose::is_trade;
use crate::scrape::payload::{PageFacts, Source};
use crate::scrape::text::{find_ci, fold, starts_ci};
pub(crate) use likeness::{agree, likeness};
use owner::{copyright, without_legal_form};
use prose::without_greeting;
pub(crate) use words::{is_demo, is_generic, is_praise};
use words::{is_list, is_someone_elses, partners_at_start, without_kind_of_page};

/// Longer texts are slogans.
pub(super) const MAX_NAME: usize = 80;
/// What a second place for the same name adds to its trust.
const AGREED: u8 = 6;
/// Lines at the top of a page among which its name stands.
pub(super) const TOP_LINES: usize = 10;
/// Short lines that the domain explains, at most.
const MAX_ECHOES: usize = 6;

/// Adds every name that the page's head and text suggest, each with the trust that place and domain give it.
pub(crate) fn read(scan: &Scan, context: &Context, facts: &mut PageFacts) {
    let headings = || {
        scan.lines
            .iter()
            .filter(|line| line.kind == LineKind::Heading(1))
            .take(2)
    };
    let mut heads = headings()
        .map(|line| &scan.text[line.range.clone()])
        .chain([scan.title.as_str()]);
    if heads.any(is_someone_elses) {
        return;
    }
    let home = context.is_home();
    for (meta, trust) in [
        ("og:site_name", 58),
        ("application-name", 45),
        ("apple-mobile-web-app-title", 40),
        ("og:title", 22),
        ("dc.publisher", 40),
    ] {
        if let Some(text) = scan.meta(meta) {
            if meta == "og:title" {
                title(text, 15, Source::Opengraph, context, facts);
            } else {
                offer(text, trust, Source::Opengraph, context, facts);
            }
        }
    }
    title(&scan.title, if home { 28 } else { 14 }, Source::Text, context, facts);
    if let Some(before) = without_heading(scan, context) {
        offer(before, 21, Source::Text, context, facts);
    }
    for line in headings() {
        let base = if home { 22 } else { 5 };
        offer(&scan.text[line.range.clone()], base, Source::Text, context, facts);
    }
    logos::read(scan, context, facts);
    lines(scan, context, facts);
    prose::read(scan, context, facts);
    for line in scan.lines.iter().rev().take(25) {
        if let Some(owner) = copyright(&scan.text[line.range.clone()]) {
            let short = without_legal_form(owner);
            // "© 2015 Andrew Schoenherr / Hickory Hills Golf Club": who made it and whose it is.
            for one in short.split(" / ") {
                offer(one, 36, Source::Text, context, facts);
            }
            if short.len() < owner.len() {
                offer(owner, 20, Source::Text, context, facts);
            }
            break;
        }
    }
}

/// A title without the heading of its page behind it: "Mendocino Massage Treatments and Prices" above "Treatments and Prices".
fn without_heading<'a>(scan: &'a Scan, context: &Context) -> Option<&'a str> {
    let headings = scan
        .lines
        .iter()
        .filter(|line| matches!(line.kind, LineKind::Heading(_)));
    let before = headings.take(TOP_LINES).find_map(|line| {
        let heading = &scan.text[line.range.clone()];
        let before = scan.title.strip_suffix(heading)?.strip_suffix(' ')?;
        (before.contains(' ') && heading.contains(' ') && !says_only_trade(heading)).then_some(before)
    })?;
    let last = before.rsplit(' ').next().unwrap_or_default();
    let whole = last.starts_with(char::is_uppercase) && before.ends_with(char::is_alphanumeric);
    let like = likeness(before, &context.label);
    (whole && like > 0.0 && like >= likeness(&scan.title, &context.label)).then_some(before)
}

/// Short lines: those of the header, those above a street, and those that the domain explains.
fn lines(scan: &Scan, context: &Context, facts: &mut PageFacts) {
    let mut echoes = 0;
    let mut header = 0;
    let mut above_street = 0;
    for (at, line) in scan.lines.iter().enumerate() {
        let text = &scan.text[line.range.clone()];
        if text.len() > MAX_NAME
            || text.len() < 4
            || matches!(line.zone, Zone::Quote)
            || text.contains(['@', '|', '\t', '[', ':', '+'])
            || find_ci(text, "(at").is_some()
            || find_ci(text, " reserved").is_some()
            || text.contains('©')
            || is_street(text)
        {
            continue;
        }
        if text.bytes().filter(u8::is_ascii_digit).count() > 2 || text.split(' ').count() > 7 {
            continue;
        }
        if line.zone == Zone::Header && header < 2 && at < 2 * TOP_LINES {
            header += 1;
            offer(text, 16, Source::Text, context, facts);
        } else if above_street < 3 && line.zone != Zone::Nav && is_street(scan.line(at + 1)) {
            above_street += 1;
            offer(text, 16, Source::Text, context, facts);
        } else if echoes < MAX_ECHOES && line.zone != Zone::Nav && echoes_domain(text, context) {
            echoes += 1;
            offer(text, 10, Source::Text, context, facts);
        }
    }
}

/// Whether the domain explains a text: one word must be nearly all of it.
pub(super) fn echoes_domain(text: &str, context: &Context) -> bool {
    likeness(text, &context.label) >= if text.contains(' ') { 0.5 } else { 0.85 }
}

/// The parts of a title such as `Home | Smile Dental - Dentist in Auckland`.
fn title(title: &str, base: u8, source: Source, context: &Context, facts: &mut PageFacts) {
    let parts: Vec<&str> = title
        .split([
            '|', '–', '—', '·', '•', '›', '⋆', '★', '~', '｜', '▷', '►', '【', '】', '：', '＜', '＞', '→',
        ])
        .flat_map(|part| part.split(" - "))
        .flat_map(|part| part.split(" :: "))
        // Between spaces they are arrows, at a word the quotation marks of a name: "Торговий дім «Селен»".
        .flat_map(|part| part.split(" » "))
        .flat_map(|part| part.split(" « "))
        .flat_map(|part| part.split(":::"))
        .flat_map(|part| part.split(": "))
        .map(str::trim)
        // What only names the kind of page leaves its place to what stands beside it.
        .filter(|part| !part.is_empty() && !is_generic(part))
        .collect();
    let count = parts.len();
    // "緑が丘の歯医者「酒井歯科医院」".
    if let Some(named) = between(title, '「', '」').or_else(|| between(title, '『', '』')) {
        offer(named, base + 14, source, context, facts);
    }
    for (at, part) in parts.into_iter().enumerate() {
        let place = if count == 1 {
            4
        } else {
            u8::from(at == 0 || at + 1 == count) * 4
        };
        // What names a trade and lists it with others is meant for search engines.
        let told = is_list(part, &context.label) || (count > 1 && says_only_trade(part));
        let listed = if told { 12 } else { 0 };
        let base = base.saturating_sub(listed);
        offer(without_greeting(part), base + place, source, context, facts);
        if let Some(partners) = partners_at_start(part, &context.label) {
            offer(partners, base + listed + place + 3, source, context, facts);
            continue;
        }
        // "Smile Dental, Auckland" and "Smile Dental in Auckland" name the place as well.
        let short = part
            .split_once(", ")
            .map(|(before, _)| before)
            .or_else(|| without_place(part));
        if let Some(before) = short {
            let before = without_greeting(before);
            let as_likely = likeness(before, &context.label) >= likeness(part, &context.label);
            offer(
                before,
                if as_likely { base + place + 3 } else { base },
                source,
                context,
                facts,
            );
        }
    }
}

/// Whether a text says what somebody is and not who: "Attorney at Law".
pub(super) fn says_only_trade(text: &str) -> bool {
    let mut words = text
        .split([' ', '-'])
        .filter(|word| word.chars().count() > 3)
        .peekable();
    words.peek().is_some() && words.all(is_trade)
}

fn between(text: &str, open: char, close: char) -> Option<&str> {
    let (_, rest) = text.split_once(open)?;
    rest.split_once(close).map(|(inner, _)| inner)
}

/// A name without the town behind it: "Notaire Dupont à Liège".
fn without_place(text: &str) -> Option<&str> {
    let mark = [
        " in ", " à ", " en ", " em ", " a ", " i ", " w ", " v ", " ve ", " te ", " near ", " bei ", " im ", " am ",
        " au ",
    ];
    let at = mark
        .iter()
        .filter_map(|mark| Some((text.rfind(mark)?, mark.len())))
        .max()?;
    let place = &text[at.0 + at.1..];
    let town = place.starts_with(char::is_uppercase) && place.split(' ').count() <= 3;
    (town && text[..at.0].split(' ').count() >= 2).then_some(&text[..at.0])
}

/// Whether a name is that of a person.
pub(crate) fn is_person(name: &str) -> bool {
    crate::scrape::extract::people::looks_like_name(name).is_some() && !name.split(' ').any(is_trade)
}

/// Whether a word introduces a person and is no part of a practice's name: "Meet Dr Smith".
pub(crate) fn introduces(word: &str) -> bool {
    matches!(
        word,
        "meet"
            | "about"
            | "our"
            | "by"
            | "book"
            | "contact"
            | "with"
            | "hello"
            | "hi"
            | "see"
            | "ask"
            | "uber"
            | "von"
            | "inh"
            | "dr"
            | "prof"
            | "mr"
            | "mrs"
            | "ms"
            | "dra"
            | "lek"
            | "and"
            | "und"
            | "welcome"
            | "the"
    )
}

pub(super) fn offer(text: &str, base: u8, source: Source, context: &Context, facts: &mut PageFacts) {
    let text = without_kind_of_page(without_greeting(text.trim()), &context.label);
    // "Leadership Development, LLC, DBA Colonial Executive Suites".
    let trade_name = text.strip_prefix("DBA ").or_else(|| text.strip_prefix("dba "));
    let text = trade_name
        .filter(|name| likeness(name, &context.label) >= likeness(text, &context.label))
        .unwrap_or(text);
    let text = text
        .trim()
        .trim_matches(|c: char| matches!(c, '"' | '“' | '”' | '-' | '–' | '|' | '!' | ',' | ':' | '®' | '™'))
        .trim();
    let length = text.chars().count();
    if !(2..=MAX_NAME).contains(&length)
        || !text.chars().any(char::is_alphabetic)
        || text.contains('@')
        || is_masked_mail(text)
        || (text.contains('/') && !text.contains(' '))
        || text.contains(['[', ']'])
        || starts_ci(text, "www.")
        || (is_platform(&fold(text)) && !context.label.starts_with(&fold(text)))
        || is_generic(text)
    {
        return;
    }
    let text = without_monogram(text, &context.label);
    // The end of a sentence, and of no abbreviation.
    let text = text
        .strip_suffix('.')
        .filter(|name| name.rsplit([' ', '.']).next().is_some_and(|last| last.len() > 4))
        .unwrap_or(text);
    let likeness = likeness(text, &context.label);
    let wordy = if text.split(' ').count() > 7 { 15 } else { 0 };
    let text = once(text);
    // Praise, and lists of what somebody is or does.
    // "Studio medico" above the name of who has it.
    let trade_alone = likeness < 0.5 && says_only_trade(text);
    let praised = if is_praise(text) || is_list(text, &context.label) || trade_alone {
        20
    } else {
        0
    };
    if let Some(named) = up_to_legal_form(text) {
        offer(named, base.saturating_add(6), source, context, facts);
    }
    let bonus = if praised > 0 || names_only_trade(text, context) || is_host(text) {
        15.0
    } else {
        40.0
    };
    let trust = (f64::from(base) + bonus * likeness) as u8;
    let trust = trust.saturating_sub(wordy + praised).clamp(1, 95);
    // Each further place that says the same makes it more likely.
    match facts.names.iter_mut().find(|known| known.value == text) {
        Some(known) => {
            known.trust = (known.trust.max(trust) + AGREED).min(95);
            known.source = known.source.min(source);
        }
        None => push_unique(&mut facts.names, text.to_owned(), source, trust),
    }
}

/// Whether a text is an address that is written so that robots miss it: "info(at)hirschen-hofgastein.at".
fn is_masked_mail(text: &str) -> bool {
    let mut found = false;
    emails::from_line(text, true, &mut |_, _, _| found = true);
    found
}

/// A name without its first letter before it, which stands in the place of a logo, where the domain has it only once: "S Steffi's
/// Haarstudio".
fn without_monogram<'a>(text: &'a str, label: &str) -> &'a str {
    let mut letters = text.chars();
    match (letters.next(), letters.next(), letters.next()) {
        (Some(first), Some(' '), Some(second)) if first.is_uppercase() && first == second => {
            let name = &text[first.len_utf8() + 1..];
            if likeness(name, label) > likeness(text, label) {
                name
            } else {
                text
            }
        }
        _ => text,
    }
}

/// Whether a text is no more than the address of a website: "smile-dental.co.nz".
pub(crate) fn is_host(text: &str) -> bool {
    let is_label = |label: &str| label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let end = text.rsplit('.').next().unwrap_or_default();
    text.contains('.')
        && text.split('.').all(|label| label.len() >= 2 && is_label(label))
        && end.bytes().all(|b| b.is_ascii_lowercase())
}

/// A company's name up to its legal form, where a place or a trade follows: "Lacey Plumbing & Heating Ltd Bury".
fn up_to_legal_form(text: &str) -> Option<&str> {
    const FORMS: [&str; 10] = [
        "Ltd", "Ltd.", "Limited", "LLC", "Inc", "Inc.", "GmbH", "B.V.", "S.r.l.", "ApS",
    ];
    let mut end = 0;
    for word in text.split(' ') {
        let start = end;
        end += word.len();
        if start > 0 && FORMS.contains(&word) {
            let rest = text[end..].strip_prefix(' ')?;
            let goes_on = rest.starts_with(char::is_uppercase) && !rest.starts_with("Co");
            return goes_on.then(|| &text[..end]);
        }
        end += 1;
    }
    None
}

/// A name that is written two or three times in a row, once.
fn once(text: &str) -> &str {
    for times in [3, 2] {
        // Layers of one word, for effect, have no space between them.
        let layer = text.get(..text.len() / times).unwrap_or_default();
        if layer.len() >= 6 && text.len() == layer.len() * times && layer.repeat(times) == text {
            return layer;
        }
        let Some(part) = (text.len() + 1)
            .checked_sub(times)
            .and_then(|length| text.get(..length / times))
        else {
            continue;
        };
        let mut rest = text.split(' ');
        if part.len() >= 4
            && part
                .split(' ')
                .cycle()
                .take(part.split(' ').count() * times)
                .all(|word| rest.next() == Some(word))
            && rest.next().is_none()
        {
            return part;
        }
    }
    text
}

/// Whether all that a text shares with the domain is the trade, and the domain says more than that.
fn names_only_trade(text: &str, context: &Context) -> bool {
    let mut shared = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| context.domain.resembles_word(word))
        .peekable();
    let trade = |word: &str| is_trade(word) && fold(word).len() < context.label.len();
    shared.peek().is_some() && shared.all(trade)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_domain_knows_its_name() {
        assert_eq!(likeness("Smile Dental", "smiledental"), 1.0);
        assert!(likeness("Smile Dental Centre Auckland", "smiledental") > 0.7);
        assert!(likeness("Dentist in Auckland", "smiledental") < 0.3);
        assert_eq!(likeness("Praxis Müller", "praxismueller"), 1.0);
    }

    #[test]
    fn a_town_behind_the_name_is_no_part_of_it() {
        assert_eq!(
            without_place("Notaire Élise Dupont à Liège"),
            Some("Notaire Élise Dupont")
        );
        assert_eq!(without_place("Dentist in the heart of town"), None);
        assert!(likeness("Οδοντιατρείο Παπαδογιάννη", "papadogiannidental") > 0.4);
        assert!(likeness("Halina Białęcka", "bialeckadent") > 0.5);
    }

    #[test]
    fn spellings_agree() {
        assert!(agree("Smile Dental", "Smile Dental Limited"));
        assert!(!agree("Smile Dental", "Acme Themes"));
    }
}
