//! A reference model of registration batches: a few lists in memory, without a database.

use entity::Id;
use serde_json::{Value, json};

use super::rows::{Batch, Job, Line, Part, Step};
use super::tables::{Next, has_ended, is_open, job_may_become, next, step_has_ended, step_may_become, target};

/// What an actor writes of a registration.
#[derive(Clone, Debug)]
pub struct Written {
    pub to: &'static str,
    pub current: usize,
    pub call_open: bool,
    /// The step's place from 0, and its new state.
    pub steps: Vec<(usize, &'static str)>,
    pub parts: Option<Vec<Part>>,
    pub asks: bool,
    pub operation: &'static str,
    /// What the journal's row says that the step becomes.
    pub told: Option<&'static str>,
    pub fails_batch: bool,
}

/// What a command comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Done,
    Already,
    /// Refused; the words that the refusal has to hold.
    Illegal(Vec<&'static str>),
    /// Somebody was faster, or the batch is held.
    Conflict,
    Busy(Vec<usize>),
    NothingFailed,
    CallsOpen(Vec<Id>),
    OutcomeUnknown(Vec<(Id, String)>),
}

/// What an answer comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    Accepted,
    Kept,
    Same,
    Different(Value),
    NotWaiting(&'static str, &'static str, &'static str),
    OtherSubStep(String),
}

#[derive(Clone, Debug, Default)]
pub struct World {
    pub batches: Vec<Batch>,
    pub jobs: Vec<Job>,
    /// Counts what orders registrations.
    moment: usize,
    /// What the last command has journalled.
    pub journal: Vec<Line>,
}

impl World {
    pub fn count(&self, batch: usize, status: &str) -> usize {
        self.of(batch).filter(|job| job.status == status).count()
    }

    pub fn of(&self, batch: usize) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(move |job| job.batch == batch)
    }

    fn note_batch(&mut self, batch: usize, operation: &str, from: &str, to: &str) {
        self.journal.push(Line {
            batch: self.batches[batch].id,
            job: None,
            step: None,
            operation: operation.to_owned(),
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
        });
    }

    fn note_job(&mut self, job: usize, step: usize, operation: &str, from: Option<&str>, to: Option<&str>) {
        let of = &self.jobs[job];
        self.journal.push(Line {
            batch: self.batches[of.batch].id,
            job: Some(of.id),
            step: Some(i32::try_from(step + 1).unwrap()),
            operation: operation.to_owned(),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
        });
    }

    /// Those of the restaurants that are being registered.
    fn busy(&self, restaurants: impl Iterator<Item = usize>) -> Vec<usize> {
        let holds = |restaurant: &usize| self.jobs.iter().any(|job| job.open && job.restaurant == *restaurant);
        restaurants.filter(holds).collect()
    }

    /// Sub-steps of ended registrations of the restaurants of which nobody knows what their calls have done, with those registrations.
    fn doubted(&self, restaurants: impl Iterator<Item = usize>) -> Vec<&Job> {
        let settles = |job: &Job, later: &Job| {
            let completed = later.restaurant == job.restaurant && later.status == "completed";
            later.source == Some(job.id) || (completed && later.since > job.since)
        };
        let stands = |job: &&Job| {
            let ended = !job.open && job.status != "completed";
            ended && job.unknown().next().is_some() && !self.jobs.iter().any(|later| settles(job, later))
        };
        restaurants
            .flat_map(|restaurant| self.jobs.iter().filter(move |job| job.restaurant == restaurant))
            .filter(stands)
            .collect()
    }

    pub fn is_doubted(&self, restaurant: usize) -> bool {
        !self.doubted(std::iter::once(restaurant)).is_empty()
    }

    fn enter(&mut self, batch: usize, to: &'static str, operation: &str) {
        let from = std::mem::replace(&mut self.batches[batch].status, to);
        self.note_batch(batch, operation, from, to);
    }

    fn make(&mut self, id: Id, total: usize, retry_of: Option<Id>) -> usize {
        let batch = self.batches.len();
        self.batches.push(Batch {
            id,
            status: "draft",
            total,
            reached: false,
            acknowledged: false,
            archived: false,
            retry_of,
            strict: batch % 2 == 1,
        });
        self.note_batch(batch, "batch_created", "draft", "draft");
        batch
    }

    fn add(&mut self, id: Id, batch: usize, restaurant: usize) -> &mut Job {
        self.moment += 1;
        self.jobs.push(Job {
            id,
            batch,
            restaurant,
            status: "pending",
            open: false,
            current: 0,
            call_open: false,
            crashes: 0,
            source: None,
            begun: false,
            since: self.moment,
            steps: std::array::from_fn(|_| Step {
                status: "pending",
                answer: None,
                parts: None,
            }),
        });
        self.jobs.last_mut().unwrap()
    }

    fn start(&mut self, batch: usize) {
        for job in self.jobs.iter_mut().filter(|job| job.batch == batch) {
            job.open = !has_ended(job.status);
        }
        self.batches[batch].archived = false;
        self.enter(batch, "pending", "batch_started");
    }

    pub fn create(&mut self, id: Id, jobs: &[(Id, usize)], starts: bool, despite_unknown: bool) -> Said {
        let restaurants = || jobs.iter().map(|(_, restaurant)| *restaurant);
        let busy = self.busy(restaurants());
        let doubted = self.doubted(restaurants());
        if !busy.is_empty() {
            return Said::Busy(busy);
        }
        if !despite_unknown && !doubted.is_empty() {
            return unknown(&doubted);
        }
        let batch = self.make(id, jobs.len(), None);
        for (id, restaurant) in jobs {
            self.add(*id, batch, *restaurant);
        }
        if starts {
            self.start(batch);
        }
        Said::Done
    }

    pub fn steer(&mut self, batch: usize, event: &'static str, despite_unknown: bool) -> Said {
        let from = self.batches[batch].status;
        let to = match next(from, event) {
            Next::To(to) => to,
            Next::Already => return Said::Already,
            Next::Illegal => return Said::Illegal(vec![from, target(event)]),
        };
        match event {
            "start" => {
                let busy = self.busy(self.of(batch).map(|job| job.restaurant));
                if !busy.is_empty() {
                    return Said::Busy(busy);
                }
                let doubted = self.doubted(self.of(batch).map(|job| job.restaurant));
                if !despite_unknown && !doubted.is_empty() {
                    return unknown(&doubted);
                }
                self.start(batch);
            }
            "pause" => self.enter(batch, to, "batch_paused"),
            "resume" => {
                // Whoever resumes has seen that too many have failed.
                self.batches[batch].acknowledged |= self.batches[batch].reached;
                self.enter(batch, to, "batch_resumed");
            }
            "cancel" => {
                self.enter(batch, to, "batch_cancelled");
                self.end_jobs(batch, "cancelled");
            }
            _ => self.fail(batch),
        }
        Said::Done
    }

    fn fail(&mut self, batch: usize) {
        self.enter(batch, "failed", "batch_failed");
        self.end_jobs(batch, "pending");
    }

    /// Registrations that have not ended become `to`, but those in a call, which ends first.
    fn end_jobs(&mut self, batch: usize, to: &'static str) {
        let ends = |job: &Job| job.batch == batch && !has_ended(job.status) && !job.call_open;
        for job in 0..self.jobs.len() {
            if !ends(&self.jobs[job]) {
                continue;
            }
            let from = self.jobs[job].status;
            self.jobs[job].close(to);
            let operation = if to == "cancelled" {
                "item_finished"
            } else {
                "item_set_aside"
            };
            if from != to {
                self.note_job(job, self.jobs[job].current, operation, Some(from), Some(to));
            }
        }
    }

    pub fn archive(&mut self, batch: usize) -> Said {
        let status = self.batches[batch].status;
        if is_open(status) {
            return Said::Illegal(vec![status]);
        }
        if std::mem::replace(&mut self.batches[batch].archived, true) {
            Said::Already
        } else {
            Said::Done
        }
    }

    /// Takes up what failed in the source, from where it failed; or all of it anew.
    pub fn repeat(&mut self, id: Id, source: usize, all: bool, despite_unknown: bool) -> Said {
        let (status, of) = (self.batches[source].status, self.batches[source].id);
        if !(has_ended(status) || (status == "paused" && !all)) {
            return Said::Illegal(vec![status]);
        }
        let open: Vec<Id> = self.of(source).filter(|job| job.call_open).map(|job| job.id).collect();
        if has_ended(status) && !open.is_empty() {
            return Said::CallsOpen(open);
        }
        let retried = |job: &Job| self.jobs.iter().any(|later| later.source == Some(job.id));
        // What failed; and what a batch left undone that ended before its registrations.
        let failed = |job: &Job| {
            let undone = [("failed", "pending"), ("cancelled", "cancelled")].contains(&(status, job.status));
            job.status == "failed" || undone
        };
        let taken: Vec<Job> = self
            .of(source)
            .filter(|job| all || (failed(job) && !retried(job)))
            .cloned()
            .collect();
        if taken.is_empty() {
            return Said::NothingFailed;
        }
        let busy = self.busy(taken.iter().map(|job| job.restaurant));
        if !busy.is_empty() {
            return Said::Busy(busy);
        }
        let mut doubted = self.doubted(taken.iter().map(|job| job.restaurant));
        // What is taken up finds out itself what its own have done, and began in spite of those before.
        let is_later = |job: &Job| {
            let mut of_restaurant = taken.iter().filter(|taken| taken.restaurant == job.restaurant);
            of_restaurant.all(|taken| job.since > taken.since)
        };
        doubted.retain(|job| all || is_later(job));
        if !despite_unknown && !doubted.is_empty() {
            return unknown(&doubted);
        }
        let batch = self.make(id, taken.len(), Some(of));
        for job in taken {
            // The writer draws the ids of copies.
            let copy = self.add(Id(uuid::Uuid::nil()), batch, job.restaurant);
            if !all {
                copy.take_up(job);
            }
        }
        self.start(batch);
        Said::Done
    }

    /// A registration moves. With `stale` its writer has seen an older state of it.
    pub fn go(&mut self, job: usize, written: &Written, stale: bool) -> Said {
        let (batch, from, at) = (self.jobs[job].batch, self.jobs[job].status, self.jobs[job].current);
        let status = self.batches[batch].status;
        if written.call_open && !matches!(status, "pending" | "in_progress") {
            return Said::Conflict;
        }
        let goes_on = !has_ended(written.to) && !written.call_open;
        let to = match status {
            "cancelled" if goes_on => "cancelled",
            "failed" if goes_on => "pending",
            _ => written.to,
        };
        if stale {
            return Said::Conflict;
        }
        if !job_may_become(from, to) {
            return Said::Illegal(vec![from, to]);
        }
        let was = self.jobs[job].steps[at].status;
        for (step, becomes) in &written.steps {
            let step = &self.jobs[job].steps[*step];
            if !step_may_become(step.status, becomes) {
                return Said::Illegal(vec![step.status, becomes]);
            }
        }
        self.jobs[job].write(written);
        self.moment += 1;
        if !std::mem::replace(&mut self.jobs[job].begun, true) {
            self.jobs[job].since = self.moment;
        }
        if to == written.to {
            self.jobs[job].status = to;
            self.jobs[job].open &= !has_ended(to);
        } else {
            self.jobs[job].close(to);
        }
        if status == "pending" {
            self.batches[batch].status = "in_progress";
        }
        self.note_job(job, at, written.operation, Some(was), written.told);
        if has_ended(to) {
            self.note_job(job, written.current, "item_finished", Some(from), Some(to));
        }
        if to == "action_required"
            && let Some(answer) = self.jobs[job].steps[written.current].answer.clone()
        {
            self.take(job, written.current, &answer);
        }
        if written.fails_batch && is_open(status) {
            self.fail(batch);
        } else {
            self.conclude(batch);
        }
        Said::Done
    }

    fn conclude(&mut self, batch: usize) {
        let [completed, failed, cancelled] =
            ["completed", "failed", "cancelled"].map(|status| self.count(batch, status));
        let of = &self.batches[batch];
        if !is_open(of.status) {
            return;
        }
        if failed == of.total {
            return self.enter(batch, "failed", "batch_failed");
        }
        if completed + failed + cancelled == of.total {
            return self.enter(batch, "completed", "batch_completed");
        }
        if failed * 2 <= of.total || of.acknowledged || of.status == "paused" {
            return;
        }
        if of.strict {
            self.fail(batch);
        } else {
            self.batches[batch].reached = true;
            self.enter(batch, "paused", "batch_paused");
        }
    }

    /// Answers to one step of a batch: all count or none.
    pub fn answer(&mut self, batch: usize, step: usize, answers: &[(usize, Value)]) -> Vec<Heard> {
        let heard: Vec<Heard> = answers
            .iter()
            .map(|(job, answer)| self.hear(batch, *job, step, answer))
            .collect();
        let counts = |heard: &Heard| matches!(heard, Heard::Accepted | Heard::Kept | Heard::Same);
        if !heard.iter().all(counts) {
            return heard;
        }
        for ((job, answer), heard) in answers.iter().zip(&heard) {
            if *heard == Heard::Same {
                continue;
            }
            self.jobs[*job].steps[step].answer = Some(answer.clone());
            self.note_job(*job, step, "answered", None, None);
            if *heard == Heard::Accepted {
                self.take(*job, step, answer);
            }
        }
        heard
    }

    fn hear(&self, batch: usize, job: usize, step: usize, answer: &Value) -> Heard {
        let (status, job) = (self.batches[batch].status, &self.jobs[job]);
        let at = &job.steps[step];
        let is_asked = at.status == "action_required" && job.status == "action_required";
        if let Some(first) = &at.answer
            && (step != 5 || at.status != "action_required")
        {
            return if first == answer {
                Heard::Same
            } else {
                Heard::Different(first.clone())
            };
        }
        let is_early = step != 5 && !step_has_ended(at.status) && !has_ended(job.status);
        if has_ended(status) || !(is_asked || is_early) {
            return Heard::NotWaiting(status, job.status, at.status);
        }
        let about = at.parts.iter().flatten().find(|part| part.status == "action_required");
        match about.filter(|part| step == 5 && answer["sub_step"] != part.name.as_str()) {
            Some(about) => Heard::OtherSubStep(about.name.clone()),
            None if is_asked => Heard::Accepted,
            None => Heard::Kept,
        }
    }

    /// The registration goes on with an answer.
    fn take(&mut self, job: usize, step: usize, answer: &Value) {
        let of = &mut self.jobs[job];
        of.status = "in_progress";
        if step == 5 {
            of.steps[5].status = "pending";
            let parts = of.steps[5].parts.iter_mut().flatten();
            for part in parts.filter(|part| answer["sub_step"] == part.name.as_str()) {
                part.unknown = false;
                part.status = if answer["done"] == json!(true) {
                    "completed"
                } else {
                    "pending"
                };
            }
            return;
        }
        of.current = step + 1;
        of.steps[step].status = "completed";
        self.note_job(job, step, "step_completed", Some("action_required"), Some("completed"));
    }
}

fn unknown(jobs: &[&Job]) -> Said {
    let mut calls: Vec<(Id, String)> = jobs.iter().flat_map(|job| job.unknown()).collect();
    calls.sort_unstable();
    Said::OutcomeUnknown(calls)
}
