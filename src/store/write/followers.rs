//! Duplicates take the outcome of the practice that they repeat.

use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, TryGetable};

use super::group::Group;
use super::journal::JournalRow;
use crate::model::journal::{BatchKind, Operation, Origin};
use crate::model::practice::PracticeStatus;
use crate::store::rows::statement;

/// How many duplicates one command moves.
pub(super) const AT_ONCE: u64 = 1_000;

/// Gives up to 1,000 duplicates of a finished practice its outcome. Answered with how many it moved: fewer than 1,000
/// means that none are left.
#[derive(Clone, Debug)]
pub struct CopyFollowers {
    pub organisation_id: Id,
    pub job_id: Id,
    pub epoch: i32,
    pub leader: i64,
}

impl CopyFollowers {
    /// Whether `moved` says that there may be more.
    #[must_use]
    pub fn more_after(moved: u64) -> bool {
        moved >= AT_ONCE
    }

    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<u64, DbErr> {
        const SQL: &str = "update job_practices set status = l.status, final_payload = l.final_payload, \
            error_message = l.error_message, step_number = l.step_number, version = job_practices.version + 1, \
            updated_at = ? \
            from job_practices l where l.id = job_practices.duplicate_of and job_practices.id in \
            (select id from job_practices where job_id = ? and duplicate_of = ? and duplicate_of is not null \
            and status = 'pending' order by id limit 1000) \
            and l.status in ('aggregated', 'error') \
            and exists (select 1 from enrichment_jobs j where j.id = job_practices.job_id and j.epoch = ?) \
            returning job_practices.id, job_practices.status";
        let values = [
            group.now.into(),
            self.job_id.into(),
            self.leader.into(),
            self.epoch.into(),
        ];
        let rows = group.tx.query_all_raw(statement(group.backend, SQL, values)).await?;
        for row in &rows {
            let id = i64::try_get_by(row, 0)?;
            let to: PracticeStatus = String::try_get_by(row, 1)?
                .parse()
                .map_err(|e| DbErr::Custom(format!("{e}")))?;
            group.count(self.job_id, |counts| counts.moved(PracticeStatus::Pending, to));
            group.journal(|seq, at| JournalRow {
                seq,
                organisation_id: self.organisation_id,
                job_id: self.job_id,
                item_id: Some(id),
                registration_id: None,
                kind: BatchKind::Enrichment,
                step: None,
                attempt: None,
                origin: Origin::engine(),
                from_state: Some(PracticeStatus::Pending.as_str()),
                to_state: Some(to.as_str()),
                operation: Operation::ItemFinished,
                details: format!(r#"{{"duplicate_of":{}}}"#, self.leader),
                at,
            });
        }
        Ok(rows.len() as u64)
    }
}
