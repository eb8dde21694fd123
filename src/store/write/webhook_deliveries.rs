//! What endpoints are told, from the journal's row to the answer that takes it.

use chrono::{DateTime, TimeDelta, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, TryGetable, Value};

use super::audit;
use super::group::Group;
use super::idempotency::KeyAnswer;
use super::transitions::Transitioned;
use super::webhook_endpoints::{disable, object};
use crate::model::journal::Origin;
use crate::model::webhook::{DeliveryStatus, EventType, Verdict};
use crate::store::rows::{Rows, in_list, statement};

/// How many rows one command touches.
const AT_ONCE: u64 = 1_000;

/// Something that endpoints are told of.
#[derive(Clone, Debug)]
pub struct WebhookEvent {
    /// Sent as `webhook-id`: the id of the journal's row.
    pub id: Id,
    pub organisation_id: Id,
    pub event_type: EventType,
    pub batch_kind: Option<String>,
    pub batch_id: Option<Id>,
    /// JSON, as it is sent and signed.
    pub body: String,
    pub occurred_at: DateTime<Utc>,
}

impl WebhookEvent {
    async fn insert(&self, group: &Group<'_>) -> Result<(), DbErr> {
        const SQL: &str = "insert into webhook_events (id, organisation_id, type, batch_kind, batch_id, body, \
            occurred_at) values (?,?,?,?,?,?,?)";
        let values = [
            self.id.into(),
            self.organisation_id.into(),
            self.event_type.as_str().into(),
            self.batch_kind.clone().into(),
            self.batch_id.into(),
            self.body.clone().into(),
            self.occurred_at.into(),
        ];
        group.execute(SQL, values).await?;
        Ok(())
    }

    /// Puts the event on its way to these endpoints; to one that is switched off it goes when somebody asks for it.
    async fn deliver(&self, group: &Group<'_>, to: &[(Id, bool)]) -> Result<(), DbErr> {
        let mut rows = Rows::new(8, to.len());
        for (endpoint, enabled) in to {
            let status = if *enabled {
                DeliveryStatus::Pending
            } else {
                DeliveryStatus::Skipped
            };
            rows.push([
                Id::now().into(),
                self.organisation_id.into(),
                (*endpoint).into(),
                self.id.into(),
                status.as_str().into(),
                enabled.then_some(group.now).into(),
                group.now.into(),
                group.now.into(),
            ]);
        }
        let statements = rows.statements(group.backend, |list| {
            format!(
                "insert into webhook_deliveries (id, organisation_id, endpoint_id, event_id, status, next_at, \
                 created_at, updated_at) values {list}"
            )
        });
        for statement in statements {
            group.tx.execute_raw(statement).await?;
        }
        Ok(())
    }
}

/// Events of the journal from `cursor_from` (excluded) to `cursor_to` (included), put on their way.
///
/// The cursor moves in the same transaction, and only from where the notifier believed it to be: however often it is
/// sent, each endpoint gets each event once.
#[derive(Clone, Debug)]
pub struct AppendDeliveries {
    pub events: Vec<WebhookEvent>,
    pub cursor_from: i64,
    pub cursor_to: i64,
}

impl AppendDeliveries {
    pub(super) fn bytes(&self) -> usize {
        self.events.iter().map(|event| event.body.len() + 128).sum()
    }

    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<Transitioned, DbErr> {
        const CURSOR: &str = "update log_cursors set seq = ? where name = 'notifier' and seq = ?";
        let values = [self.cursor_to.into(), self.cursor_from.into()];
        if group.execute(CURSOR, values).await? == 0 {
            return Ok(Transitioned::Conflict);
        }
        for event in &self.events {
            let listening = listening(group, event).await?;
            if !listening.is_empty() {
                event.insert(group).await?;
                event.deliver(group, &listening).await?;
            }
        }
        Ok(Transitioned::Committed { seq: self.cursor_to })
    }
}

/// The endpoints that an event is for, and whether they are on. One that was made later is not told of it.
async fn listening(group: &Group<'_>, event: &WebhookEvent) -> Result<Vec<(Id, bool)>, DbErr> {
    const SQL: &str = "select id, enabled, event_types from webhook_endpoints \
        where organisation_id = ? and created_at <= ? order by id";
    let values = [event.organisation_id.into(), event.occurred_at.into()];
    let rows = group.tx.query_all_raw(statement(group.backend, SQL, values)).await?;
    let mut listening = Vec::new();
    for row in rows {
        let wanted: serde_json::Value = row.try_get("", "event_types")?;
        let name = event.event_type.as_str();
        if wanted
            .as_array()
            .is_some_and(|names| names.iter().any(|one| one == name))
        {
            listening.push((row.try_get("", "id")?, row.try_get("", "enabled")?));
        }
    }
    Ok(listening)
}

/// Puts an event on its way to one endpoint, to try it out. Answered with whether the endpoint is there, and on.
#[derive(Clone, Debug)]
pub struct TestWebhookEndpoint {
    pub endpoint_id: Id,
    pub delivery_id: Id,
    pub event: WebhookEvent,
    pub origin: Origin,
    pub answer: Option<KeyAnswer>,
}

impl TestWebhookEndpoint {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<bool, DbErr> {
        const ON: &str = "select 1 from webhook_endpoints where id = ? and enabled";
        const SQL: &str = "insert into webhook_deliveries (id, organisation_id, endpoint_id, event_id, status, next_at, \
            created_at, updated_at) values (?,?,?,?,?,?,?,?)";
        let on = statement(group.backend, ON, [self.endpoint_id.into()]);
        if group.tx.query_one_raw(on).await?.is_none() {
            return Ok(false);
        }
        self.event.insert(group).await?;
        let now: Value = group.now.into();
        let values = [
            self.delivery_id.into(),
            self.event.organisation_id.into(),
            self.endpoint_id.into(),
            self.event.id.into(),
            DeliveryStatus::Pending.as_str().into(),
            now.clone(),
            now.clone(),
            now,
        ];
        group.execute(SQL, values).await?;
        audit::note(group, &self.origin, object(self.endpoint_id)).await?;
        if let Some(answer) = &self.answer {
            answer.write(group).await?;
        }
        Ok(true)
    }
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub struct RecordAttempt {
    pub delivery_id: Id,
    /// Its number, from 1.
    pub attempt: i32,
    pub started_at: DateTime<Utc>,
    pub duration_ms: i64,
    pub response_code: Option<i32>,
    pub excerpt: Option<String>,
    pub error: Option<String>,
    pub verdict: Verdict,
    /// How long the endpoint is left alone.
    pub rest: Option<TimeDelta>,
    /// An endpoint that has taken nothing for as long as this is switched off.
    pub patience: Option<TimeDelta>,
}

/// The answer to [`RecordAttempt`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptRecorded {
    Committed,
    /// With this the endpoint is switched off, and why.
    Disabled(String),
    /// The delivery is gone, or the attempt was recorded before.
    Conflict,
}

struct Standing {
    endpoint_id: Id,
    pending: bool,
    failing_since: Option<DateTime<Utc>>,
}

impl RecordAttempt {
    async fn standing(&self, group: &Group<'_>) -> Result<Option<Standing>, DbErr> {
        const SQL: &str = "select d.endpoint_id, d.status = 'pending' as pending, e.failing_since \
            from webhook_deliveries d join webhook_endpoints e on e.id = d.endpoint_id \
            where d.id = ? and d.attempts = ?";
        let values = [self.delivery_id.into(), (self.attempt - 1).into()];
        let row = group.tx.query_one_raw(statement(group.backend, SQL, values)).await?;
        row.map(|row| {
            Ok(Standing {
                endpoint_id: row.try_get("", "endpoint_id")?,
                pending: row.try_get("", "pending")?,
                failing_since: row.try_get("", "failing_since")?,
            })
        })
        .transpose()
    }

    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<AttemptRecorded, DbErr> {
        let Some(standing) = self.standing(group).await? else {
            return Ok(AttemptRecorded::Conflict);
        };
        self.insert(group).await?;
        let (status, next_at) = match &self.verdict {
            Verdict::Delivered => (DeliveryStatus::Delivered, None),
            Verdict::Again(wait) if standing.pending => {
                let wait = TimeDelta::from_std(*wait).unwrap_or(TimeDelta::days(1));
                (DeliveryStatus::Pending, Some(group.now + wait))
            }
            // The endpoint was switched off meanwhile.
            Verdict::Again(_) => (DeliveryStatus::Skipped, None),
            Verdict::GivenUp | Verdict::Gone(_) => (DeliveryStatus::Failed, None),
        };
        self.update(group, status, next_at).await?;
        let failing_since = match self.verdict {
            Verdict::Delivered => None,
            _ => standing.failing_since.or(Some(group.now)),
        };
        const ENDPOINT: &str = "update webhook_endpoints set failing_since = ?, throttled_until = ? where id = ?";
        let rest = self.rest.map(|rest| group.now + rest);
        let values = [failing_since.into(), rest.into(), standing.endpoint_id.into()];
        group.execute(ENDPOINT, values).await?;
        let Some(reason) = self.reason_to_disable(failing_since, group.now) else {
            return Ok(AttemptRecorded::Committed);
        };
        disable(group, standing.endpoint_id, &reason).await?;
        Ok(AttemptRecorded::Disabled(reason))
    }

    fn reason_to_disable(&self, failing_since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<String> {
        if let Verdict::Gone(reason) = &self.verdict {
            return Some(reason.clone());
        }
        let (since, patience) = (failing_since?, self.patience?);
        let last = self.error.as_deref().unwrap_or("it refused");
        (now - since >= patience).then(|| format!("it has taken nothing since {}: {last}", since.format("%F %T UTC")))
    }

    async fn insert(&self, group: &Group<'_>) -> Result<(), DbErr> {
        const SQL: &str = "insert into webhook_attempts (delivery_id, attempt, started_at, duration_ms, response_code, \
            excerpt, error) values (?,?,?,?,?,?,?)";
        let values = [
            self.delivery_id.into(),
            self.attempt.into(),
            self.started_at.into(),
            self.duration_ms.into(),
            self.response_code.into(),
            self.excerpt.clone().into(),
            self.error.clone().into(),
        ];
        group.execute(SQL, values).await?;
        Ok(())
    }

    async fn update(
        &self,
        group: &Group<'_>,
        status: DeliveryStatus,
        next_at: Option<DateTime<Utc>>,
    ) -> Result<(), DbErr> {
        const SQL: &str = "update webhook_deliveries set status = ?, next_at = ?, attempts = ?, tries = tries + 1, \
            response_code = ?, excerpt = ?, error = ?, duration_ms = ?, updated_at = ? where id = ?";
        let values = [
            status.as_str().into(),
            next_at.into(),
            self.attempt.into(),
            self.response_code.into(),
            self.excerpt.clone().into(),
            self.error.clone().into(),
            self.duration_ms.into(),
            group.now.into(),
            self.delivery_id.into(),
        ];
        group.execute(SQL, values).await?;
        Ok(())
    }
}

/// Which deliveries of an endpoint are sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redelivery {
    /// None: only the answer is written down.
    None,
    One(Id),
    /// Those of events in a stretch of time, after the delivery `after`; pending ones are on their way already.
    Between {
        since: DateTime<Utc>,
        until: DateTime<Utc>,
        status: Option<DeliveryStatus>,
        after: Option<Id>,
    },
}

impl Redelivery {
    /// The same, but only what comes after a delivery.
    #[must_use]
    pub fn after(self, last: Id) -> Self {
        match self {
            Self::Between {
                since, until, status, ..
            } => Self::Between {
                since,
                until,
                status,
                after: Some(last),
            },
            other => other,
        }
    }

    /// The condition on deliveries `d` and events `v`.
    pub(in crate::store) fn condition(&self) -> (String, Vec<Value>) {
        match self {
            Self::None => ("1 = 0".to_owned(), Vec::new()),
            Self::One(id) => ("d.id = ? and d.status <> 'pending'".to_owned(), vec![Value::from(*id)]),
            Self::Between {
                since,
                until,
                status,
                after,
            } => {
                let mut sql = "d.status <> 'pending' and v.occurred_at >= ? and v.occurred_at < ?".to_owned();
                let mut values: Vec<Value> = vec![(*since).into(), (*until).into()];
                if let Some(status) = status {
                    sql.push_str(" and d.status = ?");
                    values.push(status.as_str().into());
                }
                if let Some(after) = after {
                    sql.push_str(" and d.id > ?");
                    values.push((*after).into());
                }
                (sql, values)
            }
        }
    }
}

/// Sends up to 1,000 deliveries again, under the ids that their events have had, from the beginning of the schedule.
#[derive(Clone, Debug)]
pub struct Redeliver {
    pub endpoint_id: Id,
    pub which: Redelivery,
    pub origin: Origin,
    pub answer: Option<KeyAnswer>,
}

/// The answer to [`Redeliver`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redelivered {
    Accepted {
        deliveries: u64,
        /// The last of them, if there may be more.
        more_after: Option<Id>,
    },
    /// The endpoint is switched off.
    Disabled,
    NotFound,
}

impl Redeliver {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<Redelivered, DbErr> {
        const ENDPOINT: &str = "select enabled from webhook_endpoints where id = ?";
        let endpoint = statement(group.backend, ENDPOINT, [self.endpoint_id.into()]);
        match group.tx.query_one_raw(endpoint).await? {
            None => return Ok(Redelivered::NotFound),
            Some(row) if !bool::try_get_by(&row, 0)? => return Ok(Redelivered::Disabled),
            Some(_) => {}
        }
        let ids = self.matching(group).await?;
        if !ids.is_empty() {
            let (list, values) = in_list(&ids);
            let sql = format!(
                "update webhook_deliveries set status = 'pending', tries = 0, next_at = ?, updated_at = ? \
                 where id in ({list})"
            );
            let now: [Value; 2] = [group.now.into(), group.now.into()];
            group.execute(&sql, now.into_iter().chain(values)).await?;
        }
        match &self.which {
            Redelivery::One(id) if !ids.is_empty() => {
                audit::note(group, &self.origin, format!("webhook delivery {id}")).await?;
            }
            Redelivery::Between { .. } => audit::note(group, &self.origin, object(self.endpoint_id)).await?,
            Redelivery::One(_) | Redelivery::None => {}
        }
        // A single one that is pending already is refused, and leaves its key free.
        let counts = self.which == Redelivery::None || !ids.is_empty();
        if let Some(answer) = self.answer.as_ref().filter(|_| counts) {
            answer.write(group).await?;
        }
        Ok(Redelivered::Accepted {
            deliveries: ids.len() as u64,
            more_after: ids.last().copied().filter(|_| ids.len() as u64 >= AT_ONCE),
        })
    }

    async fn matching(&self, group: &Group<'_>) -> Result<Vec<Id>, DbErr> {
        let (condition, values) = self.which.condition();
        let sql = format!(
            "select d.id from webhook_deliveries d join webhook_events v on v.id = d.event_id \
             where d.endpoint_id = ? and {condition} order by d.id limit {AT_ONCE}"
        );
        let values = std::iter::once(self.endpoint_id.into()).chain(values);
        let rows = group.tx.query_all_raw(statement(group.backend, &sql, values)).await?;
        rows.iter()
            .map(|row| Id::try_get_by(row, 0).map_err(DbErr::from))
            .collect()
    }
}

/// Deletes up to 1,000 events from before a time that nobody is to be told of any more, with what is known of their
/// deliveries. Answered with how many it deleted: fewer than 1,000 means that none are left.
#[derive(Clone, Debug)]
pub struct ForgetWebhookEvents {
    pub before: DateTime<Utc>,
}

impl ForgetWebhookEvents {
    /// Whether `forgotten` says that there may be more.
    #[must_use]
    pub fn more_after(forgotten: u64) -> bool {
        forgotten >= AT_ONCE
    }

    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<u64, DbErr> {
        const SQL: &str = "delete from webhook_events where id in (select v.id from webhook_events v \
            where v.occurred_at < ? and not exists (select 1 from webhook_deliveries d where d.event_id = v.id \
            and d.status = 'pending') order by v.occurred_at limit 1000)";
        group.execute(SQL, [self.before.into()]).await
    }
}
