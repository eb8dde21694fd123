//! Before anything is sent: what is wrong with a workflow's calls, and what they would look like.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Providers, facts, render};
use crate::providers::call::{Call, CallFailure};
use crate::providers::n8n;
use crate::providers::spec::{ProviderName, ProviderSpec, SpecMistake};
use crate::providers::zenrows::Way;

impl Providers {
    /// What is wrong with the calls of a workflow: its templates, its secrets, its address. Reads small files on the
    /// calling thread, to see whether the secrets are there.
    #[must_use]
    pub fn check(&self, spec: &ProviderSpec, organisation: &str) -> Vec<SpecMistake> {
        let mut mistakes = Vec::new();
        if spec.provider == ProviderName::Native {
            return mistakes;
        }
        self.check_templates(spec, &mut mistakes);
        self.check_address(spec, &mut mistakes);
        self.check_secrets(spec, organisation, &mut mistakes);
        if spec.provider == ProviderName::N8n {
            mistakes.extend(n8n::check(spec));
        }
        mistakes
    }

    fn check_templates(&self, spec: &ProviderSpec, mistakes: &mut Vec<SpecMistake>) {
        for (key, source) in sources(spec) {
            if let Err(error) = self.templates.check_json(&source) {
                mistakes.push(SpecMistake::new(&key, format!("is no template: {error}"), "mend it"));
            }
        }
    }

    fn check_address(&self, spec: &ProviderSpec, mistakes: &mut Vec<SpecMistake>) {
        let key = if spec.zenrows.is_some() { "base_url" } else { "url" };
        let Some(address) = spec.fixed_address() else {
            let text = spec.request.url.as_str();
            if !text.contains("{{") && spec.zenrows.is_none() {
                mistakes.push(SpecMistake::new(
                    key,
                    "is no address",
                    "write one that begins with https://",
                ));
            }
            return;
        };
        if !matches!(address.scheme(), "http" | "https") {
            let message = format!("begins with {}:", address.scheme());
            mistakes.push(SpecMistake::new(
                key,
                message,
                "write an address that begins with https://",
            ));
        }
        if address.scheme() == "http" && address.domain().is_some() && !named_secrets(spec).is_empty() {
            mistakes.push(SpecMistake::warning(
                key,
                "sends a secret that everybody on the way can read",
                "write https://",
            ));
        }
        if let Err(refused) = self.transport().guard().check(&address) {
            mistakes.push(SpecMistake::new(
                key,
                format!("may not be reached: {refused}"),
                format!("ask the operator to {}", refused.remedy()),
            ));
        }
    }

    fn check_secrets(&self, spec: &ProviderSpec, organisation: &str, mistakes: &mut Vec<SpecMistake>) {
        let address = spec.fixed_address();
        let host = address.as_ref().and_then(|address| address.host_str());
        for name in named_secrets(spec) {
            let vault = &self.shared.vault;
            let source = match host {
                Some(host) => vault.entitled(&name, organisation, host),
                None => vault.source(&name, organisation),
            };
            let wrong = match source {
                Err(withheld) => Some(withheld.to_string()),
                Ok(source) => source.read().err().map(|error| format!("the secret {name}: {error}")),
            };
            if let Some(wrong) = wrong {
                mistakes.push(SpecMistake::new(
                    "secret",
                    format!("cannot be used: {wrong}"),
                    "see [secrets] of the config file",
                ));
            }
        }
    }

    /// The request that a call would send first, with `***NAME***` for each secret. Sends nothing.
    ///
    /// # Errors
    /// Why the call would send nothing.
    pub fn request_preview(&self, spec: &ProviderSpec, call: Call<'_>) -> Result<Value, CallFailure> {
        let facts = facts(&call);
        let step_run = call.step_run_id.to_string();
        let show = || {
            let draft = render(&self.templates, spec, &step_run, &facts, Way::default())?;
            let placeholders = self.templates.placeholders();
            draft.check(self.transport().guard(), placeholders)?;
            for name in draft.secrets(placeholders) {
                self.shared
                    .vault
                    .entitled(&name, call.organisation, draft.host())
                    .map_err(|withheld| CallFailure::workflow(withheld.to_string()))?;
            }
            Ok(draft.shown(placeholders))
        };
        show().map_err(|failure| self.without_secrets(failure, &call))
    }
}

/// Every template of the workflow, by key.
fn sources(spec: &ProviderSpec) -> Vec<(String, Value)> {
    let request = &spec.request;
    let mut sources = vec![("url".to_owned(), Value::from(request.url.as_str()))];
    for (name, value) in &request.headers {
        sources.push((format!("headers.{name}"), value.as_str().into()));
    }
    for (name, value) in &request.query {
        sources.push((format!("query.{name}"), value.clone()));
    }
    sources.extend(request.body.clone().map(|body| ("body".to_owned(), body)));
    if let Some(zenrows) = &spec.zenrows {
        for (name, value) in &zenrows.params {
            sources.push((format!("params.{name}"), value.clone()));
        }
        for (n, set) in zenrows.escalate.iter().enumerate() {
            sources.push((format!("escalate[{n}]"), Value::Object(set.clone())));
        }
    }
    sources
}

/// The secrets that a workflow names: its own, and those of `secret("NAME")` and `basic_auth("USER", "NAME")`.
///
/// A name that a template works out is not seen here; it is checked when the request is sent.
pub(super) fn named_secrets(spec: &ProviderSpec) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = spec.secret.iter().cloned().collect();
    for (_, source) in sources(spec) {
        secrets_named_in(&source, &mut names);
    }
    names
}

/// Adds the secrets that the texts in `source` name, at any depth.
pub fn secrets_named_in(source: &Value, names: &mut BTreeSet<String>) {
    match source {
        Value::String(text) => {
            for function in ["secret(", "basic_auth("] {
                for (at, found) in text.match_indices(function) {
                    let rest = &text[at + found.len()..];
                    let arguments = rest.split(')').next().unwrap_or_default();
                    names.extend(last_quoted(arguments));
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|entry| secrets_named_in(entry, names)),
        Value::Object(fields) => fields.values().for_each(|value| secrets_named_in(value, names)),
        _ => {}
    }
}

/// What stands in the last pair of quotes of `arguments`, where nothing follows it.
fn last_quoted(arguments: &str) -> Option<String> {
    let arguments = arguments.trim();
    let quote = arguments.chars().last().filter(|last| matches!(last, '"' | '\''))?;
    let inner = &arguments[..arguments.len() - 1];
    let start = inner.rfind(quote)?;
    Some(inner[start + 1..].to_owned())
}
