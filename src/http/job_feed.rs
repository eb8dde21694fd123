//! A job as its listeners are told of it, read in step with its journal and nothing else.

use std::time::{Duration, Instant};

use actix_web::web::Data;
use entity::Id;
use sea_orm::DbErr;
use serde::Serialize;
use serde_json::json;

use super::app::App;
use super::caller::Caller;
use super::sse::{Frames, Next, Source, SourceError};
use crate::model::batch::JobStatus;
use crate::model::counts::StatusCounts;
use crate::model::speed::{Speed, eta_seconds};
use crate::store::read::{Access, JobProgress};

/// When a client whose connection was lost may come back.
const RETRY: Duration = Duration::from_secs(2);
/// The least time between two looks at a job, and so between two `progress` events.
const GAP: Duration = Duration::from_millis(250);
/// A job that the growth of the journal does not concern is looked at less and less often, down to this.
const LONGEST_GAP: Duration = Duration::from_secs(1);
/// How often a speed that was told is told anew while nothing finishes.
const SPEED_EVERY: Duration = Duration::from_secs(1);
/// Journal rows that are read at a time.
const PAGE: u64 = 100;

/// How a stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// With what comes after this row of the journal.
    After(i64),
    /// With the present, because what the client has seen does not lead to it.
    Reset { reason: &'static str },
    /// Not at all: the job has ended and the client has seen everything. A browser then stops asking.
    Nothing,
}

/// The counters of a job as `progress` and `done` tell them.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct ProgressView {
    job_id: Id,
    status: JobStatus,
    total_practices: i32,
    completed_practices: i32,
    failed_practices: i32,
    counts: StatusCounts,
    /// Practices a second over the last seconds.
    rate_per_second: Option<f64>,
    eta_seconds: Option<i64>,
}

/// A job, read in step with its journal.
pub struct JobFeed {
    app: Data<App>,
    caller: Caller,
    items: bool,
    job: JobProgress,
    /// The last row of the journal that was told, or need not be. Every event carries it, so that a client that comes
    /// back with it misses nothing.
    cursor: i64,
    told: Option<ProgressView>,
    speed: Speed,
    looked_at: Instant,
    gap: Duration,
}

impl JobFeed {
    /// What a caller who may see the job is told of it.
    pub fn new(app: Data<App>, caller: Caller, job: JobProgress, items: bool) -> Self {
        let now = Instant::now();
        let mut speed = Speed::default();
        speed.record(now, job.completed_practices.into());
        Self {
            app,
            caller,
            items,
            cursor: job.head,
            job,
            told: None,
            speed,
            looked_at: now,
            gap: GAP,
        }
    }

    /// Writes what every stream begins with: the present.
    ///
    /// # Errors
    /// Where an event cannot be encoded.
    pub fn open(&mut self, opening: Opening, last: Option<i64>, out: &mut Frames) -> Result<(), serde_json::Error> {
        out.retry(RETRY);
        match opening {
            Opening::After(last) => self.cursor = last,
            Opening::Reset { reason } => {
                let data = json!({ "reason": reason, "last_event_id": last });
                out.event("reset", self.cursor, &data)?;
            }
            Opening::Nothing => {}
        }
        self.tell(self.looked_at, out)
    }

    /// Tells the counters, unless they were told.
    fn tell(&mut self, now: Instant, out: &mut Frames) -> Result<(), serde_json::Error> {
        let view = self.view(now);
        if self.told.as_ref() != Some(&view) {
            out.event("progress", self.cursor, &view)?;
            self.told = Some(view);
        }
        Ok(())
    }

    fn view(&self, now: Instant) -> ProgressView {
        let job = &self.job;
        let speed = self.speed.per_second(now);
        let left = job.total_practices - job.completed_practices;
        let moves = job.status == JobStatus::Running;
        ProgressView {
            job_id: job.job_id(),
            status: job.status,
            total_practices: job.total_practices,
            completed_practices: job.completed_practices,
            failed_practices: job.failed_practices,
            counts: job.counts,
            rate_per_second: speed.map(|speed| (speed * 10.0).round() / 10.0),
            eta_seconds: if moves { eta_seconds(left.into(), speed) } else { None },
        }
    }

    /// Tells the next page of the journal.
    async fn page(&mut self, out: &mut Frames) -> Result<(), SourceError> {
        if self.cursor >= self.job.head {
            return Ok(());
        }
        let rows = self
            .app
            .reader
            .journal_after(&self.job, self.cursor, self.items, PAGE)
            .await?;
        for row in &rows {
            let name = if row.practice_id.is_some() { "item" } else { "job" };
            out.event(name, row.seq, row)?;
        }
        self.cursor = match rows.last() {
            Some(last) if rows.len() as u64 == PAGE => last.seq,
            _ => self.job.head,
        };
        Ok(())
    }
}

impl Source for JobFeed {
    async fn is_allowed(&self) -> Result<bool, DbErr> {
        self.caller.is_unchanged(&self.app).await
    }

    async fn look(&mut self, now: Instant, grown: bool, out: &mut Frames) -> Result<Next, SourceError> {
        let due = now.duration_since(self.looked_at) >= GAP;
        if due {
            let read = self.app.reader.job_progress(&self.caller.scope, self.job.job_id());
            let Access::Granted(job) = read.await? else {
                return Ok(Next::Over);
            };
            self.gap = gap(self.gap, grown, job.head > self.job.head);
            self.speed.record(now, job.completed_practices.into());
            self.job = job;
            self.looked_at = now;
        }
        self.page(out).await?;
        if due {
            self.tell(now, out)?;
        }
        if self.cursor < self.job.head {
            return Ok(Next::Now);
        }
        if !self.job.status.is_open() {
            out.event("done", self.cursor, &self.view(now))?;
            return Ok(Next::Over);
        }
        let speed = self.told.as_ref().and_then(|told| told.rate_per_second);
        Ok(Next::Growth {
            not_before: self.looked_at + self.gap,
            at_latest: speed.filter(|speed| *speed > 0.0).map(|_| self.looked_at + SPEED_EVERY),
        })
    }
}

/// The time until the next look after one that came because the journal had `grown`, or not, and `found` that the job's
/// part of it had.
fn gap(before: Duration, grown: bool, found: bool) -> Duration {
    match (grown, found) {
        (_, true) => GAP,
        (true, false) => (before * 2).min(LONGEST_GAP),
        (false, false) => before,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_do_makes_looks_rare_and_news_makes_them_frequent() {
        let mut seen = Vec::new();
        let mut now = GAP;
        for (grown, found) in [
            (true, false),
            (true, false),
            (true, false),
            (false, false),
            (true, true),
        ] {
            now = gap(now, grown, found);
            seen.push(now.as_millis());
        }
        assert_eq!(seen, [500, 1_000, 1_000, 1_000, 250]);
    }
}
