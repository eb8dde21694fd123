//! The real daemon as a process of its own, on a temporary directory and a free port.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use toml::Table;

use super::api::Api;

const READY_WITHIN: Duration = Duration::from_secs(30);
const ENDED_WITHIN: Duration = Duration::from_secs(60);
const LOG_TAIL_LINES: usize = 200;

/// Which database the daemon works on.
#[derive(Clone, Debug, Default)]
pub enum Db {
    /// A file in its data directory.
    #[default]
    Sqlite,
    /// A PostgreSQL database by URL.
    Postgres(String),
}

/// How to start a daemon.
#[derive(Clone, Debug, Default)]
pub struct DaemonOptions {
    /// The database.
    pub database: Db,
    /// Settings in TOML that are added to those of the harness and win over them.
    pub config_toml_extra: String,
    /// An existing data directory; a temporary one if `None`.
    pub data_dir: Option<PathBuf>,
    /// Environment variables beside the few that every process needs.
    pub env: Vec<(String, String)>,
}

/// A daemon process, killed when this is dropped.
pub struct Daemon {
    options: DaemonOptions,
    directory: TempDir,
    data_dir: PathBuf,
    process: Child,
    announced: Receiver<String>,
    base_url: String,
}

impl Daemon {
    /// Starts a daemon and waits until it is ready.
    pub fn start(options: DaemonOptions) -> Self {
        let mut daemon = Self::spawn(options);
        daemon.wait_ready();
        daemon
    }

    /// Starts a daemon that need not get ready: one that stands by, or that will refuse its configuration.
    pub fn spawn(options: DaemonOptions) -> Self {
        let directory = tempfile::Builder::new().prefix("batchdesk-").tempdir().unwrap();
        let data_dir = options
            .data_dir
            .clone()
            .unwrap_or_else(|| directory.path().join("data"));
        fs::create_dir_all(&data_dir).unwrap();
        let config = directory.path().join("config.toml");
        fs::write(&config, config_toml(&options, &data_dir)).unwrap();
        let (process, announced) = launch(&config, &directory.path().join("log"), &options.env);
        Self {
            options,
            directory,
            data_dir,
            process,
            announced,
            base_url: String::new(),
        }
    }

    /// Waits until it says that it is ready. Nothing else here polls.
    pub fn wait_ready(&mut self) {
        let deadline = Instant::now() + READY_WITHIN;
        self.base_url = self.announced_url(deadline);
        while !answers_ready(self.base_url.trim_start_matches("http://")) {
            if let Some(status) = self.process.try_wait().unwrap() {
                self.give_up(&format!("ended before it was ready: {status}"));
            }
            if Instant::now() > deadline {
                self.give_up("did not get ready in time");
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn announced_url(&mut self, deadline: Instant) -> String {
        match self
            .announced
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            Ok(url) => url,
            Err(RecvTimeoutError::Timeout) => self.give_up("did not say where it listens"),
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.process.wait().unwrap();
                self.give_up(&format!("ended before it listened: {status}"))
            }
        }
    }

    fn give_up(&self, what: &str) -> ! {
        // The log itself is printed when this is dropped by the panic.
        panic!("the daemon {what}");
    }

    /// `http://127.0.0.1:PORT`. The port is another after a restart.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// A client of this daemon.
    pub fn api(&self, token: &str) -> Api {
        Api::new(&self.base_url, token)
    }

    /// Where its data are.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// What goes into `database.url`.
    pub fn database_url(&self) -> String {
        database_url(&self.options.database, &self.data_dir)
    }

    /// Its configuration file, to be changed before a reload.
    pub fn config_path(&self) -> PathBuf {
        self.directory.path().join("config.toml")
    }

    /// Writes the configuration anew with other extra settings; it counts from the next reload or restart.
    pub fn rewrite_config(&mut self, config_toml_extra: &str) {
        self.options.config_toml_extra = config_toml_extra.to_owned();
        fs::write(self.config_path(), config_toml(&self.options, &self.data_dir)).unwrap();
    }

    /// All that it has written to stdout and stderr, also before a restart.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.directory.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Memory in use, in bytes.
    pub fn rss_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").trim().parse().unwrap();
        kilobytes * 1024
    }

    /// Sends a signal by its name, such as `HUP`.
    pub fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.pid());
        let status = Command::new("sh").args(["-c", &command]).status().unwrap();
        assert!(status.success(), "{command}: {status}");
    }

    /// Ends it at once, as a crash would.
    pub fn kill9(&mut self) -> ExitStatus {
        let _ = self.process.kill();
        self.wait_exit()
    }

    /// Asks it to end and waits until it has.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait_exit()
    }

    /// Waits until it has ended; fails if it does not.
    pub fn wait_exit(&mut self) -> ExitStatus {
        self.exit_within(ENDED_WITHIN)
            .unwrap_or_else(|| self.give_up("did not end in time"))
    }

    /// Waits until it has ended, or for so long.
    pub fn exit_within(&mut self, time: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + time;
        // The sender lives for as long as the process has its stdout open.
        loop {
            match self
                .announced
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => return Some(self.process.wait().unwrap()),
            }
        }
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    /// Starts it again with the same directory and configuration and waits until it is ready. One that still runs
    /// is asked to end first.
    pub fn restart(&mut self) {
        if self.is_running() {
            self.terminate();
        }
        let log = self.directory.path().join("log");
        (self.process, self.announced) = launch(&self.config_path(), &log, &self.options.env);
        self.wait_ready();
    }

    /// Starts it again with other environment variables, without waiting.
    pub fn spawn_again(&mut self, env: Vec<(String, String)>) {
        if self.is_running() {
            self.terminate();
        }
        self.options.env = env;
        let log = self.directory.path().join("log");
        (self.process, self.announced) = launch(&self.config_path(), &log, &self.options.env);
    }

    /// Waits until it is ready, or has ended before it was; tells which.
    pub fn ready_or_ended(&mut self) -> bool {
        let deadline = Instant::now() + READY_WITHIN;
        match self.announced.recv_timeout(READY_WITHIN) {
            Ok(url) => self.base_url = url,
            Err(RecvTimeoutError::Timeout) => self.give_up("did not say where it listens"),
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        while !answers_ready(self.base_url.trim_start_matches("http://")) {
            if !self.is_running() {
                return false;
            }
            if Instant::now() > deadline {
                self.give_up("did not get ready in time");
            }
            thread::sleep(Duration::from_millis(5));
        }
        true
    }

    /// A token of a new user with this role in the organisation `Example`.
    pub fn token(&self, role: &str) -> String {
        self.token_in("Example", role)
    }

    /// A token of a new user with this role in an organisation.
    pub fn token_in(&self, organisation: &str, role: &str) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let email = format!("{role}-{}@example.test", NEXT.fetch_add(1, Ordering::Relaxed));
        self.command_line(
            &[
                "user",
                "add",
                "--email",
                &email,
                "--role",
                role,
                "--organisation",
                organisation,
                "--password-stdin",
            ],
            "correct horse battery staple\n",
        );
        let token = self.command_line(&["token", "create", "--email", &email, "--name", "tests"], "");
        token.trim().to_owned()
    }

    /// Runs another command of the program on this daemon's configuration and gives what it printed.
    pub fn command_line(&self, arguments: &[&str], stdin: &str) -> String {
        let mut command = program(&self.options.env);
        let mut process = command
            .args(arguments)
            .arg("--config")
            .arg(self.config_path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that does not read its input may be gone by now.
        let _ = process.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = process.wait_with_output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {}\n{complaint}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n");
            eprintln!("--- the daemon's log ---\n{tail}\n--- end of the daemon's log ---");
        }
    }
}

/// The program with nothing of the surroundings that could change what it does.
pub(super) fn program(env: &[(String, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_batchdesk"));
    command.env_clear();
    for kept in ["PATH", "HOME", "TMPDIR", "RUST_BACKTRACE", "RUST_LOG"] {
        if let Some(value) = env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command.envs(env.iter().map(|(name, value)| (name, value)));
    command
}

/// Starts the daemon; the receiver gets the address that it announces, or is closed when the daemon ends before.
fn launch(config: &Path, log: &Path, env: &[(String, String)]) -> (Child, Receiver<String>) {
    let mut log = File::options().create(true).append(true).open(log).unwrap();
    let mut process = program(env)
        .arg("serve")
        .arg("--config")
        .arg(config)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log.try_clone().unwrap())
        .spawn()
        .unwrap();
    let stdout = process.stdout.take().unwrap();
    let (announce, announced) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(url) = line.strip_prefix("listening on ") {
                let _ = announce.send(url.trim().to_owned());
            }
            let _ = writeln!(log, "{line}");
        }
    });
    (process, announced)
}

/// One request over a socket of its own: this must work in a test of any runtime, and in one of none.
fn answers_ready(address: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(
            stream,
            "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut start = [0; 12];
        stream.read_exact(&mut start)?;
        Ok(&start == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

fn database_url(database: &Db, data_dir: &Path) -> String {
    match database {
        Db::Sqlite => format!("sqlite://{}/batchdesk.db?mode=rwc", data_dir.display()),
        Db::Postgres(url) => url.clone(),
    }
}

/// The harness's settings (loopback allowed, no politeness, fast retries) under the extra ones.
fn config_toml(options: &DaemonOptions, data_dir: &Path) -> String {
    let base = format!(
        "data_dir = {:?}\ndatabase.url = {:?}\nhttp.listen = '127.0.0.1:0'\nnetwork.allow_cidrs = ['127.0.0.0/8']\n\
         retry.base_ms = 20\nscrape.host_delay_ms = 0\nscrape.host_concurrency = 64\n",
        data_dir.display().to_string(),
        database_url(&options.database, data_dir),
    );
    let mut settings: Table = toml::from_str(&base).unwrap();
    merge(&mut settings, toml::from_str(&options.config_toml_extra).unwrap());
    let (sections, single): (Vec<_>, Vec<_>) = settings.iter().partition(|(_, value)| value.is_table());
    let mut text: String = single
        .iter()
        .map(|(key, value)| format!("{key} = {}\n", inline(value)))
        .collect();
    for (name, section) in sections {
        text.push_str(&format!("\n[{name}]\n"));
        for (key, value) in section.as_table().into_iter().flatten() {
            text.push_str(&format!("{key} = {}\n", inline(value)));
        }
    }
    text
}

fn merge(settings: &mut Table, extra: Table) {
    for (key, value) in extra {
        match (settings.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => merge(under, over),
            (_, value) => {
                settings.insert(key, value);
            }
        }
    }
}

/// A value as TOML on one line. JSON and TOML write strings, numbers and booleans alike.
fn inline(value: &toml::Value) -> String {
    match value {
        toml::Value::Table(table) => {
            let pairs = table.iter().map(|(key, value)| format!("{key:?} = {}", inline(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        toml::Value::Array(values) => format!("[{}]", values.iter().map(inline).collect::<Vec<_>>().join(", ")),
        other => serde_json::to_string(other).unwrap(),
    }
}
