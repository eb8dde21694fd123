//! What a visitor does not see: hidden attributes, inline styles, and classes that the page's own styles hide.

use crate::scrape::dom::{Data, Dom, NONE, ROOT, attr};
use html5ever::{Attribute, LocalName, local_name};
use std::collections::HashSet;

/// Classes and ids that the page's own style sheet hides.
#[derive(Debug, Default)]
pub(crate) struct Visibility {
    classes: HashSet<String>,
    ids: HashSet<String>,
    /// Classes that are hidden on elements of one name: `p.trap`.
    tagged: HashSet<String>,
    /// Classes whose text is shown backwards.
    reversed: HashSet<String>,
}

/// Classes that the common frameworks use for text that only screen readers get.
const FRAMEWORK_HIDDEN: [&str; 6] = [
    "sr-only",
    "visually-hidden",
    "screen-reader-text",
    "visuallyhidden",
    "elementor-screen-only",
    "show-for-sr",
];
/// Bytes of style sheets that are read: hiding rules for honeypots stand in short ones.
const MAX_STYLE: usize = 64 * 1024;

impl Visibility {
    /// Whether an element and all inside it stay unseen.
    pub(crate) fn hides(&self, name: &LocalName, attrs: &[Attribute]) -> bool {
        // One press shows what stands on another tab.
        if attr(attrs, "role").is_some_and(|role| role.eq_ignore_ascii_case("tabpanel")) {
            return false;
        }
        attrs.iter().any(|attr| {
            let value = &*attr.value;
            match attr.name.local {
                local_name!("hidden") => !value.eq_ignore_ascii_case("until-found"),
                local_name!("style") => hidden_style(value),
                local_name!("class") => value.split_ascii_whitespace().any(|class| {
                    FRAMEWORK_HIDDEN.contains(&class)
                        || (!self.classes.is_empty() && self.classes.contains(class) && !shown_on_some_screens(value))
                        || (!self.tagged.is_empty() && self.tagged.contains(&format!("{name}.{class}")))
                }),
                local_name!("id") => self.ids.contains(value),
                local_name!("type") => *name == local_name!("input") && value.eq_ignore_ascii_case("hidden"),
                _ => false,
            }
        }) || (*name == local_name!("dialog") && !attrs.iter().any(|attr| &*attr.name.local == "open"))
    }
}

impl Visibility {
    /// Whether an element shows its text backwards, so that robots read it wrongly.
    pub(crate) fn reverses(&self, attrs: &[Attribute]) -> bool {
        attrs.iter().any(|attr| match attr.name.local {
            local_name!("style") => reversed_style(&attr.value),
            local_name!("class") => {
                !self.reversed.is_empty()
                    && attr
                        .value
                        .split_ascii_whitespace()
                        .any(|class| self.reversed.contains(class))
            }
            _ => false,
        })
    }
}

/// Whether declarations turn the order of characters round.
fn reversed_style(style: &str) -> bool {
    style.len() > 20 && style.contains("bidi-override") && style.contains("rtl")
}

/// Whether classes show an element on screens of some width again: `hidden md:inline`, `d-none d-md-block`.
fn shown_on_some_screens(classes: &str) -> bool {
    classes.split_ascii_whitespace().any(|class| {
        let shown = class
            .split_once(':')
            .map(|(_, shown)| shown)
            .or_else(|| class.strip_prefix("d-")?.split_once('-').map(|(_, shown)| shown));
        shown.is_some_and(|shown| {
            ["block", "inline", "flex", "grid", "table", "contents"]
                .iter()
                .any(|kind| shown.starts_with(kind))
        })
    })
}

/// Whether declarations make an element invisible.
fn hidden_style(style: &str) -> bool {
    if style.len() < 9 {
        return false;
    }
    style.split(';').any(|declaration| {
        let Some((property, value)) = declaration.split_once(':') else {
            return false;
        };
        let (property, value) = (property.trim(), value.trim());
        let is = |expected: &str| {
            value.len() >= expected.len()
                && value.as_bytes()[..expected.len()].eq_ignore_ascii_case(expected.as_bytes())
        };
        (property.eq_ignore_ascii_case("display") && is("none"))
            || (property.eq_ignore_ascii_case("visibility") && (is("hidden") || is("collapse")))
            || (property.starts_with("text-decoration") && value.contains("line-through"))
            || (property.eq_ignore_ascii_case("left") && value.starts_with("-999"))
            || (property.eq_ignore_ascii_case("font-size") && (value == "0" || value == "0px"))
    })
}

/// Reads the simple rules (`.name { display: none }`) of the page's `style` elements. Rules inside media queries are
/// passed over: they hide on some screens only.
pub(crate) fn hidden_classes(dom: &Dom) -> Visibility {
    let mut out = Visibility::default();
    let mut budget = MAX_STYLE;
    for node in &dom.nodes {
        let Data::Element {
            name: local_name!("style"),
            html: true,
            ..
        } = &node.data
        else {
            continue;
        };
        if node.parent == NONE || node.first == NONE || node.first == ROOT {
            continue;
        }
        if let Data::Text(css) = &dom.node(node.first).data
            && css.len() <= budget
        {
            budget -= css.len();
            read_rules(css, &mut out);
        }
    }
    out
}

fn read_rules(css: &str, out: &mut Visibility) {
    if !css.contains("none") && !css.contains("hidden") && !css.contains("bidi-override") {
        return;
    }
    let mut rest = css;
    while let Some(open) = rest.find('{') {
        let selectors = rest[..open].rsplit([';', '}']).next().unwrap_or_default();
        let selectors = selectors.rsplit("*/").next().unwrap_or_default().trim();
        rest = &rest[open + 1..];
        if selectors.starts_with('@') {
            rest = after_block(rest);
            continue;
        }
        let Some(close) = rest.find('}') else { return };
        let (hidden, reversed) = (hidden_style(&rest[..close]), reversed_style(&rest[..close]));
        if hidden || reversed {
            for selector in selectors.split(',').map(str::trim) {
                let simple = |name: &str| {
                    !name.is_empty()
                        && name
                            .bytes()
                            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
                };
                if let Some((tag, class)) = selector.split_once('.')
                    && hidden
                    && simple(tag)
                    && simple(class)
                {
                    out.tagged.insert(format!("{}.{class}", tag.to_ascii_lowercase()));
                }
                match selector.split_at_checked(1) {
                    Some((".", name)) if simple(name) && reversed => out.reversed.insert(name.to_owned()),
                    Some((".", name)) if simple(name) => out.classes.insert(name.to_owned()),
                    Some(("#", name)) if simple(name) && hidden => out.ids.insert(name.to_owned()),
                    _ => false,
                };
            }
        }
        rest = &rest[close + 1..];
    }
}

/// What follows the block whose opening brace has just been read.
fn after_block(css: &str) -> &str {
    let mut depth = 1;
    for (at, byte) in css.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &css[at + 1..];
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn styles_that_hide() {
        assert!(hidden_style("color:red; DISPLAY : none !important"));
        assert!(hidden_style("visibility:hidden") && hidden_style("text-decoration: line-through"));
        assert!(hidden_style("position:absolute;left:-9999px") && !hidden_style("left:-9px;top:0"));
        assert!(!hidden_style("display:block"));
        assert!(!hidden_style("background:url(none.png)"));
        assert!(shown_on_some_screens("hidden md:inline") && shown_on_some_screens("d-none d-lg-flex"));
        assert!(!shown_on_some_screens("hidden text-sm"));
    }

    #[test]
    fn only_unconditional_rules_hide() {
        let mut out = Visibility::default();
        read_rules(
            "/* x */ .hp, #trap {display:none} @media print { .menu{display:none} } .a .b{display:none} .ok{color:red}",
            &mut out,
        );
        assert_eq!(out.classes, HashSet::from(["hp".to_owned()]));
        assert_eq!(out.ids, HashSet::from(["trap".to_owned()]));
        read_rules("p.trap{display:none}", &mut out);
        assert_eq!(out.tagged, HashSet::from(["p.trap".to_owned()]));
    }
}
