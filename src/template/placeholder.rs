//! What stands for a secret in whatever a template gives, until the request leaves.
//!
//! A placeholder is a word of small letters and digits, so URLs, JSON and headers carry it unchanged. It holds a token
//! that is drawn anew in each process, so nothing from outside can pass for one.

use std::fmt;
use std::ops::Range;

const OPENING: &str = "sek";
const SECRET: char = 's';
const BASIC: char = 'b';
/// Longest name of a secret, and of a user beside it.
const LONGEST: usize = 120;

/// Makes placeholders and finds them again.
#[derive(Clone)]
pub struct Placeholders {
    /// [`OPENING`] and the token.
    mark: String,
}

impl fmt::Debug for Placeholders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Placeholders")
    }
}

/// What a placeholder asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The secret as it is.
    Secret { name: String },
    /// `Basic` and the base64 of `user:secret`, as a header has it.
    BasicAuth { user: String, name: String },
}

impl Wanted {
    /// The secret's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Secret { name } | Self::BasicAuth { name, .. } => name,
        }
    }
}

/// What people see in its place.
impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret { name } => write!(f, "***{name}***"),
            Self::BasicAuth { user, name } => write!(f, "Basic ***{user}:{name}***"),
        }
    }
}

impl Placeholders {
    /// With the token given.
    #[must_use]
    pub fn new(token: u128) -> Self {
        Self {
            mark: format!("{OPENING}{token:032x}"),
        }
    }

    /// The placeholder of a secret; `None` where that can be no name.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<String> {
        is_name(name).then(|| format!("{}{SECRET}{}z", self.mark, hex(name)))
    }

    /// The placeholder of a header for HTTP's basic authentication.
    #[must_use]
    pub fn basic_auth(&self, user: &str, name: &str) -> Option<String> {
        let user_fits = user.len() <= LONGEST && !user.contains(':');
        (is_name(name) && user_fits).then(|| format!("{}{BASIC}{}y{}z", self.mark, hex(user), hex(name)))
    }

    /// The placeholders in `text`, in order.
    fn find<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (Range<usize>, Wanted)> + 'a {
        text.match_indices(self.mark.as_str())
            .filter_map(|(at, mark)| self.read(text, at, at + mark.len()))
    }

    fn read(&self, text: &str, start: usize, kind_at: usize) -> Option<(Range<usize>, Wanted)> {
        let rest = text.get(kind_at..)?;
        let kind = rest.chars().next()?;
        let body = &rest[kind.len_utf8()..];
        let length = body.find('z')?;
        let body = &body[..length];
        let wanted = match (kind, body.split_once('y')) {
            (SECRET, None) => Wanted::Secret { name: unhex(body)? },
            (BASIC, Some((user, name))) => Wanted::BasicAuth {
                user: unhex(user)?,
                name: unhex(name)?,
            },
            _ => return None,
        };
        Some((start..kind_at + 1 + length + 1, wanted))
    }

    /// What the placeholders in `text` ask for.
    #[must_use]
    pub fn wanted(&self, text: &str) -> Vec<Wanted> {
        self.find(text).map(|(_, wanted)| wanted).collect()
    }

    /// Whether a filter has changed a placeholder so that it can no longer be read.
    #[must_use]
    pub fn is_mangled(&self, text: &str) -> bool {
        let marks = text.to_ascii_lowercase().matches(self.mark.as_str()).count();
        marks != self.find(text).count()
    }

    /// `text` with what `value` gives for each placeholder.
    pub fn replace(&self, text: &str, mut value: impl FnMut(&Wanted) -> String) -> String {
        let mut replaced = String::with_capacity(text.len());
        let mut copied = 0;
        for (range, wanted) in self.find(text) {
            replaced.push_str(&text[copied..range.start]);
            replaced.push_str(&value(&wanted));
            copied = range.end;
        }
        replaced.push_str(&text[copied..]);
        replaced
    }

    /// `text` as people may see it.
    #[must_use]
    pub fn shown(&self, text: &str) -> String {
        self.replace(text, ToString::to_string)
    }
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !name.is_empty() && name.len() <= LONGEST && name.bytes().all(plain)
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<String> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn what_is_put_in_is_found_again() {
        let placeholders = Placeholders::new(7);
        let key = placeholders.secret("KEY_1").unwrap();
        let basic = placeholders.basic_auth("me@example", "PASS").unwrap();
        let text = format!("a={key}&b={key};{basic}.");
        assert_eq!(placeholders.wanted(&text).len(), 3);
        assert_eq!(
            placeholders.shown(&text),
            "a=***KEY_1***&b=***KEY_1***;Basic ***me@example:PASS***."
        );
        assert_eq!(placeholders.replace(&key, |_| "v".to_owned()), "v");
        assert!(!placeholders.is_mangled(&text));
        assert!(placeholders.is_mangled(&text.to_ascii_uppercase()));
        assert!(placeholders.is_mangled(&key[..key.len() - 3]));
    }

    #[test]
    fn another_process_has_others() {
        let text = Placeholders::new(1).secret("KEY").unwrap();
        assert!(Placeholders::new(2).wanted(&text).is_empty());
    }

    #[test]
    fn only_names_have_one() {
        let placeholders = Placeholders::new(7);
        for wrong in ["", "a b", "a.b", "ä", &"x".repeat(121)] {
            assert_eq!(placeholders.secret(wrong), None, "{wrong}");
        }
        assert_eq!(placeholders.basic_auth("a:b", "KEY"), None);
    }
}
