//! One delivery, from its row to the record of what came of it.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use futures_util::FutureExt as _;
use rand::RngExt as _;

use super::courier::{Courier, Reply};
use crate::actors::control::Engine;
use crate::actors::supervision::panic_text;
use crate::model::webhook::{Answered, Judgement, Verdict, judge};
use crate::ops::breakpoint;
use crate::settings::Settings;
use crate::store::read::DueDelivery;
use crate::store::write::{AttemptRecorded, RecordAttempt, WriteError};

/// Sends it and records what came of it. Returns when that is committed, or cannot be.
pub(super) async fn deliver(engine: &Engine, courier: &Courier, delivery: DueDelivery) {
    let settings = engine.settings();
    let (started_at, since) = (Utc::now(), Instant::now());
    breakpoint("webhook leaves");
    let timeout = Duration::from_millis(settings.webhooks.timeout_ms);
    let sending = AssertUnwindSafe(courier.send(&delivery, timeout)).catch_unwind();
    let reply = sending.await.unwrap_or_else(|panic| Reply {
        error: Some(format!("sending it panicked: {}", panic_text(panic.as_ref()))),
        ..Reply::default()
    });
    breakpoint("webhook answered");
    let judgement = judgement(&delivery, &reply, &settings);
    let outcome = match &judgement.verdict {
        Verdict::Delivered => "delivered",
        Verdict::Again(_) => "again",
        Verdict::GivenUp | Verdict::Gone(_) => "given_up",
    };
    metrics::counter!("batchdesk_webhook_attempts_total", "outcome" => outcome).increment(1);
    let patience = settings.webhooks.disable_after_hours;
    let record = RecordAttempt {
        delivery_id: delivery.id,
        attempt: delivery.attempts.saturating_add(1),
        started_at,
        duration_ms: i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX),
        response_code: reply.status.map(i32::from),
        excerpt: Some(reply.excerpt).filter(|excerpt| !excerpt.is_empty()),
        error: reply.error,
        verdict: judgement.verdict,
        rest: judgement.rest.and_then(|rest| TimeDelta::from_std(rest).ok()),
        patience: (patience > 0).then(|| TimeDelta::hours(patience.into())),
    };
    let endpoint = delivery.endpoint_id;
    match engine.storage.write(record).await {
        Ok(AttemptRecorded::Committed | AttemptRecorded::Conflict) => {}
        Ok(AttemptRecorded::Disabled(reason)) => {
            tracing::warn!(%endpoint, reason, "a webhook endpoint is switched off");
        }
        Err(WriteError::Rejected(error)) => {
            tracing::error!(%endpoint, error, "what came of a webhook was refused by the database; it is sent again");
        }
        // The process ends; the next one sends it again.
        Err(WriteError::Stopped | WriteError::Fenced) => {}
    }
}

fn judgement(delivery: &DueDelivery, reply: &Reply, settings: &Settings) -> Judgement {
    let answered = Answered {
        status: reply.status,
        retry_after: reply.retry_after,
        text: &reply.excerpt,
    };
    let waits: Vec<Duration> = settings.webhooks.retry_waits.iter().map(|wait| wait.0).collect();
    let tries = u32::try_from(delivery.tries).unwrap_or_default().saturating_add(1);
    judge(delivery.format, answered, tries, &waits, rand::rng().random())
}
