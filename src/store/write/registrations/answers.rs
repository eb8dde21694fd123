//! What people say: which company, which configuration, whether a call was carried out.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use serde_json::{Value, json};

use super::batch::{BatchRow, count};
use super::transition::{JournalEntry, RegistrationRef, journal_row};
use super::unknown::note_unknown;
use crate::model::journal::{Operation, Origin};
use crate::model::registration::batch::BatchStatus;
use crate::model::registration::job::RegistrationStatus;
use crate::model::registration::step::{StepNumber, StepStatus};
use crate::model::registration::sub_step::{Progress, SubStep, SubStepStatus};
use crate::store::rows::statement;
use crate::store::write::audit;
use crate::store::write::group::Group;
use crate::store::write::{KeyAnswer, RequestKey, StoredAnswer};

/// What somebody says of one registration, as the step's form has it.
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerGiven {
    pub job_id: Id,
    pub answer: Value,
}

/// Answers to one step of a batch. Either all of them count or none does.
#[derive(Clone, Debug)]
pub struct AnswerRegistrations {
    pub organisation_id: Id,
    pub batch_id: Id,
    pub step: StepNumber,
    pub answers: Vec<AnswerGiven>,
    pub origin: Origin,
    pub key_answer: Option<AnswersTold>,
}

/// What a request with an `Idempotency-Key` was told, kept with the answers themselves.
#[derive(Clone, Debug)]
pub struct AnswersTold {
    pub request: RequestKey,
    /// What is told of these answers, of which none was refused.
    pub told: fn(&[AnswerGiven], &[Answered]) -> StoredAnswer,
}

/// What became of one answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answered {
    /// The registration goes on with it.
    Accepted,
    /// It is kept until the step comes.
    Kept,
    /// The same was said before.
    Same,
    /// Something else was said before.
    Different {
        first: Value,
        by: Option<String>,
        at: Option<DateTime<Utc>>,
    },
    /// The step waits for nothing: it, its registration or its batch has ended, or nothing was asked.
    NotWaiting {
        batch: BatchStatus,
        job: RegistrationStatus,
        step: StepStatus,
    },
    /// The batch has no such registration.
    UnknownJob,
    /// The candidate is not one of this registration's.
    UnknownCandidate,
    /// It is about another sub-step than the one that is asked about.
    OtherSubStep { asked: String },
}

impl Answered {
    #[must_use]
    pub fn is_refused(&self) -> bool {
        !matches!(self, Self::Accepted | Self::Kept | Self::Same)
    }
}

/// Which company was picked.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Selection {
    pub candidate_id: Option<Id>,
    pub nzbn: Option<String>,
    pub company_number: Option<String>,
    pub name: Option<String>,
}

#[derive(FromQueryResult)]
struct Asked {
    restaurant_id: Id,
    job_status: String,
    job_version: i32,
    epoch: i32,
    step_status: String,
    answer: Option<Value>,
    answered_by: Option<String>,
    answered_at: Option<DateTime<Utc>>,
    sub_step_progress: Option<Value>,
}

impl Asked {
    async fn load(group: &Group<'_>, batch: Id, job: Id, step: StepNumber) -> Result<Option<Self>, DbErr> {
        const SQL: &str = "select j.restaurant_id, j.status as job_status, j.version as job_version, b.epoch, \
            s.status as step_status, s.answer, s.answered_by, s.answered_at, s.sub_step_progress \
            from registration_jobs j join registration_batch_jobs b on b.id = j.batch_job_id \
            join registration_job_steps s on s.registration_job_id = j.id and s.step_number = ? \
            where j.id = ? and j.batch_job_id = ?";
        let values = [step.number().into(), job.into(), batch.into()];
        let row = group.tx.query_one_raw(statement(group.backend, SQL, values)).await?;
        row.map(|row| Self::from_query_result(&row, "")).transpose()
    }

    fn states(&self) -> Result<(RegistrationStatus, StepStatus), DbErr> {
        let job = self
            .job_status
            .parse()
            .map_err(|error| DbErr::Custom(format!("{error}")))?;
        let step = self
            .step_status
            .parse()
            .map_err(|error| DbErr::Custom(format!("{error}")))?;
        Ok((job, step))
    }

    fn progress(&self) -> Result<Progress, DbErr> {
        let progress = self.sub_step_progress.clone();
        let read = progress.map(serde_json::from_value).transpose();
        read.map(Option::unwrap_or_default)
            .map_err(|error| DbErr::Json(error.to_string()))
    }

    /// The sub-step that a person is asked about.
    fn about(&self) -> Result<Option<String>, DbErr> {
        let asked = |each: &SubStep| each.status == SubStepStatus::ActionRequired;
        Ok(self.progress()?.0.into_iter().find(asked).map(|each| each.sub_step))
    }

    fn reference(&self, organisation_id: Id, batch_id: Id, id: Id) -> RegistrationRef {
        RegistrationRef {
            organisation_id,
            batch_id,
            id,
            restaurant_id: self.restaurant_id,
            version: self.job_version,
            epoch: self.epoch,
        }
    }
}

/// What an answer comes to, before anything is written.
enum Verdict {
    /// The step waits for it.
    Taken(Asked),
    Early(Asked),
    Other(Answered),
}

impl AnswerRegistrations {
    pub(in crate::store::write) async fn apply(&self, group: &mut Group<'_>) -> Result<Option<Vec<Answered>>, DbErr> {
        let batch = BatchRow::load(group, self.batch_id).await?;
        let Some(batch) = batch.filter(|batch| batch.organisation_id == self.organisation_id) else {
            return Ok(None);
        };
        let mut verdicts = Vec::with_capacity(self.answers.len());
        for given in &self.answers {
            verdicts.push(self.look(group, &batch, given).await?);
        }
        let refused = verdicts
            .iter()
            .any(|verdict| matches!(verdict, Verdict::Other(answered) if answered.is_refused()));
        let mut answered = Vec::with_capacity(verdicts.len());
        for (given, verdict) in self.answers.iter().zip(verdicts) {
            answered.push(match verdict {
                Verdict::Other(answered) => answered,
                Verdict::Taken(_) if refused => Answered::Accepted,
                Verdict::Early(_) if refused => Answered::Kept,
                Verdict::Taken(asked) => {
                    let job = asked.reference(self.organisation_id, self.batch_id, given.job_id);
                    self.keep(group, given).await?;
                    note_answer(group, &job, self.step, &self.origin, false);
                    go_on(group, &job, self.step, asked, &given.answer, &self.origin).await?;
                    Answered::Accepted
                }
                Verdict::Early(asked) => {
                    let job = asked.reference(self.organisation_id, self.batch_id, given.job_id);
                    self.keep(group, given).await?;
                    note_answer(group, &job, self.step, &self.origin, true);
                    Answered::Kept
                }
            });
        }
        if !refused {
            audit::note(group, &self.origin, format!("registration batch {}", self.batch_id)).await?;
            if let Some(AnswersTold { request, told }) = &self.key_answer {
                let answer = KeyAnswer {
                    request: request.clone(),
                    answer: told(&self.answers, &answered),
                };
                answer.write(group).await?;
            }
        }
        Ok(Some(answered))
    }

    async fn look(&self, group: &Group<'_>, batch: &BatchRow, given: &AnswerGiven) -> Result<Verdict, DbErr> {
        let Some(asked) = Asked::load(group, self.batch_id, given.job_id, self.step).await? else {
            return Ok(Verdict::Other(Answered::UnknownJob));
        };
        let (job, step) = asked.states()?;
        let status = batch.status()?;
        if let Some(first) = &asked.answer
            && (self.step != StepNumber::Execution || step != StepStatus::ActionRequired)
        {
            return Ok(Verdict::Other(if *first == given.answer {
                Answered::Same
            } else {
                Answered::Different {
                    first: first.clone(),
                    by: asked.answered_by,
                    at: asked.answered_at,
                }
            }));
        }
        let waits = step == StepStatus::ActionRequired && job == RegistrationStatus::ActionRequired;
        let may_come = self.step != StepNumber::Execution && !step.has_ended() && !job.has_ended();
        if status.has_ended() || !(waits || may_come) {
            return Ok(Verdict::Other(Answered::NotWaiting {
                batch: status,
                job,
                step,
            }));
        }
        if self.step == StepNumber::Execution
            && let Some(about) = asked
                .about()?
                .filter(|about| given.answer["sub_step"] != about.as_str())
        {
            return Ok(Verdict::Other(Answered::OtherSubStep { asked: about }));
        }
        if let Some(candidate) = candidate_of(&given.answer)
            && !is_candidate(group, given.job_id, candidate).await?
        {
            return Ok(Verdict::Other(Answered::UnknownCandidate));
        }
        Ok(if waits {
            Verdict::Taken(asked)
        } else {
            Verdict::Early(asked)
        })
    }

    async fn keep(&self, group: &Group<'_>, given: &AnswerGiven) -> Result<(), DbErr> {
        const SQL: &str = "update registration_job_steps set answer = ?, answered_by = ?, answered_at = ?, updated_at = ? \
            where registration_job_id = ? and step_number = ?";
        let values = [
            given.answer.clone().into(),
            self.origin.actor.clone().into(),
            group.now.into(),
            group.now.into(),
            given.job_id.into(),
            self.step.number().into(),
        ];
        group.execute(SQL, values).await?;
        Ok(())
    }

    pub(in crate::store::write) fn bytes(&self) -> usize {
        self.answers.iter().map(|given| given.answer.to_string().len()).sum()
    }
}

pub(super) fn candidate_of(answer: &Value) -> Option<Id> {
    answer.get("candidate_id")?.as_str()?.parse().ok()
}

pub(super) async fn is_candidate(group: &Group<'_>, job: Id, candidate: Id) -> Result<bool, DbErr> {
    const SQL: &str = "select 1 from companies_office_search_candidates where id = ? and registration_job_id = ?";
    let select = statement(group.backend, SQL, [candidate.into(), job.into()]);
    Ok(group.tx.query_one_raw(select).await?.is_some())
}

fn note_answer(group: &mut Group<'_>, job: &RegistrationRef, step: StepNumber, origin: &Origin, early: bool) {
    let entry = JournalEntry {
        operation: Operation::Answered,
        step,
        attempt: 0,
        from: None,
        to: None,
        details: json!({ "early": early }),
    };
    journal_row(group, job, origin, &entry);
}

/// An answer that came before its question is taken as soon as that is asked.
pub(super) async fn take_early_answer(
    group: &mut Group<'_>,
    job: &RegistrationRef,
    step: StepNumber,
) -> Result<(), DbErr> {
    let Some(asked) = Asked::load(group, job.batch_id, job.id, step).await? else {
        return Ok(());
    };
    let Some(answer) = asked.answer.clone() else {
        return Ok(());
    };
    let now = asked.reference(job.organisation_id, job.batch_id, job.id);
    go_on(group, &now, step, asked, &answer, &Origin::engine()).await
}

/// The registration goes on with an answer: the step is completed, or what was asked about in it is settled.
async fn go_on(
    group: &mut Group<'_>,
    job: &RegistrationRef,
    step: StepNumber,
    asked: Asked,
    answer: &Value,
    origin: &Origin,
) -> Result<(), DbErr> {
    const JOB: &str = "update registration_jobs set status = 'in_progress', current_step = ?, attempt = 0, next_at = null, \
        blocked_by = ?, error_message = null, execution_config = coalesce(?, execution_config), \
        ready_at = case when ? then coalesce(ready_at, ?) else ready_at end, \
        version = version + 1, updated_at = ? where id = ?";
    const STEP: &str = "update registration_job_steps set status = ?, result_data = coalesce(?, result_data), \
        sub_step_progress = coalesce(?, sub_step_progress), error_message = null, remind_at = null, due_at = null, \
        updated_at = ?, started_at = coalesce(started_at, ?), completed_at = case when ? then ? else null end \
        where registration_job_id = ? and step_number = ?";
    let mut result = None;
    let mut progress = None;
    let mut config = None;
    match step {
        StepNumber::CompanySelection => result = Some(select(group, job, answer).await?),
        StepNumber::Configuration => config = Some(answer.clone()),
        _ => {
            let settled = settled(asked.progress()?, answer, group.now);
            note_unknown(group, job.id, &settled).await?;
            progress = Some(json!(settled));
        }
    }
    let next = if step == StepNumber::Execution {
        step
    } else {
        step.next().unwrap_or(step)
    };
    // An execution gives its place up while a person is waited for, and waits its turn again.
    let status = if step == StepNumber::Execution {
        StepStatus::Pending
    } else {
        StepStatus::Completed
    };
    let now = group.now;
    // What is answered together is ready together, and goes on in the order of the batch.
    let is_ready = next == StepNumber::Execution;
    let values = [
        next.number().into(),
        is_ready.then_some("waiting its turn").into(),
        config.into(),
        is_ready.into(),
        now.into(),
        now.into(),
        job.id.into(),
    ];
    group.execute(JOB, values).await?;
    let values = [
        status.as_str().into(),
        result.into(),
        progress.into(),
        now.into(),
        now.into(),
        status.has_ended().into(),
        now.into(),
        job.id.into(),
        step.number().into(),
    ];
    group.execute(STEP, values).await?;
    if status == StepStatus::Completed {
        let entry = JournalEntry {
            operation: Operation::StepCompleted,
            step,
            attempt: 0,
            from: Some(StepStatus::ActionRequired.as_str()),
            to: Some(status.as_str()),
            details: json!({}),
        };
        journal_row(group, job, origin, &entry);
    }
    count(
        group,
        job.batch_id,
        RegistrationStatus::ActionRequired,
        RegistrationStatus::InProgress,
    )
    .await?;
    Ok(())
}

/// What a person said of the call that nobody else could tell of.
fn settled(mut progress: Progress, answer: &Value, now: DateTime<Utc>) -> Progress {
    let done = answer["done"].as_bool().unwrap_or_default();
    let about = answer["sub_step"].as_str().unwrap_or_default();
    let asked = progress.get_mut(about);
    if let Some(open) = asked.filter(|each| each.status == SubStepStatus::ActionRequired) {
        open.answer(done, answer.get("result").cloned(), now);
    }
    progress
}

/// Marks the candidate that was picked and writes the company to the restaurant.
async fn select(group: &Group<'_>, job: &RegistrationRef, answer: &Value) -> Result<Value, DbErr> {
    const MARK: &str =
        "update companies_office_search_candidates set selected = (id = ?) where registration_job_id = ?";
    const FOUND: &str = "select id as candidate_id, nzbn, company_number, name from companies_office_search_candidates \
        where id = ?";
    const RESTAURANT: &str = "update restaurants set company_number = coalesce(?, company_number), \
        nzbn = coalesce(?, nzbn), version = version + 1, updated_at = ? where id = ?";
    let mut picked = Selection::default();
    if let Some(candidate) = candidate_of(answer) {
        group.execute(MARK, [candidate.into(), job.id.into()]).await?;
        let row = group
            .tx
            .query_one_raw(statement(group.backend, FOUND, [candidate.into()]))
            .await?;
        if let Some(row) = row {
            picked = Selection::from_query_result(&row, "")?;
        }
    } else if let Some(number) = answer.get("company_number").and_then(Value::as_str) {
        picked.company_number = Some(number.to_owned());
    } else {
        return Ok(json!({ "none": true }));
    }
    let values = [
        picked.company_number.clone().into(),
        picked.nzbn.clone().into(),
        group.now.into(),
        job.restaurant_id.into(),
    ];
    group.execute(RESTAURANT, values).await?;
    Ok(json!({
        "candidate_id": picked.candidate_id, "nzbn": picked.nzbn, "company_number": picked.company_number,
        "name": picked.name,
    }))
}
