//! A registration batch as its listeners are told of it, read in step with its journal and nothing else.

use std::time::{Duration, Instant};

use actix_web::web::Data;
use entity::Id;
use sea_orm::DbErr;
use serde::Serialize;
use serde_json::json;

use super::app::App;
use super::caller::Caller;
use super::job_feed::Opening;
use super::sse::{Frames, Next, Source, SourceError};
use crate::model::registration::batch::BatchStatus;
use crate::store::read::{Access, RegistrationProgress};

/// When a client whose connection was lost may come back.
const RETRY: Duration = Duration::from_secs(2);
/// The least time between two looks at a batch, and so between two `progress` events.
const GAP: Duration = Duration::from_millis(250);
/// Journal rows that are read at a time.
const PAGE: usize = 100;

/// The counters of a batch as `progress` and `done` tell them.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct ProgressView {
    batch_id: Id,
    status: BatchStatus,
    total: i32,
    completed: i32,
    failed: i32,
    cancelled: i32,
    waiting: i32,
}

/// A batch, read in step with its journal.
pub struct RegistrationFeed {
    app: Data<App>,
    caller: Caller,
    items: bool,
    batch: RegistrationProgress,
    /// The last row of the journal that was told, or need not be.
    cursor: i64,
    told: Option<ProgressView>,
    looked_at: Instant,
}

impl RegistrationFeed {
    /// What a caller who may see the batch is told of it.
    pub fn new(app: Data<App>, caller: Caller, batch: RegistrationProgress, items: bool) -> Self {
        Self {
            app,
            caller,
            items,
            cursor: batch.head,
            batch,
            told: None,
            looked_at: Instant::now(),
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
        self.tell(out)
    }

    fn tell(&mut self, out: &mut Frames) -> Result<(), serde_json::Error> {
        let view = self.view();
        if self.told.as_ref() != Some(&view) {
            out.event("progress", self.cursor, &view)?;
            self.told = Some(view);
        }
        Ok(())
    }

    fn view(&self) -> ProgressView {
        let batch = &self.batch;
        ProgressView {
            batch_id: batch.batch_id,
            status: batch.status,
            total: batch.total,
            completed: batch.completed,
            failed: batch.failed,
            cancelled: batch.cancelled,
            waiting: batch.waiting,
        }
    }

    /// Tells the next page of the journal.
    async fn page(&mut self, out: &mut Frames) -> Result<(), SourceError> {
        if self.cursor >= self.batch.head {
            return Ok(());
        }
        let reader = &self.app.reader;
        let rows = reader
            .registration_journal_after(&self.batch, self.cursor, self.items, PAGE)
            .await?;
        for row in &rows {
            let name = if row.registration_job_id.is_some() {
                "item"
            } else {
                "batch"
            };
            out.event(name, row.seq, row)?;
        }
        self.cursor = match rows.last() {
            Some(last) if rows.len() == PAGE => last.seq,
            _ => self.batch.head,
        };
        Ok(())
    }
}

impl Source for RegistrationFeed {
    async fn is_allowed(&self) -> Result<bool, DbErr> {
        self.caller.is_unchanged(&self.app).await
    }

    async fn look(&mut self, now: Instant, _grown: bool, out: &mut Frames) -> Result<Next, SourceError> {
        let due = now.duration_since(self.looked_at) >= GAP;
        if due {
            let scope = &self.caller.scope;
            let read = self.app.reader.registration_progress(scope, self.batch.batch_id);
            let Access::Granted(batch) = read.await? else {
                return Ok(Next::Over);
            };
            self.batch = batch;
            self.looked_at = now;
        }
        self.page(out).await?;
        if due {
            self.tell(out)?;
        }
        if self.cursor < self.batch.head {
            return Ok(Next::Now);
        }
        // A call that was on its way when the batch ended is still to be told of.
        if self.batch.status.has_ended() && !self.batch.call_open {
            out.event("done", self.cursor, &self.view())?;
            return Ok(Next::Over);
        }
        Ok(Next::Growth {
            not_before: self.looked_at + GAP,
            at_latest: None,
        })
    }
}
