//! What is wrong with a workflow, and what it would do, before the first item is run through it.

use std::net::SocketAddr;
use std::sync::Arc;

use entity::{Id, companies};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Handlers, provided};
use crate::model::step::StepFailure;
use crate::model::workflow::{Mode, Workflow};
use crate::providers::{Answered, Call, CallFailure, ProviderSpec, Providers, SpecMistake};
use crate::steps::{StepData, StepStop};
use crate::store::destinations::{DestinationError, DestinationRow, Destinations, RowIds};

/// Something that is wrong with a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WorkflowMistake {
    /// Where it is in the workflow, as a JSON pointer (RFC 6901).
    pub pointer: String,
    pub detail: String,
    /// It works all the same, and may not do what was meant.
    pub warning: bool,
}

impl WorkflowMistake {
    fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
            warning: false,
        }
    }
}

impl From<SpecMistake> for WorkflowMistake {
    fn from(mistake: SpecMistake) -> Self {
        let pointer = match mistake.key.as_str() {
            "mode" => "/mode".to_owned(),
            key => format!("/settings/{}", key.replace('.', "/")),
        };
        Self {
            pointer,
            detail: format!("'{}' {}; {}", mistake.key, mistake.message, mistake.help),
            warning: mistake.warning,
        }
    }
}

/// What a workflow would do for one company.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct DryRun {
    /// Why the step would be skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// The request that would be sent, with `***NAME***` for each secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub request: Option<Value>,
    /// What the provider answered, or the sample that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub data: Option<Value>,
    /// What the provider says that the call has cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Column and value of the row that would be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub row: Option<Map<String, Value>>,
    /// What would fail, or be missing.
    pub errors: Vec<String>,
}

/// Which company, and with what answer.
#[derive(Clone, Debug)]
pub struct Trial {
    pub company: companies::Model,
    /// An answer to go on with in place of the provider's.
    pub sample: Option<Value>,
    /// Whether the provider may be called, which may cost something.
    pub may_call: bool,
}

/// Looks at workflows. Writes nothing.
#[derive(Clone)]
pub struct Preflight {
    pub providers: Arc<Providers>,
    pub destinations: Arc<Destinations>,
    pub handlers: Handlers,
    /// Where callbacks can come to.
    pub listens: Option<SocketAddr>,
}

impl Preflight {
    /// Everything that is wrong with the workflow for an organisation of that name.
    pub async fn check(&self, workflow: &Workflow, organisation: &str) -> Vec<WorkflowMistake> {
        let mut mistakes = self.check_flow(workflow);
        if workflow.is_native() {
            if self.handlers.get(workflow.handler()).is_none() {
                let detail = format!("there is no handler '{}'", workflow.handler());
                mistakes.push(WorkflowMistake::new("/settings/handler", detail));
            }
        } else {
            mistakes.extend(self.check_provider(workflow, organisation).await);
        }
        if let Some(destination) = &workflow.destination {
            let found = self.destinations.check(destination).await;
            mistakes.extend(found.into_iter().map(|mistake| {
                let pointer = format!("/{}", mistake.key());
                WorkflowMistake::new(pointer, mistake.to_string())
            }));
        }
        mistakes
    }

    fn check_flow(&self, workflow: &Workflow) -> Vec<WorkflowMistake> {
        let mut mistakes = Vec::new();
        if let Some(when) = &workflow.flow.when
            && let Err(error) = self.providers.templates().check_condition(when)
        {
            mistakes.push(WorkflowMistake::new("/settings/when", error.to_string()));
        }
        if workflow.flow.depends_on.contains(&workflow.slug) {
            let detail = "the workflow depends on itself, so it would always be skipped";
            mistakes.push(WorkflowMistake::new("/settings/depends_on", detail));
        }
        if workflow.mode == Mode::Async && self.listens.is_none() {
            mistakes.push(WorkflowMistake::new("/mode", "nobody can call back to this process"));
        }
        mistakes
    }

    async fn check_provider(&self, workflow: &Workflow, organisation: &str) -> Vec<WorkflowMistake> {
        let provider = match workflow.provider.parse() {
            Ok(provider) => provider,
            Err(error) => return vec![WorkflowMistake::new("/provider", format!("{error}"))],
        };
        match ProviderSpec::parse(provider, workflow.mode, &workflow.settings) {
            Err(mistakes) => mistakes.into_iter().map(Into::into).collect(),
            Ok(spec) => {
                let (providers, organisation) = (Arc::clone(&self.providers), organisation.to_owned());
                // It reads the files that secrets are in.
                let checked = tokio::task::spawn_blocking(move || providers.check(&spec, &organisation)).await;
                checked.unwrap_or_default().into_iter().map(Into::into).collect()
            }
        }
    }

    /// What the workflow would do for one company.
    pub async fn dry_run(&self, workflow: &Workflow, organisation: &str, trial: Trial) -> DryRun {
        let mut report = DryRun::default();
        let context = trial_context(&trial.company, &workflow.play);
        if let Some(when) = &workflow.flow.when {
            match self.providers.templates().holds(when, &context) {
                Ok(true) => {}
                Ok(false) => report.skipped = Some(format!("its condition does not hold: {when}")),
                Err(error) => report.errors.push(format!("settings.when: {error}")),
            }
        }
        let answer = match trial.sample.clone() {
            Some(sample) => Some(sample),
            None if workflow.is_native() => None,
            None => self.ask(workflow, organisation, &trial, &context, &mut report).await,
        };
        if let Some(answer) = answer {
            self.take(workflow, &trial.company, answer, &mut report).await;
        }
        report
    }

    /// Shows the request, and sends it where that is wanted and answered at once.
    async fn ask(
        &self,
        workflow: &Workflow,
        organisation: &str,
        trial: &Trial,
        context: &Value,
        report: &mut DryRun,
    ) -> Option<Value> {
        let spec = match workflow.provider.parse() {
            Ok(provider) => ProviderSpec::parse(provider, workflow.mode, &workflow.settings),
            Err(error) => {
                report.errors.push(format!("{error}"));
                return None;
            }
        };
        let spec = match spec {
            Ok(spec) => spec,
            Err(mistakes) => {
                report.errors.extend(mistakes.iter().map(ToString::to_string));
                return None;
            }
        };
        let asynchronous = workflow.mode == Mode::Async;
        let call = Call {
            workflow_slug: &workflow.slug,
            organisation,
            step_run_id: Uuid::now_v7(),
            attempt: 1,
            context,
            callback_url: asynchronous.then_some("https://this-daemon.example/api/receivers/…?token=…"),
            on_place: None,
        };
        match self.providers.request_preview(&spec, call) {
            Ok(request) => report.request = Some(request),
            Err(failure) => {
                report.errors.push(failure.error);
                return None;
            }
        }
        if asynchronous || !trial.may_call {
            return None;
        }
        let called = self.providers.call(&spec, call).await;
        report.cost = called.cost;
        match called.outcome {
            Ok(Answered::Data(data)) => Some(data),
            Ok(Answered::Accepted) => None,
            Err(CallFailure { error, .. }) => {
                report.errors.push(error);
                None
            }
        }
    }

    /// Shows what becomes of an answer.
    async fn take(&self, workflow: &Workflow, company: &companies::Model, answer: Value, report: &mut DryRun) {
        let address = format!("https://{}", company.domain);
        let data = match provided(workflow, answer, Some(&address), None).await {
            Ok(data) => data,
            Err(StepStop::Failed(StepFailure { error, .. }) | StepStop::Refused(error)) => {
                report.errors.push(error);
                return;
            }
            Err(_) => return,
        };
        report.data = Some(data.value());
        match self.row(workflow, company, &data).await {
            Ok(Some((row, missing))) => {
                report.row = Some(row.values().map(|(name, value)| (name.to_owned(), value)).collect());
                report.errors.extend(missing);
            }
            Ok(None) => {}
            Err(error) => report.errors.push(error.to_string()),
        }
    }

    async fn row(
        &self,
        workflow: &Workflow,
        company: &companies::Model,
        data: &StepData,
    ) -> Result<Option<(DestinationRow, Vec<String>)>, DestinationError> {
        let Some(destination) = &workflow.destination else {
            return Ok(None);
        };
        let plan = self.destinations.plan(destination).await?;
        let ids = RowIds {
            step_run_id: Id(Uuid::nil()),
            workflow_id: workflow.id,
            organisation_id: company.organisation_id,
            company_id: Some(company.id),
            company_domain: Some(company.domain.clone()),
        };
        plan.row(&ids, &data.value()).map(Some)
    }
}

/// The names that a workflow's templates may use, for a company that no earlier step has done anything for.
fn trial_context(company: &companies::Model, play: &str) -> Value {
    json!({
        "company": {"id": company.id, "domain": company.domain, "name": company.name, "data": company.data},
        "practice": {"identifier": company.domain, "row_number": 1, "input": {}},
        "url": format!("https://{}", company.domain),
        "data": {"url": format!("https://{}", company.domain), "input": {}},
        "steps": {}, "passed": {}, "settings": {}, "play": play, "job_id": Value::Null, "now": chrono::Utc::now(),
    })
}
