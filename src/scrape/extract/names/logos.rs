//! Names that logos, pictures and links to the entrance tell.

use super::{MAX_NAME, TOP_LINES, echoes_domain, is_generic, likeness, offer, says_only_trade};
use crate::scrape::extract::context::Context;
use crate::scrape::extract::page::scan::{Scan, Zone};
use crate::scrape::payload::{PageFacts, Source};
use crate::scrape::text::{find_ci, fold, squeeze};

/// Logos, pictures at the top, and what links to the entrance.
pub(super) fn read(scan: &Scan, context: &Context, facts: &mut PageFacts) {
    let at_top = |zone: Zone| matches!(zone, Zone::Header | Zone::Main | Zone::Nav);
    let logo = scan
        .pictures
        .iter()
        .find(|picture| picture.named_logo && at_top(picture.zone));
    if let Some(logo) = logo.filter(|logo| !tells_a_picture(&logo.alt)) {
        offer(strip_logo(&logo.alt), 30, Source::Text, context, facts);
    }
    let early = scan
        .pictures
        .iter()
        .filter(|picture| !picture.named_logo && at_top(picture.zone) && !tells_a_picture(&picture.alt));
    for picture in early.take(2) {
        offer(strip_logo(&picture.alt), 20, Source::Text, context, facts);
    }
    let to_entrance = |href: &str| {
        matches!(
            href,
            "/" | "./" | "index.html" | "/index.html" | "index.htm" | "index.php" | "#home" | "#top"
        ) || context
            .resolve(href)
            .is_some_and(|url| crate::scrape::url::site_key(&url) == context.site && url.path() == "/")
    };
    let anchors = scan
        .anchors
        .iter()
        .take(12)
        .filter(|anchor| at_top(anchor.zone) && anchor.line < TOP_LINES && to_entrance(anchor.href.trim()));
    let echoing = scan.anchors.iter().take(6).filter(|anchor| {
        let text = &scan.text[anchor.text.clone()];
        let leads_away = context
            .resolve(anchor.href.trim())
            .is_some_and(|url| url.has_host() && crate::scrape::url::site_key(&url) != context.site);
        at_top(anchor.zone) && text.len() <= MAX_NAME && echoes_domain(text, context) && !leads_away
    });
    for anchor in anchors.take(3).chain(echoing) {
        let shown = name_in(&scan.text[anchor.text.clone()], &context.label);
        let text = if shown.trim().is_empty() {
            anchor.label.as_str()
        } else {
            &shown
        };
        offer(strip_logo(text), 26, Source::Text, context, facts);
    }
}

/// The name in a link to the entrance. Below it or behind a mark often stands what the business does; but the first line may also be
/// no more than that, or the domain says more than it.
fn name_in(shown: &str, label: &str) -> String {
    let marks = [" · ", " | ", " • "];
    let shown = shown.trim();
    let end = marks.iter().filter_map(|mark| shown.find(mark)).min();
    let shown = &shown[..end.unwrap_or(shown.len())];
    let whole = squeeze(shown);
    let first = squeeze(shown.lines().next().unwrap_or_default());
    let (of_whole, of_first) = (likeness(&whole, label), likeness(&first, label));
    let telling = of_first >= 0.5 || (first.contains([' ', '-']) && !says_only_trade(&first) && !is_generic(&first));
    if of_whole > of_first || !telling { whole } else { first }
}

fn strip_logo(alt: &str) -> &str {
    let alt = alt.trim();
    let end = find_ci(alt, "logo")
        .filter(|at| at + 4 == alt.len())
        .unwrap_or(alt.len());
    let alt = alt[..end].trim_end_matches("ロゴ");
    // "Smile Dental business logo".
    let alt = ["business", "company"]
        .iter()
        .find_map(|what| alt.trim_end().strip_suffix(what)?.strip_suffix(' '))
        .filter(|name| name.len() + 4 < end)
        .unwrap_or(alt);
    let alt = alt.trim_end_matches(|c: char| !c.is_alphanumeric() && c != ')' && c != '.');
    // "Logo der Praxis Müller", "Logotipo de Clínica Sol".
    const OF: [&str; 14] = [
        "von", "vom", "der", "des", "of", "de", "du", "del", "della", "di", "do", "da", "för", "av",
    ];
    let mut words = alt.split(' ');
    if !words
        .next()
        .is_some_and(|word| ["logo", "logotipo", "logotype"].contains(&fold(word).as_str()))
    {
        return alt;
    }
    let is_of = words.next().is_some_and(|word| OF.contains(&word));
    let rest = alt.splitn(if is_of { 3 } else { 2 }, ' ').last().unwrap_or(alt);
    rest.trim_start_matches(|c: char| !c.is_alphanumeric())
}

/// Whether the words of a picture say what is to be seen: "en bild på en sax", "photo of the front desk".
fn tells_a_picture(alt: &str) -> bool {
    const WORDS: [&str; 22] = [
        "bild",
        "picture",
        "image",
        "photo",
        "photograph",
        "foto",
        "imagen",
        "immagine",
        "imagem",
        "afbeelding",
        "zdjecie",
        "obrazek",
        "billede",
        "bilde",
        "kuva",
        "icon",
        "ikon",
        "illustration",
        "map",
        "mappa",
        "mapa",
        "karte",
    ];
    fold(alt).split(' ').any(|word| WORDS.contains(&word))
}
