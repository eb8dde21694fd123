//! What stands behind `workspace.url` and `storage.hq_url`.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::Semaphore;
use url::Url;

use super::error::DestinationError;
use super::lane::LaneLimits;
use super::postgrest::PostgrestTarget;
use super::spec::DestinationDb;
use super::sql::SqlTarget;
use super::target::Target;
use crate::scrape::AddressGuard;
use crate::settings::{SecretSource, Settings};
use crate::store::lock::sqlite_file;

/// Most rows of one statement or request.
const GROUP_ROWS: usize = 512;
/// Gateways before a PostgREST refuse bodies that are much larger.
const REST_GROUP_BYTES: usize = 1024 * 1024;
/// Bytes that wait in a lane, as a multiple of what one transaction holds.
const QUEUED_GROUPS: usize = 2;

/// The address of a destination, with the names of the key that says it and of the secret that opens it.
struct Address<'a> {
    setting: &'static str,
    url: &'a str,
    secret: &'static str,
}

fn address(settings: &Settings, database: DestinationDb) -> Option<Address<'_>> {
    let (setting, url, secret) = match database {
        DestinationDb::Hq => ("storage.hq_url", &settings.storage.hq_url, "SUPABASE_SERVICE_ROLE_KEY"),
        DestinationDb::Workspace => ("workspace.url", &settings.workspace.url, "WORKSPACE_SERVICE_ROLE_KEY"),
    };
    (!is_hq(settings, url)).then_some(Address { setting, url, secret })
}

/// What is written to for a database, and what its lane may hold; `None` where that is the daemon's own.
///
/// # Errors
/// Where the URL cannot be used, or the key of a PostgREST cannot be read.
pub(super) fn target(
    settings: &Settings,
    database: DestinationDb,
) -> Result<Option<(Target, LaneLimits)>, DestinationError> {
    let Some(address) = address(settings, database) else {
        return Ok(None);
    };
    let url = address.url;
    let group_bytes = settings.storage.group_bytes;
    let mut limits = LaneLimits {
        queue_rows: settings.storage.queue_max,
        queue_bytes: group_bytes.saturating_mul(QUEUED_GROUPS).min(Semaphore::MAX_PERMITS),
        group_rows: settings.storage.group_max.min(GROUP_ROWS),
        group_bytes,
    };
    let target = if url.starts_with("http:") || url.starts_with("https:") {
        limits.group_bytes = group_bytes.min(REST_GROUP_BYTES);
        let guard =
            AddressGuard::of(&settings.network).map_err(|error| DestinationError::Settings(error.to_string()))?;
        let key = key(settings, &address)?;
        Target::Rest(Box::new(PostgrestTarget::new(database, url, &key, Arc::new(guard))?))
    } else {
        Target::Sql(Box::new(SqlTarget::new(database, url, settings)))
    };
    Ok(Some((target, limits)))
}

/// Two writers on one SQLite file would only wait for each other.
fn is_hq(settings: &Settings, url: &str) -> bool {
    let hq = settings.database.url.as_str();
    let file = |url: &str| sqlite_file(url).map(|file| file.canonicalize().unwrap_or(file));
    let same_file = |other: PathBuf| file(hq).is_some_and(|hq| hq == other);
    url.is_empty() || url == hq || file(url).is_some_and(same_file)
}

/// The key of a PostgREST: the secret of its name, or the environment variable.
fn key(settings: &Settings, address: &Address<'_>) -> Result<SecretString, DestinationError> {
    let unusable = |what: String| DestinationError::Settings(what);
    let Address { setting, secret, .. } = address;
    let source = match settings.secrets.get(*secret) {
        Some(declared) => {
            let url = Url::parse(address.url).map_err(|error| unusable(format!("{setting}: {error}")))?;
            let host = url.host_str().unwrap_or_default();
            if !declared.may_go_to(host) {
                return Err(unusable(format!(
                    "the secret {secret} may not be sent to {host}; name that host in its `hosts`"
                )));
            }
            declared.clone()
        }
        None => SecretSource {
            from: format!("env:{secret}"),
            hosts: Vec::new(),
            organisations: Vec::new(),
        },
    };
    source.read().map_err(|error| {
        unusable(format!(
            "the PostgREST at {setting} needs its key: set {secret} in the environment, or declare [secrets.{secret}] ({error})"
        ))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_workspace_may_be_hqs_own_database_under_another_spelling() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.db");
        std::fs::write(&file, "").unwrap();
        let settings = |workspace: &str| {
            Settings::from_text(&format!(
                "[database]\nurl = \"sqlite://{}?mode=rwc\"\n[workspace]\nurl = {workspace:?}\n",
                file.display()
            ))
            .unwrap()
        };
        let inside = directory.path().display();
        let is_hq = |url: &str| address(&settings(url), DestinationDb::Workspace).is_none();
        assert!(is_hq(""));
        assert!(is_hq(&(format!("sqlite://{}", file.display()))));
        assert!(is_hq(&(format!("sqlite:{inside}/./a.db?mode=rw"))));
        assert!(!is_hq(&(format!("sqlite://{inside}/b.db"))));
        assert!(!is_hq("postgres://localhost/a"));
    }

    #[test]
    fn a_declared_key_goes_to_its_hosts_alone() {
        let settings = Settings::from_text(
            "[workspace]\nurl = \"https://abc.supabase.co\"\n[secrets.WORKSPACE_SERVICE_ROLE_KEY]\n\
             from = \"env:NOT_THERE\"\nhosts = [\"other.example\"]\n",
        )
        .unwrap();
        let address = address(&settings, DestinationDb::Workspace).unwrap();
        let error = key(&settings, &address).unwrap_err().to_string();
        assert!(error.contains("abc.supabase.co"), "{error}");
    }
}
