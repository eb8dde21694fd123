//! Reading the settings again while the daemon runs.

use std::path::Path;

use super::problem::SettingsError;
use super::resolve::{resolve, unexpected};
use super::rules::rule;
use super::schema::{KEYS, SECRETS};
use super::sections::Settings;
use super::show::values;
use super::sources::Sources;

/// What a reload comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Reload {
    /// What is to hold from now on: new values where a key can change while running, else the old ones.
    pub settings: Settings,
    /// Keys whose new value is in `settings`, in the order of the built-in file.
    pub changed: Vec<String>,
    /// Keys whose new value waits for a restart.
    pub needs_restart: Vec<String>,
}

/// Reads all sources again and tells what of them holds without a restart. Changes nothing by itself.
///
/// # Errors
/// Every mistake of every source; `current` then goes on to hold as a whole.
pub fn reload(current: &Settings, file: Option<&Path>) -> Result<Reload, SettingsError> {
    compare(current, &resolve(Sources::of_process(file))?.settings)
}

fn compare(current: &Settings, authored: &Settings) -> Result<Reload, SettingsError> {
    // By path and not by field, so that the table of rules alone decides what changes.
    let mut settings = serde_json::to_value(current).unwrap_or_default();
    let (mut changed, mut needs_restart) = (Vec::new(), Vec::new());
    let (old, new) = (values(current), values(authored));
    for key in KEYS.iter() {
        let path = key.path.as_str();
        let (Some(before), Some(after)) = (old.get(path), new.get(path)) else {
            continue;
        };
        if before == after {
            continue;
        }
        if !rule(path).is_some_and(|rule| rule.live) {
            needs_restart.push(path.to_owned());
        } else if let Some(place) = settings.pointer_mut(&format!("/{}", path.replace('.', "/"))) {
            place.clone_from(after);
            changed.push(path.to_owned());
        }
    }
    let mut settings: Settings = serde_json::from_value(settings).map_err(unexpected)?;
    if current.secrets != authored.secrets {
        settings.secrets.clone_from(&authored.secrets);
        changed.push(SECRETS.to_owned());
    }
    Ok(Reload {
        settings,
        changed,
        needs_restart,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn only_what_can_change_changes() {
        let current = Settings::from_text("[engine]\nwindow = 5\n").unwrap();
        let authored = Settings::from_text(
            "data_dir = '/elsewhere'\n[http]\nlisten = '127.0.0.1:9'\n[engine]\nwindow = 6\n[retry]\nfactor = 3\n\
             [log]\nlevel = 'debug'\nformat = 'json'\n[secrets.a]\nfrom = 'env:A'\nhosts = ['a.example']\n",
        )
        .unwrap();
        let reload = compare(&current, &authored).unwrap();
        assert_eq!(
            reload.changed,
            ["engine.window", "retry.factor", "log.level", "secrets"]
        );
        assert_eq!(
            reload.needs_restart,
            ["data_dir", "http.listen", "database.url", "log.format"]
        );
        let mut expected = current;
        expected.secrets.clone_from(&authored.secrets);
        expected.engine.window = 6;
        expected.retry.factor = 3.0;
        expected.log.level = "debug".into();
        assert_eq!(reload.settings, expected);
    }

    #[test]
    fn every_live_key_can_be_carried_over() {
        let current = Settings::from_text("").unwrap();
        let authored = Settings::from_text(
            "[webhooks]\ntimeout_ms = 900\nretry_waits = ['1s']\ndisable_after_hours = 9\nkeep_days = 9\n\
             [http]\nmax_event_streams = 9\nmax_event_streams_per_user = 9\ntrusted_proxies = ['127.0.0.1/32']\nforwarded_header = 'forwarded'\n\
             cors_origins = ['https://a.example']\nrequests_per_minute = 9\n\
             [network]\nallow_cidrs = ['10.0.0.0/8']\nallow_ports = ['443']\nnameservers = ['10.0.0.2:53']\n[scrape]\nmax_pages = 1\nrespect_robots = false\n\
             host_concurrency = 9\nhost_delay_ms = 9\ntimeout_ms = 900\nconnect_timeout_ms = 900\n\
             max_body_bytes = 9000\nmax_redirects = 9\nuser_agent = 'a/1'\ncontact = 'b'\nregion = 'NZ'\n\
             [engine]\nwindow = 9\nmax_in_flight = 9\n[retry]\nmax_retries = 9\nbase_ms = 9\nfactor = 9\njitter = 0.9\n\
             max_ms = 9\n[workflows]\ndispatcher_url = 'https://a.example'\n\
             [receivers]\nbase_url = 'https://b.example'\n[registration]\nmax_restaurants = 9\nfailure_threshold = 0.9\n\
             on_threshold = 'fail'\nmax_parallel = 9\nplatform_url = 'https://c.example'\n\
             companies_office_url = 'https://d.example'\n[log]\nlevel = 'warn'\n[retention]\ndays = 9\n",
        )
        .unwrap();
        let reload = compare(&current, &authored).unwrap();
        let live: Vec<&str> = super::super::rules::RULES
            .iter()
            .filter(|rule| rule.live)
            .map(|rule| rule.key)
            .collect();
        assert_eq!(reload.changed, live);
        assert_eq!(reload.needs_restart, Vec::<String>::new());
        assert_eq!(reload.settings, authored);
    }

    #[test]
    fn a_bad_file_changes_nothing_and_tells_all() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[engine]\nwindow = 0\n[retry]\njitter = 2\n").unwrap();
        let current = Settings::from_text("").unwrap();
        let error = reload(&current, Some(file.path())).unwrap_err();
        assert_eq!(error.problems.len(), 2, "{error}");
    }
}
