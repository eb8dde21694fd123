//! Settings for people: as TOML, without passwords.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use super::problem::Place;
use super::rules::rule;
use super::schema::{KEYS, SECRETS};
use super::sections::Settings;

const HIDDEN: &str = "***";

/// The settings as TOML that could be read again, passwords in URLs replaced by `***`. Secrets appear as the places
/// that they are kept at.
pub fn show(settings: &Settings) -> String {
    written(settings, None)
}

/// As [`show`], with the place that set it behind each key; those without are defaults.
pub(super) fn show_with_origins(settings: &Settings, origins: &BTreeMap<String, Place>) -> String {
    written(settings, Some(origins))
}

/// The value of each key of `config/default.toml`, by path.
pub(super) fn values(settings: &Settings) -> BTreeMap<&'static str, Value> {
    let tree = serde_json::to_value(settings).unwrap_or_default();
    KEYS.iter()
        .map(|key| {
            let value = tree
                .pointer(&format!("/{}", key.path.replace('.', "/")))
                .cloned()
                .unwrap_or_default();
            (key.path.as_str(), value)
        })
        .collect()
}

fn written(settings: &Settings, origins: Option<&BTreeMap<String, Place>>) -> String {
    let mut text = String::new();
    let mut section = "";
    let values = values(settings);
    let comment = |path: &str| match origins {
        Some(origins) => origins
            .get(path)
            .map_or_else(String::new, |place| format!("  # {place}")),
        None => String::new(),
    };
    // Writing to a String cannot fail.
    for key in KEYS.iter() {
        if key.section() != section {
            section = key.section();
            let _ = writeln!(text, "\n[{section}]");
        }
        let mut value = values.get(key.path.as_str()).cloned().unwrap_or_default();
        if let (Value::String(url), Some(true)) = (&mut value, rule(&key.path).map(|rule| rule.is_url())) {
            *url = without_password(url);
        }
        let _ = writeln!(text, "{} = {}{}", key.name(), toml_text(&value), comment(&key.path));
    }
    for (name, secret) in &settings.secrets {
        let origin = comment(&format!("{SECRETS}.{name}"));
        let _ = writeln!(text, "\n[{SECRETS}.{}]{origin}", toml_text(&Value::from(name.as_str())));
        let fields = [
            ("from", Value::from(secret.from.as_str())),
            ("hosts", Value::from(secret.hosts.clone())),
            ("organisations", Value::from(secret.organisations.clone())),
        ];
        for (field, value) in fields {
            let _ = writeln!(text, "{field} = {}", toml_text(&value));
        }
    }
    text
}

/// Texts, numbers, truths and lists are written in TOML as in JSON, but for one character.
fn toml_text(value: &Value) -> String {
    value.to_string().replace('\u{7f}', "\\u007f")
}

/// A URL with `***` for its password, and for the parameters that may hold one.
pub(super) fn without_password(url: &str) -> String {
    let (address, query) = match url.split_once('?') {
        Some((address, query)) => (address, Some(query)),
        None => (url, None),
    };
    let mut shown = address.to_owned();
    // Up to the last @, as a password that was not encoded may hold any character.
    if let (Some(start), Some(end)) = (address.find("://").map(|at| at + 3), address.rfind('@'))
        && let Some(colon) = address.get(start..end).and_then(|user| user.find(':'))
    {
        shown.replace_range(start + colon + 1..end, HIDDEN);
    }
    if let Some(query) = query {
        let parameters: Vec<String> = query.split('&').map(without_secret_parameter).collect();
        shown.push('?');
        shown.push_str(&parameters.join("&"));
    }
    shown
}

fn without_secret_parameter(parameter: &str) -> String {
    match parameter.split_once('=') {
        Some((name, _))
            if ["password", "secret", "token", "key"]
                .iter()
                .any(|word| name.contains(word)) =>
        {
            format!("{name}={HIDDEN}")
        }
        _ => parameter.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn what_is_shown_reads_back_as_the_same_settings() {
        let settings = Settings::from_text(
            "[secrets.\"odd name\"]\nfrom = \"env:A\"\nhosts = [\"a.example\"]\n[retry]\nfactor = 3\n\
             [scrape]\ncontact = \"a \\\"b\\\"\"\n",
        )
        .unwrap();
        let shown = show(&settings);
        assert_eq!(
            Settings::from_text(&shown).unwrap_or_else(|error| panic!("{error}\n{shown}")),
            settings
        );
    }

    #[test]
    fn passwords_are_hidden_however_they_are_written() {
        for (url, shown) in [
            ("postgres://u:hunter2@h/n", "postgres://u:***@h/n"),
            ("postgres://u:hun/ter@2@h/n?a=b", "postgres://u:***@h/n?a=b"),
            (
                "postgres://h/n?user=u&password=hunter2",
                "postgres://h/n?user=u&password=***",
            ),
            ("postgres://u@h:5432/n", "postgres://u@h:5432/n"),
            ("sqlite://./data/x.db?mode=rwc", "sqlite://./data/x.db?mode=rwc"),
            ("", ""),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }

    #[test]
    fn neither_showing_nor_debugging_tells_a_password() {
        let text = "[database]\nurl = \"postgres://u:hunter2@h/n\"\n[workspace]\nurl = \"https://u:hunter2@h\"\n";
        let settings = Settings::from_text(text).unwrap();
        assert_eq!(settings.database.url, "postgres://u:hunter2@h/n");
        assert!(!show(&settings).contains("hunter2"));
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
