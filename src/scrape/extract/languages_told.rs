//! The language that the sentences of a page are in, where the page does not say, or says what templates say.

use whatlang::{Detector, Info, Lang};

use super::metas::language;
use super::scan::{Scan, Zone};
use crate::scrape::payload::Source;

/// Bytes of sentences that are looked at.
const ENOUGH: usize = 600;
/// With fewer bytes nobody could tell.
const LEAST: usize = 100;
/// With so many bytes less certainty is enough: neighbours such as Danish and Norwegian never come out as certain.
const LONG: usize = 400;
const LIKELY: f64 = 0.5;
/// Shorter lines are names, labels and links.
const SENTENCE: usize = 25;

/// Languages that sites are in, by their code.
const KNOWN: [(Lang, &str); 34] = [
    (Lang::Eng, "en"),
    (Lang::Deu, "de"),
    (Lang::Fra, "fr"),
    (Lang::Spa, "es"),
    (Lang::Ita, "it"),
    (Lang::Por, "pt"),
    (Lang::Nld, "nl"),
    (Lang::Afr, "af"),
    (Lang::Pol, "pl"),
    (Lang::Ces, "cs"),
    (Lang::Slk, "sk"),
    (Lang::Slv, "sl"),
    (Lang::Hrv, "hr"),
    (Lang::Hun, "hu"),
    (Lang::Ron, "ro"),
    (Lang::Swe, "sv"),
    (Lang::Dan, "da"),
    (Lang::Nob, "nb"),
    (Lang::Fin, "fi"),
    (Lang::Est, "et"),
    (Lang::Lav, "lv"),
    (Lang::Lit, "lt"),
    (Lang::Tur, "tr"),
    (Lang::Ell, "el"),
    (Lang::Rus, "ru"),
    (Lang::Ukr, "uk"),
    (Lang::Bul, "bg"),
    (Lang::Cat, "ca"),
    (Lang::Jpn, "ja"),
    (Lang::Cmn, "zh"),
    (Lang::Kor, "ko"),
    (Lang::Vie, "vi"),
    (Lang::Ind, "id"),
    (Lang::Tha, "th"),
];

/// The language that a page is in.
#[derive(Debug)]
pub(super) struct Told {
    /// ISO 639.
    pub(super) code: String,
    /// Its sentences, or what its markup says.
    pub(super) source: Source,
}

/// The language of the page's sentences where its markup says nothing, or English, as templates do; else what the markup says.
pub(super) fn of_page(scan: &Scan) -> Option<Told> {
    let said = scan.lang.as_deref().or(scan.meta("og:locale")).and_then(language);
    let unsure = said.as_deref().is_none_or(|said| said == "en");
    let told = unsure.then(|| of_sentences(scan)).flatten().map(|code| Told {
        code: code.to_owned(),
        source: Source::Text,
    });
    told.or(said.map(|code| Told {
        code,
        source: Source::Opengraph,
    }))
}

/// The code of the language, if there are sentences enough to be sure of it.
fn of_sentences(scan: &Scan) -> Option<&'static str> {
    let mut sample = String::with_capacity(2 * ENOUGH);
    for line in scan.lines.iter().filter(|line| line.zone != Zone::Quote) {
        let text = &scan.text[line.range.clone()];
        if text.len() < SENTENCE || (text.matches(' ').count() < 3 && !text.contains(is_unspaced)) {
            continue;
        }
        let room = ENOUGH - sample.len().min(ENOUGH);
        sample.push_str(&text[..text.floor_char_boundary(room)]);
        sample.push(' ');
        if sample.len() >= ENOUGH {
            break;
        }
    }
    if sample.len() < LEAST {
        return None;
    }
    let detector = Detector::with_allowlist(KNOWN.iter().map(|(lang, _)| *lang).collect());
    let is_sure = |info: &Info| info.is_reliable() || (sample.len() >= LONG && info.confidence() >= LIKELY);
    let found = detector.detect(&sample).filter(is_sure)?;
    KNOWN
        .iter()
        .find(|(lang, _)| *lang == found.lang())
        .map(|(_, code)| *code)
}

/// Whether a letter is of a script that puts no spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}')
}
