//! Reading ahead: pages of practices in the order of the list, those that are due, those of hosts that had no room.

use std::collections::HashMap;
use std::sync::Arc;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use chrono::Utc;
use sea_orm::DbErr;

use super::JobSupervisor;
use super::backlog::{Backlog, PassedOver};
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
    /// More are due than a page had room for.
    more_due: bool,
    reading: bool,
    /// Raised when the reading begins again: a page that was asked for before then is of no use.
    round: u64,
}

impl Default for Scan {
    fn default() -> Self {
        Self {
            stage: 0,
            after: 0,
            due: true,
            more_due: false,
            reading: false,
            round: 0,
        }
    }
}

impl Scan {
    pub fn is_reading(&self) -> bool {
        self.reading
    }

    /// Everything has been read, as far as is known.
    pub fn is_exhausted(&self) -> bool {
        !self.reading && !self.due && !self.more_due && self.stage >= ORDER.len()
    }

    pub fn look_for_due(&mut self) {
        self.due = true;
    }
}

/// What is read next.
#[derive(Clone, Debug)]
enum Source {
    /// Those whose time has come, but for hosts of which enough is known.
    Due {
        but: Vec<String>,
    },
    Host {
        passed_over: PassedOver,
        rows: usize,
    },
    Stage {
        status: PracticeStatus,
        after: i64,
    },
}

impl JobSupervisor {
    /// Begins to read from the top: rows may have come back to life behind the cursor.
    pub(super) fn scan_again(&mut self) {
        self.scan = Scan {
            reading: self.scan.reading,
            round: self.scan.round + 1,
            ..Scan::default()
        };
        self.forget_backlog();
    }

    /// What was read ahead is all in the database.
    pub(super) fn forget_backlog(&mut self) {
        self.backlog = Backlog::new(self.engine.settings().scrape.host_concurrency);
    }

    fn next_source(&self) -> Option<Source> {
        let few = self.page() / 2;
        if self.scan.due || (self.scan.more_due && self.backlog.len() < few) {
            return Some(Source::Due {
                but: self.backlog.full_hosts(),
            });
        }
        if let Some(passed_over) = self.backlog.to_refill() {
            return Some(Source::Host {
                passed_over,
                rows: self.backlog.per_host(),
            });
        }
        let status = *ORDER.get(self.scan.stage)?;
        let window = self.window();
        let room = window.saturating_mul(4).max(LARGEST_PAGE);
        // Where all that is known waits for its host, whatever comes after it in the list may have room.
        let idles = self.children.len() < window && self.backlog.ready() < few && self.backlog.len() < room;
        let wanted = idles || self.backlog.len() < few;
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
        self.scan.more_due &= !matches!(source, Source::Due { .. });
        let round = self.scan.round;
        let page = self.page();
        let engine = Arc::clone(&self.engine);
        let job = self.job.id;
        let passed_over = self.backlog.passed_over();
        let mut in_flight: Vec<i64> = self.children.keys().copied().chain(self.backlog.ids()).collect();
        let work = async move {
            misbehave("job_supervisor", "read");
            let text = |error: DbErr| error.to_string();
            let mut page = read(&engine, job, source, page, in_flight.len()).await.map_err(text)?;
            page.leave_out(&passed_over);
            if !page.rows.is_empty() {
                in_flight.extend(page.rows.iter().map(|row| row.id));
                in_flight.sort_unstable();
                in_flight.dedup();
                // Before any of them starts: an end of the process must be counted against them.
                let mark = MarkInFlight {
                    job_id: job,
                    items: in_flight,
                };
                engine.storage.write(mark).await.map_err(|error| error.to_string())?;
            }
            Ok::<_, String>(page)
        };
        context.spawn(work.into_actor(self).map(move |outcome, actor, context| {
            actor.scan.reading = false;
            match outcome {
                Ok(page) if actor.scan.round == round => actor.take_in(page, context),
                Ok(_) => {}
                Err(error) => {
                    // The next tick reads again.
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

    fn take_in(&mut self, page: Page, context: &mut Context<Self>) {
        let mut fresh = Vec::with_capacity(page.rows.len());
        for row in page.rows {
            let runs = self.children.contains_key(&row.id) || self.ended_meanwhile.contains(&row.id);
            if runs || self.backlog.knows(row.id) || self.backing_off.contains(&row.id) {
                continue;
            }
            match self.engine.last_end.verdict(row.crashes) {
                Verdict::RunsAsUsual => fresh.push(row),
                Verdict::RunsAlone => self.backlog.push_suspect(row),
                Verdict::Condemned => {
                    let times = if row.crashes == 3 {
                        "three".to_owned()
                    } else {
                        row.crashes.to_string()
                    };
                    self.write_off(row.id, format!("ended the process {times} times"), context);
                }
            }
        }
        match page.source {
            Source::Host { passed_over, .. } => self.backlog.refill(&passed_over.host, fresh, page.more_after),
            Source::Due { .. } => {
                // Many may have become due at once: what did not fit on the page is read as soon as there is room.
                self.scan.more_due = page.more_after.is_some() && !fresh.is_empty();
                fresh.into_iter().for_each(|row| self.backlog.push_due(row));
            }
            Source::Stage { .. } => {
                match page.more_after {
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

/// What a read gave.
struct Page {
    source: Source,
    rows: Vec<RunnableItem>,
    /// The last practice that was read, if more may follow it.
    more_after: Option<i64>,
}

impl Page {
    /// Leaves out practices of hosts that have been passed over before: theirs come by host, in order.
    fn leave_out(&mut self, passed_over: &HashMap<String, i64>) {
        if matches!(self.source, Source::Stage { .. }) {
            let after = |row: &RunnableItem| row.host_key.as_ref().and_then(|host| passed_over.get(host));
            self.rows.retain(|row| after(row).is_none_or(|after| row.id <= *after));
        }
    }
}

async fn read(engine: &Engine, job: entity::Id, source: Source, page: usize, in_flight: usize) -> Result<Page, DbErr> {
    let (rows, asked) = match &source {
        Source::Due { but } => {
            // Those in flight are still due by their rows.
            let asked = page + in_flight;
            (engine.reader.due(job, Utc::now(), but, asked).await?, asked)
        }
        Source::Host { passed_over, rows } => {
            let PassedOver { host, after } = passed_over;
            (engine.reader.runnable_of_host(job, host, *after, *rows).await?, *rows)
        }
        Source::Stage { status, after } => (engine.reader.runnable(job, *status, *after, page).await?, page),
    };
    let more_after = if rows.len() < asked {
        None
    } else {
        rows.last().map(|row| row.id)
    };
    Ok(Page {
        source,
        rows,
        more_after,
    })
}
