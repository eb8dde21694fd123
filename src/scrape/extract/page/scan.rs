//! What one walk over the tree gathers for the extractors: visible lines, links, meta elements, JSON-LD blocks.

pub(crate) use super::elements::{LineKind, Zone};
use super::signs::Signs;
use crate::scrape::extract::cues::Cues;
use crate::scrape::text::starts_ci;
use std::ops::Range;

/// One line that a visitor sees; its text is a range of [`Scan::text`].
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) range: Range<usize>,
    pub(crate) zone: Zone,
    pub(crate) kind: LineKind,
    pub(crate) cues: Cues,
    pub(crate) signs: Signs,
}

/// A link and the text it shows.
#[derive(Debug, Clone)]
pub(crate) struct Anchor {
    pub(crate) href: String,
    /// Its text in [`Scan::text`]; empty for pictures.
    pub(crate) text: Range<usize>,
    /// `title`, `aria-label` or the `alt` of the picture inside.
    pub(crate) label: String,
    /// The line it stands in.
    pub(crate) line: usize,
    pub(crate) zone: Zone,
}

impl Anchor {
    /// Whether it is a way to call or to write.
    pub(crate) fn is_contact(&self) -> bool {
        starts_ci(&self.href, "tel:") || starts_ci(&self.href, "mailto:")
    }
}

/// A script of the page's own, or the text for those who run none.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) text: String,
    pub(crate) runs: bool,
    /// The line it stands in, and where in that line.
    pub(crate) line: usize,
    pub(crate) at: usize,
    pub(crate) zone: Zone,
}

/// A picture that may be the logo.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) src: String,
    pub(crate) alt: String,
    /// `class`, `id` and `src` speak of a logo.
    pub(crate) named_logo: bool,
    pub(crate) zone: Zone,
}

/// What one walk gathers.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) text: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) anchors: Vec<Anchor>,
    pub(crate) pictures: Vec<Picture>,
    /// `name`, `property` or `itemprop` in lower case, and `content`.
    pub(crate) metas: Vec<(String, String)>,
    /// `rel` in lower case, `href`, `hreflang`.
    pub(crate) head_links: Vec<(String, String, String)>,
    pub(crate) json_ld: Vec<String>,
    /// Scripts and what stands in their place without them, where one may show an e-mail address.
    pub(crate) scripts: Vec<Script>,
    pub(crate) frames: Vec<String>,
    pub(crate) title: String,
    pub(crate) lang: Option<String>,
    pub(crate) base: Option<String>,
    pub(crate) refresh: Option<String>,
    pub(crate) has_microdata: bool,
    pub(crate) has_rdfa: bool,
}

impl Scan {
    /// The text of a line.
    pub(crate) fn line(&self, at: usize) -> &str {
        self.lines.get(at).map_or("", |line| &self.text[line.range.clone()])
    }

    /// The content of the first meta element named `name`.
    pub(crate) fn meta(&self, name: &str) -> Option<&str> {
        self.metas
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}
