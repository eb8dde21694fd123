//! The parameters of a request, checked as the service checks them.

use serde_json::{Map, Value};
use url::Url;

use super::codes::Code;

/// Longest `wait`, in milliseconds.
const LONGEST_WAIT: u64 = 30_000;
const FLAGS: [&str; 7] = [
    "js_render",
    "premium_proxy",
    "custom_headers",
    "autoparse",
    "json_response",
    "original_status",
    "screenshot",
];

/// Why a request was refused.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) code: Code,
    pub(super) detail: String,
}

impl Refusal {
    pub(super) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

/// The form that the answer is asked for in.
#[derive(Debug, Clone)]
pub(super) enum Form {
    Html,
    Extracted(Map<String, Value>),
    Parsed,
    Json,
    Outputs(Vec<String>),
    Markdown,
    Plain,
    Pdf,
}

/// A request that could be understood.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) url: Url,
    pub(super) host: String,
    pub(super) auto: bool,
    pub(super) js_render: bool,
    pub(super) premium_proxy: bool,
    pub(super) extract: bool,
    pub(super) original_status: bool,
    pub(super) allowed_statuses: Vec<u16>,
    pub(super) form: Form,
}

/// All pairs of a query, as they came.
pub(super) fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

pub(super) fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
        .filter(|value| !value.is_empty())
}

/// Reads all but the key.
pub(super) fn read(pairs: &[(String, String)]) -> Result<Asked, Refusal> {
    let bad = |detail: String| Refusal::new(Code::Reqs004, detail);
    let get = |name| find(pairs, name);
    let given = get("url").ok_or_else(|| bad("url is required.".to_owned()))?;
    let url = Url::parse(given).map_err(|error| bad(format!("url is invalid: {error}.")))?;
    let host = match (url.scheme(), url.host_str()) {
        ("http" | "https", Some(host)) => host.to_owned(),
        _ => return Err(bad("url must begin with http:// or https://.".to_owned())),
    };
    for name in FLAGS {
        if !matches!(get(name), None | Some("true" | "false")) {
            return Err(bad(format!("{name} must be true or false.")));
        }
    }
    let flag = |name| get(name) == Some("true");
    let auto = match get("mode") {
        None => false,
        Some("auto") => true,
        Some(mode) => return Err(bad(format!("mode {mode} is not known."))),
    };
    if get("proxy_country").is_some() && !flag("premium_proxy") && !auto {
        return Err(bad("proxy_country requires premium_proxy.".to_owned()));
    }
    for name in ["wait", "wait_for", "js_instructions"] {
        if get(name).is_some() && !flag("js_render") && !auto {
            return Err(bad(format!("{name} requires js_render.")));
        }
    }
    if let Some(wait) = get("wait")
        && !wait.parse().is_ok_and(|ms: u64| ms <= LONGEST_WAIT)
    {
        return Err(bad(format!("wait must be milliseconds, at most {LONGEST_WAIT}.")));
    }
    let extract = match get("extract") {
        None => false,
        Some("auto" | "native" | "standard") => true,
        Some(other) => return Err(bad(format!("extract {other} is not known."))),
    };
    let allowed_statuses = get("allowed_status_codes")
        .unwrap_or_default()
        .split(',')
        .filter(|code| !code.is_empty())
        .map(|code| code.trim().parse())
        .collect::<Result<_, _>>()
        .map_err(|_| bad("allowed_status_codes must be statuses with commas between.".to_owned()))?;
    Ok(Asked {
        host,
        auto,
        js_render: flag("js_render"),
        premium_proxy: flag("premium_proxy"),
        extract,
        original_status: flag("original_status"),
        allowed_statuses,
        form: form(pairs, extract)?,
        url,
    })
}

fn form(pairs: &[(String, String)], extract: bool) -> Result<Form, Refusal> {
    let get = |name| find(pairs, name);
    if let Some(selectors) = get("css_extractor") {
        return match serde_json::from_str(selectors) {
            Ok(Value::Object(selectors)) => Ok(Form::Extracted(selectors)),
            _ => Err(Refusal::new(
                Code::Resp004,
                "css_extractor must be a JSON object of names and selectors.",
            )),
        };
    }
    if get("autoparse") == Some("true") || extract {
        return Ok(Form::Parsed);
    }
    if get("json_response") == Some("true") {
        return Ok(Form::Json);
    }
    if let Some(outputs) = get("outputs") {
        return Ok(Form::Outputs(
            outputs.split(',').map(|name| name.trim().to_owned()).collect(),
        ));
    }
    match get("response_type") {
        None => Ok(Form::Html),
        Some("markdown") => Ok(Form::Markdown),
        Some("plaintext") => Ok(Form::Plain),
        Some("pdf") => Ok(Form::Pdf),
        Some(other) => Err(Refusal::new(
            Code::Reqs004,
            format!("response_type {other} is not known."),
        )),
    }
}
