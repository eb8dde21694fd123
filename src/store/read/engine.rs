//! What the actors read: jobs that want a supervisor, and practices that can run.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, TryGetable, Value};

use crate::model::batch::JobStatus;
use crate::model::play::Selection;
use crate::model::practice::PracticeStatus;
use crate::store::Hq;
use crate::store::rows::{in_list, statement};

/// Reads for the actors, across organisations.
#[derive(Clone, Debug)]
pub struct EngineReader {
    pub(super) hq: Hq,
}

/// A job that is not finished.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenJob {
    pub id: Id,
    pub organisation_id: Id,
    pub status: JobStatus,
    pub play: String,
    pub epoch: i32,
    pub settings: serde_json::Value,
    pub selection: Selection,
}

/// A practice that can run, as far as a step needs it.
#[derive(Clone, Debug, FromQueryResult)]
pub struct RunnableItem {
    pub id: i64,
    pub version: i32,
    pub status: String,
    pub practice_identifier: String,
    pub host_key: Option<String>,
    pub domain: Option<String>,
    pub company_id: Option<Id>,
    pub step_number: i32,
    pub life: i32,
    pub attempt: i32,
    pub crashes: i32,
    pub has_followers: bool,
    pub url_worker_payload: Option<serde_json::Value>,
    pub scraper_worker_payload: Option<serde_json::Value>,
    pub step_data: Option<serde_json::Value>,
    pub flow: Option<serde_json::Value>,
}

/// A step that a company has completed.
#[derive(Clone, Debug, FromQueryResult)]
pub struct CompletedStep {
    pub play_name: String,
    pub step_number: i32,
    pub workflow_slug: String,
}

#[derive(FromQueryResult)]
struct OpenJobRow {
    id: Id,
    organisation_id: Id,
    status: String,
    play_name: String,
    epoch: i32,
    settings: serde_json::Value,
    selection: serde_json::Value,
}

const JOB: &str = "select id, organisation_id, status, play_name, epoch, settings, selection from enrichment_jobs";

const ITEM: &str = "select id, version, status, practice_identifier, host_key, domain, company_id, step_number, life, \
    attempt, crashes, has_followers, url_worker_payload, scraper_worker_payload, step_data, flow from job_practices";

pub(super) fn limit(rows: usize) -> Value {
    i64::try_from(rows).unwrap_or(i64::MAX).into()
}

impl EngineReader {
    #[must_use]
    pub fn new(readers: Hq) -> Self {
        Self { hq: readers }
    }

    pub(super) async fn select<T: FromQueryResult>(&self, sql: &str, values: Vec<Value>) -> Result<Vec<T>, DbErr> {
        let rows = self
            .hq
            .query_all_raw(statement(self.hq.get_database_backend(), sql, values))
            .await?;
        rows.iter().map(|row| T::from_query_result(row, "")).collect()
    }

    /// Jobs that want a supervisor, oldest first.
    ///
    /// # Errors
    /// Where the database cannot be read. A single row that makes no sense is left out and logged.
    pub async fn open_jobs(&self) -> Result<Vec<OpenJob>, DbErr> {
        let sql =
            format!("{JOB} where status in ('pending', 'running', 'paused') and imported_at is not null order by id");
        let rows = self
            .hq
            .query_all_raw(statement(self.hq.get_database_backend(), &sql, []))
            .await?;
        // Row by row: one that cannot be read must not stop the recovery of the others.
        let read = |row| match OpenJobRow::from_query_result(row, "") {
            Ok(row) => open_job(row),
            Err(error) => {
                tracing::error!(%error, "a job that cannot be read is left alone");
                None
            }
        };
        Ok(rows.iter().filter_map(read).collect())
    }

    /// The job as it stands, open or not; `None` if it is gone or its rows are still coming in.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn job(&self, id: Id) -> Result<Option<OpenJob>, DbErr> {
        let sql = format!("{JOB} where id = ? and imported_at is not null");
        Ok(self
            .select::<OpenJobRow>(&sql, vec![id.into()])
            .await?
            .into_iter()
            .find_map(open_job))
    }

    /// Practices of a job in `status`, after the practice `after`, that wait for nothing.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn runnable(
        &self,
        job: Id,
        status: PracticeStatus,
        after: i64,
        rows: usize,
    ) -> Result<Vec<RunnableItem>, DbErr> {
        let sql = format!(
            "{ITEM} where job_id = ? and status = ? and id > ? and duplicate_of is null and next_at is null \
             order by id limit ?"
        );
        self.select(
            &sql,
            vec![job.into(), status.as_str().into(), after.into(), limit(rows)],
        )
        .await
    }

    /// Unfinished practices of one host, after the practice `after`, that wait for nothing.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn runnable_of_host(
        &self,
        job: Id,
        host_key: &str,
        after: i64,
        rows: usize,
    ) -> Result<Vec<RunnableItem>, DbErr> {
        let sql = format!(
            "{ITEM} where job_id = ? and host_key = ? and id > ? and duplicate_of is null and next_at is null \
             and status in ('pending', 'url_complete', 'scraped') order by id limit ?"
        );
        self.select(&sql, vec![job.into(), host_key.into(), after.into(), limit(rows)])
            .await
    }

    /// Practices of a job whose time has come, but for some hosts.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn due(
        &self,
        job: Id,
        now: DateTime<Utc>,
        but: &[String],
        rows: usize,
    ) -> Result<Vec<RunnableItem>, DbErr> {
        let mut sql = format!(
            "{ITEM} where job_id = ? and next_at is not null and next_at <= ? \
             and status in ('pending', 'url_complete', 'scraped')"
        );
        let mut values: Vec<Value> = vec![job.into(), now.into()];
        if !but.is_empty() {
            let (list, hosts) = in_list(but);
            sql.push_str(&format!(" and (host_key is null or host_key not in ({list}))"));
            values.extend(hosts);
        }
        sql.push_str(" order by next_at limit ?");
        values.push(limit(rows));
        self.select(&sql, values).await
    }

    /// One unfinished practice, whatever it waits for.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn item(&self, id: i64) -> Result<Option<RunnableItem>, DbErr> {
        let sql = format!("{ITEM} where id = ? and status in ('pending', 'url_complete', 'scraped')");
        Ok(self.select(&sql, vec![id.into()]).await?.pop())
    }

    /// Running jobs with practices whose time has come.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn jobs_due(&self, now: DateTime<Utc>) -> Result<Vec<Id>, DbErr> {
        let sql = "select id from enrichment_jobs j where j.status = 'running' and exists \
            (select 1 from job_practices p where p.next_at is not null and p.next_at <= ? and p.job_id = j.id)";
        self.ids(sql, vec![now.into()]).await
    }

    /// The next time after `now` at which something is due.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn next_due(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DbErr> {
        const OF_PRACTICES: &str =
            "select next_at from job_practices where next_at is not null and next_at > ? order by next_at limit 1";
        const OF_REGISTRATIONS: &str =
            "select next_at from registration_jobs where next_at is not null and next_at > ? order by next_at limit 1";
        let mut soonest = None;
        for sql in [OF_PRACTICES, OF_REGISTRATIONS] {
            let next = statement(self.hq.get_database_backend(), sql, [now.into()]);
            let row = self.hq.query_one_raw(next).await?;
            let next = row.map(|row| DateTime::<Utc>::try_get_by(&row, 0)).transpose()?;
            soonest = soonest.into_iter().chain(next).min();
        }
        Ok(soonest)
    }

    /// Finished practices of a job whose duplicates still wait for their outcome; at most a hundred.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn leaders_to_copy(&self, job: Id) -> Result<Vec<i64>, DbErr> {
        let sql = "select distinct f.duplicate_of from job_practices f join job_practices l on l.id = f.duplicate_of \
            where f.job_id = ? and f.status = 'pending' and f.duplicate_of is not null \
            and l.status in ('aggregated', 'error') limit 100";
        let rows = self
            .hq
            .query_all_raw(statement(self.hq.get_database_backend(), sql, [job.into()]))
            .await?;
        rows.iter()
            .map(|row| i64::try_get_by(row, 0).map_err(DbErr::from))
            .collect()
    }

    /// Whether any practice of the job waits for a time to come.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn has_waiting(&self, job: Id) -> Result<bool, DbErr> {
        let sql = "select 1 from job_practices where job_id = ? and next_at is not null \
            and status in ('pending', 'url_complete', 'scraped') limit 1";
        Ok(self
            .hq
            .query_one_raw(statement(self.hq.get_database_backend(), sql, [job.into()]))
            .await?
            .is_some())
    }

    /// What a practice comes to so far.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn final_payload(&self, id: i64) -> Result<Option<serde_json::Value>, DbErr> {
        let sql = "select final_payload from job_practices where id = ?";
        let row = self
            .hq
            .query_one_raw(statement(self.hq.get_database_backend(), sql, [id.into()]))
            .await?;
        row.map_or(Ok(None), |row| row.try_get("", "final_payload"))
    }

    /// Whether a job's practices stand for companies; all of one job do, or none.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn has_companies(&self, job: Id) -> Result<bool, DbErr> {
        let sql = "select company_id is not null from job_practices where job_id = ? order by id limit 1";
        let row = self
            .hq
            .query_one_raw(statement(self.hq.get_database_backend(), sql, [job.into()]))
            .await?;
        row.map_or(Ok(false), |row| bool::try_get_by(&row, 0).map_err(DbErr::from))
    }

    /// What a company has completed, in any play.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn completions(&self, company: Id) -> Result<Vec<CompletedStep>, DbErr> {
        let sql =
            "select play_name, step_number, workflow_slug from company_play_step_completions where company_id = ?";
        self.select(sql, vec![company.into()]).await
    }

    /// Imports that no upload feeds any more.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn unfinished_imports(&self) -> Result<Vec<Id>, DbErr> {
        self.ids("select id from enrichment_jobs where imported_at is null", vec![])
            .await
    }

    pub(super) async fn ids(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Id>, DbErr> {
        let rows = self
            .hq
            .query_all_raw(statement(self.hq.get_database_backend(), sql, values))
            .await?;
        rows.iter()
            .map(|row| Id::try_get_by(row, 0).map_err(DbErr::from))
            .collect()
    }

    /// Whether the process before this one ended without saying so.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn ended_uncleanly(&self) -> Result<bool, DbErr> {
        let sql = "select running from writer_state where id = 1";
        let row = self
            .hq
            .query_one_raw(statement(self.hq.get_database_backend(), sql, []))
            .await?;
        row.map_or(Ok(false), |row| bool::try_get_by(&row, 0).map_err(DbErr::from))
    }
}

fn open_job(row: OpenJobRow) -> Option<OpenJob> {
    let Ok(status) = row.status.parse() else {
        tracing::error!(job = %row.id, status = row.status, "a job in a state that does not exist is left alone");
        return None;
    };
    Some(OpenJob {
        id: row.id,
        organisation_id: row.organisation_id,
        status,
        play: row.play_name,
        epoch: row.epoch,
        settings: row.settings,
        selection: serde_json::from_value(row.selection).unwrap_or_default(),
    })
}
