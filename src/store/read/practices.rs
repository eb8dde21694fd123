//! The practices of a job, for people and for exports.

use chrono::{DateTime, Utc};
use entity::{Id, enrichment_jobs, job_practices};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, TryGetable as _, Value};
use serde::Serialize;
use utoipa::ToSchema;

use super::jobs::Page;
use super::reader::Reader;
use crate::model::practice::PracticeStatus;
use crate::store::failed::Failed;
use crate::store::rows::{HAS_PREFIX, in_list, like_prefix, statement};

/// Which practices of a job.
#[derive(Clone, Debug, Default)]
pub struct PracticeFilter {
    pub status: Option<PracticeStatus>,
    /// Prefix of identifier or domain.
    pub prefix: Option<String>,
    /// Only practices after this id.
    pub after: Option<i64>,
    pub limit: u64,
}

impl PracticeFilter {
    /// The condition on `p`, a practice of the job, and its values.
    fn condition(&self, job: Id) -> (String, Vec<Value>) {
        let mut sql = "p.job_id = ? and p.id > ?".to_owned();
        let mut values: Vec<Value> = vec![job.into(), self.after.unwrap_or(0).into()];
        if let Some(status) = self.status {
            sql.push_str(" and p.status = ?");
            values.push(status.as_str().into());
        }
        if let Some(prefix) = &self.prefix {
            sql.push_str(" and ");
            sql.push_str(HAS_PREFIX);
            let pattern = like_prefix(prefix);
            values.push(pattern.clone().into());
            values.push(pattern.into());
        }
        (sql, values)
    }
}

/// A practice in a list.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct PracticeView {
    pub id: i64,
    pub row_number: i64,
    pub practice_identifier: String,
    pub status: String,
    pub domain: Option<String>,
    /// What politeness counts by.
    #[serde(skip)]
    pub host_key: Option<String>,
    pub error_message: Option<String>,
    /// The row whose outcome this one takes.
    pub duplicate_of: Option<i64>,
    pub step_number: i32,
    pub attempt: i32,
    pub life: i32,
    pub next_at: Option<DateTime<Utc>>,
    /// Why it does not move: `paused`, `retry until TIME`, `row N` (whose outcome it takes), `host limit`, `waiting its
    /// turn`; absent for one that runs or is finished.
    pub blocked_by: Option<String>,
    pub updated_at: DateTime<Utc>,
}

/// One practice with all that its steps gave.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PracticeDetail {
    #[serde(flatten)]
    pub practice: PracticeView,
    pub input: serde_json::Map<String, serde_json::Value>,
    pub url_worker_payload: Option<serde_json::Value>,
    pub scraper_worker_payload: Option<serde_json::Value>,
    pub final_payload: Option<serde_json::Value>,
    /// Input and payloads are in the job's archive alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
}

/// Which website a practice is.
#[derive(Clone, Debug, FromQueryResult)]
pub struct PracticeWebsite {
    pub id: i64,
    pub practice_identifier: String,
    /// Absent where the row names no website.
    pub dedupe_key: Option<String>,
}

/// Where the rest of an archived practice is.
const ARCHIVED: &str = "the input and the result of this practice are in the archive of its job; the export has them";

/// A practice as an export needs it.
#[derive(Clone, Debug, FromQueryResult)]
pub struct ExportItem {
    pub id: i64,
    pub row_number: i64,
    pub practice_identifier: String,
    pub input: Option<serde_json::Value>,
    pub status: String,
    pub error_message: Option<String>,
    pub duplicate_of: Option<i64>,
    pub final_payload: Option<serde_json::Value>,
    /// The job is archived: the row may have been pruned.
    pub archived: bool,
}

const VIEW: &str = "p.id, p.row_number, p.practice_identifier, p.status, p.domain, p.host_key, p.error_message, \
    l.row_number as duplicate_of, p.step_number, p.attempt, p.life, p.next_at, p.blocked_by, p.updated_at \
    from job_practices p left join job_practices l on l.id = p.duplicate_of";

/// What of a practice is being waited for, where its row does not say so itself.
fn explain(job: &enrichment_jobs::Model, practice: &mut PracticeView) {
    let finished = practice.status.parse().is_ok_and(PracticeStatus::is_finished);
    practice.blocked_by = if finished {
        None
    } else if job.status == "paused" {
        Some("paused".to_owned())
    } else if job.status == "error" {
        Some("the job has ended".to_owned())
    } else if let Some(row) = practice.duplicate_of {
        Some(format!("row {row}"))
    } else if let Some(blocked_by) = practice.blocked_by.take() {
        Some(blocked_by)
    } else {
        Some(WAITING_ITS_TURN.to_owned())
    };
}

/// What keeps back a practice that nothing else does.
pub const WAITING_ITS_TURN: &str = "waiting its turn";

impl Reader {
    /// A page of a job's practices, in input order.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn practices(
        &self,
        job: &enrichment_jobs::Model,
        filter: &PracticeFilter,
    ) -> Result<Page<PracticeView>, DbErr> {
        let (condition, mut values) = filter.condition(job.id);
        let sql = format!("select {VIEW} where {condition} order by p.id limit ?");
        values.push(i64::try_from(filter.limit + 1).unwrap_or(i64::MAX).into());
        let mut views = self.select::<PracticeView>(job.organisation_id, &sql, values).await?;
        for view in &mut views {
            explain(job, view);
        }
        Ok(Page::cut(views, filter.limit, |practice: &PracticeView| {
            practice.id.to_string()
        }))
    }

    /// How many of a job's practices match, on all pages.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn count_practices(&self, job: &enrichment_jobs::Model, filter: &PracticeFilter) -> Result<u64, DbErr> {
        self.count(job.organisation_id, filter.condition(job.id)).await
    }

    /// How many of a job's practices in error a redo would reset.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn count_failed(&self, job: &enrichment_jobs::Model, failed: &Failed) -> Result<u64, DbErr> {
        self.count(job.organisation_id, failed.condition(job.id)).await
    }

    async fn count(&self, organisation: Id, (condition, values): (String, Vec<Value>)) -> Result<u64, DbErr> {
        let sql = format!("select count(*) from job_practices p where {condition}");
        let counting = statement(self.backend(), &sql, values);
        let row = self.within(organisation).query_one_raw(counting).await?;
        let count = row.map_or(Ok(0), |row| i64::try_get_by(&row, 0))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// The websites of practices of a job; ids of other jobs' practices are passed over.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn websites_of(
        &self,
        job: &enrichment_jobs::Model,
        practices: &[i64],
    ) -> Result<Vec<PracticeWebsite>, DbErr> {
        let (list, ids) = in_list(practices);
        let sql = format!(
            "select id, practice_identifier, dedupe_key from job_practices where job_id = ? and id in ({list})"
        );
        self.select(
            job.organisation_id,
            &sql,
            std::iter::once(job.id.into()).chain(ids).collect(),
        )
        .await
    }

    /// One practice of a job, or `None`.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn practice(&self, job: &enrichment_jobs::Model, id: i64) -> Result<Option<PracticeDetail>, DbErr> {
        let sql = format!("select {VIEW} where p.job_id = ? and p.id = ?");
        let Some(mut practice) = self
            .select::<PracticeView>(job.organisation_id, &sql, vec![job.id.into(), id.into()])
            .await?
            .pop()
        else {
            return Ok(None);
        };
        explain(job, &mut practice);
        let Some(row) = job_practices::Entity::find_by_id(id)
            .one(&self.within(job.organisation_id))
            .await?
        else {
            return Ok(None);
        };
        // Intake writes the input of every row.
        let archived = row.input.is_none();
        Ok(Some(PracticeDetail {
            practice,
            input: named_cells(&job.headers, row.input.as_ref()),
            url_worker_payload: row.url_worker_payload,
            scraper_worker_payload: row.scraper_worker_payload,
            final_payload: row.final_payload,
            archived,
            note: archived.then_some(ARCHIVED),
        }))
    }

    /// Up to `limit` rows of a job after the practice `after`, in input order.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn export_page(
        &self,
        job: &enrichment_jobs::Model,
        status: Option<PracticeStatus>,
        after: i64,
        limit: u64,
    ) -> Result<Vec<ExportItem>, DbErr> {
        let mut sql = "select p.id, p.row_number, p.practice_identifier, p.input, p.status, p.error_message, \
            l.row_number as duplicate_of, p.final_payload, \
            (select j.archived_at is not null from enrichment_jobs j where j.id = p.job_id) as archived \
            from job_practices p left join job_practices l on l.id = p.duplicate_of where p.job_id = ? and p.id > ?"
            .to_owned();
        let mut values: Vec<Value> = vec![job.id.into(), after.into()];
        if let Some(status) = status {
            sql.push_str(" and p.status = ?");
            values.push(status.as_str().into());
        }
        sql.push_str(" order by p.id limit ?");
        values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
        self.select(job.organisation_id, &sql, values).await
    }
}

/// The input's cells by the names of their columns; cells beyond the last column are named by their place.
#[must_use]
pub fn named_cells(
    headers: &serde_json::Value,
    cells: Option<&serde_json::Value>,
) -> serde_json::Map<String, serde_json::Value> {
    let cells = cells
        .and_then(serde_json::Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    cells
        .iter()
        .enumerate()
        .map(|(index, cell)| {
            let name = headers.get(index).and_then(serde_json::Value::as_str);
            (
                name.map_or_else(|| format!("column_{}", index + 1), str::to_owned),
                cell.clone(),
            )
        })
        .collect()
}
