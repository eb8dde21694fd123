//! RDFa Lite (`vocab`, `typeof`, `property`, `resource`), as JSON in the shape of JSON-LD.

use super::items::{Builder, text_of, value_of};
use crate::scrape::dom::{Data, Dom, NONE, NodeId, ROOT, attr};
use html5ever::local_name;
use serde_json::Value;

/// The typed items of the page whose vocabulary is schema.org, or unnamed. OpenGraph's meta elements are no items.
pub(crate) fn read(dom: &Dom) -> Vec<Value> {
    let mut builder = Builder::default();
    let mut open: Vec<(NodeId, usize)> = Vec::new();
    let mut at = Some(ROOT);
    while let Some(id) = at {
        while open.last().is_some_and(|(owner, _)| !inside(dom, id, *owner)) {
            open.pop();
        }
        visit(dom, id, &mut open, &mut builder);
        at = dom.following(id, ROOT, true);
    }
    builder.finish()
}

fn visit(dom: &Dom, id: NodeId, open: &mut Vec<(NodeId, usize)>, builder: &mut Builder) {
    let attrs = dom.attrs(id);
    if attrs.is_empty()
        || matches!(
            &dom.node(id).data,
            Data::Element {
                name: local_name!("html"),
                ..
            }
        )
    {
        return;
    }
    let names = attr(attrs, "property")
        .map(local_names)
        .filter(|names| !names.is_empty());
    let owner = open.last().map(|(_, item)| *item);
    if let Some(types) = attr(attrs, "typeof") {
        let Some(item) = builder.begin(types, attr(attrs, "resource")) else {
            return;
        };
        match (names, owner) {
            (Some(names), Some(owner)) => builder.nest(owner, &names, item),
            _ => builder.top(item),
        }
        open.push((id, item));
    } else if let (Some(names), Some(owner)) = (names, owner) {
        let explicit = attr(attrs, "content").or(attr(attrs, "resource")).map(str::to_owned);
        let value = explicit
            .or_else(|| value_of(dom, id))
            .unwrap_or_else(|| text_of(dom, id));
        builder.add(owner, &names, value);
    }
}

/// Property names without the prefixes that stand for schema.org; those of other vocabularies are left out.
fn local_names(names: &str) -> String {
    let own = |name: &str| match name.rsplit_once([':', '/']) {
        Some(("schema" | "s" | "http://schema.org" | "https://schema.org", local)) => Some(local.to_owned()),
        Some(_) => None,
        None => Some(name.to_owned()),
    };
    names
        .split_ascii_whitespace()
        .filter_map(own)
        .collect::<Vec<_>>()
        .join(" ")
}

fn inside(dom: &Dom, id: NodeId, owner: NodeId) -> bool {
    let mut at = id;
    while at != NONE {
        if at == owner {
            return true;
        }
        at = dom.node(at).parent;
    }
    false
}
