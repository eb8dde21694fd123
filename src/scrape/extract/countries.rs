//! Countries by name.

/// Names, in English and their own language, with the ISO 3166-1 alpha-2 code.
const NAMES: [(&str, &str); 167] = [
    ("new zealand", "NZ"),
    ("aotearoa", "NZ"),
    ("nz", "NZ"),
    ("australia", "AU"),
    ("aus", "AU"),
    ("united kingdom", "GB"),
    ("uk", "GB"),
    ("great britain", "GB"),
    ("england", "GB"),
    ("scotland", "GB"),
    ("wales", "GB"),
    ("northern ireland", "GB"),
    ("united states", "US"),
    ("united states of america", "US"),
    ("usa", "US"),
    ("u s a", "US"),
    ("u s", "US"),
    ("canada", "CA"),
    ("ireland", "IE"),
    ("eire", "IE"),
    ("republic of ireland", "IE"),
    ("germany", "DE"),
    ("deutschland", "DE"),
    ("allemagne", "DE"),
    ("france", "FR"),
    ("frankreich", "FR"),
    ("spain", "ES"),
    ("espana", "ES"),
    ("italy", "IT"),
    ("italia", "IT"),
    ("netherlands", "NL"),
    ("the netherlands", "NL"),
    ("nederland", "NL"),
    ("belgium", "BE"),
    ("belgie", "BE"),
    ("belgique", "BE"),
    ("austria", "AT"),
    ("osterreich", "AT"),
    ("switzerland", "CH"),
    ("schweiz", "CH"),
    ("suisse", "CH"),
    ("svizzera", "CH"),
    ("portugal", "PT"),
    ("brasil", "BR"),
    ("brazil", "BR"),
    ("mexico", "MX"),
    ("poland", "PL"),
    ("polska", "PL"),
    ("czech republic", "CZ"),
    ("ceska republika", "CZ"),
    ("denmark", "DK"),
    ("danmark", "DK"),
    ("sweden", "SE"),
    ("sverige", "SE"),
    ("norway", "NO"),
    ("norge", "NO"),
    ("finland", "FI"),
    ("suomi", "FI"),
    ("india", "IN"),
    ("south africa", "ZA"),
    ("singapore", "SG"),
    ("luxembourg", "LU"),
    ("greece", "GR"),
    ("hungary", "HU"),
    ("japan", "JP"),
    ("turkiye", "TR"),
    ("romania", "RO"),
    ("roumanie", "RO"),
    ("slovakia", "SK"),
    ("slovensko", "SK"),
    ("magyarorszag", "HU"),
    ("ungarn", "HU"),
    ("turkey", "TR"),
    ("turkei", "TR"),
    ("ellada", "GR"),
    ("hellas", "GR"),
    ("griechenland", "GR"),
    ("croatia", "HR"),
    ("hrvatska", "HR"),
    ("slovenia", "SI"),
    ("slovenija", "SI"),
    ("bulgaria", "BG"),
    ("argentina", "AR"),
    ("chile", "CL"),
    ("colombia", "CO"),
    ("peru", "PE"),
    ("uruguay", "UY"),
    ("nippon", "JP"),
    ("south korea", "KR"),
    ("korea", "KR"),
    ("czechia", "CZ"),
    ("cesko", "CZ"),
    ("tschechien", "CZ"),
    ("ukraine", "UA"),
    ("letzebuerg", "LU"),
    ("luxemburg", "LU"),
    ("autriche", "AT"),
    ("italien", "IT"),
    ("italie", "IT"),
    ("spanien", "ES"),
    ("espagne", "ES"),
    ("polen", "PL"),
    ("schweden", "SE"),
    ("norwegen", "NO"),
    ("danemark", "DK"),
    ("niederlande", "NL"),
    ("pays bas", "NL"),
    ("belgien", "BE"),
    ("hong kong", "HK"),
    ("malta", "MT"),
    ("cymru", "GB"),
    ("iceland", "IS"),
    ("island", "IS"),
    ("estonia", "EE"),
    ("latvia", "LV"),
    ("lithuania", "LT"),
    ("serbia", "RS"),
    ("srbija", "RS"),
    ("israel", "IL"),
    ("malaysia", "MY"),
    ("philippines", "PH"),
    ("indonesia", "ID"),
    ("united arab emirates", "AE"),
    ("uae", "AE"),
    ("nigeria", "NG"),
    ("kenya", "KE"),
    ("ghana", "GH"),
    ("uganda", "UG"),
    ("tanzania", "TZ"),
    ("zambia", "ZM"),
    ("zimbabwe", "ZW"),
    ("botswana", "BW"),
    ("namibia", "NA"),
    ("rwanda", "RW"),
    ("egypt", "EG"),
    ("maroc", "MA"),
    ("morocco", "MA"),
    ("tunisie", "TN"),
    ("tunisia", "TN"),
    ("lebanon", "LB"),
    ("saudi arabia", "SA"),
    ("qatar", "QA"),
    ("kuwait", "KW"),
    ("pakistan", "PK"),
    ("bangladesh", "BD"),
    ("sri lanka", "LK"),
    ("nepal", "NP"),
    ("thailand", "TH"),
    ("vietnam", "VN"),
    ("viet nam", "VN"),
    ("taiwan", "TW"),
    ("costa rica", "CR"),
    ("guatemala", "GT"),
    ("honduras", "HN"),
    ("el salvador", "SV"),
    ("nicaragua", "NI"),
    ("panama", "PA"),
    ("ecuador", "EC"),
    ("venezuela", "VE"),
    ("bolivia", "BO"),
    ("paraguay", "PY"),
    ("dominican republic", "DO"),
    ("republica dominicana", "DO"),
    ("cyprus", "CY"),
    ("россия", "RU"),
    ("russia", "RU"),
    ("україна", "UA"),
];

/// The code of a country's name; a code in capitals is taken as it is.
#[must_use]
pub fn code(name: &str) -> Option<String> {
    let trimmed = name.trim();
    let folded = crate::scrape::text::fold(trimmed);
    if let Some((_, code)) = NAMES.iter().find(|(known, _)| *known == folded) {
        return Some((*code).to_owned());
    }
    let two = trimmed.len() == 2 && trimmed.bytes().all(|b| b.is_ascii_alphabetic());
    two.then(|| trimmed.to_ascii_uppercase())
        .filter(|code| code.parse::<phonenumber::country::Id>().is_ok())
}

/// The country that a text ends with, and the text before it.
pub(crate) fn at_end(text: &str) -> Option<(&str, String)> {
    let trimmed = text.trim_end_matches(|c: char| !c.is_alphanumeric());
    for start in trimmed.rmatch_indices([',', ' ', '\n']).map(|(at, _)| at + 1).take(4) {
        let last = &trimmed[start..];
        let folded = crate::scrape::text::fold(last);
        // Two letters at the end of an address are more often a state than a country.
        if (folded.len() > 2 || folded == "nz" || folded == "uk")
            && let Some((_, code)) = NAMES.iter().find(|(known, _)| *known == folded)
        {
            return Some((
                trimmed[..start].trim_end_matches([',', ' ', '\n', '.', '-']),
                (*code).to_owned(),
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
