//! Schedules that ran by a clock which was ahead.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::DbErr;

use super::change::load;
use crate::model::schedule::Timetable;
use crate::store::write::group::Group;

/// Plans the next run anew, from now on: the clock has been put back since the last one, which took place at a time that is still
/// to come. Without it the schedule would be silent until then.
#[derive(Clone, Debug)]
pub struct ReplanSchedule {
    pub id: Id,
    /// The last run that the schedule was seen with.
    pub last_run_at: DateTime<Utc>,
    pub now: DateTime<Utc>,
}

impl ReplanSchedule {
    pub(in crate::store::write) async fn apply(&self, group: &mut Group<'_>) -> Result<(), DbErr> {
        const SQL: &str = "update batch_schedules set next_run_at = ?, look_at = ?, waits_since = null, last_run_at = ?, \
            last_outcome = ? where id = ?";
        let known = load(group, self.id).await?;
        let Some(known) = known.filter(|known| known.last_run_at == Some(self.last_run_at)) else {
            return Ok(());
        };
        // One that cannot be read is switched off where it is due.
        let Ok(timetable) = Timetable::read(&known.cron, &known.time_zone) else {
            return Ok(());
        };
        let next = timetable.next_after(self.now);
        let told = format!(
            "planned anew: the clock said {} at the last run",
            self.last_run_at.format("%F %R UTC")
        );
        let values = [next.into(), next.into(), self.now.into(), told.into(), self.id.into()];
        group.execute(SQL, values).await?;
        Ok(())
    }
}
