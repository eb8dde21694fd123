//! What the practice calls itself: title, headings, logo, copyright line, weighed by the domain.

use super::context::Context;
use super::links::push_unique;
use super::scan::{LineKind, Scan, Zone};
use crate::scrape::payload::{PageFacts, Source};
use crate::scrape::text::{contains_ci, find_ci, fold, starts_ci};

/// Longer texts are slogans.
const MAX_NAME: usize = 80;

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
    for line in headings() {
        let base = if home { 22 } else { 5 };
        offer(&scan.text[line.range.clone()], base, Source::Text, context, facts);
    }
    if let Some(logo) = scan
        .pictures
        .iter()
        .find(|picture| matches!(picture.zone, Zone::Header | Zone::Main | Zone::Nav))
    {
        offer(strip_logo(&logo.alt), 30, Source::Text, context, facts);
    }
    for line in scan.lines.iter().rev().take(25) {
        if let Some(owner) = copyright(&scan.text[line.range.clone()]) {
            let short = without_legal_form(owner);
            offer(short, 36, Source::Text, context, facts);
            if short.len() < owner.len() {
                offer(owner, 20, Source::Text, context, facts);
            }
            break;
        }
    }
}

/// The parts of a title such as `Home | Smile Dental - Dentist in Auckland`.
fn title(title: &str, base: u8, source: Source, context: &Context, facts: &mut PageFacts) {
    let parts: Vec<&str> = title
        .split(['|', '–', '—', '»', '«', '·', '•', '›', '⋆', '★', '~'])
        .flat_map(|part| part.split(" - "))
        .flat_map(|part| part.split(" :: "))
        .flat_map(|part| part.split(": "))
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    let count = parts.len();
    for (at, part) in parts.into_iter().enumerate() {
        let place = if count == 1 {
            4
        } else {
            u8::from(at == 0 || at + 1 == count) * 4
        };
        offer(strip_welcome(part), base + place, source, context, facts);
        // "Smile Dental, Auckland" and "Smile Dental in Auckland" name the place as well.
        if let Some((before, _)) = part.split_once(", ") {
            let before = strip_welcome(before);
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

fn strip_welcome(text: &str) -> &str {
    for words in [
        "welcome to the ",
        "welcome to ",
        "home of ",
        "willkommen bei der ",
        "willkommen bei ",
        "willkommen in der ",
        "bienvenue à ",
        "bienvenue chez ",
        "bienvenidos a ",
        "home ",
    ] {
        if starts_ci(text, words) && text.is_char_boundary(words.len()) {
            return text[words.len()..].trim();
        }
    }
    text
}

fn strip_logo(alt: &str) -> &str {
    let alt = alt.trim();
    let end = find_ci(alt, "logo")
        .filter(|at| at + 4 == alt.len())
        .unwrap_or(alt.len());
    let alt = alt[..end].trim_end_matches(|c: char| !c.is_alphanumeric() && c != ')' && c != '.');
    if starts_ci(alt, "logo ") {
        alt[5..].trim_start_matches(|c: char| !c.is_alphanumeric())
    } else {
        alt
    }
}

/// Who holds the copyright: `© 2019–2024 Smile Dental Ltd. All rights reserved.`
fn copyright(line: &str) -> Option<&str> {
    let at = line
        .find('©')
        .map(|at| at + '©'.len_utf8())
        .or_else(|| find_ci(line, "copyright").map(|at| at + 9))?;
    let mut rest = line[at..].trim_start_matches(|c: char| !c.is_alphabetic());
    for word in ["copyright", "by"] {
        if starts_ci(rest, word) && rest[word.len()..].starts_with(|c: char| !c.is_alphabetic()) {
            rest = rest[word.len()..].trim_start_matches(|c: char| !c.is_alphabetic());
        }
    }
    let end = [
        "all rights",
        "alle rechte",
        "tous droits",
        "todos los",
        "website",
        "powered",
        "design",
        "privacy",
        "|",
        " - ",
        " – ",
        "·",
        "•",
        ", 2",
        " 20",
        " 19",
        "\t",
    ]
    .iter()
    .filter_map(|mark| find_ci(rest, mark))
    .min()
    .unwrap_or(rest.len());
    let owner = rest[..end].trim_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | '-' | '–' | '(' | ')'));
    (owner.chars().count() >= 3).then_some(owner)
}

/// A company's name without what registers add to it.
fn without_legal_form(name: &str) -> &str {
    const FORMS: [&str; 22] = [
        "ltd", "limited", "llc", "inc", "pty", "plc", "llp", "pllc", "corp", "gmbh", "ug", "ag", "sarl", "sas", "srl",
        "bv", "nv", "ab", "oy", "aps", "sl", "sro",
    ];
    let mut rest = name;
    while let Some(at) = rest.rfind(' ') {
        let last: String = rest[at..]
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        if !FORMS.contains(&last.as_str()) {
            break;
        }
        rest = rest[..at].trim_end_matches([' ', ',']);
    }
    rest
}

fn offer(text: &str, base: u8, source: Source, context: &Context, facts: &mut PageFacts) {
    let text = strip_welcome(text.trim());
    let text = text
        .trim()
        .trim_matches(|c: char| matches!(c, '"' | '“' | '”' | '-' | '–' | '|' | '!' | ',' | ':' | '®' | '™'))
        .trim();
    let length = text.chars().count();
    if !(2..=MAX_NAME).contains(&length) || !text.chars().any(char::is_alphabetic) || is_generic(text) {
        return;
    }
    let likeness = likeness(text, &context.label);
    let wordy = if text.split(' ').count() > 7 { 15 } else { 0 };
    let trust = (f64::from(base) + 40.0 * likeness) as u8;
    push_unique(
        &mut facts.names,
        text.to_owned(),
        source,
        trust.saturating_sub(wordy).clamp(1, 99),
    );
}

/// Whether a text names a kind of page or no business in particular.
pub(crate) fn is_generic(text: &str) -> bool {
    const GENERIC: [&str; 66] = [
        "home",
        "homepage",
        "home page",
        "welcome",
        "index",
        "start",
        "startseite",
        "accueil",
        "inicio",
        "forside",
        "hem",
        "etusivu",
        "about",
        "about us",
        "contact",
        "contact us",
        "kontakt",
        "services",
        "our services",
        "our team",
        "team",
        "news",
        "blog",
        "gallery",
        "untitled",
        "untitled document",
        "new page",
        "page",
        "site",
        "website",
        "my site",
        "mysite",
        "logo",
        "header",
        "impressum",
        "datenschutz",
        "leistungen",
        "willkommen",
        "herzlich willkommen",
        "bienvenue",
        "bienvenidos",
        "menu",
        "search",
        "loading",
        "just a moment",
        "403 forbidden",
        "404",
        "404 not found",
        "not found",
        "page not found",
        "access denied",
        "official site",
        "official website",
        "coming soon",
        "under construction",
        "site title",
        "home 1",
        "all rights reserved",
        "hello world",
        "wordpress",
        "parallels",
        "uber uns",
        "privacy policy",
        "opening hours",
        "book now",
        "kontakt und anfahrt",
    ];
    let folded = fold(text);
    GENERIC.contains(&folded.as_str()) || is_unfinished(&folded) || is_someone_elses(text)
}

/// "Our new website is coming soon", "403", "Error 404: page not found": nothing but words of such pages.
fn is_unfinished(folded: &str) -> bool {
    const FILLERS: [&str; 24] = [
        "website",
        "site",
        "page",
        "web",
        "our",
        "new",
        "is",
        "this",
        "we",
        "re",
        "are",
        "currently",
        "the",
        "error",
        "http",
        "a",
        "under",
        "coming",
        "soon",
        "construction",
        "maintenance",
        "not",
        "found",
        "forbidden",
    ];
    let telling = [
        "error",
        "coming soon",
        "under construction",
        "maintenance",
        "not found",
        "forbidden",
    ]
    .iter()
    .any(|words| folded.contains(words));
    telling
        && folded
            .split(' ')
            .all(|word| FILLERS.contains(&word) || matches!(word, "401" | "403" | "404" | "410" | "500" | "503"))
}

/// Whether a title or heading is that of a page which a server, a guard against robots or a trader in domains shows
/// in the place of the website.
fn is_someone_elses(text: &str) -> bool {
    const BEGINNINGS: [&str; 12] = [
        "just a moment",
        "one moment please",
        "checking your browser",
        "attention required",
        "ddos protection by",
        "verify you are human",
        "verifying you are human",
        "index of /",
        "welcome to nginx",
        "welcome to openresty",
        "test page for the",
        "iis windows server",
    ];
    const PARTS: [&str; 19] = [
        "domain is for sale",
        "domain name is for sale",
        "domain for sale",
        "domain may be for sale",
        "buy this domain",
        "domain parked",
        "domain is parked",
        "domain name parked",
        "parked domain",
        "parked free",
        "domain has expired",
        "domain expired",
        "apache2 debian default",
        "apache2 ubuntu default",
        "apache http server test page",
        "apache2 default page",
        "default web site page",
        "used cloudflare to restrict",
        "account suspended",
    ];
    let text = text.trim_start();
    let whole = matches!(
        fold(text).as_str(),
        "index of" | "cloudflare" | "nginx" | "apache" | "apache2" | "it works" | "attention required cloudflare"
    );
    // "smile.co.nz is for sale": a domain and nothing else.
    let sold = find_ci(text, " is for sale").is_some_and(|at| {
        let domain = text[..at].rsplit(' ').next().unwrap_or_default();
        domain.contains('.')
    });
    whole
        || sold
        || BEGINNINGS.iter().any(|words| starts_ci(text, words))
        || PARTS.iter().any(|words| contains_ci(text, words))
}

/// 0 to 1: how much of the domain's word the text explains, and how much of the text the domain explains.
pub(crate) fn likeness(text: &str, label: &str) -> f64 {
    if label.len() < 2 {
        return 0.0;
    }
    let folded = fold(text);
    let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    let joined: String = words.concat();
    if joined.is_empty() {
        return 0.0;
    }
    if joined == label {
        return 1.0;
    }
    // German domains write umlauts out.
    let spelled = |text: &str| {
        text.replace('ä', "ae")
            .replace('ö', "oe")
            .replace('ü', "ue")
            .replace('ß', "ss")
    };
    if fold(&spelled(&text.to_lowercase())).replace(' ', "") == label {
        return 1.0;
    }
    let mut rest = label.to_owned();
    let mut explained = 0;
    let mut used = 0;
    let mut ordered = words.clone();
    ordered.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in ordered {
        if word.len() >= 2
            && let Some(at) = rest.find(word)
        {
            explained += word.len();
            used += word.len();
            rest.replace_range(at..at + word.len(), "\u{1}");
        }
    }
    let initials: String = words.iter().filter_map(|word| word.chars().next()).collect();
    if initials.len() >= 2 && label == initials {
        return 0.8;
    }
    let of_label = explained as f64 / label.len() as f64;
    let of_text = used as f64 / joined.len() as f64;
    (0.65 * of_label + 0.35 * of_text).min(0.95)
}

/// Whether two spellings mean one business: one holds all the words of the other.
pub(crate) fn agree(one: &str, other: &str) -> bool {
    let (one, other) = (fold(one), fold(other));
    let (short, long) = if one.len() <= other.len() {
        (&one, &other)
    } else {
        (&other, &one)
    };
    !short.is_empty()
        && (short.replace(' ', "") == long.replace(' ', "")
            || short.split(' ').all(|word| long.split(' ').any(|w| w == word)))
}

/// Whether a text speaks in template words, as themes do before their owner has filled them in.
pub(crate) fn is_demo(text: &str) -> bool {
    [
        "lorem ipsum",
        "dolor sit amet",
        "your company",
        "your business name",
        "company name here",
    ]
    .iter()
    .any(|words| contains_ci(text, words))
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
    fn copyright_lines_name_the_owner() {
        assert_eq!(
            copyright("© 2019–2024 Smile Dental Ltd. All rights reserved."),
            Some("Smile Dental Ltd")
        );
        assert_eq!(
            copyright("Copyright 2024 by Smile Dental | Privacy"),
            Some("Smile Dental")
        );
        assert_eq!(copyright("Smile Dental"), None);
    }

    #[test]
    fn spellings_agree() {
        assert!(agree("Smile Dental", "Smile Dental Limited"));
        assert!(!agree("Smile Dental", "Acme Themes"));
    }
}
