//! `batchdesk run`: the whole main job in one process, on a database of its own beside the result.
//!
//! A run is found again by the list's content and the arguments that decide what is found ([`record`]); all else is the
//! daemon's own engine without its HTTP server. The database says how far it came, so a repeated command goes on.

mod files;
mod output;
mod progress;
mod record;
mod session;
mod summary;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::System;
use anyhow::{anyhow, bail};
use clap::{ArgAction, Args};

use self::files::{Files, directory_of};
use self::progress::Progress;
use self::session::{Ending, carry_out, prepare};
use self::summary::Summary;
use super::bring_up::log_panics;
use super::shell::quoted;
use crate::exchange::write::Format;
use crate::model::play::PRACTICE_ENRICHMENT;
use crate::ops::Logging;
use crate::scrape::region_code;
use crate::settings::{Settings, url_path};

/// Settings that differ from the daemon's unless somebody sets them: its log is for people, and has little to say.
const OWN_SETTINGS: &str = "[log]\nlevel = \"warn\"\nformat = \"text\"\n";
/// How long the database may take to close. Whatever happens to it then, nothing is lost.
const CLOSE_WITHIN: Duration = Duration::from_secs(10);

/// What `--help` says at the end.
pub const AFTER_HELP: &str = "\
Beside OUT stands its database, named without the ending: result.csv has result.batchdesk.db. It holds the run, and every
step of every row is committed to it before the next one begins. After Ctrl-C, a kill or a power cut repeat the command:
it goes on where it stopped. Once all is done the same command writes OUT again and fetches nothing, also in another
format (-o result.json). A list or arguments other than those the database was begun with are refused.

The first Ctrl-C (or SIGTERM) lets running steps end, the second ends at once; neither loses what is recorded.

OUT is replaced without asking only where a run on the same database wrote it. It is complete or not there at all.

Settings come from --config and BATCHDESK__ variables as for `serve`; only where data are kept follows from OUT. The log
goes to standard error, from warnings on unless log.level says otherwise, and never tears the progress bar. Where standard
error is no terminal, progress is a line every few seconds at most.

Exit status:
  0    every row is done
  3    OUT is written, and some practices failed (excluded ones do not count)
  1    an error; standard error says which
  2    the arguments make no sense
  130  interrupted with work left; standard error says how to go on";

#[derive(Debug, Args)]
pub struct Options {
    /// The list to run: CSV and its kin, an Excel workbook, or JSON; `-` is standard input.
    #[arg(value_name = "FILE")]
    list: PathBuf,
    /// Where the result goes. The ending says the format: .csv, .xlsx, .json, .ndjson or .jsonl.
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// The format, where the ending does not say it.
    #[arg(long, value_name = "FORMAT", value_parser = format_named)]
    format: Option<Format>,
    /// The column that holds the addresses, where neither header nor content tell.
    #[arg(long, value_name = "NAME")]
    url_column: Option<String>,
    /// The sheet of a workbook, where it is not the one with the most websites.
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// Country whose phone numbers are assumed where a page names none, such as NZ.
    #[arg(long, value_name = "COUNTRY", value_parser = region_code)]
    region: Option<String>,
    /// The workflow steps to run.
    #[arg(long, value_name = "NAME", default_value = PRACTICE_ENRICHMENT)]
    play: String,
    /// Write CSV cells as they are, also those that a spreadsheet would run as a formula.
    #[arg(long)]
    raw: bool,
    /// As the export's `safe`: `--safe=false` is `--raw`.
    #[arg(long, hide = true, action = ArgAction::Set, default_value_t = true, conflicts_with = "raw")]
    safe: bool,
    /// Run again what failed; what was found stays.
    #[arg(long, conflicts_with = "fresh")]
    redo: bool,
    /// Begin anew. The database before is kept as OUT.batchdesk.db.old.
    #[arg(long)]
    fresh: bool,
    /// Replace OUT also where no run on this database wrote it.
    #[arg(long)]
    force: bool,
    /// Print one line of JSON in the end: counts, job, files, seconds.
    #[arg(long)]
    json: bool,
    /// Say nothing but errors, and how to go on.
    #[arg(long)]
    quiet: bool,
}

fn format_named(name: &str) -> Result<Format, String> {
    Format::of_extension(name).ok_or_else(|| format!("the formats are {} without the dot", Format::ENDINGS))
}

impl Options {
    /// The format of the result.
    fn format(&self) -> anyhow::Result<Format> {
        let ending = self.output.extension().and_then(OsStr::to_str);
        let byte_true = self.raw || !self.safe;
        match self.format.or_else(|| Format::of_extension(ending?)) {
            Some(Format::Csv { bom, .. }) => Ok(Format::Csv { safe: !byte_true, bom }),
            Some(_) if byte_true => bail!("--raw is for CSV; other formats write every cell as it is"),
            Some(format) => Ok(format),
            None => bail!(
                "the ending of {} says no format; end it in {}, or name one with --format",
                self.output.display(),
                Format::ENDINGS
            ),
        }
    }
}

/// Runs the list; for the exit status see [`AFTER_HELP`].
pub fn run(options: &Options, config: Option<&Path>) -> ExitCode {
    let mut progress = Progress::new(options.quiet);
    let outcome = to_its_end(options, config, &mut progress);
    progress.end();
    outcome.unwrap_or_else(|error| {
        super::complain(&error);
        ExitCode::FAILURE
    })
}

fn to_its_end(options: &Options, config: Option<&Path>, progress: &mut Progress) -> anyhow::Result<ExitCode> {
    let began = Instant::now();
    let format = options.format()?;
    let files = Files::beside(&options.output)?;
    let settings = Arc::new(settings(&files, config)?);
    let logging = Logging::start_on(&settings.log.level, settings.log.format, progress.log_writer())?;
    log_panics();
    let system = System::new();
    let run = system.block_on(prepare(options, &files, settings, progress))?;
    let stopped = system.stop_future();
    let ending = system.block_on(async {
        tokio::select! {
            ending = carry_out(&run, options, format, &files, progress) => ending,
            _ = stopped => Err(anyhow!("a part of the engine failed for good, see above; repeat the command to go on")),
        }
    });
    // What the actors say of a database that is closed under them is no news.
    let _ = logging.set_level("off");
    let closed = system.block_on(async { tokio::time::timeout(CLOSE_WITHIN, run.database.close()).await });
    let ending = ending?;
    progress.end();
    if !matches!(closed, Ok(Ok(()))) {
        progress.note("the database could not be closed in order; nothing is lost by that");
    }
    if let Ending::Interrupted(_) = &ending {
        progress.say(&going_on());
    }
    let summary = Summary {
        ending: &ending,
        output: &files.output,
        database: &files.database,
        took: began.elapsed(),
    };
    if options.json || !options.quiet {
        summary.print(options.json);
    }
    Ok(summary.exit_code())
}

/// The settings as for the daemon, but for where data are kept.
fn settings(files: &Files, config: Option<&Path>) -> anyhow::Result<Settings> {
    let mut settings = Settings::load_over(OWN_SETTINGS, config)?;
    settings.data_dir = directory_of(&files.database).to_owned();
    settings.database.url = format!("sqlite://{}?mode=rwc", url_path(&files.database));
    // The result is written from the database for as long as it is there.
    settings.retention.days = 0;
    Ok(settings)
}

/// How the run is gone on with: by this process's own command, without what would begin it anew.
fn going_on() -> String {
    format!(
        "interrupted with work left; to go on: {}",
        repeated(std::env::args_os())
    )
}

fn repeated(arguments: impl Iterator<Item = OsString>) -> String {
    let kept = arguments.filter(|argument| argument != "--fresh" && argument != "--redo");
    kept.map(|argument| quoted(&argument)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn format(arguments: &[&str]) -> Result<Format, String> {
        let line = ["run", "list.csv"].iter().chain(arguments);
        let parsed = Line::try_parse_from(line).map_err(|error| error.to_string())?;
        parsed.options.format().map_err(|error| error.to_string())
    }

    #[test]
    fn the_ending_says_the_format_unless_it_is_named() {
        assert_eq!(format(&["-o", "a.csv"]), Ok(Format::Csv { safe: true, bom: false }));
        assert_eq!(
            format(&["-o", "a.csv", "--raw"]),
            Ok(Format::Csv {
                safe: false,
                bom: false
            })
        );
        assert_eq!(
            format(&["-o", "a.csv", "--safe=false"]),
            Ok(Format::Csv {
                safe: false,
                bom: false
            })
        );
        assert_eq!(format(&["-o", "a.JSONL"]), Ok(Format::Ndjson));
        assert_eq!(format(&["-o", "a.txt", "--format", "json"]), Ok(Format::Json));
        for refused in [
            &["-o", "a.txt"][..],
            &["-o", "a"],
            &["-o", "a.json", "--raw"],
            &["-o", "a", "--format", "doc"],
        ] {
            assert!(format(refused).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn going_on_is_not_beginning_anew() {
        let line = ["batchdesk", "run", "my list.csv", "-o", "out.csv", "--fresh", "--redo"];
        assert_eq!(
            repeated(line.into_iter().map(OsString::from)),
            "batchdesk run 'my list.csv' -o out.csv"
        );
    }
}
