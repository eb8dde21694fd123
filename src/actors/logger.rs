//! The `LoggerActor`: follows the journal and writes one log row per step run, exactly once.
//!
//! It only reads; what it has read goes to the writer together with the cursor that it read from and the one that it
//! read to. A crash between reading and writing repeats the reading, not the rows. Where there was nothing to log, the cursor
//! follows now and then only: a journal of other things costs no transaction of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use entity::Id;

use super::control::Engine;
use super::storage::JournalAdvanced;
use super::supervision::{Exit, LastWord};
use crate::model::journal::StepRunEnd;
use crate::model::practice::step_run_id;
use crate::ops::misbehave;
use crate::store::read::StepRunRow;
use crate::store::write::{AppendLogs, Completion, Failure, LogRow, Transitioned, WriteError};

/// Journal rows that one command covers.
const CHUNK: i64 = 2_000;
const FAILED: &str = "failed";
const SKIPPED: &str = "skipped";

/// How often the journal's head is looked at, besides when its growth is told.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often the cursor is moved at most where there is nothing to log.
const SETTLE_EVERY: Duration = Duration::from_millis(250);
/// How often it is looked whether that may be done, while there is need.
const SETTLE_LOOK: Duration = Duration::from_millis(25);
/// The pause after a read that failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Where the cursor stands, and how far the journal has been read: between the two there is nothing to log.
#[derive(Clone, Copy, Debug)]
struct Position {
    cursor: i64,
    read: i64,
}

/// Follows the journal.
pub struct LoggerActor {
    engine: Arc<Engine>,
    position: Position,
    head: i64,
    busy: bool,
    /// Whether the cursor may be moved for its own sake.
    settle_at: Instant,
    settling: bool,
    word: LastWord,
}

/// Why a stretch of the journal was not followed.
enum Interrupted {
    /// Somebody else has moved the cursor.
    Moved(i64),
    Failed(String),
}

impl LoggerActor {
    pub(super) fn new(engine: Arc<Engine>, cursor: i64, word: LastWord) -> Self {
        let head = engine.storage.health().head();
        Self {
            engine,
            position: Position { cursor, read: cursor },
            head,
            busy: false,
            settle_at: Instant::now(),
            settling: false,
            word,
        }
    }

    /// Follows the next stretch, unless one is being followed.
    fn follow(&mut self, context: &mut Context<Self>) {
        let Position { cursor, read } = self.position;
        if self.busy || cursor >= self.head {
            return;
        }
        let settle = Instant::now() >= self.settle_at || self.engine.is_draining();
        if read >= self.head && !settle {
            self.settle_later(context);
            return;
        }
        self.busy = true;
        let (from, to) = (self.position, self.head.min(read + CHUNK));
        let engine = Arc::clone(&self.engine);
        let work = async move {
            let mut position = from;
            let outcome = write_logs(&engine, &mut position, to, settle).await;
            (position, outcome)
        };
        context.spawn(work.into_actor(self).map(|(position, outcome), actor, context| {
            actor.busy = false;
            // What was written before an interruption stays written.
            if position.cursor > actor.position.cursor {
                actor.settle_at = Instant::now() + SETTLE_EVERY;
            }
            actor.position = position;
            match outcome {
                Ok(()) => actor.follow(context),
                Err(Interrupted::Moved(cursor)) => {
                    let why = format!("the log cursor is no longer at {cursor}");
                    actor.word.leave(Exit::Failed(why));
                    actix::ActorContext::stop(context);
                }
                Err(Interrupted::Failed(why)) => {
                    tracing::warn!(error = why, "logs wait");
                    context.run_later(PAUSE, Self::follow);
                }
            }
        }));
    }

    fn settle_later(&mut self, context: &mut Context<Self>) {
        if self.settling {
            return;
        }
        self.settling = true;
        context.run_later(SETTLE_LOOK, |actor, context| {
            actor.settling = false;
            actor.follow(context);
        });
    }
}

/// Writes the log rows of a stretch of the journal; with `settle` the cursor moves also where there are none. A row that the
/// database refuses is found by halving, told, and left out, so that it does not hold up all that come after it.
async fn write_logs(engine: &Engine, position: &mut Position, to: i64, settle: bool) -> Result<(), Interrupted> {
    misbehave("logger", "chunk");
    let mut stretches = vec![(position.read, to)];
    while let Some((from, to)) = stretches.pop() {
        let ends = engine.journal.step_run_ends(from, to).await;
        let ends = ends.map_err(|error| Interrupted::Failed(error.to_string()))?;
        if ends.is_empty() && !settle {
            position.read = to;
            continue;
        }
        let cursor = position.cursor;
        let written = match engine.storage.write(chunk(ends, cursor, to)).await {
            Err(WriteError::Rejected(why)) if to - from <= 1 => {
                tracing::error!(seq = to, error = why, "a log row was refused and is left out");
                engine.storage.write(chunk(Vec::new(), cursor, to)).await
            }
            Err(WriteError::Rejected(_)) => {
                let middle = from + (to - from) / 2;
                stretches.extend([(middle, to), (from, middle)]);
                continue;
            }
            other => other,
        };
        match written.map_err(|error| Interrupted::Failed(error.to_string()))? {
            Transitioned::Committed { seq } => *position = Position { cursor: seq, read: seq },
            Transitioned::Conflict => return Err(Interrupted::Moved(cursor)),
        }
    }
    Ok(())
}

/// What the ends of step runs leave in the logs.
fn chunk(ends: Vec<StepRunRow>, cursor_from: i64, cursor_to: i64) -> AppendLogs {
    let mut logs = AppendLogs {
        rows: Vec::new(),
        completions: Vec::new(),
        failures: Vec::new(),
        cursor_from,
        cursor_to,
    };
    for row in ends {
        let seq = row.seq;
        match log_row(row) {
            Some((row, end)) => {
                let log = logs.rows.len();
                if row.status == SKIPPED {
                    // Nobody has completed anything.
                } else if row.status == FAILED {
                    logs.failures.push(Failure {
                        log,
                        chain: end.chain,
                        input: end.input,
                    });
                } else if let Some(company_id) = row.company_id {
                    logs.completions.push(Completion { company_id, log });
                }
                logs.rows.push(row);
            }
            None => tracing::error!(seq, "a journal row that makes no sense has no log row"),
        }
    }
    logs
}

fn log_row(row: StepRunRow) -> Option<(LogRow, StepRunEnd)> {
    let end: StepRunEnd = serde_json::from_value(row.details).ok()?;
    let practice_id = row.item_id?.parse().ok()?;
    let step_number = row.step?;
    let log = LogRow {
        step_run_id: end
            .step_run
            .unwrap_or_else(|| Id(step_run_id(row.batch_job_id.0, practice_id, step_number, end.life))),
        organisation_id: row.organisation_id,
        workflow_id: end.workflow_id,
        workflow_slug: end.workflow_slug.clone(),
        company_id: end.company_id,
        company_domain: end.domain.clone(),
        play_name: end.play.clone(),
        step_number,
        status: match row.operation.as_str() {
            "step_failed" => FAILED,
            "step_skipped" => SKIPPED,
            _ => "completed",
        },
        result_table: end.result_table.clone(),
        batch_id: row.batch_job_id,
        practice_id,
        life: end.life,
        attempts: row.attempt.unwrap_or(1),
        error_message: end.error.clone().or_else(|| end.reason.clone()),
        cost: end.cost,
        warnings: end.warnings.clone(),
        at: row.created_at,
    };
    Some((log, end))
}

impl Actor for LoggerActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        // A group that was committing when this actor was built is told to nobody.
        context.run_interval(LOOK_EVERY, |actor, context| {
            actor.head = actor.head.max(actor.engine.storage.health().head());
            actor.follow(context);
        });
        self.follow(context);
    }
}

impl Handler<JournalAdvanced> for LoggerActor {
    type Result = ();

    fn handle(&mut self, message: JournalAdvanced, context: &mut Context<Self>) {
        self.head = self.head.max(message.seq);
        self.follow(context);
    }
}
