//! `batchdesk backup`: a copy of the database while the daemon runs, and a look into such a copy.

use std::fs::{File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, bail};
use chrono::{DateTime, SubsecRound as _, Utc};
use clap::Args;
use migration::{Migrator, MigratorTrait as _};
use serde::Serialize;
use tempfile::{Builder, NamedTempFile};

use super::shell::quoted;
use crate::settings::Settings;
use crate::store::backup::{Contents, Scrutiny, copy, inspect};
use crate::store::lock::sqlite_file;

/// What `--help` says at the end.
pub const AFTER_HELP: &str = "\
The copy holds what has committed when it begins, as one file that only its owner can read. It is checked before it gets
its name, so FILE is a whole backup or not there. Steps that run meanwhile are not disturbed. It holds the database alone:
settings, workflow files and whatever else is in the data directory are files to be copied as such.

To restore, with the daemon's directory being /var/lib/batchdesk:
  batchdesk backup --verify FILE
  systemctl stop batchdesk
  cd /var/lib/batchdesk
  rm -f batchdesk.db batchdesk.db-wal batchdesk.db-shm     # a log that stays would be taken for the backup's own
  install -o batchdesk -g batchdesk -m 0600 FILE batchdesk.db
  systemctl start batchdesk
Jobs that were running when the backup was made go on from there: what had not committed by then is done again.

PostgreSQL has a tool of its own for this; the command says with which arguments.";

#[derive(Debug, Args)]
pub struct Options {
    /// The copy to write, or with --verify to look into.
    file: PathBuf,
    /// Replace FILE if it is there.
    #[arg(long, conflicts_with = "verify")]
    force: bool,
    /// Write nothing: check FILE in full and say what is in it.
    #[arg(long)]
    verify: bool,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
}

/// What is said of a copy.
#[derive(Serialize)]
struct Report<'a> {
    file: &'a Path,
    bytes: u64,
    /// Absent where a copy is only looked into.
    taken_at: Option<DateTime<Utc>>,
    seconds: f64,
    integrity: &'static str,
    /// The last migration that was applied.
    schema: &'a str,
    /// What a start of this version does first.
    needs_migration: bool,
    #[serde(flatten)]
    contents: &'a Contents,
}

pub fn run(options: &Options, config: Option<&Path>) -> anyhow::Result<()> {
    if options.verify {
        return super::block_on(verify(options));
    }
    let settings = super::settings(config)?;
    super::block_on(async {
        tokio::select! {
            outcome = back_up(options, &settings) => outcome,
            // Dropped half way, the copy removes itself.
            _ = tokio::signal::ctrl_c() => bail!("interrupted; no backup was made"),
        }
    })
}

async fn back_up(options: &Options, settings: &Settings) -> anyhow::Result<()> {
    let (began, taken_at) = (Instant::now(), Utc::now().trunc_subsecs(3));
    let Some(database) = sqlite_file(&settings.database.url) else {
        bail!(elsewhere(&settings.database.url, &options.file));
    };
    let file = &options.file;
    may_write(file, &database, options.force)?;
    if !settings.workspace.url.is_empty() && settings.workspace.url != settings.database.url {
        eprintln!("the workspace database (workspace.url) is not included; nothing in this version uses it");
    }
    let part = part_beside(file)?;
    let target = part.path().to_str().context("the path of the backup is not UTF-8")?;
    copy(&settings.database.url, target)
        .await
        .with_context(|| format!("{} was not backed up", database.display()))?;
    part.as_file().sync_all()?;
    let contents = inspect(part.path(), Scrutiny::Quick)
        .await
        .context("the copy is not whole, and was removed")?;
    let placed = if options.force {
        part.persist(file)
    } else {
        part.persist_noclobber(file)
    };
    placed
        .map_err(|error| error.error)
        .with_context(|| format!("{} cannot be put in its place", file.display()))?;
    File::open(directory_of(file))?.sync_all()?;
    report(options, &contents, Some(taken_at), began)
}

async fn verify(options: &Options) -> anyhow::Result<()> {
    let began = Instant::now();
    let file = &options.file;
    let contents = inspect(file, Scrutiny::Full)
        .await
        .with_context(|| format!("{} is not a usable backup", file.display()))?;
    report(options, &contents, None, began)
}

/// A file that only its owner can read, beside the place where it is to be; removed unless it gets there.
fn part_beside(file: &Path) -> anyhow::Result<NamedTempFile> {
    let name = file.file_name().context("the backup needs a name")?.to_string_lossy();
    Builder::new()
        .prefix(&format!("{name}."))
        .suffix(".tmp")
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(directory_of(file))
        .with_context(|| format!("nothing can be written to {}", directory_of(file).display()))
}

fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Refuses to replace a file unasked, and the database itself in any case.
fn may_write(file: &Path, database: &Path, force: bool) -> anyhow::Result<()> {
    let shown = file.display();
    let found = match std::fs::metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found.with_context(|| format!("{shown} cannot be looked at"))?,
    };
    let in_use = ["", "-wal", "-shm", ".lock"].iter().any(|ending| {
        let mut name = database.as_os_str().to_owned();
        name.push(ending);
        std::fs::metadata(name).is_ok_and(|used| (used.dev(), used.ino()) == (found.dev(), found.ino()))
    });
    if in_use {
        bail!("{shown} belongs to the database that is to be backed up; name another file");
    }
    if !found.is_file() {
        bail!("{shown} is not a file; name one, such as batchdesk-backup.db");
    }
    if !force {
        bail!("{shown} is there already; name another file, or replace it with --force");
    }
    Ok(())
}

fn report(
    options: &Options,
    contents: &Contents,
    taken_at: Option<DateTime<Utc>>,
    began: Instant,
) -> anyhow::Result<()> {
    let known: Vec<String> = Migrator::migrations()
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect();
    if let Some(unknown) = contents.migrations.iter().find(|applied| !known.contains(applied)) {
        bail!(
            "{} is of a newer version (its schema has {unknown}); restore it with that one",
            options.file.display()
        );
    }
    let report = Report {
        file: &options.file,
        bytes: std::fs::metadata(&options.file)?.len(),
        taken_at,
        seconds: began.elapsed().as_secs_f64(),
        integrity: "ok",
        schema: contents.migrations.last().map_or("none", String::as_str),
        needs_migration: contents.migrations.len() < known.len(),
        contents,
    };
    if options.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}", in_words(&report));
    }
    Ok(())
}

fn in_words(report: &Report<'_>) -> String {
    let contents = report.contents;
    let time = |at: Option<DateTime<Utc>>| at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
    let mut text = format!(
        "file          {}\nsize          {} bytes\n",
        report.file.display(),
        report.bytes
    );
    if let Some(taken_at) = time(report.taken_at) {
        text.push_str(&format!("taken         {taken_at}, in {:.1} s\n", report.seconds));
    }
    let head_at = time(contents.journal_head_at).map_or_else(String::new, |at| format!(" of {at}"));
    let older = if report.needs_migration {
        " (older than this version, which brings it up to date at the next start)"
    } else {
        ""
    };
    let jobs: Vec<String> = contents
        .jobs
        .iter()
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    let jobs = if jobs.is_empty() {
        "none".to_owned()
    } else {
        jobs.join(", ")
    };
    text.push_str(&format!(
        "journal head  {}{head_at}\nschema        {}{older}\nintegrity     {}\njobs          {jobs}\n\
         practices     {}, {} of them finished\nusers         {} in {} organisations\n",
        contents.journal_head,
        report.schema,
        report.integrity,
        contents.practices,
        contents.finished_practices,
        contents.users,
        contents.organisations,
    ));
    text
}

/// What to do where the database is not a file.
fn elsewhere(url: &str, file: &Path) -> String {
    let Ok(mut url) = url::Url::parse(url) else {
        return "database.url is not a database that can be backed up".to_owned();
    };
    // Fails only for a URL without a host, which has no password.
    let _ = url.set_password(None);
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != "password" && name != "statement-cache-capacity")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
    let (database, file) = (quoted(url.as_str().as_ref()), quoted(file.as_os_str()));
    format!(
        "the database is PostgreSQL, which backs itself up while the daemon runs:\n  \
         pg_dump --format=custom --file={file} --dbname={database}\nand is restored, with the daemon stopped, by:\n  \
         pg_restore --clean --if-exists --dbname={database} {file}\nThe password is left out: both ask for it, or read \
         it from PGPASSWORD or ~/.pgpass"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_tool_of_postgresql_is_named_without_the_password() {
        let said = elsewhere(
            "postgres://me:s3cret%2F@db.example:5433/desk?sslmode=require&password=s3cret",
            Path::new("my backup"),
        );
        let line = "pg_dump --format=custom --file='my backup' \
                    --dbname='postgres://me@db.example:5433/desk?sslmode=require'";
        assert!(said.contains(line), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }

    #[test]
    fn the_database_itself_is_never_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for name in ["desk.db", "desk.db-wal", "old"] {
            std::fs::write(at(name), "").unwrap();
        }
        let may_write = |name: &str, force| may_write(&at(name), &at("desk.db"), force);
        may_write("new", false).unwrap();
        may_write("old", true).unwrap();
        assert!(may_write("old", false).unwrap_err().to_string().contains("--force"));
        for own in ["desk.db", "desk.db-wal", "."] {
            assert!(may_write(own, true).is_err(), "{own}");
        }
    }
}
