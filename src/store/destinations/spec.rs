//! Where a workflow's result goes, as its row says.

use entity::{Id, db_driven_enrichment_workflows as workflows};
use serde_json::Value;

use super::error::DestinationMistake;

pub use crate::model::workflow::{Destination as DestinationSpec, DestinationDb};

/// What the row of a workflow says; `None` where it names no table.
///
/// # Errors
/// Where its JSON columns do not have the form that they should.
pub fn destination_of(row: &workflows::Model) -> Result<Option<DestinationSpec>, Vec<DestinationMistake>> {
    read_destination(
        &row.destination_db,
        row.destination_table_name.as_deref(),
        &row.destination_field_mappings,
        row.settings.get("conflict_columns"),
    )
}

/// As [`destination_of`], from the columns `destination_db`, `destination_table_name` and
/// `destination_field_mappings`, and the setting `conflict_columns`.
///
/// # Errors
/// Where the JSON does not have the form that it should.
pub fn read_destination(
    database: &str,
    table: Option<&str>,
    mappings: &Value,
    conflict_columns: Option<&Value>,
) -> Result<Option<DestinationSpec>, Vec<DestinationMistake>> {
    let Some(table) = table.filter(|table| !table.is_empty()) else {
        return Ok(None);
    };
    let mut mistakes = Vec::new();
    let known = database.parse().unwrap_or_else(|()| {
        mistakes.push(DestinationMistake::Database(database.to_owned()));
        DestinationDb::Hq
    });
    let pairs = mappings_of(mappings).unwrap_or_else(|mistake| {
        mistakes.push(mistake);
        Vec::new()
    });
    let conflict = conflict_of(conflict_columns).unwrap_or_else(|mistake| {
        mistakes.push(mistake);
        Vec::new()
    });
    if mistakes.is_empty() {
        Ok(Some(DestinationSpec {
            database: known,
            table: table.to_owned(),
            mappings: pairs,
            conflict_columns: conflict,
        }))
    } else {
        Err(mistakes)
    }
}

fn mappings_of(value: &Value) -> Result<Vec<(String, String)>, DestinationMistake> {
    let form = |what: &Value| DestinationMistake::MappingForm(super::error::shortened_value(what));
    value
        .as_object()
        .ok_or_else(|| form(value))?
        .iter()
        .map(|(path, column)| match column.as_str() {
            Some(column) => Ok((path.clone(), column.to_owned())),
            None => Err(form(column)),
        })
        .collect()
}

fn conflict_of(value: Option<&Value>) -> Result<Vec<String>, DestinationMistake> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => list
            .iter()
            .map(|name| name.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or(DestinationMistake::ConflictForm),
        Some(_) => Err(DestinationMistake::ConflictForm),
    }
}

/// What a row carries besides its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowIds {
    /// The row's `id`.
    pub step_run_id: Id,
    pub workflow_id: Id,
    pub organisation_id: Id,
    pub company_id: Option<Id>,
    pub company_domain: Option<String>,
}

/// A column that is filled without a mapping, where the table has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Automatic {
    CompanyId,
    CompanyDomain,
    OrganisationId,
    WorkflowId,
}

impl Automatic {
    pub(super) const ALL: [Self; 4] = [
        Self::CompanyId,
        Self::CompanyDomain,
        Self::OrganisationId,
        Self::WorkflowId,
    ];

    pub(super) fn column(self) -> &'static str {
        match self {
            Self::CompanyId => "company_id",
            Self::CompanyDomain => "company_domain",
            Self::OrganisationId => "organisation_id",
            Self::WorkflowId => "workflow_id",
        }
    }

    pub(super) fn value(self, ids: &RowIds) -> Value {
        match self {
            Self::CompanyId => ids.company_id.map(|id| id.to_string()).into(),
            Self::CompanyDomain => ids.company_domain.clone().into(),
            Self::OrganisationId => ids.organisation_id.to_string().into(),
            Self::WorkflowId => ids.workflow_id.to_string().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_of_the_workflows_table_is_read() {
        let mappings = json!({"case_study_urls": "urls", "extracted_at": "extracted_at"});
        let read = |table, mappings: &Value, conflict: Option<&Value>| {
            read_destination("workspace", table, mappings, conflict)
        };
        let spec = read(Some("company_case_studies"), &mappings, None).unwrap().unwrap();
        assert_eq!(spec.database, DestinationDb::Workspace);
        assert_eq!(spec.mappings[0], ("case_study_urls".to_owned(), "urls".to_owned()));
        assert_eq!(read(None, &mappings, None), Ok(None));
        assert_eq!(read(Some(""), &json!([]), None), Ok(None));
        let by_domain = read(Some("t"), &mappings, Some(&json!(["company_domain"])))
            .unwrap()
            .unwrap();
        assert_eq!(by_domain.conflict_columns, ["company_domain"]);
    }

    #[test]
    fn every_wrong_form_is_told_at_once() {
        let mistakes = read_destination("here", Some("t"), &json!({"a": 1}), Some(&json!("x"))).unwrap_err();
        assert_eq!(
            mistakes,
            [
                DestinationMistake::Database("here".to_owned()),
                DestinationMistake::MappingForm("1".to_owned()),
                DestinationMistake::ConflictForm
            ]
        );
    }
}
