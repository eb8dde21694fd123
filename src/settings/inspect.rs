//! Reads every source to its end and gathers every mistake, with its place.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::common;
use super::problem::{Place, Problem};
use super::rules::rule;
use super::salvage::{Page, salvage};
use super::schema::{self, Key, PREFIX, SECRETS, join};
use super::secrets;

/// What all sources say, and what is wrong with them.
#[derive(Default)]
pub(super) struct Inspection {
    pub(super) problems: Vec<Problem>,
    /// Where each key that some source sets got its last value.
    pub(super) origins: BTreeMap<String, Place>,
    /// Keys of each secret, of all files together, and where its entry stands.
    secrets: BTreeMap<String, (Place, BTreeSet<&'static str>)>,
}

impl Inspection {
    fn report(&mut self, place: Place, key: &str, message: String, help: impl Into<String>) {
        self.problems.push(Problem {
            place,
            key: key.to_owned(),
            message,
            help: help.into(),
        });
    }

    /// Reads a file.
    pub(super) fn file(&mut self, source: &str, text: &str) {
        let page = Page { source, text };
        let readable = salvage(&page, &mut self.problems);
        let (root, _) = DeTable::parse_recoverable(&readable);
        self.table(&page, "", root.get_ref());
        // The map is sorted by name; people read from top to bottom.
        self.problems.sort_by_key(|problem| {
            (problem.place.source == source).then_some((problem.place.line, problem.place.column))
        });
    }

    fn table(&mut self, page: &Page<'_>, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let path = join(section, name.get_ref());
            let place = page.place(name.span().start);
            let names_section = section.is_empty() && schema::sections().contains(&path.as_str());
            match value.get_ref() {
                DeValue::Table(inner) if path == SECRETS => self.secrets(page, inner),
                DeValue::Table(inner) if names_section => self.table(page, &path, inner),
                _ if names_section => {
                    let message = format!("`{path}` is a section, not a key");
                    self.report(place, &path, message, format!("write its keys below a line [{path}]"));
                }
                plain => match schema::key(&path) {
                    Some(key) => self.value(place, page.place(value.span().start), key, plain),
                    None => self.unknown(place, &path, plain.is_table()),
                },
            }
        }
    }

    fn value(&mut self, at_key: Place, at_value: Place, key: &Key, value: &DeValue<'_>) {
        // A section or a list may lie lines below its key; the key is what the reader looks for.
        let place = if at_value.line == at_key.line {
            at_value
        } else {
            at_key.clone()
        };
        let Some(value) = schema::json(value) else {
            let given = match value {
                DeValue::Datetime(_) => "a date",
                DeValue::Integer(_) => "one that needs more than 64 bits",
                _ => "a list or section",
            };
            return self.wrong_type(place, key, given);
        };
        match key.typed(value) {
            Ok(value) => {
                self.verdict(place, key, &value);
                self.origins.insert(key.path.clone(), at_key);
            }
            Err(value) => self.wrong_type(place, key, schema::type_name(&value)),
        }
    }

    fn wrong_type(&mut self, place: Place, key: &Key, given: &str) {
        let message = format!("`{}` takes {}, not {given}", key.path, key.type_name());
        self.report(
            place,
            &key.path,
            message,
            format!("write e.g. {} = {}", key.name(), key.default),
        );
    }

    fn verdict(&mut self, place: Place, key: &Key, value: &Value) {
        let Some(rule) = rule(&key.path) else { return };
        if let Err(wrong) = rule.verdict(value) {
            let message = format!("`{}` {wrong}", key.path);
            self.report(place, &key.path, message, format!("it may hold {}", rule.allowed));
        }
    }

    fn unknown(&mut self, place: Place, path: &str, is_section: bool) {
        if is_section {
            let help = match schema::nearest(path, schema::sections()) {
                Some(near) => format!("did you mean [{near}]?"),
                None => format!("the sections are {}", schema::sections().join(", ")),
            };
            return self.report(place, path, format!("there is no section [{path}]"), help);
        }
        let section = path.rsplit_once('.').map_or("", |(section, _)| section);
        let names: Vec<&str> = schema::keys_of(section).map(Key::name).collect();
        let help = match schema::nearest_key(path) {
            Some(near) => format!("did you mean `{near}`?"),
            None if section.is_empty() => "keys other than data_dir belong into a section".to_owned(),
            None => format!("[{section}] has {}", names.join(", ")),
        };
        self.report(place, path, format!("there is no setting `{path}`"), help);
    }

    fn secrets(&mut self, page: &Page<'_>, table: &DeTable<'_>) {
        for (name, value) in table {
            let path = join(SECRETS, name.get_ref());
            let place = page.place(name.span().start);
            let DeValue::Table(entry) = value.get_ref() else {
                let help = format!("write [{path}] with `from` and `hosts`, never the secret itself");
                self.report(place, &path, format!("`{path}` is not a section"), help);
                continue;
            };
            let mut fields = BTreeSet::new();
            for (field, value) in entry {
                let at = page.place(field.span().start);
                let field_path = join(&path, field.get_ref());
                let Some(known) = secrets::FIELDS.into_iter().find(|known| known == field.get_ref()) else {
                    let help = match schema::nearest(field.get_ref(), secrets::FIELDS) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("a secret has {}", secrets::FIELDS.join(", ")),
                    };
                    self.report(at, &field_path, format!("there is no setting `{field_path}`"), help);
                    continue;
                };
                fields.insert(known);
                let value = schema::json(value.get_ref()).unwrap_or_default();
                if let Some(mistake) = secrets::field_mistake(known, &value) {
                    let message = format!("`{field_path}` {}", mistake.message);
                    self.report(at, &field_path, message, mistake.help);
                }
            }
            self.origins.insert(path, place.clone());
            let seen = self
                .secrets
                .entry(name.get_ref().to_string())
                .or_insert((place, BTreeSet::new()));
            seen.1.extend(fields);
        }
    }

    /// Reads an environment variable that begins with `BATCHDESK__`; the key that it sets and its value, if they are
    /// right.
    pub(super) fn variable(&mut self, name: &str, text: &str) -> Option<(&'static Key, Value)> {
        let place = Place::variable(name);
        let Some(key) = schema::KEYS.iter().find(|key| key.variable() == name) else {
            self.unknown_variable(place, name);
            return None;
        };
        self.set_by_variable(place, key, text)
    }

    /// Reads a variable that stands for a key, unless something else sets that.
    pub(super) fn alias(&mut self, name: &str, text: &str) -> Option<(&'static Key, Value)> {
        let key = common::key_of(name).filter(|key| !self.origins.contains_key(&key.path))?;
        self.set_by_variable(Place::variable(name), key, text)
    }

    fn set_by_variable(&mut self, place: Place, key: &'static Key, text: &str) -> Option<(&'static Key, Value)> {
        let Some(value) = key.read(text) else {
            let message = format!("`{}` takes {}", key.path, key.type_name());
            self.report(place, &key.path, message, format!("set it to e.g. {}", key.default));
            return None;
        };
        self.verdict(place.clone(), key, &value);
        self.origins.insert(key.path.clone(), place);
        Some((key, value))
    }

    fn unknown_variable(&mut self, place: Place, name: &str) {
        let rest = name.strip_prefix(PREFIX).unwrap_or(name);
        let path = rest.replace("__", ".").to_ascii_lowercase();
        if path == SECRETS || path.starts_with("secrets.") {
            let help = "name it in a file with `from` and `hosts`; `from` may be \"env:NAME\"";
            return self.report(
                place,
                SECRETS,
                "secrets are not set by BATCHDESK__ variables".to_owned(),
                help,
            );
        }
        let near = schema::nearest_key(&path).and_then(schema::key);
        let help = match near {
            Some(key) => format!("did you mean {}?", key.variable()),
            None => "unset it, or see `batchdesk config show` for the keys".to_owned(),
        };
        self.report(place, &path, format!("it sets no setting: there is no `{path}`"), help);
    }

    /// After the last file: what only all files together can lack.
    pub(super) fn finish(&mut self) {
        for (name, (place, fields)) in std::mem::take(&mut self.secrets) {
            for (field, why) in [
                ("from", "say where it is kept"),
                ("hosts", "name the hosts that it may be sent to"),
            ] {
                if !fields.contains(field) {
                    let path = format!("{SECRETS}.{name}");
                    let message = format!("secret `{name}` has no `{field}`");
                    self.report(place.clone(), &path, message, why);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let mut inspection = Inspection::default();
        inspection.file("a.toml", text);
        inspection.finish();
        inspection.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_mistake_of_a_file_is_told_in_its_order() {
        let text = "\
data_dri = 'x'
[engine]
windw = 5
max_in_flight = \"many\"
[enigne]
window = 1
[retry]
jitter = 7
base_ms = 1.5
[scrape]
max_pages = [1]
respect_robots = 1
colour = 'red'
[secrets.zenrows]
from = 's3cret'
";
        assert_eq!(
            told(text),
            [
                "a.toml:1:1: there is no setting `data_dri`; did you mean `data_dir`?",
                "a.toml:3:1: there is no setting `engine.windw`; did you mean `engine.window`?",
                "a.toml:4:17: `engine.max_in_flight` takes a whole number, not a text; write e.g. max_in_flight = 256",
                "a.toml:5:2: there is no section [enigne]; did you mean [engine]?",
                "a.toml:8:10: `retry.jitter` is 7, out of range; it may hold 0.0..=1.0",
                "a.toml:9:11: `retry.base_ms` takes a whole number, not a fraction; write e.g. base_ms = 2000",
                "a.toml:11:13: `scrape.max_pages` takes a whole number, not a list of texts; write e.g. max_pages = 4",
                "a.toml:12:18: `scrape.respect_robots` takes true or false, not a whole number; \
                 write e.g. respect_robots = true",
                "a.toml:13:1: there is no setting `scrape.colour`; [scrape] has max_pages, respect_robots, \
                 host_concurrency, host_delay_ms, timeout_ms, connect_timeout_ms, max_body_bytes, max_redirects, \
                 user_agent, contact, region",
                "a.toml:15:1: `secrets.zenrows.from` does not say where the secret is kept; write env:NAME, \
                 file:/absolute/path or credential:NAME, never the secret itself",
                "a.toml:14:10: secret `zenrows` has no `hosts`; name the hosts that it may be sent to",
            ]
        );
    }

    #[test]
    fn a_section_is_no_key_and_a_date_no_number() {
        let told =
            told("engine = 5\n[retry]\nfactor = 2024-01-01\nmax_ms = { a = 1 }\nbase_ms = 9223372036854775808\n");
        assert_eq!(told.len(), 4, "{told:#?}");
        assert!(told[0].contains("`engine` is a section"), "{told:#?}");
    }

    #[test]
    fn a_whole_number_serves_as_a_fraction() {
        assert_eq!(told("[retry]\nfactor = 3\n"), Vec::<String>::new());
        assert_eq!(told("[retry]\nfactor = inf\n").len(), 1);
    }

    #[test]
    fn a_common_variable_sets_its_key_unless_something_else_does() {
        let mut inspection = Inspection::default();
        let set = inspection.alias("WORKSPACE_URL", "https://abc.supabase.co");
        assert_eq!(set.map(|(key, _)| key.path.as_str()), Some("workspace.url"));
        let mut inspection = Inspection::default();
        inspection.file("x.toml", "[workspace]\nurl = \"sqlite://w.db\"\n");
        assert!(inspection.alias("WORKSPACE_URL", "https://abc.supabase.co").is_none());
        let mut inspection = Inspection::default();
        inspection.alias("WORKSPACE_URL", "somewhere");
        assert!(
            inspection.problems[0]
                .to_string()
                .starts_with("environment variable WORKSPACE_URL")
        );
    }

    #[test]
    fn variables_are_checked_like_files() {
        let mut inspection = Inspection::default();
        for (name, text) in [
            ("BATCHDESK__ENGINE__WINDW", "5"),
            ("BATCHDESK__engine__window", "5"),
            ("BATCHDESK__ENGINE__WINDOW", "0"),
            ("BATCHDESK__HTTP__WORKERS", "two"),
            ("BATCHDESK__SECRETS__X__FROM", "hunter2"),
        ] {
            inspection.variable(name, text);
        }
        let told: Vec<String> = inspection.problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "environment variable BATCHDESK__ENGINE__WINDW: it sets no setting: there is no `engine.windw`; \
                 did you mean BATCHDESK__ENGINE__WINDOW?",
                "environment variable BATCHDESK__engine__window: it sets no setting: there is no `engine.window`; \
                 did you mean BATCHDESK__ENGINE__WINDOW?",
                "environment variable BATCHDESK__ENGINE__WINDOW: `engine.window` is 0, out of range; \
                 it may hold 1..=10000",
                "environment variable BATCHDESK__HTTP__WORKERS: `http.workers` takes a whole number; set it to e.g. 2",
                "environment variable BATCHDESK__SECRETS__X__FROM: \
                 secrets are not set by BATCHDESK__ variables; name it in a file with `from` and `hosts`; `from` may be \"env:NAME\"",
            ]
        );
    }
}
