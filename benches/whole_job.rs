//! The whole job through the real daemon, against pages of 20 KB on loopback: practices per second, the daemon's own
//! CPU time and memory, how soon it is ready, and how long one practice alone takes.
//!
//! `cargo bench --bench whole_job -- [--practices 20000]`. The pages come from nginx if there is one, else from a
//! simulator in this process, which then competes for the same cores.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark may stop at any surprise"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use batchdesk::simulators::load::{LoadSite, page};
use clap::Parser;
use reqwest::Client;
use serde_json::Value;

#[derive(Parser)]
struct Options {
    #[arg(long, default_value_t = 20_000)]
    practices: u64,
    /// A PostgreSQL database that may be filled; SQLite in a temporary directory if absent.
    #[arg(long)]
    database: Option<String>,
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(measure(&options));
}

async fn measure(options: &Options) {
    let directory = tempfile::tempdir().unwrap();
    let (pages, server) = serve_pages(directory.path()).await;
    println!("pages of {} bytes from {server}", page(0).len());
    let database = options
        .database
        .as_ref()
        .map(|url| format!("[database]\nurl = {url:?}\n"))
        .unwrap_or_default();
    let config = directory.path().join("config.toml");
    let text = format!(
        "data_dir = {:?}\n{database}[http]\nlisten = \"127.0.0.1:0\"\n[network]\nallow_cidrs = [\"127.0.0.0/8\"]\n\
         [scrape]\nmax_pages = 0\nhost_delay_ms = 0\nhost_concurrency = 64\nrespect_robots = false\n[log]\nlevel = \"warn\"\n",
        directory.path().join("data")
    );
    std::fs::write(&config, text).unwrap();
    let token = make_token(&config);
    let daemon = Daemon::start(&config).await;
    println!(
        "ready:                    {:>8.0} ms after the process began",
        daemon.ready_after.as_secs_f64() * 1e3
    );
    tokio::time::sleep(Duration::from_secs(2)).await;
    println!(
        "idle:                     {:>8.1} MB",
        daemon.memory("VmRSS") as f64 / 1e6
    );
    let api = Api {
        client: Client::new(),
        base: daemon.base.clone(),
        token,
    };

    let mut alone = Vec::new();
    for n in 0..15 {
        let job = api.upload(format!("website\n{}\n", pages.url(1_000_000 + n))).await;
        let accepted = Instant::now();
        api.wait(&job, Duration::from_micros(500)).await;
        alone.push(accepted.elapsed());
    }
    alone.sort_unstable();
    println!(
        "one practice alone:       {:>8.1} ms from accepted to aggregated (median)",
        alone[7].as_secs_f64() * 1e3
    );

    let mut csv = "website\n".to_owned();
    (0..options.practices).for_each(|n| csv.push_str(&format!("{}\n", pages.url(n))));
    let cpu = daemon.cpu_seconds();
    let started = Instant::now();
    let job = api.upload(csv).await;
    let accepted = started.elapsed();
    api.wait(&job, Duration::from_millis(20)).await;
    let elapsed = (started.elapsed() - accepted).as_secs_f64();
    let practices = options.practices as f64;
    println!(
        "upload:                   {:>8.0} rows/s",
        practices / accepted.as_secs_f64()
    );
    println!(
        "whole job:                {:>8.0} practices/s, {:.2} CPU-s of the daemon per 1,000, {:.0} MB at most",
        practices / elapsed,
        (daemon.cpu_seconds() - cpu) / practices * 1_000.0,
        daemon.memory("VmHWM") as f64 / 1e6
    );
}

/// Where the pages are.
enum Pages {
    Nginx(Child, u16),
    Simulator(LoadSite),
}

impl Pages {
    fn url(&self, n: u64) -> String {
        match self {
            Self::Nginx(_, port) => format!("http://127.0.0.1:{port}/p/{n}"),
            Self::Simulator(site) => site.practice_url(n),
        }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        if let Self::Nginx(child, _) = self {
            let _ = child.kill();
        }
    }
}

async fn serve_pages(directory: &Path) -> (Pages, &'static str) {
    let known = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].map(PathBuf::from);
    let Some(nginx) = known.into_iter().find(|path| path.is_file()) else {
        return (
            Pages::Simulator(LoadSite::start().await.unwrap()),
            "a simulator in this process",
        );
    };
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    std::fs::write(directory.join("page.html"), page(7)).unwrap();
    let config = directory.join("nginx.conf");
    let mut file = std::fs::File::create(&config).unwrap();
    writeln!(
        file,
        "daemon off; master_process off; worker_processes 1; pid {0}/nginx.pid; error_log {0}/error.log; events {{ worker_connections 1024; }}\n\
         http {{ access_log off; default_type text/html; keepalive_requests 1000000; client_body_temp_path {0}/a; \
         proxy_temp_path {0}/b; fastcgi_temp_path {0}/c; uwsgi_temp_path {0}/d; scgi_temp_path {0}/e; \
         server {{ listen 127.0.0.1:{port}; root {0}; location / {{ try_files /page.html =404; }} }} }}",
        directory.display()
    )
    .unwrap();
    let child = Command::new(nginx)
        .arg("-c")
        .arg(&config)
        .arg("-p")
        .arg(directory)
        .spawn()
        .unwrap();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    (Pages::Nginx(child, port), "nginx")
}

fn program(config: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_batchdesk"));
    command.args(arguments).arg("--config").arg(config);
    command
}

fn make_token(config: &Path) -> String {
    let user = [
        "user",
        "add",
        "--email",
        "b@example.org",
        "--role",
        "member",
        "--organisation",
        "Bench",
    ];
    assert!(program(config, &user).stderr(Stdio::null()).status().unwrap().success());
    let token = program(
        config,
        &["token", "create", "--email", "b@example.org", "--name", "bench"],
    );
    let output = { token }.output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

struct Daemon {
    child: Child,
    base: String,
    ready_after: Duration,
}

impl Daemon {
    async fn start(config: &Path) -> Self {
        let started = Instant::now();
        let mut child = program(config, &["serve"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let base = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        let client = Client::new();
        while !client
            .get(format!("{base}/readyz"))
            .send()
            .await
            .is_ok_and(|answer| answer.status().is_success())
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Self {
            child,
            base,
            ready_after: started.elapsed(),
        }
    }

    /// A line of proc(5) `status`, in bytes.
    fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    /// User and system time, in seconds (proc(5) `stat`, fields 14 and 15, in hundredths).
    fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Api {
    client: Client,
    base: String,
    token: String,
}

impl Api {
    async fn upload(&self, csv: String) -> String {
        let request = self
            .client
            .post(format!("{}/api/jobs", self.base))
            .bearer_auth(&self.token);
        let answer = request
            .header("content-type", "text/csv")
            .body(csv)
            .send()
            .await
            .unwrap();
        let job: Value = answer.error_for_status().unwrap().json().await.unwrap();
        job["job_id"].as_str().unwrap().to_owned()
    }

    /// Waits until the job has completed, and every practice of it is aggregated.
    async fn wait(&self, job: &str, every: Duration) {
        loop {
            let url = format!("{}/api/check-job-status?job_id={job}", self.base);
            let status: Value = self
                .client
                .get(url)
                .bearer_auth(&self.token)
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            if status["counts"]["aggregated"] == status["total_practices"] {
                return;
            }
            assert_eq!(status["counts"]["error"], 0, "{status}");
            tokio::time::sleep(every).await;
        }
    }
}
