//! Languages by name, as staff pages and markup write them.

use crate::scrape::extract::links::push_unique;
use crate::scrape::extract::page::scan::{Scan, Zone};
use crate::scrape::extract::words::KnownMap;
use crate::scrape::payload::{PageFacts, Source};
use crate::scrape::text::Words;
use std::sync::LazyLock;

/// ISO 639 codes with the names of their language, in lower case: English, its own, and as neighbours and customers write it.
const NAMES: [(&str, &str); 40] = [
    (
        "en",
        "english englisch anglais inglés ingles inglese inglês engels engelsk engelska angielski angielsku anglicky angol engleză \
         ingilizce английский английски английською αγγλικά englanti engleski 英語 英语 영어",
    ),
    (
        "de",
        "german deutsch allemand alemán alemão tedesco duits tysk tyska niemiecki niemiecku německy nemecky német germană almanca \
         немецкий немецки γερμανικά saksa njemački ドイツ語 德语 독일어",
    ),
    (
        "fr",
        "french français francais französisch francés francese francês frans fransk franska francuski francusku francouzsky francia \
         franceză fransızca французский французски γαλλικά ranska フランス語 法语",
    ),
    (
        "es",
        "spanish español espanol castellano spanisch espagnol espanhol spagnolo spaans spansk spanska hiszpański hiszpańsku španělsky \
         spanyol spaniolă ispanyolca испанский испански ισπανικά espanja スペイン語 西班牙语",
    ),
    (
        "it",
        "italian italiano italienisch italien italiaans italiensk italienska włoski włosku italsky olasz italiană italyanca \
         итальянский итальянски ιταλικά italia",
    ),
    (
        "pt",
        "portuguese português portugiesisch portugais portugués portoghese portugees portugisisk portugalski португальский",
    ),
    (
        "nl",
        "dutch nederlands niederländisch néerlandais neerlandés olandese hollandsk holenderski",
    ),
    (
        "pl",
        "polish polski polsku polnisch polonais polaco polacco pools polsk polska lengyel польский польски",
    ),
    (
        "ru",
        "russian russisch russe ruso russo русский русски russisch rysk rosyjski rosyjsku rusky orosz rusă rusça российский ロシア語 俄语",
    ),
    (
        "uk",
        "ukrainian ukrainisch ukrainien ucraniano ucraino украинский украински українська українською ukraiński ukrajinsky",
    ),
    (
        "tr",
        "turkish türkçe türkisch turc turco turks tyrkisk turkiska turecki турецкий",
    ),
    (
        "ar",
        "arabic arabisch arabe árabe arabo arabisk arabiska arabski العربية арабский",
    ),
    (
        "zh",
        "mandarin chinese chinesisch chinois chino cinese chinês kinesisk kinesiska 中文 普通话 普通話 国语 國語 汉语",
    ),
    ("yue", "cantonese kantonesisch cantonais 粤语 粵語 广东话 廣東話"),
    ("ja", "japanese japanisch japonais japonés giapponese 日本語 日语"),
    ("ko", "korean koreanisch coréen coreano 한국어 韩语"),
    ("hi", "hindi हिन्दी"),
    ("pa", "punjabi panjabi ਪੰਜਾਬੀ"),
    ("gu", "gujarati"),
    ("ur", "urdu اردو"),
    ("ta", "tamil தமிழ்"),
    ("te", "telugu"),
    ("bn", "bengali bangla বাংলা"),
    ("vi", "vietnamese vietnamesisch vietnamien vietnamita việt"),
    ("tl", "tagalog"),
    ("fil", "filipino"),
    ("sm", "samoan"),
    ("to", "tongan"),
    ("mi", "māori maori reo"),
    ("el", "greek griechisch grec griego greco grieks ελληνικά греческий"),
    ("fa", "persian farsi persisch persan فارسی"),
    ("af", "afrikaans"),
    ("cy", "welsh cymraeg"),
    ("sv", "swedish schwedisch suédois svenska ruotsi"),
    ("da", "danish dänisch danois dansk danska"),
    ("no", "norwegian norwegisch norsk norska"),
    ("fi", "finnish finnisch finska suomi suomeksi"),
    ("hu", "hungarian ungarisch hongrois magyar magyarul"),
    ("ro", "romanian rumänisch roumain română romana"),
    ("cs", "czech tschechisch tchèque čeština česky"),
];

static BY_NAME: LazyLock<KnownMap<&'static str, &'static str>> = LazyLock::new(|| {
    let mut out = KnownMap::default();
    for (code, names) in NAMES {
        for name in names.split_ascii_whitespace() {
            out.entry(name).or_insert(code);
        }
    }
    out
});

/// Words of sentences about the languages that are spoken. Only ASCII letters are compared without regard to case.
pub(super) const SPEAKING: [&str; 43] = [
    "speak",
    "spoken",
    "languages",
    "fluent in",
    "sprechen",
    "spricht",
    "sprachen",
    "parlons",
    "langues parl",
    "on parle",
    "vous accompagnent en",
    "hablamos",
    "se habla",
    "atendemos en",
    "idiomas",
    "parliamo",
    "si parla",
    "lingue",
    "falamos",
    "fala-se",
    "spreken",
    "taler",
    "snakker",
    "talar vi",
    "vi talar",
    "betjäning på",
    "puhumme",
    "palvelemme",
    "mówimy",
    "mluvíme",
    "hovoríme",
    "beszélünk",
    "vorbim",
    "konuşu",
    "μιλάμε",
    "говорим",
    "Говорим",
    "розмовляємо",
    "nói tiếng",
    "対応言語",
    "会说",
    "會說",
    "govorimo",
];

static SPOKEN: Words = Words::new(&SPEAKING);

/// Reads the languages that visitors are served in.
pub(crate) fn read(scan: &Scan, facts: &mut PageFacts) {
    for line in scan
        .lines
        .iter()
        .filter(|line| line.cues.spoken && line.zone != Zone::Quote)
    {
        for code in spoken(&scan.text[line.range.clone()]) {
            push_unique(&mut facts.languages, code, Source::Text, 40);
        }
    }
}

/// The code of a language's name.
pub(crate) fn code(name: &str) -> Option<String> {
    let name = name.trim().to_lowercase();
    let name = name.strip_prefix("te ").unwrap_or(&name);
    BY_NAME.get(name).map(|code| (*code).to_owned())
}

/// The languages named in the sentences that speak of them: "We speak English, Hindi and Punjabi".
fn spoken(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    let clauses = line.split(['.', ';', '!', '?', '。', '|', '•', '·']);
    for clause in clauses.filter(|clause| clause.len() <= 300 && SPOKEN.any(clause)) {
        let lower = clause.to_lowercase();
        for word in lower.split(|c: char| !c.is_alphabetic()) {
            if let Some(code) = code(word).filter(|code| !out.contains(code)) {
                out.push(code);
            }
        }
        let signs = BY_NAME
            .iter()
            .filter(|(name, _)| !name.is_ascii() && name.chars().all(|c| c as u32 > 0x2e80));
        for (_, code) in signs.filter(|(name, _)| lower.contains(**name)) {
            if !out.iter().any(|known| known == code) {
                out.push((*code).to_owned());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn languages_are_read_where_they_are_spoken() {
        assert_eq!(spoken("We speak English, Hindi & Punjabi."), ["en", "hi", "pa"]);
        assert_eq!(
            spoken("We speak Portuguese, English and French; the dog understands German."),
            ["pt", "en", "fr"]
        );
        assert_eq!(spoken("Se habla español. Chúng tôi nói tiếng Việt."), ["es", "vi"]);
        assert_eq!(
            spoken("Говорим по-русски, по-украински и по-английски."),
            ["ru", "uk", "en"]
        );
        assert_eq!(
            spoken("German shepherds are welcome. We speak dog."),
            Vec::<String>::new()
        );
        assert_eq!(code(" Français ").as_deref(), Some("fr"));
    }
}
