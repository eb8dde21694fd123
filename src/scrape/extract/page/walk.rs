//! The one walk over the tree that gathers what the extractors read.

use super::elements::{
    child_text, inner_text, is_block, kind_of, marks_fax, plain_words, shows_number, text_length, words_touch, zone_of,
};
use super::hrefs;
use super::scan::{Anchor, Line, LineKind, Picture, Scan, Script, Zone};
use super::signs::Signs;
use super::visible::{Visibility, hidden_classes};
use crate::scrape::dom::{Data, Dom, NONE, Node, NodeId, ROOT, attr};
use crate::scrape::extract::cues::Cues;
use crate::scrape::extract::emails;
use crate::scrape::extract::whose;
use crate::scrape::text::{contains_ci, is_space, is_unwanted};
use html5ever::{Attribute, LocalName, local_name};

/// Lines, anchors and the like beyond this are left out: a page of more is a catalogue.
const MAX_LINES: usize = 20_000;
/// Longer lines are prose.
const MAX_CUE_LINE: usize = 2_000;
const MAX_ANCHORS: usize = 5_000;
const MAX_SCRIPTS: usize = 40;
/// Nodes beside a cell among which another one is looked for.
const MAX_NEIGHBOURS: usize = 8;

/// Walks `dom` once.
pub(crate) fn scan(dom: &Dom) -> Scan {
    let mut walk = Walk::new(hidden_classes(dom), dom.nodes.len());
    let mut at = ROOT;
    loop {
        let descend = walk.enter(dom, at);
        let first = dom.node(at).first;
        if descend && first != crate::scrape::dom::NONE {
            at = first;
            continue;
        }
        loop {
            walk.leave(dom, at);
            if at == ROOT {
                return walk.finish();
            }
            let node = dom.node(at);
            if node.next != crate::scrape::dom::NONE {
                at = node.next;
                break;
            }
            at = node.parent;
        }
    }
}

/// What changes when an element ends.
enum Restore {
    Zone(Zone),
    Kind(LineKind),
    Anchor(usize),
    OnlyCell(bool),
}

struct Walk {
    out: Scan,
    visibility: Visibility,
    zone: Zone,
    kind: LineKind,
    line_start: usize,
    /// White space is due before the next character.
    pending: bool,
    /// An element began or ended since the last character.
    seam: bool,
    open_anchor: Option<usize>,
    /// Where in the text the last link ended.
    anchor_end: usize,
    /// A link began where another had ended: no word goes from one to the other.
    beside: bool,
    /// Links that follow a number or a mail, one behind the other, are lines of their own, as layouts show them.
    listing: bool,
    /// The cell has its row to itself, as in tables for layout.
    only_cell: bool,
    restore: Vec<(NodeId, Restore)>,
}

/// Whether a cell has no other cell beside it.
fn is_only_cell(dom: &Dom, id: NodeId) -> bool {
    let is_cell = |id: NodeId| {
        dom.tag(id)
            .is_some_and(|tag| matches!(*tag, local_name!("td") | local_name!("th")))
    };
    let beside = |step: fn(&Node) -> NodeId| {
        let neighbours = std::iter::successors(Some(step(dom.node(id))), |id| {
            (*id != NONE).then(|| step(dom.node(*id)))
        });
        neighbours
            .take(MAX_NEIGHBOURS)
            .take_while(|id| *id != NONE)
            .any(is_cell)
    };
    !beside(|node| node.previous) && !beside(|node| node.next)
}

impl Walk {
    fn new(visibility: Visibility, nodes: usize) -> Self {
        let out = Scan {
            text: String::with_capacity(nodes * 8),
            ..Scan::default()
        };
        Self {
            out,
            visibility,
            zone: Zone::Main,
            kind: LineKind::Plain,
            line_start: 0,
            pending: false,
            seam: false,
            open_anchor: None,
            anchor_end: 0,
            beside: false,
            listing: false,
            only_cell: false,
            restore: Vec::new(),
        }
    }

    /// Takes in a node; whether its children are to be visited.
    fn enter(&mut self, dom: &Dom, id: NodeId) -> bool {
        match &dom.node(id).data {
            Data::Fragment => true,
            Data::Ignored => false,
            Data::Text(text) => {
                self.push_text(text);
                false
            }
            Data::Element { html: false, .. } => false,
            Data::Element { name, attrs, .. } => self.enter_element(dom, id, name, attrs),
        }
    }

    fn enter_element(&mut self, dom: &Dom, id: NodeId, name: &LocalName, attrs: &[Attribute]) -> bool {
        self.seam = true;
        if !attrs.is_empty() {
            if self.visibility.hides(name, attrs) {
                return false;
            }
            if self.visibility.reverses(attrs) {
                let text: String = inner_text(dom, id).trim().chars().rev().collect();
                self.push_text(&text);
                return false;
            }
            self.note_markup(attrs);
        }
        match *name {
            local_name!("script") => {
                if attr(attrs, "type").is_some_and(|kind| contains_ci(kind, "ld+json")) && self.out.json_ld.len() < 64 {
                    self.out.json_ld.push(child_text(dom, id));
                } else if attr(attrs, "src").is_none() && text_length(dom, id) <= emails::scripted::MAX_SCRIPT {
                    self.script(child_text(dom, id), true);
                }
                return false;
            }
            local_name!("noscript") => {
                self.script(inner_text(dom, id), false);
                return false;
            }
            // Some builders wrap links in objects that load nothing.
            local_name!("object") if attr(attrs, "data").is_none() => {}
            local_name!("style")
            | local_name!("template")
            | local_name!("textarea")
            | local_name!("select")
            | local_name!("datalist")
            | local_name!("object")
            | local_name!("canvas")
            | local_name!("audio")
            | local_name!("video")
            | local_name!("noframes")
            // Struck out: it holds no longer.
            | local_name!("del")
            | local_name!("s")
            | local_name!("strike") => return false,
            local_name!("title") => {
                if self.out.title.is_empty() {
                    self.out.title = crate::scrape::text::squeeze_to(&child_text(dom, id), 500);
                }
                return false;
            }
            local_name!("meta") => self.meta(attrs),
            local_name!("link") => self.head_link(attrs),
            local_name!("base") => {
                if self.out.base.is_none() {
                    self.out.base = attr(attrs, "href").map(str::to_owned);
                }
            }
            local_name!("html") => self.out.lang = attr(attrs, "lang").or(attr(attrs, "xml:lang")).map(str::to_owned),
            local_name!("iframe") | local_name!("frame") => {
                if let Some(src) = attr(attrs, "src")
                    .or(attr(attrs, "data-src"))
                    .or(attr(attrs, "data-lazy-src"))
                    && self.out.frames.len() < 50
                {
                    self.out.frames.push(src.to_owned());
                }
                return false;
            }
            local_name!("img") => self.picture(attrs),
            local_name!("br") => self.break_line(),
            local_name!("td") | local_name!("th") => {
                self.pending = false;
                if self.out.text.len() > self.line_start {
                    self.out.text.push('\t');
                }
                let only = is_only_cell(dom, id);
                if only != self.only_cell {
                    self.restore.push((id, Restore::OnlyCell(self.only_cell)));
                    self.only_cell = only;
                }
            }
            _ => {}
        }
        let href = hrefs::of(name, attrs);
        let block = is_block(name);
        if let Some(href) = href.as_deref().filter(|_| !block) {
            self.open_anchor(id, attrs, href, true);
        }
        if marks_fax(attrs) {
            self.push_text("Fax ");
        }
        if !attrs.is_empty()
            && let Some(mail) = emails::encoded::from_attributes(attrs)
        {
            self.push_text(&mail);
            return false;
        }
        let zone = zone_of(name, attrs, self.zone);
        if zone != self.zone {
            self.restore.push((id, Restore::Zone(self.zone)));
            self.zone = zone;
        }
        if block {
            if !self.is_in_row(name) {
                self.break_line();
            }
            let kind = kind_of(name, self.kind);
            if kind != self.kind {
                self.restore.push((id, Restore::Kind(self.kind)));
                self.kind = kind;
            }
            // Forms and boxes hold much that is not what their address is called.
            if let Some(href) = href {
                self.open_anchor(id, attrs, &href, *name == local_name!("button"));
            }
        }
        true
    }

    fn leave(&mut self, dom: &Dom, id: NodeId) {
        let Some(name) = dom.tag(id) else { return };
        self.seam = true;
        if self.is_in_row(name) {
            self.pending = true;
        } else if is_block(name) {
            self.break_line();
        }
        while let Some((owner, _)) = self.restore.last() {
            if *owner != id {
                break;
            }
            match self.restore.pop() {
                Some((_, Restore::Zone(zone))) => self.zone = zone,
                Some((_, Restore::Kind(kind))) => self.kind = kind,
                Some((_, Restore::OnlyCell(only))) => self.only_cell = only,
                Some((_, Restore::Anchor(at))) => {
                    self.out.anchors[at].text.end = self.out.text.len().max(self.out.anchors[at].text.start);
                    self.open_anchor = None;
                    self.anchor_end = self.out.text.len();
                }
                None => {}
            }
        }
    }

    /// Whether an element is a paragraph that stands in its row beside other cells.
    fn is_in_row(&self, name: &LocalName) -> bool {
        *name == local_name!("p") && self.kind == LineKind::Row && !self.only_cell
    }

    fn push_text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if is_space(c) {
                self.pending = true;
                rest = &rest[c.len_utf8()..];
                continue;
            }
            if is_unwanted(c) {
                rest = &rest[c.len_utf8()..];
                continue;
            }
            let text = &mut self.out.text;
            if text.len() > self.line_start {
                let spaced = self.pending && !text.ends_with('\t');
                let touch = |before: char| words_touch(before, c) || (self.beside && before.is_alphanumeric());
                if spaced || (self.seam && text.chars().next_back().is_some_and(touch)) {
                    text.push(' ');
                }
            }
            let words = plain_words(rest.as_bytes()).max(c.len_utf8());
            text.push_str(&rest[..words]);
            rest = &rest[words..];
            (self.pending, self.seam, self.beside) = (false, false, false);
        }
    }

    /// Ends the line that is being written, if it says anything.
    fn break_line(&mut self) {
        self.pending = false;
        let text = &mut self.out.text;
        while text.len() > self.line_start && text.ends_with('\t') {
            text.pop();
        }
        if text.len() == self.line_start || self.out.lines.len() >= MAX_LINES {
            text.truncate(self.line_start);
            return;
        }
        let range = self.line_start..text.len();
        let cues = if range.len() <= MAX_CUE_LINE {
            Cues::of(&text[range.clone()])
        } else {
            Cues::default()
        };
        self.out.lines.push(Line {
            cues,
            signs: Signs::of(&text[range.clone()]),
            range,
            zone: self.zone,
            kind: self.kind,
        });
        text.push('\n');
        self.line_start = text.len();
    }

    fn finish(mut self) -> Scan {
        self.break_line();
        let Scan { text, anchors, .. } = &mut self.out;
        for anchor in anchors {
            // What ended a line took with it what the link had begun with.
            let end = text.floor_char_boundary(anchor.text.end.min(text.len()));
            anchor.text = text.floor_char_boundary(anchor.text.start.min(end))..end;
        }
        whose::foreign::mark(&mut self.out);
        self.out
    }

    fn script(&mut self, text: String, runs: bool) {
        let may = if runs {
            emails::scripted::may_mail(&text)
        } else {
            text.len() <= MAX_CUE_LINE && Cues::of(&text).masked | text.contains('@')
        };
        if may && self.out.scripts.len() < MAX_SCRIPTS {
            self.out.scripts.push(Script {
                text,
                runs,
                line: self.out.lines.len(),
                at: self.out.text.len() - self.line_start,
                zone: self.zone,
            });
        }
    }

    fn meta(&mut self, attrs: &[Attribute]) {
        let Some(content) = attr(attrs, "content") else { return };
        if attr(attrs, "http-equiv").is_some_and(|kind| kind.eq_ignore_ascii_case("refresh")) {
            self.out.refresh = Some(content.to_owned());
        }
        let name = attr(attrs, "property")
            .or(attr(attrs, "name"))
            .or(attr(attrs, "itemprop"));
        if let Some(name) = name.filter(|name| name.len() < 100)
            && self.out.metas.len() < 300
        {
            self.out.metas.push((
                name.to_ascii_lowercase(),
                crate::scrape::text::squeeze_to(content, 2_000),
            ));
        }
    }

    fn head_link(&mut self, attrs: &[Attribute]) {
        let (Some(rel), Some(href)) = (attr(attrs, "rel"), attr(attrs, "href")) else {
            return;
        };
        if self.out.head_links.len() < 200 {
            let lang = attr(attrs, "hreflang").unwrap_or_default().to_owned();
            self.out
                .head_links
                .push((rel.to_ascii_lowercase(), href.to_owned(), lang));
        }
    }

    fn picture(&mut self, attrs: &[Attribute]) {
        let alt = attr(attrs, "alt").unwrap_or_default();
        if matches!(alt.trim(), "@" | "(at)" | "[at]") {
            self.push_text("@");
            return;
        }
        if shows_number(alt) {
            self.push_text(alt);
        }
        if let Some(anchor) = self.open_anchor
            && self.out.anchors[anchor].label.is_empty()
        {
            self.out.anchors[anchor].label = crate::scrape::text::squeeze_to(alt, 200);
        }
        let lazy = ["data-src", "data-lazy-src", "data-original"]
            .iter()
            .find_map(|name| attr(attrs, name));
        let Some(src) = lazy.or(attr(attrs, "src")).filter(|src| src.len() < 2_000) else {
            return;
        };
        let named_logo = ["class", "id", "alt", "src", "title"]
            .iter()
            .any(|name| attr(attrs, name).is_some_and(|value| contains_ci(value, "logo")));
        // At the top of a page a picture with a text is often the name in letters of its own.
        let early = self.out.lines.len() < 6 && !alt.is_empty();
        if (named_logo || early) && self.out.pictures.len() < 100 {
            self.out.pictures.push(Picture {
                src: src.to_owned(),
                alt: crate::scrape::text::squeeze_to(alt, 200),
                named_logo,
                zone: self.zone,
            });
        }
    }

    fn open_anchor(&mut self, id: NodeId, attrs: &[Attribute], href: &str, titled: bool) {
        if href.len() > 4_000 || self.out.anchors.len() >= MAX_ANCHORS {
            return;
        }
        let before = self
            .out
            .anchors
            .last()
            .filter(|_| self.out.text.len() == self.anchor_end);
        // Editors split links, and a word with them; but a number is no part of a mail.
        let scheme = |href: &str| href.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        self.beside = before.is_some_and(|before| scheme(&before.href) != scheme(href));
        let another = before.is_some_and(|before| before.href != href && (self.listing || before.is_contact()));
        self.listing = another && (self.pending || self.beside);
        if titled && self.listing && self.anchor_end > self.line_start {
            self.break_line();
            self.beside = false;
        }
        let start = self.out.text.len();
        let label = attr(attrs, "aria-label")
            .or(attr(attrs, "title"))
            .or(attr(attrs, "alt"))
            .unwrap_or_default();
        if titled {
            self.open_anchor = Some(self.out.anchors.len());
            self.restore.push((id, Restore::Anchor(self.out.anchors.len())));
        }
        self.out.anchors.push(Anchor {
            href: href.to_owned(),
            text: start..start,
            label: crate::scrape::text::squeeze_to(label, 200),
            line: self.out.lines.len(),
            zone: self.zone,
        });
    }

    fn note_markup(&mut self, attrs: &[Attribute]) {
        for attr in attrs {
            match &*attr.name.local {
                "itemscope" | "itemtype" => self.out.has_microdata = true,
                "typeof" | "vocab" => self.out.has_rdfa = true,
                _ => {}
            }
        }
    }
}
