//! What the notifier reads: what has happened to batches, and which deliveries are due.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, TryGetable, Value};
use secrecy::SecretString;

use super::engine::{EngineReader, limit};
use super::journal::JournalReader;
use crate::model::webhook::Format;
use crate::store::rows::{in_list, statement};

/// Something that has happened to a batch, with the batch as it is now.
#[derive(Clone, Debug, FromQueryResult)]
pub struct BatchEventRow {
    pub seq: i64,
    pub id: Id,
    pub organisation_id: Id,
    pub batch_kind: String,
    pub batch_job_id: Id,
    pub operation: String,
    pub to_state: Option<String>,
    pub details: serde_json::Value,
    pub created_at: DateTime<Utc>,
    pub name: Option<String>,
    pub original_filename: Option<String>,
    pub total_practices: Option<i32>,
    pub completed_practices: Option<i32>,
    pub failed_practices: Option<i32>,
    pub pending_count: Option<i32>,
    pub url_complete_count: Option<i32>,
    pub scraped_count: Option<i32>,
    pub aggregated_count: Option<i32>,
    pub error_count: Option<i32>,
    pub excluded_count: Option<i32>,
    #[sea_orm(nested)]
    pub registrations: RegistrationCounts,
}

/// How far a registration batch is; nothing for one of another kind.
#[derive(Clone, Debug, FromQueryResult)]
pub struct RegistrationCounts {
    pub total_restaurants: Option<i32>,
    pub completed_restaurants: Option<i32>,
    pub failed_restaurants: Option<i32>,
    pub cancelled_restaurants: Option<i32>,
    pub waiting_restaurants: Option<i32>,
}

/// A step that waits for a person, with its batch as it is now.
#[derive(Clone, Debug, FromQueryResult)]
pub struct QuestionRow {
    pub seq: i64,
    pub id: Id,
    pub organisation_id: Id,
    pub batch_job_id: Id,
    pub registration_job_id: Id,
    pub step: Option<i32>,
    pub details: serde_json::Value,
    pub created_at: DateTime<Utc>,
    pub name: String,
    pub status: String,
    pub restaurant_id: Id,
    pub restaurant_name: String,
    #[sea_orm(nested)]
    pub registrations: RegistrationCounts,
}

const REGISTRATION_COUNTS: &str = "b.total_restaurants, b.completed_restaurants, b.failed_restaurants, \
    b.cancelled_restaurants, b.waiting_restaurants";

impl JournalReader {
    /// What has happened to batches after `from` (excluded) up to `to` (included), in order, where somebody may want to be
    /// told of it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn batch_events(&self, from: i64, to: i64, rows: usize) -> Result<Vec<BatchEventRow>, DbErr> {
        let sql = format!(
            "select l.seq, l.id, l.organisation_id, l.batch_kind, l.batch_job_id, l.operation, \
             l.to_state, l.details, l.created_at, coalesce(j.name, b.name) as name, j.original_filename, \
             j.total_practices, j.completed_practices, j.failed_practices, j.pending_count, j.url_complete_count, \
             j.scraped_count, j.aggregated_count, j.error_count, j.excluded_count, {REGISTRATION_COUNTS} \
             from batch_operation_logs l left join enrichment_jobs j on j.id = l.batch_job_id \
             left join registration_batch_jobs b on b.id = l.batch_job_id \
             where l.item_id is null and l.seq > ? and l.seq <= ? \
             and exists (select 1 from webhook_endpoints e where e.organisation_id = l.organisation_id) \
             order by l.seq limit ?"
        );
        self.events(&sql, from, to, rows).await
    }

    /// As [`batch_events`](Self::batch_events), the steps that wait for people.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn questions(&self, from: i64, to: i64, rows: usize) -> Result<Vec<QuestionRow>, DbErr> {
        let sql = format!(
            "select l.seq, l.id, l.organisation_id, l.batch_job_id, l.registration_job_id, l.step, l.details, \
             l.created_at, b.name, b.status, r.id as restaurant_id, r.name as restaurant_name, {REGISTRATION_COUNTS} \
             from batch_operation_logs l join registration_batch_jobs b on b.id = l.batch_job_id \
             join registration_jobs g on g.id = l.registration_job_id join restaurants r on r.id = g.restaurant_id \
             where l.operation = 'action_required' and l.seq > ? and l.seq <= ? \
             and exists (select 1 from webhook_endpoints e where e.organisation_id = l.organisation_id) \
             order by l.seq limit ?"
        );
        self.events(&sql, from, to, rows).await
    }

    async fn events<T: FromQueryResult>(&self, sql: &str, from: i64, to: i64, rows: usize) -> Result<Vec<T>, DbErr> {
        let values = [from.into(), to.into(), limit(rows)];
        let select = statement(self.hq.get_database_backend(), sql, values);
        let found = self.hq.query_all_raw(select).await?;
        found.iter().map(|row| T::from_query_result(row, "")).collect()
    }
}

/// A delivery whose time has come, and all that sending it takes.
#[derive(Clone, Debug)]
pub struct DueDelivery {
    pub id: Id,
    pub organisation_id: Id,
    pub endpoint_id: Id,
    pub event_id: Id,
    pub attempts: i32,
    pub tries: i32,
    pub format: Format,
    pub url: SecretString,
    /// What signs it, the newest first.
    pub secrets: Vec<SecretString>,
    pub body: String,
}

#[derive(FromQueryResult)]
struct DueRow {
    id: Id,
    organisation_id: Id,
    endpoint_id: Id,
    event_id: Id,
    attempts: i32,
    tries: i32,
    format: String,
    url: String,
    secret: Option<String>,
    previous_secret: Option<String>,
    previous_until: Option<DateTime<Utc>>,
    body: String,
}

impl DueRow {
    fn read(self, now: DateTime<Utc>) -> Option<DueDelivery> {
        let Ok(format) = self.format.parse() else {
            tracing::error!(endpoint = %self.endpoint_id, "a webhook endpoint of no known format is left alone");
            return None;
        };
        let previous = self
            .previous_secret
            .filter(|_| self.previous_until.is_some_and(|until| until > now));
        Some(DueDelivery {
            id: self.id,
            organisation_id: self.organisation_id,
            endpoint_id: self.endpoint_id,
            event_id: self.event_id,
            attempts: self.attempts,
            tries: self.tries,
            format,
            url: self.url.into(),
            secrets: self
                .secret
                .into_iter()
                .chain(previous)
                .map(SecretString::from)
                .collect(),
            body: self.body,
        })
    }
}

impl EngineReader {
    /// Deliveries whose time has come, the longest due first: one for each endpoint that is on and not to be left alone,
    /// but for some endpoints and organisations.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn deliveries_due(
        &self,
        now: DateTime<Utc>,
        but_endpoints: &[Id],
        but_organisations: &[Id],
        rows: usize,
    ) -> Result<Vec<DueDelivery>, DbErr> {
        let mut sql =
            "select d.id, d.organisation_id, d.endpoint_id, d.event_id, d.attempts, d.tries, e.format, e.url, \
            e.secret, e.previous_secret, e.previous_until, v.body from webhook_endpoints e \
            join webhook_deliveries d on d.id = (select n.id from webhook_deliveries n where n.endpoint_id = e.id \
            and n.status = 'pending' and n.next_at <= ? order by n.next_at, n.id limit 1) \
            join webhook_events v on v.id = d.event_id \
            where e.enabled and (e.throttled_until is null or e.throttled_until <= ?)"
                .to_owned();
        let mut values: Vec<Value> = vec![now.into(), now.into()];
        for (column, but) in [("e.id", but_endpoints), ("e.organisation_id", but_organisations)] {
            if !but.is_empty() {
                let (list, ids) = in_list(but);
                sql.push_str(&format!(" and {column} not in ({list})"));
                values.extend(ids);
            }
        }
        sql.push_str(" order by d.next_at, d.id limit ?");
        values.push(limit(rows));
        let found: Vec<DueRow> = self.select(&sql, values).await?;
        Ok(found.into_iter().filter_map(|row| row.read(now)).collect())
    }

    /// The next time after `now` at which a delivery is due or an endpoint may be spoken to again.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn next_delivery(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DbErr> {
        const NEXT: &str = "select next_at from webhook_deliveries where status = 'pending' and next_at > ? \
            order by next_at limit 1";
        const RESTED: &str = "select throttled_until from webhook_endpoints where enabled and throttled_until > ? \
            order by throttled_until limit 1";
        let mut soonest: Option<DateTime<Utc>> = None;
        for sql in [NEXT, RESTED] {
            let select = statement(self.hq.get_database_backend(), sql, [now.into()]);
            if let Some(row) = self.hq.query_one_raw(select).await? {
                let time = DateTime::<Utc>::try_get_by(&row, 0)?;
                soonest = Some(soonest.map_or(time, |known| known.min(time)));
            }
        }
        Ok(soonest)
    }

    /// Whether there are events from before a time that nobody is to be told of any more.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn has_webhook_events(&self, before: DateTime<Utc>) -> Result<bool, DbErr> {
        let sql = "select 1 from webhook_events v where v.occurred_at < ? and not exists \
            (select 1 from webhook_deliveries d where d.event_id = v.id and d.status = 'pending') limit 1";
        let values: [Value; 1] = [before.into()];
        let select = statement(self.hq.get_database_backend(), sql, values);
        Ok(self.hq.query_one_raw(select).await?.is_some())
    }
}
