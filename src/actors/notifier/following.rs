//! From the journal to deliveries: what has happened to batches, made into what is told of it.

use chrono::{DateTime, TimeDelta, Utc};

use super::events;
use crate::actors::control::Engine;
use crate::store::read::QuestionRow;
use crate::store::write::{AppendDeliveries, Transitioned, WebhookEvent, WriteError};

/// Rows of the journal that are read at a time.
const CHUNK: usize = 200;

/// How long a step that waits for a person is kept back, so that others of its batch are told of with it. What comes after it in
/// the journal waits as long.
const GATHERED_FOR: TimeDelta = TimeDelta::seconds(3);

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
    let read = questions
        .first()
        .map_or(read, |first| until_gathered(first, read, Utc::now()));
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

/// How far may be told: not as far as the first question, while others may still join it.
fn until_gathered(first: &QuestionRow, read: i64, now: DateTime<Utc>) -> i64 {
    let age = now - first.created_at;
    // A clock that was set back keeps nobody waiting.
    if age >= TimeDelta::zero() && age < GATHERED_FOR {
        read.min(first.seq - 1)
    } else {
        read
    }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use entity::Id;
    use serde_json::json;

    use super::*;
    use crate::store::read::RegistrationCounts;

    #[test]
    fn a_question_is_kept_back_for_a_while_and_whatever_the_clock_says_not_longer() {
        let asked_at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let first = QuestionRow {
            seq: 7,
            id: Id::now(),
            organisation_id: Id::now(),
            batch_job_id: Id::now(),
            registration_job_id: Id::now(),
            step: Some(3),
            details: json!({}),
            created_at: asked_at,
            name: "Auckland Q4".to_owned(),
            status: "in_progress".to_owned(),
            restaurant_id: Id::now(),
            restaurant_name: "Pizza Palace".to_owned(),
            registrations: RegistrationCounts {
                total_restaurants: Some(1),
                completed_restaurants: Some(0),
                failed_restaurants: Some(0),
                cancelled_restaurants: Some(0),
                waiting_restaurants: Some(1),
            },
        };
        for (milliseconds, read) in [(0, 6), (2_999, 6), (3_000, 9), (-1, 9)] {
            let now = asked_at + TimeDelta::milliseconds(milliseconds);
            assert_eq!(until_gathered(&first, 9, now), read, "{milliseconds}");
        }
    }
}
