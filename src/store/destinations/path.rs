//! Where in the data a value stands: `urls`, `a.b[0].c`, `$.a["b c"]`, `people[*].name`.
//!
//! The part of JSONPath (RFC 9535) that names one value, without the need to begin with `$`, and with `[*]`, which
//! gathers from all elements of a list. A key of the data that is spelled like the whole path comes first.

use std::borrow::Cow;

use serde_json::Value;

/// A path, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JsonPath {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    /// Negative: counted from the end.
    Index(i64),
    Every,
}

impl JsonPath {
    /// # Errors
    /// What is wrong with the text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut rest = match text.strip_prefix('$') {
            Some(rest) if rest.is_empty() || rest.starts_with(['.', '[']) => rest,
            _ => text,
        };
        if text.is_empty() {
            return Err("it is empty".to_owned());
        }
        while !rest.is_empty() {
            if let Some(bracket) = rest.strip_prefix('[') {
                let (step, after) = in_brackets(bracket)?;
                steps.push(step);
                rest = after;
                continue;
            }
            let name = match rest.strip_prefix('.') {
                Some(name) => name,
                None if steps.is_empty() && rest.len() == text.len() => rest,
                None => return Err(format!("a dot or a bracket is missing before {rest:?}")),
            };
            let end = name.find(['.', '[']).unwrap_or(name.len());
            if end == 0 {
                return Err("a name is missing after a dot".to_owned());
            }
            steps.push(Step::Key(name[..end].to_owned()));
            rest = &name[end..];
        }
        Ok(Self {
            text: text.to_owned(),
            steps,
        })
    }

    /// As it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The value at this place, if there is one; `[*]` finds a list, which may be empty.
    pub(super) fn find<'data>(&self, data: &'data Value) -> Option<Cow<'data, Value>> {
        if let Some(value) = data.as_object().and_then(|object| object.get(&self.text)) {
            return Some(Cow::Borrowed(value));
        }
        follow(data, &self.steps)
    }
}

fn follow<'data>(value: &'data Value, steps: &[Step]) -> Option<Cow<'data, Value>> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(Cow::Borrowed(value));
    };
    match step {
        Step::Key(key) => follow(value.as_object()?.get(key)?, rest),
        Step::Index(index) => {
            let list = value.as_array()?;
            let at = match usize::try_from(*index) {
                Ok(at) => at,
                Err(_) => list.len().checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?,
            };
            follow(list.get(at)?, rest)
        }
        Step::Every => {
            let found = value.as_array()?.iter().filter_map(|element| follow(element, rest));
            Some(Cow::Owned(Value::Array(found.map(Cow::into_owned).collect())))
        }
    }
}

/// The step behind an opening bracket, and what comes after the closing one.
fn in_brackets(text: &str) -> Result<(Step, &str), String> {
    if let Some(quote) = text.chars().next().filter(|first| matches!(first, '"' | '\'')) {
        return quoted_key(&text[1..], quote);
    }
    let (inside, after) = text.split_once(']').ok_or("a bracket is not closed")?;
    if inside == "*" {
        return Ok((Step::Every, after));
    }
    inside
        .parse()
        .map(|index| (Step::Index(index), after))
        .map_err(|_| format!("[{inside}] is neither an index, nor *, nor a name in quotes"))
}

fn quoted_key(text: &str, quote: char) -> Result<(Step, &str), String> {
    let mut key = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        if character == quote {
            let after = text[at + 1..]
                .strip_prefix(']')
                .ok_or("a bracket is not closed after a name in quotes")?;
            return Ok((Step::Key(key), after));
        }
        match character {
            '\\' => key.extend(characters.next().map(|(_, escaped)| escaped)),
            other => key.push(other),
        }
    }
    Err("a quote is not closed".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn places_in_the_data_are_found() {
        let data = json!({
            "urls": ["a", "b"],
            "a": {"b": [{"c": 1}, {"c": 2}, {"d": 3}], "null": null},
            "case-study": {"x y": true, "q'\"": 5},
            "dotted.key": "literal",
            "$": 7,
        });
        for (path, found) in [
            ("urls", Some(json!(["a", "b"]))),
            ("$.urls[1]", Some(json!("b"))),
            ("urls[-1]", Some(json!("b"))),
            ("urls[-3]", None),
            ("urls[2]", None),
            ("a.b[0].c", Some(json!(1))),
            ("$.a.b[1].c", Some(json!(2))),
            ("a.b[*].c", Some(json!([1, 2]))),
            ("a.null", Some(json!(null))),
            ("a.none", None),
            ("urls.a", None),
            ("case-study[\"x y\"]", Some(json!(true))),
            ("$['case-study']['q\\'\"']", Some(json!(5))),
            ("dotted.key", Some(json!("literal"))),
            ("$", Some(json!(7))),
        ] {
            let value = JsonPath::parse(path).unwrap();
            assert_eq!(value.find(&data).map(Cow::into_owned), found, "{path}");
            assert_eq!(value.text(), path);
        }
        let list = json!([1]);
        assert_eq!(JsonPath::parse("$").unwrap().find(&list).as_deref(), Some(&list));
        assert_eq!(JsonPath::parse("[0]").unwrap().find(&list).as_deref(), Some(&json!(1)));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in ["", "a..b", "a.", ".", "a[", "a[x]", "a['b]", "a['b'", "a[0]b", "$..a"] {
            assert!(JsonPath::parse(path).is_err(), "{path}");
        }
    }
}
