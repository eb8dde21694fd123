//! One question to the register, by the `http` provider.

use serde_json::{Map, Value, json};

use super::super::{RegistrationContext, RegistrationStop};
use crate::model::registration::company::{CompanyDetails, CompanyFound, list};
use crate::model::registration::nzbn::Nzbn;
use crate::model::step::StepFailure;
use crate::model::workflow::Mode;
use crate::providers::{Answered, Call, ProviderName, ProviderSpec};

/// The step's setting that keeps the home addresses of directors and shareholders.
pub(in super::super) const KEEP_HOMES: &str = "keep_home_addresses";
/// Where the register is unless the step says otherwise.
const BASE: &str = "{{ companies_office.url }}";
/// The most that the register gives at once.
const PAGE_SIZE: u32 = 50;

/// The settings of a step as the `http` provider takes them, for something under the register's address.
pub(in super::super) fn request_settings(settings: &Map<String, Value>, path: &str) -> Map<String, Value> {
    let mut request = settings.clone();
    request.remove(KEEP_HOMES);
    let base = settings.get("url").and_then(Value::as_str).unwrap_or(BASE);
    let address = format!("{}/{path}", base.trim_end_matches('/'));
    // What is no text is told as such by whoever reads the request.
    if settings.get("url").is_none_or(Value::is_string) {
        request.insert("url".to_owned(), address.into());
    }
    request
}

/// The register, as a step asks it.
pub(super) struct Register<'a> {
    context: &'a RegistrationContext,
    keep_homes: bool,
}

impl<'a> Register<'a> {
    pub(super) fn of(context: &'a RegistrationContext) -> Self {
        Self {
            context,
            keep_homes: context.settings.get(KEEP_HOMES) == Some(&Value::Bool(true)),
        }
    }

    /// The companies that the register finds by the term, in its order.
    pub(super) async fn search(&self, term: &str) -> Result<Vec<CompanyFound>, RegistrationStop> {
        let mut request = request_settings(&self.context.settings, "entities");
        let mut query = Map::from_iter([("page-size".to_owned(), json!(PAGE_SIZE))]);
        if let Some(Value::Object(more)) = request.remove("query") {
            query.extend(more);
        }
        // By its name, so that nothing in it is taken for a template.
        query.insert("search-term".to_owned(), json!("{{ search.term }}"));
        request.insert("query".to_owned(), query.into());
        let mut facts = self.context.facts.as_object().cloned().unwrap_or_default();
        facts.insert("search".to_owned(), json!({ "term": term }));
        let Some(answer) = self.ask(&request, &Value::Object(facts)).await? else {
            return Ok(Vec::new());
        };
        if !answer.is_array() && !answer["items"].is_array() {
            return Err(StepFailure::passing("the register answered a search with no list of companies").into());
        }
        let items = list(&answer, &[]).iter();
        Ok(items
            .filter_map(|item| CompanyFound::read(item, self.keep_homes))
            .collect())
    }

    /// What the register has of the company; `None` where it has none of that number.
    pub(super) async fn details(&self, nzbn: &Nzbn) -> Result<Option<CompanyDetails>, RegistrationStop> {
        let mut request = request_settings(&self.context.settings, &format!("entities/{nzbn}"));
        request.remove("query");
        let Some(document) = self.ask(&request, &self.context.facts).await? else {
            return Ok(None);
        };
        match CompanyDetails::read(&document, self.keep_homes) {
            Some(details) => Ok(Some(details)),
            None => Err(StepFailure::passing(format!("what the register has of {nzbn} names no company")).into()),
        }
    }

    /// The answer; `None` where there is no such thing.
    async fn ask(&self, request: &Map<String, Value>, facts: &Value) -> Result<Option<Value>, RegistrationStop> {
        let context = self.context;
        let spec = ProviderSpec::parse(ProviderName::Http, Mode::Sync, request).map_err(|mistakes| {
            let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            RegistrationStop::Refused(format!("'{}' cannot be called: {}", context.slug, told.join("; ")))
        })?;
        let call = Call {
            workflow_slug: &context.slug,
            organisation: &context.organisation,
            step_run_id: context.key,
            attempt: context.attempt,
            context: facts,
            callback_url: None,
            on_place: None,
        };
        // The call has time limits of its own; until then nothing is stuck.
        let waiting = context.progress.writing();
        let report = context.providers.call(&spec, call).await;
        drop(waiting);
        match report.outcome {
            Ok(Answered::Data(answer)) => Ok(Some(answer)),
            Ok(Answered::Accepted) => Ok(None),
            Err(_) if matches!(report.status, Some(404 | 410)) => Ok(None),
            Err(failure) => {
                let read_nothing = report.status.is_some_and(|status| (200..300).contains(&status));
                Err(match RegistrationStop::from(failure) {
                    // Only asked for, so nothing can have been done; a page where JSON should be is soon gone.
                    RegistrationStop::Failed { failure, .. } => StepFailure {
                        retryable: failure.retryable || read_nothing,
                        ..failure
                    }
                    .into(),
                    other => other,
                })
            }
        }
    }
}
