//! `batchdesk serve`: the daemon.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::{Addr, System};
use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use anyhow::Context as _;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::bring_up::{Up, bring_up, log_panics};
use super::first_user::first_user;
use super::migrate::{make_data_dir, make_private_dir, open, up};
use crate::actors::{Drain, EXIT_FAULT, Engine, ExportSpool, Overseer, Pulse, Reloader};
use crate::http::auth::{Credentials, Issuer, LinkPost, Passwords, Throttle};
use crate::http::{AnswerBudget, App, AuditLog, Rates, server};
use crate::ops::{CrashMark, Logging, metrics, notify};
use crate::settings::{Settings, not_needed};
use crate::store::Database;
use crate::store::lock::{Ownership, acquire};
use crate::store::read::Reader;
use crate::store::write::ProveOwnership;

/// How often the status line is renewed, and the watchdog fed where no shorter interval is asked for.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Time for closing the database at the end.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// How much more time is asked of the service manager at a time, before the daemon is ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the daemon; the exit status is 0 after a drain, 1 if it did not come up, 70 if a part of it failed for good.
pub fn run(file: Option<&Path>) -> ExitCode {
    match start(file) {
        Ok(system) => match system.run_with_code() {
            Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
            Err(error) => failed(&error.into()),
        },
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    super::complain(error);
    ExitCode::FAILURE
}

fn start(file: Option<&Path>) -> anyhow::Result<actix::SystemRunner> {
    let settings = Arc::new(super::settings(file)?);
    let logging = Logging::start(&settings.log.level, settings.log.format)?;
    log_panics();
    for note in not_needed() {
        tracing::info!("{note}");
    }
    make_data_dir(&settings)?;
    warn_of_secrets(&settings);
    let metrics = metrics::install().context("metrics")?;
    let system = System::new();
    match system.block_on(serve(settings, file.map(Path::to_owned), logging, metrics)) {
        Ok(()) => Ok(system),
        Err(error) => {
            // Connections that actors hold can be closed only where the system runs; the end of the process closes them too.
            std::mem::forget(system);
            Err(error)
        }
    }
}

/// Says which secrets cannot be read now, before something fails for want of one.
fn warn_of_secrets(settings: &Settings) {
    for (name, source) in &settings.secrets {
        if let Err(error) = source.read() {
            tracing::warn!(secret = name, %error, "a secret cannot be read; what needs it fails until it can be");
        }
    }
}

async fn serve(
    settings: Arc<Settings>,
    file: Option<PathBuf>,
    logging: Logging,
    metrics: PrometheusHandle,
) -> anyhow::Result<()> {
    let spool = settings.data_dir.join("spool");
    let kept_lists = settings.data_dir.join("imports");
    // A port that is taken is found before anything else is touched.
    let listener = TcpListener::bind(settings.http.listen)
        .with_context(|| format!("cannot listen on {} (http.listen)", settings.http.listen))?;
    // So are keys that cannot be read.
    let issuer = Issuer::new(&settings).context("tokens of an outside issuer (settings [jwt])")?;
    let links = LinkPost::open(&settings).context("links by webhook (settings [auth])")?;
    let passwords = Passwords::new(settings.auth.password_hashes).context("passwords cannot be hashed")?;
    let patience = actix::spawn(ask_for_patience());
    let ownership = acquire(&settings.database.url).await?;
    // Only now: what is there may have been another daemon's until here.
    empty_spool(&spool).with_context(|| format!("{} cannot be used", spool.display()))?;
    make_private_dir(&kept_lists).with_context(|| format!("{} cannot be used", kept_lists.display()))?;
    let database = open(&settings).await?;
    up(&database.writer).await?;
    let mark = settings.data_dir.join(CrashMark::FILE);
    let Up { handle, crash_mark } = bring_up(&settings, &database, &mark, Some(listener.local_addr()?)).await?;
    patience.abort();

    let reloader = Arc::new(Reloader::new(
        file,
        Arc::clone(&handle.engine),
        handle.overseer.clone(),
        logging,
    ));
    let storage = handle.engine.storage.clone();
    let address = listener.local_addr()?;
    let public_url = public_url(&settings, address);
    first_user(&storage, &Reader::new(database.readers.clone()), &settings, &public_url).await?;
    let app = Data::new(App {
        engine: Arc::clone(&handle.engine),
        overseer: handle.overseer.clone(),
        reader: Reader::new(database.readers.clone()),
        credentials: Credentials::new(database.readers.clone(), storage.clone(), &settings.auth, issuer),
        passwords,
        throttle: Throttle::default(),
        rates: Rates::default(),
        audit: AuditLog::new(storage),
        links,
        answers: AnswerBudget::new(settings.receivers.max_body_bytes),
        public_url,
        streams: Arc::default(),
        recovered: handle.recovered.clone(),
        metrics: metrics.clone(),
        reloader: Arc::clone(&reloader),
        exports: ExportSpool::new(spool.clone()),
        spool,
        kept_lists,
    });
    let server = server(app, listener, &settings)?;
    let server_handle = server.handle();
    actix::spawn(server);
    announce(&format!("listening on http://{address}"));
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "listening");

    actix::spawn(metrics::keep_small(metrics));
    actix::spawn(keep_ownership(ownership, Arc::clone(&handle.engine)));
    actix::spawn(say_ready(handle.recovered));
    actix::spawn(heartbeat(Arc::clone(&handle.engine), handle.overseer.clone()));
    actix::spawn(reload_on_hangup(reloader));
    actix::spawn(drain_on_signal(
        handle.engine,
        handle.overseer,
        server_handle,
        database,
        crash_mark,
    ));
    Ok(())
}

/// Where people reach the daemon.
pub fn public_url(settings: &Settings, address: SocketAddr) -> String {
    match settings.http.public_url.trim_end_matches('/') {
        "" => format!("http://{address}"),
        url => url.to_owned(),
    }
}

/// Standing by, and migrating, may take longer than a service manager waits by itself.
async fn ask_for_patience() {
    loop {
        notify::extend_timeout(PATIENCE);
        tokio::time::sleep(PATIENCE / 2).await;
    }
}

/// Holds the database's lock. Where it was lost for a while, a transaction finds out whether somebody else has taken
/// the database over; then it ends this process.
async fn keep_ownership(ownership: Ownership, engine: Arc<Engine>) {
    let prove = async || {
        if let Err(error) = engine.storage.write(ProveOwnership).await {
            tracing::error!(%error, "the database is no longer this daemon's");
        }
    };
    ownership.keep(prove).await;
}

/// Scripts read this line; a pipe must not hold it back. Nobody reading is no reason to stop.
fn announce(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// What uploads of an earlier process left is of no use to anybody.
fn empty_spool(spool: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(spool) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    make_private_dir(spool)
}

async fn say_ready(mut recovered: watch::Receiver<bool>) {
    if recovered.wait_for(|recovered| *recovered).await.is_ok() {
        notify::ready();
        tracing::info!("ready");
    }
}

/// Feeds the watchdog for as long as root and writer answer.
async fn heartbeat(engine: Arc<Engine>, overseer: Addr<Overseer>) {
    let every = notify::watchdog_interval().map_or(HEARTBEAT, |interval| interval.min(HEARTBEAT));
    let mut turn = tokio::time::interval(every);
    loop {
        turn.tick().await;
        if overseer.send(Pulse).await.unwrap_or(false) {
            notify::watchdog();
        } else {
            tracing::error!("the writer does not answer; the watchdog is not fed");
        }
        let (in_flight, limit) = engine.credits.usage();
        let database = if engine.storage.health().is_away() {
            "; the database takes no writes"
        } else {
            ""
        };
        notify::status(&format!("{in_flight} of {limit} items in flight{database}"));
    }
}

async fn reload_on_hangup(reloader: Arc<Reloader>) {
    let Ok(mut hangups) = signal(SignalKind::hangup()) else {
        return;
    };
    while hangups.recv().await.is_some() {
        notify::reloading();
        if let Err(error) = reloader.reload().await {
            tracing::error!(%error, "the settings were not reloaded; nothing has changed");
            notify::status(&format!("settings not reloaded: {error}"));
        }
        notify::ready();
    }
}

async fn drain_on_signal(
    engine: Arc<Engine>,
    overseer: Addr<Overseer>,
    server: ServerHandle,
    database: Database,
    _crash_mark: CrashMark,
) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("draining: no new steps; running ones may end");
    notify::stopping();
    engine.draining.store(true, Ordering::Release);
    server.stop(true).await;
    if overseer.send(Drain).await.is_err() {
        tracing::error!("the overseer did not answer; ending without a drain");
        System::current().stop_with_code(EXIT_FAULT);
        return;
    }
    // SQLite's log goes into its file, so that the file alone is the database.
    match tokio::time::timeout(CLOSE_WITHIN, database.close()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the database was not closed in order; nothing is lost"),
        Err(_) => tracing::warn!("the database was still in use at the end; nothing is lost"),
    }
    tracing::info!("drained");
    System::current().stop();
}
