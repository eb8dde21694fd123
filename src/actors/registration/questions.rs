//! Questions that are open for long: told of again, answered by default, or closed.

use std::sync::Arc;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use chrono::Utc;

use super::RegistrationSupervisor;
use super::job::BatchContext;
use super::work::Work;
use crate::model::journal::Origin;
use crate::model::registration::plan::OnDeadline;
use crate::model::registration::step::StepNumber;
use crate::model::step::StepFailure;
use crate::steps::Progress;
use crate::store::read::OpenQuestion;
use crate::store::write::{AnswerGiven, AnswerRegistrations, Answered, RemindOfQuestion};

/// Questions that are looked at in one go.
const AT_ONCE: usize = 64;

impl RegistrationSupervisor {
    /// Does what is due of the batch's questions.
    pub(super) fn close_questions(&mut self, context: &mut Context<Self>) {
        let Some(shared) = self
            .context
            .clone()
            .filter(|shared| shared.may_start_a_step() && !self.asking)
        else {
            return;
        };
        self.asking = true;
        let work = async move {
            let due = shared
                .engine
                .reader
                .questions_due(shared.batch.id, Utc::now(), AT_ONCE)
                .await
                .map_err(|error| error.to_string())?;
            let is_more = due.len() == AT_ONCE;
            for question in due {
                settle(&shared, &question).await?;
            }
            Ok::<_, String>(is_more)
        };
        context.spawn(work.into_actor(self).map(|outcome, actor, context| {
            actor.asking = false;
            match outcome {
                Ok(true) => actor.close_questions(context),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(error, batch = %actor.batch.id, "questions that are due could not be closed")
                }
            }
            actor.look(context);
        }));
    }
}

async fn settle(shared: &Arc<BatchContext>, question: &OpenQuestion) -> Result<(), String> {
    let step = StepNumber::try_from(question.step_number).map_err(|error| error.to_string())?;
    let is_over = question.due_at.is_some_and(|at| at <= Utc::now());
    if !is_over {
        let remind = RemindOfQuestion {
            job_id: question.registration_job_id,
            step,
        };
        let reminded = shared.engine.storage.write(remind).await;
        return reminded.map(drop).map_err(|error| error.to_string());
    }
    let plan = shared.engine.registration_plan();
    let ask = plan.step(step).and_then(|step| step.ask.as_ref());
    let default = ask
        .filter(|ask| ask.on_deadline == OnDeadline::Default)
        .and_then(|ask| ask.default.clone());
    match default {
        Some(answer) => answer_by_default(shared, question, step, answer).await,
        None => fail(shared, question, step, "nobody answered in time").await,
    }
}

async fn answer_by_default(
    shared: &Arc<BatchContext>,
    question: &OpenQuestion,
    step: StepNumber,
    answer: serde_json::Value,
) -> Result<(), String> {
    let command = AnswerRegistrations {
        organisation_id: shared.batch.organisation_id,
        batch_id: shared.batch.id,
        step,
        answers: vec![AnswerGiven {
            job_id: question.registration_job_id,
            answer,
        }],
        origin: Origin {
            actor: "system".to_owned(),
            source: "deadline".to_owned(),
            audit: None,
        },
        key_answer: None,
    };
    let answered = shared
        .engine
        .storage
        .write(command)
        .await
        .map_err(|error| error.to_string())?;
    match answered.and_then(|answered| answered.into_iter().next()) {
        Some(Answered::UnknownCandidate) => {
            fail(
                shared,
                question,
                step,
                "nobody answered in time, and the answer by default names no candidate",
            )
            .await
        }
        // Answered by somebody just before, or taken.
        _ => Ok(()),
    }
}

async fn fail(shared: &Arc<BatchContext>, question: &OpenQuestion, step: StepNumber, why: &str) -> Result<(), String> {
    let work = Work {
        batch: Arc::clone(shared),
        id: question.registration_job_id,
        may_execute: false,
        progress: Progress::new(),
    };
    let job = shared
        .engine
        .reader
        .registration(work.id)
        .await
        .map_err(|error| error.to_string())?;
    match job.filter(|job| job.current_step == step && !job.status.has_ended()) {
        Some(job) => work
            .commit(work.giving_up(&job, &StepFailure::permanent(why), 1))
            .await
            .map(drop),
        None => Ok(()),
    }
}
