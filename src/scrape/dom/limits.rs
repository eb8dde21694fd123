//! The parser's feed, with the limits that keep every page linear in time.
//!
//! Three things in the HTML algorithm are quadratic: scope checks walk the stack of open elements, formatting
//! elements are rebuilt for each paragraph, and each attribute is compared with those before it in its tag. The
//! stack is kept short, the number of nodes is bounded, and a tag whose attributes cost too much ends the page.

use super::{Dom, Sink};
use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts, TreeSink};
use html5ever::{LocalName, local_name};
use std::cell::Cell;

/// Elements nested deeper are left out; their text stays.
const MAX_DEPTH: u32 = 200;
/// Nodes beyond are left out: more than any page that a person reads.
const MAX_NODES: usize = 150_000;
/// Bytes given to the tokenizer at a time.
const CHUNK: usize = 2_048;
/// Comparisons of attributes that a page may cost.
const MAX_ATTRIBUTE_COST: u64 = 400_000_000;
/// Attributes that later `html` and `body` tags may add.
pub(super) const MAX_MERGED_ATTRS: usize = 256;

/// Parses a page as a browser with scripting does: what stands in `noscript` is text that nobody sees.
pub(crate) fn parse(html: &str) -> Dom {
    let sink = Sink::new(html.len() / 24 + 16);
    let options = TreeBuilderOpts {
        scripting_enabled: true,
        drop_doctype: true,
        ..TreeBuilderOpts::default()
    };
    let limited = Limiter {
        inner: TreeBuilder::new(sink, options),
        tokens: Cell::new(0),
        left_out: Cell::new(0),
    };
    let tokenizer = Tokenizer::new(limited, TokenizerOpts::default());
    let queue = BufferQueue::default();
    let whole = StrTendril::from_slice(html);
    let (mut at, mut cost, mut unbroken) = (0, 0u64, 0u64);
    while at < html.len() {
        let mut end = (at + CHUNK).min(html.len());
        while !html.is_char_boundary(end) {
            end += 1;
        }
        let before = tokenizer.sink.tokens.get();
        queue.push_back(whole.subtendril(at as u32, (end - at) as u32));
        // A script is never run, so the tokenizer only has to be told to go on.
        while !queue.is_empty() {
            let _ = tokenizer.feed(&queue);
        }
        if tokenizer.sink.tokens.get() == before {
            unbroken += html.as_bytes()[at..end]
                .iter()
                .filter(|b| matches!(b, b' ' | b'\n' | b'\t' | b'/' | b'"' | b'\''))
                .count() as u64;
            if cost + unbroken * unbroken / 2 > MAX_ATTRIBUTE_COST {
                break;
            }
        } else {
            cost += unbroken * unbroken / 2;
            unbroken = 0;
        }
        if tokenizer.sink.is_full() {
            break;
        }
        at = end;
    }
    tokenizer.end();
    tokenizer.sink.inner.sink.finish()
}

struct Limiter {
    inner: TreeBuilder<super::Handle, Sink>,
    /// Tokens seen, to notice a tag or comment that does not end.
    tokens: Cell<u64>,
    /// Start tags left out whose end tags are still to come.
    left_out: Cell<u64>,
}

impl Limiter {
    fn is_full(&self) -> bool {
        self.inner.sink.nodes.borrow().len() >= MAX_NODES
    }

    fn leaves_out(&self, tag: &Tag) -> bool {
        if changes_tokenizer(&tag.name) {
            return false;
        }
        match tag.kind {
            TagKind::StartTag => {
                let deep = self.inner.sink.depth.get() >= MAX_DEPTH;
                if deep && !tag.self_closing && !is_void(&tag.name) {
                    self.left_out.set(self.left_out.get() + 1);
                }
                deep
            }
            TagKind::EndTag => match self.left_out.get() {
                0 => false,
                left_out => {
                    self.left_out.set(left_out - 1);
                    true
                }
            },
        }
    }
}

impl TokenSink for Limiter {
    type Handle = super::Handle;

    fn process_token(&self, token: Token, line_number: u64) -> TokenSinkResult<super::Handle> {
        self.tokens.set(self.tokens.get() + 1);
        match &token {
            Token::ParseError(_) => {
                self.tokens.set(self.tokens.get() - 1);
                return TokenSinkResult::Continue;
            }
            Token::EOFToken => {}
            _ if self.is_full() => return TokenSinkResult::Continue,
            Token::TagToken(tag) if self.leaves_out(tag) => return TokenSinkResult::Continue,
            _ => {}
        }
        match self.inner.process_token(token, line_number) {
            TokenSinkResult::Script(_) => TokenSinkResult::Continue,
            other => other,
        }
    }

    fn end(&self) {
        self.inner.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.inner.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// Elements after whose start tag the tokenizer reads raw text: leaving them out would turn scripts into text.
fn changes_tokenizer(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("script")
            | local_name!("style")
            | local_name!("noscript")
            | local_name!("title")
            | local_name!("textarea")
            | local_name!("iframe")
            | local_name!("noembed")
            | local_name!("noframes")
            | local_name!("xmp")
            | local_name!("plaintext")
    )
}

fn is_void(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("br")
            | local_name!("img")
            | local_name!("input")
            | local_name!("meta")
            | local_name!("link")
            | local_name!("hr")
            | local_name!("wbr")
            | local_name!("area")
            | local_name!("base")
            | local_name!("col")
            | local_name!("embed")
            | local_name!("param")
            | local_name!("source")
            | local_name!("track")
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::scrape::dom::{Data, ROOT};

    fn text(html: &str) -> String {
        let dom = parse(html);
        let mut out = String::new();
        let mut at = Some(ROOT);
        while let Some(id) = at {
            if let Data::Text(text) = &dom.node(id).data {
                out.push_str(text);
            }
            at = dom.following(id, ROOT, true);
        }
        out
    }

    #[test]
    fn deep_nesting_keeps_its_text() {
        let deep = format!("{}x{}<p>after</p>", "<div>".repeat(5_000), "</div>".repeat(5_000));
        assert_eq!(text(&deep), "xafter");
    }

    #[test]
    fn misnested_markup_is_repaired_as_browsers_do() {
        assert_eq!(
            text("<b><p>one</b>two</p><table>three<tr><td>four</table>"),
            "onetwothreefour"
        );
    }

    #[test]
    fn hostile_pages_end_in_time() {
        let started = std::time::Instant::now();
        let attributes: String = (0..300_000).map(|n| format!(" a{n}")).collect();
        for hostile in [
            format!("<p{attributes}>x"),
            "<div>".repeat(400_000),
            "<b><i><u>".repeat(200_000),
            (0..90_000).map(|n| format!("<font size={n}><p>")).collect(),
            format!("<!--{}", "x ".repeat(1_000_000)),
            "<table><td>".repeat(150_000),
            "<svg><math>".repeat(150_000),
            "<a><template>".repeat(150_000),
            "<select><option>".repeat(100_000),
        ] {
            parse(&hostile);
        }
        assert!(
            started.elapsed() < std::time::Duration::from_secs(90),
            "{:?}",
            started.elapsed()
        );
    }
}
