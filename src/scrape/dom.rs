//! A page as a tree: html5ever's parser over an arena of nodes, with bounds that hostile pages cannot get round.
//!
//! Nodes are numbers into one vector, so nothing recurses, dropping least of all.

mod limits;

use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::{Attribute, LocalName, QualName, ns, tendril::StrTendril};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};

pub(super) use limits::parse;

/// A node's place in [`Dom::nodes`].
pub(super) type NodeId = u32;
/// No node.
pub(super) const NONE: NodeId = u32::MAX;
/// The document itself.
pub(super) const ROOT: NodeId = 0;

/// What a node is.
#[derive(Debug)]
pub(super) enum Data {
    /// The document, or a template's content, which is part of no document.
    Fragment,
    /// An HTML element, or one of an embedded vocabulary (SVG, MathML).
    Element {
        name: LocalName,
        html: bool,
        attrs: Vec<Attribute>,
    },
    Text(StrTendril),
    /// Comments and processing instructions: their place is kept, their content is not.
    Ignored,
}

/// A node and its neighbours.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) parent: NodeId,
    pub(super) previous: NodeId,
    pub(super) next: NodeId,
    pub(super) first: NodeId,
    pub(super) last: NodeId,
    depth: u32,
    pub(super) data: Data,
}

/// A parsed page.
#[derive(Debug)]
pub(super) struct Dom {
    pub(super) nodes: Vec<Node>,
}

impl Dom {
    /// The node numbered `id`.
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// The attributes of `id`, none for what is no element.
    pub(super) fn attrs(&self, id: NodeId) -> &[Attribute] {
        match &self.node(id).data {
            Data::Element { attrs, .. } => attrs,
            _ => &[],
        }
    }

    /// The value of the attribute `name` of `id`.
    pub(super) fn attr(&self, id: NodeId, name: &str) -> Option<&str> {
        attr(self.attrs(id), name)
    }

    /// The local name of the HTML element `id`.
    pub(super) fn tag(&self, id: NodeId) -> Option<&LocalName> {
        match &self.node(id).data {
            Data::Element { name, html: true, .. } => Some(name),
            _ => None,
        }
    }

    /// The node after `id` in document order inside `root`; children are passed over unless `descend`.
    pub(super) fn following(&self, id: NodeId, root: NodeId, descend: bool) -> Option<NodeId> {
        if descend && self.node(id).first != NONE {
            return Some(self.node(id).first);
        }
        let mut at = id;
        while at != root {
            let node = self.node(at);
            if node.next != NONE {
                return Some(node.next);
            }
            at = node.parent;
            if at == NONE {
                return None;
            }
        }
        None
    }
}

/// The value of the attribute `name`.
pub(super) fn attr<'a>(attrs: &'a [Attribute], name: &str) -> Option<&'a str> {
    attrs
        .iter()
        .find(|attr| &*attr.name.local == name)
        .map(|attr| &*attr.value)
}

/// Carries the name beside the number, since the tree builder asks for names far more often than for anything else.
#[derive(Debug, Clone)]
pub(super) struct Handle {
    id: NodeId,
    name: QualName,
}

/// The tree under construction.
#[derive(Debug)]
struct Sink {
    nodes: RefCell<Vec<Node>>,
    /// About the length of the stack of open elements.
    depth: Cell<u32>,
}

impl Sink {
    fn new(capacity: usize) -> Self {
        let sink = Self {
            nodes: RefCell::new(Vec::with_capacity(capacity)),
            depth: Cell::new(0),
        };
        sink.create(Data::Fragment);
        sink
    }

    fn create(&self, data: Data) -> NodeId {
        let mut nodes = self.nodes.borrow_mut();
        let id = nodes.len() as NodeId;
        nodes.push(Node {
            parent: NONE,
            previous: NONE,
            next: NONE,
            first: NONE,
            last: NONE,
            depth: 0,
            data,
        });
        id
    }

    fn plain(&self, data: Data) -> Handle {
        Handle {
            id: self.create(data),
            name: QualName::new(None, ns!(), LocalName::from("")),
        }
    }

    /// Puts `child` under `parent`, before `next` or at the end.
    fn insert(&self, parent: NodeId, child: NodeOrText<Handle>, next: NodeId) {
        let nodes = &mut *self.nodes.borrow_mut();
        let previous = match next {
            NONE => nodes[parent as usize].last,
            next => nodes[next as usize].previous,
        };
        let id = match child {
            NodeOrText::AppendNode(node) => node.id,
            NodeOrText::AppendText(text) => {
                if previous != NONE
                    && let Data::Text(before) = &mut nodes[previous as usize].data
                {
                    before.push_tendril(&text);
                    return;
                }
                nodes.push(Node {
                    parent: NONE,
                    previous: NONE,
                    next: NONE,
                    first: NONE,
                    last: NONE,
                    depth: 0,
                    data: Data::Text(text),
                });
                nodes.len() as NodeId - 1
            }
        };
        unlink(nodes, id);
        let depth = nodes[parent as usize].depth + 1;
        let node = &mut nodes[id as usize];
        (node.parent, node.previous, node.next, node.depth) = (parent, previous, next, depth);
        if matches!(node.data, Data::Element { .. }) {
            self.depth.set(depth);
        }
        match previous {
            NONE => nodes[parent as usize].first = id,
            previous => nodes[previous as usize].next = id,
        }
        match next {
            NONE => nodes[parent as usize].last = id,
            next => nodes[next as usize].previous = id,
        }
    }
}

fn unlink(nodes: &mut [Node], id: NodeId) {
    let node = &mut nodes[id as usize];
    let (parent, previous, next) = (node.parent, node.previous, node.next);
    (node.parent, node.previous, node.next) = (NONE, NONE, NONE);
    if parent == NONE {
        return;
    }
    match previous {
        NONE => nodes[parent as usize].first = next,
        previous => nodes[previous as usize].next = next,
    }
    match next {
        NONE => nodes[parent as usize].last = previous,
        next => nodes[next as usize].previous = previous,
    }
}

impl TreeSink for Sink {
    type Handle = Handle;
    type Output = Dom;
    type ElemName<'a> = &'a QualName;

    fn finish(self) -> Dom {
        Dom {
            nodes: self.nodes.into_inner(),
        }
    }

    fn parse_error(&self, _message: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Handle {
            id: ROOT,
            name: QualName::new(None, ns!(), LocalName::from("")),
        }
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> &'a QualName {
        &target.name
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> Handle {
        let html = name.ns == ns!(html);
        let id = self.create(Data::Element {
            name: name.local.clone(),
            html,
            attrs,
        });
        if flags.template {
            // `get_template_contents` relies on the fragment being the next node.
            self.create(Data::Fragment);
        }
        Handle { id, name }
    }

    fn create_comment(&self, _text: StrTendril) -> Handle {
        self.plain(Data::Ignored)
    }

    fn create_pi(&self, _target: StrTendril, _data: StrTendril) -> Handle {
        self.plain(Data::Ignored)
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.insert(parent.id, child, NONE);
    }

    fn append_based_on_parent_node(&self, element: &Handle, previous: &Handle, child: NodeOrText<Handle>) {
        if self.nodes.borrow()[element.id as usize].parent == NONE {
            self.append(previous, child);
        } else {
            self.append_before_sibling(element, child);
        }
    }

    fn append_doctype_to_document(&self, _name: StrTendril, _public: StrTendril, _system: StrTendril) {}

    fn pop(&self, node: &Handle) {
        self.depth
            .set(self.nodes.borrow()[node.id as usize].depth.saturating_sub(1));
    }

    fn get_template_contents(&self, target: &Handle) -> Handle {
        Handle {
            id: target.id + 1,
            name: QualName::new(None, ns!(), LocalName::from("")),
        }
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.id == y.id
    }

    fn set_quirks_mode(&self, _mode: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        let parent = self.nodes.borrow()[sibling.id as usize].parent;
        if parent != NONE {
            self.insert(parent, child, sibling.id);
        }
    }

    fn add_attrs_if_missing(&self, target: &Handle, attrs: Vec<Attribute>) {
        if let Data::Element { attrs: own, .. } = &mut self.nodes.borrow_mut()[target.id as usize].data {
            for attr in attrs {
                if own.len() < limits::MAX_MERGED_ATTRS && !own.iter().any(|known| known.name == attr.name) {
                    own.push(attr);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &Handle) {
        unlink(&mut self.nodes.borrow_mut(), target.id);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        let nodes = &mut *self.nodes.borrow_mut();
        let depth = nodes[new_parent.id as usize].depth + 1;
        let first = std::mem::replace(&mut nodes[node.id as usize].first, NONE);
        let last = std::mem::replace(&mut nodes[node.id as usize].last, NONE);
        if first == NONE {
            return;
        }
        let mut at = first;
        while at != NONE {
            let child = &mut nodes[at as usize];
            (child.parent, child.depth) = (new_parent.id, depth);
            at = child.next;
        }
        let before = std::mem::replace(&mut nodes[new_parent.id as usize].last, last);
        nodes[first as usize].previous = before;
        match before {
            NONE => nodes[new_parent.id as usize].first = first,
            before => nodes[before as usize].next = first,
        }
    }
}
