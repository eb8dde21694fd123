//! What can be done to one can be done to all that match a filter.

use chrono::{DateTime, Utc};
use entity::enrichment_jobs;
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::jobs::{practice_status, status};
use crate::http::problem::Problem;
use crate::model::batch::JobStatus;
use crate::store::read::{JobFilter, PracticeFilter, Reader};

/// Practices that are taken at a time.
const PAGE: u64 = 500;

/// Jobs by what the list of jobs can be filtered by.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobSelection {
    pub status: Option<String>,
    /// The beginning of a name or of a file name.
    pub q: Option<String>,
    pub created_after: Option<DateTime<Utc>>,
    pub created_before: Option<DateTime<Utc>>,
}

impl JobSelection {
    /// As a filter of at most `limit` jobs.
    pub fn read(&self, limit: u64) -> Result<JobFilter, Problem> {
        Ok(JobFilter {
            status: status(self.status.as_deref(), &JobStatus::ALL.map(JobStatus::as_str))?,
            prefix: self.q.clone().filter(|prefix| !prefix.is_empty()),
            among: None,
            created_after: self.created_after,
            created_before: self.created_before,
            before: None,
            limit,
        })
    }
}

/// Practices by what their list can be filtered by.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PracticeSelection {
    pub status: Option<String>,
    /// The beginning of an identifier or a domain.
    pub q: Option<String>,
}

impl PracticeSelection {
    /// As a filter, page by page.
    pub fn read(&self) -> Result<PracticeFilter, Problem> {
        Ok(PracticeFilter {
            status: practice_status(self.status.as_deref())?,
            prefix: self.q.clone().filter(|prefix| !prefix.is_empty()),
            after: None,
            limit: PAGE,
        })
    }
}

/// The ids of the practices that match, a page at a time.
pub fn pages_of<'a>(reader: &'a Reader, job: &'a enrichment_jobs::Model, filter: PracticeFilter) -> PracticePages<'a> {
    PracticePages {
        reader,
        job,
        filter,
        ended: false,
    }
}

/// See [`pages_of`].
pub struct PracticePages<'a> {
    reader: &'a Reader,
    job: &'a enrichment_jobs::Model,
    filter: PracticeFilter,
    ended: bool,
}

impl PracticePages<'_> {
    /// The next page; `None` after the last one.
    pub async fn next(&mut self) -> Result<Option<Vec<i64>>, DbErr> {
        if self.ended {
            return Ok(None);
        }
        let page = self.reader.practices(self.job, &self.filter).await?;
        self.ended = page.last.is_none();
        let ids: Vec<i64> = page.data.iter().map(|practice| practice.id).collect();
        self.filter.after = ids.last().copied();
        Ok((!ids.is_empty()).then_some(ids))
    }
}
