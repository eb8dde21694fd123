//! What a step that a provider does needs to know: its own run so far, and what its practice is.

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{DbErr, FromQueryResult};

use super::engine::EngineReader;

/// A step run whose answer comes, or has come, from outside.
#[derive(Clone, Debug, FromQueryResult)]
pub struct StepRunView {
    pub attempt: i32,
    pub workflow_id: Id,
    /// The version that the step began under.
    pub workflow_version: i32,
    pub deadline: Option<DateTime<Utc>>,
    /// As it came.
    pub answer: Option<String>,
    pub closed: bool,
}

/// What a practice is, for templates.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Subject {
    pub row_number: i64,
    pub input: Option<serde_json::Value>,
    pub headers: serde_json::Value,
    pub company_domain: Option<String>,
    pub company_name: Option<String>,
    pub company_data: Option<serde_json::Value>,
}

impl EngineReader {
    /// The step run of this id.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn step_run(&self, id: Id) -> Result<Option<StepRunView>, DbErr> {
        let sql = "select attempt, workflow_id, workflow_version, deadline, answer, closed_at is not null as closed \
            from step_runs where id = ?";
        Ok(self.select(sql, vec![id.into()]).await?.pop())
    }

    /// Whether any step of a job has begun whose answer comes from outside.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn has_open_runs(&self, job: Id) -> Result<bool, DbErr> {
        #[derive(FromQueryResult)]
        struct Open {
            #[allow(dead_code, reason = "that there is a row is all that is asked")]
            attempt: i32,
        }
        let sql = "select attempt from step_runs where batch_id = ? and closed_at is null limit 1";
        Ok(!self.select::<Open>(sql, vec![job.into()]).await?.is_empty())
    }

    /// Whether a callback token of this digest was given to a run of the workflow of that slug.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn knows_token(&self, workflow_slug: &str, digest: &str) -> Result<bool, DbErr> {
        #[derive(FromQueryResult)]
        struct Known {
            tokens: i64,
        }
        let sql = "select count(*) as tokens from callback_tokens where digest = ? and workflow_slug = ?";
        let known: Vec<Known> = self.select(sql, vec![digest.into(), workflow_slug.into()]).await?;
        Ok(known.iter().any(|known| known.tokens > 0))
    }

    /// What a practice is.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn subject(&self, practice: i64) -> Result<Option<Subject>, DbErr> {
        let sql = "select p.row_number, p.input, j.headers, c.domain as company_domain, c.name as company_name, \
            c.data as company_data from job_practices p join enrichment_jobs j on j.id = p.job_id \
            left join companies c on c.id = p.company_id where p.id = ?";
        Ok(self.select(sql, vec![practice.into()]).await?.pop())
    }

    /// What the organisation is called.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn organisation_name(&self, id: Id) -> Result<Option<String>, DbErr> {
        #[derive(FromQueryResult)]
        struct Named {
            name: String,
        }
        let rows: Vec<Named> = self
            .select("select name from organisations where id = ?", vec![id.into()])
            .await?;
        Ok(rows.into_iter().next().map(|row| row.name))
    }
}
