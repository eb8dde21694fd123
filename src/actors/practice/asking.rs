//! Steps that a provider does: called with the step run open, or ended with what was answered meanwhile.

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use entity::Id;
use rand::RngExt as _;
use sea_orm::DbErr;
use serde_json::Value;

use super::work::Work;
use crate::model::digest::sha256_hex;
use crate::model::practice::{PracticeStatus, step_run_id};
use crate::model::step::StepFailure;
use crate::model::workflow::{Mode, OnDeadline, Workflow};
use crate::ops::breakpoint;
use crate::providers::{Answered, Call, CallFailure, ProviderSpec, Verdict};
use crate::steps::{StepData, StepResult, StepStop, provided};
use crate::store::read::{StepRunView, workflow_at};
use crate::store::write::{OpenStepRun, PayloadColumn, Transitioned};

/// What was answered, and the workflow that says what it means: the one that the step began under.
#[derive(Clone)]
pub(super) struct Answer {
    pub workflow: Arc<Workflow>,
    pub data: StepData,
}

/// Bytes of chance in a callback's token.
const TOKEN_BYTES: usize = 32;

impl Work {
    /// Asks the workflow's provider, unless it has answered already.
    pub(super) async fn ask(&self, step: i32, workflow: &Arc<Workflow>) -> Result<Answer, StepStop> {
        if let Some(run) = self.open_run(step, workflow).await? {
            let workflow = self.begun_under(workflow, &run).await?;
            if let Some(answer) = run.answer {
                return self.read(workflow, &answer).await;
            }
            if run.deadline.is_some_and(|deadline| deadline <= Utc::now()) {
                return Err(missed(&workflow).into());
            }
        }
        self.call(step, workflow).await
    }

    pub(super) fn run_id(&self, step: i32) -> Id {
        Id(step_run_id(self.job.job_id.0, self.item.id, step, self.item.life))
    }

    /// The step run, where this attempt of this workflow has begun before.
    async fn open_run(&self, step: i32, workflow: &Workflow) -> Result<Option<StepRunView>, StepStop> {
        let run = self.job.engine.reader.step_run(self.run_id(step)).await;
        let run = run.map_err(|error| unread(&error))?;
        Ok(run.filter(|run| run.attempt == self.tried() && run.workflow_id == workflow.id && !run.closed))
    }

    async fn begun_under(&self, workflow: &Arc<Workflow>, run: &StepRunView) -> Result<Arc<Workflow>, StepStop> {
        if run.workflow_version == workflow.version {
            return Ok(Arc::clone(workflow));
        }
        let former = workflow_at(&self.job.engine.readers, run.workflow_id, run.workflow_version).await;
        let former = former.map_err(|error| unread(&error))?;
        Ok(former.map_or_else(|| Arc::clone(workflow), Arc::new))
    }

    /// What a callback brought, as it came; or the data of an answer that came at once and could not be stored.
    async fn read(&self, workflow: Arc<Workflow>, answer: &str) -> Result<Answer, StepStop> {
        if workflow.mode == Mode::Sync {
            self.kept.set(true);
            let data = kept(&workflow, answer);
            return Ok(Answer { workflow, data });
        }
        let spec = spec_of(&workflow)?;
        let value: Value = serde_json::from_str(answer)
            .map_err(|error| StepFailure::permanent(format!("the answer is no JSON: {error}")))?;
        let value = spec.read_callback(value).map_err(StepStop::from)?;
        let data = self.provided(&workflow, value).await?;
        Ok(Answer { workflow, data })
    }

    async fn call(&self, step: i32, workflow: &Arc<Workflow>) -> Result<Answer, StepStop> {
        let engine = &self.job.engine;
        let spec = spec_of(workflow)?;
        let context = self.template_context().await.map_err(|error| unread(&error))?;
        let context = context.ok_or_else(|| StepFailure::permanent("the practice is gone"))?;
        let callback = match workflow.mode {
            Mode::Async => Some(self.expect_callback(step, workflow).await?),
            Mode::Sync => None,
        };
        let call = Call {
            workflow_slug: &workflow.slug,
            organisation: &self.job.organisation,
            step_run_id: self.run_id(step).0,
            attempt: self.tried(),
            context: &context,
            callback_url: callback.as_deref(),
            on_place: None,
        };
        breakpoint("before call");
        // The call has time limits of its own; until then its practice is not stuck.
        let waiting = self.progress.writing();
        let report = engine.providers.call(&spec, call).await;
        drop(waiting);
        breakpoint("after call");
        match (report.outcome, callback) {
            (Ok(Answered::Data(value)), _) => {
                let mut data = self.provided(workflow, value).await?;
                data.cost = report.cost;
                let workflow = Arc::clone(workflow);
                Ok(Answer { workflow, data })
            }
            (Ok(Answered::Accepted), Some(_)) => {
                let wait = TimeDelta::from_std(workflow.flow.callback_deadline()).unwrap_or(TimeDelta::days(365));
                Err(StepStop::AwaitsCallback {
                    until: Utc::now() + wait,
                })
            }
            (Ok(Answered::Accepted), None) => Err(StepStop::Refused(format!(
                "the workflow '{}' is answered by a callback; set its mode to async",
                workflow.slug
            ))),
            (Err(failure), _) => Err(failure.into()),
        }
    }

    async fn provided(&self, workflow: &Workflow, value: Value) -> StepResult {
        let region = self.job.settings.get("region").and_then(Value::as_str);
        let settings = self.job.engine.settings();
        let usual = Some(settings.scrape.region.clone()).filter(|region| !region.is_empty());
        let region = region.map(str::to_owned).or(usual);
        provided(workflow, value, self.address().as_deref(), region).await
    }

    /// Opens the step run, so that an answer finds it however fast it comes. Tells the address to bring it to.
    async fn expect_callback(&self, step: i32, workflow: &Workflow) -> Result<String, StepStop> {
        use base64::Engine as _;

        let listens = self.job.engine.listens.ok_or_else(|| {
            StepStop::Refused(format!(
                "the workflow '{}' is answered by a callback, and nobody can call here; run it by the daemon",
                workflow.slug
            ))
        })?;
        let random: [u8; TOKEN_BYTES] = rand::rng().random();
        let token = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random);
        let mut open = self.run_to_open(step, workflow);
        open.token_digest = Some(sha256_hex(token.as_bytes()));
        self.open(open).await?;
        let base = self.job.engine.settings().receivers_url(listens);
        Ok(format!("{base}/api/receivers/{}?token={token}", workflow.slug))
    }

    /// Keeps what was answered until it can be stored, so that nobody is asked, or paid, for it twice.
    pub(super) async fn keep(&self, step: i32, workflow: &Workflow, answer: String) -> Result<(), StepStop> {
        let mut open = self.run_to_open(step, workflow);
        open.answer = Some(answer);
        self.open(open).await?;
        self.kept.set(true);
        Ok(())
    }

    fn run_to_open(&self, step: i32, workflow: &Workflow) -> OpenStepRun {
        OpenStepRun {
            item: self.item_ref(),
            id: self.run_id(step),
            step,
            life: self.item.life,
            attempt: self.tried(),
            workflow_id: workflow.id,
            workflow_slug: workflow.slug.clone(),
            workflow_version: workflow.version,
            token_digest: None,
            answer: None,
        }
    }

    async fn open(&self, run: OpenStepRun) -> Result<(), StepStop> {
        let _writing = self.progress.writing();
        match self.job.engine.storage.write(run).await {
            Ok(Transitioned::Committed { .. }) => Ok(()),
            Ok(Transitioned::Conflict) => Err(StepStop::Superseded),
            Err(error) => Err(StepFailure::passing(error.to_string()).into()),
        }
    }
}

/// A database that cannot be read is no failure of the step, whose answer may be there already.
pub(super) fn unread(error: &DbErr) -> StepStop {
    tracing::warn!(%error, "the database cannot be read; a step is put off");
    StepStop::PutOff {
        wait: Duration::from_secs(1),
        why: "database away",
    }
}

/// How the workflow's provider is called.
pub(super) fn spec_of(workflow: &Workflow) -> Result<ProviderSpec, StepStop> {
    let wrong = |what: String| StepStop::Refused(format!("the workflow '{}' is wrong: {what}", workflow.slug));
    let provider = workflow.provider.parse().map_err(|error| wrong(format!("{error}")))?;
    ProviderSpec::parse(provider, workflow.mode, &workflow.settings).map_err(|mistakes| {
        let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        wrong(told.join("; "))
    })
}

/// Data that was ready before, and could not be stored.
fn kept(workflow: &Workflow, answer: &str) -> StepData {
    let column = if workflow.flow.done_status == Some(PracticeStatus::Scraped) {
        PayloadColumn::Scraper
    } else {
        PayloadColumn::StepData
    };
    StepData {
        json: Arc::from(answer),
        column,
        found: true,
        warnings: Vec::new(),
        cost: None,
    }
}

fn missed(workflow: &Workflow) -> StepFailure {
    let why = format!("no answer came back from '{}' by its deadline", workflow.slug);
    match workflow.flow.on_deadline {
        OnDeadline::Retry => StepFailure::passing(why),
        OnDeadline::Fail => StepFailure::permanent(why),
    }
}

impl From<CallFailure> for StepStop {
    fn from(failure: CallFailure) -> Self {
        let CallFailure { error, chain, .. } = failure;
        let failed = |retryable, retry_after| {
            Self::Failed(StepFailure {
                error: error.clone(),
                chain: chain.clone(),
                retryable,
                retry_after,
            })
        };
        match failure.verdict {
            Verdict::Retry { after } => failed(true, after),
            Verdict::FailRow => failed(false, None),
            Verdict::PutOff { wait, why } => Self::PutOff { wait, why },
            Verdict::FailWorkflow | Verdict::Forbidden | Verdict::PauseProvider { .. } => Self::Refused(error),
        }
    }
}
