//! Writing the result: beside its place first, then into it, so that it is there as a whole or not at all.

use std::path::Path;
use std::pin::pin;

use anyhow::Context as _;
use futures_util::StreamExt as _;
use tempfile::TempPath;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::files::{Files, directory_of};
use crate::actors::Export;

/// Writes the export to the run's result. What is there is replaced; dropped half way, nothing is left.
///
/// # Errors
/// Where the database cannot be read or the file not be written.
pub async fn write(export: Export, files: &Files) -> anyhow::Result<()> {
    let unwritten = || format!("{} could not be written", files.output.display());
    let file = File::create(&files.part).await.with_context(unwritten)?;
    let part = TempPath::try_from_path(&files.part)?;
    write_pieces(export, file).await.with_context(unwritten)?;
    let output = files.output.clone();
    tokio::task::spawn_blocking(move || put_in_place(part, &output))
        .await?
        .with_context(unwritten)
}

async fn write_pieces(export: Export, mut file: File) -> anyhow::Result<()> {
    let mut pieces = pin!(export.pieces());
    while let Some(piece) = pieces.next().await {
        file.write_all(&piece?).await?;
    }
    file.flush().await?;
    Ok(file.sync_all().await?)
}

fn put_in_place(part: TempPath, output: &Path) -> anyhow::Result<()> {
    part.persist(output)?;
    // The name is on the disk only once its directory is.
    Ok(std::fs::File::open(directory_of(output))?.sync_all()?)
}
