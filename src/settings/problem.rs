//! A mistake in the settings, told so that it can be mended without looking anything up.

use std::fmt;

use serde::Serialize;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Path of the file, or `environment variable NAME`.
    pub source: String,
    /// Line, from 1; none for a variable or a file that cannot be read.
    pub line: Option<usize>,
    /// Column in characters, from 1.
    pub column: Option<usize>,
}

impl Place {
    pub(super) fn whole(source: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            line: None,
            column: None,
        }
    }

    pub(super) fn variable(name: &str) -> Self {
        Self::whole(format!("environment variable {name}"))
    }

    /// The place of byte `offset` of `text`.
    pub(super) fn at(source: &str, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            source: source.to_owned(),
            line: Some(before.matches('\n').count() + 1),
            column: Some(before[line_start..].chars().count() + 1),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        Ok(())
    }
}

/// One mistake. Holds no value of a secret and no URL, which may carry a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where it stands.
    pub place: Place,
    /// The key with its section, e.g. `engine.window`; empty where the file itself is at fault.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.message, self.help)
    }
}

/// The settings cannot be used. Always holds every mistake of all sources, in the order of the sources.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", listed(.problems))]
pub struct SettingsError {
    /// The mistakes, at least one.
    pub problems: Vec<Problem>,
}

fn listed(problems: &[Problem]) -> String {
    let mut text = match problems.len() {
        1 => "there is a mistake in the settings".to_owned(),
        many => format!("there are {many} mistakes in the settings"),
    };
    for problem in problems {
        text.push_str("\n  ");
        text.push_str(&problem.to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn columns_count_characters_not_bytes() {
        let text = "a = 1\nüö = 2\n";
        let place = Place::at("f.toml", text, text.find("= 2").unwrap());
        assert_eq!((place.line, place.column), (Some(2), Some(4)));
        assert_eq!(place.to_string(), "f.toml:2:4");
    }

    #[test]
    fn an_offset_past_the_end_is_the_end() {
        let place = Place::at("f.toml", "a = 1\n", 99);
        assert_eq!((place.line, place.column), (Some(2), Some(1)));
    }

    #[test]
    fn the_error_lists_all() {
        let problem = |key: &str| Problem {
            place: Place::variable(key),
            key: String::new(),
            message: "is wrong".into(),
            help: "mend it".into(),
        };
        let text = SettingsError {
            problems: vec![problem("A"), problem("B")],
        }
        .to_string();
        assert_eq!(
            text,
            "there are 2 mistakes in the settings\n  environment variable A: is wrong; mend it\n  \
             environment variable B: is wrong; mend it"
        );
    }
}
