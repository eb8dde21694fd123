//! Where elements lead that are no plain links: forms that are sent as mail, boxes of a network, buttons with a script.

use crate::scrape::dom::attr;
use crate::scrape::text::{contains_ci, starts_ci};
use html5ever::{Attribute, LocalName, local_name};
use std::borrow::Cow;

/// The address that a click on the element leads to.
pub(super) fn of<'a>(name: &LocalName, attrs: &'a [Attribute]) -> Option<Cow<'a, str>> {
    match *name {
        local_name!("a") | local_name!("area") => {
            let href = attr(attrs, "href").unwrap_or_default();
            let nowhere = href.is_empty() || href == "#" || starts_ci(href, "javascript:");
            let scripted = || by_script(attr(attrs, "onclick")?).map(Cow::Owned);
            let href = || attr(attrs, "href").map(Cow::Borrowed);
            if nowhere { scripted().or_else(href) } else { href() }
        }
        local_name!("form") => attr(attrs, "action")
            .filter(|action| starts_ci(action, "mailto:"))
            .map(Cow::Borrowed),
        local_name!("div") => {
            let is_box = attr(attrs, "class").is_some_and(|class| contains_ci(class, "fb-page"));
            attr(attrs, "data-href").filter(|_| is_box).map(Cow::Borrowed)
        }
        local_name!("button") => by_script(attr(attrs, "onclick")?).map(Cow::Owned),
        _ => None,
    }
}

/// The address in `window.open('…')` and `location.href='…'`.
fn by_script(script: &str) -> Option<String> {
    let after = [
        "window.open(",
        "location.href",
        "location.assign(",
        "location =",
        "location=",
    ]
    .iter()
    .find_map(|call| script.split_once(call))?
    .1;
    let start = after.find(['\'', '"'])?;
    let quote = after[start..].chars().next()?;
    let (address, _) = after[start + 1..].split_once(quote)?;
    let leads = ["http", "tel:", "mailto:", "//", "/"]
        .iter()
        .any(|scheme| starts_ci(address, scheme));
    (leads && start <= 4).then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::scrape::extract::extract_html;

    #[test]
    fn scripts_lead_somewhere() {
        assert_eq!(
            by_script("window.open('https://www.facebook.com/piuquelom');").as_deref(),
            Some("https://www.facebook.com/piuquelom")
        );
        assert_eq!(by_script("location.href = \"tel:0612\"").as_deref(), Some("tel:0612"));
        assert_eq!(by_script("location='tel:0612'").as_deref(), Some("tel:0612"));
        assert_eq!(by_script("window.open(url, 'http://x')"), None);
        assert_eq!(by_script("toggle('menu')"), None);
    }

    #[test]
    fn forms_boxes_and_buttons_are_read_like_links() {
        let html = r##"<form action="mailto:info@smile.co.nz?subject=Estimate"></form>
            <div class="fb-page" data-href="https://www.facebook.com/smiledental"></div>
            <a href="#" onclick="window.open('https://www.instagram.com/smile.dental/?hl=es');"></a>
            <button onclick="window.location.href='tel:+6498462770'">Call</button>"##;
        let facts = extract_html(html, &"https://www.smile.co.nz/".parse().unwrap(), None);
        let social: Vec<&str> = facts.social.iter().map(|fact| fact.value.url.as_str()).collect();
        assert_eq!(facts.emails[0].value, "info@smile.co.nz");
        assert_eq!(facts.phones[0].value.e164.as_deref(), Some("+6498462770"));
        assert_eq!(
            social,
            [
                "https://www.facebook.com/smiledental",
                "https://www.instagram.com/smile.dental"
            ]
        );
    }
}
