//! Commands of the program as processes of their own, in a directory of their own.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::daemon::program;

const ENDED_WITHIN: Duration = Duration::from_secs(120);

/// A directory, and the environment of the commands that run in it.
pub struct Place {
    directory: TempDir,
    env: Vec<(String, String)>,
}

impl Place {
    /// Loopback allowed, no politeness, fast retries.
    pub fn new() -> Self {
        let env = [
            ("NETWORK__ALLOW_CIDRS", "127.0.0.0/8"),
            ("RETRY__BASE_MS", "20"),
            ("SCRAPE__HOST_DELAY_MS", "0"),
            ("SCRAPE__HOST_CONCURRENCY", "64"),
        ];
        let env = env.map(|(name, value)| (format!("BATCHDESK__{name}"), value.to_owned()));
        Self {
            directory: tempfile::Builder::new().prefix("batchdesk-").tempdir().unwrap(),
            env: env.to_vec(),
        }
    }

    /// With one setting more.
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.env.push((format!("BATCHDESK__{name}"), value.to_string()));
        self
    }

    /// A file in the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// What a file holds.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names of all files whose names begin like this, in order.
    pub fn names(&self, prefix: &str) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with(prefix))
            .collect();
        names.sort();
        names
    }

    /// Starts a command.
    pub fn start(&self, arguments: &[&str]) -> Running {
        self.start_with(arguments, "")
    }

    /// Starts a command with this on its standard input.
    pub fn start_with(&self, arguments: &[&str], stdin: &str) -> Running {
        Running::start(
            program(&self.env).args(arguments).current_dir(self.directory.path()),
            stdin,
        )
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Done {
        self.start(arguments).end().await
    }
}

/// A command that runs, killed when this is dropped.
pub struct Running {
    process: Child,
    stdout: Option<JoinHandle<String>>,
    said: UnboundedReceiver<String>,
    stderr: String,
}

impl Running {
    fn start(command: &mut Command, stdin: &str) -> Self {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that does not read its input may be gone by now.
        let _ = process.stdin.take().unwrap().write_all(stdin.as_bytes());
        let (mut out, err) = (process.stdout.take().unwrap(), process.stderr.take().unwrap());
        let stdout = thread::spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).unwrap();
            text
        });
        let (say, said) = mpsc::unbounded_channel();
        thread::spawn(move || {
            for line in BufReader::new(err).lines().map_while(Result::ok) {
                let _ = say.send(line);
            }
        });
        Self {
            process,
            stdout: Some(stdout),
            said,
            stderr: String::new(),
        }
    }

    /// Waits until it has said this on standard error.
    pub async fn until_it_says(&mut self, text: &str) {
        while let Some(line) = self.next_line().await {
            if line.contains(text) {
                return;
            }
        }
        panic!("it ended without saying '{text}':\n{}", self.stderr);
    }

    async fn next_line(&mut self) -> Option<String> {
        let line = tokio::time::timeout(ENDED_WITHIN, self.said.recv()).await;
        let line = line.unwrap_or_else(|_| panic!("neither a word nor an end; so far:\n{}", self.stderr))?;
        self.stderr.push_str(&line);
        self.stderr.push('\n');
        Some(line)
    }

    /// Sends a signal by its name, such as `INT`.
    pub fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.process.id());
        let status = Command::new("sh").args(["-c", &command]).status().unwrap();
        assert!(status.success(), "{command}: {status}");
    }

    /// Waits until it has ended.
    pub async fn end(mut self) -> Done {
        // The line ends are the process's own: no more of them means that it is about to be gone.
        while self.next_line().await.is_some() {}
        let status = self.process.wait().unwrap();
        let stdout = self.stdout.take().unwrap().join().unwrap();
        Done {
            status,
            stdout,
            stderr: std::mem::take(&mut self.stderr),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A command that has ended.
#[derive(Debug)]
pub struct Done {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    /// Itself if it ended with this status; fails with what it said otherwise.
    pub fn expect(self, code: i32) -> Self {
        let Self { status, stdout, stderr } = &self;
        assert_eq!(status.code(), Some(code), "stdout:\n{stdout}\nstderr:\n{stderr}");
        self
    }

    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Fails unless standard error has all of this.
    pub fn says(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.stderr.contains(text), "no '{text}' in:\n{}", self.stderr);
        }
    }
}

/// Rows of a query on a copy of a SQLite database, taken as a crash would leave it: one number each.
pub async fn numbers(database: &Path, sql: &str) -> Vec<i64> {
    use sea_orm::{ConnectionTrait as _, Statement};
    let copy = tempfile::tempdir().unwrap();
    for ending in ["", "-wal"] {
        let from = format!("{}{ending}", database.display());
        if fs::exists(&from).unwrap() {
            fs::copy(&from, copy.path().join(format!("copy{ending}"))).unwrap();
        }
    }
    let url = format!("sqlite://{}", copy.path().join("copy").display());
    let db = sea_orm::Database::connect(url).await.unwrap();
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .unwrap();
    let numbers = rows.iter().map(|row| row.try_get_by::<i64, _>(0).unwrap()).collect();
    db.close().await.unwrap();
    numbers
}
