//! PostgreSQL from the system's binaries: a private cluster on a temporary directory, gone when the tests are.

use std::fs;
use std::io::{Read, Seek};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// Whether the server's binaries are there.
pub fn available() -> bool {
    binaries().is_some()
}

/// Whether a group of tests can run; if not it says so, or fails where a skip is not accepted.
pub fn require_or_skip(group: &str) -> bool {
    if available() {
        return true;
    }
    super::skip(group, "no PostgreSQL");
    false
}

/// A database of its own on the cluster that all tests of this binary share; dropped with this value.
pub fn create_database() -> TestDatabase {
    shared().create_database()
}

fn shared() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(|| Cluster::start(Durability::Relaxed))
}

/// Whether the cluster survives a power cut; tests seldom mean one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// No fsync: fast.
    Relaxed,
    /// As in production.
    Full,
}

/// A running PostgreSQL.
pub struct Cluster {
    // First, so that the server ends before its directory does.
    _watchdog: Watchdog,
    directory: TempDir,
    port: u16,
    account: Option<Account>,
}

impl Cluster {
    /// Makes and starts a cluster.
    pub fn start(durability: Durability) -> Self {
        let directory = tempfile::Builder::new().prefix("batchdesk-pg-").tempdir().unwrap();
        let account = Account::unprivileged();
        if let Some(account) = &account {
            chown(directory.path(), Some(account.uid), Some(account.gid)).unwrap();
        }
        let mut cluster = Self {
            _watchdog: Watchdog::start(directory.path(), account.as_ref()),
            directory,
            port: 0,
            account,
        };
        cluster.initialise(durability);
        // Someone else may take the port between the moment it is found free and the start.
        for attempt in 1.. {
            cluster.port = free_port();
            match cluster.pg_ctl_start() {
                Ok(()) => break,
                Err(reason) => assert!(attempt < 5, "{reason}"),
            }
        }
        cluster
    }

    /// Stops it: every connection is closed, every transaction rolled back.
    pub fn stop(&self) {
        self.pg_ctl(&["-m", "fast", "stop"]).unwrap();
    }

    /// Ends it as a crash would: it recovers from its log at the next start.
    pub fn crash(&self) {
        self.pg_ctl(&["-m", "immediate", "stop"]).unwrap();
    }

    /// Starts it again after [`stop`](Self::stop) or [`crash`](Self::crash), on the same port.
    pub fn start_again(&self) {
        self.pg_ctl_start().unwrap();
    }

    /// Stops it and starts it again.
    pub fn restart(&self) {
        self.stop();
        self.start_again();
    }

    /// A new empty database.
    pub fn create_database(&self) -> TestDatabase {
        let name = new_name();
        run(&mut self.psql(&format!("CREATE DATABASE {name}"))).unwrap();
        self.database(name)
    }

    fn database(&self, name: String) -> TestDatabase {
        TestDatabase {
            url: format!("postgres://postgres@127.0.0.1:{}/{name}", self.port),
            drop: self.psql(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")),
            name,
        }
    }

    fn initialise(&self, durability: Durability) {
        let mut initdb = self.command("initdb");
        initdb.args([
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "-D",
        ]);
        run(initdb.arg(self.data())).unwrap();
        let mut settings = format!(
            "listen_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\nmax_connections = 300\n\
             shared_buffers = '64MB'\n",
            self.directory.path().display()
        );
        if durability == Durability::Relaxed {
            settings.push_str("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n");
        }
        fs::write(self.data().join("postgresql.auto.conf"), settings).unwrap();
    }

    fn pg_ctl_start(&self) -> Result<(), String> {
        let log = self.directory.path().join("log");
        let port = format!("-p {}", self.port);
        self.pg_ctl(&["-t", "60", "-l", log.to_str().unwrap(), "-o", &port, "start"])
            .map_err(|reason| format!("{reason}\n{}", fs::read_to_string(&log).unwrap_or_default()))
    }

    fn pg_ctl(&self, arguments: &[&str]) -> Result<(), String> {
        run(self
            .command("pg_ctl")
            .arg("-w")
            .arg("-D")
            .arg(self.data())
            .args(arguments))
    }

    fn psql(&self, sql: &str) -> Command {
        let mut psql = self.command("psql");
        psql.args([
            "-X",
            "-q",
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
            "-d",
            "postgres",
            "-c",
            sql,
            "-p",
        ]);
        psql.arg(self.port.to_string());
        psql
    }

    fn command(&self, program: &str) -> Command {
        let program = binaries().expect("PostgreSQL is there").join(program);
        command(&program, self.directory.path(), self.account.as_ref())
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }
}

fn new_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Runs to the end; what it says goes to a file, as a server that it starts would keep a pipe open for ever.
fn run(command: &mut Command) -> Result<(), String> {
    let mut said = tempfile::tempfile().unwrap();
    let status = command
        .stdout(said.try_clone().unwrap())
        .stderr(said.try_clone().unwrap())
        .status()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() {
        return Ok(());
    }
    let mut text = String::new();
    said.rewind().unwrap();
    said.read_to_string(&mut text).unwrap();
    Err(format!("{command:?}: {status}\n{text}"))
}

/// An empty database, dropped with this value.
pub struct TestDatabase {
    /// What goes into `database.url`.
    pub url: String,
    name: String,
    drop: Command,
}

impl TestDatabase {
    /// A database with all that is in this one, to which nobody may be connected. Both are on the shared cluster.
    pub fn copy(&self) -> Self {
        let name = new_name();
        run(&mut shared().psql(&format!("CREATE DATABASE {name} TEMPLATE {}", self.name))).unwrap();
        shared().database(name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // It may be that the cluster is stopped; then the database goes with it.
        let _ = run(&mut self.drop);
    }
}

/// Stops the cluster when this process is gone, however it went: a shell that waits for the pipe between them to
/// close. Values in statics are never dropped, and a killed process drops nothing.
struct Watchdog {
    shell: Child,
}

impl Watchdog {
    fn start(directory: &Path, account: Option<&Account>) -> Self {
        let script = r#"read -r _; "$1" -D "$2/data" -m immediate -w stop; rm -rf "$2""#;
        let shell = command(Path::new("sh"), directory, account)
            .args(["-c", script, "sh"])
            .arg(binaries().expect("PostgreSQL is there").join("pg_ctl"))
            .arg(directory)
            // Out of reach of the Ctrl-C that ends the tests.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { shell }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// Whom the server runs as; it refuses to run as root.
struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// `None` where this process is not root and so can be the server's user itself.
    fn unprivileged() -> Option<Self> {
        if fs::metadata("/proc/self").unwrap().uid() != 0 {
            return None;
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap();
        let account = ["postgres", "nobody"].iter().find_map(|name| {
            passwd.lines().find_map(|line| {
                let fields: Vec<&str> = line.split(':').collect();
                let is_it = fields.len() > 3 && fields[0] == *name;
                is_it.then(|| Self {
                    uid: fields[2].parse().unwrap(),
                    gid: fields[3].parse().unwrap(),
                })
            })
        });
        Some(account.expect("an account that PostgreSQL can run as"))
    }
}

fn command(program: &Path, directory: &Path, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory).stdin(Stdio::null()).env("LC_ALL", "C");
    for variable in [
        "PGDATA",
        "PGHOST",
        "PGPORT",
        "PGUSER",
        "PGDATABASE",
        "PGSERVICE",
        "PGOPTIONS",
    ] {
        command.env_remove(variable);
    }
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Where `initdb` and the rest are: Debian keeps them out of the PATH, by version.
fn binaries() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOUND
        .get_or_init(|| {
            let by_version = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
            let mut versions: Vec<(u32, PathBuf)> = by_version
                .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
                .collect();
            versions.sort();
            let newest_first = versions.into_iter().rev().map(|(_, path)| path);
            newest_first
                .chain(from_pg_config())
                .find(|path| path.join("initdb").is_file())
        })
        .as_deref()
}

fn from_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(path.trim()))
}
