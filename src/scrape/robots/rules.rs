//! What a robots.txt says (RFC 9309), read as Google's crawler reads it.
//!
//! A reader of our own: the port of Google's parser on crates.io (`robotstxt` 0.3) takes the byte order mark for text,
//! lets a site map or an unknown line end a group, against RFC 9309, 2.2.4, counts characters where it means bytes, and
//! keeps the whole file to read it again for every address. This one passes all published cases of Google's own
//! (`rules_tests.rs`) and keeps only what is said to us.

use std::borrow::Cow;
use std::time::Duration;
use url::Url;

/// A longer line is cut: several times what any browser takes for an address.
const MAX_LINE: usize = 2_083 * 8 - 1;
/// A longer `crawl-delay` is cut to this, so that one site's few pages do not hold a place for minutes.
pub const MAX_CRAWL_DELAY: Duration = Duration::from_secs(5);
/// Site maps that are remembered of one file.
const MAX_SITEMAPS: usize = 8;

/// One line that means something.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Record<'a> {
    UserAgent(&'a [u8]),
    Allow(Cow<'a, [u8]>),
    Disallow(Cow<'a, [u8]>),
    Sitemap(&'a [u8]),
    Other(&'a [u8], &'a [u8]),
}

/// The lines of a file that are key and value, with their numbers from 1 on.
pub(super) fn records(body: &[u8]) -> impl Iterator<Item = (usize, Record<'_>)> {
    let mark = [0xef, 0xbb, 0xbf];
    let skip = body.iter().zip(mark).take_while(|(byte, mark)| *byte == mark).count();
    let mut rest = Some(&body[skip..]);
    let lines = std::iter::from_fn(move || {
        let text = rest?;
        let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        rest = end.map(|end| {
            let ending = if text[end..].starts_with(b"\r\n") { 2 } else { 1 };
            &text[end + ending..]
        });
        let line = &text[..end.unwrap_or(text.len())];
        Some(&line[..line.len().min(MAX_LINE)])
    });
    lines.enumerate().filter_map(|(at, line)| Some((at + 1, record(line)?)))
}

fn record(line: &[u8]) -> Option<Record<'_>> {
    let end = line.iter().position(|byte| *byte == b'#').unwrap_or(line.len());
    let line = line[..end].trim_ascii();
    let separator = match line.iter().position(|byte| *byte == b':') {
        Some(colon) => colon,
        // Some forget the colon; that is clear only where there are exactly two words.
        None => {
            let blank = line.iter().position(|byte| matches!(byte, b' ' | b'\t'))?;
            let value = line[blank..].trim_ascii();
            if value.iter().any(|byte| matches!(byte, b' ' | b'\t')) {
                return None;
            }
            blank
        }
    };
    let (key, value) = (line[..separator].trim_ascii(), line[separator + 1..].trim_ascii());
    if key.is_empty() {
        return None;
    }
    let named = |names: &[&str]| names.iter().any(|name| starts_ci(key, name.as_bytes()));
    Some(if named(&["user-agent", "useragent", "user agent"]) {
        Record::UserAgent(value)
    } else if named(&["allow"]) {
        Record::Allow(escaped(value))
    } else if named(&["disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"]) {
        Record::Disallow(escaped(value))
    } else if named(&["sitemap", "site-map"]) {
        Record::Sitemap(value)
    } else {
        Record::Other(key, value)
    })
}

fn starts_ci(text: &[u8], prefix: &[u8]) -> bool {
    text.len() >= prefix.len() && text[..prefix.len()].eq_ignore_ascii_case(prefix)
}

/// `pattern` as addresses are written: bytes beyond ASCII percent-encoded, hexadecimal digits in capitals.
pub(super) fn escaped(pattern: &[u8]) -> Cow<'_, [u8]> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let is_code = |at: usize| {
        let digits = pattern.get(at + 1..at + 3);
        pattern[at] == b'%' && digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let is_plain = |at: usize| {
        pattern[at].is_ascii() && !(is_code(at) && pattern[at + 1..at + 3].iter().any(u8::is_ascii_lowercase))
    };
    if (0..pattern.len()).all(is_plain) {
        return Cow::Borrowed(pattern);
    }
    let mut out = Vec::with_capacity(pattern.len() + 16);
    let mut at = 0;
    while at < pattern.len() {
        if is_code(at) {
            out.extend(pattern[at..at + 3].to_ascii_uppercase());
            at += 3;
            continue;
        }
        let byte = pattern[at];
        if byte.is_ascii() {
            out.push(byte);
        } else {
            out.extend([b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        at += 1;
    }
    Cow::Owned(out)
}

#[derive(Debug, PartialEq, Eq)]
struct Rule {
    pattern: Box<[u8]>,
    allow: bool,
}

/// What one origin's robots.txt says to us.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The longest first, and of equals what allows: the first that matches decides.
    rules: Vec<Rule>,
    /// How long to wait between two pages, at most [`MAX_CRAWL_DELAY`]; not part of RFC 9309, honoured as a courtesy.
    pub crawl_delay: Option<Duration>,
    /// Site maps that the file names, absolute or not, in its order.
    pub sitemaps: Vec<String>,
}

impl Rules {
    /// Reads a robots.txt for the crawler whose product token is `agent`.
    pub fn read(body: &[u8], agent: &str) -> Self {
        let mut reading = Reading::new(agent);
        for (_, record) in records(body) {
            reading.take(record);
        }
        reading.end()
    }

    /// Whether `url` may be read.
    pub fn allow(&self, url: &Url) -> bool {
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        self.allow_path(&escaped(path.as_bytes()))
    }

    /// Whether the address with this path and query, percent-encoded, may be read.
    fn allow_path(&self, path: &[u8]) -> bool {
        let first = self.rules.iter().find(|rule| matches(path, &rule.pattern));
        first.is_none_or(|rule| rule.allow)
    }

    /// Bytes that the rules take in memory, about.
    pub(super) fn weight(&self) -> usize {
        let rules: usize = self.rules.iter().map(|rule| rule.pattern.len() + 24).sum();
        rules + self.sitemaps.iter().map(|sitemap| sitemap.len() + 24).sum::<usize>()
    }
}

/// Whether `pattern` matches `path` from its start; `*` stands for anything, `$` at the end for the end.
fn matches(path: &[u8], pattern: &[u8]) -> bool {
    let (pattern, to_the_end) = match pattern.strip_suffix(b"$") {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split(|byte| *byte == b'*');
    let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else {
        return false;
    };
    let mut starred = false;
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        starred = true;
        if to_the_end && parts.peek().is_none() {
            return rest.ends_with(part);
        }
        if part.is_empty() {
            continue;
        }
        // The leftmost place leaves the most for the parts that follow.
        match rest.windows(part.len()).position(|window| window == part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    starred || !to_the_end || rest.is_empty()
}

/// The groups that a file is made of, as they come.
struct Reading<'a> {
    agent: &'a [u8],
    /// A rule has come since the last user agent: the next one begins a group.
    closed: bool,
    for_own: bool,
    for_anyone: bool,
    own: Option<Vec<Rule>>,
    anyone: Vec<Rule>,
    delay: CrawlDelay,
    sitemaps: Vec<String>,
}

/// `crawl-delay` ends a group of its own count, since it belongs to the agents right above it.
#[derive(Default)]
struct CrawlDelay {
    closed: bool,
    for_own: bool,
    for_anyone: bool,
    own: Option<Duration>,
    anyone: Option<Duration>,
}

impl<'a> Reading<'a> {
    fn new(agent: &'a str) -> Self {
        Self {
            agent: agent.as_bytes(),
            closed: false,
            for_own: false,
            for_anyone: false,
            own: None,
            anyone: Vec::new(),
            delay: CrawlDelay::default(),
            sitemaps: Vec::new(),
        }
    }

    fn take(&mut self, record: Record<'_>) {
        match record {
            Record::UserAgent(name) => self.user_agent(name),
            Record::Allow(pattern) => {
                // Who allows the index of a directory allows the directory.
                let slash = pattern.iter().rposition(|byte| *byte == b'/');
                let index = slash.filter(|slash| pattern[*slash..].starts_with(b"/index.htm"));
                if let Some(slash) = index {
                    self.rule([&pattern[..=slash], b"$"].concat(), true);
                }
                self.rule(pattern.into_owned(), true);
            }
            Record::Disallow(pattern) => self.rule(pattern.into_owned(), false),
            Record::Sitemap(address) => {
                if self.sitemaps.len() < MAX_SITEMAPS {
                    self.sitemaps.push(String::from_utf8_lossy(address).into_owned());
                }
            }
            Record::Other(key, value) if key.eq_ignore_ascii_case(b"crawl-delay") => self.crawl_delay(value),
            // RFC 9309, 2.2.4: what is not known must not end a group.
            Record::Other(..) => {}
        }
    }

    fn user_agent(&mut self, name: &[u8]) {
        if std::mem::take(&mut self.closed) {
            (self.for_own, self.for_anyone) = (false, false);
        }
        if std::mem::take(&mut self.delay.closed) {
            (self.delay.for_own, self.delay.for_anyone) = (false, false);
        }
        if name.first() == Some(&b'*') && name.get(1).is_none_or(u8::is_ascii_whitespace) {
            self.for_anyone = true;
            self.delay.for_anyone = true;
            return;
        }
        let token = name.iter().take_while(|byte| is_token(**byte)).count();
        if token > 0 && name[..token].eq_ignore_ascii_case(self.agent) {
            self.for_own = true;
            self.delay.for_own = true;
            self.own.get_or_insert_default();
        }
    }

    fn rule(&mut self, pattern: Vec<u8>, allow: bool) {
        if !self.for_own && !self.for_anyone {
            return;
        }
        (self.closed, self.delay.closed) = (true, true);
        let group = match &mut self.own {
            Some(own) if self.for_own => own,
            _ => &mut self.anyone,
        };
        // A rule without a path says nothing.
        if !pattern.is_empty() {
            group.push(Rule {
                pattern: pattern.into(),
                allow,
            });
        }
    }

    fn crawl_delay(&mut self, value: &[u8]) {
        self.delay.closed = true;
        let seconds = std::str::from_utf8(value)
            .ok()
            .and_then(|value| value.parse::<f64>().ok());
        let delay = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let delay = delay.map(|delay| delay.min(MAX_CRAWL_DELAY));
        if self.delay.for_own {
            self.delay.own = self.delay.own.or(delay);
        }
        if self.delay.for_anyone {
            self.delay.anyone = self.delay.anyone.or(delay);
        }
    }

    fn end(self) -> Rules {
        let mut rules = self.own.unwrap_or(self.anyone);
        rules.sort_by_key(|rule| (std::cmp::Reverse(rule.pattern.len()), !rule.allow));
        rules.shrink_to_fit();
        Rules {
            rules,
            crawl_delay: self.delay.own.or(self.delay.anyone),
            sitemaps: self.sitemaps,
        }
    }
}

/// Whether a product token may hold the letter (RFC 9309, 2.2.1).
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod reading_tests;
#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
