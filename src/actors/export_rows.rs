//! Where the rows of an export come from: the database, or the archive of a job that has one.

use std::fs::File;
use std::path::PathBuf;

use entity::enrichment_jobs;

use super::archive_files::ArchiveFiles;
use super::export::ExportError;
use crate::exchange::archive::{ArchiveFault, ArchiveReader, ArchivedPractice, Part};
use crate::model::practice::PracticeStatus;
use crate::store::read::{ExportItem, Reader};

/// Rows that are read at a time.
const PAGE: u64 = 200;

/// The rows of a job, in the order of the list.
pub(super) struct ExportRows {
    reader: Reader,
    files: ArchiveFiles,
    job: enrichment_jobs::Model,
    status: Option<PracticeStatus>,
    source: Source,
    /// The number of the last row that was given out.
    row_number: i64,
}

enum Source {
    Database { after: i64 },
    Archive(Box<ArchiveReader<File>>),
    Nothing,
}

impl ExportRows {
    /// All rows of the job, or those of one status.
    pub async fn open(
        reader: Reader,
        files: ArchiveFiles,
        job: enrichment_jobs::Model,
        status: Option<PracticeStatus>,
    ) -> Result<Self, ExportError> {
        let mut rows = Self {
            reader,
            files,
            job,
            status,
            source: Source::Database { after: 0 },
            row_number: 0,
        };
        if rows.job.archived_at.is_some() {
            rows.turn_to_archive().await?;
        }
        Ok(rows)
    }

    /// The next rows; none at the end.
    pub async fn next(&mut self) -> Result<Vec<ExportItem>, ExportError> {
        if let Source::Database { after } = self.source {
            let items = self.reader.export_page(&self.job, self.status, after, PAGE).await?;
            if !items.iter().any(|item| item.archived) {
                if let Some(last) = items.last() {
                    self.source = Source::Database { after: last.id };
                    self.row_number = last.row_number;
                }
                return Ok(items);
            }
            // The job has been archived since the export began, and this page may have been pruned.
            self.turn_to_archive().await?;
        }
        self.next_of_archive().await
    }

    async fn turn_to_archive(&mut self) -> Result<(), ExportError> {
        let (files, organisation_id, job_id) = (self.files.clone(), self.job.organisation_id, self.job.id);
        let file = self.file();
        let archive = blocking(file, move || files.open(organisation_id, job_id, Part::Practices)).await?;
        self.source = Source::Archive(Box::new(archive));
        Ok(())
    }

    fn file(&self) -> PathBuf {
        ArchiveFiles::name(self.job.organisation_id, self.job.id, Part::Practices)
    }

    async fn next_of_archive(&mut self) -> Result<Vec<ExportItem>, ExportError> {
        let Source::Archive(archive) = std::mem::replace(&mut self.source, Source::Nothing) else {
            return Ok(Vec::new());
        };
        let (status, after) = (self.status, self.row_number);
        let (archive, items) = blocking(self.file(), move || page(archive, status, after)).await?;
        if let Some(last) = items.last() {
            self.row_number = last.row_number;
            self.source = Source::Archive(archive);
        }
        Ok(items)
    }
}

async fn blocking<T: Send + 'static>(
    file: PathBuf,
    work: impl FnOnce() -> Result<T, ArchiveFault> + Send + 'static,
) -> Result<T, ExportError> {
    let done = tokio::task::spawn_blocking(work).await;
    // The pool gives up only on work that panicked, or when the process ends.
    let done = done.unwrap_or_else(|error| Err(ArchiveFault::Reading(std::io::Error::other(error))));
    done.map_err(|fault| ExportError::Archive { file, fault })
}

/// The next rows of a status after a row.
fn page(
    mut archive: Box<ArchiveReader<File>>,
    status: Option<PracticeStatus>,
    after: i64,
) -> Result<(Box<ArchiveReader<File>>, Vec<ExportItem>), ArchiveFault> {
    let mut items = Vec::new();
    while (items.len() as u64) < PAGE {
        let Some(practice) = archive.next_line::<ArchivedPractice>()? else {
            break;
        };
        let wanted = status.is_none_or(|status| practice.status == status.as_str());
        if wanted && practice.row_number > after {
            items.push(export_item(practice));
        }
    }
    Ok((archive, items))
}

fn export_item(practice: ArchivedPractice) -> ExportItem {
    ExportItem {
        id: practice.practice_id,
        row_number: practice.row_number,
        practice_identifier: practice.identifier,
        input: practice.input,
        status: practice.status,
        error_message: practice.error,
        duplicate_of: practice.duplicate_of,
        final_payload: practice.final_payload,
        archived: true,
    }
}
