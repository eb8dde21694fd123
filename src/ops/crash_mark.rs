//! Tells at the next start how the last process ended: by itself, or killed from outside.
//!
//! A stack overflow, a panic within a panic and a failed allocation all end in `abort`, and so may be the doing of an
//! item that was in flight. A kill, a power cut or a stop of the machine is not. Only the first leaves this mark.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use signal_hook::SigId;
use signal_hook::consts::SIGABRT;
use signal_hook::low_level;

const RUNNING: &[u8] = b"0";
const ABORTED: &[u8] = b"1";

/// While it lives, an abort of this process is recorded.
#[derive(Debug)]
pub struct CrashMark {
    handler: SigId,
}

impl CrashMark {
    /// What a daemon calls the file, in its data directory.
    pub const FILE: &str = "aborted";

    /// Records an abort of this process in the file `path`, whose directory must exist. Forgets the last process: call
    /// [`read`](Self::read) first.
    ///
    /// # Errors
    /// When the file cannot be created, or the signal not be handled.
    pub fn arm(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        // The byte is there from the start, so that recording needs no space on a full disk.
        file.write_all_at(RUNNING, 0)?;
        Ok(Self {
            handler: record_abort_in(file)?,
        })
    }

    /// Whether the process before this one ended by itself. The mark stands until [`arm`](Self::arm).
    ///
    /// # Errors
    /// When the file is there but cannot be read.
    pub fn read(path: &Path) -> io::Result<bool> {
        let mark = match std::fs::read(path) {
            Ok(mark) => mark,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        Ok(mark == ABORTED)
    }
}

impl Drop for CrashMark {
    fn drop(&mut self) {
        low_level::unregister(self.handler);
    }
}

#[allow(unsafe_code)]
fn record_abort_in(file: File) -> io::Result<SigId> {
    let record = move || {
        // Nothing can be done about a failure here; the abort goes on when this returns.
        let _ = file.write_at(ABORTED, 0);
    };
    // SAFETY: `record` runs inside a signal handler and may do only what is async-signal-safe. It makes one pwrite(2)
    // on a descriptor that was opened before, and neither locks, allocates nor panics; `write_at` adds a read of errno.
    unsafe { low_level::register(SIGABRT, record) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};

    use super::*;

    const ROLE: &str = "CRASH_MARK_TEST_ROLE";
    const PATH: &str = "CRASH_MARK_TEST_PATH";

    /// Ends this process as the environment says; in an ordinary test run it says nothing.
    #[test]
    fn ending() {
        let Ok(role) = std::env::var(ROLE) else { return };
        let path = std::path::PathBuf::from(std::env::var_os(PATH).unwrap());
        let mark = CrashMark::arm(&path).unwrap();
        match role.as_str() {
            "abort" => std::process::abort(),
            "overflow" => assert!(overflow(1) > 0),
            "double panic" => {
                struct PanicsAgain;
                impl Drop for PanicsAgain {
                    fn drop(&mut self) {
                        panic!("again");
                    }
                }
                let _again = PanicsAgain;
                panic!("once");
            }
            "allocation" => std::alloc::handle_alloc_error(std::alloc::Layout::new::<u64>()),
            "kill" => low_level::raise(signal_hook::consts::SIGKILL).unwrap(),
            "abort after the end" => {
                drop(mark);
                std::process::abort();
            }
            _ => drop(mark),
        }
    }

    #[allow(unconditional_recursion)]
    fn overflow(depth: u64) -> u64 {
        let frame = std::hint::black_box([depth; 64]);
        overflow(depth + 1) + frame[0]
    }

    /// The signal that ended the child, and what it left.
    fn after(role: &str) -> (Option<i32>, bool) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(CrashMark::FILE);
        let status = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                &format!("{}::ending", module_path!().split_once("::").unwrap().1),
            ])
            .env(ROLE, role)
            .env(PATH, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        let marked = CrashMark::read(&path).unwrap();
        (status.signal(), marked)
    }

    #[test]
    fn what_ends_by_itself_leaves_the_mark_and_still_ends() {
        for role in ["abort", "overflow", "double panic", "allocation"] {
            assert_eq!(after(role), (Some(SIGABRT), true), "{role}");
        }
    }

    #[test]
    fn what_is_ended_from_outside_or_in_order_does_not() {
        assert_eq!(after("kill"), (Some(signal_hook::consts::SIGKILL), false));
        assert_eq!(after("in order"), (None, false));
        assert_eq!(after("abort after the end"), (Some(SIGABRT), false));
    }

    #[test]
    fn a_mark_does_not_outlive_a_new_start() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(CrashMark::FILE);
        std::fs::write(&path, ABORTED).unwrap();
        assert!(CrashMark::read(&path).unwrap());
        let mark = CrashMark::arm(&path).unwrap();
        drop(mark);
        assert!(!CrashMark::read(&path).unwrap());
    }

    #[test]
    fn a_mark_that_cannot_be_read_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        assert!(CrashMark::read(directory.path()).is_err());
        assert!(CrashMark::arm(&directory.path().join("nowhere/aborted")).is_err());
    }
}
