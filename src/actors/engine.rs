//! Bringing the tree up, in the order in which recovery wants it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use actix::{Addr, Arbiter, System};
use entity::Id;
use sea_orm::DbErr;
use tokio::sync::{oneshot, watch};

use super::control::Engine;
use super::credits::Credits;
use super::overseer::{EXIT_FAULT, Overseer, courtesy};
use super::reload::Authored;
use super::storage::{Storage, StorageActor, StorageHealth};
use super::supervision::{Exit, Monitored, spawn_monitored};
use crate::model::crash::LastEnd;
use crate::providers::{HostLimits, Providers};
use crate::scrape::FetchError;
use crate::settings::Settings;
use crate::steps::registration;
use crate::steps::{Aggregate, CleanIdentifier, Handlers, ScrapeSite};
use crate::store::Database;
use crate::store::destinations::{DestinationError, Destinations, Patience};
use crate::store::read::{EngineReader, JournalReader};
use crate::store::write::{ApplyWorkflows, DiscardImport, WriteError, Writer};

/// Why the tree did not come up.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("the database could not be read")]
    Read(#[from] DbErr),
    #[error("the database could not be written")]
    Write(#[from] WriteError),
    #[error("pages could not be fetched with these settings: {0}")]
    Fetch(#[from] FetchError),
    #[error("results could not be stored where the settings say: {0}")]
    Destination(#[from] DestinationError),
    #[error("the writer did not start")]
    Writer,
}

/// A tree that is up.
pub struct EngineHandle {
    pub engine: Arc<Engine>,
    pub overseer: Addr<Overseer>,
    /// True once every unfinished batch has a supervisor.
    pub recovered: watch::Receiver<bool>,
}

/// Starts the tree on this thread (the writer on one of its own) and begins recovery.
///
/// `aborted` says that the process before this one ended by itself. `handlers` stand in for the built-in ones. `listens` is
/// where callbacks can come to.
///
/// # Errors
/// See [`EngineError`].
pub async fn start(
    settings: Arc<Settings>,
    database: &Database,
    aborted: bool,
    authored: Authored,
    handlers: Option<Handlers>,
    listens: Option<SocketAddr>,
) -> Result<EngineHandle, EngineError> {
    let reader = EngineReader::new(database.readers.clone());
    let last_end = match (reader.ended_uncleanly().await?, aborted) {
        (false, _) => LastEnd::Clean,
        (true, true) => LastEnd::Aborted,
        (true, false) => LastEnd::Killed,
    };
    let writer = Writer::take_over(database.writer.clone(), last_end).await?;
    let (storage_addr, storage) = start_storage(writer, &settings).await?;
    let Authored {
        workflows,
        registration,
    } = authored;
    storage.write(ApplyWorkflows { workflows }).await?;
    // Read before anything can be uploaded: no upload of this process is among them.
    discard(reader.unfinished_imports().await?, &storage);

    let (settings_sender, settings_receiver) = watch::channel(Arc::clone(&settings));
    let hosts = HostLimits::new(courtesy(&settings));
    let destinations = Destinations::new(&settings, database.readers.clone(), Patience::default()).await?;
    let handlers = match handlers {
        Some(handlers) => handlers,
        None => built_in_handlers(&settings_receiver, &hosts)?,
    };
    let engine = Arc::new(Engine {
        storage,
        reader,
        journal: JournalReader::new(database.readers.clone()),
        readers: database.readers.clone(),
        handlers,
        registration_handlers: registration::built_in(),
        hosts,
        providers: Providers::new(settings_receiver.clone())?,
        destinations,
        registration: watch::Sender::new(Arc::new(registration)),
        credits: Credits::new(settings.engine.max_in_flight),
        listens,
        settings: settings_receiver,
        last_end,
        deliveries_in_flight: Arc::new(AtomicUsize::new(0)),
        draining: Arc::new(AtomicBool::new(false)),
    });
    let (recovered_sender, recovered) = watch::channel(false);
    let overseer = start_overseer(Overseer::new(
        Arc::clone(&engine),
        settings_sender,
        storage_addr,
        recovered_sender,
    ));
    Ok(EngineHandle {
        engine,
        overseer,
        recovered,
    })
}

fn built_in_handlers(
    settings: &watch::Receiver<Arc<Settings>>,
    hosts: &Arc<HostLimits>,
) -> Result<Handlers, FetchError> {
    Ok(Handlers::default()
        .with("url", CleanIdentifier)
        .with("scrape", ScrapeSite::new(settings.clone(), Arc::clone(hosts))?)
        .with("aggregate", Aggregate))
}

/// Whoever waits for the writer cannot know what became of its command, and nothing can go on without it: its end is
/// the end of the process, and the next start recovers.
fn fatal(actor: &'static str, system: System) -> impl FnOnce(Exit) {
    move |exit| {
        if let Some(why) = exit.failure() {
            tracing::error!(
                actor,
                error = why,
                "failed; the process ends, for the service manager to start anew"
            );
            system.stop_with_code(EXIT_FAULT);
        }
    }
}

async fn start_storage(writer: Writer, settings: &Arc<Settings>) -> Result<(Addr<StorageActor>, Storage), EngineError> {
    let health = Arc::new(StorageHealth::default());
    let arbiter = Arbiter::new();
    let (tell, told) = oneshot::channel();
    let system = System::current();
    let (for_actor, settings_for_actor) = (Arc::clone(&health), Arc::clone(settings));
    arbiter.spawn_fn(move || {
        let monitored = spawn_monitored(
            move |_, word| StorageActor::new(writer, &settings_for_actor, for_actor, word),
            fatal("storage", system),
        );
        drop(tell.send(monitored.addr.clone()));
        keep(monitored);
    });
    let addr = told.await.map_err(|_| EngineError::Writer)?;
    Ok((addr.clone(), Storage::new(addr, settings, health)))
}

fn start_overseer(overseer: Overseer) -> Addr<Overseer> {
    let monitored = spawn_monitored(move |_, _| overseer, fatal("overseer", System::current()));
    let addr = monitored.addr.clone();
    keep(monitored);
    addr
}

/// Lets an actor live for as long as its thread.
fn keep<A: actix::Actor>(monitored: Monitored<A>) {
    actix::spawn(async move {
        let _monitored = monitored;
        std::future::pending::<()>().await;
    });
}

/// Uploads that ended before their last row was in leave nothing; a thousand rows at a time, beside all other work.
fn discard(dead: Vec<Id>, storage: &Storage) {
    let storage = storage.clone();
    actix::spawn(async move {
        for job_id in dead {
            while matches!(storage.write(DiscardImport { job_id }).await, Ok(false)) {}
        }
    });
}
