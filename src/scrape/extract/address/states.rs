//! The states and provinces that stand in addresses, with their abbreviations.

use phonenumber::country::Id;

const US_STATES: [(&str, &str); 52] = [
    ("alabama", "AL"),
    ("alaska", "AK"),
    ("arizona", "AZ"),
    ("arkansas", "AR"),
    ("california", "CA"),
    ("colorado", "CO"),
    ("connecticut", "CT"),
    ("delaware", "DE"),
    ("district of columbia", "DC"),
    ("florida", "FL"),
    ("georgia", "GA"),
    ("hawaii", "HI"),
    ("idaho", "ID"),
    ("illinois", "IL"),
    ("indiana", "IN"),
    ("iowa", "IA"),
    ("kansas", "KS"),
    ("kentucky", "KY"),
    ("louisiana", "LA"),
    ("maine", "ME"),
    ("maryland", "MD"),
    ("massachusetts", "MA"),
    ("michigan", "MI"),
    ("minnesota", "MN"),
    ("mississippi", "MS"),
    ("missouri", "MO"),
    ("montana", "MT"),
    ("nebraska", "NE"),
    ("nevada", "NV"),
    ("new hampshire", "NH"),
    ("new jersey", "NJ"),
    ("new mexico", "NM"),
    ("new york", "NY"),
    ("north carolina", "NC"),
    ("north dakota", "ND"),
    ("ohio", "OH"),
    ("oklahoma", "OK"),
    ("oregon", "OR"),
    ("pennsylvania", "PA"),
    ("rhode island", "RI"),
    ("south carolina", "SC"),
    ("south dakota", "SD"),
    ("tennessee", "TN"),
    ("texas", "TX"),
    ("utah", "UT"),
    ("vermont", "VT"),
    ("virginia", "VA"),
    ("washington", "WA"),
    ("west virginia", "WV"),
    ("wisconsin", "WI"),
    ("wyoming", "WY"),
    ("puerto rico", "PR"),
];
const AU_STATES: [(&str, &str); 8] = [
    ("new south wales", "NSW"),
    ("victoria", "VIC"),
    ("queensland", "QLD"),
    ("western australia", "WA"),
    ("south australia", "SA"),
    ("tasmania", "TAS"),
    ("australian capital territory", "ACT"),
    ("northern territory", "NT"),
];
const CA_PROVINCES: [(&str, &str); 15] = [
    ("québec", "QC"),
    ("ontario", "ON"),
    ("quebec", "QC"),
    ("british columbia", "BC"),
    ("alberta", "AB"),
    ("manitoba", "MB"),
    ("saskatchewan", "SK"),
    ("nova scotia", "NS"),
    ("new brunswick", "NB"),
    ("newfoundland and labrador", "NL"),
    ("prince edward island", "PE"),
    ("northwest territories", "NT"),
    ("yukon", "YT"),
    ("nunavut", "NU"),
    ("newfoundland", "NL"),
];

const BR_STATES: [(&str, &str); 27] = [
    ("acre", "AC"),
    ("alagoas", "AL"),
    ("amapá", "AP"),
    ("amazonas", "AM"),
    ("bahia", "BA"),
    ("ceará", "CE"),
    ("distrito federal", "DF"),
    ("espírito santo", "ES"),
    ("goiás", "GO"),
    ("maranhão", "MA"),
    ("mato grosso", "MT"),
    ("mato grosso do sul", "MS"),
    ("minas gerais", "MG"),
    ("pará", "PA"),
    ("paraíba", "PB"),
    ("paraná", "PR"),
    ("pernambuco", "PE"),
    ("piauí", "PI"),
    ("rj", "RJ"),
    ("rio grande do norte", "RN"),
    ("rio grande do sul", "RS"),
    ("rondônia", "RO"),
    ("roraima", "RR"),
    ("santa catarina", "SC"),
    ("sp", "SP"),
    ("sergipe", "SE"),
    ("tocantins", "TO"),
];

const IN_STATES: [(&str, &str); 16] = [
    ("andhra pradesh", "AP"),
    ("bihar", "BR"),
    ("gujarat", "GJ"),
    ("haryana", "HR"),
    ("karnataka", "KA"),
    ("kerala", "KL"),
    ("madhya pradesh", "MP"),
    ("maharashtra", "MH"),
    ("odisha", "OD"),
    ("punjab", "PB"),
    ("rajasthan", "RJ"),
    ("tamil nadu", "TN"),
    ("tamilnadu", "TN"),
    ("telangana", "TG"),
    ("uttar pradesh", "UP"),
    ("west bengal", "WB"),
];

/// The state at the end of `text`, as its abbreviation, and the text before it.
pub(super) fn state_at_end(text: &str, country: Id) -> Option<(&str, String)> {
    let states: &[(&str, &str)] = match country {
        Id::US => &US_STATES,
        Id::AU => &AU_STATES,
        Id::CA => &CA_PROVINCES,
        Id::BR => &BR_STATES,
        Id::IN => &IN_STATES,
        _ => return None,
    };
    let text = text.trim_end_matches(|c: char| !c.is_alphanumeric());
    for words in 1..=4 {
        let start = text
            .char_indices()
            .rev()
            .filter(|(_, c)| !c.is_alphanumeric() && *c != '.')
            .nth(words - 1)
            .map_or(0, |(at, c)| at + c.len_utf8());
        let last = &text[start..];
        let bare: String = last.chars().filter(|c| *c != '.').collect();
        let found = states.iter().find(|(name, short)| {
            (bare == *short)
                || (words == 1 && country == Id::AU && bare.eq_ignore_ascii_case(short))
                // "Miami, Fl, 33183".
                || (words == 1 && country == Id::US && (start == 0 || text[..start].ends_with(", "))
                    && last.starts_with(char::is_uppercase) && bare.eq_ignore_ascii_case(short))
                || bare.eq_ignore_ascii_case(name)
        });
        if let Some((_, short)) = found {
            return Some((
                text[..start].trim_end_matches(|c: char| !c.is_alphanumeric() && c != ')'),
                (*short).to_owned(),
            ));
        }
        if start == 0 {
            break;
        }
    }
    None
}

/// A state or province of the country by its abbreviation: "ON", "NSW"; of no country that has none.
pub(crate) fn is_state(part: &str, country: Option<Id>) -> bool {
    let short = (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_uppercase());
    let ours = country.map_or([Id::US, Id::CA], |country| [country; 2]);
    short && ours.into_iter().any(|country| state_at_end(part, country).is_some())
}

/// The name of a state in full.
pub(super) fn is_whole_state(part: &str, country: Id) -> bool {
    state_at_end(part, country).is_some_and(|(before, _)| before.trim().is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn states() {
        assert_eq!(
            state_at_end("Richmond, VIC, ", Id::AU),
            Some(("Richmond", "VIC".to_owned()))
        );
        assert_eq!(
            state_at_end("Albany, New York ", Id::US),
            Some(("Albany", "NY".to_owned()))
        );
        assert_eq!(state_at_end("call me", Id::US), None);
    }
}
