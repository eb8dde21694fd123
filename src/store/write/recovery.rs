//! What a new process makes of what the one before it left, and what a draining one says of itself.

use entity::Id;
use sea_orm::{ConnectionTrait, DbErr};

use super::group::Group;
use crate::model::crash::LastEnd;
use crate::store::rows::{in_list, statement};

/// How many ids one statement binds.
const COUNTED_AT_ONCE: usize = 4_096;

/// Counts an unclean end against the practices that may have been running. Answered with how many there were.
#[derive(Clone, Debug)]
pub struct RecoverJob {
    pub job_id: Id,
    pub last_end: LastEnd,
}

impl RecoverJob {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<u64, DbErr> {
        let interrupted = if self.last_end == LastEnd::Clean {
            0
        } else {
            self.count(group).await?
        };
        let clear = "update enrichment_jobs set in_flight = '[]' where id = ?";
        group.execute(clear, [self.job_id.into()]).await?;
        Ok(interrupted)
    }

    async fn count(&self, group: &Group<'_>) -> Result<u64, DbErr> {
        let sql = "select in_flight from enrichment_jobs where id = ?";
        let select = statement(group.backend, sql, [self.job_id.into()]);
        let Some(row) = group.tx.query_one_raw(select).await? else {
            return Ok(0);
        };
        let in_flight: serde_json::Value = row.try_get("", "in_flight")?;
        let ids: Vec<i64> = serde_json::from_value(in_flight).map_err(|error| DbErr::Json(error.to_string()))?;
        let most = if ids.len() == 1 {
            i32::MAX
        } else {
            self.last_end.most_in_company()
        };
        let mut interrupted = 0;
        for ids in ids.chunks(COUNTED_AT_ONCE) {
            let (list, mut values) = in_list(ids);
            values.insert(0, most.into());
            values.push(group.now.into());
            // Those that have finished since, or wait for a time to come, were not running.
            let sql = format!(
                "update job_practices set crashes = case when crashes < ? then crashes + 1 else crashes end \
                 where id in ({list}) and status in ('pending', 'url_complete', 'scraped') \
                 and (next_at is null or next_at <= ?)"
            );
            interrupted += group.execute(&sql, values).await?;
        }
        Ok(interrupted)
    }
}

/// The last command of a process that drained.
#[derive(Clone, Debug)]
pub struct CloseCleanly;

impl CloseCleanly {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<(), DbErr> {
        group
            .execute("update writer_state set running = false where id = 1", [])
            .await?;
        Ok(())
    }
}

/// Changes nothing; a process that was taken over from learns so by it.
#[derive(Clone, Debug)]
pub struct ProveOwnership;
