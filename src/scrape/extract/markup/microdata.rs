//! Microdata (`itemscope`, `itemtype`, `itemprop`), as JSON in the shape of JSON-LD.

use super::items::{Builder, text_of, value_of};
use crate::scrape::dom::{Dom, NodeId, ROOT, attr};
use serde_json::Value;

/// References that are followed on one page.
const MAX_REFERENCES: usize = 24;

/// The top-level items of the page. Properties that `itemref` adds are read too.
pub(crate) fn read(dom: &Dom) -> Vec<Value> {
    let mut builder = Builder::default();
    // Items that are open, with the element that each belongs to.
    let mut open: Vec<(NodeId, usize)> = Vec::new();
    let mut at = Some(ROOT);
    while let Some(id) = at {
        while open.last().is_some_and(|(owner, _)| !is_inside(dom, id, *owner)) {
            open.pop();
        }
        visit(dom, id, &mut open, &mut builder);
        at = dom.following(id, ROOT, true);
    }
    for (item, reference) in std::mem::take(&mut builder.references).into_iter().take(MAX_REFERENCES) {
        if let Some(target) = by_id(dom, &reference) {
            follow_reference(dom, target, item, &mut builder);
        }
    }
    builder.finish()
}

fn visit(dom: &Dom, id: NodeId, open: &mut Vec<(NodeId, usize)>, builder: &mut Builder) {
    let attrs = dom.attrs(id);
    if attrs.is_empty() {
        return;
    }
    let names = attr(attrs, "itemprop");
    let scope = attr(attrs, "itemscope").is_some() || attr(attrs, "itemtype").is_some();
    let owner = open.last().map(|(_, item)| *item);
    if scope {
        let types = attr(attrs, "itemtype").unwrap_or_default();
        let Some(item) = builder.begin(types, attr(attrs, "itemid")) else {
            return;
        };
        if let Some(references) = attr(attrs, "itemref") {
            builder.references.extend(
                references
                    .split_ascii_whitespace()
                    .take(8)
                    .map(|one| (item, one.to_owned())),
            );
        }
        match (names, owner) {
            (Some(names), Some(owner)) => builder.nest(owner, names, item),
            _ => builder.top(item),
        }
        open.push((id, item));
    } else if let (Some(names), Some(owner)) = (names, owner) {
        let value = value_of(dom, id).unwrap_or_else(|| text_of(dom, id));
        builder.add(owner, names, value);
    }
}

/// Reads the properties inside an element that an item refers to by its id.
fn follow_reference(dom: &Dom, target: NodeId, item: usize, builder: &mut Builder) {
    let mut open = vec![(target, item)];
    let mut at = Some(target);
    while let Some(id) = at {
        while open.len() > 1 && open.last().is_some_and(|(owner, _)| !is_inside(dom, id, *owner)) {
            open.pop();
        }
        visit(dom, id, &mut open, builder);
        at = dom.following(id, target, true);
    }
}

fn by_id(dom: &Dom, wanted: &str) -> Option<NodeId> {
    (0..dom.nodes.len() as NodeId).find(|id| dom.attr(*id, "id") == Some(wanted))
}

fn is_inside(dom: &Dom, id: NodeId, owner: NodeId) -> bool {
    let mut at = id;
    while at != crate::scrape::dom::NONE {
        if at == owner {
            return true;
        }
        at = dom.node(at).parent;
    }
    false
}
