//! Where an organisation is told of what happens to its batches.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, TryGetable, Value};
use secrecy::{ExposeSecret as _, SecretString};

use super::audit;
use super::group::Group;
use super::idempotency::KeyAnswer;
use crate::model::journal::Origin;
use crate::model::webhook::{EventType, Format};
use crate::store::rows::statement;

/// Endpoints that one organisation may have.
pub const MOST_ENDPOINTS: i64 = 50;

/// Makes an endpoint.
#[derive(Clone, Debug)]
pub struct CreateWebhookEndpoint {
    pub id: Id,
    pub organisation_id: Id,
    pub user_id: Id,
    pub url: SecretString,
    pub format: Format,
    pub event_types: Vec<EventType>,
    pub description: Option<String>,
    /// What signs; `None` for Slack.
    pub secret: Option<SecretString>,
    pub created_at: DateTime<Utc>,
    pub origin: Origin,
    /// Where this ends a request that carried a key.
    pub answer: Option<KeyAnswer>,
}

/// The answer to [`CreateWebhookEndpoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointCreated {
    Accepted,
    /// The organisation has [`MOST_ENDPOINTS`].
    TooMany,
}

/// How the audit log names an endpoint.
pub(super) fn object(id: Id) -> String {
    format!("webhook endpoint {id}")
}

fn exposed(secret: Option<&SecretString>) -> Value {
    secret.map(|secret| secret.expose_secret().to_owned()).into()
}

fn names(events: &[EventType]) -> Value {
    serde_json::json!(events).into()
}

impl CreateWebhookEndpoint {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<EndpointCreated, DbErr> {
        const COUNT: &str = "select count(*) from webhook_endpoints where organisation_id = ?";
        const SQL: &str = "insert into webhook_endpoints (id, organisation_id, url, format, event_types, description, \
            secret, enabled, created_by, created_at, updated_at) values (?,?,?,?,?,?,?,?,?,?,?)";
        let count = statement(group.backend, COUNT, [self.organisation_id.into()]);
        let row = group.tx.query_one_raw(count).await?;
        let known = row.map_or(Ok(0), |row| i64::try_get_by(&row, 0))?;
        if known >= MOST_ENDPOINTS {
            return Ok(EndpointCreated::TooMany);
        }
        let values = [
            self.id.into(),
            self.organisation_id.into(),
            exposed(Some(&self.url)),
            self.format.as_str().into(),
            names(&self.event_types),
            self.description.clone().into(),
            exposed(self.secret.as_ref()),
            true.into(),
            self.user_id.into(),
            self.created_at.into(),
            self.created_at.into(),
        ];
        group.execute(SQL, values).await?;
        audit::note(group, &self.origin, object(self.id)).await?;
        if let Some(answer) = &self.answer {
            answer.write(group).await?;
        }
        Ok(EndpointCreated::Accepted)
    }
}

/// Changes an endpoint; what is `None` stays. Answered with whether there is one.
#[derive(Clone, Debug)]
pub struct ChangeWebhookEndpoint {
    pub id: Id,
    pub url: Option<SecretString>,
    pub event_types: Option<Vec<EventType>>,
    /// `Some(None)` takes it away.
    pub description: Option<Option<String>>,
    pub enabled: Option<bool>,
    pub origin: Origin,
}

impl ChangeWebhookEndpoint {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<bool, DbErr> {
        const ENABLE: &str = "update webhook_endpoints set enabled = ?, disabled_reason = null, disabled_at = null, \
            failing_since = null, throttled_until = null where id = ? and not enabled";
        let mut set = vec!["updated_at = ?"];
        let mut values: Vec<Value> = vec![group.now.into()];
        if let Some(url) = &self.url {
            set.push("url = ?");
            values.push(exposed(Some(url)));
        }
        if let Some(events) = &self.event_types {
            set.push("event_types = ?");
            values.push(names(events));
        }
        if let Some(description) = &self.description {
            set.push("description = ?");
            values.push(description.clone().into());
        }
        values.push(self.id.into());
        let sql = format!("update webhook_endpoints set {} where id = ?", set.join(", "));
        if group.execute(&sql, values).await? == 0 {
            return Ok(false);
        }
        match self.enabled {
            None => {}
            Some(true) => {
                group.execute(ENABLE, [true.into(), self.id.into()]).await?;
            }
            Some(false) => disable(group, self.id, "switched off").await?,
        }
        audit::note(group, &self.origin, object(self.id)).await?;
        Ok(true)
    }
}

/// Switches an endpoint off: nothing more is sent to it, what waited is skipped.
pub(super) async fn disable(group: &Group<'_>, id: Id, reason: &str) -> Result<(), DbErr> {
    const DISABLE: &str = "update webhook_endpoints set enabled = ?, disabled_reason = ?, disabled_at = ?, \
        updated_at = ? where id = ? and enabled";
    const SKIP: &str = "update webhook_deliveries set status = 'skipped', next_at = null, updated_at = ? \
        where endpoint_id = ? and status = 'pending'";
    let now: Value = group.now.into();
    let values = [false.into(), reason.into(), now.clone(), now.clone(), id.into()];
    group.execute(DISABLE, values).await?;
    group.execute(SKIP, [now, id.into()]).await?;
    Ok(())
}

/// Removes an endpoint, with all that is known of its deliveries. Answered with whether there was one.
#[derive(Clone, Debug)]
pub struct DeleteWebhookEndpoint {
    pub id: Id,
    pub origin: Origin,
}

impl DeleteWebhookEndpoint {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<bool, DbErr> {
        let sql = "delete from webhook_endpoints where id = ?";
        let was_there = group.execute(sql, [self.id.into()]).await? > 0;
        if was_there {
            audit::note(group, &self.origin, object(self.id)).await?;
        }
        Ok(was_there)
    }
}

/// Gives an endpoint another secret. The one that it had signs too until a time. Answered with whether there is such an
/// endpoint, and it has a secret.
#[derive(Clone, Debug)]
pub struct RotateWebhookSecret {
    pub id: Id,
    pub secret: SecretString,
    pub previous_until: DateTime<Utc>,
    pub origin: Origin,
    pub answer: Option<KeyAnswer>,
}

impl RotateWebhookSecret {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<bool, DbErr> {
        const SQL: &str = "update webhook_endpoints set previous_secret = secret, previous_until = ?, secret = ?, \
            updated_at = ? where id = ? and secret is not null";
        let values = [
            self.previous_until.into(),
            exposed(Some(&self.secret)),
            group.now.into(),
            self.id.into(),
        ];
        if group.execute(SQL, values).await? == 0 {
            return Ok(false);
        }
        audit::note(group, &self.origin, object(self.id)).await?;
        if let Some(answer) = &self.answer {
            answer.write(group).await?;
        }
        Ok(true)
    }
}
