//! An upload becomes a job: rows in chunks, seen by nobody until the last one is in.

use std::collections::HashMap;

use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, TryGetable};

use super::group::Group;
use super::journal::JournalRow;
use crate::model::journal::{Operation, Origin};
use crate::model::practice::PracticeStatus;
use crate::store::rows::{Rows, in_list, json};

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
}

impl BeginImport {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<(), DbErr> {
        const SQL: &str = "insert into enrichment_jobs (id, organisation_id, user_id, original_filename, name, \
            play_name, url_column, headers, settings, created_at, updated_at) values (?,?,?,?,?,?,?,?,?,?,?)";
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
                    group.now.into(),
                    group.now.into(),
                ],
            )
            .await?;
        Ok(())
    }
}

/// One row of an upload.
#[derive(Clone, Debug)]
pub struct ImportRow {
    pub row_number: i64,
    pub identifier: String,
    /// The row's own cells as a JSON array, in the order of the job's headers.
    pub input: String,
    /// Keys of a usable URL, or why there is none.
    pub keys: Result<RowKeys, String>,
}

/// What the identifier of a usable row gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowKeys {
    pub dedupe_key: String,
    pub host_key: String,
    pub domain: String,
}

impl ImportRow {
    pub(super) fn bytes(&self) -> usize {
        self.identifier.len() + self.input.len() + 128
    }
}

/// Adds up to 1,000 rows, in the order of the file. Answered with what became of them.
#[derive(Clone, Debug)]
pub struct ImportRows {
    pub job_id: Id,
    pub organisation_id: Id,
    pub rows: Vec<ImportRow>,
}

/// What became of imported rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Intake {
    pub rows: u64,
    pub duplicates: u64,
    pub invalid: u64,
}

impl std::ops::AddAssign for Intake {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.duplicates += other.duplicates;
        self.invalid += other.invalid;
    }
}

impl ImportRows {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<Intake, DbErr> {
        let mut leaders = self.known_leaders(group).await?;
        let earlier = group.next_practice;
        let mut intake = Intake {
            rows: self.rows.len() as u64,
            ..Intake::default()
        };
        let mut placed = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let id = group.next_practice;
            group.next_practice += 1;
            let duplicate_of = match &row.keys {
                Ok(keys) => leaders.get(keys.dedupe_key.as_str()).copied(),
                Err(_) => None,
            };
            match &row.keys {
                Ok(keys) if duplicate_of.is_none() => {
                    leaders.insert(&keys.dedupe_key, id);
                }
                Ok(_) => intake.duplicates += 1,
                Err(_) => intake.invalid += 1,
            }
            placed.push((id, duplicate_of, row));
        }
        let followed: Vec<i64> = placed.iter().filter_map(|(_, leader, _)| *leader).collect();
        self.insert(group, &placed, &followed).await?;
        let before: Vec<i64> = followed.into_iter().filter(|leader| *leader < earlier).collect();
        mark_leaders(group, before).await?;
        let invalid = i64::try_from(intake.invalid).unwrap_or(i64::MAX);
        let usable = i64::try_from(intake.rows).unwrap_or(i64::MAX) - invalid;
        group.count(self.job_id, |counts| {
            counts.add(PracticeStatus::Pending, usable);
            counts.add(PracticeStatus::Error, invalid);
        });
        let sums = "update enrichment_jobs set duplicates = duplicates + ?, invalid = invalid + ? where id = ?";
        let narrow = |count: u64| i32::try_from(count).unwrap_or(i32::MAX).into();
        group
            .execute(
                sums,
                [narrow(intake.duplicates), narrow(intake.invalid), self.job_id.into()],
            )
            .await?;
        Ok(intake)
    }

    /// First rows of earlier chunks that rows of this one repeat.
    async fn known_leaders(&self, group: &Group<'_>) -> Result<HashMap<&str, i64>, DbErr> {
        let keys: Vec<&str> = self
            .rows
            .iter()
            .filter_map(|row| row.keys.as_ref().ok())
            .map(|keys| keys.dedupe_key.as_str())
            .collect();
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let mut rows = Rows::new(2, keys.len());
        for key in &keys {
            rows.push([(*key).into(), self.job_id.into()]);
        }
        // One look-up a key: given the keys as a list, PostgreSQL would rather read the whole job than its index.
        let statements = rows.statements(group.backend, |list| {
            format!(
                "select v.column1, (select p.id from job_practices p where p.job_id = v.column2 \
                 and p.dedupe_key = v.column1 and p.duplicate_of is null) from (values {list}) as v"
            )
        });
        let mut known = HashMap::new();
        for statement in statements {
            for row in group.tx.query_all_raw(statement).await? {
                if let Some(id) = Option::<i64>::try_get_by(&row, 1)? {
                    known.insert(String::try_get_by(&row, 0)?, id);
                }
            }
        }
        Ok(keys
            .into_iter()
            .filter_map(|key| known.get(key).map(|id| (key, *id)))
            .collect())
    }

    async fn insert(
        &self,
        group: &Group<'_>,
        placed: &[(i64, Option<i64>, &ImportRow)],
        followed: &[i64],
    ) -> Result<(), DbErr> {
        let followed: std::collections::HashSet<i64> = followed.iter().copied().collect();
        let mut rows = Rows::new(15, placed.len());
        for (id, duplicate_of, row) in placed {
            let (status, keys, error) = match &row.keys {
                Ok(keys) => (PracticeStatus::Pending, Some(keys), None),
                Err(refusal) => (PracticeStatus::Error, None, Some(refusal.clone())),
            };
            rows.push([
                (*id).into(),
                self.job_id.into(),
                self.organisation_id.into(),
                row.row_number.into(),
                row.identifier.clone().into(),
                row.input.clone().into(),
                status.as_str().into(),
                error.into(),
                keys.map(|keys| keys.dedupe_key.clone()).into(),
                keys.map(|keys| keys.host_key.clone()).into(),
                keys.map(|keys| keys.domain.clone()).into(),
                (*duplicate_of).into(),
                followed.contains(id).into(),
                group.now.into(),
                group.now.into(),
            ]);
        }
        let input = json(group.backend, "v.column6");
        let statements = rows.statements(group.backend, |list| {
            format!(
                "insert into job_practices (id, job_id, organisation_id, row_number, practice_identifier, input, \
                 status, error_message, dedupe_key, host_key, domain, duplicate_of, has_followers, created_at, \
                 updated_at) select v.column1, v.column2, v.column3, v.column4, v.column5, {input}, v.column7, \
                 v.column8, v.column9, v.column10, v.column11, v.column12, v.column13, v.column14, v.column15 \
                 from (values {list}) as v"
            )
        });
        for statement in statements {
            group.tx.execute_raw(statement).await?;
        }
        Ok(())
    }
}

async fn mark_leaders(group: &Group<'_>, mut leaders: Vec<i64>) -> Result<(), DbErr> {
    leaders.sort_unstable();
    leaders.dedup();
    if leaders.is_empty() {
        return Ok(());
    }
    let (list, values) = in_list(&leaders);
    group
        .execute(
            &format!("update job_practices set has_followers = true where id in ({list})"),
            values,
        )
        .await?;
    Ok(())
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
            step: None,
            attempt: None,
            origin: self.origin.clone(),
            from_state: None,
            to_state: Some("pending"),
            operation: Operation::BatchCreated,
            details,
            at,
        });
        Ok(())
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
