//! Texts that name a kind of page, and no business.

use super::likeness::likeness;
use crate::scrape::extract::address::places::without_kind;
use crate::scrape::extract::address::states::is_state;
use crate::scrape::extract::whose::is_trade;
use crate::scrape::extract::words::KnownSet;
use crate::scrape::text::{contains_ci, find_ci, fold, starts_ci};
use phonenumber::country::Id;
use std::sync::LazyLock;

/// Kinds of pages and of buttons, folded.
static KINDS: LazyLock<KnownSet<&str>> = LazyLock::new(|| GENERIC.split('|').collect());
const GENERIC: &str = "home|homepage|home page|welcome|welcome to our website|welcome to our site|index|start|startseite|zur startseite|\
    accueil|inicio|inici|inicial|pagina inicial|pagina principal|pagina de inicio|forside|forsiden|hem|hemma|startsida|hjem|etusivu|\
    kotisivu|uvod|uvodni stranka|domu|domov|strona glowna|glowna|fooldal|kezdolap|acasa|prima pagina|ana sayfa|anasayfa|αρχικη|\
    главная|головна|начало|ホーム|トップ|トップページ|top|top page|首页|主页|홈|menu|menü|about|about us|contact|contact us|contacts|kontakt|\
    kontakte|kontakt und anfahrt|contatti|contacto|contactos|contato|contactez nous|nous contacter|yhteystiedot|yhteys|elerhetoseg|\
    kapcsolat|iletisim|services|our services|our team|team|news|blog|gallery|galerie|galeria|mi sitio|mi sitio web|mon site|mon site web|meine website|meine webseite|il mio sito|moja strona|meu site|mijn site|mijn website|\
    min side|min hjemmeside|my website|my site 1|untitled|untitled document|untitled page|untitled 1|new page|new page 1|new page 2|page title|haere mai|nau mai|kia ora|\
    nau mai haere mai|haere mai welcome|\
    nova stranka|nova stranka 1|page|page 1|site|website|web|my site|mysite|logo|header|banner|picture|image|photo|portrait|imprint|impressum|\
    datenschutz|leistungen|willkommen|herzlich willkommen|bienvenue|bienvenidos|bienvenido|benvenuti|benvenuto|bem vindo|bem vindos|\
    velkommen|valkommen|tervetuloa|witamy|vitejte|hos geldiniz|isten hozott|udvozoljuk|bine ati venit|καλως ηρθατε|добро пожаловать|\
    search|loading|just a moment|403 forbidden|404|404 not found|not found|page not found|access denied|official site|\
    official website|coming soon|under construction|site title|home 1|all rights reserved|hello world|wordpress|parallels|uber uns|\
    privacy policy|opening hours|offnungszeiten|book now|book online|call now|call us|skip to content|skip to main content|toggle navigation|\
    close|open|more|mehr|sprechzeiten|anfahrt|adresse|address|anschrift|find us|visit us|standort|praxis|kontaktdaten|telefon|phone|\
    email|e mail|facebook|instagram|linkedin|whatsapp|公式|公式サイト|公式ホームページ|オフィシャルサイト|despre noi|o nas|over ons|chi siamo|quienes somos|nosotros|sobre nosotros|sobre nos|quem somos|qui sommes nous|a propos|om oss|om os|\
    rolunk|hakkimizda|о нас|про нас|gioi thieu|como chegar|como llegar|onde estamos|donde estamos|dove siamo|ou nous trouver|route|\
    jak dojechac|dojazd|podminky|access|アクセス|お問い合わせ|会社概要|店舗情報|kontak|kontak kami|hubungi kami|tentang kami|beranda|lien he|contact numbers|contact details|contact information|contact form|get in touch|our location|location|locations|directions|reservations|reservierung|faq|shop|products|produkte|produits|productos|produtos|prodotti|oficial|sitio oficial|site officiel|sito ufficiale|site oficial|english|deutsch|francais|espanol|italiano|nederlands|\
    gr|eng|en|de|fr|es|pl|ru|rus|ukr|ua|επικοινωνια|контакти|контакты|cabecalho|encabezado|informacao de contacto|\
    informacao de contato|informacion de contacto|informations de contact|kontaktinformationen|tarieven|tarifs|tarife|tarifas|preise|prijzen|prices|\
    price list|cenik|cjenik|cennik|priser|prislista|marcacoes|ordination";

/// A name without the kind of page before or behind it: "Contact Statewide Roofing". The domain must know the rest, for "Contact
/// Lenses" are what some shops sell.
pub(super) fn without_kind_of_page<'a>(text: &'a str, label: &str) -> &'a str {
    const BEFORE: [&str; 18] = [
        "find ",
        "visit ",
        "contact ",
        "contacting ",
        "about ",
        "contacto ",
        "kontakt ",
        "despre ",
        "sobre ",
        "acerca de ",
        "a propos de ",
        "tentang ",
        "cabeçalho ",
        "encabezado ",
        "sitio web de ",
        "página web de ",
        "priser hos ",
        "preise bei ",
    ];
    const BEHIND: [&str; 26] = [
        " kotisivu",
        " kotisivut",
        " hjemmeside",
        " hemsida",
        " webseite",
        " website",
        " homepage",
        " startseite",
        " contact us",
        " contact",
        " about us",
        " home page",
        " official website",
        " official site",
        " informação de contacto",
        " informação de contato",
        " información de contacto",
        "-tarieven",
        "-prijzen",
        "-preise",
        "-tarifs",
        "-kontakt",
        "-contact",
        "-home",
        "-impressum",
        "-startseite",
    ];
    let end = |kind: &&str| {
        text.len()
            .checked_sub(kind.len())
            .filter(|at| text.is_char_boundary(*at))
    };
    let before = BEFORE.iter().find(|kind| starts_ci(text, kind));
    let behind = BEHIND
        .iter()
        .find(|kind| end(kind).is_some_and(|at| text[at..].eq_ignore_ascii_case(kind)));
    let rest = match (before, behind) {
        (Some(kind), _) => &text[kind.len()..],
        (None, Some(kind)) => text[..text.len() - kind.len()].trim_end_matches([' ', ',', '-', '–', '|']),
        (None, None) => return text,
    };
    let capital = rest.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
    let likely = likeness(rest, label);
    // "Contact Energy" is called so.
    if capital && likely >= 0.5 && likely >= likeness(text, label) {
        rest
    } else {
        text
    }
}

fn folded(text: &str) -> String {
    let plain = |c: char| match c {
        'ή' => 'η',
        'ώ' => 'ω',
        'ά' => 'α',
        'έ' => 'ε',
        'ί' => 'ι',
        'ό' => 'ο',
        'ύ' => 'υ',
        c => c,
    };
    fold(text).chars().map(plain).collect()
}

/// Whether a text names a kind of page or no business in particular.
pub(crate) fn is_generic(text: &str) -> bool {
    const INVITATIONS: [&str; 6] = [
        "find us on ",
        "follow us",
        "like us on",
        "join us on",
        "visit us on",
        "connect with us",
    ];
    if INVITATIONS.iter().any(|words| starts_ci(text, words)) {
        return true;
    }
    // "Click to Email Alfred", whose first words are off already.
    if starts_ci(text, "email ") && text.split(' ').count() == 2 {
        return true;
    }
    // "smile-dentals Webseite!", as a builder calls what has no name yet.
    if contains_ci(text, "s Webseite") && text.trim_end_matches('!').ends_with("Webseite") {
        return true;
    }
    let folded = folded(text);
    // A town and no name: "м. Знам'янка".
    let is_town = without_kind(text).len() < text.len();

    is_town
        || is_town_and_state(text)
        || KINDS.contains(folded.as_str())
        || is_unfinished(&folded)
        || is_someone_elses(text)
}

/// "Houston, TX", "MANLY NSW": short states behind a comma, and those that are no word behind a space.
fn is_town_and_state(text: &str) -> bool {
    let Some((town, state)) = text.trim_end_matches('.').rsplit_once(' ') else {
        return false;
    };
    let named = town.ends_with(',') || matches!(state, "NSW" | "QLD" | "TAS" | "VIC");
    let short = town.split(' ').count() <= 3 && town.starts_with(char::is_uppercase) && !town.split(' ').any(is_trade);
    // "Robert Chen, MD" and "Weiss & Roth, PA" are people and firms.
    const DEGREES: [&str; 9] = ["MD", "PA", "MA", "MS", "DO", "DC", "CO", "DE", "OD"];
    let person = DEGREES.contains(&state) && town.trim_end_matches(',').contains(' ');
    named && short && !person && !town.contains('&') && (is_state(state, None) || is_state(state, Some(Id::AU)))
}

/// "Our new website is coming soon", "403", "Error 404: page not found": nothing but words of such pages.
fn is_unfinished(folded: &str) -> bool {
    const FILLERS: [&str; 24] = [
        "website",
        "site",
        "page",
        "web",
        "our",
        "new",
        "is",
        "this",
        "we",
        "re",
        "are",
        "currently",
        "the",
        "error",
        "http",
        "a",
        "under",
        "coming",
        "soon",
        "construction",
        "maintenance",
        "not",
        "found",
        "forbidden",
    ];
    let telling = [
        "error",
        "coming soon",
        "under construction",
        "maintenance",
        "not found",
        "forbidden",
    ]
    .iter()
    .any(|words| folded.contains(words));
    telling
        && folded
            .split(' ')
            .all(|word| FILLERS.contains(&word) || matches!(word, "401" | "403" | "404" | "410" | "500" | "503"))
}

/// Whether a text praises a trade rather than naming a business: "Best plumber in town", "#1 rated dentist".
pub(crate) fn is_praise(text: &str) -> bool {
    const PRAISE: [&str; 16] = [
        "best ",
        "the best ",
        "top ",
        "top-rated ",
        "top rated ",
        "#1 ",
        "no. 1 ",
        "cheap ",
        "cheapest ",
        "affordable ",
        "leading ",
        "trusted ",
        "your local ",
        "your trusted ",
        "looking for ",
        "need a ",
    ];
    const MARKS: [&str; 8] = [
        "pas cher",
        "near me",
        "✓",
        "✔",
        "24/7",
        "24h/24",
        "7j/7",
        "mejor precio",
    ];
    PRAISE.iter().any(|words| starts_ci(text, words)) || MARKS.iter().any(|mark| contains_ci(text, mark))
}

/// Whether a text lists what somebody is or does: three things or more, and not the partners of a firm.
pub(super) fn is_list(text: &str, label: &str) -> bool {
    text.matches(", ").count() >= 2 && partners_at_start(text, label) != Some(text)
}

/// The partners that a firm is called by, at the beginning of a text: "Simonds, Winslow, Willis & Abbott, Directions". The domain has
/// one of them, or begins with what they begin with: "Crowns, Bridges & Implants" are no partners.
pub(super) fn partners_at_start<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let end = [" & ", " and ", " und ", " et ", " y ", " e ", " en "]
        .iter()
        .filter_map(|and| {
            let at = text.find(and)?;
            let last = &text[at + and.len()..];
            Some(at + and.len() + last.find(", ").unwrap_or(last.len()))
        })
        .min()?;
    let partners = &text[..end];
    let is_surname = |word: &str| {
        word.starts_with(char::is_uppercase)
            && word
                .chars()
                .all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-' | '.'))
            && !is_trade(&fold(word))
    };
    let surnames: Vec<&str> = partners
        .split([',', ' '])
        .filter(|word| !word.is_empty() && !matches!(*word, "&" | "and" | "und" | "et" | "y" | "e" | "en"))
        .collect();
    let folded = surnames.iter().map(|word| fold(word));
    let in_domain = folded
        .clone()
        .any(|word| word.len() >= 4 && label.contains(word.as_str()));
    let initials: String = folded.filter_map(|word| word.chars().next()).collect();
    let short = partners.split(", ").all(|part| part.split(' ').count() <= 4);
    let are_partners = partners.contains(", ") && short && (in_domain || label.starts_with(&initials));
    (are_partners && surnames.iter().all(|word| is_surname(word))).then_some(partners)
}

/// Whether a title or heading is that of a page which a server, a guard against robots or a trader in domains shows
/// in the place of the website.
pub(super) fn is_someone_elses(text: &str) -> bool {
    const BEGINNINGS: [&str; 12] = [
        "just a moment",
        "one moment please",
        "checking your browser",
        "attention required",
        "ddos protection by",
        "verify you are human",
        "verifying you are human",
        "index of /",
        "welcome to nginx",
        "welcome to openresty",
        "test page for the",
        "iis windows server",
    ];
    const PARTS: [&str; 19] = [
        "domain is for sale",
        "domain name is for sale",
        "domain for sale",
        "domain may be for sale",
        "buy this domain",
        "domain parked",
        "domain is parked",
        "domain name parked",
        "parked domain",
        "parked free",
        "domain has expired",
        "domain expired",
        "apache2 debian default",
        "apache2 ubuntu default",
        "apache http server test page",
        "apache2 default page",
        "default web site page",
        "used cloudflare to restrict",
        "account suspended",
    ];
    let text = text.trim_start();
    let whole = matches!(
        fold(text).as_str(),
        "index of" | "cloudflare" | "nginx" | "apache" | "apache2" | "it works" | "attention required cloudflare"
    );
    // "smile.co.nz is for sale": a domain and nothing else.
    let sold = find_ci(text, " is for sale").is_some_and(|at| {
        let domain = text[..at].rsplit(' ').next().unwrap_or_default();
        domain.contains('.')
    });
    whole
        || sold
        || BEGINNINGS.iter().any(|words| starts_ci(text, words))
        || PARTS.iter().any(|words| contains_ci(text, words))
}

/// Whether a text speaks in template words, as themes do before their owner has filled them in.
pub(crate) fn is_demo(text: &str) -> bool {
    [
        "lorem ipsum",
        "dolor sit amet",
        "your company",
        "your business name",
        "company name here",
    ]
    .iter()
    .any(|words| contains_ci(text, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_of_page_is_cut_where_the_domain_knows_the_rest_alone() {
        for (text, label, expected) in [
            ("Contact Statewide Roofing", "statewideroofing", "Statewide Roofing"),
            ("Contact Energy", "contactenergy", "Contact Energy"),
            ("About Face", "aboutface", "About Face"),
            ("Contact Lenses", "smile", "Contact Lenses"),
        ] {
            assert_eq!(without_kind_of_page(text, label), expected, "{text}");
        }
    }

    #[test]
    fn partners_are_no_list_of_services() {
        assert_eq!(
            partners_at_start("Simonds, Winslow, Willis & Abbott, Directions to the Office", "swwalaw"),
            Some("Simonds, Winslow, Willis & Abbott")
        );
        assert!(!is_list("Simonds, Winslow, Willis & Abbott", "winslowlaw"));
        for text in [
            "Plumbing, Heating & Electrical",
            "Repairs, sales and service",
            "Crowns, Bridges & Implants",
        ] {
            assert_eq!(partners_at_start(text, "smiledental"), None, "{text}");
        }
        assert!(is_list("Osteopathie, Massage, Fango", "praxismueller"));
    }
}
