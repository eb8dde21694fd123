//! `batchdesk openapi`: what the daemon serves at `/openapi.json`, without a daemon.

use std::io::Write as _;

/// Prints the description.
pub fn run() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &crate::http::openapi())?;
    writeln!(out)?;
    Ok(())
}
