//! Lists that come as JSON: `{"practices": ["example.com", {"name": "A", "website": "a.nz"}], …}`, or the array alone.
//!
//! The list is written out as CSV with a header, which is then read like any other. The body is read twice and never held:
//! once for the names of all columns, once for the rows.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::rc::Rc;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{FileFault, ReadLimits};

/// The column that plain strings stand in.
const WEBSITE: &str = "website";
/// The member that holds the list.
const PRACTICES: &str = "practices";
/// Bytes of all other members together.
const MEMBERS_BYTES: usize = 64 * 1024;

/// What a body was besides its rows.
#[derive(Debug, Default)]
pub struct JsonList {
    /// The other members, each no longer than a row may be.
    pub members: Map<String, Value>,
    /// How many rows were written, blank ones included; `None` where the body has no list.
    pub rows: Option<u64>,
}

/// Whether a file begins as such a list does.
///
/// # Errors
/// Where it cannot be read.
pub fn is_json_list(path: &Path) -> io::Result<bool> {
    let mut head = [0; 256];
    let read = File::open(path)?.read(&mut head)?;
    let text = head[..read].trim_ascii_start();
    // An array of anything else would be a line of text in brackets.
    let within = |after: &[u8]| after.trim_ascii_start().first().copied();
    Ok(match text.split_first() {
        Some((b'{', after)) => within(after) == Some(b'"'),
        Some((b'[', after)) => matches!(within(after), Some(b'"' | b'{')),
        _ => false,
    })
}

/// Writes the list in `path` to `to` as CSV.
///
/// A string is a row with one column, `website`; an object has a column for each member. Numbers and booleans are
/// written as JSON writes them, arrays and objects too, `null` is blank.
///
/// # Errors
/// [`FileFault::BadJson`] where the body is something else; the faults of limits.
pub fn unfold_json_list(path: &Path, to: &mut dyn Write, limits: ReadLimits) -> Result<JsonList, FileFault> {
    let mut columns: Vec<String> = Vec::new();
    let list = read(path, limits, &mut |number, row| {
        if number > limits.max_rows {
            return Err(FileFault::TooManyRows { limit: limits.max_rows });
        }
        for name in row.iter().map(|(name, _)| name) {
            if columns.contains(name) {
                continue;
            }
            if columns.len() == limits.max_columns {
                return Err(FileFault::TooManyColumns {
                    line: number,
                    limit: limits.max_columns,
                });
            }
            columns.push(name.clone());
        }
        Ok(())
    })?;
    if list.rows.is_none() {
        return Ok(list);
    }
    if columns.is_empty() {
        return Err(FileFault::EmptyFile);
    }
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(to);
    let unwritable = |error: csv::Error| FileFault::Unreadable(io::Error::other(error));
    writer.write_record(&columns).map_err(unwritable)?;
    read(path, limits, &mut |_, row| {
        let cell = |column: &String| row.iter().find(|(name, _)| name == column).map_or("", |(_, cell)| cell);
        writer.write_record(columns.iter().map(cell)).map_err(unwritable)
    })?;
    writer.flush()?;
    Ok(list)
}

type Cells = Vec<(String, String)>;

fn read(
    path: &Path,
    limits: ReadLimits,
    take: &mut dyn FnMut(u64, &Cells) -> Result<(), FileFault>,
) -> Result<JsonList, FileFault> {
    let left = Rc::new(Cell::new(limits.max_row_bytes));
    let metered = Metered {
        inner: BufReader::new(File::open(path)?),
        left: Rc::clone(&left),
    };
    let fault = RefCell::new(None);
    let in_list = Cell::new(false);
    let body = Body {
        left: &left,
        in_list: &in_list,
        allowed: limits.max_row_bytes,
        fault: &fault,
        take: RefCell::new(take),
    };
    let mut deserializer = serde_json::Deserializer::from_reader(metered);
    let outcome = (&body)
        .deserialize(&mut deserializer)
        .and_then(|list| deserializer.end().map(|()| list));
    outcome.map_err(|error| {
        if let Some(fault) = fault.take() {
            return fault;
        }
        let line = error.line() as u64;
        if left.get() == 0 && !in_list.get() {
            let reason = format!("what stands beside `practices` is longer than {MEMBERS_BYTES} bytes");
            return FileFault::BadJson { line, reason };
        }
        if left.get() == 0 {
            return FileFault::RowTooLong {
                line,
                limit: limits.max_row_bytes,
            };
        }
        if error.is_io() {
            return FileFault::Unreadable(error.into());
        }
        FileFault::BadJson {
            line,
            reason: error.to_string(),
        }
    })
}

/// Lets through so many bytes until somebody allows more, so that no value is held that is longer than that.
struct Metered<R> {
    inner: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let allowed = buffer.len().min(self.left.get());
        if allowed == 0 && !buffer.is_empty() {
            return Err(io::Error::other("a value is too long"));
        }
        let read = self.inner.read(&mut buffer[..allowed])?;
        self.left.set(self.left.get() - read);
        Ok(read)
    }
}

/// The whole body.
struct Body<'a> {
    left: &'a Cell<usize>,
    /// Whether the list is being read, rather than what stands beside it.
    in_list: &'a Cell<bool>,
    allowed: usize,
    /// What `take` refused, which the deserializer's own error cannot carry.
    fault: &'a RefCell<Option<FileFault>>,
    take: RefCell<&'a mut dyn FnMut(u64, &Cells) -> Result<(), FileFault>>,
}

impl<'de> DeserializeSeed<'de> for &Body<'_> {
    type Value = JsonList;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<JsonList, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Body<'_> {
    type Value = JsonList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the member `practices`")
    }

    /// The list alone.
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<JsonList, A::Error> {
        self.in_list.set(true);
        Ok(JsonList {
            members: Map::new(),
            rows: Some(Practices(self).visit_seq(seq)?),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonList, A::Error> {
        let mut list = JsonList::default();
        let mut budget = MEMBERS_BYTES;
        loop {
            self.left.set(budget);
            let Some(name) = map.next_key::<String>()? else {
                return Ok(list);
            };
            if name != PRACTICES {
                let value = map.next_value()?;
                list.members.insert(name, value);
                budget = self.left.get();
            } else if list.rows.is_some() {
                return Err(A::Error::custom("`practices` stands twice"));
            } else {
                self.in_list.set(true);
                list.rows = Some(map.next_value_seed(Practices(self))?);
                self.in_list.set(false);
            }
        }
    }
}

/// The list in the body.
struct Practices<'a, 'b>(&'a Body<'b>);

impl<'de> DeserializeSeed<'de> for Practices<'_, '_> {
    type Value = u64;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Practices<'_, '_> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of addresses, or of objects with one")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<u64, A::Error> {
        let Self(body) = self;
        let mut number = 0;
        loop {
            body.left.set(body.allowed);
            let Some(element) = seq.next_element::<Value>()? else {
                return Ok(number);
            };
            number += 1;
            let Some(row) = cells(element) else {
                let why = format!("element {number} of `practices` is neither a string nor an object");
                return Err(A::Error::custom(why));
            };
            let taken = (body.take.borrow_mut())(number, &row);
            if let Err(fault) = taken {
                body.fault.replace(Some(fault));
                return Err(A::Error::custom("refused"));
            }
        }
    }
}

fn cells(element: Value) -> Option<Cells> {
    match element {
        Value::Object(members) => Some(
            members
                .into_iter()
                .filter(|(name, _)| !name.trim().is_empty())
                .map(|(name, value)| (name, cell(value)))
                .collect(),
        ),
        Value::Null => Some(Vec::new()),
        Value::String(text) => Some(vec![(WEBSITE.to_owned(), text)]),
        _ => None,
    }
}

fn cell(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const LIMITS: ReadLimits = ReadLimits {
        max_rows: 3,
        max_row_bytes: 200,
        max_columns: 4,
    };

    fn unfold(body: &str) -> Result<(String, JsonList), FileFault> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(body.as_bytes()).unwrap();
        let mut out = Vec::new();
        let list = unfold_json_list(file.path(), &mut out, LIMITS)?;
        Ok((String::from_utf8(out).unwrap(), list))
    }

    #[test]
    fn strings_and_objects_become_rows() {
        let body = r#"{"name": "N", "practices": ["a.nz", {"website": "b.nz", "staff": 4, "tags": ["x"]}, null],
            "settings": {"region": "NZ"}}"#;
        let (csv, list) = unfold(body).unwrap();
        assert_eq!(csv, "website,staff,tags\r\na.nz,,\r\nb.nz,4,\"[\"\"x\"\"]\"\r\n,,\r\n");
        assert_eq!(list.rows, Some(3));
        assert_eq!(list.members["settings"]["region"], "NZ");
        assert_eq!(list.members.len(), 2);
    }

    #[test]
    fn an_array_alone_is_a_list() {
        let (csv, list) = unfold(r#" ["a.nz", {"website": "b.nz"}]"#).unwrap();
        assert_eq!((csv.as_str(), list.rows), ("website\r\na.nz\r\nb.nz\r\n", Some(2)));
    }

    #[test]
    fn a_body_without_a_list_gives_its_members() {
        let (csv, list) = unfold(r#"{"import_id": "x"}"#).unwrap();
        assert_eq!((csv.as_str(), list.rows), ("", None));
        assert_eq!(list.members["import_id"], "x");
    }

    #[test]
    fn what_is_no_list_says_where_and_why() {
        let cases = [
            (r#""a.nz""#, "an object with the member"),
            ("{\"practices\":\n 7}", "an array of addresses"),
            (r#"{"practices": [7]}"#, "element 1"),
            (r#"{"practices": ["a.nz""#, "EOF"),
            (r#"{"practices": [], "practices": []}"#, "twice"),
            (r#"{"practices": ["a.nz"]} x"#, "trailing"),
        ];
        for (body, why) in cases {
            let fault = unfold(body).unwrap_err();
            assert_eq!(fault.code(), "bad_json", "{body}");
            assert!(fault.to_string().contains(why), "{body}: {fault}");
        }
        assert_eq!(unfold(r#"{"practices": []}"#).unwrap_err().code(), "empty_file");
    }

    #[test]
    fn limits_hold_while_it_is_read() {
        let long = format!(r#"{{"practices": ["{}"]}}"#, "x".repeat(300));
        assert_eq!(unfold(&long).unwrap_err().code(), "row_too_long");
        let members: Vec<String> = (0..900).map(|n| format!("\"m{n}\": \"{}\"", "y".repeat(90))).collect();
        let beside = format!("{{{}}}", members.join(","));
        assert!(unfold(&beside).unwrap_err().to_string().contains("beside `practices`"));
        assert_eq!(
            unfold(r#"{"practices": ["a","b","c","d"]}"#).unwrap_err().code(),
            "too_many_rows"
        );
        let wide = r#"{"practices": [{"a":1,"b":1,"c":1},{"d":1,"e":1}]}"#;
        assert_eq!(unfold(wide).unwrap_err().code(), "too_many_columns");
    }
}
