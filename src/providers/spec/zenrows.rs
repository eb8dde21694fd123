//! The parameters of ZenRows, one row each.

use serde_json::{Map, Value};

use super::read::{Reader, kind};

/// Parameter sets that may be tried after the first.
const MOST_ESCALATIONS: usize = 4;
const BASE_URL: &str = "https://api.zenrows.com/v1/";

/// What ZenRows is asked for.
#[derive(Clone, Debug)]
pub(in crate::providers) struct ZenrowsSpec {
    pub(in crate::providers) base_url: String,
    pub(in crate::providers) params: Map<String, Value>,
    /// Parameters to add to these, one set after the other, where the page could not be had without.
    pub(in crate::providers) escalate: Vec<Map<String, Value>>,
}

enum Takes {
    Either,
    Integer(u64, u64),
    Text,
    /// Words joined by commas, or a list of them.
    Words,
    OneOf(&'static [&'static str]),
    Country,
    /// Statuses joined by commas, or a list of them.
    Statuses,
    /// A table, or its JSON as a text.
    Selectors,
    /// A list, or its JSON as a text.
    Instructions,
}

use Takes::{Country, Either, Instructions, Integer, OneOf, Selectors, Statuses, Text, Words};

struct Param {
    name: &'static str,
    takes: Takes,
    /// Another one without which ZenRows refuses it.
    needs: Option<&'static str>,
}

const fn plain(name: &'static str, takes: Takes) -> Param {
    Param {
        name,
        takes,
        needs: None,
    }
}

const fn needing(name: &'static str, takes: Takes, needs: &'static str) -> Param {
    Param {
        name,
        takes,
        needs: Some(needs),
    }
}

const PARAMS: [Param; 26] = [
    plain("mode", OneOf(&["auto"])),
    plain("js_render", Either),
    plain("premium_proxy", Either),
    needing("proxy_country", Country, "premium_proxy"),
    plain("custom_headers", Either),
    plain("session_id", Integer(1, 99_999)),
    plain("original_status", Either),
    plain("allowed_status_codes", Statuses),
    needing("wait", Integer(0, 30_000), "js_render"),
    needing("wait_for", Text, "js_render"),
    needing("block_resources", Words, "js_render"),
    needing("js_instructions", Instructions, "js_render"),
    plain("css_extractor", Selectors),
    plain("autoparse", Either),
    plain("extract", OneOf(&["auto", "native", "standard"])),
    plain("outputs", Words),
    plain("response_type", OneOf(&["markdown", "plaintext", "pdf"])),
    plain("json_response", Either),
    plain("device", OneOf(&["desktop", "mobile"])),
    needing("window_width", Integer(1, 10_000), "js_render"),
    needing("window_height", Integer(1, 10_000), "js_render"),
    needing("screenshot", Either, "js_render"),
    needing("screenshot_fullpage", Either, "js_render"),
    needing("screenshot_selector", Text, "js_render"),
    needing("screenshot_format", OneOf(&["png", "jpeg"]), "js_render"),
    needing("screenshot_quality", Integer(1, 100), "js_render"),
];

impl ZenrowsSpec {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let base_url = reader.text("base_url").unwrap_or(BASE_URL).to_owned();
        let is_address = url::Url::parse(&base_url).is_ok_and(|url| url.has_host() && url.query().is_none());
        if !is_address {
            reader.wrong(
                "base_url",
                "is no address",
                "write an address without a query, or leave it away",
            );
        }
        let params = reader.object("params").cloned().unwrap_or_default();
        check(reader, "params", &params, &params);
        let mut escalate = Vec::new();
        let sets = reader.list("escalate").map_or(&[][..], Vec::as_slice);
        if sets.len() > MOST_ESCALATIONS {
            let message = format!("has more than {MOST_ESCALATIONS} sets");
            reader.wrong("escalate", message, "each set is one more call that is paid for");
        }
        for (n, set) in sets.iter().enumerate() {
            let key = format!("escalate[{n}]");
            match set.as_object() {
                Some(set) => {
                    let mut whole = params.clone();
                    whole.extend(set.clone());
                    check(reader, &key, set, &whole);
                    escalate.push(set.clone());
                }
                None => reader.wrong(
                    &key,
                    format!("is {}, no table", kind(set)),
                    "write e.g. { js_render = true }",
                ),
            }
        }
        Self {
            base_url,
            params,
            escalate,
        }
    }
}

/// Checks the parameters of `set`, which are in force together with the rest of `whole`.
fn check(reader: &mut Reader<'_>, key: &str, set: &Map<String, Value>, whole: &Map<String, Value>) {
    for (name, value) in set {
        let full = format!("{key}.{name}");
        let Some(param) = PARAMS.iter().find(|param| param.name == name) else {
            match name.as_str() {
                "apikey" => reader.wrong(&full, "is set by `secret`", "leave it away"),
                "url" => reader.wrong(&full, "is set by `url` of the settings", "write it there"),
                _ => {
                    let near = PARAMS
                        .iter()
                        .min_by_key(|param| strsim::osa_distance(name, param.name))
                        .map_or("", |param| param.name);
                    reader.wrong(&full, "is no parameter of ZenRows", format!("did you mean `{near}`?"));
                }
            }
            continue;
        };
        if !param.takes.fits(value) {
            reader.wrong(&full, format!("is {value}"), format!("write {}", param.takes.what()));
        }
        if let Some(needed) = param.needs
            && !is_on(whole.get(needed))
            && whole.get("mode").is_none()
        {
            reader.wrong(
                &full,
                format!("needs {needed}"),
                format!("add {needed} = true, or mode = \"auto\""),
            );
        }
    }
}

fn is_on(value: Option<&Value>) -> bool {
    value.is_some_and(|value| *value == Value::Bool(true) || value == "true" || is_template(value))
}

fn is_template(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.contains("{{") || text.contains("{%"))
}

impl Takes {
    fn fits(&self, value: &Value) -> bool {
        if is_template(value) {
            return true;
        }
        let text = value.as_str();
        let joined = |fits: fn(&str) -> bool| match value {
            Value::Array(list) => !list.is_empty() && list.iter().all(|entry| fits(&param_text(entry))),
            Value::String(text) => text.split(',').all(|word| fits(word.trim())),
            other => fits(&other.to_string()),
        };
        match self {
            Either => value.is_boolean() || matches!(text, Some("true" | "false")),
            Integer(least, most) => value
                .as_u64()
                .or_else(|| text.and_then(|text| text.parse().ok()))
                .is_some_and(|number| (*least..=*most).contains(&number)),
            Text => text.is_some_and(|text| !text.is_empty()),
            Words => joined(|word| {
                !word.is_empty()
                    && word
                        .bytes()
                        .all(|b| b == b'_' || b == b'-' || b.is_ascii_alphanumeric())
            }),
            OneOf(words) => text.is_some_and(|text| words.contains(&text)),
            Country => text.is_some_and(|text| text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic())),
            Statuses => joined(|word| word.parse::<u16>().is_ok_and(|status| (100..=599).contains(&status))),
            Selectors => value.is_object() || text.is_some_and(|text| json(text).is_some_and(|json| json.is_object())),
            Instructions => value.is_array() || text.is_some_and(|text| json(text).is_some_and(|json| json.is_array())),
        }
    }

    fn what(&self) -> String {
        match self {
            Either => "true or false".to_owned(),
            Integer(least, most) => format!("{least} to {most}"),
            Text => "a text".to_owned(),
            Words => "words, joined by commas or as a list".to_owned(),
            OneOf(words) => format!("one of {}", words.join(", ")),
            Country => "two letters, e.g. \"nz\"".to_owned(),
            Statuses => "statuses, e.g. \"404,500\" or a list".to_owned(),
            Selectors => "a table of names and CSS selectors, or its JSON".to_owned(),
            Instructions => "a list of instructions, or its JSON".to_owned(),
        }
    }
}

fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// A value as a query has it: lists joined by commas, tables and lists of tables as JSON.
pub(in crate::providers) fn param_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) if list.iter().all(|entry| !entry.is_object() && !entry.is_array()) => {
            let words: Vec<String> = list.iter().map(param_text).collect();
            words.join(",")
        }
        other => other.to_string(),
    }
}
