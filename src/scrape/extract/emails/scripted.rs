//! E-mail addresses that small scripts put together. Nothing is run: string literals, the variables they are kept in
//! and the signs that join them are read.

use super::encoded::rot13;
use crate::scrape::text::{Words, contains_ci, percent_decode};
use std::collections::HashMap;

/// Longer scripts are programs, not addresses.
pub(crate) const MAX_SCRIPT: usize = 8 * 1024;
const MAX_TOKENS: usize = 4_000;
/// Text that one script may make.
const MAX_MADE: usize = 32 * 1024;
/// Functions that are remembered of a page, and calls that are followed in a script.
const MAX_FUNCTIONS: usize = 20;

/// What scripts hold that put addresses together or write them.
static SIGNS: Words = Words::new(&[
    "'@'",
    "\"@\"",
    "&#64;",
    "%40",
    "fromcharcode",
    "znvygb",
    "mail",
    "mai'",
    "mai\"",
    "courriel",
    "document.write",
]);

/// Whether a script may make an address.
pub(crate) fn may_mail(script: &str) -> bool {
    script.len() <= MAX_SCRIPT && SIGNS.any(script)
}

/// The addresses that `script` makes; `functions` are those that the page's scripts have declared before.
pub(crate) fn addresses(script: &str, functions: &mut Functions) -> Vec<String> {
    let tokens = tokens(script);
    let mut reader = Reader {
        tokens: &tokens,
        variables: HashMap::new(),
        made: Vec::new(),
        left: MAX_MADE,
        calls: 0,
    };
    functions.declare(&tokens);
    reader.read(0, tokens.len(), functions, 0);
    let mut out = Vec::new();
    for text in reader.made {
        let text = plain(&text);
        super::from_line(&text, true, &mut |_, _, mail| {
            if !out.contains(&mail) {
                out.push(mail);
            }
        });
    }
    out
}

/// Markup and character references of made text as text.
fn plain(text: &str) -> String {
    let text = if contains_ci(text, "znvygb:") {
        rot13(text)
    } else {
        text.to_owned()
    };
    let text = references(&text);
    let text = percent_decode(&text).into_owned();
    let mut out = String::with_capacity(text.len());
    let mut tag = false;
    for c in text.chars() {
        match c {
            '<' => {
                tag = true;
                out.push(' ');
            }
            '>' => {
                tag = false;
                out.push(' ');
            }
            ':' | '"' | '\'' | '?' if tag => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Numeric character references as the characters; the names that stand for signs of addresses too.
fn references(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.char_indices().take(10).find(|(_, c)| *c == ';');
        let Some((end, _)) = end else {
            out.push('&');
            rest = &rest[1..];
            continue;
        };
        let name = &rest[1..end];
        let code = match name.strip_prefix('#') {
            Some(code) => match code.strip_prefix(['x', 'X']) {
                Some(code) => u32::from_str_radix(code, 16).ok(),
                None => code.parse().ok(),
            },
            None => match name {
                "commat" => Some(0x40),
                "period" => Some(0x2e),
                "amp" => Some(0x26),
                _ => None,
            },
        };
        match code.and_then(char::from_u32) {
            Some(c) => out.push(c),
            None => out.push_str(&rest[..=end]),
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Text(String),
    Word(String),
    Sign(char),
}

fn tokens(script: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut chars = script.chars().peekable();
    while let Some(c) = chars.next() {
        if out.len() >= MAX_TOKENS {
            break;
        }
        match c {
            '"' | '\'' | '`' => out.push(Token::Text(literal(&mut chars, c))),
            '/' if chars.peek() == Some(&'/') => while chars.next_if(|c| *c != '\n').is_some() {},
            '/' if chars.peek() == Some(&'*') => {
                let mut last = ' ';
                for c in chars.by_ref().skip(1) {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            }
            c if c.is_alphanumeric() || matches!(c, '_' | '$') => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || matches!(c, '_' | '$')) {
                    word.push(c);
                }
                out.push(Token::Word(word));
            }
            c if c.is_whitespace() => {}
            c => out.push(Token::Sign(c)),
        }
    }
    out
}

fn literal(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, quote: char) -> String {
    let mut out = String::new();
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => break,
            '\\' => match chars.next() {
                Some(kind @ ('x' | 'u')) => {
                    let digits = if kind == 'x' { 2 } else { 4 };
                    let code: String = chars.by_ref().take(digits).collect();
                    out.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
                }
                Some('n' | 'r' | 't') => out.push(' '),
                Some(c) => out.push(c),
                None => break,
            },
            c => out.push(c),
        }
    }
    out
}

/// What scripts declare: the names of the parameters and what is done with them.
#[derive(Debug, Default)]
pub(crate) struct Functions(HashMap<String, (Vec<String>, Vec<Token>)>);

impl Functions {
    fn declare(&mut self, tokens: &[Token]) {
        for (at, _) in tokens
            .iter()
            .enumerate()
            .filter(|(_, token)| **token == Token::Word("function".to_owned()))
        {
            let (Some(Token::Word(name)), Some(Token::Sign('('))) = (tokens.get(at + 1), tokens.get(at + 2)) else {
                continue;
            };
            let Some(close) = tokens[at..]
                .iter()
                .position(|token| *token == Token::Sign(')'))
                .map(|length| at + length)
            else {
                continue;
            };
            if self.0.len() >= MAX_FUNCTIONS {
                return;
            }
            let parameters = tokens[at + 3..close.max(at + 3)]
                .iter()
                .filter_map(|token| {
                    if let Token::Word(name) = token {
                        Some(name.clone())
                    } else {
                        None
                    }
                })
                .collect();
            let mut depth = 0;
            let body: Vec<Token> = tokens[close + 1..]
                .iter()
                .take(400)
                .take_while(|token| {
                    match token {
                        Token::Sign('{') => depth += 1,
                        Token::Sign('}') => depth -= 1,
                        _ => {}
                    }
                    depth > 0
                })
                .cloned()
                .collect();
            self.0.insert(name.clone(), (parameters, body));
        }
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    variables: HashMap<String, Vec<String>>,
    /// Texts that were joined or written.
    made: Vec<String>,
    left: usize,
    calls: usize,
}

impl Reader<'_> {
    fn sign(&self, at: usize, sign: char) -> bool {
        self.tokens.get(at) == Some(&Token::Sign(sign))
    }

    fn read(&mut self, from: usize, to: usize, functions: &Functions, depth: usize) {
        let mut at = from;
        while at < to && self.left > 0 {
            match &self.tokens[at] {
                Token::Word(name) if self.sign(at + 1, '(') && depth == 0 && functions.0.contains_key(name) => {
                    let declared = at > 0 && self.tokens[at - 1] == Token::Word("function".to_owned());
                    if !declared && self.calls < MAX_FUNCTIONS {
                        self.calls += 1;
                        self.call(at, functions);
                    }
                    at += 2;
                }
                Token::Word(name) if self.sign(at + 1, '=') && !self.sign(at + 2, '=') => {
                    let (value, next, joined) = self.joined(at + 2, 0);
                    if joined {
                        self.make(value.concat());
                    }
                    self.variables.insert(name.clone(), value);
                    at = next.max(at + 2);
                }
                Token::Word(name) if self.sign(at + 1, '+') && self.sign(at + 2, '=') => {
                    let (value, next, _) = self.joined(at + 3, 0);
                    let whole = vec![format!(
                        "{}{}",
                        self.variables.get(name).map(|known| known.concat()).unwrap_or_default(),
                        value.concat()
                    )];
                    self.make(whole.concat());
                    self.variables.insert(name.clone(), whole);
                    at = next.max(at + 3);
                }
                Token::Sign('(' | '=' | '+') => {
                    let (value, next, joined) = self.joined(at + 1, 0);
                    let text = value.concat();
                    if joined || contains_ci(&text, "mailto:") || contains_ci(&text, "znvygb:") {
                        self.make(text);
                    }
                    at = next.max(at + 1);
                }
                _ => at += 1,
            }
        }
    }

    fn make(&mut self, text: String) {
        if text.len() <= self.left && self.made.len() < 200 {
            self.left -= text.len();
            self.made.push(text);
        }
    }

    /// Reads what a declared function does with literal arguments.
    fn call(&mut self, at: usize, functions: &Functions) {
        let Some(Token::Word(name)) = self.tokens.get(at) else {
            return;
        };
        let Some((parameters, body)) = functions.0.get(name) else {
            return;
        };
        let mut variables = HashMap::new();
        let mut at = at + 2;
        for parameter in parameters {
            let (value, next, _) = self.joined(at, 0);
            variables.insert(parameter.clone(), value);
            at = next;
            if !self.sign(at, ',') {
                break;
            }
            at += 1;
        }
        let mut inner = Reader {
            tokens: body,
            variables,
            made: Vec::new(),
            left: self.left.min(4_096),
            calls: 0,
        };
        inner.read(0, body.len(), functions, 1);
        for text in inner.made {
            self.make(text);
        }
    }

    /// The value of operands joined by `+` from `at`, where it ends, and whether anything was joined or changed.
    fn joined(&self, mut at: usize, depth: usize) -> (Vec<String>, usize, bool) {
        let mut out: Option<Vec<String>> = None;
        let mut joined = false;
        while let Some((value, next, changed)) = self.operand(at, depth) {
            joined |= changed || out.is_some();
            out = Some(match out {
                None => value,
                Some(known) => vec![format!("{}{}", known.concat(), value.concat())],
            });
            at = next;
            if !self.sign(at, '+')
                || self.sign(at + 1, '=')
                || out.as_ref().is_some_and(|known| known.concat().len() > 4_096)
            {
                break;
            }
            at += 1;
        }
        (out.unwrap_or_default(), at, joined)
    }

    fn operand(&self, at: usize, depth: usize) -> Option<(Vec<String>, usize, bool)> {
        if depth > 6 {
            return None;
        }
        let (mut value, mut next, mut changed) = match self.tokens.get(at)? {
            Token::Text(text) => (vec![text.clone()], at + 1, false),
            Token::Word(name) if name == "String" && self.sign(at + 1, '.') => {
                let mut end = at + 4;
                let mut text = String::new();
                while let Some(Token::Word(code)) = self.tokens.get(end) {
                    text.extend(code.parse::<u32>().ok().and_then(char::from_u32));
                    end += if self.sign(end + 1, ',') { 2 } else { 1 };
                }
                (vec![text], end + 1, true)
            }
            Token::Word(name)
                if matches!(name.as_str(), "unescape" | "decodeURIComponent" | "decodeURI" | "atob")
                    && self.sign(at + 1, '(') =>
            {
                let (inner, end, _) = self.joined(at + 2, depth + 1);
                let text = inner.concat();
                let text = if name == "atob" {
                    super::encoded::base64(&text)?
                } else {
                    percent_decode(&text).into_owned()
                };
                (vec![text], end + 1, true)
            }
            // What a call gives is not known: it ends the address there.
            Token::Word(name) => (
                self.variables
                    .get(name)
                    .cloned()
                    .unwrap_or_else(|| vec!["\u{1}".to_owned()]),
                at + 1,
                false,
            ),
            Token::Sign('(') => {
                let (inner, end, joined) = self.joined(at + 1, depth + 1);
                (inner, end + 1, joined)
            }
            Token::Sign('[') => {
                let mut parts = Vec::new();
                let mut end = at + 1;
                while !self.sign(end, ']') && parts.len() < 100 {
                    let (part, next, _) = self.joined(end, depth + 1);
                    if next == end {
                        break;
                    }
                    parts.push(part.concat());
                    end = if self.sign(next, ',') { next + 1 } else { next };
                }
                (parts, end + 1, false)
            }
            Token::Sign(_) => return None,
        };
        while self.sign(next, '.') && self.sign(next + 2, '(') {
            let Some(Token::Word(method)) = self.tokens.get(next + 1) else {
                break;
            };
            let argument = match self.tokens.get(next + 3) {
                Some(Token::Text(text)) => Some(text.as_str()),
                _ => None,
            };
            match method.as_str() {
                "join" => value = vec![value.join(argument.unwrap_or(","))],
                "reverse" => value.reverse(),
                "split" => {
                    let whole = value.concat();
                    value = match argument {
                        Some("") | None => whole.chars().map(String::from).collect(),
                        Some(mark) => whole.split(mark).map(str::to_owned).collect(),
                    };
                }
                "concat" => value = vec![format!("{}{}", value.concat(), argument.unwrap_or_default())],
                _ => break,
            }
            changed = true;
            let open = if argument.is_some() { next + 4 } else { next + 3 };
            if !self.sign(open, ')') {
                break;
            }
            next = open + 1;
        }
        Some((value, next, changed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(script: &str) -> Vec<String> {
        addresses(script, &mut Functions::default())
    }

    #[test]
    fn joined_literals_are_addresses() {
        for script in [
            r#"var n="info",d="optik",t="ch";document.write('<a href="mai'+'lto:'+n+'@'+d+'.'+t+'">'+n+'@'+d+'.'+t+'</a>');"#,
            "var a = ['in','fo']; var b = ['op','tik'].join(''); document.write('<a href=\"mailto:' + a.join('') + '@' + b + '.ch\">');",
            "var addy1 = '&#105;nf&#111;' + '&#64;'; addy1 = addy1 + 'optik' + '&#46;' + 'ch'; x.innerHTML += addy1;",
            "document.write(String.fromCharCode(105,110,102,111,64,111,112,116,105,107,46,99,104));",
            "document.write('hc.kitpo@ofni'.split('').reverse().join(''));",
            "document.write('<n uers=\"znvygb:vasb@bcgvx.pu\">');",
            "function courriel(n, d, t) { document.write('<a href=\"mailto:' + n + '@' + d + '.' + t + '\">'); } courriel('info', 'optik', 'ch');",
            r#"document.write(atob("aW5mb0BvcHRpay5jaA=="));"#,
        ] {
            assert_eq!(read(script), ["info@optik.ch"], "{script}");
        }
    }

    #[test]
    fn settings_of_programs_are_none() {
        for script in [
            r#"var config = {"email": "support@theme.com", "dsn": "https://abc@sentry.io/1"};"#,
            "track('a' + user + '@' + host)",
            "function f( { ((((((((((((((((((",
        ] {
            assert_eq!(read(script), Vec::<String>::new(), "{script}");
        }
    }
}
