//! Who a copyright line says that the website belongs to.

use crate::scrape::extract::whose::credits::credit_start;
use crate::scrape::text::{find_ci, starts_ci};

/// Who holds the copyright: `© 2019–2024 Smile Dental Ltd. All rights reserved.`
pub(super) fn copyright(line: &str) -> Option<&str> {
    let at = line
        .find('©')
        .map(|at| at + '©'.len_utf8())
        .or_else(|| find_ci(line, "copyright").map(|at| at + 9))
        .or_else(|| pictured(line).then_some(0))?;
    let mut rest = from_first_word(without_placeholder(&line[at..]));
    if starts_ci(rest, "c)") {
        rest = rest[2..].trim_start_matches(|c: char| !c.is_alphabetic());
    }
    // "© 2010. Všechna práva vyhrazena Penzion Bultas".
    const RIGHTS: [&str; 10] = [
        "all rights reserved",
        "alle rechte vorbehalten",
        "alle rechten voorbehouden",
        "tous droits réservés",
        "todos los derechos reservados",
        "todos os direitos reservados",
        "tutti i diritti riservati",
        "všechna práva vyhrazena",
        "všetky práva vyhradené",
        "wszelkie prawa zastrzeżone",
    ];
    if let Some(rights) = RIGHTS.iter().find(|rights| starts_ci(rest, rights)) {
        rest = rest
            .get(rights.len()..)
            .unwrap_or_default()
            .trim_start_matches(|c: char| !c.is_alphabetic());
    }
    for word in ["copyright", "by", "por", "par", "von", "door", "di"] {
        if starts_ci(rest, word) && rest[word.len()..].starts_with(|c: char| !c.is_alphabetic()) {
            rest = rest[word.len()..].trim_start_matches(|c: char| !c.is_alphabetic());
        }
    }
    let end = [
        "all rights",
        "all right ",
        "alle rechte",
        "tous droits",
        "todos los",
        "website",
        "powered",
        "design",
        "privacy",
        "impressum",
        "datenschutz",
        "|",
        " - ",
        " – ",
        "·",
        "•",
        ", 2",
        " 20",
        " 19",
        "\t",
        " — ",
        "todos os",
        "tutti i",
        "site by",
        " facebook",
        " instagram",
        "site:",
        "p.iva",
        "vat ",
        "abn ",
        "reg.",
    ]
    .iter()
    .filter_map(|mark| find_ci(rest, mark))
    .min()
    .unwrap_or(rest.len());
    let end = sentence_end(&rest[..end]);
    let owner = rest[..end].trim_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | '-' | '–' | '(' | ')'));
    (owner.chars().count() >= 3).then_some(owner)
}

/// Whether a line claims rights without the sign, which may be a picture: "Expert-Moto, All rights reserved".
fn pictured(line: &str) -> bool {
    let claimed = ["all rights reserved", "all right reserved"]
        .iter()
        .filter_map(|words| find_ci(line, words))
        .min();
    !line.contains('©') && claimed.is_some_and(|at| at > 0) && credit_start(line).is_none()
}

/// A text from its first word on, which may begin with a number: "1st Henley Scouts", but not "2024 Smile".
fn from_first_word(text: &str) -> &str {
    let word = text.find(char::is_alphabetic).unwrap_or(text.len());
    let digits = text[..word].bytes().rev().take_while(u8::is_ascii_digit).count();
    &text[if digits <= 3 { word - digits } else { word }..]
}

/// A line without what a program was to fill in with the year: "{{ date('Y') }} Smile".
fn without_placeholder(line: &str) -> &str {
    [("{{", "}}"), ("{%", "%}"), ("<%", "%>"), ("<?", "?>")]
        .iter()
        .find_map(|(open, close)| line.trim_start().strip_prefix(open)?.split_once(close))
        .map_or(line, |(_, rest)| rest)
}

/// Titles of some letters that end in a full stop.
const TITLES: [&str; 8] = ["Priv", "Doz", "Prof", "Dott", "Univ", "Dipl", "Ing", "Mag"];

/// Where the owner's sentence or the owner's name before an address ends: "Smith & Sons, Unit 18, Leeds", "Smile. Site by X".
fn sentence_end(text: &str) -> usize {
    let stop = text.match_indices(". ").find(|(at, _)| {
        let word = text[..*at]
            .rsplit(|c: char| !c.is_alphanumeric())
            .next()
            .unwrap_or_default();
        let next = text[*at + 2..].chars().next();
        let title = TITLES.contains(&word);
        (word.chars().count() >= 3 && !title && !next.is_some_and(char::is_lowercase))
            || without_legal_form(&text[..*at]).len() < *at
    });
    let comma = text.match_indices(", ").find(|(at, _)| {
        let next = text[at + 2..].split([' ', ',']).next().unwrap_or_default();
        without_legal_form(&format!("x {next}")) != "x"
    });
    [stop, comma]
        .into_iter()
        .flatten()
        .map(|(at, _)| at)
        .min()
        .unwrap_or(text.len())
}

/// A company's name without what registers add to it.
pub(super) fn without_legal_form(name: &str) -> &str {
    const FORMS: [&str; 34] = [
        "ltd", "limited", "llc", "inc", "pty", "plc", "llp", "pllc", "corp", "gmbh", "ug", "ag", "sarl", "sas", "srl",
        "bv", "nv", "ab", "oy", "aps", "sl", "sro", "slp", "slu", "lda", "ltda", "kft", "zrt", "sarlau", "snc", "spa",
        "eirl", "doo", "as",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copyright_lines_name_the_owner() {
        assert_eq!(
            copyright("© 2019–2024 Smile Dental Ltd. All rights reserved."),
            Some("Smile Dental Ltd")
        );
        assert_eq!(
            copyright("© 2010. Všechna práva vyhrazena Penzion Bultas"),
            Some("Penzion Bultas")
        );
        assert_eq!(
            copyright("Copyright 2024 by Smile Dental | Privacy"),
            Some("Smile Dental")
        );
        assert_eq!(
            copyright("© 1999–2024 DripStop Plumbing & Gas. Counter: 0034551"),
            Some("DripStop Plumbing & Gas")
        );
        assert_eq!(
            copyright("© 2009 J. Pemberly & Sons Electrical Contractors, Unit 18 Tanyard Works, Stockport"),
            Some("J. Pemberly & Sons Electrical Contractors")
        );
        assert_eq!(
            copyright("© 2024 Smile Dental, Inc. All rights reserved"),
            Some("Smile Dental, Inc")
        );
        assert_eq!(copyright("Copyright (c) 2016 Smile Dental."), Some("Smile Dental"));
        assert_eq!(copyright("Smile Dental"), None);
    }
}
