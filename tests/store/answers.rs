//! Callbacks against a small model of what should become of them: whatever the order in which a step is opened, waits, is
//! answered, misses its deadline, dies and is begun anew, an answer that was accepted is applied, and once.

use std::collections::HashMap;

use batchdesk::model::batch::JobEvent;
use batchdesk::model::crash::LastEnd;
use batchdesk::model::digest::sha256_hex;
use batchdesk::model::journal::{Operation, Origin};
use batchdesk::model::practice::{PracticeStatus, step_run_id};
use batchdesk::store::failed::Failed;
use batchdesk::store::read::EngineReader;
use batchdesk::store::write::{
    AnswerStored, Command, ItemTransition, OpenStepRun, RedoJob, StepRunChange, StoreAnswer, Transitioned,
    WriteCommand, Writer,
};
use chrono::{TimeDelta, Utc};
use entity::{Id, enrichment_jobs, job_practices};

use crate::bench::{Bench, distinct, quiet, transition};
use crate::random_commands::Dice;

const STEP: i32 = 1;
const LAST_ATTEMPT: i32 = 3;
const BODIES: [&str; 2] = [r#"{"urls":"a"}"#, r#"{"urls":"b"}"#];

/// What an actor is about to do, by what it has seen.
#[derive(Clone, Debug)]
enum Next {
    Open,
    Await,
    Complete(String),
    MissDeadline,
}

/// A practice in flight. What it has seen may be out of date.
#[derive(Clone, Debug)]
struct Actor {
    job: enrichment_jobs::Model,
    practice: job_practices::Model,
    next: Next,
}

/// What is known of a step run.
#[derive(Debug)]
struct Run {
    attempt: i32,
    /// Its deadline is so near that it may pass at any moment.
    near: bool,
    answered: Option<&'static str>,
    closed: bool,
}

struct Token {
    text: String,
    life: i32,
    attempt: i32,
}

/// What should be.
#[derive(Default)]
struct Model {
    life: i32,
    killed: bool,
    runs: HashMap<i32, Run>,
    tokens: Vec<Token>,
    applied: HashMap<i32, u32>,
}

pub async fn an_accepted_answer_is_never_lost_and_never_applied_twice(mut bench: Bench) {
    let mut outcomes: HashMap<String, u32> = HashMap::new();
    for seed in 1..=80 {
        eprintln!("seed {seed}");
        let mut dice = Dice(seed);
        let job_id = bench.import(distinct(1)).await;
        bench.write(Bench::change(job_id, JobEvent::Start)).await.unwrap();
        let mut play = Play {
            bench: &mut bench,
            job_id,
            actor: None,
            model: Model {
                life: 1,
                ..Model::default()
            },
            outcomes: &mut outcomes,
        };
        for _ in 0..40 {
            play.do_something(&mut dice).await;
        }
        play.end().await;
    }
    for seen in [
        "Accepted",
        "Repeated",
        "Different",
        "Gone",
        "missed",
        "completed",
        "conflict",
    ] {
        assert!(
            outcomes.get(seen).copied().unwrap_or_default() >= 5,
            "{seen}: {outcomes:?}"
        );
    }
}

struct Play<'a> {
    bench: &'a mut Bench,
    job_id: Id,
    actor: Option<Actor>,
    model: Model,
    outcomes: &'a mut HashMap<String, u32>,
}

impl Play<'_> {
    async fn do_something(&mut self, dice: &mut Dice) {
        match dice.roll(16) {
            0..=5 => self.begin().await,
            6..=11 => {
                let together = (dice.roll(3) == 0).then(|| self.answer(dice)).flatten();
                self.act(dice, together).await;
            }
            12..=13 => {
                if let Some((token, body)) = self.answer(dice) {
                    let stored = self.bench.write(self.command(token, body)).await.unwrap();
                    self.answered(token, body, &stored);
                }
            }
            14 => self.crash().await,
            _ if dice.roll(4) == 0 => {
                let kill = Bench::change(self.job_id, JobEvent::Kill);
                self.bench.write(kill).await.unwrap();
                self.model.killed = self.bench.job(self.job_id).await.status == "error";
            }
            _ => self.redo().await,
        }
    }

    fn note(&mut self, outcome: &str) {
        *self.outcomes.entry(outcome.to_owned()).or_default() += 1;
    }

    async fn practice(&self) -> job_practices::Model {
        let all = self.bench.practices().await;
        all.into_iter().find(|practice| practice.job_id == self.job_id).unwrap()
    }

    fn run_id(&self, practice: &job_practices::Model) -> Id {
        Id(step_run_id(self.job_id.0, practice.id, STEP, practice.life))
    }

    /// An actor is built from the practice's row, if that is due.
    async fn begin(&mut self) {
        let job = self.bench.job(self.job_id).await;
        let practice = self.practice().await;
        let due = practice.next_at.is_none_or(|at| at <= Utc::now());
        if self.actor.is_some() || job.status != "running" || practice.status != "pending" || !due {
            return;
        }
        let reader = EngineReader::new(self.bench.database.readers.clone());
        let run = reader.step_run(self.run_id(&practice)).await.unwrap();
        let run = run.filter(|run| run.attempt == practice.attempt + 1 && !run.closed);
        let next = match run {
            Some(run) if run.answer.is_some() => Next::Complete(run.answer.unwrap()),
            Some(run) if run.deadline.is_some_and(|deadline| deadline <= Utc::now()) => Next::MissDeadline,
            _ => Next::Open,
        };
        self.actor = Some(Actor { job, practice, next });
    }

    /// The actor does what it is about to; an answer may come in the same transaction.
    async fn act(&mut self, dice: &mut Dice, together: Option<(usize, &'static str)>) {
        let Some(actor) = self.actor.take() else { return };
        let tried = actor.practice.attempt + 1;
        let run = self.run_id(&actor.practice);
        let stays = ItemTransition {
            step_number: 0,
            payload: None,
            operation: Operation::StepWaiting,
            ..transition(&actor.job, &actor.practice, PracticeStatus::Pending)
        };
        let near = dice.roll(4) > 0;
        let ahead = if near {
            TimeDelta::milliseconds(dice.roll(4) as i64)
        } else {
            TimeDelta::hours(1)
        };
        let deadline = Utc::now() + ahead;
        let token = format!("{}-{}", self.job_id, self.model.tokens.len());
        let command = match &actor.next {
            Next::Open => OpenStepRun {
                item: stays.item,
                id: run,
                step: STEP,
                life: actor.practice.life,
                attempt: tried,
                workflow_id: Id(self.job_id.0),
                workflow_slug: "studies".to_owned(),
                workflow_version: 1,
                token_digest: Some(sha256_hex(token.as_bytes())),
                answer: None,
            }
            .into_command(),
            Next::Await => ItemTransition {
                attempt: actor.practice.attempt,
                next_at: Some(deadline),
                step_run: Some(StepRunChange::Awaits(run)),
                ..stays
            }
            .into_command(),
            Next::Complete(_) => ItemTransition {
                step_run: Some(StepRunChange::Closes(run)),
                ..transition(&actor.job, &actor.practice, PracticeStatus::Aggregated)
            }
            .into_command(),
            Next::MissDeadline if tried < LAST_ATTEMPT => ItemTransition {
                attempt: tried,
                next_at: Some(Utc::now()),
                ..stays
            }
            .into_command(),
            Next::MissDeadline => ItemTransition {
                attempt: tried,
                to: PracticeStatus::Error,
                step_run: Some(StepRunChange::Closes(run)),
                ..stays
            }
            .into_command(),
        };
        let now = self.practice().await;
        let stands =
            now.version == actor.practice.version && self.bench.job(self.job_id).await.epoch == actor.job.epoch;
        let opens = matches!(command, Command::OpenStepRun(_));
        let mut commands = vec![command];
        commands.extend(together.map(|(token, body)| self.command(token, body).into_command()));
        // Transitions go first in any case.
        let answer_first = opens && dice.roll(2) == 0;
        if answer_first {
            commands.reverse();
        }
        let mut answers = self.bench.writer.commit(commands, &quiet).await;
        if answer_first {
            answers.reverse();
        }
        let mut answers = answers.into_iter().map(Result::unwrap);
        let moved = answers.next().unwrap();
        let moved = if opens {
            OpenStepRun::read_answer(moved)
        } else {
            ItemTransition::read_answer(moved)
        };
        let stored = answers.next().map(|answer| StoreAnswer::read_answer(answer).unwrap());
        if let (true, Some((token, body)), Some(stored)) = (answer_first, together, &stored) {
            self.answered(token, body, stored);
        }
        let committed = matches!(moved.unwrap(), Transitioned::Committed { .. });
        assert!(!committed || stands, "what was out of date was written: {actor:?}");
        if committed {
            self.moved(&actor, tried, near, token);
        } else {
            self.note("conflict");
        }
        if let (false, Some((token, body)), Some(stored)) = (answer_first, together, &stored) {
            self.answered(token, body, stored);
        }
    }

    /// The model follows what the actor has committed.
    fn moved(&mut self, actor: &Actor, tried: i32, near: bool, token: String) {
        let life = actor.practice.life;
        match &actor.next {
            Next::Open => {
                let run = self.model.runs.entry(life).or_insert(Run {
                    attempt: tried,
                    near: false,
                    answered: None,
                    closed: false,
                });
                if run.attempt != tried {
                    run.answered = None;
                }
                (run.attempt, run.near, run.closed) = (tried, false, false);
                self.model.tokens.push(Token {
                    text: token,
                    life,
                    attempt: tried,
                });
                self.actor = Some(Actor {
                    next: Next::Await,
                    ..actor.clone()
                });
            }
            Next::Await => self.model.runs.get_mut(&life).unwrap().near = near,
            Next::Complete(body) => {
                let run = self.model.runs.get_mut(&life).unwrap();
                assert_eq!(run.answered, Some(body.as_str()), "what is applied was accepted");
                run.closed = true;
                let applied = self.model.applied.entry(life).or_default();
                *applied += 1;
                assert_eq!(*applied, 1, "an answer was applied twice");
                self.note("completed");
            }
            Next::MissDeadline => {
                let run = self.model.runs.get_mut(&life).unwrap();
                assert_eq!(run.answered, None, "an accepted answer was lost to its deadline");
                run.closed = tried >= LAST_ATTEMPT;
                self.note("missed");
            }
        }
    }

    fn answer(&self, dice: &mut Dice) -> Option<(usize, &'static str)> {
        let tokens = self.model.tokens.len();
        let late = dice.roll(3) == 0;
        let from = if late { 0 } else { tokens.saturating_sub(2) };
        (tokens > 0).then(|| (from + dice.roll(tokens - from), BODIES[dice.roll(2)]))
    }

    fn command(&self, token: usize, body: &str) -> StoreAnswer {
        StoreAnswer {
            workflow_slug: "studies".to_owned(),
            token_digest: sha256_hex(self.model.tokens[token].text.as_bytes()),
            body: body.to_owned(),
            body_digest: sha256_hex(body.as_bytes()),
            origin: Origin::engine(),
        }
    }

    /// Compares what became of an answer with what should have.
    fn answered(&mut self, token: usize, body: &'static str, stored: &AnswerStored) {
        let Token { life, attempt, .. } = self.model.tokens[token];
        let run = self.model.runs.get_mut(&life).unwrap();
        let of_this_attempt = run.attempt == attempt;
        let earlier = run.answered.filter(|_| of_this_attempt);
        let takes = !self.model.killed && life == self.model.life && of_this_attempt && !run.closed;
        let told = match stored {
            AnswerStored::Accepted { .. } => "Accepted",
            AnswerStored::Repeated => "Repeated",
            AnswerStored::Different => "Different",
            AnswerStored::Gone(_) => "Gone",
            AnswerStored::Unknown => "Unknown",
        };
        let right: &[&str] = match earlier {
            Some(earlier) if earlier == body => &["Repeated"],
            Some(_) => &["Different"],
            None if takes && run.near => &["Accepted", "Gone"],
            None if takes => &["Accepted"],
            None => &["Gone"],
        };
        assert!(right.contains(&told), "{told} where it should be {right:?}: {run:?}");
        if told == "Accepted" {
            run.answered = Some(body);
        }
        self.note(told);
    }

    /// The process dies and another takes the database over.
    async fn crash(&mut self) {
        self.actor = None;
        let hq = self.bench.database.writer.clone();
        self.bench.writer = Writer::take_over(hq, LastEnd::Killed).await.unwrap();
    }

    async fn redo(&mut self) {
        let redo = RedoJob {
            job_id: self.job_id,
            failed: Failed::All,
            origin: Origin::engine(),
        };
        self.bench.write(redo).await.unwrap();
        self.model.life = self.practice().await.life;
        self.model.killed = self.bench.job(self.job_id).await.status == "error";
    }

    /// Lets the practice go on undisturbed: what was accepted and has not been applied is applied now.
    async fn end(&mut self) {
        self.crash().await;
        let mut dice = Dice(0);
        let run = self.model.runs.get(&self.model.life);
        let owed = run.is_some_and(|run| run.answered.is_some() && !run.closed) && !self.model.killed;
        let missed_before = self.practice().await.attempt;
        if owed && run.is_some_and(|run| run.attempt == missed_before + 1) {
            self.begin().await;
            let actor = self.actor.as_ref().expect("a practice with an answer is due");
            assert!(matches!(actor.next, Next::Complete(_)), "{actor:?}");
            self.act(&mut dice, None).await;
            assert_eq!(self.practice().await.status, "aggregated");
        }
        assert!(self.model.applied.values().all(|applied| *applied == 1));
    }
}
