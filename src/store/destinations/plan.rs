//! How the data of a workflow becomes a row of its table.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::coerce::{Cell, coerce};
use super::error::{DestinationError, shortened_value};
use super::path::JsonPath;
use super::spec::{Automatic, DestinationDb, RowIds};
use super::table::{Column, Dialect};

/// Where a column's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    StepRun,
    Automatic(Automatic),
    Path(JsonPath),
}

/// A column that a plan fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlanColumn {
    pub column: Column,
    pub source: Source,
    pub in_key: bool,
}

/// What was learnt of a workflow's destination: its columns, their types, and what makes a row the same row.
#[derive(Debug, PartialEq, Eq)]
pub struct TablePlan {
    pub(super) database: DestinationDb,
    pub(super) dialect: Dialect,
    pub(super) table: String,
    pub(super) columns: Vec<PlanColumn>,
}

/// One row on its way to a destination.
#[derive(Clone, Debug)]
pub struct DestinationRow {
    pub(super) plan: Arc<TablePlan>,
    /// Which of the plan's columns it fills, ascending.
    pub(super) columns: Vec<usize>,
    /// Their values.
    pub(super) cells: Vec<Cell>,
    bytes: usize,
}

impl DestinationRow {
    /// About how much memory and space it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The plan that it was made by.
    #[must_use]
    pub fn plan(&self) -> &Arc<TablePlan> {
        &self.plan
    }

    /// Its columns and what they get, for people to look at.
    pub fn values(&self) -> impl Iterator<Item = (&str, Value)> {
        self.columns.iter().zip(&self.cells).map(|(&column, cell)| {
            let value = match cell {
                Cell::Null => Value::Null,
                Cell::Text(text) => Value::from(text.as_str()),
                Cell::Integer(whole) => Value::from(*whole),
                Cell::Real(real) => Value::from(*real),
                Cell::Bytes(bytes) => Value::from(format!("{} bytes", bytes.len())),
            };
            (self.plan.columns[column].column.name.as_str(), value)
        })
    }

    /// The values of the columns that make it the same row as another.
    pub(super) fn key(&self) -> Vec<&Cell> {
        let filled = self.columns.iter().zip(&self.cells);
        filled
            .filter(|(column, _)| self.plan.columns[**column].in_key)
            .map(|(_, cell)| cell)
            .collect()
    }
}

impl TablePlan {
    #[must_use]
    pub fn database(&self) -> DestinationDb {
        self.database
    }

    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The names of the columns that are filled.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.column.name.as_str())
    }

    /// Maps the data to the columns, as the types that they have. Tells besides which mapped paths the data does not have.
    ///
    /// A path that is absent leaves its column out of the statement where the column has a default, so that the default
    /// holds (and a repeat keeps what is there); else the column becomes null. A null in the data is a null in the
    /// column, unless the column takes none and has a default.
    ///
    /// # Errors
    /// The first value that does not fit its column.
    pub fn row(
        self: &Arc<Self>,
        ids: &RowIds,
        data: &Value,
    ) -> Result<(DestinationRow, Vec<String>), DestinationError> {
        let mut row = DestinationRow {
            plan: Arc::clone(self),
            columns: Vec::with_capacity(self.columns.len()),
            cells: Vec::with_capacity(self.columns.len()),
            bytes: 0,
        };
        let mut warnings = Vec::new();
        for (index, column) in self.columns.iter().enumerate() {
            let value = match &column.source {
                Source::StepRun => Some(Cow::Owned(Value::String(ids.step_run_id.to_string()))),
                Source::Automatic(automatic) => Some(Cow::Owned(automatic.value(ids))),
                Source::Path(path) => {
                    let found = path.find(data);
                    if found.is_none() {
                        warnings.push(format!(
                            "the data has no {}, for column {}",
                            path.text(),
                            column.column.name
                        ));
                    }
                    found
                }
            };
            if let Some(cell) = self.cell(column, value.as_deref())? {
                row.bytes += cell.size() + column.column.name.len();
                row.columns.push(index);
                row.cells.push(cell);
            }
        }
        Ok((row, warnings))
    }

    /// What the column gets; `None` leaves it out.
    fn cell(&self, planned: &PlanColumn, value: Option<&Value>) -> Result<Option<Cell>, DestinationError> {
        let column = &planned.column;
        if let Some(value) = value.filter(|value| !value.is_null()) {
            return coerce(&column.kind, self.dialect, value)
                .map(Some)
                .map_err(|reason| DestinationError::Value {
                    column: column.name.clone(),
                    type_name: column.type_name.clone(),
                    value: shortened_value(value),
                    reason,
                });
        }
        let no_value = || DestinationError::NoValue {
            column: column.name.clone(),
        };
        // Nulls are never equal, and a default may be another one each time: such a row would double.
        if planned.in_key {
            return Err(no_value());
        }
        if value.is_some() && column.nullable {
            return Ok(Some(Cell::Null));
        }
        match (column.has_default, column.nullable) {
            (true, _) => Ok(None),
            (false, true) => Ok(Some(Cell::Null)),
            (false, false) => Err(no_value()),
        }
    }
}
