//! A finished job as files that outlive its rows: lines of JSON, compressed by Zstandard.
//!
//! The first line of a file is its [`Head`], the last one says how many lines stand between them and hashes all that came
//! before it. So a file that was cut off or changed is not taken for a whole one, and none of this needs batchdesk:
//!
//! ```sh
//! zstd -dc JOB.ndjson.zst | head -n -1 | sha256sum
//! zstd -dc JOB.ndjson.zst | tail -n 1
//! ```
//!
//! Fields may be added to a line; a reader passes over those that it does not know. Anything else raises [`VERSION`].

mod read;
mod write;

use std::io;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

pub use read::ArchiveReader;
pub use write::ArchiveWriter;

/// The version of the format that is written, and the latest that is read.
pub const VERSION: u32 = 1;

/// What `format` says in every head.
const FORMAT: &str = "batchdesk-archive";
/// How the last line begins; no other line does.
const LAST_LINE: &[u8] = b"{\"end\":";
/// The longest line: what is longer is neither written nor held in memory to be read.
const LONGEST_LINE: u64 = 64 << 20;

/// What a file holds of its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// One [`ArchivedPractice`] a line, in the order of the list.
    Practices,
    /// One [`ArchivedChange`] a line, in the order in which they were committed.
    Journal,
}

/// The first line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    format: String,
    version: u32,
    /// What the file holds.
    pub part: Part,
    /// Whose file it is.
    pub job_id: Uuid,
    /// The job itself: what the API says of it, the names of its columns, its settings.
    pub job: Value,
}

impl Head {
    /// The head of a file in the format of today.
    #[must_use]
    pub fn new(part: Part, job_id: Uuid, job: Value) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            part,
            job_id,
            job,
        }
    }
}

/// The last line.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct LastLine {
    end: End,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct End {
    /// Lines between the first and the last one.
    lines: u64,
    /// Of all lines before this one, their line ends included; in hexadecimal.
    sha256: String,
}

/// A practice: all that an export says of it, and what its steps gave. What the scraper read of each page is left out: it
/// is by far the largest part, and what counts of it stands in `final_payload` with its provenance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArchivedPractice {
    pub row_number: i64,
    /// The `item_id` of the practice's changes in the journal.
    pub practice_id: i64,
    /// What the URL column held.
    pub identifier: String,
    /// The row's own cells in the order of the job's columns.
    pub input: Option<Value>,
    pub status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The number of the row whose outcome this one shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    pub step_number: i32,
    pub life: i32,
    pub attempt: i32,
    pub updated_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_worker_payload: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_data: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_payload: Option<Value>,
}

/// A change of the job or of one of its practices, as the journal had it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArchivedChange {
    pub seq: i64,
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub operation: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_state: Option<String>,
    /// Who made it, and from where.
    pub actor: String,
    pub source: String,
    pub details: Value,
}

/// Why an archive cannot be read, as the rest of "the archive …".
#[derive(Debug, thiserror::Error)]
pub enum ArchiveFault {
    #[error("is not there")]
    Missing,
    #[error("cannot be read: {0}")]
    Reading(io::Error),
    #[error("is cut off")]
    CutOff,
    #[error("has been changed: its lines are not those that its last line tells of")]
    Changed,
    #[error("is not that of this job")]
    Foreign,
    #[error("is in version {0} of the format, which this daemon is too old for")]
    TooNew(u32),
    #[error("holds a line of more than {LONGEST_LINE} bytes")]
    LongLine,
    #[error("holds a line that makes no sense: {0}")]
    Line(#[from] serde_json::Error),
}

impl From<io::Error> for ArchiveFault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::UnexpectedEof => Self::CutOff,
            _ => Self::Reading(error),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
