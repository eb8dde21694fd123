//! What `serve` and `run` bring up alike.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use crate::actors::{self, EngineHandle, authored};
use crate::ops::CrashMark;
use crate::settings::Settings;
use crate::store::Database;

/// A tree that is up.
pub struct Up {
    pub handle: EngineHandle,
    pub crash_mark: CrashMark,
}

/// Starts the tree on a database that this process owns and that has this version's schema. The file `mark` tells how
/// the process before this one ended;
/// `listens` is where callbacks can come to.
pub async fn bring_up(
    settings: &Arc<Settings>,
    database: &Database,
    mark: &Path,
    listens: Option<SocketAddr>,
) -> anyhow::Result<Up> {
    let aborted = CrashMark::read(mark)?;
    let authored = authored(&settings.workflows)?;
    let handle = actors::start(Arc::clone(settings), database, aborted, authored, None, listens).await?;
    // The mark of the process before this one stands until what it says has been written down.
    let crash_mark = CrashMark::arm(mark)?;
    Ok(Up { handle, crash_mark })
}

/// A panic that supervision turns into an exit is still worth a line of its own.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(
            location,
            "{}",
            panic.payload_as_str().unwrap_or("panic without a message")
        );
    }));
}
