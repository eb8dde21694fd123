//! Countries by name.

use crate::scrape::text::fold;
use phonenumber::country::Id;
use std::{collections::HashMap, sync::LazyLock};

/// Names, in English and in their own language, as pages write them, ASCII letters in lower case.
pub(super) const NAMES: [(&str, Id); 150] = [
    ("new zealand", Id::NZ),
    ("aotearoa", Id::NZ),
    ("australia", Id::AU),
    ("united kingdom", Id::GB),
    ("england", Id::GB),
    ("scotland", Id::GB),
    ("northern ireland", Id::GB),
    ("ireland", Id::IE),
    ("united states", Id::US),
    ("canada", Id::CA),
    ("deutschland", Id::DE),
    ("germany", Id::DE),
    ("österreich", Id::AT),
    ("Österreich", Id::AT),
    ("austria", Id::AT),
    ("schweiz", Id::CH),
    ("suisse", Id::CH),
    ("svizzera", Id::CH),
    ("switzerland", Id::CH),
    ("belgique", Id::BE),
    ("belgië", Id::BE),
    ("belgium", Id::BE),
    ("nederland", Id::NL),
    ("netherlands", Id::NL),
    ("france", Id::FR),
    ("la réunion", Id::RE),
    ("guadeloupe", Id::GP),
    ("martinique", Id::MQ),
    ("españa", Id::ES),
    ("spain", Id::ES),
    ("italia", Id::IT),
    ("italy", Id::IT),
    ("portugal", Id::PT),
    ("brasil", Id::BR),
    ("brazil", Id::BR),
    ("méxico", Id::MX),
    ("mexico", Id::MX),
    ("argentina", Id::AR),
    ("colombia", Id::CO),
    ("perú", Id::PE),
    ("ecuador", Id::EC),
    ("venezuela", Id::VE),
    ("uruguay", Id::UY),
    ("paraguay", Id::PY),
    ("bolivia", Id::BO),
    ("guatemala", Id::GT),
    ("honduras", Id::HN),
    ("el salvador", Id::SV),
    ("nicaragua", Id::NI),
    ("costa rica", Id::CR),
    ("panamá", Id::PA),
    ("panama", Id::PA),
    ("república dominicana", Id::DO),
    ("dominican republic", Id::DO),
    ("puerto rico", Id::PR),
    ("polska", Id::PL),
    ("poland", Id::PL),
    ("česká republika", Id::CZ),
    ("Česká republika", Id::CZ),
    ("czech republic", Id::CZ),
    ("slovensko", Id::SK),
    ("slovakia", Id::SK),
    ("magyarország", Id::HU),
    ("hungary", Id::HU),
    ("românia", Id::RO),
    ("romania", Id::RO),
    ("българия", Id::BG),
    ("България", Id::BG),
    ("bulgaria", Id::BG),
    ("ελλάδα", Id::GR),
    ("Ελλάδα", Id::GR),
    ("greece", Id::GR),
    ("hrvatska", Id::HR),
    ("croatia", Id::HR),
    ("srbija", Id::RS),
    ("serbia", Id::RS),
    ("slovenija", Id::SI),
    ("slovenia", Id::SI),
    ("danmark", Id::DK),
    ("denmark", Id::DK),
    ("sverige", Id::SE),
    ("sweden", Id::SE),
    ("norge", Id::NO),
    ("norway", Id::NO),
    ("suomi", Id::FI),
    ("finland", Id::FI),
    ("lietuva", Id::LT),
    ("lithuania", Id::LT),
    ("latvija", Id::LV),
    ("latvia", Id::LV),
    ("eesti", Id::EE),
    ("estonia", Id::EE),
    ("україна", Id::UA),
    ("Україна", Id::UA),
    ("ukraine", Id::UA),
    ("россия", Id::RU),
    ("Россия", Id::RU),
    ("türkiye", Id::TR),
    ("south africa", Id::ZA),
    ("nigeria", Id::NG),
    ("kenya", Id::KE),
    ("ghana", Id::GH),
    ("uganda", Id::UG),
    ("tanzania", Id::TZ),
    ("zambia", Id::ZM),
    ("zimbabwe", Id::ZW),
    ("botswana", Id::BW),
    ("namibia", Id::NA),
    ("rwanda", Id::RW),
    ("ethiopia", Id::ET),
    ("cameroon", Id::CM),
    ("egypt", Id::EG),
    ("maroc", Id::MA),
    ("morocco", Id::MA),
    ("tunisie", Id::TN),
    ("tunisia", Id::TN),
    ("lebanon", Id::LB),
    ("saudi arabia", Id::SA),
    ("united arab emirates", Id::AE),
    ("qatar", Id::QA),
    ("kuwait", Id::KW),
    ("pakistan", Id::PK),
    ("india", Id::IN),
    ("bangladesh", Id::BD),
    ("sri lanka", Id::LK),
    ("nepal", Id::NP),
    ("thailand", Id::TH),
    ("việt nam", Id::VN),
    ("vietnam", Id::VN),
    ("malaysia", Id::MY),
    ("singapore", Id::SG),
    ("indonesia", Id::ID),
    ("philippines", Id::PH),
    ("hong kong", Id::HK),
    ("taiwan", Id::TW),
    ("japan", Id::JP),
    ("south korea", Id::KR),
    ("대한민국", Id::KR),
    ("great britain", Id::GB),
    ("united states of america", Id::US),
    ("republic of ireland", Id::IE),
    ("luxembourg", Id::LU),
    ("ellada", Id::GR),
    ("hellas", Id::GR),
    ("czechia", Id::CZ),
    ("česko", Id::CZ),
    ("iceland", Id::IS),
    ("viet nam", Id::VN),
    ("cyprus", Id::CY),
    ("russia", Id::RU),
];

/// Names that are also other words, too short to be looked for in sentences, or those that neighbours have for a country, who travel
/// there: they count where a country is expected.
const WHERE_EXPECTED: [(&str, Id); 40] = [
    ("nz", Id::NZ),
    ("aus", Id::AU),
    ("uk", Id::GB),
    ("wales", Id::GB),
    ("usa", Id::US),
    ("u s a", Id::US),
    ("u s", Id::US),
    ("eire", Id::IE),
    ("the netherlands", Id::NL),
    ("turkey", Id::TR),
    ("turkei", Id::TR),
    ("chile", Id::CL),
    ("peru", Id::PE),
    ("nippon", Id::JP),
    ("korea", Id::KR),
    ("letzebuerg", Id::LU),
    ("malta", Id::MT),
    ("cymru", Id::GB),
    ("island", Id::IS),
    ("israel", Id::IL),
    ("uae", Id::AE),
    ("allemagne", Id::DE),
    ("frankreich", Id::FR),
    ("roumanie", Id::RO),
    ("ungarn", Id::HU),
    ("griechenland", Id::GR),
    ("tschechien", Id::CZ),
    ("luxemburg", Id::LU),
    ("autriche", Id::AT),
    ("italien", Id::IT),
    ("italie", Id::IT),
    ("spanien", Id::ES),
    ("espagne", Id::ES),
    ("polen", Id::PL),
    ("schweden", Id::SE),
    ("norwegen", Id::NO),
    ("danemark", Id::DK),
    ("niederlande", Id::NL),
    ("pays bas", Id::NL),
    ("belgien", Id::BE),
];

/// Both lists by folded name.
static BY_NAME: LazyLock<HashMap<String, Id>> = LazyLock::new(|| {
    let all = NAMES.iter().chain(&WHERE_EXPECTED);
    all.map(|(name, country)| (fold(name), *country)).collect()
});

/// The code of a country's name; a code in capitals is taken as it is.
#[must_use]
pub fn code(name: &str) -> Option<String> {
    let trimmed = name.trim();
    if let Some(country) = BY_NAME.get(&fold(trimmed)) {
        return Some(country.as_ref().to_owned());
    }
    let two = trimmed.len() == 2 && trimmed.bytes().all(|b| b.is_ascii_alphabetic());
    two.then(|| trimmed.to_ascii_uppercase())
        .filter(|code| code.parse::<Id>().is_ok())
}

/// The country that a text ends with, and the text before it.
pub(crate) fn at_end(text: &str) -> Option<(&str, String)> {
    let trimmed = text.trim_end_matches(|c: char| !c.is_alphanumeric());
    for start in trimmed.rmatch_indices([',', ' ', '\n']).map(|(at, _)| at + 1).take(4) {
        let last = &trimmed[start..];
        let folded = fold(last);
        // Two letters at the end of an address are more often a state than a country.
        if (folded.len() > 2 || folded == "nz" || folded == "uk")
            && let Some(country) = BY_NAME.get(&folded)
        {
            return Some((
                trimmed[..start].trim_end_matches([',', ' ', '\n', '.', '-']),
                country.as_ref().to_owned(),
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn names_and_codes() {
        assert_eq!(code("New Zealand").as_deref(), Some("NZ"));
        assert_eq!(code("de").as_deref(), Some("DE"));
        assert_eq!(code("Österreich").as_deref(), Some("AT"));
        assert_eq!(code("Atlantis"), None);
        assert_eq!(
            at_end("1 High St, Auckland 1010, New Zealand"),
            Some(("1 High St, Auckland 1010", "NZ".to_owned()))
        );
        assert_eq!(at_end("1 High St, Springfield, CA"), None);
    }
}
