//! What a workflow row says about its provider, read strictly: every mistake at once, before anything is called.

mod read;
mod zenrows;

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{self, HeaderName};
use serde_json::{Map, Value};

pub use read::SpecMistake;

use crate::model::workflow::Flow;
pub use crate::model::workflow::Mode;
pub(super) use zenrows::{ZenrowsSpec, param_text};

use super::path::ResultPath;
use read::Reader;

/// Who does a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProviderName {
    /// The daemon itself.
    Native,
    Zenrows,
    N8n,
    Clay,
    /// Any JSON interface, by template.
    Http,
}

impl ProviderName {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Native, Self::Zenrows, Self::N8n, Self::Clay, Self::Http];

    /// As workflow rows have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Zenrows => "zenrows",
            Self::N8n => "n8n",
            Self::Clay => "clay",
            Self::Http => "http",
        }
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No provider has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no provider '{0}'; there are native, zenrows, n8n, clay and http")]
pub struct UnknownProvider(pub String);

impl FromStr for ProviderName {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, UnknownProvider> {
        Self::ALL
            .into_iter()
            .find(|name| name.as_str() == text)
            .ok_or_else(|| UnknownProvider(text.to_owned()))
    }
}

/// How a provider is called, as a workflow row says.
#[derive(Clone, Debug)]
pub struct ProviderSpec {
    pub(super) provider: ProviderName,
    pub(super) mode: Mode,
    pub(super) request: RequestSpec,
    /// What of the answer is the data; none: all of it.
    pub(super) result: Option<ResultPath>,
    pub(super) zenrows: Option<ZenrowsSpec>,
    /// The secret that the provider itself asks for.
    pub(super) secret: Option<String>,
    pub(super) success: Vec<RangeInclusive<u16>>,
    pub(super) timeout: Duration,
    pub(super) concurrency: Option<usize>,
    pub(super) rate: Option<f64>,
    pub(super) max_body_bytes: usize,
}

/// The templates of a request.
#[derive(Clone, Debug)]
pub(super) struct RequestSpec {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) query: Map<String, Value>,
    pub(super) body: Option<Value>,
}

/// What the templates of a provider that fetches pages ask for where the row does not say.
const PAGE_OF_ITEM: &str = "{{ url if url is defined else 'https://' ~ company.domain }}";
/// ZenRows works on a request for as long as this; hanging up before frees nothing there.
const ZENROWS_LEAST_TIMEOUT_MS: u64 = 180_000;
const MIB: u64 = 1 << 20;

/// Headers that are the connection's own.
const OWN_HEADERS: [HeaderName; 8] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::EXPECT,
    header::TE,
    header::ACCEPT_ENCODING,
];

impl ProviderSpec {
    /// Reads the `settings` of a workflow row.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn parse(provider: ProviderName, mode: Mode, settings: &Map<String, Value>) -> Result<Self, Vec<SpecMistake>> {
        let mut reader = Reader::new(settings, provider, &Flow::KEYS);
        let spec = Self::read(provider, mode, &mut reader);
        match reader.finish() {
            mistakes if mistakes.is_empty() => Ok(spec),
            mistakes => Err(mistakes),
        }
    }

    fn read(provider: ProviderName, mode: Mode, reader: &mut Reader<'_>) -> Self {
        let mut spec = Self {
            provider,
            mode,
            request: RequestSpec {
                method: Method::GET,
                url: String::new(),
                headers: Vec::new(),
                query: Map::new(),
                body: None,
            },
            result: None,
            zenrows: None,
            secret: None,
            success: vec![200..=299],
            timeout: Duration::from_secs(60),
            concurrency: None,
            rate: None,
            max_body_bytes: 2 << 20,
        };
        if provider == ProviderName::Native {
            return spec;
        }
        spec.check_mode(reader);
        spec.read_request(reader);
        spec.read_limits(reader);
        match provider {
            ProviderName::Zenrows => {
                spec.secret = Some(reader.secret("secret").unwrap_or_else(|| "ZENROWS_API_KEY".to_owned()));
                spec.zenrows = Some(ZenrowsSpec::read(reader));
            }
            ProviderName::Clay => spec.secret = reader.secret("secret"),
            _ => {
                spec.result = reader.path("result");
                spec.success = reader.statuses("success_status").unwrap_or(spec.success);
            }
        }
        spec
    }

    fn check_mode(&self, reader: &mut Reader<'_>) {
        match (self.provider, self.mode) {
            (ProviderName::Clay, Mode::Sync) => reader.wrong(
                "mode",
                "is sync, but Clay answers only by calling back",
                "set mode = \"async\" and let an HTTP API column of the table call callback_url",
            ),
            (ProviderName::Zenrows, Mode::Async) => {
                reader.wrong("mode", "is async, but ZenRows answers at once", "set mode = \"sync\"");
            }
            _ => {}
        }
    }

    fn read_request(&mut self, reader: &mut Reader<'_>) {
        let url = reader.template("url");
        self.request.url = match (url, self.provider) {
            (Some(url), _) => url,
            (None, ProviderName::Zenrows) => PAGE_OF_ITEM.to_owned(),
            (None, _) => {
                reader.missing(
                    "url",
                    "write the address to call, e.g. url = \"https://api.example.com/v1/search\"",
                );
                String::new()
            }
        };
        self.request.headers = reader.headers("headers", &OWN_HEADERS);
        self.request.body = reader.any("body").cloned();
        let methods: &[&str] = match self.provider {
            ProviderName::Zenrows => &["GET", "POST", "PUT"],
            ProviderName::Clay => &["POST"],
            _ => &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"],
        };
        let usual = match self.provider {
            ProviderName::N8n | ProviderName::Clay => "POST",
            ProviderName::Http if self.request.body.is_some() => "POST",
            _ => "GET",
        };
        let method = reader.one_of("method", methods).unwrap_or(usual);
        self.request.method = Method::from_bytes(method.as_bytes()).unwrap_or(Method::GET);
        if !matches!(self.provider, ProviderName::Zenrows | ProviderName::Clay) {
            self.request.query = reader.object("query").cloned().unwrap_or_default();
        }
        if let Some(body) = &self.request.body
            && self.provider == ProviderName::Clay
            && !body.is_object()
            && !body.as_str().is_some_and(|text| text.contains("{{"))
        {
            reader.wrong(
                "body",
                "is no object, but Clay makes the columns of a row of the names in one",
                "write e.g. body = { domain = \"{{ company.domain }}\", callback_url = \"{{ callback_url }}\" }",
            );
        }
    }

    fn read_limits(&mut self, reader: &mut Reader<'_>) {
        let (least, usual, largest) = match self.provider {
            ProviderName::Zenrows => (ZENROWS_LEAST_TIMEOUT_MS, ZENROWS_LEAST_TIMEOUT_MS, 20 * MIB),
            ProviderName::N8n => (100, 120_000, 16 * MIB),
            ProviderName::Clay => (100, 30_000, MIB),
            _ => (100, 60_000, 16 * MIB),
        };
        let timeout = reader.integer("timeout_ms", least..=900_000).unwrap_or(usual);
        self.timeout = Duration::from_millis(timeout);
        self.concurrency = reader
            .integer("concurrency", 1..=1_000)
            .and_then(|number| usize::try_from(number).ok());
        self.rate = reader.number("rate_per_second", 0.001..=10_000.0);
        let body = reader.integer("max_body_bytes", 1_024..=largest);
        let usual_body = if self.provider == ProviderName::Zenrows {
            5 * MIB
        } else {
            2 * MIB
        };
        let usual_body = usual_body.min(largest);
        self.max_body_bytes = usize::try_from(body.unwrap_or(usual_body)).unwrap_or(usize::MAX);
    }

    /// Who is called.
    #[must_use]
    pub fn provider(&self) -> ProviderName {
        self.provider
    }

    /// How it answers.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// How long a call may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The address that is called, where no template has a say in its host: the text up to the first one.
    pub(super) fn fixed_address(&self) -> Option<url::Url> {
        let address = match &self.zenrows {
            Some(zenrows) => zenrows.base_url.as_str(),
            None => self.request.url.as_str(),
        };
        let fixed = address.split("{").next().unwrap_or_default();
        let (_, rest) = fixed.split_once("://")?;
        let ends = fixed.len() == address.len() || rest.contains(['/', '?', '#']);
        url::Url::parse(fixed).ok().filter(|url| ends && url.has_host())
    }
}

#[cfg(test)]
mod tests;
