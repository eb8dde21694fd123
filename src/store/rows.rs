//! Statements over many rows at once.
//!
//! Rows are bound as `VALUES` lists whose lengths are powers of two, so that a handful of prepared statements serves
//! every group size on both databases.

use sea_orm::sea_query::Value;
use sea_orm::{DbBackend, Statement};

/// The longest `VALUES` list.
const LONGEST: usize = 512;
/// SQLite takes no more bound values in one statement than this; PostgreSQL takes 65,535.
const MOST_VALUES: usize = 32_766;

/// Rows of equal width, waiting to be bound.
#[derive(Clone, Debug)]
pub struct Rows {
    width: usize,
    values: Vec<Value>,
}

impl Rows {
    #[must_use]
    pub fn new(width: usize, expected: usize) -> Self {
        Self {
            width,
            values: Vec::with_capacity(width * expected),
        }
    }

    pub fn push<const WIDTH: usize>(&mut self, row: [Value; WIDTH]) {
        debug_assert_eq!(WIDTH, self.width, "a row of another width");
        self.values.extend(row);
    }

    /// As [`push`](Self::push), for rows whose width is known at run time only.
    pub fn push_wide(&mut self, row: impl IntoIterator<Item = Value>) {
        self.values.extend(row);
        debug_assert_eq!(self.values.len() % self.width, 0, "a row of another width");
    }

    /// The statements that bind all rows, in order. `sql` is given the `VALUES` list, e.g. `(?, ?), (?, ?)`.
    pub fn statements(self, backend: DbBackend, sql: impl Fn(&str) -> String) -> Vec<Statement> {
        let mut left = self.values.len() / self.width;
        let longest = LONGEST.min(MOST_VALUES / self.width).max(1);
        let mut values = self.values.into_iter();
        let mut statements = Vec::new();
        while left > 0 {
            let size = largest_power_of_two(left.min(longest));
            let bound: Vec<Value> = values.by_ref().take(size * self.width).collect();
            statements.push(Statement::from_sql_and_values(
                backend,
                sql(&list(backend, size, self.width)),
                bound,
            ));
            left -= size;
        }
        statements
    }
}

fn largest_power_of_two(at_most: usize) -> usize {
    1 << at_most.ilog2()
}

fn list(backend: DbBackend, rows: usize, width: usize) -> String {
    let mut text = String::with_capacity(rows * width * 6);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..width {
            if column > 0 {
                text.push(',');
            }
            match backend {
                DbBackend::Postgres => {
                    text.push('$');
                    text.push_str(&(row * width + column + 1).to_string());
                }
                _ => text.push('?'),
            }
        }
        text.push(')');
    }
    text
}

/// A statement with `?` placeholders, numbered where the database wants that.
#[must_use]
pub fn statement(backend: DbBackend, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    let sql = match backend {
        DbBackend::Postgres => numbered(sql),
        _ => sql.to_owned(),
    };
    Statement::from_sql_and_values(backend, sql, values)
}

fn numbered(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len() + 16);
    let mut number = 0;
    for part in sql.split_inclusive('?') {
        match part.strip_suffix('?') {
            Some(before) => {
                number += 1;
                text.push_str(before);
                text.push('$');
                text.push_str(&number.to_string());
            }
            None => text.push_str(part),
        }
    }
    text
}

/// `ids` as an `IN` list of bound values, padded to a power of two by repeating the last one. Never empty.
#[must_use]
pub fn in_list<T: Clone + Into<Value>>(ids: &[T]) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = ids.iter().cloned().map(Into::into).collect();
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    (vec!["?"; values.len()].join(","), values)
}

/// Whether identifier or domain of a practice `p` begins with a pattern of [`like_prefix`], which is bound twice.
pub const HAS_PREFIX: &str = r"(lower(p.practice_identifier) like ? escape '\' or lower(p.domain) like ? escape '\')";

/// `prefix` as a LIKE pattern in lower case, its own wildcards taken literally. What it is compared with must be in lower
/// case too: by themselves the two databases disagree on whether case counts.
#[must_use]
pub fn like_prefix(prefix: &str) -> String {
    let mut pattern = prefix
        .to_lowercase()
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    pattern.push('%');
    pattern
}

/// How JSON text is bound into a JSON column.
#[must_use]
pub fn json(backend: DbBackend, expression: &str) -> String {
    match backend {
        DbBackend::Postgres => format!("({expression})::jsonb"),
        _ => expression.to_owned(),
    }
}

/// How an id is bound that may be absent: PostgreSQL takes a list of nothing but nulls for text.
#[must_use]
pub fn uuid(backend: DbBackend, expression: &str) -> String {
    match backend {
        DbBackend::Postgres => format!("({expression})::uuid"),
        _ => expression.to_owned(),
    }
}

/// As [`uuid`], for a number with a fraction.
#[must_use]
pub fn double(backend: DbBackend, expression: &str) -> String {
    match backend {
        DbBackend::Postgres => format!("({expression})::double precision"),
        _ => expression.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_split_into_powers_of_two() {
        let mut rows = Rows::new(2, 11);
        for n in 0..11_i32 {
            rows.push([n.into(), n.into()]);
        }
        let statements = rows.statements(DbBackend::Sqlite, |list| list.to_owned());
        let sizes: Vec<usize> = statements.iter().map(|s| s.sql.matches('(').count()).collect();
        assert_eq!(sizes, [8, 2, 1]);
        let bound: usize = statements
            .iter()
            .filter_map(|s| s.values.as_ref())
            .map(|values| values.0.len())
            .sum();
        assert_eq!(bound, 22);
    }

    #[test]
    fn placeholders_are_numbered_for_postgres() {
        assert_eq!(list(DbBackend::Postgres, 2, 2), "($1,$2), ($3,$4)");
        assert_eq!(numbered("a = ? and b = ?"), "a = $1 and b = $2");
    }
}
