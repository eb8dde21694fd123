//! From the journal to deliveries: what has happened to batches, made into what is told of it.

use serde_json::json;

use crate::actors::control::Engine;
use crate::model::counts::StatusCounts;
use crate::model::webhook::{BatchNotice, EventType, Message};
use crate::store::read::BatchEventRow;
use crate::store::write::{AppendDeliveries, Transitioned, WebhookEvent, WriteError};

/// Rows of the journal that are read at a time.
const CHUNK: usize = 200;

/// How far the journal was followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// As the database has it.
    pub cursor: i64,
    /// Up to here there is nothing more to tell. Ahead of the cursor where nothing was told: moving that costs a write.
    pub read: i64,
}

/// Why the journal could not be followed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Interrupted {
    #[error("the journal could not be read: {0}")]
    Read(#[from] sea_orm::DbErr),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("the notifier's cursor is no longer at {0}")]
    Moved(i64),
}

/// Puts on their way the events up to `head`, a chunk of them. With `settle` the cursor is moved also where there is
/// nothing to tell, so that others may prune what it has passed.
pub(super) async fn follow(engine: &Engine, from: Position, head: i64, settle: bool) -> Result<Position, Interrupted> {
    let rows = engine.journal.batch_events(from.read, head, CHUNK).await?;
    let read = match rows.last() {
        Some(last) if rows.len() >= CHUNK => last.seq,
        _ => head,
    };
    let events: Vec<(i64, WebhookEvent)> = rows
        .into_iter()
        .filter_map(|row| Some((row.seq, event(engine, row)?)))
        .collect();
    if events.is_empty() && !settle {
        return Ok(Position { read, ..from });
    }
    append(engine, from.cursor, read, events).await
}

/// Where the database refuses what is to be written, each event goes alone, and one that is refused even so is told and
/// left out: it must not hold up all that come after it.
async fn append(
    engine: &Engine,
    cursor: i64,
    read: i64,
    events: Vec<(i64, WebhookEvent)>,
) -> Result<Position, Interrupted> {
    let all = events.iter().map(|(_, event)| event.clone()).collect();
    match write(engine, cursor, read, all).await {
        Err(Interrupted::Write(WriteError::Rejected(_))) => {}
        outcome => return outcome,
    }
    let mut at = cursor;
    for (seq, event) in events {
        let id = event.id;
        at = match write(engine, at, seq, vec![event]).await {
            Err(Interrupted::Write(WriteError::Rejected(why))) => {
                tracing::error!(event = %id, error = why, "an event was refused; nobody is told of it");
                write(engine, at, seq, Vec::new()).await?.cursor
            }
            outcome => outcome?.cursor,
        };
    }
    write(engine, at, read, Vec::new()).await
}

async fn write(engine: &Engine, from: i64, to: i64, events: Vec<WebhookEvent>) -> Result<Position, Interrupted> {
    let command = AppendDeliveries {
        events,
        cursor_from: from,
        cursor_to: to,
    };
    match engine.storage.write(command).await? {
        Transitioned::Committed { seq } => Ok(Position { cursor: seq, read: seq }),
        Transitioned::Conflict => Err(Interrupted::Moved(from)),
    }
}

/// What is told of a row of the journal.
fn event(engine: &Engine, row: BatchEventRow) -> Option<WebhookEvent> {
    let event_type = EventType::of(row.operation.parse().ok()?)?;
    let count = |count: Option<i32>| i64::from(count.unwrap_or_default());
    let counts = StatusCounts {
        pending: count(row.pending_count),
        url_complete: count(row.url_complete_count),
        scraped: count(row.scraped_count),
        aggregated: count(row.aggregated_count),
        error: count(row.error_count),
        excluded: count(row.excluded_count),
    };
    let notice = BatchNotice {
        id: row.batch_job_id,
        name: row.name.or(row.original_filename),
        status: row.to_state,
        reason: row.details["reason"].as_str().map(str::to_owned),
        total: count(row.total_practices),
        completed: count(row.completed_practices),
        failed: count(row.failed_practices),
        counts: json!(counts),
        link: link(engine, &row.batch_kind, row.batch_job_id),
        kind: row.batch_kind.clone(),
    };
    let message = Message::of_batch(event_type, row.created_at, notice);
    Some(WebhookEvent {
        id: row.id,
        organisation_id: row.organisation_id,
        event_type,
        batch_kind: Some(row.batch_kind),
        batch_id: Some(row.batch_job_id),
        body: json!(message).to_string(),
        occurred_at: row.created_at,
    })
}

/// Where more is told of a batch, where this daemon can be reached at all.
fn link(engine: &Engine, kind: &str, id: entity::Id) -> Option<String> {
    let base = engine.settings().receivers_url(engine.listens?);
    let list = match kind {
        "registration" => "registration-batches",
        _ => "jobs",
    };
    Some(format!("{base}/api/{list}/{id}"))
}
