//! Tables as they are declared.

use serde_json::Value;

use super::values::canonical;

/// What a column holds when nothing is given for it.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnDefault {
    /// This value.
    Value(Value),
    /// `now()`.
    Now,
    /// `gen_random_uuid()`.
    Uuid,
    /// The next number of a sequence.
    Serial,
}

/// One column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its PostgreSQL type: `uuid`, `text`, `varchar(20)`, `integer`, `numeric`, `jsonb`, `timestamptz`, `text[]`, ...
    pub pg_type: String,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// What it holds when nothing is given.
    pub default: Option<ColumnDefault>,
    /// Whether a value may occur once only.
    pub unique: bool,
    /// Whether it is part of the primary key.
    pub primary: bool,
    /// The table and column that its values must occur in.
    pub references: Option<(String, String)>,
}

impl Column {
    /// A nullable column without a default.
    pub fn new(name: &str, pg_type: &str) -> Self {
        Self {
            name: name.to_owned(),
            pg_type: canonical(pg_type),
            nullable: true,
            default: None,
            unique: false,
            primary: false,
            references: None,
        }
    }

    /// NOT NULL.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.nullable = false;
        self
    }

    /// UNIQUE.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Part of the PRIMARY KEY, and so NOT NULL.
    #[must_use]
    pub fn primary(mut self) -> Self {
        self.primary = true;
        self.required()
    }

    /// DEFAULT.
    #[must_use]
    pub fn default(mut self, default: ColumnDefault) -> Self {
        self.default = Some(default);
        self
    }

    /// REFERENCES a column of a table of the same schema.
    #[must_use]
    pub fn references(mut self, table: &str, column: &str) -> Self {
        self.references = Some((table.to_owned(), column.to_owned()));
        self
    }
}

/// One table.
#[derive(Debug, Clone)]
pub struct Table {
    /// The schema that it stands in.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// Unique constraints over several columns.
    pub uniques: Vec<Vec<String>>,
}

/// A primary key or unique constraint.
pub(super) struct Key {
    pub(super) name: String,
    /// Where its columns stand in the table.
    pub(super) columns: Vec<usize>,
}

impl Table {
    /// A table of the schema `public`.
    pub fn new(name: &str, columns: Vec<Column>) -> Self {
        Self {
            schema: "public".to_owned(),
            name: name.to_owned(),
            columns,
            uniques: Vec::new(),
        }
    }

    /// The same table in another schema.
    #[must_use]
    pub fn in_schema(mut self, schema: &str) -> Self {
        self.schema = schema.to_owned();
        self
    }

    /// UNIQUE over several columns.
    #[must_use]
    pub fn unique(mut self, columns: &[&str]) -> Self {
        self.uniques.push(columns.iter().map(|&name| name.to_owned()).collect());
        self
    }

    pub(super) fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.name == column)
    }

    pub(super) fn primary(&self) -> Vec<usize> {
        (0..self.columns.len()).filter(|&at| self.columns[at].primary).collect()
    }

    /// The primary key first, if there is one.
    pub(super) fn keys(&self) -> Vec<Key> {
        let mut keys = Vec::new();
        let primary = self.primary();
        if !primary.is_empty() {
            keys.push(Key {
                name: format!("{}_pkey", self.name),
                columns: primary,
            });
        }
        for (at, column) in self.columns.iter().enumerate().filter(|(_, column)| column.unique) {
            keys.push(Key {
                name: format!("{}_{}_key", self.name, column.name),
                columns: vec![at],
            });
        }
        for columns in &self.uniques {
            keys.push(Key {
                name: format!("{}_{}_key", self.name, columns.join("_")),
                columns: columns.iter().filter_map(|name| self.position(name)).collect(),
            });
        }
        keys
    }
}
