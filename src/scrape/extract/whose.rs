//! Whose a telephone number, an address or a profile is that stands somewhere in a page: the statement around it tells.
//!
//! Small businesses name many others on their pages: authorities, emergency services, insurers, partners, the makers
//! of the website. A statement about one of them gives nothing of the business's own.

use super::clauses;
use super::context::Context;
use super::cues::credit_start;
use super::emails::is_mailbox_host;
use super::scan::{Line, LineKind, Scan, Zone};
use super::whose_words::{AUTHORITIES, BODIES, COMPANIES, INSTEAD, LISTS, OTHERS, PARTS, PLACES, PRONOUNS, TRADES};
use super::words::Folded;
use crate::scrape::text::{Words, starts_ci};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

/// What a statement says about the owner of a value in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Another is named, who has this number.
    Foreign,
    /// A name that is not the business's stands before it.
    Doubtful,
    /// Nothing speaks against it.
    Plain,
}

/// What is known about a page when its statements are read.
pub(crate) struct Whose<'a> {
    scan: &'a Scan,
    context: &'a Context,
    /// Title, headings and domain: a taxi firm's "taxi" means itself.
    own: OnceCell<String>,
    /// Whether the page shows an address at its own domain.
    own_mail: OnceCell<bool>,
    /// Whether the page stands in for a website that is not there.
    parked: OnceCell<bool>,
    /// The heading above each line, worked out as lines are asked for in order.
    heading: OnceCell<Vec<u32>>,
}

/// A line of more is prose, not a contact detail.
const MAX_LABEL_LINE: usize = 48;
/// Lines of an address below the name of an authority.
const AUTHORITY_REACH: usize = 4;
/// Pages of hosts and dealers are short.
const MAX_PARKED: usize = 6_000;
/// Lines after a heading that it still names.
const HEADING_REACH: usize = 12;

impl<'a> Whose<'a> {
    pub(crate) fn new(scan: &'a Scan, context: &'a Context) -> Self {
        Self {
            scan,
            context,
            own: OnceCell::new(),
            own_mail: OnceCell::new(),
            parked: OnceCell::new(),
            heading: OnceCell::new(),
        }
    }

    /// What is known about the website.
    pub(crate) fn context(&self) -> &'a Context {
        self.context
    }

    /// Whose the number in `at` of `text` is, which is line `line` of the page.
    pub(crate) fn number(&self, line: usize, text: &str, at: Range<usize>) -> Standing {
        let statement = clauses::around(text, at.clone());
        let standing = self.statement(line, text, &statement, &at);
        if standing != Standing::Plain {
            return standing;
        }
        let clause = &text[statement.clone()];
        let before = Folded::of(&text[statement.start..at.start]);
        if let Some(own) = self.mail_in(clause) {
            if own {
                return Standing::Plain;
            }
            return if self.shows_own_mail() {
                Standing::Foreign
            } else {
                Standing::Doubtful
            };
        }
        let head = &text[statement.start..at.start];
        if self.names_company(head) {
            return Standing::Doubtful;
        }
        if speaks_of_itself(before.text()) {
            return Standing::Plain;
        }
        if self.links_elsewhere(line, &statement, at.start) {
            return Standing::Doubtful;
        }
        let prose = statement.len() < text.trim().len() || text.len() > MAX_LABEL_LINE;
        if prose && self.names_another(head) {
            return Standing::Doubtful;
        }
        Standing::Plain
    }

    /// Whose the address `mail` in `at` of `text` is.
    pub(crate) fn mail(&self, line: usize, text: &str, at: Range<usize>, mail: &str) -> Standing {
        if self.context.domain.owns_mail(mail) {
            return Standing::Plain;
        }
        let statement = clauses::around(text, at.clone());
        let standing = self.statement(line, text, &statement, &at);
        if standing != Standing::Plain {
            return standing;
        }
        let prose = statement.len() < text.trim().len() || text.len() > MAX_LABEL_LINE;
        if prose && self.names_another(&text[statement.start..at.start]) {
            return Standing::Doubtful;
        }
        Standing::Plain
    }

    /// Whose the profile is that a link in `at` of `text` leads to; `handle` is its name there.
    pub(crate) fn profile(&self, line: usize, text: &str, at: Range<usize>, handle: &str) -> Standing {
        if self.context.domain.resembles(handle) {
            return Standing::Plain;
        }
        if self.is_parked() {
            return Standing::Foreign;
        }
        // An icon stands for itself, unless the makers of the website have named themselves before it.
        if at.is_empty() {
            let credit = credit_start(&text[..at.start]).is_some();
            return if credit { Standing::Foreign } else { Standing::Plain };
        }
        let statement = clauses::around(text, at.clone());
        let standing = self.statement(line, text, &statement, &at);
        if standing != Standing::Plain {
            return standing;
        }
        let folded = Folded::of(&text[statement]);
        let words = folded
            .text()
            .split(' ')
            .filter(|word| !word.is_empty() && !NETWORKS.contains(word))
            .count();
        let own = speaks_of_itself(folded.text());
        if words >= 2 && !own && self.scan.lines.get(line).is_some_and(|line| line.zone != Zone::Nav) {
            Standing::Doubtful
        } else {
            Standing::Plain
        }
    }

    /// Whether the words of a statement, of the question before it, of an earlier statement of its line or of the
    /// heading above name another.
    fn statement(&self, line: usize, text: &str, statement: &Range<usize>, at: &Range<usize>) -> Standing {
        if self.is_parked() {
            return Standing::Foreign;
        }
        if credit_start(text).is_some_and(|credit| credit <= at.start) {
            return Standing::Foreign;
        }
        let start = clauses::question_before(text, statement.start).map_or(statement.start, |question| question.start);
        // The first cell of a row says what the row is about.
        let row = text[..start]
            .find('\t')
            .filter(|end| *end <= 60)
            .map_or("", |end| &text[..end]);
        let folded = folded_without_streets(&format!("{row}\t{}", &text[start..at.end.min(statement.end)]));
        let own_mail = || self.mail_in(&text[statement.clone()]) == Some(true);
        let own = speaks_of_itself(Folded::of(&text[statement.start..at.start]).text());
        let whole = Folded::of(&text[statement.clone()]);
        if (self.names_other(folded.text(), !own) || self.hits(&INSTEAD_STEMS, whole.text())) && !own_mail() {
            return Standing::Foreign;
        }
        // A row of numbers begins with the first name of another and goes on with more of them.
        let earlier = &text[..start];
        let list = earlier.len() <= 600 && earlier.bytes().any(|b| b.is_ascii_digit());
        if list
            && !own
            && (is_prose(earlier) || earlier.ends_with(';'))
            && self.names_other(folded_without_streets(earlier).text(), true)
            && !own_mail()
        {
            return Standing::Foreign;
        }
        if !own
            && self.heading_of(line).is_some_and(|heading| {
                let heading = Folded::of(heading);
                [&*AUTHORITY_STEMS, &*BODY_STEMS, &*LIST_STEMS]
                    .into_iter()
                    .any(|stems| self.hits(stems, heading.text()))
            })
        {
            return Standing::Foreign;
        }
        if !own && text[..at.start].len() <= MAX_LABEL_LINE && self.below_authority(line) {
            return Standing::Foreign;
        }
        Standing::Plain
    }

    /// Whether one of the lines right above names an authority, whose address a line goes on with.
    fn below_authority(&self, line: usize) -> bool {
        for above in (line.saturating_sub(AUTHORITY_REACH)..line).rev() {
            let Some(known) = self.scan.lines.get(above) else {
                return false;
            };
            let text = &self.scan.text[known.range.clone()];
            if matches!(known.kind, LineKind::Heading(_)) || text.len() > 200 {
                return false;
            }
            if text.contains('@') {
                return false;
            }
            if self.hits(&AUTHORITY_STEMS, folded_without_streets(text).text()) {
                return true;
            }
        }
        false
    }

    /// Whether folded text names a body, or with `any` another, whom the business itself is not.
    fn names_other(&self, folded: &str, any: bool) -> bool {
        self.hits(&AUTHORITY_STEMS, folded)
            || self.hits(&BODY_STEMS, folded)
            || (any && self.hits(&OTHER_STEMS, folded))
            || PART_WORDS.all(folded).any(|(_, index)| !self.is_own(PARTS[index]))
    }

    fn hits(&self, stems: &Stems, folded: &str) -> bool {
        stems.all(folded).any(|word| !self.is_own(word))
    }

    /// Whether title, headings or domain say that the business is such a one.
    fn is_own(&self, word: &str) -> bool {
        self.own.get_or_init(|| self.own_text()).contains(word.trim_end())
    }

    fn own_text(&self) -> String {
        let mut text = self.scan.title.clone();
        for line in self
            .scan
            .lines
            .iter()
            .filter(|line| line.kind == LineKind::Heading(1))
            .take(3)
        {
            text.push(' ');
            text.push_str(&self.scan.text[line.range.clone()]);
        }
        if let Some(name) = self.scan.meta("og:site_name") {
            text.push(' ');
            text.push_str(name);
        }
        let mut own = Folded::of(&text).text().to_owned();
        own.push_str(&self.context.label);
        own
    }

    /// Whether the first address in a statement is the business's own; `None` where there is none that tells.
    fn mail_in(&self, clause: &str) -> Option<bool> {
        let at = clause.find('@')?;
        let host: &str = clause[at + 1..]
            .split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-')))
            .next()?;
        let host = host.trim_end_matches(['.', '-']);
        let start = clause[..at]
            .rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+')))
            .map_or(0, |at| at + 1);
        let local = clause.get(start..at).unwrap_or_default();
        if !host.contains('.') {
            return None;
        }
        let mail = format!("{local}@{}", host.to_lowercase());
        if self.context.domain.owns_mail(&mail) {
            return Some(true);
        }
        (!is_mailbox_host(host)).then_some(false)
    }

    /// Whether a host or a dealer in domains speaks here, and no business.
    fn is_parked(&self) -> bool {
        *self.parked.get_or_init(|| {
            let says = |line: &Line| line.range.len() <= 200 && PARKED.any(&self.scan.text[line.range.clone()]);
            self.scan.text.len() <= MAX_PARKED
                && (PARKED.any(&self.scan.title) || self.scan.lines.iter().take(12).any(says))
        })
    }

    fn shows_own_mail(&self) -> bool {
        *self.own_mail.get_or_init(|| {
            let at_site = format!("@{}", self.context.site);
            self.scan.text.contains(&at_site)
                || self
                    .scan
                    .anchors
                    .iter()
                    .any(|anchor| starts_ci(&anchor.href, "mailto:") && anchor.href.contains(&at_site))
        })
    }

    /// Whether a link to the website of another stands in the statement before `at`.
    fn links_elsewhere(&self, line: usize, statement: &Range<usize>, at: usize) -> bool {
        let Some(own) = self.scan.lines.get(line) else {
            return false;
        };
        let from = self.scan.anchors.partition_point(|anchor| anchor.line < line);
        let anchors = self.scan.anchors[from..]
            .iter()
            .take_while(|anchor| anchor.line == line)
            .take(20);
        anchors
            .filter(|anchor| {
                let start = anchor.text.start.saturating_sub(own.range.start);
                anchor.text.end > anchor.text.start && start >= statement.start && start < at
            })
            .filter_map(|anchor| self.context.resolve(&anchor.href))
            .any(|url| {
                let site = crate::scrape::url::site_key(&url);
                site != self.context.site
                    && !self
                        .context
                        .domain
                        .resembles(site.split('.').next().unwrap_or_default())
                    && super::social::profile(&url).is_none()
                    && !url.host_str().is_some_and(|host| {
                        host.contains("google.")
                            || host.contains("wa.me")
                            || host.contains("whatsapp")
                            || host.contains("maps")
                    })
            })
    }

    /// Whether a company is named before a number that is not the business's own.
    fn names_company(&self, before: &str) -> bool {
        let mut last = "";
        let mut company = false;
        for word in before.split(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | '(')) {
            if self.is_own_name(word) {
                return false;
            }
            company |= is_capital(last) && COMPANIES.contains(&word.trim_matches('.'));
            last = word;
        }
        company
    }

    /// Whether a capital word is a part of the domain that tells this business from others of its trade.
    fn is_own_name(&self, word: &str) -> bool {
        if !is_capital(word) {
            return false;
        }
        let folded = Folded::of(word);
        let plain = folded.text();
        let told = || self.own.get_or_init(|| self.own_text()).contains(plain);
        !TRADES.contains(&plain.trim()) && (self.context.domain.resembles_word(word) || (plain.len() >= 6 && told()))
    }

    /// Whether what stands before a number is a name, and not the business's own.
    fn names_another(&self, before: &str) -> bool {
        let words = before.split(|c: char| c.is_whitespace() || matches!(c, '(' | ':' | ','));
        let adjacent_word = words
            .rev()
            .filter(|word| word.contains(char::is_alphanumeric))
            .find(|word| !is_label(word))
            .unwrap_or_default();
        let adjacent = is_capital(adjacent_word);
        // German writes every noun like a name.
        let german = self
            .scan
            .lang
            .as_deref()
            .is_some_and(|lang| starts_ci(lang, "de") || starts_ci(lang, "lb"));
        if german && !adjacent {
            return false;
        }
        let (mut first, mut named) = (true, false);
        let (mut run, mut longest, mut words) = (0, 0, 0);
        'segments: for segment in before.split([',', '(', ':']) {
            if is_street(segment) {
                break 'segments;
            }
            for word in segment.split(|c: char| c.is_whitespace() || matches!(c, '-' | '–' | '/' | '"')) {
                if word.is_empty() {
                    continue;
                }
                words += 1;
                if self.is_own_name(word) {
                    return false;
                }
                let capital = is_capital(word) && !is_label(word);
                run = if capital { run + 1 } else { 0 };
                longest = longest.max(run);
                named |= capital && !first;
                first &= !word.chars().any(char::is_alphabetic);
            }
            run = 0;
        }
        // One word right before the number is a name where it is written like one: "SouthDoc 0818 …", "RSPCA 0300 …".
        let inner = adjacent_word.chars().skip(1).filter(|c| c.is_uppercase()).count();
        named |= adjacent && words == 1 && inner >= 1 && adjacent_word.chars().count() >= 3;
        named
            && (!PLACE_STEMS.any(Folded::of(before).text())
                || (longest >= 2 && !PLACE_STEMS.any(Folded::of(last_words(before)).text())))
    }

    fn heading_of(&self, line: usize) -> Option<&str> {
        let headings = self.heading.get_or_init(|| {
            let mut last = u32::MAX;
            self.scan
                .lines
                .iter()
                .enumerate()
                .map(|(at, line)| {
                    if matches!(line.kind, LineKind::Heading(_)) {
                        last = u32::try_from(at).unwrap_or(u32::MAX);
                    }
                    last
                })
                .collect()
        });
        let heading = usize::try_from(*headings.get(line)?).ok()?;
        (heading < line && line - heading <= HEADING_REACH && self.scan.line(heading).len() <= 120)
            .then(|| self.scan.line(heading))
    }
}

/// The last three words.
fn last_words(text: &str) -> &str {
    let text = text.trim_end();
    let start = text.rmatch_indices(' ').nth(2).map_or(0, |(at, _)| at);
    &text[start..]
}

fn is_prose(text: &str) -> bool {
    text.contains(". ") || text.contains("? ")
}

/// Whether the business speaks of itself in folded text.
fn speaks_of_itself(folded: &str) -> bool {
    PRONOUN_STEMS.any(folded)
}

/// Folded text without the parts that are streets: "12 Bank Street" is no bank.
fn folded_without_streets(text: &str) -> Folded {
    // The number itself stands in the last part, and makes no street of it.
    let last = text.rfind([',', ':']).map_or(0, |at| at + 1);
    let parts = text[..last].split([',', ':']).filter(|part| !is_street(part));
    let kept: Vec<&str> = parts.chain([&text[last..]]).collect();
    Folded::of(&kept.join(","))
}

/// A few words with a house number before or behind them.
fn is_street(part: &str) -> bool {
    if part.bytes().filter(u8::is_ascii_digit).count() > 5 {
        return false;
    }
    let number = |word: &str| word.bytes().next().is_some_and(|b| b.is_ascii_digit());
    let mut words = part.split_whitespace();
    let count = words.clone().count();
    (2..=6).contains(&count) && (words.next().is_some_and(number) || words.next_back().is_some_and(number))
}

/// Names of networks in the text of links.
const NETWORKS: [&str; 26] = [
    "facebook",
    "instagram",
    "twitter",
    "x",
    "youtube",
    "linkedin",
    "tiktok",
    "pinterest",
    "threads",
    "yelp",
    "tripadvisor",
    "vimeo",
    "xing",
    "whatsapp",
    "fb",
    "ig",
    "in",
    "yt",
    "google",
    "g",
    "threema",
    "snapchat",
    "telegram",
    "social",
    "media",
    "and",
];

fn is_capital(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    word.chars().next().is_some_and(char::is_uppercase) && word.chars().count() >= 2
}

fn is_label(word: &str) -> bool {
    matches!(
        super::phone_labels::label_alone(word),
        super::phone_labels::Label::Phone | super::phone_labels::Label::Fax | super::phone_labels::Label::Both
    ) || matches!(
        &*word.to_lowercase(),
        "mo" | "di"
            | "mi"
            | "do"
            | "fr"
            | "sa"
            | "so"
            | "mon"
            | "tue"
            | "wed"
            | "thu"
            | "fri"
            | "sat"
            | "sun"
            | "monday"
            | "friday"
            | "e-mail"
            | "email"
            | "mail"
    )
}

/// Beginnings of words by their first two bytes.
struct Stems(HashMap<[u8; 2], Vec<&'static str>>);

impl Stems {
    fn new(list: &[&'static str]) -> Self {
        let mut map: HashMap<[u8; 2], Vec<&'static str>> = HashMap::new();
        for word in list {
            let bytes = word.as_bytes();
            map.entry([bytes[0], bytes[1]]).or_default().push(word);
        }
        Self(map)
    }

    /// Whether one begins at a word of folded text.
    fn any(&self, folded: &str) -> bool {
        self.all(folded).next().is_some()
    }

    /// The stems that begin at words of folded text.
    fn all<'b>(&'b self, folded: &'b str) -> impl Iterator<Item = &'static str> + 'b {
        let bytes = folded.as_bytes();
        let starts = (1..bytes.len().saturating_sub(1)).filter(move |at| bytes[at - 1] == b' ');
        starts.flat_map(move |at| {
            let list = self.0.get(&[bytes[at], bytes[at + 1]]).map_or(&[][..], Vec::as_slice);
            list.iter()
                .copied()
                .filter(move |stem| bytes[at..].starts_with(stem.as_bytes()))
        })
    }
}

/// What pages say that stand where a website was or will be.
static PARKED: Words = Words::new(&[
    "domain may be for sale",
    "domain is for sale",
    "domain name is for sale",
    "domain for sale",
    "buy this domain",
    "domain is parked",
    "parked domain",
    "domain parking",
    "parked free",
    "domain has been registered",
    "domain name has been registered",
    "domain has expired",
    "default web page",
    "default web site page",
    "apache2 default",
    "welcome to nginx",
    "it works!",
    "account has been suspended",
    "account suspended",
    "domena jest utrzymywana",
    "domena na sprzeda",
    "domena jest na sprzeda",
    "domain steht zum verkauf",
    "domain zu verkaufen",
    "domain ist geparkt",
    "domaine est à vendre",
    "domaine est enregistré",
    "domaine a été enregistré",
    "nom de domaine à vendre",
    "dominio en venta",
    "dominio está en venta",
    "dominio in vendita",
    "dominio è in vendita",
    "domein is te koop",
    "domein is geregistreerd",
    "domeinnaam is geregistreerd",
    "doména je na prodej",
    "doména na prodej",
    "domínio está à venda",
    "domínio à venda",
    "domænet er til salg",
    "domänen är till salu",
    "domenet er til salgs",
    "domain eladó",
]);

static PART_WORDS: Words = Words::new(PARTS);
static PRONOUN_STEMS: LazyLock<Stems> = LazyLock::new(|| Stems::new(PRONOUNS));
static PLACE_STEMS: LazyLock<Stems> = LazyLock::new(|| Stems::new(PLACES));
static AUTHORITY_STEMS: LazyLock<Stems> = LazyLock::new(|| Stems::new(AUTHORITIES));
static LIST_STEMS: LazyLock<Stems> = LazyLock::new(|| Stems::new(LISTS));
static BODY_STEMS: LazyLock<Stems> = LazyLock::new(|| Stems::new(BODIES));
static INSTEAD_STEMS: LazyLock<Stems> = LazyLock::new(|| Stems::new(INSTEAD));
static OTHER_STEMS: LazyLock<Stems> = LazyLock::new(|| Stems::new(OTHERS));

#[cfg(test)]
#[path = "whose_tests.rs"]
mod tests;
