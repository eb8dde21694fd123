//! What is told of rows of the journal.

use std::collections::HashMap;

use entity::Id;
use serde_json::{Value, json};

use crate::actors::control::Engine;
use crate::model::counts::StatusCounts;
use crate::model::journal::BatchKind;
use crate::model::registration::step::StepNumber;
use crate::model::webhook::{AskedRestaurant, BatchNotice, EventType, Message, Question};
use crate::store::read::{BatchEventRow, QuestionRow, RegistrationCounts};
use crate::store::write::WebhookEvent;

/// What is told of something that has happened to a batch.
pub(super) fn of_batch(engine: &Engine, row: BatchEventRow) -> Option<WebhookEvent> {
    let event_type = EventType::of(row.operation.parse().ok()?)?;
    let figures = if row.batch_kind == BatchKind::Registration.as_str() {
        of_registrations(&row.registrations)
    } else {
        of_practices(&row)
    };
    let notice = BatchNotice {
        id: row.batch_job_id,
        name: row.name.clone().or_else(|| row.original_filename.clone()),
        status: row.to_state.clone(),
        reason: row.details["reason"].as_str().map(str::to_owned),
        kind: row.batch_kind.clone(),
        total: figures.total,
        completed: figures.completed,
        failed: figures.failed,
        counts: figures.counts,
        action: None,
        link: link(engine, &row.batch_kind, row.batch_job_id),
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

/// How far a batch is.
struct Figures {
    total: i64,
    completed: i64,
    failed: i64,
    counts: Value,
}

fn of_practices(row: &BatchEventRow) -> Figures {
    let count = |count: Option<i32>| i64::from(count.unwrap_or_default());
    let counts = StatusCounts {
        pending: count(row.pending_count),
        url_complete: count(row.url_complete_count),
        scraped: count(row.scraped_count),
        aggregated: count(row.aggregated_count),
        error: count(row.error_count),
        excluded: count(row.excluded_count),
    };
    Figures {
        total: count(row.total_practices),
        completed: count(row.completed_practices),
        failed: count(row.failed_practices),
        counts: json!(counts),
    }
}

fn of_registrations(row: &RegistrationCounts) -> Figures {
    let count = |count: Option<i32>| i64::from(count.unwrap_or_default());
    let (completed, failed) = (count(row.completed_restaurants), count(row.failed_restaurants));
    let (cancelled, waiting) = (count(row.cancelled_restaurants), count(row.waiting_restaurants));
    let total = count(row.total_restaurants);
    let ended = completed + failed + cancelled;
    Figures {
        total,
        completed: ended,
        failed,
        counts: json!({
            "open": total - ended - waiting,
            "action_required": waiting,
            "completed": completed,
            "failed": failed,
            "cancelled": cancelled,
        }),
    }
}

/// What is told of steps that wait for people, with the place in the journal up to which it tells: one event for all that wait
/// at one step of one batch. It has the id and the time of the last of them.
pub(super) fn of_questions(engine: &Engine, rows: Vec<QuestionRow>) -> Vec<(i64, WebhookEvent)> {
    let mut last: Vec<QuestionRow> = Vec::new();
    let mut asked: HashMap<(Id, i32, bool), (usize, Question)> = HashMap::new();
    for row in rows {
        let Some(step) = row.step.and_then(|step| StepNumber::try_from(step).ok()) else {
            continue;
        };
        let reminder = row.details["reminder"].as_bool().unwrap_or_default();
        let (place, question) = asked
            .entry((row.batch_job_id, step.number(), reminder))
            .or_insert_with(|| {
                last.push(row.clone());
                (last.len() - 1, Question::new(step, reminder))
            });
        question.add(AskedRestaurant {
            registration_job_id: row.registration_job_id,
            restaurant_id: row.restaurant_id,
            name: row.restaurant_name.clone(),
        });
        last[*place] = row;
    }
    let mut questions: Vec<(usize, Question)> = asked.into_values().collect();
    questions.sort_by_key(|(place, _)| *place);
    last.into_iter()
        .zip(questions)
        .map(|(row, (_, question))| (row.seq, of_question(engine, row, question)))
        .collect()
}

fn of_question(engine: &Engine, row: QuestionRow, question: Question) -> WebhookEvent {
    let kind = BatchKind::Registration.as_str();
    let figures = of_registrations(&row.registrations);
    let notice = BatchNotice {
        id: row.batch_job_id,
        name: Some(row.name),
        status: Some(row.status),
        reason: Some(question.told()),
        kind: kind.to_owned(),
        link: base(engine).map(|base| format!("{base}/api/actions?batch_id={}", row.batch_job_id)),
        action: Some(question),
        total: figures.total,
        completed: figures.completed,
        failed: figures.failed,
        counts: figures.counts,
    };
    let message = Message::of_batch(EventType::ActionRequired, row.created_at, notice);
    WebhookEvent {
        id: row.id,
        organisation_id: row.organisation_id,
        event_type: EventType::ActionRequired,
        batch_kind: Some(kind.to_owned()),
        batch_id: Some(row.batch_job_id),
        body: json!(message).to_string(),
        occurred_at: row.created_at,
    }
}

/// Where this daemon can be reached, if at all.
fn base(engine: &Engine) -> Option<String> {
    Some(engine.settings().receivers_url(engine.listens?))
}

/// Where more is told of a batch.
fn link(engine: &Engine, kind: &str, id: Id) -> Option<String> {
    let list = if kind == BatchKind::Registration.as_str() {
        "registration-batches"
    } else {
        "jobs"
    };
    base(engine).map(|base| format!("{base}/api/{list}/{id}"))
}
