//! How much a link promises: contact, team, hours, services and locations, in the languages that sites are in.

use crate::scrape::text::{Words, fold};
use url::Url;

/// Words of link text and path with what they promise. Longer phrases come first, the best match counts.
const WORDS: [(&str, i32); 98] = [
    ("contact", 100),
    ("kontakt", 100),
    ("contacto", 100),
    ("contatti", 100),
    ("contato", 100),
    ("contactez", 100),
    ("get in touch", 90),
    ("find us", 85),
    ("anfahrt", 80),
    ("so finden sie uns", 80),
    ("yhteystiedot", 100),
    ("contactgegevens", 100),
    ("nous trouver", 85),
    ("location", 80),
    ("standort", 80),
    ("where to find", 80),
    ("dove siamo", 85),
    ("donde estamos", 85),
    ("acces", 55),
    ("plan d acces", 70),
    ("impressum", 75),
    ("imprint", 70),
    ("mentions legales", 60),
    ("aviso legal", 40),
    ("colofon", 50),
    ("opening hours", 90),
    ("opening times", 90),
    ("hours", 80),
    ("offnungszeiten", 90),
    ("sprechzeiten", 90),
    ("horaires", 90),
    ("horario", 85),
    ("orari", 85),
    ("openingstijden", 90),
    ("apningstider", 85),
    ("oppettider", 85),
    ("abningstider", 85),
    ("godziny otwarcia", 85),
    ("our team", 75),
    ("meet the team", 78),
    ("team", 72),
    ("staff", 66),
    ("our people", 70),
    ("our dentists", 75),
    ("our doctors", 75),
    ("meet dr", 60),
    ("meet us", 60),
    ("meet", 50),
    ("equipe", 70),
    ("equipo", 70),
    ("praxisteam", 74),
    ("behandler", 60),
    ("arzte", 60),
    ("doctors", 66),
    ("dentists", 60),
    ("practitioners", 66),
    ("providers", 60),
    ("who we are", 62),
    ("clinicians", 62),
    ("mitarbeiter", 62),
    ("ons team", 74),
    ("chi siamo", 62),
    ("about us", 65),
    ("about", 62),
    ("uber uns", 65),
    ("ueber uns", 65),
    ("a propos", 62),
    ("qui sommes nous", 64),
    ("quienes somos", 64),
    ("sobre nosotros", 64),
    ("over ons", 64),
    ("om oss", 62),
    ("om os", 62),
    ("o nas", 60),
    ("praxis", 48),
    ("our practice", 60),
    ("our clinic", 58),
    ("cabinet", 45),
    ("services", 56),
    ("our services", 58),
    ("treatments", 55),
    ("leistungen", 56),
    ("behandlungen", 54),
    ("servicios", 55),
    ("tratamientos", 52),
    ("prestations", 54),
    ("soins", 48),
    ("servizi", 54),
    ("what we do", 52),
    ("diensten", 52),
    ("behandelingen", 52),
    ("menu", 30),
    ("visit us", 70),
    ("visit", 45),
    ("reception", 30),
    ("fees", 24),
    ("prices", 22),
    ("new patients", 34),
];

/// Words of pages that cost a request and give nothing.
static WASTE: Words = Words::new(&[
    "blog",
    "news",
    "article",
    "privacy",
    "datenschutz",
    "terms",
    "agb",
    "cookie",
    "login",
    "log in",
    "sign in",
    "register",
    "cart",
    "warenkorb",
    "checkout",
    "shop",
    "gallery",
    "galerie",
    "feed",
    "search",
    "tag",
    "category",
    "author",
    "wp content",
    "wp json",
    "wp login",
    "wp admin",
    "jobs",
    "career",
    "karriere",
    "vacancies",
    "referral",
    "testimonials",
    "reviews",
    "faq",
    "disclaimer",
    "sitemap",
    "account",
    "wishlist",
    "donate",
    "download",
    "comment",
    "event",
    "portfolio",
]);

const PHRASE_LIST: [&str; WORDS.len()] = {
    let mut out = [""; WORDS.len()];
    let mut at = 0;
    while at < out.len() {
        out[at] = WORDS[at].0;
        at += 1;
    }
    out
};
static PHRASES: Words = Words::new(&PHRASE_LIST);

/// Files that are no pages.
const FILES: [&str; 21] = [
    ".pdf", ".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".zip", ".doc", ".docx", ".xls", ".xlsx", ".mp4", ".mp3",
    ".ics", ".vcf", ".xml", ".json", ".ppt", ".css", ".js",
];

/// What `url`, shown as `text`, promises: 100 for a contact page, 0 or less when it is not worth a request.
pub(crate) fn score(url: &Url, text: &str) -> i32 {
    let path = url.path().to_ascii_lowercase();
    if FILES.iter().any(|ending| path.ends_with(ending)) {
        return 0;
    }
    let path_words = fold(&crate::scrape::text::percent_decode(&path));
    let text_words = if text.len() <= 80 { fold(text) } else { String::new() };
    let depth = path.split('/').filter(|part| !part.is_empty()).count() as i32;
    let found = |words: &str| {
        let padded = format!(" {words} ");
        let whole = PHRASES
            .all(&padded)
            .filter(|(at, index)| is_whole(&padded, *at, WORDS[*index].0));
        whole.map(|(_, index)| WORDS[index].1).max().unwrap_or(0)
    };
    let by_text = found(&text_words);
    let by_path = found(&path_words);
    let best = by_text.max(by_path - 2);
    if best == 0 {
        return 0;
    }
    let padded = format!(" {path_words} {text_words} ");
    let wasted = WASTE
        .all(&padded)
        .any(|(at, index)| is_whole(&padded, at, WASTE.word(index)));
    let waste = if wasted { 45 } else { 0 };
    let agreed = if by_text > 0 && by_path > 0 { 6 } else { 0 };
    // A long text is a headline that happens to hold the word.
    let wordy = (text_words.split(' ').count() as i32 - 4).max(0) * 4;
    let query = if url.query().is_some() { 8 } else { 0 };
    best + agreed - waste - (depth - 1).max(0) * 7 - wordy - query
}

/// Whether the phrase at `at` in `padded` stands as words; compounds such as `kontaktformular` count by their start.
fn is_whole(padded: &str, at: usize, phrase: &str) -> bool {
    let bytes = padded.as_bytes();
    let end = at + phrase.len();
    let begins = at > 0 && bytes[at - 1] == b' ';
    begins && (bytes[end] == b' ' || phrase.len() >= 6 || (bytes[end] == b's' && bytes[end + 1] == b' '))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn of(path: &str, text: &str) -> i32 {
        score(&Url::parse("https://a.com").unwrap().join(path).unwrap(), text)
    }

    #[test]
    fn pages_rank_as_an_analyst_would() {
        assert!(of("/contact", "Contact us") > of("/our-team", "Meet the team"));
        assert!(of("/our-team", "Our team") > of("/services", "Services"));
        assert!(of("/services", "Services") > of("/blog/contact-lenses-and-you", "Contact lenses"));
        assert!(of("/kontakt", "Kontakt") > of("/leistungen", "Leistungen"));
        assert!(of("/page-7", "Öffnungszeiten") > 0);
        assert!(of("/contact", "") > 0);
    }

    #[test]
    fn waste_and_files_are_left_alone() {
        for (path, text) in [
            ("/privacy", "Privacy"),
            ("/team.pdf", "Our team"),
            ("/", "Home"),
            ("/blog/about-gums", "All about gums"),
        ] {
            assert!(of(path, text) <= 30, "{path} {}", of(path, text));
        }
        assert_eq!(of("/team.pdf", "Our team"), 0);
    }
}
