//! Transitions of practices, many at once.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, TryGetable};

use super::group::Group;
use super::journal::JournalRow;
use super::step_runs::{self, StepRunChange};
use crate::model::journal::{BatchKind, Operation, Origin};
use crate::model::practice::PracticeStatus;
use crate::store::destinations::{DestinationRow, insert_rows};
use crate::store::rows::{Rows, json};

/// A practice as its writer last saw it. A write counts only if nothing has changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemRef {
    pub organisation_id: Id,
    pub job_id: Id,
    pub id: i64,
    pub version: i32,
    pub epoch: i32,
}

/// Which column a step's data goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadColumn {
    Url,
    Scraper,
    Final,
    /// The data of the last step without a column of its own.
    StepData,
}

/// A step's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    pub column: PayloadColumn,
    /// JSON text.
    pub json: Arc<str>,
}

/// One practice moves, or a step of it is put off.
#[derive(Clone, Debug)]
pub struct ItemTransition {
    pub item: ItemRef,
    pub from: PracticeStatus,
    pub to: PracticeStatus,
    /// Number of the last step that has completed, this one included if it has.
    pub step_number: i32,
    /// Failed attempts at the step that comes next.
    pub attempt: i32,
    pub next_at: Option<DateTime<Utc>>,
    pub blocked_by: Option<String>,
    pub error: Option<String>,
    pub payload: Option<Payload>,
    /// Where the practice stands within its play, as a JSON object, if that changes.
    pub flow: Option<String>,
    /// The row of HQ's own database that the step's data goes to.
    pub row: Option<DestinationRow>,
    /// What becomes of the step run whose answer came from outside.
    pub step_run: Option<StepRunChange>,
    pub operation: Operation,
    /// The step and attempt that the journal names.
    pub step: i32,
    pub tried: i32,
    /// A JSON object for the journal.
    pub details: String,
}

impl ItemTransition {
    pub(super) fn bytes(&self) -> usize {
        let payload = self.payload.as_ref().map_or(0, |payload| payload.json.len());
        self.details.len() + payload + self.row.as_ref().map_or(0, DestinationRow::bytes)
    }

    fn payload(&self, column: PayloadColumn) -> Option<String> {
        self.payload
            .as_ref()
            .filter(|payload| payload.column == column)
            .map(|payload| payload.json.to_string())
    }
}

/// The answer to a write that names what it has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transitioned {
    Committed {
        seq: i64,
    },
    /// Somebody else has changed the row, or the job was killed: whoever asked must stop.
    Conflict,
}

/// Applies the transitions; the answers carry the index that came with each.
pub(super) async fn apply(
    group: &mut Group<'_>,
    transitions: &[(usize, &ItemTransition)],
) -> Result<Vec<(usize, Transitioned)>, DbErr> {
    let mut moved = HashSet::with_capacity(transitions.len());
    let mut rows = Rows::new(15, transitions.len());
    for (_, transition) in transitions {
        rows.push([
            transition.item.id.into(),
            transition.item.version.into(),
            transition.item.epoch.into(),
            transition.to.as_str().into(),
            transition.step_number.into(),
            transition.attempt.into(),
            transition.next_at.into(),
            transition.blocked_by.clone().into(),
            transition.error.clone().into(),
            transition.payload(PayloadColumn::Url).into(),
            transition.payload(PayloadColumn::Scraper).into(),
            transition.payload(PayloadColumn::Final).into(),
            transition.payload(PayloadColumn::StepData).into(),
            transition.flow.clone().into(),
            group.now.into(),
        ]);
    }
    let [url, scraper, last, data, flow] = [10, 11, 12, 13, 14].map(|n| json(group.backend, &format!("v.column{n}")));
    let statements = rows.statements(group.backend, |list| {
        format!(
            "update job_practices set status = v.column4, step_number = v.column5, attempt = v.column6, \
             next_at = v.column7, blocked_by = v.column8, error_message = v.column9, \
             url_worker_payload = coalesce({url}, url_worker_payload), \
             scraper_worker_payload = coalesce({scraper}, scraper_worker_payload), \
             final_payload = coalesce({last}, final_payload), step_data = coalesce({data}, step_data), \
             flow = coalesce({flow}, flow), crashes = 0, version = version + 1, updated_at = v.column15 \
             from (values {list}) as v \
             where job_practices.id = v.column1 and job_practices.version = v.column2 \
             and exists (select 1 from enrichment_jobs j where j.id = job_practices.job_id and j.epoch = v.column3) \
             returning job_practices.id"
        )
    });
    for statement in statements {
        for row in group.tx.query_all_raw(statement).await? {
            moved.insert(i64::try_get_by(&row, 0).map_err(DbErr::from)?);
        }
    }
    step_runs::follow(group, transitions, &moved).await?;
    let of_moved = |each: &&(usize, &ItemTransition)| moved.contains(&each.1.item.id);
    let rows: Vec<&DestinationRow> = transitions
        .iter()
        .filter(of_moved)
        .filter_map(|each| each.1.row.as_ref())
        .collect();
    insert_rows(group.tx, group.backend, &rows).await?;
    Ok(transitions
        .iter()
        .map(|(index, transition)| {
            let answer = if moved.contains(&transition.item.id) {
                Transitioned::Committed {
                    seq: record(group, transition),
                }
            } else {
                Transitioned::Conflict
            };
            (*index, answer)
        })
        .collect())
}

fn record(group: &mut Group<'_>, transition: &ItemTransition) -> i64 {
    group.count(transition.item.job_id, |counts| {
        counts.moved(transition.from, transition.to)
    });
    group.journal(|seq, at| JournalRow {
        seq,
        organisation_id: transition.item.organisation_id,
        job_id: transition.item.job_id,
        item_id: Some(transition.item.id),
        registration_id: None,
        kind: BatchKind::Enrichment,
        step: Some(transition.step),
        attempt: Some(transition.tried),
        origin: Origin::engine(),
        from_state: Some(transition.from.as_str()),
        to_state: Some(transition.to.as_str()),
        operation: transition.operation,
        details: transition.details.clone(),
        at,
    })
}
