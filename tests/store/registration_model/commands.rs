//! Commands that a roll of the dice comes to, sent to the store and told to the reference model.

use std::collections::BTreeSet;

use batchdesk::model::crash::LastEnd;
use batchdesk::model::journal::{Operation, Origin};
use batchdesk::model::registration::batch::{BatchEvent, BatchRefusal};
use batchdesk::model::registration::job::RegistrationStatus;
use batchdesk::model::registration::step::{StepNumber, StepStatus};
use batchdesk::settings::OnThreshold;
use batchdesk::store::write::{
    AnswerGiven, AnswerRegistrations, ArchiveRegistrationBatch, BatchArchived, ChangeRegistrationBatch,
    CreateRegistrationBatch, JournalEntry, MarkRegistrationsInFlight, NewRegistration, RecoverRegistrationBatch,
    RegistrationBatchChanged, RegistrationBatchCreated, RegistrationMoved, RegistrationRef, RegistrationTransition,
    Repeat, RepeatRegistrationBatch, Repeated, StepWrite, Threshold, WriteError, Writer,
};
use entity::Id;
use serde_json::{Value, json};

use super::compare::{Rows, journalled};
use super::moves::{WAYS, Way, usual, written};
use super::reference::{Heard, Said, World, Written};
use super::tables::{EVENTS, has_ended, is_open};
use super::told::{assert_refused, assert_same, calls, heard_of};
use crate::bench::Bench;
use crate::schedules::new_restaurants;

/// How many restaurants there are, so that batches meet at some.
const RESTAURANTS: usize = 6;

type Roll = (u16, u16, u16);

/// A sequence of commands.
pub struct Case<'a> {
    bench: &'a mut Bench,
    seen: &'a mut BTreeSet<String>,
    restaurants: Vec<Id>,
    world: World,
    rows: Rows,
}

fn pick<T: Copy>(of: &[T], by: u16) -> T {
    of[usize::from(by) % of.len()]
}

impl<'a> Case<'a> {
    pub async fn new(bench: &'a mut Bench, seen: &'a mut BTreeSet<String>) -> Self {
        Self {
            restaurants: new_restaurants(bench, RESTAURANTS).await,
            bench,
            seen,
            world: World::default(),
            rows: Rows::default(),
        }
    }

    pub async fn play(&mut self, (what, a, b): Roll) {
        let head = self.bench.writer.head();
        let batches: Vec<usize> = (0..self.world.batches.len()).collect();
        let moved = self.movable();
        let said = match what {
            _ if batches.is_empty() => self.create(a, b).await,
            0..4 => self.create(a, b).await,
            4..14 => {
                let event = pick(&EVENTS, b / 8);
                self.steer(pick(&batches, a), event, despite_unknown(b)).await
            }
            14..16 => self.archive(pick(&batches, a)).await,
            16..24 => {
                let status = |batch: &usize| self.world.batches[*batch].status;
                let unknown = |batch: &usize| self.world.of(*batch).any(|job| job.unknown().next().is_some());
                let (mut ended, others): (Vec<_>, Vec<_>) = batches.iter().partition(|batch| has_ended(status(batch)));
                if b.is_multiple_of(3) && ended.iter().any(unknown) {
                    ended.retain(unknown);
                }
                let rather_others = ended.is_empty() || (b.is_multiple_of(4) && !others.is_empty());
                self.repeat(
                    pick(if rather_others { &others } else { &ended }, a),
                    b.is_multiple_of(3),
                    despite_unknown(b),
                )
                .await
            }
            24..44 => self.answer(a, b).await,
            44..46 => self.crash(pick(&batches, a), b).await,
            _ if moved.is_empty() => self.create(a, b).await,
            // A few of them mostly, so that some come to their end.
            46..88 => self.go(pick(&moved[..moved.len().min(3)], a), b, true).await,
            _ if self.doubted().next().is_some() && a.is_multiple_of(2) => self.begin_over_doubt(a, b).await,
            _ => self.go(pick(&moved, a), b, false).await,
        };
        self.assert_agree(&said, head).await;
    }

    /// After a command: all is as the model says, and what was refused has changed nothing.
    async fn assert_agree(&mut self, said: &Said, head: i64) {
        let before = std::mem::take(&mut self.rows);
        let ids: Vec<Id> = self.world.batches.iter().map(|batch| batch.id).collect();
        self.rows = Rows::read(&self.bench.database, &ids).await;
        let nil = Id(uuid::Uuid::nil());
        for (batch, id) in ids.iter().enumerate() {
            let jobs = self.world.jobs.iter_mut().filter(|job| job.batch == batch);
            for (job, row) in jobs.zip(self.rows.of(*id)) {
                job.id = if job.id == nil { row.id } else { job.id };
            }
        }
        self.rows.assert_agree(&self.world, &self.restaurants);
        let lines = journalled(&self.bench.database, head).await;
        assert_eq!(lines, self.world.journal);
        if *said != Said::Done {
            assert!(lines.is_empty(), "{said:?}");
            assert_eq!(self.rows, before, "{said:?}");
        }
        self.seen.extend(lines.into_iter().map(|line| line.operation));
        self.world.journal.clear();
        self.seen.extend(match said {
            Said::Already => Some("already".to_owned()),
            Said::Conflict => Some("conflict".to_owned()),
            Said::Busy(_) => Some("busy".to_owned()),
            Said::NothingFailed => Some("nothing failed".to_owned()),
            Said::Done | Said::Illegal(_) | Said::CallsOpen(_) | Said::OutcomeUnknown(_) => None,
        });
    }

    fn saw(&mut self, what: &str) {
        self.seen.insert(what.to_owned());
    }

    /// What supervisors and actors may move; and what has ended, which nothing moves.
    fn movable(&self) -> Vec<usize> {
        let may = |job: &usize| {
            let job = &self.world.jobs[*job];
            is_open(self.world.batches[job.batch].status) || job.call_open
        };
        let ended = |job: &usize| has_ended(self.world.jobs[*job].status);
        let (gone, mut going): (Vec<usize>, Vec<usize>) = (0..self.world.jobs.len())
            .filter(|job| may(job) || ended(job))
            .partition(ended);
        going.extend(gone);
        going
    }

    fn named(&self, busy: &[(Id, Id)]) -> Vec<usize> {
        let place = |(id, _): &(Id, Id)| self.restaurants.iter().position(|restaurant| restaurant == id);
        let mut places: Vec<usize> = busy.iter().map(|busy| place(busy).unwrap()).collect();
        places.sort_unstable();
        places
    }

    async fn create(&mut self, a: u16, b: u16) -> Said {
        let first = usize::from(a) % RESTAURANTS;
        let taken = first..=first + usize::from(b) % 3;
        self.create_of(taken.map(|place| place % RESTAURANTS), b).await
    }

    /// Restaurants that a call of which nobody knows stands against.
    fn doubted(&self) -> impl Iterator<Item = usize> {
        (0..RESTAURANTS).filter(|place| self.world.is_doubted(*place))
    }

    /// What would rarely meet otherwise: a batch of such a restaurant is made or started.
    async fn begin_over_doubt(&mut self, a: u16, b: u16) -> Said {
        let has_doubted = |batch: &usize| self.world.of(*batch).any(|job| self.world.is_doubted(job.restaurant));
        let drafts: Vec<usize> = (0..self.world.batches.len())
            .filter(|batch| self.world.batches[*batch].status == "draft")
            .filter(has_doubted)
            .collect();
        if drafts.is_empty() {
            let doubted: Vec<usize> = self.doubted().collect();
            return self.create_of(std::iter::once(pick(&doubted, a / 2)), b).await;
        }
        self.steer(pick(&drafts, a / 2), "start", despite_unknown(b)).await
    }

    async fn create_of(&mut self, restaurants: impl Iterator<Item = usize>, b: u16) -> Said {
        let jobs: Vec<(Id, usize)> = restaurants.map(|restaurant| (Id::now(), restaurant)).collect();
        let (id, starts) = (Id::now(), !b.is_multiple_of(4));
        let despite_unknown_outcomes = despite_unknown(b);
        let said = self.world.create(id, &jobs, starts, despite_unknown_outcomes);
        let create = CreateRegistrationBatch {
            id,
            organisation_id: self.bench.organisation_id,
            name: "A".to_owned(),
            parallel: b.is_multiple_of(2),
            settings: json!({}),
            jobs: jobs
                .iter()
                .map(|(id, restaurant)| NewRegistration {
                    id: *id,
                    restaurant_id: self.restaurants[*restaurant],
                })
                .collect(),
            created_by: None,
            template_id: None,
            schedule_id: None,
            despite_unknown_outcomes,
            start: starts,
            origin: Origin::engine(),
            answer: None,
        };
        let told = match self.bench.write(create).await.unwrap() {
            RegistrationBatchCreated::Created => Said::Done,
            RegistrationBatchCreated::Refused(refused) if refused.busy.is_empty() => {
                self.saw("outcome unknown: create");
                Said::OutcomeUnknown(calls(&refused.doubtful))
            }
            RegistrationBatchCreated::Refused(refused) => Said::Busy(self.named(&refused.busy)),
        };
        assert_same(told, &said)
    }

    async fn steer(&mut self, batch: usize, event: &'static str, despite_unknown_outcomes: bool) -> Said {
        let said = self.world.steer(batch, event, despite_unknown_outcomes);
        let change = ChangeRegistrationBatch {
            organisation_id: self.bench.organisation_id,
            batch_id: self.world.batches[batch].id,
            event: BatchEvent::ALL.into_iter().find(|each| each.as_str() == event).unwrap(),
            despite_unknown_outcomes,
            origin: Origin::engine(),
            reason: None,
        };
        let told = match self.bench.write(change).await.unwrap() {
            RegistrationBatchChanged::Accepted { status, .. } => {
                assert_eq!(status.as_str(), self.world.batches[batch].status);
                Said::Done
            }
            RegistrationBatchChanged::Already { .. } => Said::Already,
            RegistrationBatchChanged::Illegal { from, event } => {
                self.saw("illegal: batch");
                return assert_refused(&BatchRefusal::Illegal { from, event }.to_string(), said);
            }
            RegistrationBatchChanged::Busy(busy) => Said::Busy(self.named(&busy)),
            RegistrationBatchChanged::OutcomeUnknown(unknown) => {
                self.saw("outcome unknown: start");
                Said::OutcomeUnknown(calls(&unknown))
            }
            RegistrationBatchChanged::NotFound => panic!("it is there"),
        };
        assert_same(told, &said)
    }

    async fn archive(&mut self, batch: usize) -> Said {
        let said = self.world.archive(batch);
        let archive = ArchiveRegistrationBatch {
            organisation_id: self.bench.organisation_id,
            batch_id: self.world.batches[batch].id,
            origin: Origin::engine(),
        };
        match self.bench.write(archive).await.unwrap() {
            BatchArchived::Accepted(_) => assert!(matches!(said, Said::Done | Said::Already), "{said:?}"),
            BatchArchived::Illegal(from) => {
                self.saw("illegal: archive");
                assert_eq!(said, Said::Illegal(vec![from.as_str()]));
            }
            BatchArchived::NotFound => panic!("it is there"),
        }
        said
    }

    async fn repeat(&mut self, source: usize, all: bool, despite_unknown_outcomes: bool) -> Said {
        let id = Id::now();
        let said = self.world.repeat(id, source, all, despite_unknown_outcomes);
        let repeat = RepeatRegistrationBatch {
            id,
            organisation_id: self.bench.organisation_id,
            source: self.world.batches[source].id,
            repeat: if all { Repeat::All } else { Repeat::Failed },
            despite_unknown_outcomes,
            configs: Vec::new(),
            selections: Vec::new(),
            created_by: None,
            origin: Origin::engine(),
            answer: None,
        };
        let told = match self.bench.write(repeat).await.unwrap() {
            Repeated::Created(_) => Said::Done,
            Repeated::Illegal(from) => {
                self.saw("illegal: repeat");
                Said::Illegal(vec![from.as_str()])
            }
            Repeated::NothingFailed => Said::NothingFailed,
            Repeated::CallsOpen(open) => {
                self.saw("calls open");
                Said::CallsOpen(open)
            }
            Repeated::Busy(busy) => Said::Busy(self.named(&busy)),
            Repeated::OutcomeUnknown(unknown) => {
                self.saw("outcome unknown: repeat");
                Said::OutcomeUnknown(calls(&unknown))
            }
            other => panic!("{other:?}"),
        };
        assert_same(told, &said)
    }

    /// The process dies while a registration may be running, and another one takes over.
    async fn crash(&mut self, batch: usize, b: u16) -> Said {
        let jobs: Vec<usize> = (0..self.world.jobs.len())
            .filter(|job| self.world.jobs[*job].batch == batch)
            .collect();
        let job = &mut self.world.jobs[pick(&jobs, b)];
        job.crashes += i32::from(matches!(job.status, "pending" | "in_progress"));
        let batch_id = self.world.batches[batch].id;
        let jobs = vec![job.id];
        self.bench
            .write(MarkRegistrationsInFlight { batch_id, jobs })
            .await
            .unwrap();
        let last_end = LastEnd::Aborted;
        self.bench.writer = Writer::take_over(self.bench.database.writer.clone(), last_end)
            .await
            .unwrap();
        self.bench
            .write(RecoverRegistrationBatch { batch_id, last_end })
            .await
            .unwrap();
        self.saw("recovered");
        Said::Done
    }

    async fn go(&mut self, job: usize, b: u16, as_usual: bool) -> Said {
        let of = &self.world.jobs[job];
        let way = match b % 16 {
            // Calls do not come through so seldom.
            8 | 14 if of.current == 5 => Way::TryAgain,
            7 if of.current == 5 => Way::Fail,
            0..5 if of.unknown().next().is_some() => Way::Fail,
            _ => usual(of),
        };
        let written = written(of, if as_usual { way } else { pick(&WAYS, b / 8) });
        // Sometimes from a version, or an epoch, that is out of date.
        let stale = !as_usual && b % 8 < 2;
        let mut transition = self.transition(job, &written);
        transition.job.version -= i32::from(stale && b.is_multiple_of(8));
        transition.job.epoch -= i32::from(stale && b % 8 == 1);
        let said = self.world.go(job, &written, stale);
        let told = match self.bench.write(transition).await {
            Ok(RegistrationMoved::To(to)) => {
                // An answer that was there already is not told of here.
                let asks = to == RegistrationStatus::ActionRequired;
                assert!(asks || to.as_str() == self.world.jobs[job].status, "{to}");
                Said::Done
            }
            Ok(RegistrationMoved::Conflict) => Said::Conflict,
            Err(WriteError::Rejected(why)) => {
                self.saw(if why.contains("a registration at") {
                    "illegal: registration"
                } else {
                    "illegal: step"
                });
                return assert_refused(&why, said);
            }
            Err(error) => panic!("{error}"),
        };
        assert_same(told, &said)
    }

    fn transition(&self, job: usize, written: &Written) -> RegistrationTransition {
        let (of, at) = (&self.world.jobs[job], self.world.jobs[job].current);
        let row = self.rows.job(of.id);
        let step = |place: usize| StepNumber::ALL[place];
        let parts = written.parts.as_ref().map(|parts| {
            let part = parts.iter().map(|part| {
                json!({
                    "sub_step": part.name, "title": part.name, "status": part.status, "outcome_unknown": part.unknown,
                })
            });
            part.collect::<Value>()
        });
        let steps = written.steps.iter().map(|(place, becomes)| StepWrite {
            progress: parts.clone().filter(|_| *place == 5),
            asked: written.asks.then(|| json!({})),
            ..StepWrite::to(step(*place), becomes.parse::<StepStatus>().unwrap())
        });
        RegistrationTransition {
            job: RegistrationRef {
                organisation_id: row.organisation_id,
                batch_id: row.batch_job_id,
                id: row.id,
                restaurant_id: row.restaurant_id,
                version: row.version,
                epoch: self.rows.batch(row.batch_job_id).epoch,
            },
            from: row.status.parse().unwrap(),
            to: written.to.parse().unwrap(),
            current_step: step(written.current),
            attempt: 0,
            next_at: None,
            blocked_by: None,
            error: None,
            call_open: written.call_open,
            ready: false,
            steps: steps.collect(),
            execution_config: None,
            candidates: None,
            restaurant: None,
            fails_batch: written.fails_batch.then(|| "refused".to_owned()),
            journal: vec![JournalEntry {
                operation: Operation::ALL
                    .into_iter()
                    .find(|each| each.as_str() == written.operation)
                    .unwrap(),
                step: step(at),
                attempt: 1,
                from: Some(of.steps[at].status),
                to: written.told,
                details: json!({}),
            }],
            threshold: Threshold {
                share: 0.5,
                on: if self.world.batches[of.batch].strict {
                    OnThreshold::Fail
                } else {
                    OnThreshold::Pause
                },
            },
            origin: Origin::engine(),
        }
    }

    /// One or two registrations of a batch are answered, mostly what was asked.
    async fn answer(&mut self, a: u16, b: u16) -> Said {
        let waits = |job: &usize| self.world.jobs[*job].status == "action_required";
        let (waiting, others): (Vec<usize>, Vec<usize>) = (0..self.world.jobs.len()).partition(waits);
        let rather_others = waiting.is_empty() || (b.is_multiple_of(4) && !others.is_empty());
        let first = pick(if rather_others { &others } else { &waiting }, a);
        let of = &self.world.jobs[first];
        let asked = [2, 4, 5].contains(&of.current) && !b.is_multiple_of(8);
        let step = if asked { of.current } else { pick(&[2, 4, 5], b / 8) };
        let batch = of.batch;
        let mut jobs = vec![first];
        let more = (0..self.world.jobs.len()).find(|job| *job != first && self.world.jobs[*job].batch == batch);
        jobs.extend(more.filter(|_| b % 16 > 11));
        let answers: Vec<(usize, Value)> = jobs
            .into_iter()
            .map(|job| (job, self.answer_to(job, step, a ^ b)))
            .collect();
        let heard = self.world.answer(batch, step, &answers);
        let answer = AnswerRegistrations {
            organisation_id: self.bench.organisation_id,
            batch_id: self.world.batches[batch].id,
            step: StepNumber::ALL[step],
            answers: answers
                .iter()
                .map(|(job, answer)| AnswerGiven {
                    job_id: self.world.jobs[*job].id,
                    answer: answer.clone(),
                })
                .collect(),
            origin: Origin::engine(),
            key_answer: None,
        };
        let told = self.bench.write(answer).await.unwrap().unwrap();
        let told: Vec<Heard> = told.into_iter().map(heard_of).collect();
        assert_eq!(told, heard);
        for heard in &heard {
            self.saw(match heard {
                Heard::Accepted => "accepted",
                Heard::Kept => "kept",
                Heard::Same => "same",
                Heard::Different(_) => "different",
                Heard::NotWaiting(..) => "not waiting",
                Heard::OtherSubStep(_) => "another sub-step",
            });
        }
        if self.world.journal.is_empty() {
            Said::Already
        } else {
            Said::Done
        }
    }

    fn answer_to(&self, job: usize, step: usize, by: u16) -> Value {
        match step {
            2 => json!({ "company_number": pick(&["1", "2"], by) }),
            4 => json!({ "restaurant_name": pick(&["A", "B"], by) }),
            _ => {
                let parts = self.world.jobs[job].steps[5].parts.iter().flatten();
                let mut asked = parts.filter(|part| part.status == "action_required");
                let about = asked
                    .next()
                    .filter(|_| !by.is_multiple_of(5))
                    .map_or("account", |part| part.name.as_str());
                json!({ "sub_step": about, "done": by.is_multiple_of(2) })
            }
        }
    }
}

/// Whether a command says that it goes over calls of which nobody knows what they did.
fn despite_unknown(b: u16) -> bool {
    (b / 16).is_multiple_of(2)
}
