//! What the words before a number say about it, in the languages of the pages.

use crate::scrape::extract::words::{Folded, KnownMap};
use std::sync::LazyLock;

/// What a number is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    None,
    Phone,
    Fax,
    /// "Tel./Fax": one number for both.
    Both,
    /// A register, tax, order or bank number.
    Other,
}

/// Words that mean a fax machine, whole.
const FAX: [&str; 23] = [
    "f",
    "fx",
    "fax",
    "faxes",
    "faxnr",
    "faxnummer",
    "telefax",
    "telecopier",
    "telfax",
    "facsimile",
    "faks",
    "faksi",
    "telefaks",
    "telefaksi",
    "faxszam",
    "telecopie",
    "telecopieur",
    "telec",
    "telecopia",
    "φαξ",
    "факс",
    "ファックス",
    "팩스",
];

/// Words that mean a telephone, whole.
const PHONE: [&str; 60] = [
    "t",
    "p",
    "m",
    "ph",
    "tf",
    "tl",
    "tlf",
    "tfn",
    "tfno",
    "fon",
    "fono",
    "phone",
    "phones",
    "freephone",
    "call",
    "calls",
    "ring",
    "text",
    "sms",
    "mob",
    "mobil",
    "mobile",
    "mobiel",
    "mobiili",
    "movil",
    "telemovel",
    "tlm",
    "cel",
    "cell",
    "cellulare",
    "celular",
    "handy",
    "gsm",
    "natel",
    "kom",
    "komorka",
    "port",
    "portable",
    "puh",
    "puhelin",
    "hotline",
    "whatsapp",
    "whats",
    "zap",
    "viber",
    "waea",
    "fixo",
    "fixe",
    "fisso",
    "fijo",
    "appel",
    "rappel",
    "llame",
    "freecall",
    "τηλ",
    "κιν",
    "тел",
    "моб",
    "app",
    "appen",
];

/// Beginnings of words that mean a telephone.
const PHONE_STEMS: [&str; 13] = [
    "texting",
    "telef",
    "telep",
    "tel",
    "phone",
    "mobil",
    "llam",
    "appel",
    "chiam",
    "τηλεφ",
    "κινητ",
    "телеф",
    "мобил",
];

/// Signs for a telephone in scripts that write no spaces.
const PHONE_SIGNS: [&str; 9] = ["電話", "携帯", "전화", "휴대폰", "電话", "电话", "手机", "☎", "📞"];

/// Words for numbers that nobody calls, whole.
const OTHER: [&str; 113] = [
    "abn",
    "acn",
    "nzbn",
    "gst",
    "hst",
    "vat",
    "iban",
    "bic",
    "swift",
    "bsb",
    "ust",
    "ustid",
    "ustidnr",
    "hrb",
    "hra",
    "uid",
    "fn",
    "gisa",
    "siret",
    "siren",
    "rcs",
    "ape",
    "naf",
    "tva",
    "rpps",
    "finess",
    "kvk",
    "btw",
    "ond",
    "kbo",
    "bce",
    "nif",
    "cif",
    "nipc",
    "cnpj",
    "cpf",
    "rfc",
    "clabe",
    "cuit",
    "cuil",
    "rut",
    "iva",
    "piva",
    "cf",
    "rea",
    "regon",
    "nip",
    "krs",
    "pwz",
    "ico",
    "dic",
    "cui",
    "afm",
    "αφμ",
    "γεμη",
    "cvr",
    "ydernr",
    "orgnr",
    "momsreg",
    "mersis",
    "ytunnus",
    "tunnus",
    "ovt",
    "npi",
    "ncpdp",
    "dea",
    "uen",
    "isbn",
    "issn",
    "ref",
    "refs",
    "chip",
    "microchip",
    "blz",
    "konto",
    "kontonr",
    "steuernr",
    "steuernummer",
    "steuer",
    "gps",
    "lat",
    "neq",
    "polizza",
    "mwst",
    "moms",
    "dph",
    "pdv",
    "adoszam",
    "kdv",
    "mva",
    "alv",
    "инн",
    "огрн",
    "sdi",
    "sku",
    "ean",
    "gtin",
    "upc",
    "cod",
    "codigo",
    "varenr",
    "varenummer",
    "artnr",
    "artikelnr",
    "artikelnummer",
    "codice",
    "referencia",
    "referenz",
    "crm",
    "cro",
    "crf",
    "oab",
    "creci",
];

/// Beginnings of words for numbers that nobody calls.
const OTHER_STEMS: [&str; 20] = [
    "licen",
    "registr",
    "regist",
    "handelsreg",
    "umsatzst",
    "bankgir",
    "postgir",
    "kontonum",
    "identif",
    "verkkolask",
    "operaat",
    "membership",
    "chipnum",
    "invoice",
    "rechnungsn",
    "fattura",
    "matricul",
    "capital",
    "visitor",
    "cegjegyz",
];

/// Pairs of words, both of which make the label.
const OTHER_PAIRS: [(&str, &str); 34] = [
    ("order", "no"),
    ("account", "no"),
    ("account", "number"),
    ("account", "nr"),
    ("acc", "no"),
    ("order", "number"),
    ("order", "nr"),
    ("police", "n"),
    ("company", "no"),
    ("company", "number"),
    ("charity", "no"),
    ("reg", "no"),
    ("reg", "nr"),
    ("reg", "n"),
    ("reg", "number"),
    ("tax", "no"),
    ("tax", "number"),
    ("provider", "number"),
    ("provider", "no"),
    ("pr", "no"),
    ("member", "no"),
    ("member", "number"),
    ("policy", "no"),
    ("policy", "number"),
    ("group", "number"),
    ("sort", "code"),
    ("p", "iva"),
    ("c", "f"),
    ("r", "c"),
    ("c", "s"),
    ("org", "nr"),
    ("y", "tunnus"),
    ("codice", "fiscale"),
    ("partita", "iva"),
];

/// Words between a label and its number that say nothing.
const SILENT: [&str; 60] = [
    "no", "nr", "n", "num", "number", "numbers", "nummer", "numero", "numer", "us", "on", "at", "is", "now", "the",
    "our", "today", "free", "toll", "uns", "unter", "auf", "au", "al", "allo", "a", "o", "oder", "or", "and", "und",
    "et", "ou", "e", "y", "de", "do", "da", "le", "el", "il", "op", "via", "til", "pa", "za", "na", "me", "line",
    "work", "home", "direct", "office", "24h", "24", "i", "in", "id", "nos", "b",
];

/// Words between a label and its number that are looked past.
const MAX_BETWEEN: usize = 4;

/// What the words of `before` say about the number that follows; the nearest word counts.
pub(crate) fn label_of(before: &str) -> Label {
    let start = before.char_indices().rev().nth(48).map_or(0, |(at, _)| at);
    let near = &before[start..];
    let folded = Folded::of(near);
    let words: Vec<&str> = folded.text().split(' ').rev().filter(|word| !word.is_empty()).collect();
    let joined = || near.contains(['/', '&', '+']) || words.iter().any(|word| JOINTS.contains(word));
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let mut between = 0;
    for at in 0..words.len().min(8) {
        let (this, earlier) = (word(at), word(at + 1));
        if OTHER_PAIRS.contains(&(earlier, this))
            || kind(this) == Some(Label::Other)
            || (kind(this).is_none() && begins(this, &OTHER_STEMS))
        {
            return Label::Other;
        }
        let beside = if JOINTS.contains(&earlier) {
            word(at + 2)
        } else {
            earlier
        };
        if (earlier, this) == ("toll", "free") {
            return Label::Phone;
        }
        if is_fax(this) {
            return if is_phone(beside) && joined() {
                Label::Both
            } else {
                Label::Fax
            };
        }
        if is_phone(this) {
            return if is_fax(beside) && joined() {
                Label::Both
            } else {
                Label::Phone
            };
        }
        if kind(this) != Some(Label::None) && !this.bytes().all(|b| b.is_ascii_digit()) {
            between += 1;
            if between > MAX_BETWEEN {
                break;
            }
        }
    }
    if PHONE_SIGNS.iter().any(|sign| near.contains(sign)) {
        return Label::Phone;
    }
    Label::None
}

/// Words that join "telephone" and "fax" to one label.
const JOINTS: [&str; 8] = ["und", "and", "y", "e", "et", "i", "og", "en"];

fn is_fax(word: &str) -> bool {
    kind(word) == Some(Label::Fax)
}

/// What a whole word is.
fn kind(word: &str) -> Option<Label> {
    static KINDS: LazyLock<KnownMap<&str, Label>> = LazyLock::new(|| {
        let of = |words: &'static [&'static str], label| words.iter().map(move |word| (*word, label));
        of(&SILENT, Label::None)
            .chain(of(&OTHER, Label::Other))
            .chain(of(&PHONE, Label::Phone))
            .chain(of(&FAX, Label::Fax))
            .collect()
    });
    KINDS.get(word).copied()
}

fn is_phone(word: &str) -> bool {
    kind(word) == Some(Label::Phone) || (kind(word).is_none() && begins(word, &PHONE_STEMS))
}

fn begins(word: &str, stems: &[&str]) -> bool {
    stems.iter().any(|stem| word.starts_with(stem))
}
/// The label that a whole line or cell is, such as `Fax:` above or beside its number.
pub(crate) fn label_alone(line: &str) -> Label {
    if line.len() > 40 || line.bytes().any(|b| b.is_ascii_digit()) {
        return Label::None;
    }
    let words = Folded::of(line)
        .text()
        .split(' ')
        .filter(|word| !word.is_empty())
        .count();
    if words > 3 { Label::None } else { label_of(line) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_the_label() {
        for (before, label) in [
            ("Tel.: ", Label::Phone),
            ("Τηλ.: ", Label::Phone),
            ("Φαξ: ", Label::Fax),
            ("Téléc. : ", Label::Fax),
            ("Télécopie : ", Label::Fax),
            ("Telefaks ", Label::Fax),
            ("Faksi ", Label::Fax),
            ("tel./fax ", Label::Both),
            ("Telefon und Fax: ", Label::Both),
            ("Call us on ", Label::Phone),
            ("P.IVA ", Label::Other),
            ("CVR ", Label::Other),
            ("réf. ", Label::Other),
            ("Company No. ", Label::Other),
            ("NIPC ", Label::Other),
            ("電話：", Label::Phone),
            ("ask for Jane ", Label::None),
        ] {
            assert_eq!(label_of(before), label, "{before}");
        }
        assert_eq!(label_alone("FAX"), Label::Fax);
        assert_eq!(label_alone("Opening hours of our practice and telephone"), Label::None);
    }
}
