//! Words that head a column of website addresses, and words that head a column of other addresses.
//!
//! The lists are lines of words with a space between them.

/// Whole headers, letters and digits only, in lower case: English, then the languages that lists have come in.
const WEBSITE: &[&str] = &[
    // English
    "url urls uri www web website websites site homepage homepageurl webpage webpageurl weburl weblink",
    "webaddress webdomain websiteurl websiteurls urlwebsite websiteaddress websitelink websitedomain siteurl",
    "siteaddress siteweb domain domains domainname internet internetaddress",
    "practiceidentifier practiceurl practicewebsite practicesite practicedomain companyurl companywebsite",
    "companydomain companydomainname businesswebsite businessurl clinicwebsite clinicurl organisationwebsite",
    "organizationwebsite accountwebsite officialwebsite officialsite mainwebsite primarywebsite primaryurl",
    "currentwebsite existingwebsite",
    // German
    "webseite webseiten webadresse webauftritt webpräsenz internetseite internetadresse internetauftritt",
    "homepageadresse domäne",
    // French
    "siteinternet adresseweb adresseinternet adressedusite adressesite pageweb pagedaccueil domaine",
    "nomdedomaine",
    // Spanish, Portuguese, Catalan
    "sitioweb sitio páginaweb paginaweb direcciónweb direccionweb dominio sítio sítioweb",
    "sitedaempresa endereçoweb enderecoweb páginadainternet paginadainternet domínio llocweb",
    // Italian
    "sitoweb sito sitointernet indirizzoweb paginainternet",
    // Dutch
    "webpagina webadres webstek internetadres internetpagina domein domeinnaam",
    // Swedish, Norwegian, Danish, Finnish, Icelandic
    "webbplats webbsida webbadress hemsida nettside nettsted nettadresse hjemmeside webside websted domæne",
    "domene verkkosivu verkkosivut verkkosivusto verkkoosoite kotisivu kotisivut nettisivu nettisivut vefsíða",
    "heimasíða",
    // Polish, Czech, Slovak, Hungarian, Romanian, Croatian, Slovenian, Lithuanian, Latvian, Estonian
    "strona stronawww stronainternetowa stronaweb adreswww witryna witrynainternetowa domena webovástránka",
    "webovéstránky webstránka stránky internetovástránka doména weboldal honlap paginadeinternet domeniu",
    "webstranica mrežnastranica spletnastran svetainė internetosvetainė tīmekļavietne mājaslapa veebileht",
    "koduleht",
    // Turkish, Greek, Russian, Ukrainian, Bulgarian, Serbian
    "websitesi websayfası internetsitesi alanadı ιστοσελίδα ιστότοπος ιστοσελιδα сайт вебсайт адрессайта",
    "интернетсайт домен вебсторінка уебсайт вебсајт",
    // Arabic, Hebrew, Hindi, Vietnamese, Indonesian
    "الموقع موقع الموقعالإلكتروني אתר אתראינטרנט वेबसाइट trangweb situs situsweb lamanweb",
    // Chinese, Japanese, Korean
    "网站 网址 網站 網址 官网 官網 主页 域名 ウェブサイト ホームページ サイト 公式サイト 웹사이트 홈페이지 사이트 도메인",
    // Māori
    "paetukutuku wāhitukutuku whārangitukutuku",
];

/// Words that make a header likely one of a website: those of longer ones, as in `Website (2023)`, and vague ones.
const WEBSITE_WORDS: &[&str] = &[
    "url uri www web website site homepage webpage domain webseite internetseite sito sitio hemsida hjemmeside",
    "weboldal honlap сайт link links host hostname startpage landingpage lien enlace página pagina страница 链接 رابط",
];

/// Words that say an address is not that of the website, or that the cell holds something else about it.
const OTHER_WORDS: &[&str] = &[
    "facebook fb instagram insta ig linkedin twitter youtube tiktok pinterest whatsapp social google maps map",
    "logo image img photo picture icon favicon avatar thumbnail video email mail booking bookings appointment",
    "review reviews menu order source redirect canonical callback webhook api status title description count",
    "name manager phone notes visits traffic crm profile directory listing ticket file pdf",
];

/// Hosts on which a business has a page that is not its website.
const OTHER_HOSTS: &[&str] = &[
    "facebook.com fb.com instagram.com linkedin.com twitter.com x.com youtube.com youtu.be tiktok.com",
    "pinterest.com goo.gl maps.google.com google.com g.page yelp.com bit.ly t.co",
];

const OTHER_ENDINGS: &[&str] = &[".jpg", ".jpeg", ".png", ".gif", ".svg", ".webp", ".ico", ".pdf"];

/// Whether the header as a whole is a word for the website.
pub(super) fn names_website(header: &str) -> bool {
    let letters = letters(header);
    listed(WEBSITE, &letters)
}

fn listed(lines: &[&str], word: &str) -> bool {
    lines
        .iter()
        .flat_map(|line| line.split(' '))
        .any(|listed| listed == word)
}

fn letters(header: &str) -> String {
    header
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether the header likely speaks of the website, and of nothing else.
pub(super) fn mentions_website(header: &str) -> bool {
    let words = words(header);
    words.iter().any(|word| listed(WEBSITE_WORDS, word)) && !names_other(header)
}

/// Whether the header speaks of another address, such as the Facebook page or the logo.
pub(super) fn names_other(header: &str) -> bool {
    words(header).iter().any(|word| listed(OTHER_WORDS, word))
}

/// A cell that is worth asking about: one word with a dot or a scheme in it, neither an e-mail address nor a number.
pub(super) fn may_be_address(cell: &str) -> bool {
    const LONGEST: usize = 2_048;
    let cell = cell.trim();
    if cell.len() > LONGEST || !(cell.contains('.') || cell.contains("://")) || cell.contains(char::is_whitespace) {
        return false;
    }
    let number = cell
        .chars()
        .all(|letter| letter.is_ascii_digit() || "+-.,%".contains(letter));
    let address_of_person = cell.find('@').is_some_and(|at| !cell[..at].contains('/'));
    !address_of_person && (!number || cell.matches('.').count() == 3)
}

/// Whether an address is that of a page elsewhere or of a picture.
pub(super) fn is_elsewhere(address: &str) -> bool {
    let address = address.trim().to_ascii_lowercase();
    let rest = address.split_once("://").map_or(address.as_str(), |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let on = |other: &str| {
        host.strip_suffix(other)
            .is_some_and(|front| front.is_empty() || front.ends_with('.'))
    };
    OTHER_HOSTS.iter().flat_map(|line| line.split(' ')).any(on)
        || OTHER_ENDINGS.iter().any(|ending| path.ends_with(ending))
}

/// The host of an address as it is written, without `www.` and the port.
pub(super) fn host(address: &str) -> String {
    let address = address.trim().to_ascii_lowercase();
    let rest = address.split_once("://").map_or(address.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or(rest);
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

/// The words of a header in lower case; `camelCase` is two.
fn words(header: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for letter in header.chars() {
        let boundary = !letter.is_alphanumeric() || (after_lower && letter.is_uppercase());
        after_lower = letter.is_lowercase();
        if boundary {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn every_listed_header_can_be_met() {
        for header in WEBSITE.iter().flat_map(|line| line.split(' ')) {
            assert_eq!(letters(header), header);
        }
    }

    #[test]
    fn headers_in_many_spellings() {
        for header in [
            "URL",
            "Web Site",
            "web-site",
            "practice_identifier",
            "Website:",
            "Página web",
            "Сайт",
            "ホームページ",
        ] {
            assert!(names_website(header), "{header}");
        }
        for header in ["Website status", "Name", "", "Facebook", "hosted by"] {
            assert!(!names_website(header), "{header}");
        }
    }

    #[test]
    fn longer_headers_and_decoys() {
        for header in ["Clinic website (2023)", "practiceWebUrl", "Primary web site link"] {
            assert!(mentions_website(header), "{header}");
        }
        for header in ["Facebook URL", "logo_url", "Website status", "Site manager", "Cobweb"] {
            assert!(!mentions_website(header), "{header}");
        }
    }

    #[test]
    fn cells_that_are_no_addresses() {
        for cell in ["4.5", "1.234,50", "info@acme.nz", "Dr. Smith", "12.03.2024", "Acme"] {
            assert!(!may_be_address(cell), "{cell}");
        }
        for cell in ["acme.nz", "http://localhost:8080", "203.0.113.7", "acme.nz/@team"] {
            assert!(may_be_address(cell), "{cell}");
        }
        assert!(is_elsewhere("https://www.facebook.com/acme"));
        assert!(is_elsewhere("acme.nz/logo.png"));
        assert!(!is_elsewhere("https://netfacebook.com/"));
    }
}
