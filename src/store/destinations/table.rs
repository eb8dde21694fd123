//! What a destination's table looks like.

/// How a destination wants its values and statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
    /// PostgreSQL behind PostgREST.
    Rest,
}

/// What a column can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// At most so many characters.
    Text(Option<usize>),
    /// A whole number of so many bits.
    Integer(u32),
    /// An exact number with at most so many digits before the point.
    Numeric(Option<i64>),
    Real {
        single: bool,
    },
    Boolean,
    /// A moment, or, where it is not zoned, what a clock shows in UTC.
    Timestamp {
        zoned: bool,
    },
    Date,
    Time,
    Uuid,
    /// `binary`: `jsonb`, which cannot hold U+0000 even escaped.
    Json {
        binary: bool,
    },
    Bytes,
    /// One of these words.
    Enum(Vec<String>),
    List(Box<Kind>),
    /// A SQLite column without a type: each value as what it is.
    Any,
    /// Any other type of PostgreSQL: its own text form, which the server reads.
    Other,
}

/// A column as the database describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub name: String,
    /// As people know it, for messages.
    pub type_name: String,
    pub kind: Kind,
    /// What a text is cast to on PostgreSQL.
    pub cast: Option<String>,
    pub nullable: bool,
    pub has_default: bool,
    /// Why it cannot be written to, if it cannot.
    pub read_only: Option<String>,
}

/// A table as the database describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    /// The columns of each unique index that can tell rows apart; `None` where the destination does not say.
    pub unique: Option<Vec<Vec<String>>>,
    /// Why it cannot be written to, if it cannot.
    pub read_only: Option<String>,
}

impl Table {
    /// The column of that name; SQLite does not tell `Name` from `name`.
    pub(super) fn column(&self, name: &str, dialect: Dialect) -> Option<&Column> {
        self.columns.iter().find(|column| match dialect {
            Dialect::Sqlite => column.name.eq_ignore_ascii_case(name),
            Dialect::Postgres | Dialect::Rest => column.name == name,
        })
    }

    /// Whether some unique index has exactly these columns; yes where nobody knows.
    pub(super) fn is_unique(&self, columns: &[&str]) -> bool {
        let has_all = |index: &Vec<String>| {
            index.len() == columns.len()
                && columns
                    .iter()
                    .all(|column| index.iter().any(|of_index| of_index.eq_ignore_ascii_case(column)))
        };
        self.unique.as_ref().is_none_or(|indexes| indexes.iter().any(has_all))
    }
}

/// The number in `name(number)`, or the numbers in `name(number, number)`.
fn in_parentheses(declared: &str) -> Option<(i64, i64)> {
    let inside = declared.split_once('(')?.1.split_once(')')?.0;
    let mut numbers = inside.split(',').map(|number| number.trim().parse());
    let first = numbers.next()?.ok()?;
    let second = match numbers.next() {
        Some(number) => number.ok()?,
        None => 0,
    };
    Some((first, second))
}

impl Kind {
    /// The kind of a SQLite column by what it is declared as: names that SQLite itself does not know first, then its
    /// own rules of affinity (<https://sqlite.org/datatype3.html#determination_of_column_affinity>).
    pub(super) fn of_sqlite(declared: &str) -> Self {
        let upper = declared.to_ascii_uppercase();
        let name = upper.split('(').next().unwrap_or_default().trim();
        let sizes = in_parentheses(&upper);
        let has = |word: &str| name.contains(word);
        match name {
            "" | "ANY" => return Self::Any,
            "DATE" | "DATE_TEXT" => return Self::Date,
            "TIME" | "TIME_TEXT" => return Self::Time,
            "BYTEA" => return Self::Bytes,
            _ => {}
        }
        if has("BOOL") {
            Self::Boolean
        } else if has("JSON") {
            Self::Json { binary: false }
        } else if has("UUID") {
            Self::Uuid
        } else if has("TIMESTAMP") || has("DATETIME") {
            Self::Timestamp { zoned: true }
        } else if has("INT") {
            Self::Integer(64)
        } else if has("CHAR") || has("CLOB") || has("TEXT") {
            Self::Text(sizes.and_then(|(longest, _)| usize::try_from(longest).ok()))
        } else if has("BLOB") || has("BINARY") {
            Self::Bytes
        } else if has("REAL") || has("FLOA") || has("DOUB") {
            Self::Real { single: false }
        } else {
            Self::Numeric(sizes.map(|(digits, scale)| digits - scale))
        }
    }

    /// The kind of a PostgreSQL column by the name of its type as `format_type` gives it, perhaps with sizes.
    pub(super) fn of_postgres(type_name: &str) -> Self {
        if let Some(element) = type_name.strip_suffix("[]") {
            return Self::List(Box::new(Self::of_postgres(element)));
        }
        let sizes = in_parentheses(type_name);
        let bare: String = match (type_name.split_once('('), type_name.split_once(')')) {
            (Some((before, _)), Some((_, after))) => format!("{before}{after}"),
            _ => type_name.to_owned(),
        };
        match bare.as_str() {
            "text" | "citext" | "name" => Self::Text(None),
            "character varying" => Self::Text(sizes.and_then(|(longest, _)| usize::try_from(longest).ok())),
            // `bpchar` has no limit of its own, `character` without a number has room for one.
            "bpchar" => Self::Text(sizes.and_then(|(longest, _)| usize::try_from(longest).ok())),
            "character" => Self::Text(Some(
                sizes
                    .and_then(|(longest, _)| usize::try_from(longest).ok())
                    .unwrap_or(1),
            )),
            "smallint" => Self::Integer(16),
            "integer" => Self::Integer(32),
            "bigint" => Self::Integer(64),
            "numeric" => Self::Numeric(sizes.map(|(digits, scale)| digits - scale)),
            "real" => Self::Real { single: true },
            "double precision" => Self::Real { single: false },
            "boolean" => Self::Boolean,
            "timestamp with time zone" => Self::Timestamp { zoned: true },
            "timestamp without time zone" => Self::Timestamp { zoned: false },
            "date" => Self::Date,
            "time without time zone" => Self::Time,
            "uuid" => Self::Uuid,
            "json" => Self::Json { binary: false },
            "jsonb" => Self::Json { binary: true },
            "bytea" => Self::Bytes,
            _ => Self::Other,
        }
    }

    /// What a text is cast to on PostgreSQL. Never to a sized text, as a cast would cut it silently.
    pub(super) fn cast(&self, type_name: &str) -> Option<String> {
        match self {
            Self::Text(_) => None,
            Self::List(element) if matches!(**element, Self::Text(_)) => Some("text[]".to_owned()),
            _ => Some(type_name.to_owned()),
        }
    }

    /// Whether it can hold an id as text or as such.
    pub(super) fn holds_uuid(&self) -> bool {
        const UUID: usize = 36;
        matches!(self, Self::Uuid | Self::Any)
            || matches!(self, Self::Text(longest) if longest.is_none_or(|l| l >= UUID))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_columns_are_known_by_their_declaration() {
        for (declared, kind) in [
            ("", Kind::Any),
            ("TEXT", Kind::Text(None)),
            ("varchar(12)", Kind::Text(Some(12))),
            ("INTEGER", Kind::Integer(64)),
            ("bigint", Kind::Integer(64)),
            ("DECIMAL(10, 2)", Kind::Numeric(Some(8))),
            ("numeric", Kind::Numeric(None)),
            ("DOUBLE PRECISION", Kind::Real { single: false }),
            ("BOOLEAN", Kind::Boolean),
            ("timestamp_text", Kind::Timestamp { zoned: true }),
            ("DATETIME", Kind::Timestamp { zoned: true }),
            ("TIMESTAMPTZ", Kind::Timestamp { zoned: true }),
            ("date", Kind::Date),
            ("uuid_text", Kind::Uuid),
            ("JSONB", Kind::Json { binary: false }),
            ("BLOB", Kind::Bytes),
            ("ANY", Kind::Any),
        ] {
            assert_eq!(Kind::of_sqlite(declared), kind, "{declared}");
        }
    }

    #[test]
    fn postgres_columns_are_known_by_the_name_of_their_type() {
        for (name, kind) in [
            ("character varying(5)", Kind::Text(Some(5))),
            ("character varying", Kind::Text(None)),
            ("character(3)", Kind::Text(Some(3))),
            ("numeric(10,2)", Kind::Numeric(Some(8))),
            ("timestamp(3) with time zone", Kind::Timestamp { zoned: true }),
            ("timestamp without time zone", Kind::Timestamp { zoned: false }),
            ("text[]", Kind::List(Box::new(Kind::Text(None)))),
            ("integer[]", Kind::List(Box::new(Kind::Integer(32)))),
            ("jsonb", Kind::Json { binary: true }),
            ("inet", Kind::Other),
            ("time with time zone", Kind::Other),
        ] {
            assert_eq!(Kind::of_postgres(name), kind, "{name}");
        }
    }

    #[test]
    fn an_index_is_unique_over_exactly_its_columns() {
        let index = |columns: &[&str]| columns.iter().map(|&column| column.to_owned()).collect();
        let mut table = Table {
            name: "t".to_owned(),
            columns: Vec::new(),
            unique: Some(vec![index(&["id"]), index(&["a", "b"])]),
            read_only: None,
        };
        assert!(table.is_unique(&["b", "a"]) && table.is_unique(&["id"]));
        assert!(!table.is_unique(&["a"]) && !table.is_unique(&["a", "b", "c"]));
        table.unique = None;
        assert!(table.is_unique(&["a"]));
    }
}
