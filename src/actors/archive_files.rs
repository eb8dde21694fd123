//! Where the archives are, and how a file gets there whole or not at all.
//!
//! `archive/ORGANISATION/JOB.ndjson.zst` in the data directory holds the practices of a job, `JOB.journal.ndjson.zst`
//! its journal. A file is written in `archive/drafts` and gets its name once it is on the disk and has been read back.
//! Everything here blocks.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Seek as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use entity::Id;
use tempfile::NamedTempFile;

use crate::exchange::archive::{ArchiveFault, ArchiveReader, ArchiveWriter, Head, Part};
use crate::ops::breakpoint;

/// The archives of one daemon.
#[derive(Clone, Debug)]
pub struct ArchiveFiles {
    root: PathBuf,
}

/// A file that is being written. Dropped, it is gone.
pub(super) struct Draft {
    pub lines: ArchiveWriter<NamedTempFile>,
}

/// A file that is whole and on the disk, without a name yet.
pub(super) struct Sealed(NamedTempFile);

impl ArchiveFiles {
    #[must_use]
    pub fn new(data_dir: &Path) -> Self {
        Self {
            root: data_dir.join("archive"),
        }
    }

    fn drafts(&self) -> PathBuf {
        self.root.join("drafts")
    }

    /// The file of a job, as it is called below the data directory's `archive`.
    #[must_use]
    pub fn name(organisation_id: Id, job_id: Id, part: Part) -> PathBuf {
        let file = match part {
            Part::Practices => format!("{job_id}.ndjson.zst"),
            Part::Journal => format!("{job_id}.journal.ndjson.zst"),
        };
        Path::new(&organisation_id.to_string()).join(file)
    }

    /// Opens an archive that is whole: it is read to its end before the first line is given out.
    ///
    /// # Errors
    /// Where it is missing or damaged.
    pub fn open(&self, organisation_id: Id, job_id: Id, part: Part) -> Result<ArchiveReader<File>, ArchiveFault> {
        let mut file = File::open(self.root.join(Self::name(organisation_id, job_id, part)))?;
        ArchiveReader::open(&file, part, job_id.0)?.pass_over(|| true)?;
        file.rewind()?;
        ArchiveReader::open(file, part, job_id.0)
    }

    /// Starts a file.
    pub(super) fn draft(&self, head: &Head) -> io::Result<Draft> {
        make_private(&self.drafts())?;
        let file = NamedTempFile::new_in(self.drafts())?;
        Ok(Draft {
            lines: ArchiveWriter::new(file, head)?,
        })
    }

    /// Removes what an earlier process, or an actor that has ended, did not come to the end of.
    pub(super) fn forget_drafts(&self) -> io::Result<()> {
        let drafts = match fs::read_dir(self.drafts()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            drafts => drafts?,
        };
        for draft in drafts {
            fs::remove_file(draft?.path())?;
        }
        Ok(())
    }

    /// Gives a file its name, in the place of an earlier one of that name, so that it survives a loss of power.
    pub(super) fn keep(&self, sealed: Sealed, organisation_id: Id, job_id: Id, part: Part) -> io::Result<()> {
        let place = self.root.join(Self::name(organisation_id, job_id, part));
        let directory = self.root.join(organisation_id.to_string());
        make_private(&directory)?;
        breakpoint("before an archive has its name");
        sealed.0.persist(&place).map_err(|error| error.error)?;
        breakpoint("after an archive has its name");
        // The directory's own name too, which may be new.
        for directory in [directory.as_path(), self.root.as_path()] {
            File::open(directory)?.sync_all()?;
        }
        if let Some(data_dir) = self.root.parent() {
            File::open(data_dir)?.sync_all()?;
        }
        Ok(())
    }

    /// Removes the files of a job, where there are any.
    pub(super) fn remove(&self, organisation_id: Id, job_id: Id) -> io::Result<()> {
        for part in [Part::Practices, Part::Journal] {
            match fs::remove_file(self.root.join(Self::name(organisation_id, job_id, part))) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Draft {
    /// Ends the file, waits until it is on the disk, and reads it back: what it was made from is about to be deleted.
    /// `None` if it was not to go on before that was done.
    pub(super) fn seal(self, part: Part, job_id: Id, goes_on: impl Fn() -> bool) -> io::Result<Option<Sealed>> {
        let mut file = self.lines.finish()?;
        file.as_file().sync_all()?;
        file.rewind()?;
        let whole = ArchiveReader::open(file.as_file(), part, job_id.0).and_then(|mut file| file.pass_over(goes_on));
        let whole = whole.map_err(|fault| {
            let error = format!("what was written of job {job_id} {fault}");
            io::Error::new(io::ErrorKind::InvalidData, error)
        })?;
        Ok(whole.then_some(Sealed(file)))
    }
}

/// Makes a directory, readable by nobody else, unless it is there.
fn make_private(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::os::unix::fs::PermissionsExt as _;

    use serde_json::json;

    use super::*;

    fn write(files: &ArchiveFiles, organisation_id: Id, job_id: Id, lines: i64) -> io::Result<()> {
        let mut draft = files.draft(&Head::new(Part::Journal, job_id.0, json!({})))?;
        for n in 0..lines {
            draft.lines.line(&json!({ "seq": n }))?;
        }
        let sealed = draft.seal(Part::Journal, job_id, || true)?.unwrap();
        files.keep(sealed, organisation_id, job_id, Part::Journal)
    }

    #[test]
    fn a_file_is_there_whole_and_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let files = ArchiveFiles::new(directory.path());
        let (organisation_id, job_id) = (Id::now(), Id::now());
        let absent = files.open(organisation_id, job_id, Part::Journal);
        assert!(matches!(absent, Err(ArchiveFault::Missing)));
        for lines in [3, 5] {
            write(&files, organisation_id, job_id, lines).unwrap();
            let mut reader = files.open(organisation_id, job_id, Part::Journal).unwrap();
            assert!(reader.pass_over(|| true).unwrap());
            assert_eq!(reader.lines(), lines as u64);
        }
        let file = files
            .root
            .join(ArchiveFiles::name(organisation_id, job_id, Part::Journal));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
        assert_eq!((mode(&files.root), mode(&files.drafts())), (0o700, 0o700));
        assert_eq!(fs::read_dir(files.drafts()).unwrap().count(), 0);
        files.remove(organisation_id, job_id).unwrap();
        files.remove(organisation_id, job_id).unwrap();
        let removed = files.open(organisation_id, job_id, Part::Journal);
        assert!(matches!(removed, Err(ArchiveFault::Missing)));
    }

    #[test]
    fn a_damaged_file_gives_no_line_out() {
        let directory = tempfile::tempdir().unwrap();
        let files = ArchiveFiles::new(directory.path());
        let (organisation_id, job_id) = (Id::now(), Id::now());
        write(&files, organisation_id, job_id, 1_000).unwrap();
        let file = files
            .root
            .join(ArchiveFiles::name(organisation_id, job_id, Part::Journal));
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() - 1]).unwrap();
        let opened = files.open(organisation_id, job_id, Part::Journal);
        assert!(matches!(opened, Err(ArchiveFault::CutOff)));
    }

    #[test]
    fn what_was_not_finished_is_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let files = ArchiveFiles::new(directory.path());
        files.forget_drafts().unwrap();
        let job_id = Id::now();
        let head = Head::new(Part::Journal, job_id.0, json!({}));
        drop(files.draft(&head).unwrap());
        let stopped = files.draft(&head).unwrap().seal(Part::Journal, job_id, || false);
        assert!(stopped.unwrap().is_none());
        assert_eq!(fs::read_dir(files.drafts()).unwrap().count(), 0);
        // As a process leaves it that is killed.
        fs::write(files.drafts().join("left"), "half").unwrap();
        files.forget_drafts().unwrap();
        assert_eq!(fs::read_dir(files.drafts()).unwrap().count(), 0);
    }
}
