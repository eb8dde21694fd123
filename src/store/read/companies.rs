//! Companies.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use entity::{Id, companies};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, TryGetable, Value};
use serde::Serialize;
use utoipa::ToSchema;

use super::jobs::Page;
use super::reader::Reader;
use super::scope::{Access, Scope};
use crate::store::rows::{in_list, like_prefix, statement};

/// A company as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, FromQueryResult, ToSchema)]
pub struct CompanyView {
    pub id: Id,
    /// Registrable domain, unique in the organisation; for a literal address with its port.
    pub domain: String,
    pub name: Option<String>,
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<companies::Model> for CompanyView {
    fn from(company: companies::Model) -> Self {
        Self {
            id: company.id,
            domain: company.domain,
            name: company.name,
            data: company.data,
            created_at: company.created_at,
            updated_at: company.updated_at,
        }
    }
}

/// A step that a company has completed.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct CompletionView {
    pub play_name: String,
    pub step_number: i32,
    pub workflow_id: Option<Id>,
    pub workflow_slug: String,
    pub step_run_id: Id,
    pub completed_at: DateTime<Utc>,
}

/// A place among what a company has completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletionKey {
    step: i32,
    play: String,
}

impl FromStr for CompletionKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (step, play) = text.split_once(' ').ok_or(())?;
        Ok(Self {
            step: step.parse().map_err(drop)?,
            play: play.to_owned(),
        })
    }
}

/// A step of a play; without a number any of its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepOfPlay {
    pub play: String,
    pub step: Option<i32>,
}

/// Which companies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompanyFilter {
    pub ids: Option<Vec<Id>>,
    pub domains: Option<Vec<String>>,
    /// Beginning of a domain or a name.
    pub prefix: Option<String>,
    pub completed: Option<StepOfPlay>,
    pub not_completed: Option<StepOfPlay>,
    pub created_after: Option<DateTime<Utc>>,
    pub created_before: Option<DateTime<Utc>>,
}

impl CompanyFilter {
    /// Whether it depends on what has been completed so far.
    #[must_use]
    pub fn asks_for_completions(&self) -> bool {
        self.completed.is_some() || self.not_completed.is_some()
    }

    /// As SQL over a company `c`, with what it binds.
    fn condition(&self, scope: &Scope) -> (String, Vec<Value>) {
        let mut sql = "c.organisation_id = ?".to_owned();
        let mut values: Vec<Value> = vec![scope.organisation_id.into()];
        match &self.ids {
            Some(ids) if ids.is_empty() => sql.push_str(" and false"),
            Some(ids) => {
                let (list, ids) = in_list(ids);
                sql.push_str(&format!(" and c.id in ({list})"));
                values.extend(ids);
            }
            None => {}
        }
        match &self.domains {
            Some(domains) if domains.is_empty() => sql.push_str(" and false"),
            Some(domains) => {
                let (list, domains) = in_list(domains);
                sql.push_str(&format!(" and c.domain in ({list})"));
                values.extend(domains);
            }
            None => {}
        }
        if let Some(prefix) = &self.prefix {
            sql.push_str(r" and (c.domain like ? escape '\' or lower(c.name) like ? escape '\')");
            let pattern = like_prefix(prefix);
            values.extend([pattern.clone().into(), pattern.into()]);
        }
        for (wanted, verb) in [(&self.completed, "exists"), (&self.not_completed, "not exists")] {
            let Some(StepOfPlay { play, step }) = wanted else {
                continue;
            };
            sql.push_str(&format!(
                " and {verb} (select 1 from company_play_step_completions s where s.company_id = c.id and s.play_name = ?"
            ));
            values.push(play.clone().into());
            if let Some(step) = step {
                sql.push_str(" and s.step_number = ?");
                values.push((*step).into());
            }
            sql.push(')');
        }
        for (at, sign) in [(self.created_after, '>'), (self.created_before, '<')] {
            if let Some(at) = at {
                sql.push_str(&format!(" and c.created_at {sign} ?"));
                values.push(at.into());
            }
        }
        (sql, values)
    }
}

/// A company as a run takes it.
#[derive(Clone, Debug, FromQueryResult)]
pub struct CompanyRow {
    pub id: Id,
    pub domain: String,
    pub name: Option<String>,
}

impl Reader {
    /// The organisation's companies, newest first, those made before this one.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn companies(
        &self,
        scope: &Scope,
        filter: &CompanyFilter,
        before: Option<Id>,
        limit: u64,
    ) -> Result<Page<CompanyView>, DbErr> {
        let (condition, mut values) = filter.condition(scope);
        let mut sql = format!(
            "select c.id, c.domain, c.name, c.data, c.created_at, c.updated_at from companies c where {condition}"
        );
        if let Some(before) = before {
            sql.push_str(" and c.id < ?");
            values.push(before.into());
        }
        sql.push_str(" order by c.id desc limit ?");
        values.push(i64::try_from(limit + 1).unwrap_or(i64::MAX).into());
        let found = self.select::<CompanyView>(scope.organisation_id, &sql, values).await?;
        Ok(Page::cut(found, limit, |company: &CompanyView| company.id.to_string()))
    }

    /// Up to `limit` of the organisation's companies, oldest first, those made after this one.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn companies_after(
        &self,
        scope: &Scope,
        filter: &CompanyFilter,
        after: Option<Id>,
        limit: u64,
    ) -> Result<Vec<CompanyRow>, DbErr> {
        let (condition, mut values) = filter.condition(scope);
        let mut sql = format!("select c.id, c.domain, c.name from companies c where {condition}");
        if let Some(after) = after {
            sql.push_str(" and c.id > ?");
            values.push(after.into());
        }
        sql.push_str(" order by c.id limit ?");
        values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
        self.select(scope.organisation_id, &sql, values).await
    }

    /// How many of the organisation's companies match.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn count_companies(&self, scope: &Scope, filter: &CompanyFilter) -> Result<u64, DbErr> {
        let (condition, values) = filter.condition(scope);
        let sql = format!("select count(*) from companies c where {condition}");
        let counting = statement(self.backend(), &sql, values);
        let row = self.seen_by(scope).query_one_raw(counting).await?;
        let count = row.map_or(Ok(0), |row| i64::try_get_by(&row, 0))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// One company, if it is the organisation's.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn company(&self, scope: &Scope, id: Id) -> Result<Access<companies::Model>, DbErr> {
        let company = companies::Entity::find_by_id(id).one(&self.seen_by(scope)).await?;
        Ok(match company {
            None => self.unseen(scope, "companies", id).await?,
            Some(company) if company.organisation_id == scope.organisation_id => Access::Granted(company),
            Some(_) => Access::Forbidden,
        })
    }

    /// The organisation's company of this domain, written as companies keep it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn company_of_domain(&self, scope: &Scope, domain: &str) -> Result<Option<companies::Model>, DbErr> {
        companies::Entity::find()
            .filter(companies::Column::OrganisationId.eq(scope.organisation_id))
            .filter(companies::Column::Domain.eq(domain))
            .one(&self.seen_by(scope))
            .await
    }

    /// What a company has completed, play by play, in the order of the steps.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn company_completions(
        &self,
        company: &companies::Model,
        after: Option<CompletionKey>,
        limit: u64,
    ) -> Result<Page<CompletionView>, DbErr> {
        let mut sql = "select play_name, step_number, workflow_id, workflow_slug, step_run_id, completed_at \
            from company_play_step_completions where company_id = ?"
            .to_owned();
        let mut values: Vec<Value> = vec![company.id.into()];
        if let Some(CompletionKey { step, play }) = after {
            sql.push_str(" and (play_name > ? or (play_name = ? and step_number > ?))");
            values.extend([play.clone().into(), play.into(), step.into()]);
        }
        sql.push_str(" order by play_name, step_number limit ?");
        values.push(i64::try_from(limit + 1).unwrap_or(i64::MAX).into());
        let found = self
            .select::<CompletionView>(company.organisation_id, &sql, values)
            .await?;
        Ok(Page::cut(found, limit, |completion: &CompletionView| {
            format!("{} {}", completion.step_number, completion.play_name)
        }))
    }
}
