//! The files of a run: the result, and what stands beside it.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::exchange::write::Format;

/// The result and the files beside it, each named after it.
#[derive(Debug)]
pub struct Files {
    /// What the run is for.
    pub output: PathBuf,
    /// The result until it is complete.
    pub part: PathBuf,
    /// The database of the run. Named without the ending of a format, so that the same run can be written in another.
    pub database: PathBuf,
    /// What `--fresh` keeps of the database before.
    pub old_database: PathBuf,
    /// How the last process ended.
    pub mark: PathBuf,
    /// A list that came from a pipe, while it is read.
    pub spool: PathBuf,
}

impl Files {
    /// # Errors
    /// Where nothing can be written there.
    pub fn beside(output: &Path) -> anyhow::Result<Self> {
        let shown = output.display();
        let Some(name) = output.file_name().and_then(OsStr::to_str).filter(|name| *name != "-") else {
            bail!("'{shown}' is not the name of a file; name one, such as result.csv");
        };
        if output.to_str().is_none() {
            bail!("'{shown}' is not UTF-8; the database beside it could not be opened");
        }
        if output.is_dir() {
            bail!("{shown} is a directory; name a file in it");
        }
        let directory = directory_of(output);
        if !directory.is_dir() {
            bail!("the directory {} is not there; make it first", directory.display());
        }
        let database = format!("{}.batchdesk.db", without_format(name));
        let beside = |name: &str| output.with_file_name(name);
        Ok(Self {
            output: output.to_owned(),
            part: beside(&format!("{name}.batchdesk.part")),
            old_database: beside(&format!("{database}.old")),
            mark: beside(&format!("{database}.aborted")),
            spool: beside(&format!("{database}.list")),
            database: beside(&database),
        })
    }

    /// The name of the result, without its directory.
    #[must_use]
    pub fn output_name(&self) -> String {
        self.output
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }

    /// Refuses to replace a file that may be somebody's own. `ours` says that an earlier run of this database wrote it.
    ///
    /// # Errors
    /// Where it would be replaced.
    pub fn may_write(&self, ours: bool, force: bool) -> anyhow::Result<()> {
        let shown = self.output.display();
        match std::fs::metadata(&self.output) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error).with_context(|| format!("{shown} cannot be looked at")),
            Ok(found) if !found.is_file() => bail!("{shown} is not a file that could be replaced; name another"),
            Ok(_) if ours || force => Ok(()),
            Ok(_) => bail!(
                "{shown} is there already, and no run on {} wrote it; name another file, or replace it with --force",
                self.database.display()
            ),
        }
    }

    /// Refuses a list that is the result as well.
    ///
    /// # Errors
    /// Where they are one file.
    pub fn must_differ_from(&self, list: &Path) -> anyhow::Result<()> {
        if let (Ok(list), Ok(output)) = (std::fs::metadata(list), std::fs::metadata(&self.output))
            && (list.dev(), list.ino()) == (output.dev(), output.ino())
        {
            bail!(
                "{} is the list itself, which the result would replace; name another file with -o",
                self.output.display()
            );
        }
        Ok(())
    }

    /// Puts the database away, with what SQLite keeps beside it. An older one that was put away is replaced.
    ///
    /// # Errors
    /// Where a file cannot be moved.
    pub fn put_database_away(&self) -> anyhow::Result<()> {
        let beside = |ending: &str| {
            (
                with_ending(&self.database, ending),
                with_ending(&self.old_database, ending),
            )
        };
        // In this order: SQLite drops a log whose database is gone, but takes a database without its log for whole.
        for (from, to) in [beside(""), beside("-wal")] {
            unless_missing(std::fs::remove_file(&to))
                .and_then(|()| unless_missing(std::fs::rename(&from, &to)))
                .with_context(|| format!("{} cannot be put away", from.display()))?;
        }
        let (index, old_index) = beside("-shm");
        for stale in [&index, &old_index, &self.mark] {
            unless_missing(std::fs::remove_file(stale))
                .with_context(|| format!("{} cannot be removed", stale.display()))?;
        }
        Ok(())
    }
}

/// The directory that a file is in.
pub fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A file that is not there needs nothing done to it.
pub fn unless_missing(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The name without an ending that stands for a format.
fn without_format(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && Format::of_extension(ending).is_some() => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_database_is_named_without_the_format() {
        let named = |output: &str| Files::beside(Path::new(output)).map(|files| files.database.display().to_string());
        assert_eq!(named("result.csv").unwrap(), "result.batchdesk.db");
        assert_eq!(named("./result.ndjson").unwrap(), "./result.batchdesk.db");
        assert_eq!(named("result.2026").unwrap(), "result.2026.batchdesk.db");
        assert_eq!(named(".csv").unwrap(), ".csv.batchdesk.db");
        for refused in ["-", "..", "/", "no-such-directory/result.csv"] {
            assert!(named(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_file_of_somebody_else_is_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let files = Files::beside(&directory.path().join("result.csv")).unwrap();
        files.may_write(false, false).unwrap();
        std::fs::write(&files.output, "mine").unwrap();
        let refusal = files.may_write(false, false).unwrap_err().to_string();
        assert!(refusal.contains("--force"), "{refusal}");
        files.may_write(true, false).unwrap();
        files.may_write(false, true).unwrap();
        assert!(
            files
                .must_differ_from(&directory.path().join(".").join("result.csv"))
                .is_err()
        );
    }

    #[test]
    fn what_is_put_away_stays_one_database() {
        let directory = tempfile::tempdir().unwrap();
        let files = Files::beside(&directory.path().join("result.csv")).unwrap();
        let at = |name: &str| directory.path().join(format!("result.batchdesk.db{name}"));
        for name in ["", "-shm", ".aborted", ".old", ".old-wal"] {
            std::fs::write(at(name), name).unwrap();
        }
        files.put_database_away().unwrap();
        let left: Vec<_> = std::fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        // The log of the one before it would be taken for its own.
        assert_eq!(left, ["result.batchdesk.db.old"]);
        assert_eq!(std::fs::read_to_string(at(".old")).unwrap(), "");
    }
}
