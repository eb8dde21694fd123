//! Reading ahead: pages of practices in the order of the list, those that are due, those of hosts that had no room.

use std::sync::Arc;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use chrono::Utc;
use sea_orm::DbErr;

use super::JobSupervisor;
use super::backlog::{PARKED_PER_HOST, PassedOver};
use crate::actors::control::Engine;
use crate::model::crash::Verdict;
use crate::model::practice::PracticeStatus;
use crate::ops::misbehave;
use crate::store::read::RunnableItem;
use crate::store::write::MarkInFlight;

/// Bounds of a page.
const SMALLEST_PAGE: usize = 16;
const LARGEST_PAGE: usize = 256;

/// The order in which a job's practices are looked for: those furthest on first, so that they free what they hold.
const ORDER: [PracticeStatus; 3] = [
    PracticeStatus::Scraped,
    PracticeStatus::UrlComplete,
    PracticeStatus::Pending,
];

/// How far the reading has come.
#[derive(Debug)]
pub(super) struct Scan {
    /// Index into [`ORDER`]; past its end when everything has been read.
    stage: usize,
    after: i64,
    due: bool,
    reading: bool,
}

impl Default for Scan {
    fn default() -> Self {
        Self {
            stage: 0,
            after: 0,
            due: true,
            reading: false,
        }
    }
}

impl Scan {
    pub fn is_reading(&self) -> bool {
        self.reading
    }

    /// Everything has been read, as far as is known.
    pub fn is_exhausted(&self) -> bool {
        !self.reading && !self.due && self.stage >= ORDER.len()
    }

    pub fn look_for_due(&mut self) {
        self.due = true;
    }
}

/// What is read next.
#[derive(Clone, Debug)]
enum Source {
    Due,
    Host(PassedOver),
    Stage { status: PracticeStatus, after: i64 },
}

impl JobSupervisor {
    /// Begins to read from the top: rows may have come back to life behind the cursor.
    pub(super) fn scan_again(&mut self) {
        self.scan = Scan {
            reading: self.scan.reading,
            ..Scan::default()
        };
        self.backlog.clear();
    }

    fn next_source(&self) -> Option<Source> {
        if self.scan.due {
            return Some(Source::Due);
        }
        if let Some(passed_over) = self.backlog.to_refill() {
            return Some(Source::Host(passed_over));
        }
        let status = *ORDER.get(self.scan.stage)?;
        let room = self.window().saturating_mul(4).max(LARGEST_PAGE);
        let wanted = self.backlog.ready() < self.page() / 2 && self.backlog.len() < room;
        wanted.then_some(Source::Stage {
            status,
            after: self.scan.after,
        })
    }

    fn page(&self) -> usize {
        self.window().clamp(SMALLEST_PAGE, LARGEST_PAGE)
    }

    pub(super) fn read_on(&mut self, context: &mut Context<Self>) {
        if self.scan.reading {
            return;
        }
        let Some(source) = self.next_source() else { return };
        self.scan.reading = true;
        self.scan.due = false;
        let stage = self.scan.stage;
        let page = self.page();
        let engine = Arc::clone(&self.engine);
        let job = self.job.id;
        let mut in_flight: Vec<i64> = self.children.keys().copied().chain(self.backlog.ids()).collect();
        let work = async move {
            misbehave("job_supervisor", "read");
            let rows = read(&engine, job, &source, page, in_flight.len())
                .await
                .map_err(|error| error.to_string())?;
            in_flight.extend(rows.iter().map(|row| row.id));
            in_flight.sort_unstable();
            in_flight.dedup();
            if !rows.is_empty() {
                // Before any of them starts: an end of the process must be counted against them.
                let mark = MarkInFlight {
                    job_id: job,
                    items: in_flight,
                };
                engine.storage.write(mark).await.map_err(|error| error.to_string())?;
            }
            Ok::<_, String>((source, rows))
        };
        context.spawn(work.into_actor(self).map(move |outcome, actor, context| {
            actor.scan.reading = false;
            match outcome {
                Ok((source, rows)) => actor.take_in(source, rows, stage, page),
                Err(error) => {
                    tracing::warn!(error, job = %actor.job.id, "cannot read on; trying again");
                    actor.scan_again();
                    actor.ended_meanwhile.clear();
                    return;
                }
            }
            actor.ended_meanwhile.clear();
            actor.fill(context);
        }));
    }

    fn take_in(&mut self, source: Source, rows: Vec<RunnableItem>, stage: usize, page: usize) {
        let asked = if matches!(source, Source::Host(_)) {
            PARKED_PER_HOST
        } else {
            page
        };
        // The key of the last row, if more rows may follow it.
        let last = if rows.len() < asked {
            None
        } else {
            rows.last().map(|row| row.id)
        };
        let mut fresh = Vec::with_capacity(rows.len());
        for row in rows {
            let runs = self.children.contains_key(&row.id) || self.ended_meanwhile.contains(&row.id);
            if runs || self.backlog.knows(row.id) {
                continue;
            }
            if self.engine.last_end.verdict(row.crashes) == Verdict::RunsAsUsual {
                fresh.push(row);
            } else {
                self.backlog.push_suspect(row);
            }
        }
        match source {
            Source::Host(passed_over) => self.backlog.refill(&passed_over.host, fresh, last),
            Source::Due => fresh.into_iter().for_each(|row| self.backlog.push(row)),
            Source::Stage { after, .. } => {
                // A scan that was begun again meanwhile stands elsewhere now.
                if self.scan.stage == stage && self.scan.after == after {
                    match last {
                        Some(last) => self.scan.after = last,
                        None => {
                            self.scan.stage += 1;
                            self.scan.after = 0;
                        }
                    }
                    fresh.into_iter().for_each(|row| self.backlog.push(row));
                }
            }
        }
    }
}

async fn read(
    engine: &Engine,
    job: entity::Id,
    source: &Source,
    page: usize,
    in_flight: usize,
) -> Result<Vec<RunnableItem>, DbErr> {
    match source {
        // Those in flight are still due by their rows.
        Source::Due => engine.reader.due(job, Utc::now(), page + in_flight).await,
        Source::Host(host) => {
            engine
                .reader
                .runnable_of_host(job, &host.host, host.after, PARKED_PER_HOST)
                .await
        }
        Source::Stage { status, after } => engine.reader.runnable(job, *status, *after, page).await,
    }
}
