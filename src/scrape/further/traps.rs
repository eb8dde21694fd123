//! Addresses that are never asked for: files that are no pages, and places where a robot does harm or never ends.

use crate::scrape::text::percent_decode;
use url::Url;

/// Endings of files that are no pages.
const FILES: [&str; 79] = [
    "pdf", "jpg", "jpeg", "png", "gif", "webp", "svg", "avif", "bmp", "tif", "tiff", "ico", "heic", "eps", "ai", "psd",
    "zip", "rar", "7z", "tar", "gz", "tgz", "bz2", "xz", "dmg", "exe", "msi", "apk", "iso", "bin", "doc", "docx",
    "dotx", "odt", "rtf", "xls", "xlsx", "xlsm", "ods", "csv", "ppt", "pptx", "pps", "ppsx", "odp", "epub", "mobi",
    "mp3", "mp4", "m4a", "m4v", "mov", "avi", "wmv", "flv", "webm", "ogg", "ogv", "wav", "mpg", "mpeg", "ics", "vcf",
    "xml", "rss", "atom", "json", "js", "css", "map", "woff", "woff2", "ttf", "otf", "eot", "kml", "kmz", "gpx", "swf",
];

/// Parts of a path behind which is a form, a basket, somebody's account or a calendar without an end.
const PLACES: [&str; 62] = [
    "logout",
    "log-out",
    "signout",
    "sign-out",
    "abmelden",
    "deconnexion",
    "login",
    "log-in",
    "signin",
    "sign-in",
    "anmelden",
    "connexion",
    "iniciar-sesion",
    "wp-login.php",
    "wp-admin",
    "wp-json",
    "xmlrpc.php",
    "administrator",
    "register",
    "signup",
    "sign-up",
    "lost-password",
    "account",
    "my-account",
    "mein-konto",
    "mon-compte",
    "mi-cuenta",
    "customer",
    "cart",
    "basket",
    "checkout",
    "warenkorb",
    "kasse",
    "panier",
    "carrito",
    "cesta",
    "carrinho",
    "carrello",
    "winkelwagen",
    "winkelmand",
    "varukorg",
    "kurv",
    "handlekurv",
    "ostoskori",
    "koszyk",
    "kosik",
    "kosar",
    "sepet",
    "wishlist",
    "compare",
    "calendar",
    "kalender",
    "calendrier",
    "calendario",
    "kalendarz",
    "search",
    "suche",
    "recherche",
    "feed",
    "print",
    "cgi-bin",
    "unsubscribe",
];

/// Keys of a query that does something, sorts a list or turns a page.
const KEYS: [&str; 34] = [
    "add-to-cart",
    "add_to_cart",
    "remove_item",
    "add_to_wishlist",
    "replytocom",
    "share",
    "logout",
    "redirect_to",
    "s",
    "q",
    "search",
    "sort",
    "orderby",
    "order",
    "filter",
    "month",
    "year",
    "date",
    "day",
    "week",
    "tribe-bar-date",
    "eventdisplay",
    "ical",
    "outlook-ical",
    "phpsessid",
    "jsessionid",
    "sid",
    "session",
    "token",
    "print",
    "download",
    "attachment_id",
    "like_comment",
    "unsubscribe",
];

/// Paths longer or deeper than this are made by a machine.
const LONGEST: usize = 512;
const DEEPEST: usize = 6;

/// Whether `url` is not to be asked for, whatever it is called.
pub(super) fn is_trap(url: &Url) -> bool {
    let path = percent_decode(url.path()).to_lowercase();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let file = parts.last().and_then(|last| last.rsplit_once('.'));
    path.len() > LONGEST
        || parts.len() > DEEPEST
        || path.contains(";jsessionid=")
        || file.is_some_and(|(_, ending)| FILES.contains(&ending))
        || parts.iter().any(|part| PLACES.contains(part))
        || parts.windows(2).any(is_month)
        || parts
            .iter()
            .any(|part| parts.iter().filter(|other| *other == part).count() > 2)
        || url.query_pairs().any(|(key, _)| is_key(&key))
}

/// `/2024/05/`: an archive or a calendar.
fn is_month(parts: &[&str]) -> bool {
    let number = |part: &str, digits: usize| {
        let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| part.parse::<u16>().ok()).flatten()
    };
    let month = number(parts[1], 2).or_else(|| number(parts[1], 1));
    number(parts[0], 4).is_some_and(|year| (1990..2100).contains(&year)) && month.is_some_and(|month| month <= 12)
}

fn is_key(key: &str) -> bool {
    let key = key.to_lowercase();
    KEYS.contains(&key.as_str()) || key.starts_with("filter_") || key.starts_with("filter[")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn trap(address: &str) -> bool {
        is_trap(&Url::parse("https://a.com").unwrap().join(address).unwrap())
    }

    #[test]
    fn traps_are_known() {
        for address in [
            "/team.pdf",
            "/Team.PDF",
            "/contact.vcf",
            "/map.kmz?team",
            "/my-account/contact",
            "/logout",
            "/wp-login.php?redirect_to=/contact",
            "/kontakt?add-to-cart=7",
            "/warenkorb/kontakt",
            "/panier",
            "/calendar/team",
            "/events?month=5",
            "/2024/05/about-us",
            "/2024/5/about-us",
            "/about?PHPSESSID=1",
            "/about;jsessionid=7A",
            "/contact/contact/contact",
            "/a/b/c/d/e/f/contact",
            "/team?filter[role]=nurse",
        ] {
            assert!(trap(address), "{address}");
        }
        assert!(trap(&format!("/{}/contact", "x".repeat(600))));
    }

    #[test]
    fn pages_are_no_traps() {
        for address in [
            "/",
            "/contact",
            "/contact.html",
            "/kontakt.php?id=7",
            "/index.php?option=com_content&view=article&id=3",
            "/?page_id=12",
            "/team/dr.smith",
            "/2024/contact",
            "/shopping-cart-repairs",
            "/en/about/team",
        ] {
            assert!(!trap(address), "{address}");
        }
    }
}
