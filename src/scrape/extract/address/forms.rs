//! Forms of addresses that single countries alone have.

use super::parts::{is_number, is_town, without_label};
use super::regions::is_county;
use super::street::{is_house_number, is_street};
use super::street_before::Street;
use crate::scrape::payload::Address;
use crate::scrape::text::{fold, squeeze};
use phonenumber::country::Id;

/// A house in an Indian town, whose landmarks and quarters stand in the place of a street: "H. No. 2-7-77, 3rd Floor, Opp. Gandhi
/// Statue, Bharat Nagar, Uppal, Hyderabad".
pub(super) fn plot<'a>(parts: &[&'a str]) -> Option<Street<'a>> {
    const KINDS: [&str; 9] = [
        "h no ",
        "d no ",
        "door no ",
        "plot no ",
        "flat no ",
        "shop no ",
        "house no ",
        "office no ",
        "sy no ",
    ];
    let at = parts.iter().position(|part| {
        let folded = fold(without_label(part));
        KINDS.iter().any(|kind| folded.starts_with(kind)) && folded.bytes().any(|b| b.is_ascii_digit())
    })?;
    let town = parts
        .iter()
        .rposition(|part| is_town(part) && !is_county(part))
        .filter(|town| *town > at)?;
    let first = without_label(parts[at]);
    let rest = parts[at + 1..town].iter().copied();
    Some(Street {
        text: squeeze(&std::iter::once(first).chain(rest).collect::<Vec<_>>().join(", ")),
        first,
        next: town,
        tail: None,
        sure: true,
    })
}

/// The village of a house that has no street: "Útěchov 97".
pub(super) fn village_of(part: &str) -> Option<&str> {
    let (name, number) = part.rsplit_once(' ')?;
    // Districts of large towns have numbers too: "Praha 4".
    const LARGE: [&str; 6] = ["Praha", "Bratislava", "Plzeň", "Ostrava", "Košice", "Pardubice"];
    // Streets without a word for one are adjectives: "Nádražní 45".
    let adjective = name.ends_with(['í', 'á', 'é']) || name.ends_with("ova");
    let no_street = is_town(name) && name.split(' ').count() <= 3 && !is_street(part) && !adjective;
    (is_house_number(number) && no_street && !LARGE.contains(&name)).then_some(name)
}

/// A house in a Romanian village: "Bratca, nr. 212, jud. Bihor".
pub(super) fn village(parts: &[&str], country: Option<Id>) -> Option<Address> {
    let [village, number, county] = parts else { return None };
    let numbered = is_number(number) && number.starts_with(['n', 'N']);
    (numbered && is_town(village) && fold(county).starts_with("jud ")).then(|| Address {
        raw: squeeze(&parts.join(", ")),
        street: Some(squeeze(number)),
        locality: Some((*village).to_owned()),
        region: Some((*county).to_owned()),
        country: country.map(|country| country.as_ref().to_owned()),
        ..Address::default()
    })
}

/// A house in a French hamlet, which has no streets: "61 Le cous", "12 lieu-dit la Roche". Enough only right before a code and its town.
pub(super) fn is_hamlet(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    let article = |word: &str| {
        let word = word.to_lowercase();
        matches!(word.as_str(), "le" | "la" | "les" | "lieu-dit" | "lieudit" | "chez")
            || word.starts_with("l'")
            || word.starts_with("l’")
    };
    (2..=5).contains(&words.len()) && is_house_number(words[0]) && article(words[1]) && text.len() <= 40
}

/// A French hamlet right above its code and town: "Le Lapsou", "Lieu-dit Kerhuon".
pub(super) fn is_hamlet_alone(text: &str) -> bool {
    let Some((article, name)) = text.split_once(' ') else {
        return false;
    };
    let name_alone = name.starts_with(char::is_uppercase)
        && !name.contains(' ')
        && name.chars().all(|c| c.is_alphabetic() || c == '-');
    matches!(article, "Le" | "La" | "Les" | "Lieu-dit" | "Lieudit") && name_alone
}
