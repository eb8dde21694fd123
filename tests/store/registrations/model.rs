//! What registration batches should do, in the words of the documentation: states as the interface names them, and no line of
//! the daemon's own state machines.

use serde_json::{Value, json};

pub const PARTS: [&str; 3] = ["account", "menu", "check"];

/// A sub-step.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub status: &'static str,
    /// Nobody knows whether its call did its work.
    pub unknown: bool,
}

#[derive(Clone, Debug)]
pub struct Job {
    pub batch: usize,
    pub restaurant: usize,
    pub status: &'static str,
    /// Nobody else may register its restaurant.
    pub holds: bool,
    /// From 1 to 6.
    pub step: usize,
    pub steps: [&'static str; 6],
    pub said: [Option<Value>; 6],
    pub call_open: bool,
    pub ready: bool,
    pub parts: Vec<Part>,
    /// The job that it goes back to, over all retries.
    pub origin: usize,
    pub retried: bool,
}

#[derive(Clone, Debug)]
pub struct Batch {
    pub status: &'static str,
    pub archived: bool,
    /// Somebody has resumed it although too many had failed.
    pub acknowledged: bool,
    pub too_many: bool,
}

/// What an actor writes of one job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Move {
    Begin,
    Complete,
    Wait,
    Fail,
    Ask,
    /// The call of a part is about to leave.
    Call(usize),
    Done(usize),
    Refused(usize),
    /// Nobody knows what the call did: a person is asked.
    Doubt(usize),
    End,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Done,
    Already,
    Illegal,
    Busy,
    NothingFailed,
    OutcomeUnknown,
}

/// All batches and jobs, in the order in which they were made.
#[derive(Default)]
pub struct World {
    pub batches: Vec<Batch>,
    pub jobs: Vec<Job>,
    /// Rows that the journal should have.
    pub rows: i64,
}

pub fn has_ended(status: &str) -> bool {
    matches!(status, "completed" | "failed" | "cancelled")
}

fn is_open(status: &str) -> bool {
    matches!(status, "pending" | "in_progress" | "paused")
}

impl World {
    pub fn jobs_of(&self, batch: usize) -> Vec<usize> {
        (0..self.jobs.len())
            .filter(|job| self.jobs[*job].batch == batch)
            .collect()
    }

    fn is_held(&self, restaurant: usize) -> bool {
        self.jobs.iter().any(|job| job.holds && job.restaurant == restaurant)
    }

    pub fn create(&mut self, restaurants: &[usize], start: bool) -> Outcome {
        if restaurants.iter().any(|restaurant| self.is_held(*restaurant)) {
            return Outcome::Busy;
        }
        self.rows += 1 + i64::from(start);
        let batch = self.new_batch(if start { "pending" } else { "draft" });
        for restaurant in restaurants {
            self.new_job(batch, *restaurant, start);
        }
        Outcome::Done
    }

    fn new_batch(&mut self, status: &'static str) -> usize {
        self.batches.push(Batch {
            status,
            archived: false,
            acknowledged: false,
            too_many: false,
        });
        self.batches.len() - 1
    }

    fn new_job(&mut self, batch: usize, restaurant: usize, holds: bool) {
        let untouched = Part {
            status: "pending",
            unknown: false,
        };
        self.jobs.push(Job {
            batch,
            restaurant,
            status: "pending",
            holds,
            step: 1,
            steps: ["pending"; 6],
            said: [const { None }; 6],
            call_open: false,
            ready: false,
            parts: vec![untouched; PARTS.len()],
            origin: self.jobs.len(),
            retried: false,
        });
    }

    /// Somebody steers a whole batch.
    pub fn steer(&mut self, batch: usize, command: &str) -> Outcome {
        let status = self.batches[batch].status;
        let to = match (command, status) {
            ("start", "draft") => "pending",
            ("pause", "pending" | "in_progress") => "paused",
            ("resume", "paused") => "in_progress",
            ("cancel", "draft" | "pending" | "in_progress" | "paused") => "cancelled",
            ("fail", "pending" | "in_progress" | "paused") => "failed",
            ("start" | "resume", "pending" | "in_progress")
            | ("pause", "paused")
            | ("cancel", "cancelled")
            | ("fail", "failed") => return Outcome::Already,
            _ => return Outcome::Illegal,
        };
        let jobs = self.jobs_of(batch);
        if command == "start" {
            if jobs.iter().any(|job| self.is_held(self.jobs[*job].restaurant)) {
                return Outcome::Busy;
            }
            self.batches[batch].archived = false;
            jobs.iter().for_each(|job| self.jobs[*job].holds = true);
        }
        if command == "resume" && self.batches[batch].too_many {
            self.batches[batch].acknowledged = true;
        }
        self.batches[batch].status = to;
        self.rows += 1;
        for job in jobs {
            let job = &mut self.jobs[job];
            // A call on its way ends first.
            if !has_ended(job.status) && !job.call_open {
                job.leave(to);
            }
        }
        Outcome::Done
    }

    pub fn archive(&mut self, batch: usize) -> Outcome {
        if is_open(self.batches[batch].status) {
            return Outcome::Illegal;
        }
        self.batches[batch].archived = true;
        Outcome::Done
    }

    /// What the job's actor may come to write next.
    pub fn moves(&self, job: usize) -> Vec<Move> {
        let job = &self.jobs[job];
        let here = job.steps[job.step - 1];
        if has_ended(job.status) {
            return Vec::new();
        }
        match (job.step, here) {
            // Nobody answers in time.
            (3 | 5, "action_required") => vec![Move::Fail],
            (_, "action_required") => Vec::new(),
            (3 | 5, _) => vec![Move::Ask],
            (_, "pending") => vec![Move::Begin],
            (6, _) => {
                let next = |status: &str| job.parts.iter().position(|part| part.status == status);
                match (next("in_progress"), next("pending")) {
                    (Some(part), _) if job.call_open => {
                        vec![
                            Move::Done(part),
                            Move::Done(part),
                            Move::Refused(part),
                            Move::Doubt(part),
                        ]
                    }
                    (Some(part), _) => vec![Move::Call(part), Move::Doubt(part)],
                    (None, Some(part)) => vec![Move::Call(part)],
                    (None, None) => vec![Move::End],
                }
            }
            _ => vec![Move::Complete, Move::Complete, Move::Complete, Move::Wait, Move::Fail],
        }
    }

    /// An actor's move is committed, unless nobody may call now.
    pub fn moved(&mut self, index: usize, made: Move) -> bool {
        let batch = self.jobs[index].batch;
        let held = !matches!(self.batches[batch].status, "pending" | "in_progress");
        if matches!(made, Move::Call(_)) && held {
            return false;
        }
        let job = &mut self.jobs[index];
        job.make(made);
        self.rows += 1;
        if !has_ended(job.status) && !job.call_open {
            job.leave(self.batches[batch].status);
        }
        self.rows += i64::from(has_ended(job.status));
        if self.batches[batch].status == "pending" {
            self.batches[batch].status = "in_progress";
        }
        let job = &mut self.jobs[index];
        if job.status == "action_required"
            && let Some(answer) = job.said[job.step - 1].clone()
        {
            job.go_on(&answer);
            self.rows += 1;
        }
        self.conclude(batch);
        true
    }

    /// A batch ends with its last job, and is paused once more than half have failed while others remain.
    fn conclude(&mut self, batch: usize) {
        let jobs = self.jobs_of(batch);
        let count = |status: &str| jobs.iter().filter(|job| self.jobs[**job].status == status).count();
        let (failed, ended) = (
            count("failed"),
            count("failed") + count("completed") + count("cancelled"),
        );
        let batch = &mut self.batches[batch];
        if !is_open(batch.status) {
            return;
        }
        if ended == jobs.len() {
            batch.status = if failed == jobs.len() { "failed" } else { "completed" };
            self.rows += 1;
        } else if failed * 2 > jobs.len() && !batch.acknowledged && batch.status != "paused" {
            batch.status = "paused";
            batch.too_many = true;
            self.rows += 1;
        }
    }

    /// What becomes of answers to one step: all of them count, or none.
    pub fn answer(&mut self, batch: usize, step: usize, answers: &[(usize, Value)]) -> Vec<&'static str> {
        let told: Vec<&'static str> = answers
            .iter()
            .map(|(job, answer)| self.looked_at(batch, step, *job, answer))
            .collect();
        if told.iter().all(|told| matches!(*told, "accepted" | "kept" | "same")) {
            for ((job, answer), told) in answers.iter().zip(&told) {
                let job = &mut self.jobs[*job];
                if *told == "same" {
                    continue;
                }
                job.said[step - 1] = Some(answer.clone());
                self.rows += 1;
                if *told == "accepted" {
                    job.go_on(answer);
                    self.rows += i64::from(step != 6);
                }
            }
        }
        told
    }

    fn looked_at(&self, batch: usize, step: usize, job: usize, answer: &Value) -> &'static str {
        let job = &self.jobs[job];
        let here = job.steps[step - 1];
        if job.batch != batch {
            return "unknown job";
        }
        if let Some(first) = &job.said[step - 1]
            && (step != 6 || here != "action_required")
        {
            return if first == answer { "same" } else { "different" };
        }
        let waits = here == "action_required" && job.status == "action_required";
        let early = step != 6 && !has_ended(here) && here != "skipped" && !has_ended(job.status);
        if has_ended(self.batches[batch].status) || !(waits || early) {
            return "not waiting";
        }
        let about = job.parts.iter().position(|part| part.status == "action_required");
        if step == 6 && about.is_some_and(|part| answer["sub_step"] != PARTS[part]) {
            return "other sub-step";
        }
        if waits { "accepted" } else { "kept" }
    }

    /// A new batch takes another up: all of it anew, or what failed from where it failed.
    pub fn repeat(&mut self, batch: usize, anew: bool, despite: bool) -> Outcome {
        let status = self.batches[batch].status;
        if !has_ended(status) && (anew || status != "paused") {
            return Outcome::Illegal;
        }
        let mut taken = self.jobs_of(batch);
        if !anew {
            taken.retain(|job| {
                let job = &self.jobs[*job];
                let set_aside = status == "failed" && job.status == "pending";
                (job.status == "failed" || set_aside) && !job.retried
            });
        }
        if taken.is_empty() {
            return Outcome::NothingFailed;
        }
        if taken.iter().any(|job| self.is_held(self.jobs[*job].restaurant)) {
            return Outcome::Busy;
        }
        let unknown = |job: &usize| self.jobs[*job].parts.iter().any(|part| part.unknown);
        if anew && !despite && taken.iter().any(unknown) {
            return Outcome::OutcomeUnknown;
        }
        let new = self.new_batch("pending");
        self.rows += 2;
        for source in taken {
            self.new_job(new, self.jobs[source].restaurant, true);
            if !anew {
                self.jobs[source].retried = true;
                let source = self.jobs[source].clone();
                self.jobs.last_mut().unwrap().take_up(&source);
            }
        }
        Outcome::Done
    }
}

impl Job {
    /// Its batch is over: what has not ended is cancelled, or set aside for a retry.
    fn leave(&mut self, batch: &str) {
        let (status, to) = match batch {
            "cancelled" => ("cancelled", "skipped"),
            "failed" => ("pending", "pending"),
            _ => return,
        };
        self.status = status;
        self.holds = false;
        for step in &mut self.steps {
            if matches!(*step, "in_progress" | "action_required" | "pending") {
                *step = to;
            }
        }
    }

    /// What the actor writes, whatever its batch does.
    pub fn make(&mut self, made: Move) {
        let here = self.step - 1;
        self.status = "in_progress";
        self.call_open = matches!(made, Move::Call(_));
        match made {
            Move::Begin | Move::Wait => self.steps[here] = "in_progress",
            Move::Complete => {
                self.steps[here] = "completed";
                self.step += 1;
            }
            Move::Fail => self.fail(),
            Move::Ask => {
                self.status = "action_required";
                self.steps[here] = "action_required";
            }
            Move::Call(part) => {
                self.parts[part].status = "in_progress";
            }
            Move::Done(part) => {
                self.parts[part] = Part {
                    status: "completed",
                    unknown: false,
                };
            }
            Move::Refused(part) => {
                self.parts[part] = Part {
                    status: "failed",
                    unknown: false,
                };
                let rest = self.parts.iter_mut().filter(|part| part.status == "pending");
                rest.for_each(|part| part.status = "skipped");
                self.fail();
            }
            Move::Doubt(part) => {
                self.parts[part] = Part {
                    status: "action_required",
                    unknown: true,
                };
                self.status = "action_required";
                self.steps[here] = "action_required";
                self.said[here] = None;
            }
            Move::End => {
                self.steps[here] = "completed";
                self.status = "completed";
            }
        }
        if made == Move::Begin && self.step == 6 {
            self.ready = true;
        }
        if has_ended(self.status) {
            self.holds = false;
        }
    }

    fn fail(&mut self) {
        self.status = "failed";
        self.steps[self.step - 1] = "failed";
        self.steps[self.step..].fill("skipped");
    }

    fn go_on(&mut self, answer: &Value) {
        self.status = "in_progress";
        if self.step == 6 {
            // It waits its turn again.
            self.steps[5] = "pending";
            let asked = self.parts.iter_mut().find(|part| part.status == "action_required");
            *asked.unwrap() = Part {
                status: if answer["done"] == json!(true) {
                    "completed"
                } else {
                    "pending"
                },
                unknown: false,
            };
        } else {
            self.steps[self.step - 1] = "completed";
            self.step += 1;
        }
        self.ready |= self.step == 6;
    }

    /// The retry of another one begins where that has failed; what was done stays done.
    fn take_up(&mut self, source: &Self) {
        self.step = source.step;
        self.origin = source.origin;
        for step in 0..6 {
            let is_done = step + 1 < source.step;
            if is_done {
                self.steps[step] = source.steps[step];
            }
            if is_done || step != 5 {
                self.said[step] = source.said[step].clone();
            }
        }
        for (part, before) in self.parts.iter_mut().zip(&source.parts) {
            part.unknown = before.unknown;
            if before.status == "completed" {
                part.status = "completed";
            } else if before.unknown {
                part.status = "in_progress";
            }
        }
    }
}
