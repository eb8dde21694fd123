//! The daemon, as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail};

/// Ends with the demo, whatever becomes of that.
pub(super) struct Daemon {
    child: Child,
    pub(super) address: String,
}

impl Daemon {
    pub(super) fn start(config: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .arg("--config")
            .arg(config)
            .stdout(Stdio::piped())
            .spawn()
            .context("the daemon cannot be started")?;
        let stdout = child.stdout.take().context("the daemon's output cannot be read")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        match line.trim().strip_prefix("listening on ") {
            Some(address) => Ok(Self {
                address: address.to_owned(),
                child,
            }),
            None => {
                child.wait()?;
                bail!("the daemon did not come up");
            }
        }
    }

    /// Lets the daemon drain.
    pub(super) fn end(&mut self) -> anyhow::Result<()> {
        let pid = self.child.id().to_string();
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .context("the daemon cannot be told to stop")?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It has ended already, or the demo failed and must not leave it behind.
        let _ = self.child.kill();
    }
}
