//! What an operator can set: authored as TOML and environment variables, resolved once into [`Settings`].
//!
//! `config/default.toml` is the list of all keys, with types, defaults and meanings; `rules` holds ranges and which
//! keys can change while running. Nothing else in the daemon reads a file or a variable for a setting.
//!
//! Reading goes `sources` (find) → `inspect` (every mistake, with its place; `salvage` where it is not even TOML) →
//! `resolve` (lay over each other, fill in).

mod common;
mod inspect;
mod ports;
mod problem;
mod registration_file;
mod reload;
mod resolve;
mod rules;
mod salvage;
mod schema;
mod secrets;
mod sections;
mod show;
mod sources;
mod wait;
mod workflow_files;

use std::path::Path;

pub use common::not_needed;
pub use ports::{NoPorts, Ports};
pub use problem::{Place, Problem, SettingsError};
pub use registration_file::{
    REGISTRATION_FILE, RegistrationFileError, RegistrationMistake, read_registration_plan, registration_plan,
};
pub use reload::{Reload, reload};
pub use secrets::{SecretError, SecretSource};
pub use sections::{
    Auth, Database, Engine, ForwardedHeader, Http, Imports, Jwt, Log, LogFormat, Network, OnThreshold, Registration,
    Retention, Retry, Scrape, Settings, Storage, Synchronous, Webhooks, Workflows, Workspace,
};
pub use show::show;
pub use wait::{NotAWait, Wait};
pub use workflow_files::{WorkflowFile, WorkflowFileError, read_workflow_files, workflow_files, workflows_of};

pub use resolve::url_path;

use resolve::resolve;
use sources::Sources;

impl Settings {
    /// The settings in effect: built-in < `/etc/batchdesk/config.toml` < `file` < `BATCHDESK__SECTION__KEY`.
    /// Reads small files on the calling thread.
    ///
    /// # Errors
    /// Every mistake of every source at once.
    pub fn load(file: Option<&Path>) -> Result<Self, SettingsError> {
        resolve(Sources::of_process(file)).map(|resolved| resolved.settings)
    }

    /// As [`load`](Self::load), with `own`, the defaults of one command, over the built-in ones and below all others.
    ///
    /// # Errors
    /// Every mistake of every source at once.
    pub fn load_over(own: &str, file: Option<&Path>) -> Result<Self, SettingsError> {
        let mut sources = Sources::of_process(file);
        sources
            .files
            .insert(0, ("defaults of the command".to_owned(), own.to_owned()));
        resolve(sources).map(|resolved| resolved.settings)
    }

    /// The built-in settings with `text` over them, without files or environment: for tests, demo and one-off runs.
    ///
    /// # Errors
    /// Every mistake in `text`.
    pub fn from_text(text: &str) -> Result<Self, SettingsError> {
        let files = vec![("settings".to_owned(), text.to_owned())];
        resolve(Sources {
            files,
            ..Sources::default()
        })
        .map(|resolved| resolved.settings)
    }
}

/// Every mistake of every source; empty if the daemon would start with them.
pub fn check(file: Option<&Path>) -> Vec<Problem> {
    resolve(Sources::of_process(file))
        .err()
        .map_or_else(Vec::new, |error| error.problems)
}

/// As [`show`], of the settings that [`Settings::load`] would give, with a comment behind each key that is not as built
/// in: which file and line or variable set it.
///
/// # Errors
/// Every mistake of every source at once.
pub fn show_effective(file: Option<&Path>) -> Result<String, SettingsError> {
    resolve(Sources::of_process(file)).map(|resolved| show::show_with_origins(&resolved.settings, &resolved.origins))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn load_and_check_tell_the_same() {
        let bad = file("[engine]\nwindow = 0\nwindw = 1\n[http\n");
        let problems = check(Some(bad.path()));
        assert_eq!(problems.len(), 3, "{problems:#?}");
        assert_eq!(Settings::load(Some(bad.path())).unwrap_err().problems, problems);
        let good = file("[engine]\nwindow = 7\n");
        assert_eq!(check(Some(good.path())), []);
        assert_eq!(Settings::load(Some(good.path())).unwrap().engine.window, 7);
    }

    #[test]
    fn the_defaults_of_a_command_give_way_to_what_people_set() {
        let own = "[log]\nlevel = 'warn'\nformat = 'text'\n";
        let theirs = file("[log]\nlevel = 'debug'\n");
        let settings = Settings::load_over(own, Some(theirs.path())).unwrap();
        assert_eq!(
            (settings.log.level.as_str(), settings.log.format),
            ("debug", LogFormat::Text)
        );
    }

    #[test]
    fn what_is_in_effect_says_where_it_comes_from() {
        let good = file("[engine]\nwindow = 7\n");
        let shown = show_effective(Some(good.path())).unwrap();
        assert!(
            shown.contains(&format!("window = 7  # {}:2:1\n", good.path().display())),
            "{shown}"
        );
        assert!(shown.contains("max_in_flight = 256\n"), "{shown}");
    }
}
