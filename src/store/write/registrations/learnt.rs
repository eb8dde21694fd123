//! What a step has learnt: of the restaurant, and which companies it may be.

use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, TryGetable};
use serde_json::{Map, Value};

use super::transition::RegistrationRef;
use crate::model::merge_patch::merge;
use crate::model::registration::profile::search_key;
use crate::store::rows::statement;
use crate::store::write::group::Group;

/// A candidate that a search has found.
#[derive(Clone, Debug, PartialEq)]
pub struct CandidateFound {
    pub score: f64,
    pub match_reasons: Value,
    pub nzbn: Option<String>,
    pub company_number: Option<String>,
    pub name: String,
    pub status: Option<String>,
    pub raw: Value,
}

/// What was learnt of the restaurant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RestaurantFacts {
    /// Column and value; a column that holds something is left as it is.
    pub fill: Vec<(&'static str, String)>,
    /// As `fill`, over what is there.
    pub set: Vec<(&'static str, String)>,
    /// Merged into `data` (RFC 7396).
    pub data: Map<String, Value>,
}

impl RestaurantFacts {
    pub(super) fn bytes(&self) -> usize {
        let columns = self.fill.iter().chain(&self.set).map(|(_, value)| value.len());
        let data = self
            .data
            .iter()
            .map(|(name, value)| name.len() + value.to_string().len());
        columns.sum::<usize>() + data.sum::<usize>()
    }
}

pub(super) async fn replace_candidates(
    group: &Group<'_>,
    job: &RegistrationRef,
    candidates: &[CandidateFound],
) -> Result<(), DbErr> {
    const FORGET: &str = "delete from companies_office_search_candidates where registration_job_id = ?";
    const SQL: &str = "insert into companies_office_search_candidates (id, registration_job_id, organisation_id, rank, \
        score, match_reasons, nzbn, company_number, name, status, raw, created_at) values (?,?,?,?,?,?,?,?,?,?,?,?)";
    group.execute(FORGET, [job.id.into()]).await?;
    for (rank, found) in (1_i32..).zip(candidates) {
        let values = [
            Id::now().into(),
            job.id.into(),
            job.organisation_id.into(),
            rank.into(),
            found.score.into(),
            found.match_reasons.clone().into(),
            found.nzbn.clone().into(),
            found.company_number.clone().into(),
            found.name.clone().into(),
            found.status.clone().into(),
            found.raw.clone().into(),
            group.now.into(),
        ];
        group.execute(SQL, values).await?;
    }
    Ok(())
}

/// Writes what was learnt of a restaurant. The columns are names of the code, never of a person.
pub(super) async fn learn(group: &Group<'_>, restaurant: Id, facts: &RestaurantFacts) -> Result<(), DbErr> {
    const DATA: &str = "select data from restaurants where id = ?";
    let mut changes = Vec::new();
    let mut values: Vec<sea_orm::Value> = Vec::new();
    for (column, value) in &facts.fill {
        changes.push(format!("{column} = coalesce(nullif({column}, ''), ?)"));
        values.push(value.clone().into());
        if matches!(*column, "city" | "region") {
            changes.push(format!("{column}_key = coalesce(nullif({column}_key, ''), ?)"));
            values.push(search_key(value).into());
        }
    }
    for (column, value) in &facts.set {
        changes.push(format!("{column} = ?"));
        values.push(value.clone().into());
    }
    if !facts.data.is_empty() {
        let found = group
            .tx
            .query_one_raw(statement(group.backend, DATA, [restaurant.into()]))
            .await?;
        let Some(found) = found else { return Ok(()) };
        let mut data = Value::try_get_by(&found, 0)?;
        merge(&mut data, &Value::Object(facts.data.clone()));
        changes.push("data = ?".to_owned());
        values.push(data.into());
    }
    if changes.is_empty() {
        return Ok(());
    }
    let list = changes.join(", ");
    let sql = format!("update restaurants set {list}, version = version + 1, updated_at = ? where id = ?");
    values.extend([group.now.into(), restaurant.into()]);
    group.execute(&sql, values).await?;
    Ok(())
}
