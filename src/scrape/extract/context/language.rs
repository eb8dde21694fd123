//! The language that the sentences of a page are in, where the page does not say, or says what templates say.

use whatlang::{Detector, Info, Lang};

use crate::scrape::extract::markup::metas::language;
use crate::scrape::extract::page::scan::{Scan, Zone};
use crate::scrape::payload::Source;

/// Bytes of sentences that are looked at.
const ENOUGH: usize = 600;
/// With fewer bytes nobody could tell.
const LEAST: usize = 100;
/// The same where there are labels and headings alone.
const MANY_LABELS: usize = 200;
/// With so many bytes less certainty is enough: neighbours such as Danish and Norwegian never come out as certain.
const LONG: usize = 400;
const LIKELY: f64 = 0.5;
/// Shorter lines are names, labels and links.
const SENTENCE: usize = 25;

/// Scripts in which one language alone is written, as far as businesses go, by their first and last letter.
const SCRIPTS: [(char, char, &str); 7] = [
    ('\u{370}', '\u{3ff}', "el"),
    ('\u{590}', '\u{5ff}', "he"),
    ('\u{e00}', '\u{e7f}', "th"),
    ('\u{10a0}', '\u{10ff}', "ka"),
    ('\u{530}', '\u{58f}', "hy"),
    ('\u{3041}', '\u{30ff}', "ja"),
    ('\u{ac00}', '\u{d7a3}', "ko"),
];
/// Characters of a page whose script is looked at.
const LOOKED_AT: usize = 2_000;
/// Letters of a script that are no longer a name alone.
const LETTERS: usize = 20;

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
pub(crate) struct Told {
    /// ISO 639.
    pub(crate) code: String,
    /// Its sentences, or what its markup says.
    pub(crate) source: Source,
}

/// The language of the page's text where its markup says nothing, or English, as templates do; else what the markup says.
pub(crate) fn of_page(scan: &Scan) -> Option<Told> {
    let said = scan.lang.as_deref().or(scan.meta("og:locale")).and_then(language);
    let unsure = said.as_deref().is_none_or(|said| said == "en");
    let told = || of_script(scan).or_else(|| of_sentences(scan, said.is_some()));
    let told = unsure.then(told).flatten().map(|code| Told {
        code: code.to_owned(),
        source: Source::Text,
    });
    told.or(said.map(|code| Told {
        code,
        source: Source::Opengraph,
    }))
}

/// The code of the language that alone is written in the script of most letters, if there are enough of them.
fn of_script(scan: &Scan) -> Option<&'static str> {
    if scan.text.is_ascii() {
        return None;
    }
    let (mut letters, mut chinese) = (0, 0);
    let mut counts = [0; SCRIPTS.len()];
    let text = scan.title.chars().chain(scan.text.chars()).take(LOOKED_AT);
    for c in text.filter(|c| c.is_alphabetic()) {
        letters += 1;
        if c.is_ascii() {
            continue;
        }
        chinese += usize::from(matches!(c, '\u{4e00}'..='\u{9fff}'));
        if let Some(at) = SCRIPTS.iter().position(|(from, to, _)| (*from..=*to).contains(&c)) {
            counts[at] += 1;
        }
    }
    let told = |at: &usize| {
        let (own, japanese) = (counts[*at], SCRIPTS[*at].2 == "ja");
        // Japanese mixes its letters with Chinese characters, which have no language of their own.
        let both = own + if japanese { chinese } else { 0 };
        own >= LETTERS && both * 2 > letters && own * 5 > both
    };
    (0..SCRIPTS.len()).find(told).map(|at| SCRIPTS[at].2)
}

/// The code of the language, if there are sentences enough to be sure of it: more where the markup has `said` another.
fn of_sentences(scan: &Scan, said: bool) -> Option<&'static str> {
    let mut text = sample(scan, |text| {
        text.len() >= SENTENCE && (text.contains(is_unspaced) || text.matches(' ').count() >= 3)
    });
    let mut least = LEAST;
    if text.len() < LEAST {
        // Headings and labels, which are words of the language too.
        text = sample(scan, |text| !text.bytes().any(|b| b.is_ascii_digit() || b == b'@'));
        least = MANY_LABELS;
    }
    if text.len() < least {
        return None;
    }
    if is_english(&text) {
        return Some("en");
    }
    let detector = Detector::with_allowlist(KNOWN.iter().map(|(lang, _)| *lang).collect());
    let is_sure = |info: &Info| info.is_reliable() || (!said && text.len() >= LONG && info.confidence() >= LIKELY);
    let found = detector.detect(&text).filter(is_sure)?;
    KNOWN
        .iter()
        .find(|(lang, _)| *lang == found.lang())
        .map(|(_, code)| *code)
}

/// The beginning of the page's lines that `may` tell the language.
fn sample(scan: &Scan, may: impl Fn(&str) -> bool) -> String {
    let mut sample = String::with_capacity(2 * ENOUGH);
    for line in scan.lines.iter().filter(|line| line.zone != Zone::Quote) {
        let text = &scan.text[line.range.clone()];
        if !may(text) {
            continue;
        }
        let room = ENOUGH - sample.len().min(ENOUGH);
        sample.push_str(&text[..text.floor_char_boundary(room)]);
        sample.push(' ');
        if sample.len() >= ENOUGH {
            break;
        }
    }
    sample
}

/// Whether so many of the words are those that English sentences are held together with that it is no other language: the
/// detector compares with each that it knows, which takes longer than most of what a page is read for.
fn is_english(sample: &str) -> bool {
    const HELD: [&str; 20] = [
        "the", "and", "of", "our", "with", "your", "you", "we", "are", "is", "for", "to", "that", "have", "been",
        "from", "as", "at", "be", "can",
    ];
    let words = sample.split(' ').filter(|word| !word.is_empty());
    let (mut all, mut held, mut articles) = (0, 0, 0);
    for word in words {
        all += 1;
        held += usize::from(HELD.iter().any(|known| word.eq_ignore_ascii_case(known)));
        articles += usize::from(word == "the" || word == "and");
    }
    all >= 20 && held * 5 >= all && articles >= 2
}

/// Whether a letter is of a script that puts no spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}')
}
