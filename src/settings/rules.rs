//! What each key may hold and whether it can change while the daemon runs: one row a key.
//!
//! Types and defaults come from `config/default.toml`; a test holds its comments to this table.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use ipnet::IpNet;
use serde_json::Value;
use tracing_subscriber::EnvFilter;

use super::ports::Ports;
use super::wait::Wait;

/// What a value of the right type may be.
pub(super) enum Allowed {
    AnyText,
    Either,
    Integer(RangeInclusive<i64>),
    Float(RangeInclusive<f64>),
    OneOf(&'static [&'static str]),
    Address,
    Addresses,
    Networks,
    PortRanges,
    Tables,
    DatabaseUrl,
    WorkspaceUrl,
    PublicUrl,
    HeaderValue,
    Region,
    Directives,
    Waits,
    WebUrl,
    Origins,
    SecretReference,
    Claims,
}

/// One key.
pub(super) struct Rule {
    pub(super) key: &'static str,
    pub(super) allowed: Allowed,
    /// Whether a reload applies a new value to what is running.
    pub(super) live: bool,
}

const fn fixed(key: &'static str, allowed: Allowed) -> Rule {
    Rule {
        key,
        allowed,
        live: false,
    }
}

const fn live(key: &'static str, allowed: Allowed) -> Rule {
    Rule {
        key,
        allowed,
        live: true,
    }
}

use Allowed::{
    Address, Addresses, AnyText, Claims, DatabaseUrl, Directives, Either, Float, HeaderValue, Integer, Networks, OneOf,
    Origins, PortRanges, PublicUrl, Region, SecretReference, Tables, Waits, WebUrl, WorkspaceUrl,
};

const ROLES: &[&str] = &["viewer", "member", "admin", "operator"];

pub(super) const RULES: &[Rule] = &[
    fixed("data_dir", AnyText),
    fixed("http.listen", Address),
    fixed("http.workers", Integer(1..=64)),
    fixed("http.max_upload_bytes", Integer(1024..=17_179_869_184)),
    fixed("http.max_body_bytes", Integer(1024..=67_108_864)),
    fixed("http.command_timeout_ms", Integer(100..=300_000)),
    fixed("http.request_timeout_ms", Integer(1_000..=3_600_000)),
    live("http.max_event_streams", Integer(1..=100_000)),
    live("http.max_event_streams_per_user", Integer(1..=100_000)),
    fixed("http.public_url", WebUrl),
    live("http.trusted_proxies", Networks),
    live("http.forwarded_header", OneOf(&["x-forwarded-for", "forwarded"])),
    live("http.cors_origins", Origins),
    live("http.requests_per_minute", Integer(0..=10_000_000)),
    fixed("database.url", DatabaseUrl),
    fixed("database.readers", Integer(1..=64)),
    fixed("workspace.url", WorkspaceUrl),
    live("network.allow_cidrs", Networks),
    live("network.allow_ports", PortRanges),
    live("network.nameservers", Addresses),
    live("scrape.max_pages", Integer(0..=50)),
    live("scrape.respect_robots", Either),
    live("scrape.host_concurrency", Integer(1..=256)),
    live("scrape.host_delay_ms", Integer(0..=600_000)),
    live("scrape.timeout_ms", Integer(100..=600_000)),
    live("scrape.connect_timeout_ms", Integer(50..=60_000)),
    live("scrape.max_body_bytes", Integer(1024..=67_108_864)),
    live("scrape.max_redirects", Integer(0..=20)),
    live("scrape.user_agent", HeaderValue),
    live("scrape.contact", HeaderValue),
    live("scrape.region", Region),
    live("engine.window", Integer(1..=10_000)),
    live("engine.max_in_flight", Integer(1..=100_000)),
    fixed("engine.max_bytes_in_flight", Integer(1_048_576..=68_719_476_736)),
    fixed("engine.drain_timeout_ms", Integer(0..=600_000)),
    fixed("engine.restart_budget", Integer(0..=1000)),
    fixed("engine.restart_window_ms", Integer(1000..=3_600_000)),
    fixed("engine.restart_base_ms", Integer(1..=60_000)),
    fixed("engine.stuck_after_ms", Integer(100..=86_400_000)),
    fixed("storage.group_max", Integer(1..=10_000)),
    fixed("storage.group_bytes", Integer(4096..=1_073_741_824)),
    fixed("storage.queue_max", Integer(1..=1_000_000)),
    fixed("storage.synchronous", OneOf(&["full", "normal"])),
    fixed("storage.allowed_tables", Tables),
    fixed("storage.hq_url", PublicUrl),
    live("retry.max_retries", Integer(0..=100)),
    live("retry.base_ms", Integer(0..=3_600_000)),
    live("retry.factor", Float(1.0..=10.0)),
    live("retry.jitter", Float(0.0..=1.0)),
    live("retry.max_ms", Integer(0..=86_400_000)),
    fixed("imports.max_rows", Integer(1..=100_000_000)),
    fixed("imports.max_row_bytes", Integer(1024..=67_108_864)),
    fixed("imports.max_columns", Integer(1..=10_000)),
    fixed("imports.max_unpacked_bytes", Integer(1_048_576..=107_374_182_400)),
    // The writer takes at most this many rows in one command, so that an import never holds back transitions for long.
    fixed("imports.chunk_rows", Integer(1..=1000)),
    fixed("workflows.dir", AnyText),
    live("workflows.dispatcher_url", PublicUrl),
    live("receivers.base_url", PublicUrl),
    fixed("receivers.max_body_bytes", Integer(1024..=67_108_864)),
    live("webhooks.timeout_ms", Integer(100..=60_000)),
    live("webhooks.retry_waits", Waits),
    live("webhooks.disable_after_hours", Integer(0..=8_760)),
    live("webhooks.keep_days", Integer(1..=3_650)),
    live("registration.max_restaurants", Integer(1..=1_000)),
    live("registration.failure_threshold", Float(0.0..=1.0)),
    live("registration.on_threshold", OneOf(&["pause", "fail"])),
    live("registration.max_parallel", Integer(1..=1_000)),
    live("registration.platform_url", PublicUrl),
    live("registration.companies_office_url", PublicUrl),
    live("log.level", Directives),
    fixed("log.format", OneOf(&["auto", "text", "json", "journald"])),
    fixed("auth.share_jobs", Either),
    fixed("auth.token_cache_ms", Integer(0..=60_000)),
    // Less than some minutes would end sessions whose last use has not been written down yet.
    fixed("auth.session_idle_ms", Integer(300_000..=2_592_000_000)),
    fixed("auth.session_max_ms", Integer(300_000..=7_776_000_000)),
    fixed("auth.link_ms", Integer(60_000..=2_592_000_000)),
    fixed("auth.link_webhook_url", WebUrl),
    fixed("auth.link_webhook_secret", SecretReference),
    fixed("auth.password_hashes", Integer(1..=64)),
    fixed("jwt.issuer", AnyText),
    fixed("jwt.audience", AnyText),
    fixed("jwt.secret", SecretReference),
    fixed("jwt.jwks_url", WebUrl),
    fixed("jwt.leeway_ms", Integer(0..=600_000)),
    fixed("jwt.organisation_claims", Claims),
    fixed("jwt.role_claims", Claims),
    fixed("jwt.default_role", OneOf(ROLES)),
    fixed("jwt.max_role", OneOf(ROLES)),
    live("retention.days", Integer(0..=36_500)),
];

/// The row of `key`.
pub(super) fn rule(key: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.key == key)
}

impl Rule {
    /// Whether the value may carry a password and is not to be printed.
    pub(super) fn is_url(&self) -> bool {
        matches!(self.allowed, DatabaseUrl | WorkspaceUrl | PublicUrl)
    }

    /// Checks a value of the right type. The error says what is wrong with it, as the rest of "`key` …".
    pub(super) fn verdict(&self, value: &Value) -> Result<(), String> {
        let text = value.as_str().unwrap_or_default();
        match &self.allowed {
            AnyText | Either => Ok(()),
            Integer(range) => match value.as_i64() {
                Some(number) if range.contains(&number) => Ok(()),
                _ => Err(format!("is {value}, out of range")),
            },
            Float(range) => match value.as_f64() {
                Some(number) if range.contains(&number) => Ok(()),
                Some(number) => Err(format!("is {number}, out of range")),
                None => Err("is not a finite number".to_owned()),
            },
            OneOf(words) if words.contains(&text) => Ok(()),
            OneOf(_) => Err(format!("is {value}")),
            Address => text
                .parse::<SocketAddr>()
                .map(drop)
                .map_err(|_| format!("is {value}, not an address")),
            Addresses => every(value, address),
            Networks => every(value, network),
            PortRanges => every(value, |text| {
                text.parse::<Ports>().map(drop).map_err(|error| error.to_string())
            }),
            Tables => every(value, table),
            DatabaseUrl => database_url(text),
            WorkspaceUrl if text.is_empty() || text.starts_with("https://") || text.starts_with("http://") => Ok(()),
            WorkspaceUrl => database_url(text),
            PublicUrl => public_url(text),
            HeaderValue if text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) => Ok(()),
            HeaderValue => Err("holds a character that no header may hold".to_owned()),
            Region if text.is_empty() || (text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())) => Ok(()),
            Region => Err(format!("is {value}")),
            Directives => directives(text),
            Waits => waits(value),
            WebUrl if text.is_empty() || origin(text.trim_end_matches('/')).is_ok() => Ok(()),
            WebUrl => web_url(text),
            Origins => every(value, origin),
            SecretReference if text.is_empty() => Ok(()),
            // What was written may be the secret itself.
            SecretReference => match super::secrets::field_mistake("from", value) {
                None => Ok(()),
                Some(mistake) => Err(mistake.message),
            },
            Claims => every(value, claim),
        }
    }
}

/// The end of "it may hold …" and of "Allowed: …".
impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AnyText => f.write_str("any text"),
            Either => f.write_str("true or false"),
            Integer(range) => write!(f, "{}..={}", range.start(), range.end()),
            Float(range) => write!(f, "{:?}..={:?}", range.start(), range.end()),
            OneOf(words) => f.write_str(&words.join(" or ")),
            Address => f.write_str("an IP address with a port"),
            Addresses => f.write_str("IP addresses with ports such as 10.0.0.2:53"),
            Networks => f.write_str("networks such as 10.20.0.0/16"),
            PortRanges => f.write_str("ports such as 443 and 8000-8999"),
            Tables => f.write_str("names such as company_*"),
            DatabaseUrl => f.write_str("a sqlite:// or postgres:// URL"),
            PublicUrl => f.write_str("empty, or an http:// or https:// URL"),
            WorkspaceUrl => f.write_str("empty, or a sqlite://, postgres:// or https:// URL"),
            HeaderValue => f.write_str("a header value"),
            Region => f.write_str("empty, or two capital letters"),
            Directives => f.write_str("levels and target=level, separated by commas"),
            Waits => f.write_str("at most 30 waits such as 5s, 5m or 2h"),
            WebUrl => f.write_str("empty, or an http:// or https:// URL"),
            Origins => f.write_str("origins such as https://app.example.com"),
            SecretReference => f.write_str("empty, or env:NAME, file:/absolute/path or credential:NAME"),
            Claims => f.write_str("names such as app_metadata.role"),
        }
    }
}

fn every(list: &Value, check: fn(&str) -> Result<(), String>) -> Result<(), String> {
    list.as_array()
        .into_iter()
        .flatten()
        .try_for_each(|entry| check(entry.as_str().unwrap_or_default()))
}

fn network(text: &str) -> Result<(), String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Err(format!(
            "holds the single address {text}, to be written as {}",
            IpNet::from(address)
        ));
    }
    text.parse::<IpNet>()
        .map(drop)
        .map_err(|_| format!("holds {text:?}, not a network"))
}

fn address(text: &str) -> Result<(), String> {
    text.parse::<SocketAddr>()
        .map(drop)
        .map_err(|_| format!("holds {text:?}, not an IP address with a port"))
}

fn waits(list: &Value) -> Result<(), String> {
    if list.as_array().is_some_and(|list| list.len() > 30) {
        return Err("holds more than 30 waits".to_owned());
    }
    every(list, |text| {
        text.parse::<Wait>().map(drop).map_err(|error| error.to_string())
    })
}

fn web_url(text: &str) -> Result<(), String> {
    match url::Url::parse(text) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none() =>
        {
            Ok(())
        }
        _ => Err(format!("is {text:?}, no such URL")),
    }
}

/// An origin as browsers write it: scheme and host in small letters, the port unless it is the usual one, nothing else.
fn origin(text: &str) -> Result<(), String> {
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text => Ok(()),
        _ => Err(format!("holds {text:?}, not an origin as browsers write it")),
    }
}

fn claim(text: &str) -> Result<(), String> {
    if !text.is_empty() && text.split('.').all(|name| !name.is_empty()) {
        return Ok(());
    }
    Err(format!("holds {text:?}, not the name of a claim"))
}

fn table(text: &str) -> Result<(), String> {
    let name = text.strip_suffix('*').unwrap_or(text);
    let plain = name
        .bytes()
        .all(|b| b == b'_' || b.is_ascii_lowercase() || b.is_ascii_digit());
    if plain && !name.is_empty() && !name.starts_with(|first: char| first.is_ascii_digit()) {
        return Ok(());
    }
    Err(format!(
        "holds {text:?}; a table name has small letters, digits and _, and at most one * at its end"
    ))
}

fn public_url(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.query().is_none() => Ok(()),
        _ => Err("is no http:// or https:// URL without a query".to_owned()),
    }
}

fn database_url(text: &str) -> Result<(), String> {
    match text.split_once(':').map(|(scheme, _)| scheme) {
        Some("postgres" | "postgresql") => Ok(()),
        // Writer and readers are separate connections; each would get an empty database of its own.
        Some("sqlite") if text.contains(":memory:") || text.contains("mode=memory") => {
            Err("is a database in memory, which only one connection sees".to_owned())
        }
        Some("sqlite") => Ok(()),
        _ => Err("is not a URL of a known database".to_owned()),
    }
}

fn directives(text: &str) -> Result<(), String> {
    const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];
    EnvFilter::builder()
        .parse(text)
        .map_err(|error| format!("is {text:?}: {error}"))?;
    // A word that is no level is taken for a target and silences everything else.
    for word in text
        .split(',')
        .map(str::trim)
        .filter(|word| !word.contains(['=', '[', ':']))
    {
        let lower = word.to_ascii_lowercase();
        if LEVELS.contains(&lower.as_str()) {
            continue;
        }
        let near = LEVELS.iter().find(|level| strsim::osa_distance(&lower, level) == 1);
        return Err(match near {
            Some(level) => format!("holds {word:?}; did you mean {level:?}?"),
            None => format!("holds {word:?}, which is no level; levels are {}", LEVELS.join(", ")),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::json;

    use super::*;

    fn verdict(key: &str, value: Value) -> Result<(), String> {
        rule(key).expect("a rule").verdict(&value)
    }

    #[test]
    fn ranges_include_their_ends() {
        for (key, good, bad) in [
            ("engine.window", json!(1), json!(0)),
            ("engine.window", json!(10_000), json!(10_001)),
            ("retry.jitter", json!(0.0), json!(-0.01)),
            ("retry.jitter", json!(1.0), json!(1.01)),
            ("retry.factor", json!(10.0), json!(10.5)),
            ("storage.group_max", json!(10_000), json!(-1)),
        ] {
            assert_eq!(verdict(key, good.clone()), Ok(()), "{key} = {good}");
            assert!(verdict(key, bad.clone()).is_err(), "{key} = {bad}");
        }
        assert!(
            verdict("retry.factor", Value::Null).is_err(),
            "infinity has no number in JSON"
        );
    }

    #[test]
    fn texts_are_read_by_their_rules() {
        for (key, good, bad) in [
            ("http.listen", json!("[::1]:80"), json!("localhost:8420")),
            (
                "network.allow_cidrs",
                json!(["10.0.0.0/8", "fd00::/8"]),
                json!(["10.0.0.0/8", "10.0.0.0/33"]),
            ),
            ("network.allow_ports", json!(["443", "8000-8999"]), json!(["https"])),
            ("network.allow_ports", json!([]), json!(["8999-8000"])),
            ("network.allow_ports", json!(["1-65535"]), json!(["0"])),
            (
                "network.nameservers",
                json!(["[::1]:53", "10.0.0.2:5353"]),
                json!(["10.0.0.2"]),
            ),
            (
                "storage.allowed_tables",
                json!(["company_*", "leads"]),
                json!(["company_*", "users; --"]),
            ),
            ("storage.allowed_tables", json!(["x*"]), json!(["*"])),
            ("database.url", json!("postgresql://u:p@h/n"), json!("mysql://u:p@h/n")),
            ("database.url", json!("sqlite:///x.db"), json!("sqlite::memory:")),
            ("workspace.url", json!(""), json!("somewhere")),
            (
                "receivers.base_url",
                json!("https://x.example/desk"),
                json!("x.example"),
            ),
            ("scrape.user_agent", json!("a/1 (b)"), json!("a\r\nCookie: b")),
            ("scrape.region", json!("NZ"), json!("nz")),
            ("webhooks.retry_waits", json!(["5s", "24h"]), json!(["5s", "a day"])),
            ("webhooks.retry_waits", json!([]), json!(vec!["1s"; 31])),
            ("http.public_url", json!("https://desk.example/"), json!("desk.example")),
            (
                "http.cors_origins",
                json!(["https://app.example.com", "http://localhost:3000"]),
                json!(["https://app.example.com/"]),
            ),
            ("http.cors_origins", json!([]), json!(["*"])),
            ("jwt.secret", json!("credential:jwt"), json!("hunter2")),
            ("jwt.role_claims", json!(["app_metadata.role"]), json!(["a..b"])),
            ("jwt.max_role", json!("admin"), json!("root")),
            (
                "log.level",
                json!("info,sqlx=warn,batchdesk[job{id=1}]=trace"),
                json!("inof"),
            ),
            ("log.level", json!("WARN"), json!("sqlx=loud")),
            ("log.format", json!("json"), json!("xml")),
        ] {
            assert_eq!(verdict(key, good.clone()), Ok(()), "{key} = {good}");
            assert!(verdict(key, bad.clone()).is_err(), "{key} = {bad}");
        }
    }

    #[test]
    fn a_single_address_is_answered_with_its_network() {
        assert!(
            verdict("network.allow_cidrs", json!(["10.0.0.1"]))
                .unwrap_err()
                .contains("10.0.0.1/32")
        );
    }

    #[test]
    fn what_is_wrong_with_a_database_url_does_not_tell_its_password() {
        let told = verdict("database.url", json!("mysql://u:hunter2@h/n")).unwrap_err();
        assert!(!told.contains("hunter2"), "{told}");
    }
}
