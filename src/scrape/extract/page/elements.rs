//! What elements mean for the text inside them: their part of the page, their kind of line, where lines break.

use crate::scrape::dom::{Data, Dom, NONE, NodeId, attr};
use crate::scrape::text::{Words, contains_ci};
use html5ever::{Attribute, LocalName, local_name};

/// The part of the page that something stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Zone {
    #[default]
    Main,
    Header,
    Nav,
    Footer,
    Aside,
    /// Quotations, reviews and comments, and sections about somebody else: nothing there is the practice's own.
    Quote,
}

/// What kind of element made a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum LineKind {
    #[default]
    Plain,
    /// `h1` to `h6`.
    Heading(u8),
    /// A list item.
    Item,
    /// A table row; cells are separated by tabs.
    Row,
    /// Inside `address`.
    Address,
}

pub(super) fn kind_of(name: &LocalName, outer: LineKind) -> LineKind {
    match *name {
        local_name!("h1") => LineKind::Heading(1),
        local_name!("h2") => LineKind::Heading(2),
        local_name!("h3") => LineKind::Heading(3),
        local_name!("h4") => LineKind::Heading(4),
        local_name!("h5") => LineKind::Heading(5),
        local_name!("h6") => LineKind::Heading(6),
        local_name!("li") | local_name!("dt") | local_name!("dd") => LineKind::Item,
        local_name!("tr") => LineKind::Row,
        local_name!("address") => LineKind::Address,
        _ => outer,
    }
}

pub(super) fn zone_of(name: &LocalName, attrs: &[Attribute], outer: Zone) -> Zone {
    match *name {
        local_name!("header") if outer == Zone::Main => Zone::Header,
        local_name!("nav") => Zone::Nav,
        local_name!("footer") => Zone::Footer,
        local_name!("aside") if outer == Zone::Main => Zone::Aside,
        local_name!("blockquote") | local_name!("q") => Zone::Quote,
        local_name!("div") | local_name!("section") | local_name!("td") | local_name!("ul") | local_name!("table")
            if !attrs.is_empty() =>
        {
            attrs.iter().fold(outer, |zone, attr| match &*attr.name.local {
                "role" => match &*attr.value {
                    "banner" => Zone::Header,
                    // Columns of a footer, of which only some are menus.
                    "navigation" if outer != Zone::Footer => Zone::Nav,
                    "contentinfo" => Zone::Footer,
                    _ => zone,
                },
                "id" | "class" if zone == Zone::Main => zone_by_name(&attr.value, zone),
                _ => zone,
            })
        }
        _ => outer,
    }
}

static ZONE_NAMES: Words = Words::new(&[
    "footer",
    "testimonial",
    "review",
    "comment",
    "navbar",
    "nav-menu",
    "main-menu",
]);

fn zone_by_name(value: &str, outer: Zone) -> Zone {
    let named = |class: &str| {
        let (at, word) = ZONE_NAMES.find(class)?;
        if stands_beside(&class[..at]) {
            return None;
        }
        Some(match word {
            "footer" => Zone::Footer,
            "testimonial" | "review" | "comment" => Zone::Quote,
            _ => Zone::Nav,
        })
    };
    value.split_ascii_whitespace().find_map(named).unwrap_or(outer)
}

/// Whether what stands before the name of a part says that something else is meant: "wsite-not-footer" is the main part of Weebly's
/// pages, "with-navbar" that of Drupal's.
fn stands_beside(before: &str) -> bool {
    let whole = |word: &str| {
        before
            .strip_suffix(word)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('-'))
    };
    ["not-", "no-", "with-", "without-", "has-"].into_iter().any(whole)
}

pub(super) fn is_block(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("div")
            | local_name!("p")
            | local_name!("li")
            | local_name!("ul")
            | local_name!("ol")
            | local_name!("section")
            | local_name!("article")
            | local_name!("header")
            | local_name!("footer")
            | local_name!("nav")
            | local_name!("aside")
            | local_name!("main")
            | local_name!("h1")
            | local_name!("h2")
            | local_name!("h3")
            | local_name!("h4")
            | local_name!("h5")
            | local_name!("h6")
            | local_name!("tr")
            | local_name!("table")
            | local_name!("tbody")
            | local_name!("thead")
            | local_name!("tfoot")
            | local_name!("caption")
            | local_name!("address")
            | local_name!("blockquote")
            | local_name!("pre")
            | local_name!("dl")
            | local_name!("dt")
            | local_name!("dd")
            | local_name!("form")
            | local_name!("fieldset")
            | local_name!("legend")
            | local_name!("figure")
            | local_name!("figcaption")
            | local_name!("details")
            | local_name!("summary")
            | local_name!("hr")
            | local_name!("center")
            | local_name!("option")
            | local_name!("button")
            | local_name!("label")
            | local_name!("body")
    )
}

/// Text inside an element that is read at most.
const MAX_INNER: usize = 2_000;

/// All text inside an element, to a limit.
pub(super) fn inner_text(dom: &Dom, id: NodeId) -> String {
    let mut out = String::new();
    let mut at = dom.node(id).first;
    while at != NONE && out.len() < MAX_INNER {
        if let Data::Text(text) = &dom.node(at).data {
            out.push_str(text);
        }
        let node = dom.node(at);
        let mut next = node.first;
        let mut up = at;
        while next == NONE && up != id {
            next = dom.node(up).next;
            up = dom.node(up).parent;
            if next == NONE && up == id {
                return out;
            }
        }
        at = next;
    }
    out
}

/// The text directly inside an element that holds nothing but text.
pub(super) fn child_text(dom: &Dom, id: NodeId) -> String {
    let mut out = String::new();
    let mut child = dom.node(id).first;
    while child != NONE {
        let node = dom.node(child);
        if let Data::Text(text) = &node.data {
            out.push_str(text);
        }
        child = node.next;
    }
    out
}

/// How long the first text directly inside an element is.
pub(super) fn text_length(dom: &Dom, id: NodeId) -> usize {
    match dom.nodes.get(dom.node(id).first as usize).map(|node| &node.data) {
        Some(Data::Text(text)) => text.len(),
        _ => 0,
    }
}

/// Whether a picture stands in the place of a telephone number: "chiamaci al numero 0461 914471". Names of files have no spaces.
pub(super) fn shows_number(alt: &str) -> bool {
    let digits = alt.bytes().filter(u8::is_ascii_digit).count();
    (8..=15).contains(&digits) && alt.contains(' ') && alt.len() <= 80 && !alt.contains(['_', '%'])
}

/// Whether an element is the picture of a fax, as fonts of icons have one: the only word that says what the number behind it is.
pub(super) fn marks_fax(attrs: &[Attribute]) -> bool {
    attr(attrs, "class").is_some_and(|class| {
        contains_ci(class, "fax")
            && class
                .split_ascii_whitespace()
                .any(|class| matches!(class, "fa-fax" | "icon-fax" | "bi-fax" | "ti-fax" | "flaticon-fax"))
    })
}

/// Whether two letters that stand in different elements belong to different words: layouts often leave out the
/// space between `<span>Mon</span><span>9:00</span>`.
pub(super) fn words_touch(before: char, after: char) -> bool {
    (before.is_alphabetic() && after.is_numeric())
        || (before.is_numeric() && after.is_alphabetic())
        || (before.is_lowercase() && after.is_uppercase())
        || (before == ':' && after.is_alphanumeric())
}
/// The length of the words of ASCII at the beginning of a text that are one space apart: they are shown as they are written.
pub(super) fn plain_words(text: &[u8]) -> usize {
    let mut end = 0;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'!'..=b'~' => end = at + 1,
            b' ' if end == at => {}
            _ => break,
        }
    }
    end
}
