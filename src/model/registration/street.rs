//! Street and number in an address.

use super::company_name::plain_words;

/// A door: the number, and the street's name and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    pub number: String,
    pub street: String,
}

/// The first number that a word follows is the house's, after those of units and floors; the street goes on to its kind.
#[must_use]
pub fn door(address: &str) -> Option<Door> {
    let words = plain_words(address);
    let starts = |word: &String, with: fn(&char) -> bool| word.chars().next().filter(with).is_some();
    let at = words
        .windows(2)
        .position(|pair| starts(&pair[0], char::is_ascii_digit) && starts(&pair[1], |letter| letter.is_alphabetic()))?;
    let mut street = Vec::new();
    for word in words.iter().skip(at + 1).take(4) {
        let kind = street_kind(word);
        // "St Lukes Road" begins with what could be a kind.
        let ends = kind.is_some() && !street.is_empty();
        street.push(if ends { kind.unwrap_or(word) } else { word.as_str() });
        if ends {
            break;
        }
    }
    // Where no kind is named, what follows the name is the suburb.
    if street.last().copied().and_then(street_kind).is_none() {
        street.truncate(1);
    }
    Some(Door {
        number: words.get(at)?.clone(),
        street: street.join(" "),
    })
}

fn street_kind(word: &str) -> Option<&'static str> {
    Some(match word {
        "street" | "st" => "street",
        "road" | "rd" => "road",
        "avenue" | "ave" | "av" => "avenue",
        "drive" | "dr" | "drv" => "drive",
        "place" | "pl" => "place",
        "lane" | "ln" => "lane",
        "terrace" | "tce" => "terrace",
        "crescent" | "cres" => "crescent",
        "highway" | "hwy" => "highway",
        "parade" | "pde" => "parade",
        "quay" => "quay",
        "square" | "sq" => "square",
        "court" | "ct" => "court",
        "way" => "way",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Door, door};

    #[test]
    fn a_door_is_the_same_however_it_is_written() {
        let expected = |number: &str, street: &str| {
            Some(Door {
                number: number.to_owned(),
                street: street.to_owned(),
            })
        };
        for (address, number, street) in [
            ("12 Queen Street, Auckland", "12", "queen street"),
            ("Shop 3, 12 Queen St.", "12", "queen street"),
            ("Level 2/12 QUEEN ST Auckland 1010", "12", "queen street"),
            ("12a Dominion Rd, Mount Eden", "12a", "dominion road"),
            ("45 St Lukes Road", "45", "st lukes road"),
            ("7 Broadway, Newmarket, Auckland", "7", "broadway"),
        ] {
            assert_eq!(door(address), expected(number, street), "{address}");
        }
        for none in ["", "Queen Street", "PO Box 1234", "1010"] {
            assert_eq!(door(none), None, "{none}");
        }
    }
}
