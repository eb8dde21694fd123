//! From a job's rows to a file, in pieces: keyset pages in short transactions, at constant memory.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use entity::enrichment_jobs;
use futures_util::{Stream, future, stream};
use sea_orm::DbErr;
use serde_json::Value;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::archive_files::ArchiveFiles;
use super::export_rows::ExportRows;
use crate::exchange::archive::ArchiveFault;
use crate::exchange::write::{ExportRow, Format, RowWriter, WorkbookFault, Writer, Xlsx, XlsxRows};
use crate::model::practice::PracticeStatus;
use crate::store::read::{ExportItem, Reader};

/// Bytes of a spooled file that are sent at a time.
const PIECE_BYTES: usize = 128 * 1024;

/// Workbooks that are built at a time. Each keeps a thread busy and takes several times its size on disk.
const WORKBOOKS: usize = 2;

/// Why an export broke off.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error("the export could not be encoded: {0}")]
    Encoding(#[from] io::Error),
    /// The archive is missing or damaged.
    #[error("the archive {} {fault}", file.display())]
    Archive { file: PathBuf, fault: ArchiveFault },
    #[error(transparent)]
    Workbook(#[from] WorkbookFault),
    #[error("the export was given up: {0}")]
    GivenUp(String),
}

/// Where exports keep what cannot be sent yet. One a daemon, shared by all exports, so that it knows how many do so.
#[derive(Clone, Debug)]
pub struct ExportSpool {
    directory: Arc<Path>,
    workbooks: Arc<Semaphore>,
}

impl ExportSpool {
    /// A spool in a directory that is there. Its files have no names and are gone with the export or the process.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self {
            directory: directory.into(),
            workbooks: Arc::new(Semaphore::new(WORKBOOKS)),
        }
    }
}

/// A job's list with what was found, in the order of the list.
pub struct Export {
    rows: ExportRows,
    headers: Vec<String>,
    spool: ExportSpool,
    state: State,
}

/// How far an export has come.
enum State {
    Begun(Format),
    /// Rows are sent as they are read.
    Streaming(Box<dyn RowWriter>),
    /// The file is whole and is sent.
    Sending(File),
    Done,
}

impl Export {
    /// All practices of the job, or those of one status; from its archive where it has one.
    ///
    /// # Errors
    /// Where the archive is missing or damaged.
    pub async fn open(
        reader: Reader,
        archives: ArchiveFiles,
        job: enrichment_jobs::Model,
        status: Option<PracticeStatus>,
        format: Format,
        spool: ExportSpool,
    ) -> Result<Self, ExportError> {
        Ok(Self {
            headers: serde_json::from_value(job.headers.clone()).unwrap_or_default(),
            rows: ExportRows::open(reader, archives, job, status).await?,
            spool,
            state: State::Begun(format),
        })
    }

    /// The file in pieces. An error is the last of them. A format that is whole only at its end has its first piece then.
    pub fn pieces(self) -> impl Stream<Item = Result<Vec<u8>, ExportError>> {
        stream::try_unfold(self, |mut export| async move {
            let piece = export.piece().await?;
            Ok(piece.map(|piece| (piece, export)))
        })
    }

    async fn piece(&mut self) -> Result<Option<Vec<u8>>, ExportError> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Begun(format) => match format.writer() {
                Writer::Streamed(mut writer) => {
                    let mut out = Vec::new();
                    writer.header(&self.headers, &mut out)?;
                    self.stream_page(writer, out).await.map(Some)
                }
                Writer::Spooled(xlsx) => {
                    let file = self.build(xlsx).await?;
                    self.send(file).await
                }
            },
            State::Streaming(writer) => self.stream_page(writer, Vec::new()).await.map(Some),
            State::Sending(file) => self.send(file).await,
            State::Done => Ok(None),
        }
    }

    async fn stream_page(&mut self, mut writer: Box<dyn RowWriter>, mut out: Vec<u8>) -> Result<Vec<u8>, ExportError> {
        let items = self.rows.next().await?;
        if items.is_empty() {
            writer.finish(&mut out)?;
            return Ok(out);
        }
        for item in &items {
            let cells = cells(item);
            writer.row(&export_row(item, &cells), &mut out)?;
        }
        self.state = State::Streaming(writer);
        Ok(out)
    }

    /// The whole file, written while the next page is read.
    async fn build(&mut self, xlsx: Xlsx) -> Result<File, ExportError> {
        let place = Arc::clone(&self.spool.workbooks)
            .acquire_owned()
            .await
            .map_err(|error| ExportError::GivenUp(error.to_string()))?;
        let (spool, headers) = (Arc::clone(&self.spool.directory), std::mem::take(&mut self.headers));
        let begin = move || {
            let rows = xlsx.begin(&spool, &headers)?;
            Ok(Building { rows, place })
        };
        let mut building = blocking(begin).await?;
        let mut items = self.rows.next().await?;
        while !items.is_empty() {
            let written = blocking(move || building.append(&items));
            let (written, next) = future::join(written, self.rows.next()).await;
            (building, items) = (written?, next?);
        }
        let file = blocking(move || building.finish()).await?;
        Ok(File::from_std(file))
    }

    async fn send(&mut self, mut file: File) -> Result<Option<Vec<u8>>, ExportError> {
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        if file.read_buf(&mut piece).await.map_err(WorkbookFault::Spool)? == 0 {
            return Ok(None);
        }
        self.state = State::Sending(file);
        Ok(Some(piece))
    }
}

/// A workbook under way. Its place is free when it is done or given up, not when nobody waits for it any more.
struct Building {
    rows: XlsxRows,
    place: OwnedSemaphorePermit,
}

impl Building {
    fn append(mut self, items: &[ExportItem]) -> Result<Self, WorkbookFault> {
        for item in items {
            let cells = cells(item);
            self.rows.row(&export_row(item, &cells))?;
        }
        Ok(self)
    }

    fn finish(self) -> Result<std::fs::File, WorkbookFault> {
        let finished = self.rows.finish();
        drop(self.place);
        finished
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WorkbookFault> + Send + 'static,
) -> Result<T, ExportError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| ExportError::GivenUp(error.to_string()))??)
}

fn cells(item: &ExportItem) -> Vec<String> {
    let cells = item
        .input
        .as_ref()
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    cells
        .iter()
        .map(|cell| cell.as_str().unwrap_or_default().to_owned())
        .collect()
}

fn export_row<'a>(item: &'a ExportItem, cells: &'a [String]) -> ExportRow<'a> {
    ExportRow {
        row_number: u64::try_from(item.row_number).unwrap_or_default(),
        identifier: &item.practice_identifier,
        cells,
        status: &item.status,
        error: item.error_message.as_deref(),
        duplicate_of: item.duplicate_of.and_then(|row| u64::try_from(row).ok()),
        final_payload: item.final_payload.as_ref(),
    }
}
