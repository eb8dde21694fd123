//! Secrets are named in the settings and kept elsewhere.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// Where one secret is kept, where it may be sent and who may use it. Never holds the secret itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretSource {
    /// `env:NAME`, `file:/absolute/path` or `credential:NAME`.
    pub from: String,
    /// Hosts that it may be sent to: exact names, or `*.example.com` for all below that name. At least one.
    pub hosts: Vec<String>,
    /// Names of the organisations that may use it; empty, or with `*`: all.
    #[serde(default)]
    pub organisations: Vec<String>,
}

/// A secret could not be read. Tells where it was looked for, never what it is.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The reference has none of the three forms.
    #[error("a secret comes from env:NAME, file:/absolute/path or credential:NAME")]
    Form,
    /// The environment does not have it.
    #[error("environment variable {0} is not set, or not text")]
    Variable(String),
    /// The service was started without credentials.
    #[error("credential {0} needs $CREDENTIALS_DIRECTORY; name it in LoadCredential= of the unit")]
    NoCredentials(String),
    /// The file cannot be read.
    #[error("cannot read {}: {cause}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// Nothing, or nothing but white space.
    #[error("the secret from {0} is empty")]
    Empty(String),
    /// No secret is that long; likely the wrong file.
    #[error("{} is longer than 64 KiB, which no secret is", .0.display())]
    TooLong(PathBuf),
}

const MAX_BYTES: u64 = 65_536;

enum Reference<'a> {
    Variable(&'a str),
    File(&'a Path),
    Credential(&'a str),
}

impl<'a> Reference<'a> {
    fn parse(from: &'a str) -> Result<Self, SecretError> {
        match from.split_once(':') {
            Some(("env", name)) if !name.is_empty() && !name.contains(['=', '\0']) => Ok(Self::Variable(name)),
            Some(("file", path)) if Path::new(path).is_absolute() => Ok(Self::File(Path::new(path))),
            // A credential is a file of one directory; anything else would lead out of it.
            Some(("credential", name)) if !name.is_empty() && !name.contains('/') && !matches!(name, "." | "..") => {
                Ok(Self::Credential(name))
            }
            _ => Err(SecretError::Form),
        }
    }
}

/// The secret whose name is also the variable that it is commonly kept in, and where it may be sent.
pub(super) const COMMON: (&str, &str) = ("ZENROWS_API_KEY", "api.zenrows.com");

impl SecretSource {
    /// A secret of all organisations in an environment variable.
    pub(super) fn of_variable(name: &str, host: &str) -> Self {
        Self {
            from: format!("env:{name}"),
            hosts: vec![host.to_owned()],
            organisations: Vec::new(),
        }
    }

    /// A secret that is sent nowhere, where one is named.
    pub(super) fn kept_at(from: &str) -> Result<Option<SecretString>, SecretError> {
        if from.is_empty() {
            return Ok(None);
        }
        let source = Self {
            from: from.to_owned(),
            hosts: Vec::new(),
            organisations: Vec::new(),
        };
        source.read().map(Some)
    }

    /// Whether it may be sent to `host`, a name or address without port.
    #[must_use]
    pub fn may_go_to(&self, host: &str) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches([']', '.']);
        self.hosts.iter().any(|allowed| match allowed.strip_prefix("*.") {
            Some(parent) => host
                .len()
                .checked_sub(parent.len() + 1)
                .is_some_and(|at| host.is_char_boundary(at) && is_below(host, at, parent)),
            None => allowed.eq_ignore_ascii_case(host),
        })
    }

    /// Whether the organisation of that name may use it.
    #[must_use]
    pub fn may_be_used_by(&self, organisation: &str) -> bool {
        self.organisations.is_empty()
            || self
                .organisations
                .iter()
                .any(|name| name == "*" || name == organisation)
    }

    /// Reads the secret. White space at its end is dropped, as editors add it.
    ///
    /// # Errors
    /// When it is not there, cannot be read, is empty or longer than 64 KiB.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        self.read_with(|name| std::env::var_os(name))
    }

    fn read_with(&self, variable: impl Fn(&str) -> Option<OsString>) -> Result<SecretString, SecretError> {
        let text = match Reference::parse(&self.from)? {
            Reference::Variable(name) => variable(name)
                .and_then(|value| value.into_string().ok())
                .ok_or_else(|| SecretError::Variable(name.to_owned()))?,
            Reference::File(path) => read_file(path)?,
            Reference::Credential(name) => {
                let directory =
                    variable("CREDENTIALS_DIRECTORY").ok_or_else(|| SecretError::NoCredentials(name.to_owned()))?;
                read_file(&Path::new(&directory).join(name))?
            }
        };
        let secret = text.trim_end();
        if secret.is_empty() {
            Err(SecretError::Empty(self.from.clone()))
        } else {
            Ok(SecretString::from(secret))
        }
    }
}

fn read_file(path: &Path) -> Result<String, SecretError> {
    let failed = |cause| SecretError::File {
        path: path.to_owned(),
        cause,
    };
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MAX_BYTES {
        Err(SecretError::TooLong(path.to_owned()))
    } else {
        Ok(text)
    }
}

/// A mistake in one key of the entry of a secret.
pub(super) struct EntryMistake {
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// The keys that an entry may have.
pub(super) const FIELDS: [&str; 3] = ["from", "hosts", "organisations"];

/// Checks the value of one key of an entry; what is wrong with it is told without the value.
pub(super) fn field_mistake(field: &'static str, value: &serde_json::Value) -> Option<EntryMistake> {
    let mistake = |message: &str, help| {
        Some(EntryMistake {
            message: message.to_owned(),
            help,
        })
    };
    if field == "from" {
        return match value.as_str().map(Reference::parse) {
            Some(Ok(_)) => None,
            _ => mistake(
                "does not say where the secret is kept",
                "write env:NAME, file:/absolute/path or credential:NAME, never the secret itself",
            ),
        };
    }
    let Some(entries) = value
        .as_array()
        .and_then(|list| list.iter().map(|e| e.as_str()).collect::<Option<Vec<_>>>())
    else {
        return mistake("is not a list of texts", "write e.g. [\"api.example.com\"]");
    };
    if field == "hosts" {
        if entries.is_empty() {
            return mistake("is empty", "name the hosts that this secret may be sent to");
        }
        if let Some(wrong) = entries.iter().find(|host| !is_host(host)) {
            let message = format!("holds {wrong:?}, not a host name");
            return mistake(
                &message,
                "write names such as api.example.com or *.example.com, without scheme and port",
            );
        }
    }
    None
}

/// Whether the rest of `host` from the dot at `at` is `.parent`.
fn is_below(host: &str, at: usize, parent: &str) -> bool {
    at > 0 && host.as_bytes()[at] == b'.' && host[at + 1..].eq_ignore_ascii_case(parent)
}

fn is_host(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    // `*.com` would hand the secret to half of the web.
    let broad = text.starts_with("*.") && !name.contains('.');
    let label = |part: &str| !part.is_empty() && part.bytes().all(|b| b == b'-' || b.is_ascii_alphanumeric());
    !broad && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use secrecy::ExposeSecret;
    use serde_json::json;

    use super::*;

    fn source(from: &str) -> SecretSource {
        SecretSource {
            from: from.into(),
            hosts: vec!["api.example.com".into()],
            organisations: vec![],
        }
    }

    fn read(from: &str, variables: &[(&str, &str)]) -> Result<String, SecretError> {
        let variable = |name: &str| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.into())
        };
        source(from)
            .read_with(variable)
            .map(|secret| secret.expose_secret().to_owned())
    }

    #[test]
    fn it_comes_from_the_environment_a_file_or_a_credential() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("zenrows");
        std::fs::write(&path, "s3cret\n").unwrap();
        let credentials = [("CREDENTIALS_DIRECTORY", directory.path().to_str().unwrap())];
        assert_eq!(read("env:KEY", &[("KEY", "v")]).unwrap(), "v");
        assert_eq!(read(&format!("file:{}", path.display()), &[]).unwrap(), "s3cret");
        assert_eq!(read("credential:zenrows", &credentials).unwrap(), "s3cret");
        assert!(matches!(
            read("credential:other", &credentials),
            Err(SecretError::File { .. })
        ));
        assert!(matches!(
            read("credential:zenrows", &[]),
            Err(SecretError::NoCredentials(_))
        ));
        assert!(matches!(read("env:KEY", &[]), Err(SecretError::Variable(_))));
        assert!(matches!(read("env:KEY", &[("KEY", "\n")]), Err(SecretError::Empty(_))));
    }

    #[test]
    fn it_goes_only_where_it_may() {
        let source = SecretSource {
            hosts: vec!["api.example.com".into(), "*.n8n.example".into()],
            organisations: vec!["Acme".into()],
            ..source("env:KEY")
        };
        for host in [
            "api.example.com",
            "API.example.com",
            "api.example.com.",
            "a.n8n.example",
            "a.b.n8n.example",
        ] {
            assert!(source.may_go_to(host), "{host}");
        }
        for host in [
            "example.com",
            "xapi.example.com",
            "n8n.example",
            ".n8n.example",
            "an8n.example",
            "é.example",
            "",
        ] {
            assert!(!source.may_go_to(host), "{host}");
        }
        assert!(source.may_be_used_by("Acme") && !source.may_be_used_by("acme"));
        let anybodys = SecretSource {
            organisations: vec!["*".into()],
            ..source
        };
        assert!(anybodys.may_be_used_by("whoever"));
    }

    #[test]
    fn a_huge_file_is_no_secret() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "x".repeat(70_000)).unwrap();
        assert!(matches!(
            read(&format!("file:{}", file.path().display()), &[]),
            Err(SecretError::TooLong(_))
        ));
    }

    #[test]
    fn references_out_of_their_place_are_refused() {
        for from in [
            "s3cret",
            "env:",
            "file:relative",
            "credential:../etc/shadow",
            "credential:..",
            "vault:x",
        ] {
            assert!(matches!(read(from, &[]), Err(SecretError::Form)), "{from}");
        }
    }

    #[test]
    fn mistakes_in_an_entry_do_not_repeat_the_secret() {
        let mistake = field_mistake("from", &json!("s3cret")).unwrap();
        assert!(!format!("{} {}", mistake.message, mistake.help).contains("s3cret"));
        assert!(field_mistake("hosts", &json!([])).is_some());
        for wrong in ["*", "*.com", "https://a.example", "a.example:443", "a..example", ""] {
            assert!(field_mistake("hosts", &json!([wrong])).is_some(), "{wrong}");
        }
        assert!(field_mistake("hosts", &json!(["a.example", "*.b.example", "127.0.0.1"])).is_none());
        assert!(field_mistake("organisations", &json!("acme")).is_some());
    }
}
