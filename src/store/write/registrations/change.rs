//! Changes to a whole batch: start, pause, resume, cancel, fail, archive.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, TryGetable};

use super::batch::{BatchRow, enter, fail};
use super::create::obstacles;
use super::idle::cancel_idle;
use super::unknown::UnknownCalls;
use crate::model::journal::Origin;
use crate::model::registration::batch::{BatchEvent, BatchRefusal, BatchStatus};
use crate::store::rows::statement;
use crate::store::write::audit;
use crate::store::write::group::Group;

/// Something happens to a batch as a whole.
#[derive(Clone, Debug)]
pub struct ChangeRegistrationBatch {
    pub organisation_id: Id,
    pub batch_id: Id,
    pub event: BatchEvent,
    /// Of a start: also where nobody knows what a call of an ended registration of a restaurant has done.
    pub despite_unknown_outcomes: bool,
    pub origin: Origin,
    /// Why, where somebody should know later.
    pub reason: Option<String>,
}

/// The answer to [`ChangeRegistrationBatch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistrationBatchChanged {
    Accepted {
        status: BatchStatus,
        at: DateTime<Utc>,
    },
    /// The target held before, since then.
    Already {
        status: BatchStatus,
        at: Option<DateTime<Utc>>,
    },
    Illegal {
        from: BatchStatus,
        event: BatchEvent,
    },
    /// Restaurants that have a registration elsewhere: the restaurant and the other batch.
    Busy(Vec<(Id, Id)>),
    /// Calls of ended registrations of its restaurants of which nobody knows what they did.
    OutcomeUnknown(Vec<UnknownCalls>),
    NotFound,
}

impl ChangeRegistrationBatch {
    pub(in crate::store::write) async fn apply(
        &self,
        group: &mut Group<'_>,
    ) -> Result<RegistrationBatchChanged, DbErr> {
        let row = BatchRow::load(group, self.batch_id).await?;
        let Some(row) = row.filter(|row| row.organisation_id == self.organisation_id) else {
            return Ok(RegistrationBatchChanged::NotFound);
        };
        let status = row.status()?;
        let to = match status.next(self.event) {
            Ok(to) => to,
            Err(BatchRefusal::Already) => {
                let at = self.since(group).await?;
                return Ok(RegistrationBatchChanged::Already { status, at });
            }
            Err(BatchRefusal::Illegal { from, event }) => return Ok(RegistrationBatchChanged::Illegal { from, event }),
        };
        if self.event == BatchEvent::Start {
            let restaurants = restaurants_of(group, row.id).await?;
            let against = obstacles(group, self.organisation_id, &restaurants).await?;
            if !against.busy.is_empty() {
                return Ok(RegistrationBatchChanged::Busy(against.busy));
            }
            if !against.doubtful.is_empty() && !self.despite_unknown_outcomes {
                return Ok(RegistrationBatchChanged::OutcomeUnknown(against.doubtful));
            }
            open_jobs(group, row.id).await?;
        }
        if self.event == BatchEvent::Fail {
            let reason = self.reason.as_deref().unwrap_or("failed");
            fail(group, &row, &self.origin, reason).await?;
        } else {
            enter(group, &row, to, self.event, &self.origin, self.reason.as_deref()).await?;
        }
        if self.event == BatchEvent::Cancel {
            cancel_idle(group, &row, &self.origin).await?;
        }
        audit::note(group, &self.origin, format!("registration batch {}", row.id)).await?;
        Ok(RegistrationBatchChanged::Accepted {
            status: to,
            at: group.now,
        })
    }

    async fn since(&self, group: &Group<'_>) -> Result<Option<DateTime<Utc>>, DbErr> {
        let column = match self.event {
            BatchEvent::Start | BatchEvent::Begin => "started_at",
            BatchEvent::Pause => "paused_at",
            BatchEvent::Resume => "coalesce(resumed_at, started_at)",
            BatchEvent::Complete | BatchEvent::Fail => "completed_at",
            BatchEvent::Cancel => "cancelled_at",
        };
        let sql = format!("select {column} from registration_batch_jobs where id = ?");
        let row = group
            .tx
            .query_one_raw(statement(group.backend, &sql, [self.batch_id.into()]))
            .await?;
        row.map_or(Ok(None), |row| {
            Option::<DateTime<Utc>>::try_get_by(&row, 0).map_err(DbErr::from)
        })
    }
}

/// The restaurants of a batch, in its order.
async fn restaurants_of(group: &Group<'_>, batch: Id) -> Result<Vec<Id>, DbErr> {
    const SQL: &str = "select restaurant_id from registration_jobs where batch_job_id = ? order by position";
    let rows = group
        .tx
        .query_all_raw(statement(group.backend, SQL, [batch.into()]))
        .await?;
    rows.iter().map(|row| Ok(Id::try_get_by(row, 0)?)).collect()
}

/// The batch's jobs hold their restaurants from now on.
pub(super) async fn open_jobs(group: &Group<'_>, batch: Id) -> Result<(), DbErr> {
    const SQL: &str = "update registration_jobs set is_open = ? where batch_job_id = ? \
        and status in ('pending', 'in_progress', 'action_required')";
    group.execute(SQL, [true.into(), batch.into()]).await?;
    Ok(())
}

/// Hides a batch that has ended, or a draft, from lists.
#[derive(Clone, Debug)]
pub struct ArchiveRegistrationBatch {
    pub organisation_id: Id,
    pub batch_id: Id,
    pub origin: Origin,
}

/// The answer to [`ArchiveRegistrationBatch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchArchived {
    Accepted(DateTime<Utc>),
    /// It has not ended.
    Illegal(BatchStatus),
    NotFound,
}

impl ArchiveRegistrationBatch {
    pub(in crate::store::write) async fn apply(&self, group: &mut Group<'_>) -> Result<BatchArchived, DbErr> {
        const SQL: &str = "update registration_batch_jobs set archived_at = coalesce(archived_at, ?), \
            version = version + 1, updated_at = ? where id = ?";
        const AT: &str = "select archived_at from registration_batch_jobs where id = ?";
        let row = BatchRow::load(group, self.batch_id).await?;
        let Some(row) = row.filter(|row| row.organisation_id == self.organisation_id) else {
            return Ok(BatchArchived::NotFound);
        };
        let status = row.status()?;
        if status.is_open() {
            return Ok(BatchArchived::Illegal(status));
        }
        if !row.archived {
            let values = [group.now.into(), group.now.into(), row.id.into()];
            group.execute(SQL, values).await?;
            audit::note(group, &self.origin, format!("registration batch {}", row.id)).await?;
            return Ok(BatchArchived::Accepted(group.now));
        }
        let found = group
            .tx
            .query_one_raw(statement(group.backend, AT, [row.id.into()]))
            .await?;
        let at = found.map(|row| DateTime::<Utc>::try_get_by(&row, 0)).transpose()?;
        Ok(BatchArchived::Accepted(at.unwrap_or(group.now)))
    }
}
