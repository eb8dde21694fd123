//! What a new process makes of what the one before it left, and what a draining one says of itself.

use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, TryGetable};

use super::group::Group;
use super::journal::JournalRow;
use crate::model::crash::{LastEnd, Verdict};
use crate::model::journal::{Operation, Origin};
use crate::model::practice::PracticeStatus;
use crate::store::rows::{in_list, statement};

/// Counts an unclean end against the practices that may have been running, and gives up those that have seen too many.
#[derive(Clone, Debug)]
pub struct RecoverJob {
    pub organisation_id: Id,
    pub job_id: Id,
    pub last_end: LastEnd,
}

/// The answer to [`RecoverJob`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Practices that were in flight at the unclean end.
    pub interrupted: u64,
    /// Practices that were given up.
    pub condemned: u64,
}

impl RecoverJob {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<Recovered, DbErr> {
        let mut recovered = Recovered::default();
        if self.last_end != LastEnd::Clean {
            for (id, crashes, status) in self.count_crash(group).await? {
                recovered.interrupted += 1;
                if self.last_end.verdict(crashes) == Verdict::Condemned {
                    self.condemn(group, id, crashes, status).await?;
                    recovered.condemned += 1;
                }
            }
        }
        let clear = "update enrichment_jobs set in_flight = '[]' where id = ?";
        group.execute(clear, [self.job_id.into()]).await?;
        Ok(recovered)
    }

    async fn count_crash(&self, group: &Group<'_>) -> Result<Vec<(i64, i32, PracticeStatus)>, DbErr> {
        let select = statement(
            group.backend,
            "select in_flight from enrichment_jobs where id = ?",
            [self.job_id.into()],
        );
        let Some(row) = group.tx.query_one_raw(select).await? else {
            return Ok(Vec::new());
        };
        let in_flight: serde_json::Value = row.try_get("", "in_flight")?;
        let ids: Vec<i64> = serde_json::from_value(in_flight).map_err(|error| DbErr::Json(error.to_string()))?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let (list, values) = in_list(&ids);
        // Those that have finished since, or wait for a time to come, were not running.
        let sql = format!(
            "update job_practices set crashes = crashes + 1 where id in ({list}) \
             and status in ('pending', 'url_complete', 'scraped') and next_at is null returning id, crashes, status"
        );
        let mut counted = Vec::new();
        for row in group.tx.query_all_raw(statement(group.backend, &sql, values)).await? {
            let status: PracticeStatus = String::try_get_by(&row, 2)?
                .parse()
                .map_err(|error| DbErr::Custom(format!("{error}")))?;
            counted.push((i64::try_get_by(&row, 0)?, i32::try_get_by(&row, 1)?, status));
        }
        Ok(counted)
    }

    async fn condemn(&self, group: &mut Group<'_>, id: i64, crashes: i32, from: PracticeStatus) -> Result<(), DbErr> {
        const SQL: &str = "update job_practices set status = 'error', error_message = ?, version = version + 1, \
            updated_at = ? where id = ?";
        let times = if crashes == 3 {
            "three".to_owned()
        } else {
            crashes.to_string()
        };
        let message = format!("ended the process {times} times");
        group
            .execute(SQL, [message.clone().into(), group.now.into(), id.into()])
            .await?;
        group.count(self.job_id, |counts| counts.moved(from, PracticeStatus::Error));
        group.journal(|seq, at| JournalRow {
            seq,
            organisation_id: self.organisation_id,
            job_id: self.job_id,
            item_id: Some(id),
            step: None,
            attempt: None,
            origin: Origin::recovery(),
            from_state: Some(from.as_str()),
            to_state: Some(PracticeStatus::Error.as_str()),
            operation: Operation::ItemFinished,
            details: serde_json::json!({ "error": message }).to_string(),
            at,
        });
        Ok(())
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
