//! From the journal to deliveries: what has happened to batches, made into what is told of it.

use super::events;
use crate::actors::control::Engine;
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
    let mut rows = engine.journal.batch_events(from.read, head, CHUNK).await?;
    let mut questions = engine.journal.questions(from.read, head, CHUNK).await?;
    // Of each kind no more is told than was read of the other.
    let seen = |full: bool, last: Option<i64>| last.filter(|_| full).unwrap_or(head);
    let read = seen(rows.len() >= CHUNK, rows.last().map(|row| row.seq))
        .min(seen(questions.len() >= CHUNK, questions.last().map(|row| row.seq)));
    rows.retain(|row| row.seq <= read);
    questions.retain(|row| row.seq <= read);
    let mut events: Vec<(i64, WebhookEvent)> = rows
        .into_iter()
        .filter_map(|row| Some((row.seq, events::of_batch(engine, row)?)))
        .collect();
    events.extend(events::of_questions(engine, questions));
    events.sort_by_key(|(seq, _)| *seq);
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
