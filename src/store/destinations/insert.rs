//! Rows as statements that write them once, however often they are repeated.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

use super::coerce::Cell;
use super::names::{quoted, quoted_list};
use super::plan::{DestinationRow, TablePlan};
use crate::store::rows::Rows;

/// Rows of one plan that fill the same columns and have different keys: what one statement can take.
pub(super) struct RowSet<'rows> {
    pub plan: &'rows Arc<TablePlan>,
    pub columns: &'rows [usize],
    pub rows: Vec<&'rows DestinationRow>,
}

/// Puts rows into sets, in an order in which of two rows with the same key the last one wins.
pub(super) fn sets<'rows>(rows: &[&'rows DestinationRow]) -> Vec<RowSet<'rows>> {
    let mut done = Vec::new();
    let mut open: Vec<RowSet<'rows>> = Vec::new();
    // The open set of each plan and columns, and the place of each key.
    let mut set_of: HashMap<(*const TablePlan, &[usize]), usize> = HashMap::new();
    let mut place_of: HashMap<(&str, Vec<KeyPart<'rows>>), (usize, usize)> = HashMap::new();
    for &row in rows {
        let set_key = (Arc::as_ptr(&row.plan), row.columns.as_slice());
        let key = (
            row.plan.table.as_str(),
            row.key().into_iter().map(KeyPart::from).collect(),
        );
        let mut set = set_of.get(&set_key).copied();
        match (place_of.get(&key).copied(), set) {
            (Some((earlier, place)), Some(set)) if earlier == set => {
                open[set].rows[place] = row;
                continue;
            }
            // The same row with other columns: what is gathered goes first.
            (Some(_), _) => {
                done.append(&mut open);
                set_of.clear();
                place_of.clear();
                set = None;
            }
            (None, _) => {}
        }
        let set = set.unwrap_or_else(|| {
            open.push(RowSet {
                plan: &row.plan,
                columns: &row.columns,
                rows: Vec::new(),
            });
            set_of.insert(set_key, open.len() - 1);
            open.len() - 1
        });
        place_of.insert(key, (set, open[set].rows.len()));
        open[set].rows.push(row);
    }
    done.append(&mut open);
    done
}

/// A key's value, comparable.
#[derive(PartialEq, Eq, Hash)]
enum KeyPart<'row> {
    Null,
    Text(&'row str),
    Integer(i64),
    Real(u64),
    Bytes(&'row [u8]),
}

impl<'row> From<&'row Cell> for KeyPart<'row> {
    fn from(cell: &'row Cell) -> Self {
        match cell {
            Cell::Null => Self::Null,
            Cell::Text(text) => Self::Text(text),
            Cell::Integer(whole) => Self::Integer(*whole),
            Cell::Real(real) => Self::Real(real.to_bits()),
            Cell::Bytes(bytes) => Self::Bytes(bytes),
        }
    }
}

impl From<&Cell> for Value {
    fn from(cell: &Cell) -> Self {
        match cell {
            Cell::Null => Self::String(None),
            Cell::Text(text) => Self::String(Some(text.clone())),
            Cell::Integer(whole) => Self::BigInt(Some(*whole)),
            Cell::Real(real) => Self::Double(Some(*real)),
            Cell::Bytes(bytes) => Self::Bytes(Some(bytes.clone())),
        }
    }
}

impl RowSet<'_> {
    /// The statements that write the set.
    pub(super) fn statements(&self, backend: DbBackend) -> Vec<Statement> {
        let mut bound = Rows::new(self.columns.len(), self.rows.len());
        for row in &self.rows {
            bound.push_wide(row.cells.iter().map(Value::from));
        }
        let (before, after) = self.around_values(backend);
        bound.statements(backend, |list| match backend {
            DbBackend::Postgres => format!("{before}(values {list}){after}"),
            _ => format!("{before}values {list}{after}"),
        })
    }

    /// What stands before and after the list of values.
    fn around_values(&self, backend: DbBackend) -> (String, String) {
        let columns: Vec<_> = self.columns.iter().map(|&index| &self.plan.columns[index]).collect();
        let names = quoted_list(columns.iter().map(|column| column.column.name.as_str()));
        let mut before = format!("insert into {} ({names}) ", quoted(&self.plan.table));
        let mut after = String::new();
        if backend == DbBackend::Postgres {
            let given: Vec<String> = (1..=columns.len()).map(|number| format!("c{number}")).collect();
            let cast: Vec<String> = columns
                .iter()
                .zip(&given)
                .map(|(column, given)| match &column.column.cast {
                    Some(cast) => format!("v.{given}::{cast}"),
                    None => format!("v.{given}"),
                })
                .collect();
            before.push_str(&format!("select {} from ", cast.join(", ")));
            after.push_str(&format!(" as v({})", given.join(", ")));
        }
        let key = columns.iter().filter(|column| column.in_key);
        let key = quoted_list(key.map(|column| column.column.name.as_str()));
        // A row keeps the id that it began with.
        let updated: Vec<String> = columns
            .iter()
            .filter(|column| !column.in_key && column.source != super::plan::Source::StepRun)
            .map(|column| {
                let name = quoted(&column.column.name);
                format!("{name} = excluded.{name}")
            })
            .collect();
        after.push_str(&match updated.as_slice() {
            [] => format!(" on conflict ({key}) do nothing"),
            some => format!(" on conflict ({key}) do update set {}", some.join(", ")),
        });
        (before, after)
    }
}

/// The rows by table, for those who want each table under a savepoint of its own. The order within a table stays.
pub(in crate::store) fn by_table<'rows>(rows: &[&'rows DestinationRow]) -> Vec<Vec<&'rows DestinationRow>> {
    let mut parts: Vec<Vec<&DestinationRow>> = Vec::new();
    let mut part_of: HashMap<&str, usize> = HashMap::new();
    for &row in rows {
        let part = *part_of.entry(row.plan.table.as_str()).or_insert_with(|| {
            parts.push(Vec::new());
            parts.len() - 1
        });
        parts[part].push(row);
    }
    parts
}

/// Writes rows, in as few statements as there are sets of columns.
///
/// # Errors
/// What the database says of the first statement that it refuses; nothing says which of its rows is to blame.
pub(in crate::store) async fn insert_rows(
    connection: &impl ConnectionTrait,
    backend: DbBackend,
    rows: &[&DestinationRow],
) -> Result<(), DbErr> {
    for set in sets(rows) {
        for statement in set.statements(backend) {
            connection.execute_raw(statement).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "insert_tests.rs"]
mod tests;
