//! An upload becomes a job: rows in chunks, seen by nobody until the last one is in.

use entity::Id;
use sea_orm::DbErr;

use super::group::Group;
use super::idempotency::KeyAnswer;
use super::journal::JournalRow;
use crate::model::journal::{BatchKind, Operation, Origin};
use crate::model::play::Selection;

/// How many rows one [`DiscardImport`] deletes.
const DISCARDED_AT_ONCE: u64 = 1_000;

/// Makes a job that nobody sees.
#[derive(Clone, Debug)]
pub struct BeginImport {
    pub job_id: Id,
    pub organisation_id: Id,
    pub user_id: Id,
    pub original_filename: String,
    pub name: Option<String>,
    pub play_name: String,
    pub url_column: String,
    pub headers: Vec<String>,
    pub settings: serde_json::Value,
    /// What of the play is run.
    pub selection: Selection,
}

impl BeginImport {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<(), DbErr> {
        const SQL: &str = "insert into enrichment_jobs (id, organisation_id, user_id, original_filename, name, \
            play_name, url_column, headers, settings, selection, created_at, updated_at) \
            values (?,?,?,?,?,?,?,?,?,?,?,?)";
        group
            .execute(
                SQL,
                [
                    self.job_id.into(),
                    self.organisation_id.into(),
                    self.user_id.into(),
                    self.original_filename.clone().into(),
                    self.name.clone().into(),
                    self.play_name.clone().into(),
                    self.url_column.clone().into(),
                    serde_json::Value::from(self.headers.clone()).into(),
                    self.settings.clone().into(),
                    serde_json::json!(self.selection).into(),
                    group.now.into(),
                    group.now.into(),
                ],
            )
            .await?;
        Ok(())
    }
}

/// Shows the job, with all its rows, and starts the count of its life.
#[derive(Clone, Debug)]
pub struct FinishImport {
    pub job_id: Id,
    pub organisation_id: Id,
    pub user_id: Id,
    pub original_filename: String,
    pub blank_rows: u64,
    /// What the file turned out to be: encoding, delimiter.
    pub meta: serde_json::Value,
    pub origin: Origin,
    /// Where this ends a request that carried a key.
    pub answer: Option<KeyAnswer>,
}

impl FinishImport {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<(), DbErr> {
        const SQL: &str = "update enrichment_jobs set imported_at = ?, blank_rows = ?, updated_at = ? where id = ?";
        const RUN: &str = "insert into batch_runs (id, organisation_id, user_id, job_id, filename, result_url, meta, \
            created_at) values (?,?,?,?,?,?,?,?)";
        let blank_rows = i32::try_from(self.blank_rows).unwrap_or(i32::MAX);
        group
            .execute(
                SQL,
                [
                    group.now.into(),
                    blank_rows.into(),
                    group.now.into(),
                    self.job_id.into(),
                ],
            )
            .await?;
        group
            .execute(
                RUN,
                [
                    Id::now().into(),
                    self.organisation_id.into(),
                    self.user_id.into(),
                    self.job_id.into(),
                    self.original_filename.clone().into(),
                    format!("/api/jobs/{}/export", self.job_id).into(),
                    self.meta.clone().into(),
                    group.now.into(),
                ],
            )
            .await?;
        let details = serde_json::json!({ "filename": self.original_filename }).to_string();
        group.journal(|seq, at| JournalRow {
            seq,
            organisation_id: self.organisation_id,
            job_id: self.job_id,
            item_id: None,
            registration_id: None,
            kind: BatchKind::Enrichment,
            step: None,
            attempt: None,
            origin: self.origin.clone(),
            from_state: None,
            to_state: Some("pending"),
            operation: Operation::BatchCreated,
            details,
            at,
        });
        match &self.answer {
            Some(answer) => answer.write(group).await,
            None => Ok(()),
        }
    }
}

/// Deletes up to 1,000 rows of an import that will never be finished, and the job with the last of them. Answered with
/// whether the job is gone.
#[derive(Clone, Debug)]
pub struct DiscardImport {
    pub job_id: Id,
}

impl DiscardImport {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<bool, DbErr> {
        const ROWS: &str = "delete from job_practices where id in (select p.id from job_practices p \
            join enrichment_jobs j on j.id = p.job_id where j.id = ? and j.imported_at is null limit 1000)";
        let deleted = group.execute(ROWS, [self.job_id.into()]).await?;
        if deleted >= DISCARDED_AT_ONCE {
            return Ok(false);
        }
        group
            .execute(
                "delete from enrichment_jobs where id = ? and imported_at is null",
                [self.job_id.into()],
            )
            .await?;
        Ok(true)
    }
}
