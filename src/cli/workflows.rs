//! `batchdesk workflows`: what the workflow files would change of the database, and changing it.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use migration::{Migrator, MigratorTrait as _};

use super::migrate::{make_data_dir, open, up};
use crate::model::workflow_diff::WorkflowDiff;
use crate::model::workflow_spec::WorkflowSpec;
use crate::settings::{Settings, read_workflow_files, workflows_of};
use crate::steps::registration::checked_plan;
use crate::store::lock::{LockError, Ownership, acquire_at_once, sqlite_file};
use crate::store::read::shared_workflows;
use crate::store::write::ApplyWorkflows;
use crate::store::{Database, Hq};

/// The exit status where the files say something else than the database.
const DIFFERENT: u8 = 3;

/// What `--help` says at the end.
pub const AFTER_HELP: &str = "\
The files are those of workflows.dir, and the built-in ones that none of them takes the place of. A file holds a play:

  play = \"my-play\"

  [[workflow]]
  slug = \"extract-case-studies-via-n8n\"
  title = \"Extract Case Studies\"
  step = 3
  provider = \"n8n\"                       # native, zenrows, n8n, clay or http
  destination_db = \"workspace\"           # or hq
  destination_table = \"company_case_studies\"
  destination_field_mappings = { case_study_urls = \"urls\", extracted_at = \"extracted_at\" }
  settings = { url = \"https://n8n.example/webhook/case-studies\" }

A daemon applies the files when it starts, on SIGHUP and on POST /api/admin/reload; with ?dry_run=true that request answers
what `diff` says here. These commands are for the time in which none runs: they refuse a database that a daemon owns. All
organisations use the workflows of files. `batchdesk config check` finds mistakes in the files without a database.

Exit status:
  0    the database says what the files say, now that the command has ended
  3    it does not: `diff` has found a difference, or `apply` was told not to go on
  1    an error; standard error says which
  2    the arguments make no sense";

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show what `apply` would change, field by field. Changes nothing. Secrets that are written out are hidden.
    #[command(after_long_help = AFTER_HELP)]
    Diff {
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what would change, ask, and change it.
    #[command(after_long_help = AFTER_HELP)]
    Apply {
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
    },
}

pub fn run(action: &Action, file: Option<&Path>) -> ExitCode {
    let outcome = super::settings(file).and_then(|settings| super::block_on(carry_out(action, &settings)));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(DIFFERENT),
        Err(error) => {
            super::complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Tells whether the database says what the files say.
async fn carry_out(action: &Action, settings: &Settings) -> anyhow::Result<bool> {
    let files = authored(settings)?;
    let (database, owned) = take(settings, matches!(action, Action::Apply { .. })).await?;
    let same = match action {
        Action::Diff { json } => show(&database.readers, &files, *json).await?.is_empty(),
        Action::Apply { yes } => apply(&database, &owned, files, *yes).await?,
    };
    database.close().await?;
    Ok(same)
}

/// The workflows of all files, or all mistakes in them. A daemon would not start with a wrong registration.toml, so it is
/// looked at too.
fn authored(settings: &Settings) -> anyhow::Result<Vec<WorkflowSpec>> {
    let directory = Path::new(&settings.workflows.dir);
    checked_plan(directory)?;
    let (files, mistakes) = read_workflow_files(directory)?;
    if !mistakes.is_empty() {
        mistakes.iter().for_each(|mistake| eprintln!("{mistake}"));
        bail!(
            "the workflow files have {} mistakes; nothing was compared",
            mistakes.len()
        );
    }
    Ok(workflows_of(files, &settings.workflows.dispatcher_url))
}

/// Opens the database and makes sure that no daemon has it. It is made, or brought to this version's schema, only where it
/// is to be changed.
async fn take(settings: &Settings, to_change: bool) -> anyhow::Result<(Database, Ownership)> {
    let url = &settings.database.url;
    let file = sqlite_file(url).filter(|_| !to_change);
    if let Some(file) = file.filter(|file| matches!(file.try_exists(), Ok(false))) {
        bail!(
            "there is no database at {} yet; `batchdesk serve` and `batchdesk workflows apply` make it",
            file.display()
        );
    }
    make_data_dir(settings)?;
    let owned = match acquire_at_once(url).await {
        Err(LockError::Owned) => bail!(
            "a daemon owns the database; ask it instead: POST /api/admin/reload?dry_run=true shows what the files would \
             change, POST /api/admin/reload changes it"
        ),
        outcome => outcome?,
    };
    let database = open(settings).await?;
    if to_change {
        up(&database.writer).await?;
    } else if !Migrator::get_pending_migrations(database.writer.raw())
        .await?
        .is_empty()
    {
        bail!("the database has not the schema of this version; `batchdesk migrate up` brings it there");
    }
    Ok((database, owned))
}

async fn show(hq: &Hq, files: &[WorkflowSpec], as_json: bool) -> anyhow::Result<WorkflowDiff> {
    let diff = WorkflowDiff::between(&shared_workflows(hq).await?, files);
    let text = if as_json {
        format!("{}\n", serde_json::to_string(&diff)?)
    } else {
        render(&diff)
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush())?;
    Ok(diff)
}

async fn apply(database: &Database, owned: &Ownership, files: Vec<WorkflowSpec>, yes: bool) -> anyhow::Result<bool> {
    let diff = show(&database.readers, &files, false).await?;
    if diff.is_empty() {
        return Ok(true);
    }
    if !yes && !asked()? {
        eprintln!("nothing was changed");
        return Ok(false);
    }
    let changed = ApplyWorkflows { workflows: files }
        .apply_alone(&database.writer, owned)
        .await
        .context("nothing was changed")?;
    eprintln!("applied; workflows changed: {changed}");
    Ok(true)
}

fn asked() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!(
            "there is nobody to ask, as standard input is no terminal; say --yes, or look with `batchdesk workflows diff`"
        );
    }
    eprint!("Apply? [y/N] ");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// The difference for people.
fn render(diff: &WorkflowDiff) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    for row in &diff.created {
        let _ = writeln!(
            text,
            "+ {} (play {}, step {}, {}): {}",
            row.workflow_slug, row.play_name, row.overall_step_number, row.provider, row.title
        );
    }
    for row in &diff.changed {
        let taken_over = if row.taken_over {
            " (made by request; the file takes it over)"
        } else {
            ""
        };
        let _ = writeln!(text, "~ {}{taken_over}", row.workflow_slug);
        for field in &row.fields {
            let _ = writeln!(text, "    {}: {} -> {}", field.field, field.old, field.new);
        }
    }
    for slug in &diff.disabled {
        let _ = writeln!(text, "- {slug} (no file has it any more; it is disabled)");
    }
    let _ = if diff.is_empty() {
        writeln!(text, "the database says what the workflow files say")
    } else {
        writeln!(
            text,
            "create {}, change {}, disable {}",
            diff.created.len(),
            diff.changed.len(),
            diff.disabled.len()
        )
    };
    text
}
