//! Languages by name, as staff pages and markup write them.

/// English, own and neighbouring names with the ISO 639-1 code.
const NAMES: [(&str, &str); 62] = [
    ("english", "en"),
    ("englisch", "en"),
    ("anglais", "en"),
    ("german", "de"),
    ("deutsch", "de"),
    ("allemand", "de"),
    ("french", "fr"),
    ("français", "fr"),
    ("französisch", "fr"),
    ("spanish", "es"),
    ("español", "es"),
    ("spanisch", "es"),
    ("espagnol", "es"),
    ("italian", "it"),
    ("italiano", "it"),
    ("italienisch", "it"),
    ("portuguese", "pt"),
    ("português", "pt"),
    ("portugiesisch", "pt"),
    ("dutch", "nl"),
    ("nederlands", "nl"),
    ("niederländisch", "nl"),
    ("polish", "pl"),
    ("polski", "pl"),
    ("polnisch", "pl"),
    ("russian", "ru"),
    ("russisch", "ru"),
    ("русский", "ru"),
    ("turkish", "tr"),
    ("türkçe", "tr"),
    ("türkisch", "tr"),
    ("arabic", "ar"),
    ("arabisch", "ar"),
    ("العربية", "ar"),
    ("mandarin", "zh"),
    ("cantonese", "yue"),
    ("chinese", "zh"),
    ("chinesisch", "zh"),
    ("中文", "zh"),
    ("japanese", "ja"),
    ("日本語", "ja"),
    ("korean", "ko"),
    ("한국어", "ko"),
    ("hindi", "hi"),
    ("punjabi", "pa"),
    ("gujarati", "gu"),
    ("urdu", "ur"),
    ("tamil", "ta"),
    ("telugu", "te"),
    ("bengali", "bn"),
    ("vietnamese", "vi"),
    ("tagalog", "tl"),
    ("filipino", "fil"),
    ("samoan", "sm"),
    ("tongan", "to"),
    ("te reo māori", "mi"),
    ("māori", "mi"),
    ("greek", "el"),
    ("persian", "fa"),
    ("farsi", "fa"),
    ("afrikaans", "af"),
    ("welsh", "cy"),
];

/// The code of a language's name.
pub(crate) fn code(name: &str) -> Option<String> {
    let name = name.trim().to_lowercase();
    NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, code)| (*code).to_owned())
}

/// The languages named in a line that speaks of them: "We speak English, Hindi and Punjabi".
pub(crate) fn spoken(line: &str) -> Vec<String> {
    if line.len() > 300 {
        return Vec::new();
    }
    let lower = line.to_lowercase();
    let mut out = Vec::new();
    for word in lower.split(|c: char| !c.is_alphabetic()) {
        if let Some(code) = code(word).filter(|code| !out.contains(code)) {
            out.push(code);
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
        assert_eq!(code(" Français ").as_deref(), Some("fr"));
    }
}
