//! Where settings are read from: files, then the environment.

use std::io;
use std::path::{Path, PathBuf};

use super::common;
use super::problem::{Place, Problem};
use super::schema::PREFIX;
use super::secrets::COMMON;

/// The file of the machine, which may be absent.
const SYSTEM_FILE: &str = "/etc/batchdesk/config.toml";

/// The variable of the secret with which older projects of Supabase sign.
pub(super) const SUPABASE_JWT_SECRET: &str = "SUPABASE_JWT_SECRET";

/// What was found, before anything is made of it.
#[derive(Default)]
pub(super) struct Sources {
    /// Name and text of each file, the strongest last.
    pub(super) files: Vec<(String, String)>,
    /// Variables that begin with `BATCHDESK__`, by name.
    pub(super) variables: Vec<(String, String)>,
    /// Variables that stand for a key, by name.
    pub(super) aliases: Vec<(String, String)>,
    /// Whether the environment holds the common secret's variable. Its value is not read here.
    pub(super) has_common_secret: bool,
    /// `$SUPABASE_URL`, where the environment holds that and `$SUPABASE_SERVICE_ROLE_KEY`.
    pub(super) supabase_url: Option<String>,
    /// Whether the environment holds `$SUPABASE_JWT_SECRET`. Its value is not read here.
    pub(super) has_supabase_secret: bool,
    /// `$STATE_DIRECTORY` as systemd sets it.
    pub(super) state_directory: Option<String>,
    /// Files that could not be read and variables that are not text.
    pub(super) problems: Vec<Problem>,
}

impl Sources {
    /// The machine's file, `file` and the environment of this process.
    pub(super) fn of_process(file: Option<&Path>) -> Self {
        let mut sources = Self::default();
        // Named by hand, it is read once, so that its mistakes are told once, and then has to be there.
        if file != Some(Path::new(SYSTEM_FILE)) {
            sources.read(Path::new(SYSTEM_FILE), true);
        }
        if let Some(file) = file {
            sources.read(file, false);
        }
        sources.has_common_secret = std::env::var_os(COMMON.0).is_some_and(|value| !value.is_empty());
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if is_set("SUPABASE_SERVICE_ROLE_KEY") {
            sources.supabase_url = std::env::var("SUPABASE_URL").ok().filter(|url| !url.is_empty());
        }
        sources.has_supabase_secret = is_set(SUPABASE_JWT_SECRET);
        let mut variables: Vec<_> = std::env::vars_os().collect();
        variables.sort();
        for (name, value) in variables {
            let name = name.to_string_lossy().into_owned();
            let is_alias = common::key_of(&name).is_some() && !value.is_empty() && common::counts(&name);
            if name != "STATE_DIRECTORY" && !is_alias && !name.starts_with(PREFIX) {
                continue;
            }
            match value.into_string() {
                Ok(value) if name == "STATE_DIRECTORY" => sources.state_directory = Some(value),
                Ok(value) if is_alias => sources.aliases.push((name, value)),
                Ok(value) => sources.variables.push((name, value)),
                Err(_) => sources.problems.push(Problem {
                    place: Place::variable(&name),
                    key: String::new(),
                    message: "its value is not UTF-8".to_owned(),
                    help: "set it to plain text".to_owned(),
                }),
            }
        }
        sources
    }

    pub(super) fn read(&mut self, path: &Path, may_be_absent: bool) {
        match std::fs::read_to_string(path) {
            Ok(text) => self.files.push((path.display().to_string(), text)),
            Err(error) if may_be_absent && error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.problems.push(unreadable(path.to_owned(), &error)),
        }
    }
}

fn unreadable(path: PathBuf, error: &io::Error) -> Problem {
    let help = match error.kind() {
        io::ErrorKind::NotFound => "create it, or leave --config away",
        io::ErrorKind::InvalidData => "save it as UTF-8",
        _ => "let the user that the daemon runs as read it",
    };
    Problem {
        place: Place::whole(path.display().to_string()),
        key: String::new(),
        message: format!("cannot be read: {error}"),
        help: help.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn only_the_machines_file_may_be_absent() {
        let nowhere = Path::new("/nonexistent/batchdesk.toml");
        let mut sources = Sources::default();
        sources.read(nowhere, true);
        assert!(sources.problems.is_empty() && sources.files.is_empty());
        sources.read(nowhere, false);
        assert_eq!(sources.problems.len(), 1);
        assert_eq!(sources.problems[0].help, "create it, or leave --config away");
    }

    #[test]
    fn a_file_that_is_not_text_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [0xff, 0xfe]).unwrap();
        let mut sources = Sources::default();
        sources.read(file.path(), true);
        assert_eq!(sources.problems[0].help, "save it as UTF-8");
    }
}
