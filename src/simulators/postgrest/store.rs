//! The tables' rows, and the one statement that changes them: INSERT, with or without ON CONFLICT. It does all or
//! nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::problem::Problem;
use super::schema::{Column, ColumnDefault, Key, Table};
use super::values::coerce;

/// What becomes of a row that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resolution {
    Merge,
    Ignore,
}

/// An INSERT.
pub(super) struct Insert {
    pub(super) rows: Vec<Map<String, Value>>,
    /// The columns that are set; those not named take their default.
    pub(super) columns: Vec<String>,
    /// A named column that a row lacks takes its default rather than NULL.
    pub(super) missing_default: bool,
    pub(super) resolution: Option<Resolution>,
    pub(super) on_conflict: Option<Vec<String>>,
    /// Nothing is kept in the end.
    pub(super) rollback: bool,
}

/// What an INSERT did.
pub(super) struct Inserted {
    /// The rows that were written, as they were then.
    pub(super) rows: Vec<Value>,
    /// How many of them are new.
    pub(super) created: usize,
}

/// A table with its rows, and an index for each of its keys.
pub(super) struct Stored {
    pub(super) table: Table,
    keys: Vec<Key>,
    indexes: Vec<HashMap<String, usize>>,
    rows: Vec<Vec<Value>>,
    serial: i64,
}

impl Stored {
    pub(super) fn new(table: Table) -> Self {
        let keys = table.keys();
        Self {
            indexes: keys.iter().map(|_| HashMap::new()).collect(),
            keys,
            table,
            rows: Vec::new(),
            serial: 0,
        }
    }

    pub(super) fn rows(&self) -> &[Vec<Value>] {
        &self.rows
    }

    pub(super) fn object(&self, row: &[Value]) -> Value {
        let columns = self.table.columns.iter().map(|column| column.name.clone());
        Value::Object(columns.zip(row.iter().cloned()).collect())
    }

    fn index(&mut self, at: usize) {
        for (key, index) in self.keys.iter().zip(&mut self.indexes) {
            if let Some(entry) = entry(key, &self.rows[at]) {
                index.insert(entry, at);
            }
        }
    }

    fn unindex(&mut self, at: usize) {
        for (key, index) in self.keys.iter().zip(&mut self.indexes) {
            if let Some(entry) = entry(key, &self.rows[at]) {
                index.remove(&entry);
            }
        }
    }

    fn replace(&mut self, at: usize, row: Vec<Value>) -> Vec<Value> {
        self.unindex(at);
        let before = std::mem::replace(&mut self.rows[at], row);
        self.index(at);
        before
    }

    /// Takes back what was done, latest first: a row as it was, or none where there was none.
    fn undo(&mut self, done: Vec<(usize, Option<Vec<Value>>)>) {
        for (at, before) in done.into_iter().rev() {
            match before {
                Some(row) => {
                    self.replace(at, row);
                }
                None => {
                    self.unindex(at);
                    self.rows.truncate(at);
                }
            }
        }
    }

    /// Whether a row has that value there.
    fn holds(&self, at: usize, value: &Value) -> bool {
        match self.keys.iter().position(|key| key.columns == [at]) {
            Some(key) => serde_json::to_string(&[value]).is_ok_and(|entry| self.indexes[key].contains_key(&entry)),
            None => self.rows.iter().any(|row| row[at] == *value),
        }
    }

    /// Refuses a row that a key has already at another place than `at`.
    fn violated(&self, row: &[Value], at: Option<usize>) -> Result<(), Problem> {
        for (key, index) in self.keys.iter().zip(&self.indexes) {
            let taken = entry(key, row).and_then(|entry| index.get(&entry).copied());
            if taken.is_some_and(|taken| Some(taken) != at) {
                let message = format!("duplicate key value violates unique constraint \"{}\"", key.name);
                return Err(Problem::new("23505", message).details(format!(
                    "Key ({})=({}) already exists.",
                    names(&self.table, &key.columns),
                    shown(key.columns.iter().map(|&at| &row[at])),
                )));
            }
        }
        Ok(())
    }

    /// The key that ON CONFLICT names; none when there is nothing to conflict with.
    fn arbiter(&self, insert: &Insert) -> Result<Option<usize>, Problem> {
        if insert.resolution.is_none() {
            return Ok(None);
        }
        let wanted: HashSet<usize> = match &insert.on_conflict {
            None => self.table.primary().into_iter().collect(),
            Some(names) => names
                .iter()
                .map(|name| {
                    let message = || format!("column \"{name}\" does not exist");
                    self.table
                        .position(name)
                        .ok_or_else(|| Problem::new("42703", message()))
                })
                .collect::<Result<_, _>>()?,
        };
        if wanted.is_empty() {
            return Ok(None);
        }
        let found = self
            .keys
            .iter()
            .position(|key| key.columns.iter().copied().collect::<HashSet<_>>() == wanted);
        found.map(Some).ok_or_else(|| {
            Problem::new(
                "42P10",
                "there is no unique or exclusion constraint matching the ON CONFLICT specification",
            )
        })
    }

    fn default_of(&mut self, at: usize) -> Value {
        match &self.table.columns[at].default {
            None => Value::Null,
            Some(ColumnDefault::Value(value)) => value.clone(),
            Some(ColumnDefault::Now) => json!(Utc::now().to_rfc3339_opts(SecondsFormat::Micros, false)),
            Some(ColumnDefault::Uuid) => json!(Uuid::now_v7().to_string()),
            Some(ColumnDefault::Serial) => {
                self.serial += 1;
                json!(self.serial)
            }
        }
    }

    fn build(
        &mut self,
        given: &Map<String, Value>,
        named: &[bool],
        missing_default: bool,
    ) -> Result<Vec<Value>, Problem> {
        let mut row = Vec::with_capacity(named.len());
        for (at, &named) in named.iter().enumerate() {
            let value = given.get(&self.table.columns[at].name).filter(|_| named);
            let value = match value {
                Some(value) => value.clone(),
                None if named && !missing_default => Value::Null,
                None => self.default_of(at),
            };
            row.push(coerce(&self.table.columns[at].pg_type, &value)?);
        }
        let lacking = |(column, value): &(&Column, &Value)| !column.nullable && value.is_null();
        if let Some((column, _)) = self.table.columns.iter().zip(&row).find(lacking) {
            let message = format!(
                "null value in column \"{}\" of relation \"{}\" violates not-null constraint",
                column.name, self.table.name
            );
            return Err(Problem::new("23502", message).details(format!("Failing row contains ({}).", shown(&row))));
        }
        Ok(row)
    }
}

/// All tables, by schema and name.
#[derive(Default)]
pub(super) struct Database(pub(super) BTreeMap<(String, String), Stored>);

impl Database {
    pub(super) fn get(&self, schema: &str, name: &str) -> Option<&Stored> {
        self.0.get(&(schema.to_owned(), name.to_owned()))
    }

    pub(super) fn insert(&mut self, schema: &str, name: &str, insert: &Insert) -> Result<Inserted, Problem> {
        let id = (schema.to_owned(), name.to_owned());
        let mut done = Vec::new();
        let outcome = self.write(&id, insert, &mut done);
        if (outcome.is_err() || insert.rollback)
            && let Some(stored) = self.0.get_mut(&id)
        {
            stored.undo(done);
        }
        outcome
    }

    fn write(
        &mut self,
        id: &(String, String),
        insert: &Insert,
        done: &mut Vec<(usize, Option<Vec<Value>>)>,
    ) -> Result<Inserted, Problem> {
        let missing = || Problem::new("42P01", format!("relation \"{}.{}\" does not exist", id.0, id.1));
        let stored = self.0.get(id).ok_or_else(missing)?;
        let arbiter = stored.arbiter(insert)?;
        let named: Vec<bool> = stored
            .table
            .columns
            .iter()
            .map(|column| insert.columns.contains(&column.name))
            .collect();
        let mut written = Vec::new();
        let mut touched = HashSet::new();
        let mut created = 0;
        for given in &insert.rows {
            let stored = self.0.get_mut(id).ok_or_else(missing)?;
            let mut row = stored.build(given, &named, insert.missing_default)?;
            let there = arbiter.and_then(|key| {
                let entry = entry(&stored.keys[key], &row)?;
                stored.indexes[key].get(&entry).copied()
            });
            if there.is_some() && insert.resolution == Some(Resolution::Ignore) {
                continue;
            }
            if let Some(at) = there {
                if touched.contains(&at) {
                    return Err(
                        Problem::new("21000", "ON CONFLICT DO UPDATE command cannot affect row a second time").hint(
                            "Ensure that no rows proposed for insertion within the same command have duplicate \
                         constrained values.",
                        ),
                    );
                }
                for (column, _) in named.iter().enumerate().filter(|(_, named)| !**named) {
                    row[column] = stored.rows[at][column].clone();
                }
            }
            stored.violated(&row, there)?;
            self.check_references(id, &row)?;
            let stored = self.0.get_mut(id).ok_or_else(missing)?;
            let at = if let Some(at) = there {
                done.push((at, Some(stored.replace(at, row))));
                at
            } else {
                let at = stored.rows.len();
                stored.rows.push(row);
                stored.index(at);
                done.push((at, None));
                created += 1;
                at
            };
            touched.insert(at);
            written.push(stored.object(&stored.rows[at]));
        }
        Ok(Inserted { rows: written, created })
    }

    fn check_references(&self, id: &(String, String), row: &[Value]) -> Result<(), Problem> {
        let Some(stored) = self.0.get(id) else { return Ok(()) };
        for (column, value) in stored.table.columns.iter().zip(row) {
            let Some((table, target)) = column.references.as_ref().filter(|_| !value.is_null()) else {
                continue;
            };
            let known = self.get(&id.0, table).is_some_and(|stored| {
                let at = stored.table.position(target);
                at.is_some_and(|at| stored.holds(at, value))
            });
            if !known {
                let message = format!(
                    "insert or update on table \"{0}\" violates foreign key constraint \"{0}_{1}_fkey\"",
                    id.1, column.name
                );
                return Err(Problem::new("23503", message).details(format!(
                    "Key ({})=({}) is not present in table \"{table}\".",
                    column.name,
                    shown([value]),
                )));
            }
        }
        Ok(())
    }
}

/// What the key's index has for a row; nothing when a part is NULL, as NULLs are never equal.
fn entry(key: &Key, row: &[Value]) -> Option<String> {
    let parts: Vec<&Value> = key.columns.iter().map(|&at| &row[at]).collect();
    if parts.iter().any(|part| part.is_null()) {
        return None;
    }
    serde_json::to_string(&parts).ok()
}

fn names(table: &Table, columns: &[usize]) -> String {
    let names: Vec<&str> = columns.iter().map(|&at| table.columns[at].name.as_str()).collect();
    names.join(", ")
}

fn shown<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let values: Vec<String> = values
        .into_iter()
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        .collect();
    values.join(", ")
}
