//! Which further pages of a site are worth a request: those that promise contact, hours, places, people, services or
//! the legal notice, by the words of their links and addresses, in the languages that sites are in.

mod traps;
mod words;

use super::payload::{PageKind, PageLink};
use super::text::{Words, fold, percent_decode};
use url::Url;

/// Thai, and all that comes after it: kana, Chinese characters, Hangul.
const FIRST_UNSPACED: char = '\u{e00}';

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

const PHRASE_LIST: [&str; words::ALL.len()] = {
    let mut out = [""; words::ALL.len()];
    let mut at = 0;
    while at < out.len() {
        out[at] = words::ALL[at].0;
        at += 1;
    }
    out
};
static PHRASES: Words = Words::new(&PHRASE_LIST);

/// The link to `url`, shown as `text`, with what it promises: about 100 for a contact page. `None` when it is not worth a
/// request.
pub(crate) fn link(url: &Url, text: &str) -> Option<PageLink> {
    if traps::is_trap(url) {
        return None;
    }
    let path = url.path().to_ascii_lowercase();
    let path_words = fold(&percent_decode(&path));
    let text_words = if text.len() <= 80 { fold(text) } else { String::new() };
    let depth = path.split('/').filter(|part| !part.is_empty()).count() as i32;
    let (by_text, by_path) = (best_word(&text_words), best_word(&path_words));
    let by_path_less = by_path.map(|(promise, kind)| (promise - 2, kind));
    let (best, kind) = match (by_text, by_path_less) {
        (Some(text), Some(path)) if path.0 > text.0 => path,
        (Some(text), _) => text,
        (None, path) => path?,
    };
    let padded = format!(" {path_words} {text_words} ");
    let wasted = WASTE
        .all(&padded)
        .any(|(at, index)| is_whole(&padded, at, WASTE.word(index)));
    let waste = if wasted { 45 } else { 0 };
    let agreed = if by_text.is_some() && by_path.is_some() { 6 } else { 0 };
    // A long text is a headline that happens to hold the word.
    let wordy = (text_words.split(' ').count() as i32 - 4).max(0) * 4;
    let query = if url.query().is_some() { 8 } else { 0 };
    let score = best + agreed - waste - (depth - 1).max(0) * 7 - wordy - query;
    (score > 0).then(|| PageLink {
        url: url.clone(),
        score,
        kind: Some(kind),
    })
}

/// What the most promising of these words promises, and of which kind it is.
fn best_word(words: &str) -> Option<(i32, PageKind)> {
    let padded = format!(" {words} ");
    let whole = PHRASES
        .all(&padded)
        .map(|(at, index)| (at, words::ALL[index]))
        .filter(|(at, (phrase, ..))| is_whole(&padded, *at, phrase));
    whole
        .map(|(_, (_, promise, kind))| (promise, kind))
        .max_by_key(|(promise, _)| *promise)
}

/// Whether the phrase at `at` in `padded` stands as words; compounds such as `kontaktformular` count by their start, and
/// scripts without spaces anywhere.
fn is_whole(padded: &str, at: usize, phrase: &str) -> bool {
    if phrase.starts_with(|c| c >= FIRST_UNSPACED) {
        return true;
    }
    let bytes = padded.as_bytes();
    let end = at + phrase.len();
    let begins = at > 0 && bytes[at - 1] == b' ';
    let compounds = phrase.chars().count() >= 6;
    begins && (bytes[end] == b' ' || compounds || (bytes[end] == b's' && bytes[end + 1] == b' '))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn of(path: &str, text: &str) -> i32 {
        let url = Url::parse("https://a.com").unwrap().join(path).unwrap();
        link(&url, text).map_or(0, |link| link.score)
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
        assert_eq!(of("/login/contact", "Contact"), 0);
    }

    #[test]
    fn links_are_understood_in_many_languages() {
        for text in [
            "Nous joindre",
            "Plan d'accès",
            "Heures d’ouverture",
            "L'équipe",
            "Mentions légales",
            "Kontakt",
            "Kontaktformular",
            "Impressum",
            "Öffnungszeiten",
            "Über uns",
            "Sobre nosotros",
            "Horario",
            "Cómo llegar",
            "Sobre nós",
            "Serviços",
            "Chi siamo",
            "Dove siamo",
            "Over ons",
            "Openingsuren",
            "Om oss",
            "Öppettider",
            "Åbningstider",
            "Yhteystiedot",
            "Aukioloajat",
            "O nas",
            "Zespół",
            "Otevírací doba",
            "Nyitvatartás",
            "Despre noi",
            "İletişim",
            "Hakkımızda",
            "Επικοινωνία",
            "ΕΠΙΚΟΙΝΩΝΙΑ",
            "Контакты",
            "О нас",
            "Часы работы",
            "Liên hệ",
            "Dịch vụ",
            "Hubungi kami",
            "اتصل بنا",
            "צור קשר",
            "ติดต่อเรา",
            "เกี่ยวกับเรา",
            "บริการ",
            "お問い合わせ",
            "アクセス",
            "診療時間のご案内",
            "会社概要",
            "联系我们",
            "關於我們",
            "오시는 길",
            "의료진 소개",
        ] {
            assert!(of("/page-7", text) >= 40, "{text} {}", of("/page-7", text));
            let path = format!("/{}", text.replace([' ', '\''], "-"));
            assert!(of(&path, "") >= 40, "{path} {}", of(&path, ""));
        }
    }

    #[test]
    fn kinds_are_told_by_the_most_promising_word() {
        for (path, text, expected) in [
            ("/contact", "Contact", PageKind::Contact),
            ("/contact/hours", "", PageKind::Contact),
            ("/page-7", "Öffnungszeiten", PageKind::Hours),
            ("/dove-siamo", "", PageKind::Places),
            ("/about/team", "Our team", PageKind::People),
            ("/impressum", "", PageKind::Legal),
            ("/x", "Nos services", PageKind::Services),
        ] {
            let url = Url::parse("https://a.com").unwrap().join(path).unwrap();
            assert_eq!(
                link(&url, text).and_then(|link| link.kind),
                Some(expected),
                "{path} {text}"
            );
        }
    }

    #[test]
    fn words_inside_words_do_not_count() {
        for text in ["О насекомых", "Steam cleaning", "Newsstaff", "Aboutique"] {
            assert_eq!(of("/page-7", text), 0, "{text}");
        }
    }

    #[test]
    fn the_list_is_in_the_form_that_texts_are_brought_to() {
        for (word, promise, _) in words::ALL {
            assert_eq!(fold(word), word);
            assert!(promise > 0 && word.len() >= 3, "{word}");
        }
    }
}
