//! Profiles on social networks: canonical, and only those that can be the practice's own.

pub(super) mod text;

use crate::scrape::payload::SocialLink;
use url::Url;

/// Profiles of those who make websites and themes, and what templates put in the place of a name.
const PLATFORMS: [&str; 87] = [
    "wix",
    "wixcom",
    "wixstudio",
    "squarespace",
    "wordpress",
    "wordpressdotcom",
    "weebly",
    "godaddy",
    "shopify",
    "facebook",
    "instagram",
    "twitter",
    "youtube",
    "linkedin",
    "pinterest",
    "tiktok",
    "vimeo",
    "elegantthemes",
    "elegant.themes",
    "elegantthemesdivi",
    "elementor",
    "elemntor",
    "yourpage",
    "yourprofile",
    "yourusername",
    "yourcompany",
    "yourname",
    "username",
    "profile",
    "example",
    "#",
    "envato",
    "themeforest",
    "themeforge",
    "kriesi",
    "elegant-themes",
    "themefusion",
    "theme-fusion",
    "mobirise",
    "colorlib",
    "tilda",
    "tildacc",
    "webflow",
    "duda",
    "jimdo",
    "jimdode",
    "ionos",
    "strato",
    "onecom",
    "hostinger",
    "site123",
    "strikingly",
    "carrd",
    "bootstrapmade",
    "startbootstrap",
    "html5up",
    "templatemo",
    "joomla",
    "drupal",
    "typo3",
    "astra",
    "wpastra",
    "generatepress",
    "oceanwp",
    "kadencewp",
    "avada",
    "divi",
    "getbootstrap",
    "tailwindcss",
    "bigcartel",
    "tiendanube",
    "nuvemshop",
    "prestashop",
    "bitrix24",
    "zyro",
    "namecheap",
    "company/shopify",
    "company/wix-com",
    "company/squarespace",
    "company/elementor",
    "company/themefusion",
    "company/godaddy",
    "company/envato",
    "company/automattic",
    "company/yourcompany",
    "company/company",
    "company/example",
];

/// Whether a name in lower case is that of who makes websites or themes, or what templates put in the place of a name.
pub(super) fn is_platform(name: &str) -> bool {
    PLATFORMS.contains(&name)
}

/// Whether an address is one of a network that businesses have profiles at.
pub(super) fn is_network(url: &Url) -> bool {
    url.host_str().and_then(network).is_some()
}

/// The profile that `url` leads to; `None` for share buttons, posts, platform pages and anything else.
pub(crate) fn profile(url: &Url) -> Option<SocialLink> {
    let host = url.host_str()?.to_ascii_lowercase();
    let (network, home) = network(&host)?;
    let segments: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    let path = match network {
        "facebook" => facebook(url, &segments)?,
        "instagram" => one(
            &segments,
            &[
                "p", "reel", "reels", "explore", "accounts", "stories", "about", "tv", "share",
            ],
        )?,
        "x" => one(
            &segments,
            &[
                "intent", "share", "home", "hashtag", "search", "i", "login", "privacy", "tos", "widgets",
            ],
        )?,
        "youtube" => youtube(&segments)?,
        "linkedin" => match segments.as_slice() {
            [kind @ ("company" | "school" | "showcase"), name, ..] => format!("{kind}/{}", name.to_lowercase()),
            _ => return None,
        },
        "tiktok" => segments
            .first()
            .filter(|name| name.starts_with('@') && name.len() > 1)?
            .to_lowercase(),
        "pinterest" => one(&segments, &["pin", "search", "ideas", "categories", "today"])?,
        "threads" => segments
            .first()
            .filter(|name| name.starts_with('@') && name.len() > 1)?
            .to_lowercase(),
        "yelp" => match segments.as_slice() {
            ["biz", name, ..] => format!("biz/{name}"),
            _ => return None,
        },
        "tripadvisor" => {
            let page = segments
                .first()
                .filter(|page| page.contains("_Review-") && page.contains("-Reviews-"))?;
            return Some(SocialLink {
                network: network.to_owned(),
                // Each country has its own host; the page is where the link says.
                url: format!(
                    "https://{}/{page}",
                    if host.starts_with("www.") {
                        host.clone()
                    } else {
                        format!("www.{host}")
                    }
                ),
            });
        }
        "vimeo" => one(
            &segments,
            &[
                "watch",
                "features",
                "upgrade",
                "channels",
                "categories",
                "about",
                "video",
            ],
        )
        .filter(|name| name.bytes().any(|b| b.is_ascii_alphabetic()))?,
        "telegram" => one(
            &segments,
            &[
                "share",
                "joinchat",
                "addstickers",
                "addemoji",
                "proxy",
                "socks",
                "iv",
                "s",
                "msg",
            ],
        )?,
        "vk" => one(
            &segments,
            &["share", "feed", "search", "login", "video", "about", "dev"],
        )?,
        "xing" => match segments.as_slice() {
            [kind @ ("companies" | "pages"), name, ..] => format!("{kind}/{}", name.to_lowercase()),
            _ => return None,
        },
        _ => return None,
    };
    let lower = path.to_lowercase();
    let user = lower
        .trim_start_matches('@')
        .trim_start_matches("user/")
        .trim_start_matches("c/");
    if is_platform(user) {
        return None;
    }
    Some(SocialLink {
        network: network.to_owned(),
        url: format!("{home}{path}"),
    })
}

/// Whether a user name is one that Facebook gives to people: "martin.farragher.9".
pub(super) fn is_given_to_person(handle: &str) -> bool {
    let parts: Vec<&str> = handle.split('.').collect();
    let named = |name: &str| name.len() >= 2 && name.chars().all(char::is_alphabetic);
    match parts.as_slice() {
        [first, last, number] => {
            named(first) && named(last) && (1..=4).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
        }
        _ => false,
    }
}

/// The profile of a person, which is the business's own where the business is called like its owner.
pub(crate) fn personal(url: &Url) -> Option<SocialLink> {
    let (network, home) = network(&url.host_str()?.to_ascii_lowercase())?;
    let segments: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    match (network, segments.as_slice()) {
        ("linkedin", ["in", name]) => Some(SocialLink {
            network: network.to_owned(),
            url: format!("{home}in/{}", name.to_lowercase()),
        }),
        _ => None,
    }
}

/// The user name in a canonical profile.
pub(crate) fn handle(profile: &SocialLink) -> &str {
    let path = profile.url.splitn(4, '/').nth(3).unwrap_or_default();
    let path = path.split_once("_Review-").map_or(path, |(_, place)| place);
    let path = path.trim_end_matches('/').trim_end_matches(".html");
    let mut parts = path
        .rsplit('/')
        .filter(|part| !part.is_empty() && !part.bytes().all(|b| b.is_ascii_digit()));
    parts.next().unwrap_or_default().trim_start_matches('@')
}

fn network(host: &str) -> Option<(&'static str, &'static str)> {
    let is = |domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    Some(if is("facebook.com") || is("fb.com") || is("fb.me") {
        ("facebook", "https://www.facebook.com/")
    } else if is("instagram.com") || is("instagr.am") {
        ("instagram", "https://www.instagram.com/")
    } else if is("x.com") {
        ("x", "https://x.com/")
    } else if is("twitter.com") {
        // As the page has it: both addresses lead to the profile.
        ("x", "https://twitter.com/")
    } else if is("youtube.com") {
        ("youtube", "https://www.youtube.com/")
    } else if is("linkedin.com") {
        ("linkedin", "https://www.linkedin.com/")
    } else if is("tiktok.com") {
        ("tiktok", "https://www.tiktok.com/")
    } else if host.split('.').any(|label| label == "pinterest") {
        ("pinterest", "https://www.pinterest.com/")
    } else if is("threads.net") || is("threads.com") {
        ("threads", "https://www.threads.net/")
    } else if host.split('.').any(|label| label == "yelp") {
        ("yelp", "https://www.yelp.com/")
    } else if host.split('.').any(|label| label == "tripadvisor") {
        ("tripadvisor", "https://www.tripadvisor.com/")
    } else if is("vimeo.com") && host != "player.vimeo.com" {
        ("vimeo", "https://vimeo.com/")
    } else if is("t.me") || is("telegram.me") {
        ("telegram", "https://t.me/")
    } else if is("vk.com") {
        ("vk", "https://vk.com/")
    } else if is("xing.com") {
        ("xing", "https://www.xing.com/")
    } else {
        return None;
    })
}

/// A user name of at least two characters that is no page of the network itself.
fn one(segments: &[&str], reserved: &[&str]) -> Option<String> {
    let name = segments.first()?.trim_start_matches('@').to_lowercase();
    let usual = name.len() >= 2
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '%'));
    (usual && !reserved.contains(&name.as_str()) && !name.ends_with(".php")).then_some(name)
}

fn facebook(url: &Url, segments: &[&str]) -> Option<String> {
    const RESERVED: [&str; 28] = [
        "sharer",
        "share",
        "sharer.php",
        "share.php",
        "dialog",
        "plugins",
        "tr",
        "login",
        "login.php",
        "home.php",
        "hashtag",
        "events",
        "groups",
        "photo",
        "photo.php",
        "photos",
        "watch",
        "reel",
        "story.php",
        "permalink.php",
        "policies",
        "privacy",
        "help",
        "business",
        "l.php",
        "marketplace",
        "video.php",
        "2008",
    ];
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match segments {
        ["profile.php"] => {
            let id = url.query_pairs().find(|(key, _)| key == "id")?.1.into_owned();
            digits(&id).then(|| format!("profile.php?id={id}"))
        }
        // What the network gives to copy in the place of a page's own address; posts and films have a letter before it.
        ["share", id] if id.len() >= 8 && id.bytes().all(|b| b.is_ascii_alphanumeric()) => Some(format!("share/{id}")),
        ["pages" | "p" | "people" | "pg", rest @ ..] => match rest {
            ["category", kind, name] => Some(format!("pages/category/{kind}/{name}")),
            [.., name, id] if digits(id) => Some(format!("{}/{}/{id}", segments[0], name)),
            [name, ..] if segments[0] == "pg" => Some((*name).to_owned()),
            [name] if segments[0] == "p" => Some(format!("p/{name}")),
            // `/pages/Name`, without a number, is a search.
            _ => None,
        },
        [locale, rest @ ..] if !rest.is_empty() && locale.len() == 5 && locale.as_bytes()[2] == b'_' => {
            facebook(url, rest)
        }
        [first, ..] => {
            let lower = first.to_lowercase();
            (lower.len() >= 3 && !RESERVED.contains(&lower.as_str())).then_some(lower)
        }
        [] => None,
    }
}

fn youtube(segments: &[&str]) -> Option<String> {
    match segments {
        [name, ..] if name.starts_with('@') && name.len() > 1 => Some(name.to_lowercase()),
        [kind @ ("channel" | "c" | "user"), name, ..] => Some(format!("{kind}/{name}")),
        [name] => one(
            &[name],
            &[
                "watch",
                "embed",
                "playlist",
                "results",
                "shorts",
                "feed",
                "about",
                "t",
                "iframe_api",
                "channel",
                "user",
                "live",
            ],
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn read(url: &str) -> Option<String> {
        profile(&url.parse().unwrap()).map(|link| link.url)
    }

    #[test]
    fn profiles_are_canonical() {
        for (url, expected) in [
            (
                "http://facebook.com/SmileDental/?ref=x",
                "https://www.facebook.com/smiledental",
            ),
            (
                "https://m.facebook.com/pg/smile/about",
                "https://www.facebook.com/smile",
            ),
            (
                "https://www.facebook.com/profile.php?id=1000&x=1",
                "https://www.facebook.com/profile.php?id=1000",
            ),
            (
                "https://www.facebook.com/pages/Smile/12345",
                "https://www.facebook.com/pages/Smile/12345",
            ),
            (
                "https://www.facebook.com/pages/category/Hair-Salon/Kapsalon-Saskia-438389879593264/",
                "https://www.facebook.com/pages/category/Hair-Salon/Kapsalon-Saskia-438389879593264",
            ),
            ("https://de-de.facebook.com/praxis", "https://www.facebook.com/praxis"),
            ("https://instagram.com/smile.nz/", "https://www.instagram.com/smile.nz"),
            ("https://twitter.com/@Smile", "https://twitter.com/smile"),
            ("https://x.com/Smile?lang=en", "https://x.com/smile"),
            ("https://t.me/Vet4PetMinsk", "https://t.me/vet4petminsk"),
            ("https://vk.com/smile_dental", "https://vk.com/smile_dental"),
            (
                "https://www.facebook.com/share/1CaFEi9j3K/?mibextid=wwXIfr",
                "https://www.facebook.com/share/1CaFEi9j3K",
            ),
            (
                "https://www.tripadvisor.co.za/Hotel_Review-g1-d2-Reviews-Smile-Knysna.html?m=1",
                "https://www.tripadvisor.co.za/Hotel_Review-g1-d2-Reviews-Smile-Knysna.html",
            ),
            (
                "https://www.youtube.com/channel/UCabc",
                "https://www.youtube.com/channel/UCabc",
            ),
            (
                "https://nz.linkedin.com/company/smile/about",
                "https://www.linkedin.com/company/smile",
            ),
        ] {
            assert_eq!(read(url).as_deref(), Some(expected), "{url}");
        }
    }

    #[test]
    fn everything_else_is_left_alone() {
        for url in [
            "https://www.facebook.com/sharer/sharer.php?u=x",
            "https://www.facebook.com/share.php?u=x",
            "https://www.facebook.com/share/p/1CaFEi9j3K/",
            "https://www.facebook.com/",
            "https://twitter.com/intent/tweet?x",
            "https://www.linkedin.com/in/dr-jane",
            "https://www.instagram.com/p/abc",
            "https://youtu.be/abc",
            "https://www.youtube.com/watch?v=1",
            "https://www.facebook.com/wix",
            "https://netflix.com/smile",
            "https://www.instagram.com/mobirise",
            "https://www.tripadvisor.com/Hotel_Review-g255093-d1098555.html",
            "https://pinterest.com/pin/create/button",
        ] {
            assert_eq!(read(url), None, "{url}");
        }
    }
}
