//! Which keys exist, with type and default: read from `config/default.toml` itself.

use std::sync::LazyLock;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

/// The built-in settings, compiled in.
pub(super) const DEFAULTS: &str = include_str!("../../config/default.toml");

/// The section whose keys are names of one's own.
pub(super) const SECRETS: &str = "secrets";

/// One key of `config/default.toml`.
pub(super) struct Key {
    /// With its section, e.g. `engine.window`.
    pub(super) path: String,
    pub(super) default: Value,
}

/// Every key, in the order of the file.
pub(super) static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    // A test proves that the file has no errors, so there is nothing to recover from.
    let (root, _) = DeTable::parse_recoverable(DEFAULTS);
    let mut found = Vec::new();
    gather(root.get_ref(), "", &mut found);
    found.sort_by_key(|(offset, _)| *offset);
    found.into_iter().map(|(_, key)| key).collect()
});

fn gather(table: &DeTable<'_>, section: &str, found: &mut Vec<(usize, Key)>) {
    for (name, value) in table {
        let path = join(section, name.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => gather(inner, &path, found),
            plain => {
                if let Some(default) = json(plain) {
                    found.push((name.span().start, Key { path, default }));
                }
            }
        }
    }
}

/// The key of this path.
pub(super) fn key(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// The keys of one section, or the top-level ones for an empty name.
pub(super) fn keys_of(section: &str) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.section() == section)
}

/// Names of all sections, each once.
pub(super) fn sections() -> Vec<&'static str> {
    let mut names: Vec<&str> = KEYS
        .iter()
        .map(Key::section)
        .filter(|section| !section.is_empty())
        .collect();
    names.dedup();
    names.push(SECRETS);
    names
}

impl Key {
    pub(super) fn section(&self) -> &str {
        self.path.split_once('.').map_or("", |(section, _)| section)
    }

    pub(super) fn name(&self) -> &str {
        self.path.rsplit_once('.').map_or(&self.path, |(_, name)| name)
    }

    /// The environment variable that sets it.
    pub(super) fn variable(&self) -> String {
        format!("{PREFIX}{}", self.path.replace('.', "__").to_ascii_uppercase())
    }

    /// The value as this key's type, where it has that type. A whole number also serves where a fraction may stand.
    pub(super) fn typed(&self, value: Value) -> Result<Value, Value> {
        let fits = match &self.default {
            Value::String(_) => value.is_string(),
            Value::Bool(_) => value.is_boolean(),
            Value::Array(_) => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
            Value::Number(number) if number.is_f64() => {
                // An infinity has become null on the way; its rule refuses it.
                return if value.is_number() || value.is_null() {
                    Ok(value)
                } else {
                    Err(value)
                };
            }
            _ => value.is_i64(),
        };
        if fits { Ok(value) } else { Err(value) }
    }

    /// Reads what an environment variable says as this key's type.
    pub(super) fn read(&self, text: &str) -> Option<Value> {
        match &self.default {
            Value::String(_) => Some(Value::from(text)),
            Value::Bool(_) => text.trim().parse::<bool>().ok().map(Value::from),
            Value::Array(_) => Some(
                text.split(',')
                    .map(str::trim)
                    .filter(|entry| !entry.is_empty())
                    .map(Value::from)
                    .collect(),
            ),
            Value::Number(number) if number.is_f64() => text.trim().parse::<f64>().ok().map(Value::from),
            _ => text.trim().replace('_', "").parse::<i64>().ok().map(Value::from),
        }
    }

    /// What this key's type is called.
    pub(super) fn type_name(&self) -> &'static str {
        match &self.default {
            Value::Number(number) if number.is_f64() => "a number",
            default => type_name(default),
        }
    }
}

/// What starts the name of every variable that sets a key.
pub(super) const PREFIX: &str = "BATCHDESK__";

/// What the type of a value is called.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "infinity or nan",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a fraction",
        Value::Number(_) => "a whole number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list of texts",
        Value::Object(_) => "a section",
    }
}

/// A TOML value without its places. None for a date or a number that no key can hold.
pub(super) fn json(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(Value::from(text.as_ref())),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(Value::from),
        DeValue::Float(number) => number.as_str().parse::<f64>().ok().map(Value::from),
        DeValue::Boolean(truth) => Some(Value::from(*truth)),
        DeValue::Array(list) => list.iter().map(|entry| json(entry.get_ref())).collect(),
        DeValue::Table(table) => table
            .iter()
            .map(|(name, entry)| Some((name.get_ref().to_string(), json(entry.get_ref())?)))
            .collect(),
        DeValue::Datetime(_) => None,
    }
}

/// `section.name`, or `name` at the top.
pub(super) fn join(section: &str, name: &str) -> String {
    if section.is_empty() {
        name.to_owned()
    } else {
        format!("{section}.{name}")
    }
}

/// The path of the key that `path` was most likely meant to be.
pub(super) fn nearest_key(path: &str) -> Option<&'static str> {
    let name = path.rsplit_once('.').map_or(path, |(_, name)| name);
    // The right name in the wrong section is nearer than a similar name in the right one.
    let moved = KEYS.iter().find(|key| key.name() == name);
    moved
        .map(|key| key.path.as_str())
        .or_else(|| nearest(path, KEYS.iter().map(|key| key.path.as_str())))
}

/// The candidate most like `wanted`, if any is like it at all.
pub(super) fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Below this, suggestions for a mistyped key of these lengths are no better than chance.
    const ALIKE: f64 = 0.7;
    candidates
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(wanted, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::rules::{RULES, rule};
    use super::*;

    #[test]
    fn the_defaults_parse_and_keep_their_own_rules() {
        assert_eq!(DeTable::parse_recoverable(DEFAULTS).1.len(), 0);
        let in_file: Vec<&str> = KEYS.iter().map(|key| key.path.as_str()).collect();
        let in_rules: Vec<&str> = RULES.iter().map(|rule| rule.key).collect();
        assert_eq!(in_file, in_rules);
        for key in KEYS.iter() {
            assert_eq!(rule(&key.path).unwrap().verdict(&key.default), Ok(()), "{}", key.path);
        }
    }

    #[test]
    fn each_comment_says_what_its_rule_says() {
        let mut section = "";
        let mut told = "";
        let mut seen = 0;
        for line in DEFAULTS.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name;
            } else if line.starts_with("# Unit: ") {
                told = line;
            } else if let Some((name, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
                let rule = rule(&join(section, name)).expect("a rule for every key");
                let live = if rule.live { "yes" } else { "no" };
                let says = format!(
                    " | Allowed: {} | Since: 0.1.0 | Changes while running: {live}",
                    rule.allowed
                );
                assert!(
                    told.ends_with(&says),
                    "{}: {told:?} does not end with {says:?}",
                    rule.key
                );
                (told, seen) = ("", seen + 1);
            }
        }
        assert_eq!(seen, KEYS.len());
    }

    #[test]
    fn the_nearest_key_is_found_or_none_is() {
        assert_eq!(nearest_key("engine.windw"), Some("engine.window"));
        assert_eq!(nearest_key("window"), Some("engine.window"));
        assert_eq!(nearest_key("retry.timeout_ms"), Some("scrape.timeout_ms"));
        assert_eq!(nearest_key("colour"), None);
    }

    #[test]
    fn variables_are_read_by_type() {
        assert_eq!(key("engine.window").unwrap().read(" 1_000 "), Some(Value::from(1000)));
        assert_eq!(key("engine.window").unwrap().read("many"), None);
        assert_eq!(key("retry.factor").unwrap().read("3"), Some(Value::from(3.0)));
        assert_eq!(key("scrape.respect_robots").unwrap().read("no"), None);
        assert_eq!(
            key("network.allow_cidrs").unwrap().read("10.0.0.0/8, ,fd00::/8"),
            Some(serde_json::json!(["10.0.0.0/8", "fd00::/8"]))
        );
        assert_eq!(key("http.listen").unwrap().variable(), "BATCHDESK__HTTP__LISTEN");
    }
}
