//! What of a company's name tells it from others.

/// The words of a name: small letters without accents, without articles, legal forms and marks.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = plain_words(name);
    words.retain(|word| !matches!(word.as_str(), "the" | "and"));
    let bare: Vec<String> = words.iter().filter(|word| !is_legal_form(word)).cloned().collect();
    if bare.is_empty() { words } else { bare }
}

/// The words that are left without those that any business of the kind may have in its name, and without the city; all of them
/// where nothing would be left.
#[must_use]
pub fn telling_words(name: &str, city: Option<&str>) -> Vec<String> {
    let all = words(name);
    let city = city.map(plain_words).unwrap_or_default();
    let telling: Vec<String> = all
        .iter()
        .filter(|word| !is_generic(word) && !city.contains(word))
        .cloned()
        .collect();
    if telling.is_empty() { all } else { telling }
}

/// What a register is asked for, the closest first: the name as it is, its telling words, and the first of these.
#[must_use]
pub fn search_terms(name: &str) -> Vec<String> {
    let telling = telling_words(name, None);
    let shortened = telling.len().saturating_sub(1).clamp(1, 2);
    let mut terms: Vec<String> = Vec::new();
    for term in [
        name.split_whitespace().collect::<Vec<_>>().join(" "),
        telling.join(" "),
        telling.iter().take(shortened).cloned().collect::<Vec<_>>().join(" "),
    ] {
        let is_new = terms.iter().all(|known| !known.eq_ignore_ascii_case(&term));
        if term.chars().count() > 1 && is_new {
            terms.push(term);
        }
    }
    terms
}

/// The words of any text: small letters without accents, `&` as "and", marks as spaces.
#[must_use]
pub fn plain_words(text: &str) -> Vec<String> {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            // "Mario's" and "Marios" are one.
            '\'' | '’' | '`' | '.' => {}
            '&' | '+' => plain.push_str(" and "),
            // An accent of its own, after the letter.
            '\u{300}'..='\u{36f}' => {}
            letter if letter.is_alphanumeric() => plain.push(without_accent(letter)),
            _ => plain.push(' '),
        }
    }
    plain.split_whitespace().map(str::to_owned).collect()
}

fn without_accent(letter: char) -> char {
    match letter {
        'ā' | 'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ē' | 'è' | 'é' | 'ê' | 'ë' => 'e',
        'ī' | 'ì' | 'í' | 'î' | 'ï' => 'i',
        'ō' | 'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
        'ū' | 'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        other => other,
    }
}

fn is_legal_form(word: &str) -> bool {
    matches!(
        word,
        "limited" | "ltd" | "lp" | "llc" | "inc" | "incorporated" | "pty" | "co" | "company" | "partnership" | "trust"
    )
}

fn is_generic(word: &str) -> bool {
    matches!(
        word,
        "restaurant"
            | "restaurants"
            | "cafe"
            | "cafes"
            | "bar"
            | "eatery"
            | "kitchen"
            | "diner"
            | "bistro"
            | "takeaway"
            | "takeaways"
            | "catering"
            | "foods"
            | "food"
            | "hospitality"
            | "enterprises"
            | "enterprise"
            | "holdings"
            | "group"
            | "nz"
            | "zealand"
    )
}

#[cfg(test)]
mod tests {
    use super::{search_terms, telling_words, words};

    #[test]
    fn spellings_of_one_name_have_the_same_words() {
        for spelling in [
            "The Fish & Chips Ltd",
            "FISH AND CHIPS LIMITED",
            "Fish + Chips Co.",
            "fish chips",
        ] {
            assert_eq!(words(spelling), ["fish", "chips"], "{spelling}");
        }
        assert_eq!(words("Mario’s Café"), ["marios", "cafe"]);
        assert_eq!(words("Whānau Kai"), words("Wha\u{304}nau Kai"));
        assert_eq!(words("The Company Limited"), ["company", "limited"]);
    }

    #[test]
    fn what_any_restaurant_may_be_called_does_not_tell() {
        assert_eq!(
            telling_words("Pizza Palace Restaurant & Café", None),
            ["pizza", "palace"]
        );
        assert_eq!(
            telling_words("Pizza Palace Auckland", Some("Auckland")),
            ["pizza", "palace"]
        );
        assert_eq!(telling_words("The Kitchen", None), ["kitchen"]);
    }

    #[test]
    fn a_register_is_asked_for_less_and_less() {
        assert_eq!(search_terms("Pizza  Palace"), ["Pizza Palace", "pizza"]);
        assert_eq!(
            search_terms("The Burger House Restaurant Limited"),
            ["The Burger House Restaurant Limited", "burger house", "burger"]
        );
        assert_eq!(
            search_terms("Little Red Chicken Shop Café"),
            ["Little Red Chicken Shop Café", "little red chicken shop", "little red"]
        );
        assert_eq!(search_terms("寿司"), ["寿司"]);
        assert!(search_terms(" ").is_empty());
    }
}
