//! From what was written to what holds: the layers laid over each other, and what is left open filled in.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use config::{Config, File, FileFormat};
use serde_json::Value;

use super::inspect::Inspection;
use super::problem::{Place, Problem, SettingsError};
use super::schema::DEFAULTS;
use super::secrets::{COMMON, SecretSource};
use super::sections::{Jwt, Settings};
use super::sources::{SUPABASE_JWT_SECRET, Sources};

/// Settings in effect, and where each key that was set got its value.
pub(super) struct Resolved {
    pub(super) settings: Settings,
    pub(super) origins: BTreeMap<String, Place>,
}

/// Lays the sources over the defaults.
pub(super) fn resolve(sources: Sources) -> Result<Resolved, SettingsError> {
    let mut inspection = Inspection::default();
    let mut layers = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
    for (name, text) in &sources.files {
        inspection.file(name, text);
        layers = layers.add_source(File::from_str(text, FileFormat::Toml));
    }
    inspection.finish();
    let from_variables: Vec<_> = sources
        .variables
        .iter()
        .filter_map(|(name, text)| inspection.variable(name, text))
        .collect();
    let from_aliases: Vec<_> = sources
        .aliases
        .iter()
        .filter_map(|(name, text)| inspection.alias(name, text))
        .collect();

    let mut problems = sources.problems;
    problems.append(&mut inspection.problems);
    if !problems.is_empty() {
        return Err(SettingsError { problems });
    }
    for (key, value) in from_variables.into_iter().chain(from_aliases) {
        layers = layers
            .set_override(key.path.as_str(), layer_value(value))
            .map_err(unexpected)?;
    }
    let mut settings: Settings = layers.build().and_then(Config::try_deserialize).map_err(unexpected)?;
    fill_in(&mut settings, sources.state_directory.as_deref());
    if let Some(project) = &sources.supabase_url {
        issue_by_supabase(&mut settings.jwt, project, sources.has_supabase_secret);
    }
    if sources.has_common_secret {
        let (name, host) = COMMON;
        settings
            .secrets
            .entry(name.to_owned())
            .or_insert_with(|| SecretSource::of_variable(name, host));
    }
    Ok(Resolved {
        settings,
        origins: inspection.origins,
    })
}

/// The inspection and the types of the sections disagree; still an answer, not a panic.
pub(super) fn unexpected(error: impl fmt::Display) -> SettingsError {
    SettingsError {
        problems: vec![Problem {
            place: Place::whole("all sources together"),
            key: String::new(),
            message: format!("cannot be used: {error}"),
            help: "mend or remove that key".to_owned(),
        }],
    }
}

fn layer_value(value: Value) -> config::Value {
    match value {
        Value::Bool(truth) => truth.into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64().into(),
        },
        Value::String(text) => text.into(),
        Value::Array(list) => list.into_iter().map(layer_value).collect::<Vec<_>>().into(),
        Value::Null | Value::Object(_) => None::<String>.into(),
    }
}

fn fill_in(settings: &mut Settings, state_directory: Option<&str>) {
    if settings.data_dir.as_os_str().is_empty() {
        // systemd joins several directories by colons; the first is the unit's main one.
        let state = state_directory
            .and_then(|list| list.split(':').next())
            .filter(|first| !first.is_empty());
        settings.data_dir = PathBuf::from(state.unwrap_or("./data"));
    }
    for url in [&mut settings.database.url, &mut settings.workspace.url] {
        *url = url.replace("{data_dir}", &url_path(&settings.data_dir));
    }
    settings.scrape.user_agent = settings
        .scrape
        .user_agent
        .replace("{version}", env!("CARGO_PKG_VERSION"));
    if settings.workflows.dir.is_empty() {
        let of_machine = "/etc/batchdesk/workflows";
        let dir = if Path::new(of_machine).is_dir() {
            of_machine
        } else {
            "./config/workflows"
        };
        settings.workflows.dir = dir.to_owned();
    }
}

/// The issuer of a project of Supabase, where no other is set.
fn issue_by_supabase(jwt: &mut Jwt, project: &str, has_secret: bool) {
    if !jwt.issuer.is_empty() {
        return;
    }
    jwt.issuer = format!("{}/auth/v1", project.trim_end_matches('/'));
    if jwt.audience.is_empty() {
        jwt.audience = "authenticated".to_owned();
    }
    if jwt.jwks_url.is_empty() {
        jwt.jwks_url = format!("{}/.well-known/jwks.json", jwt.issuer);
    }
    if jwt.secret.is_empty() && has_secret {
        jwt.secret = format!("env:{SUPABASE_JWT_SECRET}");
    }
}

/// A path as a part of a URL: what would end the path there is encoded.
#[must_use]
pub fn url_path(path: &Path) -> String {
    path.to_string_lossy()
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn sources(files: &[&str], variables: &[(&str, &str)]) -> Sources {
        Sources {
            files: files
                .iter()
                .enumerate()
                .map(|(n, text)| (format!("{n}.toml"), (*text).to_owned()))
                .collect(),
            variables: variables
                .iter()
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect(),
            ..Sources::default()
        }
    }

    #[test]
    fn the_defaults_alone_resolve() {
        let settings = resolve(Sources::default())
            .unwrap_or_else(|error| panic!("{error}"))
            .settings;
        assert_eq!(settings.data_dir, Path::new("./data"));
        assert_eq!(settings.database.url, "sqlite://./data/batchdesk.db?mode=rwc");
        assert_eq!(settings.workspace.url, "");
        assert_eq!(settings.http.listen.to_string(), "127.0.0.1:8420");
        assert_eq!(settings.engine.window, 64);
        assert_eq!(
            settings.scrape.user_agent,
            format!("batchdesk/{}", env!("CARGO_PKG_VERSION"))
        );
        assert!(!settings.workflows.dir.is_empty());
    }

    #[test]
    fn later_sources_win_key_by_key() {
        let resolved = resolve(sources(
            &[
                "[engine]\nwindow = 1\nmax_in_flight = 1\n[retry]\nmax_retries = 1",
                "[engine]\nwindow = 2\nmax_in_flight = 2",
            ],
            &[
                ("BATCHDESK__ENGINE__WINDOW", "3"),
                ("BATCHDESK__NETWORK__ALLOW_CIDRS", "127.0.0.0/8,::1/128"),
            ],
        ))
        .unwrap_or_else(|error| panic!("{error}"));
        let settings = resolved.settings;
        assert_eq!(
            (
                settings.engine.window,
                settings.engine.max_in_flight,
                settings.retry.max_retries,
                settings.retry.base_ms
            ),
            (3, 2, 1, 2000)
        );
        assert_eq!(settings.network.allow_cidrs.len(), 2);
        assert_eq!(
            resolved.origins["engine.window"].to_string(),
            "environment variable BATCHDESK__ENGINE__WINDOW"
        );
        assert_eq!(resolved.origins["engine.max_in_flight"].to_string(), "1.toml:3:1");
        assert_eq!(resolved.origins.get("retry.base_ms"), None);
    }

    #[test]
    fn every_key_can_be_set_by_its_variable() {
        let variables: Vec<(String, String)> = super::super::schema::KEYS
            .iter()
            .map(|key| {
                let text = match &key.default {
                    Value::String(text) => text.clone(),
                    Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
                    other => other.to_string(),
                };
                (key.variable(), text)
            })
            .collect();
        let set = resolve(Sources {
            variables,
            ..Sources::default()
        })
        .unwrap_or_else(|error| panic!("{error}"));
        let unset = resolve(Sources::default()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(set.settings, unset.settings);
    }

    #[test]
    fn the_state_directory_is_the_data_directory_and_part_of_the_url() {
        let with = |directory: &str| Sources {
            state_directory: Some(directory.into()),
            ..Sources::default()
        };
        let settings = resolve(with("/var/lib/a%b?:/other"))
            .unwrap_or_else(|error| panic!("{error}"))
            .settings;
        assert_eq!(settings.data_dir, Path::new("/var/lib/a%b?"));
        assert_eq!(
            settings.database.url,
            "sqlite:///var/lib/a%25b%3F/batchdesk.db?mode=rwc"
        );
        let settings = resolve(with("")).unwrap_or_else(|error| panic!("{error}")).settings;
        assert_eq!(settings.data_dir, Path::new("./data"));
    }

    #[test]
    fn a_secret_may_be_told_in_two_files_but_must_be_whole() {
        let half = "[secrets.Key_A]\nfrom = \"env:A\"\n";
        let other = "[secrets.Key_A]\nhosts = [\"a.example\"]\n";
        let settings = resolve(sources(&[half, other], &[]))
            .unwrap_or_else(|error| panic!("{error}"))
            .settings;
        assert_eq!(settings.secrets["Key_A"].hosts, ["a.example"]);
        assert!(settings.secrets["Key_A"].organisations.is_empty());
        let error = resolve(sources(&[half], &[])).err().unwrap();
        assert_eq!(error.problems.len(), 1, "{error}");
    }

    #[test]
    fn the_variable_of_zenrows_declares_its_secret_unless_a_file_does() {
        let with = |files: &[&str]| {
            let sources = Sources {
                has_common_secret: true,
                ..sources(files, &[])
            };
            resolve(sources).unwrap_or_else(|error| panic!("{error}")).settings
        };
        let secret = &with(&[]).secrets["ZENROWS_API_KEY"];
        assert_eq!(
            (secret.from.as_str(), secret.hosts.as_slice()),
            ("env:ZENROWS_API_KEY", ["api.zenrows.com".to_owned()].as_slice())
        );
        let own = "[secrets.ZENROWS_API_KEY]\nfrom = \"credential:zenrows\"\nhosts = [\"proxy.example\"]\n";
        assert_eq!(with(&[own]).secrets["ZENROWS_API_KEY"].from, "credential:zenrows");
        let none = resolve(Sources::default()).unwrap_or_else(|error| panic!("{error}"));
        assert!(none.settings.secrets.is_empty());
    }

    #[test]
    fn a_project_of_supabase_is_the_issuer_unless_another_is_set() {
        let with = |files: &[&str]| {
            let sources = Sources {
                supabase_url: Some("https://abc.supabase.co/".into()),
                has_supabase_secret: true,
                ..sources(files, &[])
            };
            resolve(sources).unwrap_or_else(|error| panic!("{error}")).settings.jwt
        };
        let jwt = with(&[]);
        assert_eq!(jwt.issuer, "https://abc.supabase.co/auth/v1");
        assert_eq!(jwt.jwks_url, "https://abc.supabase.co/auth/v1/.well-known/jwks.json");
        assert_eq!(
            (jwt.audience.as_str(), jwt.secret.as_str()),
            ("authenticated", "env:SUPABASE_JWT_SECRET")
        );
        let jwt = with(&["[jwt]\nissuer = 'https://id.example'\njwks_url = 'https://id.example/keys'\n"]);
        assert_eq!((jwt.issuer.as_str(), jwt.secret.as_str()), ("https://id.example", ""));
    }

    #[test]
    fn mistakes_of_all_sources_come_together() {
        let error = resolve(sources(&["[engine]\nwindow = 0", "x = 1"], &[("BATCHDESK__Y", "1")]))
            .err()
            .unwrap();
        let places: Vec<&str> = error
            .problems
            .iter()
            .map(|problem| problem.place.source.as_str())
            .collect();
        assert_eq!(places, ["0.toml", "1.toml", "environment variable BATCHDESK__Y"]);
    }
}
