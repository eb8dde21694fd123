//! The words that say that an address follows, and what stands behind them.

use super::parts::without_label;
use crate::scrape::extract::words::WordSet;
use crate::scrape::text::fold;
use std::sync::LazyLock;

/// Words that say "address", folded.
pub(super) static ADDRESS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::of(
        " address adresse anschrift direccion endereco indirizzo adres adresa adress cim cimunk osoite ubicacion lokalizacja lokalita \
    siedziba sidlo domicilio διευθυνση адрес адреса alamat ",
    )
});

/// Words of other headings that an address may stand under.
static PLACE: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::of(
        " location standort sede sedi where dove donde onde hely ubytovani studio office kontakt contatti contact contacto contato ",
    )
});

/// Whether a short line or label says that an address follows.
pub(super) fn heads_address(text: &str) -> bool {
    text.len() <= 40 && {
        let folded = fold(text);
        let mut words = folded.split(' ');
        words.clone().count() <= 4 && words.any(|word| ADDRESS.has(word) || PLACE.has(word))
    }
}

/// Whether a label says that a town follows, and nothing else: "Location", "Our address". Forms have labels such as "E-mail address".
pub(super) fn heads_town(label: &str) -> bool {
    const TOWN: [&str; 9] = [
        "location",
        "locations",
        "based in",
        "we are based in",
        "standort",
        "sede",
        "localizacao",
        "localisation",
        "where",
    ];
    let folded = fold(label.trim_end_matches(':'));
    let bare = ["our ", "my "]
        .iter()
        .find_map(|whose| folded.strip_prefix(whose))
        .unwrap_or(&folded);
    TOWN.contains(&bare) || ADDRESS.has(bare)
}

/// What stands behind a label, which may be numbered: "Lokalizacja 2: Rybnik, …".
pub(super) fn labelled(line: &str) -> &str {
    let line = line.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '#');
    match line.split_once(": ") {
        Some((label, rest)) if label.len() <= 20 && label.starts_with(char::is_alphabetic) => rest.trim(),
        _ => without_label(line),
    }
}
