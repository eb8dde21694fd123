//! Commands to the writer and to the model, and what both say.

use std::collections::HashMap;

use batchdesk::model::crash::LastEnd;
use batchdesk::model::journal::{Operation, Origin};
use batchdesk::model::registration::batch::BatchEvent;
use batchdesk::model::registration::step::StepNumber;
use batchdesk::settings::OnThreshold;
use batchdesk::store::write::{
    AnswerGiven, AnswerRegistrations, Answered, ArchiveRegistrationBatch, BatchArchived, ChangeRegistrationBatch,
    CreateRegistrationBatch, JournalEntry, NewRegistration, RegistrationBatchChanged, RegistrationBatchCreated,
    RegistrationRef, RegistrationTransition, Repeat, RepeatRegistrationBatch, Repeated, StepWrite, Threshold,
    Transitioned, Writer,
};
use entity::{Id, registration_batch_jobs as batches, registration_job_steps as steps, registration_jobs as jobs};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::{Value, json};

use super::model::{Move, Outcome, PARTS, Part, World, has_ended};
use crate::bench::Bench;
use crate::random_commands::Dice;
use crate::schedules::new_restaurants;

pub struct Play<'a> {
    bench: &'a mut Bench,
    tally: &'a mut HashMap<String, u32>,
    world: World,
    restaurants: Vec<Id>,
    batches: Vec<Id>,
    jobs: Vec<Id>,
    /// What an actor is about to write, by what it has seen.
    prepared: Option<(usize, Move, RegistrationTransition)>,
    rows_before: i64,
}

impl<'a> Play<'a> {
    pub async fn begin(bench: &'a mut Bench, tally: &'a mut HashMap<String, u32>) -> Self {
        let restaurants = new_restaurants(bench, 6).await;
        let rows_before = rows(bench).await;
        Self {
            bench,
            tally,
            world: World::default(),
            restaurants,
            batches: Vec::new(),
            jobs: Vec::new(),
            prepared: None,
            rows_before,
        }
    }

    pub async fn do_something(&mut self, dice: &mut Dice) {
        if self.batches.is_empty() {
            return self.create(dice).await;
        }
        let batch = self.some_batch(dice);
        match dice.roll(100) {
            0 => self.create(dice).await,
            1..=3 => {
                let commands = [
                    "start", "start", "pause", "resume", "resume", "resume", "cancel", "fail",
                ];
                self.steer(batch, commands[dice.roll(commands.len())]).await;
            }
            6 => self.archive(batch).await,
            7..=9 => {
                let batch = if dice.roll(3) == 0 {
                    batch
                } else {
                    dice.roll(self.batches.len())
                };
                self.repeat(batch, dice).await;
            }
            10..=18 => self.answer(batch, dice).await,
            19 if dice.roll(2) == 0 => self.crash().await,
            20..=24 => self.write_prepared().await,
            _ => {
                if let Some(prepared) = self.prepare(dice).await {
                    if dice.roll(6) == 0 {
                        self.prepared = Some(prepared);
                    } else {
                        self.write(prepared).await;
                    }
                }
            }
        }
    }

    /// Mostly one that has not ended.
    fn some_batch(&self, dice: &mut Dice) -> usize {
        let all = 0..self.batches.len();
        let mut open: Vec<usize> = all
            .filter(|batch| !has_ended(self.world.batches[*batch].status))
            .collect();
        if open.is_empty() || dice.roll(4) == 0 {
            dice.roll(self.batches.len())
        } else {
            open.swap_remove(dice.roll(open.len()))
        }
    }

    fn note(&mut self, what: impl Into<String>) {
        *self.tally.entry(what.into()).or_default() += 1;
    }

    async fn create(&mut self, dice: &mut Dice) {
        let mut taken: Vec<usize> = (0..self.restaurants.len()).filter(|_| dice.roll(3) == 0).collect();
        if taken.is_empty() {
            taken.push(dice.roll(self.restaurants.len()));
        }
        let start = dice.roll(4) > 0;
        let new: Vec<NewRegistration> = taken
            .iter()
            .map(|restaurant| NewRegistration::of(self.restaurants[*restaurant]))
            .collect();
        let command = CreateRegistrationBatch {
            id: Id::now(),
            organisation_id: self.bench.organisation_id,
            name: "A".to_owned(),
            parallel: false,
            settings: json!({}),
            jobs: new.clone(),
            created_by: None,
            template_id: None,
            schedule_id: None,
            start,
            origin: Origin::engine(),
            answer: None,
        };
        let id = command.id;
        let expected = self.world.create(&taken, start);
        let made = match self.bench.write(command).await.unwrap() {
            RegistrationBatchCreated::Created => Outcome::Done,
            RegistrationBatchCreated::Refused(refused) => {
                assert!(refused.unknown.is_empty() && refused.foreign.is_empty());
                Outcome::Busy
            }
        };
        assert_eq!(made, expected);
        self.note(format!("create: {made:?}"));
        if made == Outcome::Done {
            self.batches.push(id);
            self.jobs.extend(new.iter().map(|new| new.id));
        }
    }

    async fn steer(&mut self, batch: usize, command: &str) {
        let event = BatchEvent::ALL.into_iter().find(|event| event.as_str() == command);
        let change = ChangeRegistrationBatch {
            organisation_id: self.bench.organisation_id,
            batch_id: self.batches[batch],
            event: event.unwrap(),
            origin: Origin::engine(),
            reason: None,
        };
        let before = self.world.batches[batch].status;
        let expected = self.world.steer(batch, command);
        let told = match self.bench.write(change).await.unwrap() {
            RegistrationBatchChanged::Accepted { .. } => Outcome::Done,
            RegistrationBatchChanged::Already { .. } => Outcome::Already,
            RegistrationBatchChanged::Illegal { from, event } => {
                assert_eq!((from.as_str(), event.as_str()), (before, command));
                Outcome::Illegal
            }
            RegistrationBatchChanged::Busy(_) => Outcome::Busy,
            RegistrationBatchChanged::NotFound => panic!("the batch is not there"),
        };
        assert_eq!(told, expected, "{command} of a batch that is {before}");
        self.note(format!("{command}: {told:?}"));
    }

    async fn archive(&mut self, batch: usize) {
        let archive = ArchiveRegistrationBatch {
            organisation_id: self.bench.organisation_id,
            batch_id: self.batches[batch],
            origin: Origin::engine(),
        };
        let expected = self.world.archive(batch);
        let told = match self.bench.write(archive).await.unwrap() {
            BatchArchived::Accepted(_) => Outcome::Done,
            BatchArchived::Illegal(_) => Outcome::Illegal,
            BatchArchived::NotFound => panic!("the batch is not there"),
        };
        assert_eq!(told, expected);
        self.note(format!("archive: {told:?}"));
    }

    async fn repeat(&mut self, batch: usize, dice: &mut Dice) {
        let anew = dice.roll(2) == 0;
        let despite_unknown_outcomes = dice.roll(3) == 0;
        let id = Id::now();
        let command = RepeatRegistrationBatch {
            id,
            organisation_id: self.bench.organisation_id,
            source: self.batches[batch],
            repeat: if anew {
                Repeat::All {
                    despite_unknown_outcomes,
                }
            } else {
                Repeat::Failed
            },
            configs: Vec::new(),
            created_by: None,
            origin: Origin::engine(),
            answer: None,
        };
        let expected = self.world.repeat(batch, anew, despite_unknown_outcomes);
        let told = match self.bench.write(command).await.unwrap() {
            Repeated::Created(_) => Outcome::Done,
            Repeated::Illegal(_) => Outcome::Illegal,
            Repeated::NothingFailed => Outcome::NothingFailed,
            Repeated::Busy(_) => Outcome::Busy,
            Repeated::OutcomeUnknown(_) => Outcome::OutcomeUnknown,
            other => panic!("{other:?}"),
        };
        assert_eq!(told, expected, "anew: {anew}");
        self.note(format!("{}: {told:?}", if anew { "restart" } else { "retry" }));
        if told == Outcome::Done {
            self.batches.push(id);
            let made = self.job_rows(&[id]).await;
            self.jobs.extend(made.iter().map(|job| job.id));
        }
    }

    async fn answer(&mut self, batch: usize, dice: &mut Dice) {
        let of_batch = self.world.jobs_of(batch);
        let waits = of_batch
            .iter()
            .find(|job| self.world.jobs[**job].status == "action_required");
        let step = match waits {
            Some(job) if dice.roll(4) > 0 => self.world.jobs[*job].step,
            _ => [3, 5, 6][dice.roll(3)],
        };
        let careless = dice.roll(3) == 0;
        let mut about: Vec<usize> = of_batch
            .into_iter()
            .filter(|job| careless || self.world.jobs[*job].step == step)
            .filter(|_| dice.roll(3) > 0)
            .collect();
        if dice.roll(10) == 0 {
            about.push(dice.roll(self.jobs.len()));
        }
        about.sort_unstable();
        about.dedup();
        let answers: Vec<(usize, Value)> = about
            .into_iter()
            .map(|job| (job, self.words(job, step, dice)))
            .collect();
        let given = answers.iter().map(|(job, answer)| AnswerGiven {
            job_id: self.jobs[*job],
            answer: answer.clone(),
        });
        let command = AnswerRegistrations {
            organisation_id: self.bench.organisation_id,
            batch_id: self.batches[batch],
            step: number(step),
            answers: given.collect(),
            origin: Origin::engine(),
            key_answer: None,
        };
        let expected = self.world.answer(batch, step, &answers);
        let told = self.bench.write(command).await.unwrap().unwrap();
        let told: Vec<&str> = told.iter().map(word).collect();
        assert_eq!(told, expected, "step {step}: {answers:?}");
        for told in told {
            self.note(format!("answer: {told}"));
        }
    }

    fn words(&self, job: usize, step: usize, dice: &mut Dice) -> Value {
        let second = dice.roll(3) == 0;
        match step {
            3 if second => json!({ "company_number": "7" }),
            3 => json!({ "none": true }),
            5 => json!({ "name": if second { "B" } else { "A" } }),
            _ => {
                let mut parts = self.world.jobs[job].parts.iter();
                let asked = parts.position(|part| part.status == "action_required");
                let named = asked.filter(|_| dice.roll(3) > 0).unwrap_or(dice.roll(PARTS.len()));
                json!({ "sub_step": PARTS[named], "done": second })
            }
        }
    }

    /// The process dies, and another takes the database over.
    async fn crash(&mut self) {
        let hq = self.bench.database.writer.clone();
        self.bench.writer = Writer::take_over(hq, LastEnd::Killed).await.unwrap();
    }

    async fn prepare(&mut self, dice: &mut Dice) -> Option<(usize, Move, RegistrationTransition)> {
        let lively: Vec<usize> = (0..self.jobs.len())
            .filter(|job| self.world.batches[self.world.jobs[*job].batch].status != "draft")
            .filter(|job| !self.world.moves(*job).is_empty())
            .collect();
        if lively.is_empty() {
            self.create(dice).await;
            return None;
        }
        let index = lively[dice.roll(lively.len())];
        let moves = self.world.moves(index);
        let made = moves[dice.roll(moves.len())];
        if made == Move::Fail && dice.roll(6) > 0 {
            return None;
        }
        let row = self.job_row(index).await;
        // Nobody begins anything for a batch that has ended; a call that was on its way is recorded.
        if !row.call_open && has_ended(self.world.batches[self.world.jobs[index].batch].status) {
            return None;
        }
        let epoch = self.epoch(row.batch_job_id).await;
        let job = RegistrationRef {
            organisation_id: row.organisation_id,
            batch_id: row.batch_job_id,
            id: row.id,
            restaurant_id: row.restaurant_id,
            version: row.version,
            epoch,
        };
        Some((index, made, self.transition(index, made, job)))
    }

    /// What an actor writes that has seen the job as it is now.
    fn transition(&self, index: usize, made: Move, job: RegistrationRef) -> RegistrationTransition {
        let before = &self.world.jobs[index];
        let mut after = before.clone();
        after.make(made);
        let here = before.step - 1;
        let mut writes = Vec::new();
        for step in 0..6 {
            if after.steps[step] != before.steps[step] || step == here {
                let mut write = StepWrite::to(number(step + 1), after.steps[step].parse().unwrap());
                let asks = matches!(made, Move::Ask | Move::Doubt(_));
                write.asked = (asks && step == here).then(|| json!({}));
                write.progress = (step == 5 && here == 5).then(|| progress(&after.parts));
                writes.push(write);
            }
        }
        let operation = match made {
            Move::Begin | Move::Call(_) => Operation::StepStarted,
            Move::Complete | Move::Done(_) | Move::End => Operation::StepCompleted,
            Move::Wait => Operation::StepWaiting,
            Move::Fail | Move::Refused(_) => Operation::StepFailed,
            Move::Ask | Move::Doubt(_) => Operation::ActionRequired,
        };
        RegistrationTransition {
            job,
            from: before.status.parse().unwrap(),
            to: after.status.parse().unwrap(),
            current_step: number(after.step),
            attempt: 0,
            next_at: None,
            blocked_by: None,
            error: None,
            call_open: after.call_open,
            ready: after.ready,
            steps: writes,
            execution_config: None,
            candidates: None,
            restaurant: None,
            fails_batch: None,
            journal: vec![JournalEntry {
                operation,
                step: number(before.step),
                attempt: 1,
                from: None,
                to: None,
                details: json!({}),
            }],
            threshold: Threshold {
                share: 0.5,
                on: OnThreshold::Pause,
            },
            origin: Origin::engine(),
        }
    }

    async fn write_prepared(&mut self) {
        if let Some(prepared) = self.prepared.take() {
            self.write(prepared).await;
        }
    }

    async fn write(&mut self, (index, made, transition): (usize, Move, RegistrationTransition)) {
        let stands = self.job_row(index).await.version == transition.job.version
            && self.epoch(transition.job.batch_id).await == transition.job.epoch;
        let expected = stands && self.world.moved(index, made);
        let written = self.bench.write(transition).await.unwrap();
        let committed = matches!(written, Transitioned::Committed { .. });
        assert_eq!(committed, expected, "{made:?}, nothing has changed since: {stands}");
        self.note(match (committed, stands) {
            (true, _) => "moved",
            (false, true) => "no call may leave",
            (false, false) => "out of date",
        });
    }

    async fn job_row(&self, index: usize) -> jobs::Model {
        let found = jobs::Entity::find_by_id(self.jobs[index]).one(&self.bench.database.writer);
        found.await.unwrap().unwrap()
    }

    async fn epoch(&self, batch: Id) -> i32 {
        let found = batches::Entity::find_by_id(batch).one(&self.bench.database.writer);
        found.await.unwrap().unwrap().epoch
    }

    async fn job_rows(&self, of: &[Id]) -> Vec<jobs::Model> {
        let query = jobs::Entity::find().filter(jobs::Column::BatchJobId.is_in(of.to_vec()));
        let query = query.order_by_asc(jobs::Column::Position);
        query.all(&self.bench.database.writer).await.unwrap()
    }

    /// What is in the database is what the model says.
    pub async fn compare(&self) {
        let hq = &self.bench.database.writer;
        let found = batches::Entity::find()
            .filter(batches::Column::Id.is_in(self.batches.clone()))
            .all(hq)
            .await
            .unwrap();
        for row in found {
            let index = self.batches.iter().position(|id| *id == row.id).unwrap();
            let batch = &self.world.batches[index];
            let jobs = self.world.jobs_of(index);
            let count = |status: &str| {
                let of = jobs.iter().filter(|job| self.world.jobs[**job].status == status);
                i32::try_from(of.count()).unwrap()
            };
            assert_eq!(row.status, batch.status);
            assert_eq!(row.archived_at.is_some(), batch.archived);
            assert_eq!(
                (row.threshold_reached, row.threshold_acknowledged),
                (batch.too_many, batch.acknowledged)
            );
            let counted = ["completed", "failed", "cancelled", "action_required"].map(count);
            let kept = [
                row.completed_restaurants,
                row.failed_restaurants,
                row.cancelled_restaurants,
                row.waiting_restaurants,
            ];
            assert_eq!(kept, counted, "batch {index}");
        }
        let found = self.job_rows(&self.batches).await;
        assert_eq!(found.len(), self.world.jobs.len());
        let mut steps_of: HashMap<Id, Vec<steps::Model>> = HashMap::new();
        let all = steps::Entity::find()
            .filter(steps::Column::RegistrationJobId.is_in(self.jobs.clone()))
            .order_by_asc(steps::Column::StepNumber);
        for step in all.all(hq).await.unwrap() {
            steps_of.entry(step.registration_job_id).or_default().push(step);
        }
        for row in found {
            let index = self.jobs.iter().position(|id| *id == row.id).unwrap();
            let job = &self.world.jobs[index];
            let what = format!("job {index}: {job:#?}");
            assert_eq!(
                (row.status.as_str(), row.current_step, row.is_open),
                (job.status, i32::try_from(job.step).unwrap(), job.holds),
                "{what}"
            );
            assert_eq!(
                (row.call_open, row.ready_at.is_some()),
                (job.call_open, job.ready),
                "{what}"
            );
            assert_eq!(row.reference, self.jobs[job.origin], "{what}");
            for (step, row) in steps_of[&row.id].iter().enumerate() {
                assert_eq!(row.status, job.steps[step], "step {}, {what}", step + 1);
                assert_eq!(row.answer, job.said[step], "step {}, {what}", step + 1);
            }
            let parts = &steps_of[&row.id][5].sub_step_progress;
            let untouched = Part {
                status: "pending",
                unknown: false,
            };
            match parts {
                Some(parts) => assert_eq!(states(parts), states(&progress(&job.parts)), "{what}"),
                None => assert!(job.parts.iter().all(|part| *part == untouched), "{what}"),
            }
        }
        assert_eq!(rows(self.bench).await - self.rows_before, self.world.rows);
    }
}

async fn rows(bench: &Bench) -> i64 {
    bench.number("select count(*) from batch_operation_logs").await
}

fn number(step: usize) -> StepNumber {
    StepNumber::try_from(i32::try_from(step).unwrap()).unwrap()
}

fn progress(parts: &[Part]) -> Value {
    let of = |(slug, part): (&&str, &Part)| json!({ "sub_step": slug, "title": slug, "status": part.status, "outcome_unknown": part.unknown });
    PARTS.iter().zip(parts).map(of).collect()
}

/// Name, state and doubt of each part.
fn states(progress: &Value) -> Vec<(Value, Value, bool)> {
    let parts = progress.as_array().unwrap().iter();
    let unknown = |part: &Value| part["outcome_unknown"] == true;
    parts
        .map(|part| (part["sub_step"].clone(), part["status"].clone(), unknown(part)))
        .collect()
}

fn word(answered: &Answered) -> &'static str {
    match answered {
        Answered::Accepted => "accepted",
        Answered::Kept => "kept",
        Answered::Same => "same",
        Answered::Different { .. } => "different",
        Answered::NotWaiting { .. } => "not waiting",
        Answered::UnknownJob => "unknown job",
        Answered::UnknownCandidate => "unknown candidate",
        Answered::OtherSubStep { .. } => "other sub-step",
    }
}
