//! What the logger has read from the journal becomes rows of its own.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr};

use super::group::Group;
use super::transitions::Transitioned;
use crate::store::rows::{Rows, double, json, uuid};

/// The end of a step run.
#[derive(Clone, Debug)]
pub struct LogRow {
    pub step_run_id: Id,
    pub organisation_id: Id,
    pub workflow_id: Id,
    pub workflow_slug: String,
    pub company_id: Option<Id>,
    pub company_domain: Option<String>,
    pub play_name: String,
    pub step_number: i32,
    /// `completed`, `failed` or `skipped`.
    pub status: &'static str,
    pub result_table: Option<String>,
    pub batch_id: Id,
    pub practice_id: i64,
    pub life: i32,
    pub attempts: i32,
    pub error_message: Option<String>,
    pub cost: Option<f64>,
    pub warnings: Vec<String>,
    pub at: DateTime<Utc>,
}

/// A company has completed a step.
#[derive(Clone, Debug)]
pub struct Completion {
    pub company_id: Id,
    /// Index of the log row that tells the rest.
    pub log: usize,
}

/// A step run failed for good.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Index of the log row that tells the rest.
    pub log: usize,
    pub chain: Option<String>,
    pub input: Option<String>,
}

/// Log rows for the journal from `cursor_from` (excluded) to `cursor_to` (included).
///
/// The cursor moves in the same transaction, and only from where the logger believed it to be: however often a chunk
/// is sent, its rows are written once.
#[derive(Clone, Debug)]
pub struct AppendLogs {
    pub rows: Vec<LogRow>,
    pub completions: Vec<Completion>,
    pub failures: Vec<Failure>,
    pub cursor_from: i64,
    pub cursor_to: i64,
}

impl AppendLogs {
    pub(super) fn bytes(&self) -> usize {
        self.rows.len() * 256
    }

    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<Transitioned, DbErr> {
        const CURSOR: &str = "update log_cursors set seq = ? where name = 'logger' and seq = ?";
        if group
            .execute(CURSOR, [self.cursor_to.into(), self.cursor_from.into()])
            .await?
            == 0
        {
            return Ok(Transitioned::Conflict);
        }
        self.insert_results(group).await?;
        self.insert_completions(group).await?;
        self.insert_failures(group).await?;
        Ok(Transitioned::Committed { seq: self.cursor_to })
    }

    async fn insert_results(&self, group: &Group<'_>) -> Result<(), DbErr> {
        let mut rows = Rows::new(18, self.rows.len());
        for row in &self.rows {
            rows.push([
                row.step_run_id.into(),
                row.organisation_id.into(),
                row.workflow_id.into(),
                row.workflow_slug.clone().into(),
                row.company_id.into(),
                row.company_domain.clone().into(),
                row.play_name.clone().into(),
                row.step_number.into(),
                row.status.into(),
                row.result_table.clone().into(),
                row.batch_id.into(),
                row.practice_id.into(),
                row.life.into(),
                row.attempts.into(),
                row.error_message.clone().into(),
                row.cost.into(),
                (!row.warnings.is_empty())
                    .then(|| serde_json::json!(row.warnings).to_string())
                    .into(),
                row.at.into(),
            ]);
        }
        let company = uuid(group.backend, "v.column5");
        let cost = double(group.backend, "v.column16");
        let warnings = json(group.backend, "v.column17");
        let statements = rows.statements(group.backend, |list| {
            format!(
                "insert into enrichment_results_log (step_run_id, organisation_id, workflow_id, workflow_slug, \
                 company_id, company_domain, play_name, step_number, status, result_table, batch_id, practice_id, \
                 life, attempts, error_message, cost, warnings, created_at) select v.column1, v.column2, v.column3, \
                 v.column4, {company}, v.column6, v.column7, v.column8, v.column9, v.column10, v.column11, v.column12, \
                 v.column13, v.column14, v.column15, {cost}, {warnings}, v.column18 from (values {list}) as v"
            )
        });
        for statement in statements {
            group.tx.execute_raw(statement).await?;
        }
        Ok(())
    }

    async fn insert_completions(&self, group: &Group<'_>) -> Result<(), DbErr> {
        // Two jobs may have done the same step for a company: a statement can write its row once.
        let mut latest: BTreeMap<(Id, &str, i32), &LogRow> = BTreeMap::new();
        for completion in &self.completions {
            if let Some(log) = self.rows.get(completion.log) {
                latest.insert((completion.company_id, &log.play_name, log.step_number), log);
            }
        }
        let mut rows = Rows::new(8, latest.len());
        for ((company_id, ..), log) in latest {
            rows.push([
                log.organisation_id.into(),
                company_id.into(),
                log.play_name.clone().into(),
                log.step_number.into(),
                log.workflow_id.into(),
                log.workflow_slug.clone().into(),
                log.step_run_id.into(),
                log.at.into(),
            ]);
        }
        let company = uuid(group.backend, "v.column2");
        let workflow = uuid(group.backend, "v.column5");
        // A company that was deleted meanwhile has completed nothing.
        let statements = rows.statements(group.backend, |list| {
            format!(
                "insert into company_play_step_completions (organisation_id, company_id, play_name, step_number, \
                 workflow_id, workflow_slug, step_run_id, completed_at) select v.column1, {company}, v.column3, v.column4, \
                 {workflow}, v.column6, v.column7, v.column8 from (values {list}) as v \
                 where exists (select 1 from companies c where c.id = {company}) on conflict (company_id, play_name, step_number) do update set workflow_id = excluded.workflow_id, \
                 workflow_slug = excluded.workflow_slug, step_run_id = excluded.step_run_id, \
                 completed_at = excluded.completed_at"
            )
        });
        for statement in statements {
            group.tx.execute_raw(statement).await?;
        }
        Ok(())
    }

    async fn insert_failures(&self, group: &Group<'_>) -> Result<(), DbErr> {
        let mut rows = Rows::new(10, self.failures.len());
        for (failure, log) in self
            .failures
            .iter()
            .filter_map(|f| self.rows.get(f.log).map(|log| (f, log)))
        {
            let input = failure
                .input
                .as_ref()
                .map(|input| serde_json::Value::from(input.clone()).to_string());
            rows.push([
                log.organisation_id.into(),
                log.batch_id.into(),
                log.practice_id.into(),
                log.workflow_id.to_string().into(),
                log.workflow_slug.clone().into(),
                log.step_run_id.to_string().into(),
                log.error_message.clone().unwrap_or_default().into(),
                failure.chain.clone().into(),
                input.into(),
                log.at.into(),
            ]);
        }
        let input = json(group.backend, "v.column9");
        let statements = rows.statements(group.backend, |list| {
            format!(
                "insert into failed_jobs (organisation_id, batch_id, practice_id, failed_workflow_id, \
                 failed_workflow_name, failed_execution_id, error_message, error_stack, original_input_data, logged_at) \
                 select v.column1, v.column2, v.column3, v.column4, v.column5, v.column6, v.column7, v.column8, \
                 {input}, v.column10 from (values {list}) as v"
            )
        });
        for statement in statements {
            group.tx.execute_raw(statement).await?;
        }
        Ok(())
    }
}
