//! Lists that were sent for a preview are kept for an hour: their rows, and the files of the same age.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use chrono::Utc;

use super::desk::{Desk, Fault};
use crate::store::write::ForgetPreviews;

/// Lists that are forgotten at a time.
const AT_ONCE: u64 = 500;
/// Age at which a file is nobody's: longer than any list is kept, so that a row never outlives its file.
const STALE: Duration = Duration::from_secs(2 * 3_600);

pub(super) async fn forget(desk: &Desk) -> Result<(), Fault> {
    while desk.goes_on() {
        let ids = desk.engine.reader.expired_lists(Utc::now(), AT_ONCE).await?;
        if ids.is_empty() {
            break;
        }
        desk.write(ForgetPreviews { ids }).await?;
    }
    let directory = desk.engine.settings().data_dir.join("imports");
    let swept = tokio::task::spawn_blocking(move || sweep(directory)).await;
    swept.map_err(|error| Fault::Panicked(error.to_string()))??;
    Ok(())
}

/// Deletes what no preview can name any more, also what a crash left without a row.
fn sweep(directory: PathBuf) -> std::io::Result<()> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let now = SystemTime::now();
    for entry in entries {
        match sweep_one(&entry?, now) {
            // Whoever sent it has taken it back meanwhile.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            swept => swept?,
        }
    }
    Ok(())
}

fn sweep_one(entry: &std::fs::DirEntry, now: SystemTime) -> std::io::Result<()> {
    let metadata = entry.metadata()?;
    let stale = now.duration_since(metadata.modified()?).is_ok_and(|age| age > STALE);
    if metadata.is_file() && stale {
        std::fs::remove_file(entry.path())?;
    }
    Ok(())
}
