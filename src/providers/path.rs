//! Simple paths into JSON: `data.items[0].name`.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// Parts that a path may have.
const MOST: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Name(String),
    Index(usize),
}

/// Where in an answer something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultPath(Vec<Part>);

/// Not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a path is names joined by dots, with [0] for entries of lists")]
pub struct NotAPath;

impl FromStr for ResultPath {
    type Err = NotAPath;

    fn from_str(text: &str) -> Result<Self, NotAPath> {
        let mut parts = Vec::new();
        for (n, segment) in text.split('.').enumerate() {
            let (name, mut rest) = match segment.find('[') {
                Some(at) => segment.split_at(at),
                None => (segment, ""),
            };
            match name {
                // A list may be the answer itself.
                "" if n == 0 && !rest.is_empty() => {}
                "" => return Err(NotAPath),
                name if name.contains(']') => return Err(NotAPath),
                name => parts.push(Part::Name(name.to_owned())),
            }
            while !rest.is_empty() {
                let (index, after) = rest
                    .strip_prefix('[')
                    .and_then(|rest| rest.split_once(']'))
                    .ok_or(NotAPath)?;
                parts.push(Part::Index(index.parse().map_err(|_| NotAPath)?));
                rest = after;
            }
        }
        if parts.len() > MOST {
            return Err(NotAPath);
        }
        Ok(Self(parts))
    }
}

impl fmt::Display for ResultPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, part) in self.0.iter().enumerate() {
            match part {
                Part::Name(name) if n == 0 => f.write_str(name)?,
                Part::Name(name) => write!(f, ".{name}")?,
                Part::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl ResultPath {
    /// Takes what is there out of `value`.
    #[must_use]
    pub fn take(&self, mut value: Value) -> Option<Value> {
        for part in &self.0 {
            value = match (part, value) {
                (Part::Name(name), Value::Object(mut fields)) => fields.swap_remove(name)?,
                (Part::Index(index), Value::Array(mut list)) if *index < list.len() => list.swap_remove(*index),
                _ => return None,
            };
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_into_objects_and_lists() {
        let answer = json!({"data": {"items": [{"name": "a"}, {"name": "b"}]}, "x": null});
        let take = |path: &str| path.parse::<ResultPath>().unwrap().take(answer.clone());
        assert_eq!(take("data.items[1].name"), Some(json!("b")));
        assert_eq!(take("x"), Some(Value::Null));
        assert_eq!(take("data.items[2]"), None);
        assert_eq!(take("data.name"), None);
        assert_eq!(
            "[0][1]".parse::<ResultPath>().unwrap().take(json!([[1, 2]])),
            Some(json!(2))
        );
        for wrong in ["", ".", "a.", "a..b", "a[", "a[x]", "a]b", "a[0]b", "a[-1]"] {
            assert_eq!(wrong.parse::<ResultPath>(), Err(NotAPath), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_the_same(text in "[a-z.\\[\\]0-9]{1,20}") {
            if let Ok(path) = text.parse::<ResultPath>() {
                prop_assert_eq!(path.to_string().parse::<ResultPath>(), Ok(path));
            }
        }
    }
}
