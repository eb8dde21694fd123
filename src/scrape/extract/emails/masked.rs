//! E-mail addresses that are written so that robots miss them: `info [at] smile (dot) co (dot) nz`.

use crate::scrape::extract::words::Folded;

/// What people write for the sign, in brackets.
const AT: [&str; 24] = [
    "at",
    "a",
    "@",
    "at sign",
    "ad",
    "arroba",
    "arobase",
    "arobas",
    "snabel a",
    "snabela",
    "snabel",
    "kroellalfa",
    "krollalfa",
    "alfakroll",
    "alfa",
    "zavinac",
    "kukac",
    "malpa",
    "chiocciola",
    "apestaart",
    "apenstaartje",
    "affe",
    "et",
    "æt",
];
/// Words for the sign that mean nothing else.
const AT_WORDS: [&str; 12] = [
    "arroba",
    "arobase",
    "snabel a",
    "snabela",
    "krollalfa",
    "zavinac",
    "kukac",
    "malpa",
    "chiocciola",
    "apenstaartje",
    "apestaart",
    "klammeraffe",
];
/// What people write for the full stop.
const DOT: [&str; 12] = [
    "dot", ".", "punkt", "point", "punto", "ponto", "punktum", "prikk", "piste", "tecka", "kropka", "punct",
];

/// The line as it was meant; `None` when nothing in it is masked.
pub(super) fn unmask(line: &str) -> Option<String> {
    let line = line.replace('＠', "@").replace('\t', " ");
    let (text, bracketed) = brackets(&line);
    let (text, worded) = words(&text);
    let (text, joined) = join_spaced(&text);
    (bracketed || worded || joined).then_some(text)
}

fn fold(word: &str) -> String {
    if matches!(word, "@" | ".") {
        return word.to_owned();
    }
    Folded::of(word).text().trim().to_owned()
}

/// Replaces signs in brackets and takes the space around them away.
fn brackets(line: &str) -> (String, bool) {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    let mut changed = false;
    let mut seen_at = false;
    while let Some(open) = rest.find(['(', '[', '{', '<', '*', '_']) {
        let inner = &rest[open + 1..];
        let close = inner
            .char_indices()
            .take(20)
            .find(|(_, c)| matches!(c, ')' | ']' | '}' | '>' | '*' | '_'))
            .map(|(at, _)| at);
        let sign = close.and_then(|close| {
            let word = fold(inner[..close].trim());
            if AT.contains(&word.as_str()) {
                Some((close, '@'))
            } else {
                (seen_at && DOT.contains(&word.as_str())).then_some((close, '.'))
            }
        });
        match sign {
            Some((close, sign)) => {
                out.push_str(&rest[..open]);
                out.truncate(out.trim_end().len());
                out.push(sign);
                rest = inner[close + 1..].trim_start();
                changed = true;
                seen_at |= sign == '@';
            }
            None => {
                out.push_str(&rest[..=open]);
                rest = inner;
            }
        }
    }
    out.push_str(rest);
    (out, changed)
}

/// Replaces words for the signs that stand between single words.
fn words(line: &str) -> (String, bool) {
    let tokens: Vec<&str> = line.split(' ').collect();
    let plain = |at: usize| {
        tokens.get(at).is_some_and(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        })
    };
    let is = |at: usize, list: &[&str]| tokens.get(at).is_some_and(|word| list.contains(&fold(word).as_str()));
    let mut out = String::with_capacity(line.len());
    let mut changed = false;
    let mut at = 0;
    while at < tokens.len() {
        if at > 0 {
            out.push(' ');
        }
        let sure = is(at + 1, &AT_WORDS);
        let word = tokens.get(at + 1).copied().unwrap_or_default();
        let likely = sure || word.eq_ignore_ascii_case("at");
        let dotted = is(at + 3, &DOT) && tokens.get(at + 3) != Some(&".");
        let whole = tokens.get(at + 2).is_some_and(|word| word.contains('.')) && (sure || word == "AT");
        if likely && plain(at) && plain(at + 2) && (whole || dotted) {
            out.push_str(tokens[at]);
            out.push('@');
            out.push_str(tokens[at + 2]);
            at += 3;
            while is(at, &DOT) && plain(at + 1) {
                out.push('.');
                out.push_str(tokens[at + 1]);
                at += 2;
            }
            changed = true;
            continue;
        }
        // The sign alone is a character already: "info@smile punkt de".
        out.push_str(tokens[at]);
        let begun = tokens[at]
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
        at += 1;
        while begun && is(at, &DOT) && plain(at + 1) {
            out.push('.');
            out.push_str(tokens[at + 1]);
            at += 2;
            changed = true;
        }
    }
    (out, changed)
}

/// `info @ smile.nz` without the spaces.
fn join_spaced(line: &str) -> (String, bool) {
    if !line.contains(" @") && !line.contains("@ ") {
        return (line.to_owned(), false);
    }
    let mut out = String::with_capacity(line.len());
    let mut changed = false;
    let mut rest = line;
    while let Some(at) = rest.find('@') {
        let (before, after) = (&rest[..at], rest[at + 1..].trim_start());
        let domain = after.split([' ', ',', ')']).next().unwrap_or_default();
        let known = domain.contains('.')
            && domain
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
        let named = before.trim_end().ends_with(|c: char| c.is_ascii_alphanumeric());
        if known && named {
            changed |= before.ends_with(' ') || rest[at + 1..].starts_with(' ');
            out.push_str(before.trim_end());
            out.push('@');
            rest = after;
        } else {
            out.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
        }
    }
    out.push_str(rest);
    (out, changed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn masks_of_many_languages() {
        for (line, plain) in [
            ("info [at] smile [dot] co [dot] nz", "info@smile.co.nz"),
            ("etude [arobase] notaire [point] be", "etude@notaire.be"),
            ("info (snabel-a) voltgren.se", "info@voltgren.se"),
            ("hola (arroba) fisio (punto) es", "hola@fisio.es"),
            ("klinik (a) skoven (punktum) dk", "klinik@skoven.dk"),
            ("contato arroba patas ponto vet ponto br", "contato@patas.vet.br"),
            ("ordination AT medizin PUNKT at", "ordination@medizin.at"),
            ("svejdik zavináč cyklo tečka cz", "svejdik@cyklo.cz"),
            ("gp @ securemail.ie", "gp@securemail.ie"),
        ] {
            assert_eq!(unmask(line).as_deref(), Some(plain));
        }
        for line in ["Open at 9 (at the back)", "meet me at home", "a (b) c"] {
            assert!(
                unmask(line).is_none_or(|text| !text.contains('@') || !text.contains('.')),
                "{line}"
            );
        }
    }
}
