//! JSON-LD blocks: parsed as they are when they are valid, else with the common damage repaired.

use serde_json::Value;

/// Larger blocks are product catalogues.
const MAX_BLOCK: usize = 512 * 1024;

/// The values of one block: several when a broken generator wrote objects one after the other.
pub(crate) fn parse(block: &str) -> Vec<Value> {
    let text = unwrap(block);
    if text.is_empty() || text.len() > MAX_BLOCK {
        return Vec::new();
    }
    if let Ok(value) = serde_json::from_str(text) {
        return vec![value];
    }
    let repaired = repair(text);
    let values: Vec<Value> = serde_json::Deserializer::from_str(&repaired)
        .into_iter()
        .map_while(Result::ok)
        .collect();
    if !values.is_empty() {
        return values;
    }
    // Some templates escape the whole block as if it were text.
    if repaired.contains("&quot;") {
        let decoded = repaired.replace("&quot;", "\"").replace("&amp;", "&");
        return serde_json::Deserializer::from_str(&decoded)
            .into_iter()
            .map_while(Result::ok)
            .collect();
    }
    Vec::new()
}

/// The block without comment and CDATA wrappers and without a trailing semicolon.
fn unwrap(block: &str) -> &str {
    let mut text = block.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    loop {
        let before = text.len();
        for prefix in ["<!--", "//<![CDATA[", "<![CDATA[", "/*<![CDATA[*/", "/* <![CDATA[ */"] {
            text = text.strip_prefix(prefix).unwrap_or(text).trim_start();
        }
        for suffix in ["-->", "//]]>", "]]>", "/*]]>*/", "/* ]]> */", "//", ";"] {
            text = text.strip_suffix(suffix).unwrap_or(text).trim_end();
        }
        if text.len() == before {
            return text;
        }
    }
}

/// Repairs what generators and editors commonly break: comments, trailing and doubled commas, raw control characters
/// and line breaks in strings, wrong escapes, typographic quotes, a missing end.
fn repair(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut open: Vec<char> = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' | '“' | '”' | '„' => string(&mut chars, &mut out, c),
            '\'' => string(&mut chars, &mut out, c),
            '/' if chars.peek() == Some(&'/') => while chars.next_if(|c| *c != '\n').is_some() {},
            '/' if chars.peek() == Some(&'*') => {
                chars.next();
                let mut last = ' ';
                for c in chars.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            }
            ',' => {
                if !matches!(last_token(&out), Some(',' | '{' | '[' | ':') | None) {
                    out.push(',');
                }
            }
            '{' | '[' => {
                separate(&mut out);
                open.push(if c == '{' { '}' } else { ']' });
                out.push(c);
            }
            '}' | ']' => {
                // A closing bracket of the wrong kind means that one was forgotten.
                if let Some(at) = open.iter().rposition(|expected| *expected == c) {
                    while open.len() > at {
                        drop_comma(&mut out);
                        out.extend(open.pop());
                    }
                }
            }
            c if c.is_control() => out.push(' '),
            '\u{a0}' | '\u{feff}' | '\u{200b}' => out.push(' '),
            c => out.push(c),
        }
    }
    while let Some(close) = open.pop() {
        drop_comma(&mut out);
        out.push(close);
    }
    out
}

fn last_token(out: &str) -> Option<char> {
    out.trim_end().chars().next_back()
}

/// Adds the comma that is missing between two values of a list or object.
fn separate(out: &mut String) {
    if matches!(last_token(out), Some('"' | '}' | ']')) && out.len() > 1 {
        let top_level = out.bytes().filter(|b| matches!(b, b'{' | b'[')).count()
            == out.bytes().filter(|b| matches!(b, b'}' | b']')).count();
        if !top_level || out.len() > 100_000 {
            out.push(',');
        }
    }
}

fn drop_comma(out: &mut String) {
    let end = out.trim_end().len();
    if out[..end].ends_with(',') {
        out.truncate(end - 1);
    } else if out[..end].ends_with(':') {
        out.push_str("null");
    }
}

/// Copies a string whose opening quote has been read. A quote ends it only where JSON could go on afterwards.
fn string(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String, quote: char) {
    let closing = |c: char| match quote {
        '\'' => c == '\'',
        '"' => c == '"',
        _ => matches!(c, '"' | '“' | '”' | '„'),
    };
    if matches!(last_token(out), Some('"' | '}' | ']')) {
        out.push(',');
    }
    out.push('"');
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.peek().copied() {
                Some(next @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't')) => {
                    chars.next();
                    out.push('\\');
                    out.push(next);
                }
                Some('u') => {
                    chars.next();
                    let digits: String = chars.clone().take(4).collect();
                    if digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                        out.push_str("\\u");
                    } else {
                        out.push('u');
                    }
                }
                Some('\n') | None => {}
                Some(_) => {}
            },
            c if closing(c) => {
                let next = chars.clone().find(|c| !c.is_whitespace());
                if matches!(next, Some(',' | ':' | '}' | ']' | '/') | None) || (quote == '"' && next == Some('"')) {
                    break;
                }
                out.push_str("\\\"");
            }
            '"' => out.push_str("\\\""),
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn common_damage_is_repaired() {
        let good = json!({"name": "Smile", "x": [1, 2]});
        for block in [
            r#"{"name": "Smile", "x": [1, 2]}"#,
            r#"{"name": "Smile", "x": [1, 2,],}"#,
            r#"<!-- {"name": "Smile", "x": [1, 2]} -->"#,
            "//<![CDATA[\n{\"name\": \"Smile\", \"x\": [1, 2]}\n//]]>",
            r#"{"name": "Smile", /* y */ "x": [1, 2]} // end"#,
            r#"{"name": "Smile",, "x": [1, 2]};"#,
            r#"{"name": "Smile" "x": [1, 2]}"#,
            r#"{“name”: “Smile”, "x": [1, 2]}"#,
            r#"{'name': 'Smile', 'x': [1, 2]}"#,
            r#"{"name": "Smile", "x": [1, 2]"#,
            r#"{"name": "Smile", "x": [1, 2}"#,
            "\u{feff}{\"name\":\u{a0}\"Smile\", \"x\": [1, 2]}",
            r#"{&quot;name&quot;: &quot;Smile&quot;, &quot;x&quot;: [1, 2]}"#,
        ] {
            assert_eq!(parse(block), vec![good.clone()], "{block}");
        }
        assert_eq!(parse("{\"d\": \"a\nb\"}"), vec![json!({"d": "a b"})]);
        assert_eq!(
            parse(r#"{"d": "the "best" one", "e": 1}"#),
            vec![json!({"d": "the \"best\" one", "e": 1})]
        );
        assert_eq!(parse(r#"{"d": "\'x\'"}"#), vec![json!({"d": "'x'"})]);
        assert_eq!(parse(r#"{"a":1}{"b":2}"#), vec![json!({"a": 1}), json!({"b": 2})]);
    }

    #[test]
    fn nonsense_gives_nothing() {
        assert!(parse("").is_empty());
        assert!(parse("not json").is_empty());
        assert!(parse(&"[".repeat(100_000)).is_empty());
    }

    proptest! {
        #[test]
        fn repair_never_panics(text in "[\\[\\]{}\",:'/*\\\\ua1é \n“-]{0,200}") {
            let _ = parse(&text);
        }
    }
}
