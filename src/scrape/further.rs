//! Which further pages of a site are worth a request: those that promise contact, hours, places, people, services or
//! the legal notice, by the words of their links and addresses, in the languages that sites are in.

mod traps;
mod words;

use crate::scrape::text::{Words, fold};
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

/// What `url`, shown as `text`, promises: 100 for a contact page, 0 or less when it is not worth a request.
pub(crate) fn score(url: &Url, text: &str) -> i32 {
    if traps::is_trap(url) {
        return 0;
    }
    let path = url.path().to_ascii_lowercase();
    let path_words = fold(&crate::scrape::text::percent_decode(&path));
    let text_words = if text.len() <= 80 { fold(text) } else { String::new() };
    let depth = path.split('/').filter(|part| !part.is_empty()).count() as i32;
    let found = |words: &str| {
        let padded = format!(" {words} ");
        let whole = PHRASES
            .all(&padded)
            .filter(|(at, index)| is_whole(&padded, *at, words::ALL[*index].0));
        whole.map(|(_, index)| words::ALL[index].1).max().unwrap_or(0)
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
    fn words_inside_words_do_not_count() {
        for text in ["О насекомых", "Steam cleaning", "Newsstaff", "Aboutique"] {
            assert_eq!(of("/page-7", text), 0, "{text}");
        }
    }

    #[test]
    fn the_list_is_in_the_form_that_texts_are_brought_to() {
        for (word, promise) in words::ALL {
            assert_eq!(fold(word), word);
            assert!(promise > 0 && word.len() >= 3, "{word}");
        }
    }
}
