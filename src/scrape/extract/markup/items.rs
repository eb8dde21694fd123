//! What microdata and RDFa share: items that are built up from elements, and the value of an element.

use crate::scrape::dom::{Data, Dom, NodeId, attr};
use crate::scrape::text::squeeze_to;
use html5ever::local_name;
use serde_json::{Map, Value};

/// Items of a page that are kept.
const MAX_ITEMS: usize = 500;
/// Properties of an item that are kept.
const MAX_PROPERTIES: usize = 400;
/// Characters of a value: descriptions are longer than anything else that is of use.
const MAX_VALUE: usize = 2_000;
/// Nodes whose text is joined for one value.
const MAX_VALUE_NODES: usize = 2_000;

/// Items in the order of their start; an item's parts always come after it.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    items: Vec<Map<String, Value>>,
    /// Where an item belongs: owner and property, or nowhere for the top level.
    place: Vec<Option<(usize, Vec<String>)>>,
    properties: usize,
    /// Items and the ids of elements that hold more of their properties.
    pub(crate) references: Vec<(usize, String)>,
}

impl Builder {
    /// Begins an item; `None` when the page has too many.
    pub(crate) fn begin(&mut self, types: &str, id: Option<&str>) -> Option<usize> {
        if self.items.len() >= MAX_ITEMS {
            return None;
        }
        let types = types
            .split_ascii_whitespace()
            .take(8)
            .map(|kind| Value::String(squeeze_to(kind, 200)))
            .collect();
        let mut item = Map::new();
        item.insert("@type".to_owned(), Value::Array(types));
        if let Some(id) = id {
            item.insert("@id".to_owned(), Value::String(squeeze_to(id, 500)));
        }
        self.items.push(item);
        self.place.push(None);
        Some(self.items.len() - 1)
    }

    /// An item of the page itself.
    pub(crate) fn top(&mut self, item: usize) {
        self.place[item] = None;
    }

    /// An item that is the value of another's properties.
    pub(crate) fn nest(&mut self, owner: usize, names: &str, item: usize) {
        if owner < item {
            self.place[item] = Some((
                owner,
                names.split_ascii_whitespace().take(4).map(str::to_owned).collect(),
            ));
        }
    }

    /// Adds a text value.
    pub(crate) fn add(&mut self, owner: usize, names: &str, value: String) {
        for name in names.split_ascii_whitespace().take(4) {
            if self.properties < MAX_ITEMS * MAX_PROPERTIES && self.items[owner].len() < MAX_PROPERTIES {
                self.properties += 1;
                insert(&mut self.items[owner], name, Value::String(value.clone()));
            }
        }
    }

    /// Puts the parts into their owners and gives the top-level items.
    pub(crate) fn finish(mut self) -> Vec<Value> {
        let mut out = Vec::new();
        while let Some(item) = self.items.pop() {
            match self.place.pop().flatten() {
                Some((owner, names)) => {
                    for name in names {
                        insert(&mut self.items[owner], &name, Value::Object(item.clone()));
                    }
                }
                None => out.push(Value::Object(item)),
            }
        }
        out.reverse();
        out
    }
}

fn insert(item: &mut Map<String, Value>, name: &str, value: Value) {
    let name = name.rsplit(['/', '#']).next().unwrap_or(name);
    match item.get_mut(name) {
        // Parts are put in from the last to the first, texts in their order: neither order is relied on.
        Some(Value::Array(list)) if list.len() < MAX_PROPERTIES => list.push(value),
        Some(Value::Array(_)) => {}
        Some(first) => {
            let first = first.take();
            item.insert(name.to_owned(), Value::Array(vec![first, value]));
        }
        None => {
            item.insert(name.to_owned(), value);
        }
    }
}

/// The value that an element carries in an attribute, by its kind (HTML, 5.2.4).
pub(crate) fn value_of(dom: &Dom, id: NodeId) -> Option<String> {
    let attrs = dom.attrs(id);
    if let Some(content) = attr(attrs, "content") {
        return Some(squeeze_to(content, MAX_VALUE));
    }
    let name = match *dom.tag(id)? {
        local_name!("a") | local_name!("area") | local_name!("link") => "href",
        local_name!("img")
        | local_name!("audio")
        | local_name!("video")
        | local_name!("iframe")
        | local_name!("embed")
        | local_name!("source") => "src",
        local_name!("object") => "data",
        local_name!("data") | local_name!("meter") => "value",
        local_name!("time") => "datetime",
        _ => return None,
    };
    let value = attr(attrs, name)?;
    // `<a itemprop="name" href="/">Smile</a>` is meant as its text.
    let wants_text = name == "href"
        && attr(attrs, "itemprop")
            .or(attr(attrs, "property"))
            .is_some_and(is_text_property);
    (!wants_text).then(|| squeeze_to(value, MAX_VALUE))
}

fn is_text_property(names: &str) -> bool {
    names.split_ascii_whitespace().any(|name| {
        matches!(
            name.rsplit([':', '/']).next(),
            Some("name" | "telephone" | "faxNumber" | "email" | "legalName" | "jobTitle" | "description")
        )
    })
}

/// The text inside an element; lines are separated by spaces.
pub(crate) fn text_of(dom: &Dom, root: NodeId) -> String {
    let mut out = String::new();
    let mut at = dom
        .following(root, root, true)
        .filter(|_| dom.node(root).first != crate::scrape::dom::NONE);
    let mut left = MAX_VALUE_NODES;
    while let Some(id) = at {
        let mut descend = true;
        match &dom.node(id).data {
            Data::Text(text) => out.push_str(text),
            Data::Element { name, .. } => {
                descend = !matches!(
                    *name,
                    local_name!("script") | local_name!("style") | local_name!("noscript") | local_name!("template")
                );
                if matches!(
                    *name,
                    local_name!("br")
                        | local_name!("div")
                        | local_name!("p")
                        | local_name!("li")
                        | local_name!("tr")
                        | local_name!("td")
                ) {
                    out.push(' ');
                }
            }
            _ => {}
        }
        left -= 1;
        if left == 0 || out.len() > 4 * MAX_VALUE {
            break;
        }
        at = dom.following(id, root, descend);
    }
    squeeze_to(&out, MAX_VALUE)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::{microdata, rdfa};
    use serde_json::json;

    #[test]
    fn microdata_becomes_json() {
        let dom = crate::scrape::dom::parse(
            r#"<div itemscope itemtype="https://schema.org/Dentist" itemref="more"><h1 itemprop="name">Smile <b>Dental</b></h1>
            <div itemprop="address" itemscope itemtype="https://schema.org/PostalAddress"><span itemprop="streetAddress">1 High St</span>
            <meta itemprop="postalCode" content="1010"></div><a itemprop="telephone" href="tel:+6495247381">09 524 7381</a>
            <a itemprop="url" href="/x">site</a></div><p id="more"><span itemprop="email">a@b.nz</span></p>"#,
        );
        assert_eq!(
            microdata::read(&dom),
            vec![
                json!({"@type": ["https://schema.org/Dentist"], "name": "Smile Dental", "telephone": "09 524 7381", "url": "/x", "email": "a@b.nz",
                "address": {"@type": ["https://schema.org/PostalAddress"], "streetAddress": "1 High St", "postalCode": "1010"}})
            ]
        );
    }

    #[test]
    fn rdfa_becomes_json() {
        let dom = crate::scrape::dom::parse(
            r#"<meta property="og:title" content="x"><div vocab="https://schema.org/" typeof="LocalBusiness"><span property="name">Smile</span>
            <div property="address" typeof="PostalAddress"><span property="schema:postalCode">1010</span></div></div>"#,
        );
        assert_eq!(
            rdfa::read(&dom),
            vec![
                json!({"@type": ["LocalBusiness"], "name": "Smile", "address": {"@type": ["PostalAddress"], "postalCode": "1010"}})
            ]
        );
    }
}
