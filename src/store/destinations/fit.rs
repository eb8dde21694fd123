//! Whether a workflow's destination fits the table, and the plan if it does.

use super::error::DestinationMistake;
use super::names::is_identifier;
use super::path::JsonPath;
use super::plan::{PlanColumn, Source, TablePlan};
use super::spec::{Automatic, DestinationSpec};
use super::table::{Column, Dialect, Kind, Table};

const ID: &str = "id";

/// The plan, or every mistake at once.
pub(super) fn fit(
    spec: &DestinationSpec,
    table: &Table,
    dialect: Dialect,
) -> Result<TablePlan, Vec<DestinationMistake>> {
    let mut fitting = Fitting {
        spec,
        table,
        dialect,
        columns: Vec::new(),
        mistakes: Vec::new(),
    };
    if let Some(reason) = &table.read_only {
        fitting.mistakes.push(DestinationMistake::ReadOnly {
            table: spec.table.clone(),
            reason: reason.clone(),
        });
        return Err(fitting.mistakes);
    }
    fitting.map();
    fitting.fill_automatic_columns();
    fitting.find_key();
    fitting.look_for_unfilled();
    if fitting.mistakes.is_empty() {
        Ok(TablePlan {
            database: spec.database,
            dialect,
            table: table.name.clone(),
            columns: fitting.columns,
        })
    } else {
        Err(fitting.mistakes)
    }
}

/// What is wrong with the spec whatever the table looks like.
pub(super) fn mistakes_without_table(spec: &DestinationSpec) -> Vec<DestinationMistake> {
    let mut mistakes = Vec::new();
    if spec.mappings.is_empty() {
        mistakes.push(DestinationMistake::NoMapping);
    }
    for (path, column) in &spec.mappings {
        if let Err(reason) = JsonPath::parse(path) {
            let path = path.clone();
            mistakes.push(DestinationMistake::Path { path, reason });
        }
        if !is_identifier(column) {
            mistakes.push(DestinationMistake::ColumnName(column.clone()));
        }
    }
    mistakes
}

struct Fitting<'spec> {
    spec: &'spec DestinationSpec,
    table: &'spec Table,
    dialect: Dialect,
    columns: Vec<PlanColumn>,
    mistakes: Vec<DestinationMistake>,
}

impl Fitting<'_> {
    fn map(&mut self) {
        use DestinationMistake as M;
        if self.spec.mappings.is_empty() {
            self.mistakes.push(M::NoMapping);
        }
        for (path, name) in &self.spec.mappings {
            let path = match JsonPath::parse(path) {
                Ok(path) => Some(path),
                Err(reason) => {
                    let path = path.clone();
                    self.mistakes.push(M::Path { path, reason });
                    None
                }
            };
            let Some(column) = self.column(name) else { continue };
            let Some(path) = path else { continue };
            if let Some(reason) = &column.read_only {
                self.mistakes.push(M::ColumnReadOnly {
                    column: name.clone(),
                    reason: reason.clone(),
                });
                continue;
            }
            // Data says neither whose row it is nor which company's.
            if self.is_automatic(&column.name) {
                self.mistakes.push(M::AutomaticMapped {
                    path: path.text().to_owned(),
                    column: name.clone(),
                });
                continue;
            }
            let taken = self.columns.iter().find(|taken| taken.column.name == column.name);
            if let Some(Source::Path(first)) = taken.map(|taken| &taken.source) {
                self.mistakes.push(M::MappedTwice {
                    column: name.clone(),
                    first: first.text().to_owned(),
                    second: path.text().to_owned(),
                });
                continue;
            }
            let is_id = self.is_id(&column.name);
            if is_id && self.spec.conflict_columns.is_empty() {
                self.mistakes.push(M::IdMapped(path.text().to_owned()));
                continue;
            }
            self.columns.push(PlanColumn {
                column: column.clone(),
                source: Source::Path(path),
                in_key: false,
            });
        }
    }

    /// The column of that name, or a mistake.
    fn column(&mut self, name: &str) -> Option<Column> {
        if !is_identifier(name) {
            self.mistakes.push(DestinationMistake::ColumnName(name.to_owned()));
            return None;
        }
        let found = self.table.column(name, self.dialect).cloned();
        if found.is_none() {
            let existing: Vec<&str> = self.table.columns.iter().map(|column| column.name.as_str()).collect();
            self.mistakes.push(DestinationMistake::ColumnMissing {
                table: self.spec.table.clone(),
                column: name.to_owned(),
                existing: super::error::shortened(&existing.join(", ")),
            });
        }
        found
    }

    fn is_id(&self, name: &str) -> bool {
        self.is_same(name, ID)
    }

    fn is_automatic(&self, name: &str) -> bool {
        Automatic::ALL.iter().any(|of| self.is_same(name, of.column()))
    }

    fn is_same(&self, name: &str, other: &str) -> bool {
        match self.dialect {
            Dialect::Sqlite => name.eq_ignore_ascii_case(other),
            Dialect::Postgres | Dialect::Rest => name == other,
        }
    }

    fn is_filled(&self, name: &str) -> bool {
        self.columns.iter().any(|filled| filled.column.name == name)
    }

    fn fill_automatic_columns(&mut self) {
        for automatic in Automatic::ALL {
            let Some(column) = self.table.column(automatic.column(), self.dialect) else {
                continue;
            };
            let takes_it = match automatic {
                Automatic::CompanyDomain => matches!(column.kind, Kind::Text(_) | Kind::Any),
                _ => column.kind.holds_uuid(),
            };
            if takes_it && column.read_only.is_none() && !self.is_filled(&column.name) {
                self.columns.push(PlanColumn {
                    column: column.clone(),
                    source: Source::Automatic(automatic),
                    in_key: false,
                });
            }
        }
    }

    fn find_key(&mut self) {
        let id = self
            .table
            .column(ID, self.dialect)
            .filter(|id| id.kind.holds_uuid() && id.read_only.is_none())
            .cloned();
        if self.spec.conflict_columns.is_empty() {
            match id.filter(|id| self.table.is_unique(&[id.name.as_str()])) {
                Some(id) => self.columns.insert(
                    0,
                    PlanColumn {
                        column: id,
                        source: Source::StepRun,
                        in_key: true,
                    },
                ),
                None => self
                    .mistakes
                    .push(DestinationMistake::KeyMissing(self.spec.table.clone())),
            }
            return;
        }
        self.find_conflict_key();
        // Such a row may be written by several step runs; the id that it began with stays.
        if let Some(id) = id.filter(|id| !id.has_default && !self.is_filled(&id.name)) {
            self.columns.push(PlanColumn {
                column: id,
                source: Source::StepRun,
                in_key: false,
            });
        }
    }

    fn find_conflict_key(&mut self) {
        let before = self.mistakes.len();
        let mut names = Vec::new();
        for name in &self.spec.conflict_columns {
            let Some(column) = self.column(name) else { continue };
            match self.columns.iter_mut().find(|filled| filled.column.name == column.name) {
                Some(filled) => filled.in_key = true,
                None => self.mistakes.push(DestinationMistake::ConflictNotFilled(name.clone())),
            }
            if !names.contains(&column.name) {
                names.push(column.name);
            }
        }
        // A row that is found again is overwritten: it must be of the same organisation.
        let owner = self.table.column(Automatic::OrganisationId.column(), self.dialect);
        if owner.is_some_and(|owner| !names.contains(&owner.name)) {
            self.mistakes
                .push(DestinationMistake::ConflictAcrossOrganisations(self.spec.table.clone()));
        }
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        if self.mistakes.len() == before && !self.table.is_unique(&known) {
            self.mistakes.push(DestinationMistake::NotUnique {
                table: self.spec.table.clone(),
                columns: self.spec.conflict_columns.join(", "),
            });
        }
    }

    fn look_for_unfilled(&mut self) {
        for column in &self.table.columns {
            let must_be_filled = !column.nullable && !column.has_default && column.read_only.is_none();
            let of_missing_key = self.is_id(&column.name) && self.spec.conflict_columns.is_empty();
            if must_be_filled && !of_missing_key && !self.is_filled(&column.name) {
                self.mistakes.push(DestinationMistake::NotFilled(column.name.clone()));
            }
        }
    }
}

#[cfg(test)]
#[path = "fit_tests.rs"]
mod tests;
