//! What can be wrong with a destination, a workflow's use of it, or a single row.

use std::time::Duration;

use super::spec::DestinationDb;

/// Whose fault an error is, and so what is to be done with the items that met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// This row's: others of the same workflow go through.
    Row,
    /// The workflow's or the settings': every row fails until a person has changed something.
    Workflow,
    /// Nobody's: the same row goes through later.
    Passing,
}

/// Why a row was not written, or a table cannot be written to.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DestinationError {
    /// The settings do not make a destination.
    #[error("{0}")]
    Settings(String),
    /// The workflow names no destination that could be looked for.
    #[error("{}", list(.0))]
    Unfit(Vec<DestinationMistake>),
    #[error("{database} has no table {table}; create it, or name another one in the workflow")]
    TableMissing { database: DestinationDb, table: String },
    /// A write was refused for what the table looks like; it is looked at anew the next time.
    #[error("the table {table} in {database} is not what it was: {reason}; check the workflow's mappings against it")]
    TableChanged {
        database: DestinationDb,
        table: String,
        reason: String,
    },
    /// The database answers, and refuses us.
    #[error("{database} refuses to be written to: {reason}; check its address, user and key in the settings")]
    Refused { database: DestinationDb, reason: String },
    #[error("column {column} ({type_name}) cannot hold {value}: {reason}")]
    Value {
        column: String,
        type_name: String,
        /// The value, shortened.
        value: String,
        reason: String,
    },
    #[error(
        "column {column} must have a value and the data has none for it; map another key to it, or give it a default"
    )]
    NoValue { column: String },
    /// A constraint, trigger or policy of the table is against this row.
    #[error("the table {table} refuses the row: {reason}")]
    Rejected { table: String, reason: String },
    #[error("{database} cannot be reached or written at the moment: {reason}")]
    Away {
        database: DestinationDb,
        reason: String,
        /// Where the destination or its breaker says it.
        retry_after: Option<Duration>,
    },
    /// Rows of HQ's own database go with the transaction of their item.
    #[error("rows for {0} are written in HQ's own transaction, they have no lane")]
    NoLane(DestinationDb),
    #[error("the daemon is stopping; the row is written after the next start")]
    Closed,
}

impl DestinationError {
    /// Whose fault it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Value { .. } | Self::NoValue { .. } | Self::Rejected { .. } => Blame::Row,
            Self::Away { .. } | Self::Closed => Blame::Passing,
            Self::Settings(_)
            | Self::Unfit(_)
            | Self::TableMissing { .. }
            | Self::TableChanged { .. }
            | Self::Refused { .. }
            | Self::NoLane(_) => Blame::Workflow,
        }
    }

    /// When the same row may be tried again; `None` where that is no use.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        const UNLESS_TOLD: Duration = Duration::from_secs(5);
        match self {
            Self::Away { retry_after, .. } => Some(retry_after.unwrap_or(UNLESS_TOLD)),
            Self::Closed => Some(UNLESS_TOLD),
            _ => None,
        }
    }

    /// A stable name for logs, metrics and programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Settings(_) => "destination_settings",
            Self::Unfit(_) => "destination_unfit",
            Self::TableMissing { .. } => "destination_table_missing",
            Self::TableChanged { .. } => "destination_table_changed",
            Self::Refused { .. } => "destination_refused",
            Self::Value { .. } => "destination_value",
            Self::NoValue { .. } => "destination_no_value",
            Self::Rejected { .. } => "destination_row_rejected",
            Self::Away { .. } => "destination_away",
            Self::NoLane(_) => "destination_no_lane",
            Self::Closed => "destination_closed",
        }
    }

    /// Whether the table must be looked at again before the next row.
    pub(super) fn is_of_table(&self) -> bool {
        matches!(self, Self::TableMissing { .. } | Self::TableChanged { .. })
    }
}

/// A mistake in where a workflow's result is to go.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DestinationMistake {
    #[error("the table name {0:?} is not one: letters, digits, _ and $, at most 63, without a schema before it")]
    TableName(String),
    #[error("the table {0} is one of the daemon's own; create a table of its own for the result")]
    OwnTable(String),
    #[error("the table {0} belongs to the database system")]
    SystemTable(String),
    #[error("the table {table} is not allowed; storage.allowed_tables has {allowed}")]
    TableNotAllowed { table: String, allowed: String },
    #[error("{database} has no table {table}; create it, or name another one")]
    TableMissing { database: DestinationDb, table: String },
    #[error("{table} cannot be written to: {reason}")]
    ReadOnly { table: String, reason: String },
    #[error("destination_db must be hq or workspace, not {0:?}")]
    Database(String),
    #[error("no field is mapped; name at least one column in destination_field_mappings")]
    NoMapping,
    #[error("destination_field_mappings must map JSON paths to names of columns: {0}")]
    MappingForm(String),
    #[error("conflict_columns must be a list of names of columns")]
    ConflictForm,
    #[error("the path {path:?} cannot be read: {reason}")]
    Path { path: String, reason: String },
    #[error("the column name {0:?} is not one: letters, digits, _ and $, at most 63")]
    ColumnName(String),
    #[error("the table {table} has no column {column}; it has {existing}")]
    ColumnMissing {
        table: String,
        column: String,
        existing: String,
    },
    #[error("column {column} cannot be written to: {reason}")]
    ColumnReadOnly { column: String, reason: String },
    #[error("{first:?} and {second:?} are both mapped to column {column}; map one of them")]
    MappedTwice {
        column: String,
        first: String,
        second: String,
    },
    #[error("column {column} is filled by itself, from the company and the workflow; map {path:?} to another column")]
    AutomaticMapped { path: String, column: String },
    #[error("column id holds the id of the step run; map {0:?} to another column, or name conflict_columns")]
    IdMapped(String),
    #[error(
        "the table {0} has no key: give it an id (uuid or text) that is its primary key or unique, or name \
         conflict_columns in the workflow's settings"
    )]
    KeyMissing(String),
    #[error("conflict_columns ({columns}) need a unique index over exactly these on {table}, without condition")]
    NotUnique { table: String, columns: String },
    #[error(
        "{0} has an organisation_id, so conflict_columns must name it too, or one organisation's row would overwrite \
         another's; add it there and to the unique index"
    )]
    ConflictAcrossOrganisations(String),
    #[error("conflict column {0} is filled by no mapping; map a key to it")]
    ConflictNotFilled(String),
    #[error("column {0} must have a value, has no default, and no mapping fills it; map a key to it")]
    NotFilled(String),
    #[error("{0}")]
    Unreachable(String),
}

impl DestinationMistake {
    /// The part of the workflow that is to be changed, as a path of keys.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Database(_) | Self::Unreachable(_) => "destination_db",
            Self::TableName(_)
            | Self::OwnTable(_)
            | Self::SystemTable(_)
            | Self::TableNotAllowed { .. }
            | Self::TableMissing { .. }
            | Self::ReadOnly { .. }
            | Self::KeyMissing(_) => "destination_table_name",
            Self::ConflictForm
            | Self::NotUnique { .. }
            | Self::ConflictAcrossOrganisations(_)
            | Self::ConflictNotFilled(_) => "settings/conflict_columns",
            Self::NoMapping
            | Self::MappingForm(_)
            | Self::Path { .. }
            | Self::ColumnName(_)
            | Self::ColumnMissing { .. }
            | Self::ColumnReadOnly { .. }
            | Self::MappedTwice { .. }
            | Self::AutomaticMapped { .. }
            | Self::IdMapped(_)
            | Self::NotFilled(_) => "destination_field_mappings",
        }
    }
}

fn list(mistakes: &[DestinationMistake]) -> String {
    let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

/// As much of a text as a message can take.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 300;
    cut(text, LONGEST)
}

/// As much of a value as a message about it can take.
pub(super) fn shortened_value(value: &serde_json::Value) -> String {
    const LONGEST: usize = 60;
    match value {
        serde_json::Value::String(text) => format!("{:?}", cut(text, LONGEST)),
        other => cut(&other.to_string(), LONGEST),
    }
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
