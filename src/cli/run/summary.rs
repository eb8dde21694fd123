//! What a run says of itself in the end.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;

use super::progress::outcomes;
use super::session::Ending;
use crate::store::read::JobView;

/// Some practices failed.
const SOME_FAILED: u8 = 3;
/// Ended by a signal, as a shell says it of SIGINT (128 + 2).
pub const INTERRUPTED: u8 = 130;

/// The line that `--json` prints.
#[derive(Serialize)]
struct Line<'a> {
    status: &'static str,
    job_id: Option<String>,
    /// Absent while it is not complete.
    output: Option<&'a Path>,
    database: &'a Path,
    total: i64,
    found: i64,
    failed: i64,
    excluded: i64,
    /// Rows that are not finished.
    left: i64,
    duplicates: i32,
    invalid: i32,
    blank_rows: i32,
    seconds: f64,
}

/// The end of one run.
pub struct Summary<'a> {
    pub ending: &'a Ending,
    pub output: &'a Path,
    pub database: &'a Path,
    /// How long this process worked on it.
    pub took: Duration,
}

impl Summary<'_> {
    /// What the process ends with.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self.ending {
            Ending::Interrupted(_) => ExitCode::from(INTERRUPTED),
            Ending::Written(job) if job.counts.error > 0 => ExitCode::from(SOME_FAILED),
            Ending::Written(_) => ExitCode::SUCCESS,
        }
    }

    /// Prints it to standard output, as JSON or in words. Nobody reading is no reason to fail.
    pub fn print(&self, json: bool) {
        let mut out = std::io::stdout().lock();
        let _ = match (json, self.ending) {
            (true, _) => writeln!(out, "{}", self.line()),
            (false, Ending::Written(job)) => writeln!(
                out,
                "{}: {} rows, {}, in {:.1} s\n{} keeps the run: the same command writes the file again, --redo runs what failed again",
                self.output.display(),
                job.counts.total(),
                outcomes(job),
                self.took.as_secs_f64(),
                self.database.display(),
            ),
            (false, Ending::Interrupted(_)) => Ok(()),
        };
        let _ = out.flush();
    }

    fn line(&self) -> String {
        let (status, output, job): (_, _, Option<&JobView>) = match self.ending {
            Ending::Written(job) => ("completed", Some(self.output), Some(job)),
            Ending::Interrupted(job) => ("interrupted", None, job.as_deref()),
        };
        let counts = job.map(|job| job.counts).unwrap_or_default();
        let line = Line {
            status,
            job_id: job.map(|job| job.job_id.to_string()),
            output,
            database: self.database,
            total: counts.total(),
            found: counts.aggregated,
            failed: counts.error,
            excluded: counts.excluded,
            left: counts.total() - counts.finished(),
            duplicates: job.map_or(0, |job| job.duplicates),
            invalid: job.map_or(0, |job| job.invalid),
            blank_rows: job.map_or(0, |job| job.blank_rows),
            seconds: self.took.as_secs_f64(),
        };
        serde_json::to_string(&line).unwrap_or_default()
    }
}
