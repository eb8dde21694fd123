//! The `StorageActor`: the one writer.
//!
//! The first command opens a transaction; what arrives while it commits makes the next group. There is no timer: one
//! command alone commits at once, and a thousand share one sync of the disk.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler, Message, Recipient};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use super::supervision::{Exit, LastWord};
use crate::ops::misbehave;
use crate::settings::Settings;
use crate::store::write::{Answer, Command, Grouping, WriteCommand, WriteError, Writer};

/// The queue holds at most this many times what one group may, in bytes.
const QUEUED_GROUPS: usize = 4;
/// Bytes are counted in units of this many.
const UNIT: usize = 1024;

/// How the writer is, for health checks and readers that must not guess.
#[derive(Debug, Default)]
pub struct StorageHealth {
    away: AtomicBool,
    head: watch::Sender<i64>,
    queued: AtomicUsize,
}

impl StorageHealth {
    /// Whether the last transaction could not be written because the database is away, locked or full.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }

    /// The last sequence number of the journal that has committed.
    #[must_use]
    pub fn head(&self) -> i64 {
        *self.head.borrow()
    }

    /// Wakes whoever waits for the journal to grow, on any thread. A hint, as [`JournalAdvanced`] is one: what has
    /// happened stands in the journal.
    #[must_use]
    pub fn heads(&self) -> watch::Receiver<i64> {
        self.head.subscribe()
    }

    fn advance(&self, head: i64) {
        self.head
            .send_if_modified(|known| std::mem::replace(known, head) != head);
    }

    /// Commands that wait.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }
}

/// The way to the writer. Waits where the queue is full, in commands or in bytes.
#[derive(Clone, Debug)]
pub struct Storage {
    addr: Addr<StorageActor>,
    places: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    byte_units: u32,
    health: Arc<StorageHealth>,
}

impl Storage {
    pub(super) fn new(addr: Addr<StorageActor>, settings: &Settings, health: Arc<StorageHealth>) -> Self {
        let units = (settings.storage.group_bytes * QUEUED_GROUPS / UNIT).clamp(1, Semaphore::MAX_PERMITS);
        Self {
            addr,
            places: Arc::new(Semaphore::new(settings.storage.queue_max)),
            bytes: Arc::new(Semaphore::new(units)),
            byte_units: u32::try_from(units).unwrap_or(u32::MAX),
            health,
        }
    }

    #[must_use]
    pub fn health(&self) -> &StorageHealth {
        &self.health
    }

    /// Sends the command and waits for its transaction to commit. Dropping the future does not take the command back.
    ///
    /// # Errors
    /// [`WriteError::Rejected`] where the database refuses this command, [`WriteError::Stopped`] where nobody writes any
    /// more; what became of the command is then unknown.
    pub async fn write<C: WriteCommand>(&self, command: C) -> Result<C::Answer, WriteError> {
        let command = command.into_command();
        let units = u32::try_from(command.bytes() / UNIT + 1)
            .unwrap_or(u32::MAX)
            .min(self.byte_units);
        let stopped = |_| WriteError::Stopped;
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(stopped)?;
        let bytes = Arc::clone(&self.bytes)
            .acquire_many_owned(units)
            .await
            .map_err(stopped)?;
        let (reply, answer) = oneshot::channel();
        self.addr.do_send(Enqueue {
            command,
            reply,
            since: Instant::now(),
            _held: (place, bytes),
        });
        let answer = answer.await.map_err(|_| WriteError::Stopped)??;
        C::read_answer(answer).ok_or(WriteError::Stopped)
    }

    /// Whether the actor still takes messages within `limit`.
    pub async fn answers(&self, limit: Duration) -> bool {
        matches!(tokio::time::timeout(limit, self.addr.send(Ping)).await, Ok(Ok(())))
    }
}

/// A command on its way.
#[derive(Message, Debug)]
#[rtype(result = "()")]
struct Enqueue {
    command: Command,
    reply: oneshot::Sender<Result<Answer, WriteError>>,
    since: Instant,
    _held: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

#[derive(Message, Debug)]
#[rtype(result = "()")]
struct Ping;

/// The journal has grown.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct JournalAdvanced {
    pub seq: i64,
}

/// Tells the writer who follows the journal.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub struct Follow(pub Recipient<JournalAdvanced>);

#[derive(Message)]
#[rtype(result = "()")]
struct GroupCommitted {
    writer: Writer,
    fenced: bool,
}

/// The task that commits a group has panicked, and with it the writer is gone.
#[derive(Message, Debug)]
#[rtype(result = "()")]
struct WriterLost(String);

/// Gathers commands into groups while the group before commits.
pub struct StorageActor {
    /// Absent while a group commits.
    writer: Option<Writer>,
    queue: VecDeque<Enqueue>,
    /// Imports and the like: one at a time, behind all others.
    bulk: VecDeque<Enqueue>,
    followers: Vec<Recipient<JournalAdvanced>>,
    group_max: usize,
    group_bytes: usize,
    health: Arc<StorageHealth>,
    word: LastWord,
}

impl StorageActor {
    pub(super) fn new(writer: Writer, settings: &Settings, health: Arc<StorageHealth>, word: LastWord) -> Self {
        health.advance(writer.head());
        Self {
            writer: Some(writer),
            queue: VecDeque::new(),
            bulk: VecDeque::new(),
            followers: Vec::new(),
            group_max: settings.storage.group_max,
            group_bytes: settings.storage.group_bytes,
            health,
            word,
        }
    }

    /// Takes the next group: in order of arrival, until it is full, an item comes a second time, or a command must be
    /// the last.
    fn next_group(&mut self) -> Vec<Enqueue> {
        let mut group = Vec::new();
        let mut bytes = 0;
        let mut items = HashSet::new();
        while let Some(next) = self.queue.front() {
            let size = next.command.bytes();
            let grouping = next.command.grouping();
            let repeats = matches!(grouping, Grouping::Item(item) if !items.insert(item));
            let full = group.len() >= self.group_max || (!group.is_empty() && bytes + size > self.group_bytes);
            if repeats || full {
                break;
            }
            bytes += size;
            group.extend(self.queue.pop_front());
            if grouping == Grouping::EndsGroup {
                return group;
            }
        }
        if bytes < self.group_bytes {
            group.extend(self.bulk.pop_front());
        }
        group
    }

    fn start_group(&mut self, context: &mut Context<Self>) {
        if self.writer.is_none() {
            return;
        }
        let group = self.next_group();
        self.health
            .queued
            .store(self.queue.len() + self.bulk.len(), Ordering::Relaxed);
        if group.is_empty() {
            return;
        }
        let Some(writer) = self.writer.take() else { return };
        let addr = context.address();
        let health = Arc::clone(&self.health);
        let followers = self.followers.clone();
        // On its own task: the transaction ends even if this actor does not live to see it.
        let committing = actix::spawn(async move { commit(writer, group, &health, &followers).await });
        actix::spawn(async move {
            match committing.await {
                Ok((writer, fenced)) => addr.do_send(GroupCommitted { writer, fenced }),
                Err(error) => addr.do_send(WriterLost(error.to_string())),
            }
        });
    }
}

async fn commit(
    mut writer: Writer,
    group: Vec<Enqueue>,
    health: &StorageHealth,
    followers: &[Recipient<JournalAdvanced>],
) -> (Writer, bool) {
    let moves = group
        .iter()
        .any(|enqueued| matches!(enqueued.command, Command::ItemTransition(_)));
    misbehave("storage", if moves { "commit of transitions" } else { "commit" });
    metrics::histogram!("batchdesk_group_commands").record(group.len() as f64);
    let mut commands = Vec::with_capacity(group.len());
    let mut waiting = Vec::with_capacity(group.len());
    let mut bytes = 0;
    for enqueued in group {
        bytes += enqueued.command.bytes();
        metrics::histogram!("batchdesk_group_wait_seconds").record(enqueued.since.elapsed());
        commands.push(enqueued.command);
        waiting.push((enqueued.reply, enqueued._held));
    }
    metrics::histogram!("batchdesk_group_bytes").record(bytes as f64);
    let head = writer.head();
    let on_away = |outcome: Result<(), &sea_orm::DbErr>| match outcome {
        Ok(()) => {
            if health.away.swap(false, Ordering::Relaxed) {
                tracing::info!("the database takes writes again");
            }
        }
        Err(error) => {
            if !health.away.swap(true, Ordering::Relaxed) {
                tracing::error!(%error, "the database takes no writes; trying until it does");
            }
        }
    };
    let answers = writer.commit(commands, &on_away).await;
    let fenced = answers.iter().any(|answer| matches!(answer, Err(WriteError::Fenced)));
    health.advance(writer.head());
    for ((reply, held), answer) in waiting.into_iter().zip(answers) {
        // Whoever asked may have gone; what was written stands.
        drop(reply.send(answer));
        drop(held);
    }
    if writer.head() > head {
        for follower in followers {
            follower.do_send(JournalAdvanced { seq: writer.head() });
        }
    }
    (writer, fenced)
}

impl Actor for StorageActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        // Backpressure is in the permits that every command holds; the mailbox itself must not refuse.
        context.set_mailbox_capacity(0);
    }
}

impl Handler<Enqueue> for StorageActor {
    type Result = ();

    fn handle(&mut self, message: Enqueue, context: &mut Context<Self>) {
        let grouping = message.command.grouping();
        misbehave(
            "storage",
            if matches!(grouping, Grouping::Item(_)) {
                "transition"
            } else {
                "command"
            },
        );
        match grouping {
            Grouping::Bulk => self.bulk.push_back(message),
            _ => self.queue.push_back(message),
        }
        self.start_group(context);
    }
}

impl Handler<GroupCommitted> for StorageActor {
    type Result = ();

    fn handle(&mut self, message: GroupCommitted, context: &mut Context<Self>) {
        if message.fenced {
            self.word.leave(Exit::Failed(WriteError::Fenced.to_string()));
            context.stop();
            return;
        }
        self.writer = Some(message.writer);
        self.start_group(context);
    }
}

impl Handler<WriterLost> for StorageActor {
    type Result = ();

    fn handle(&mut self, WriterLost(why): WriterLost, context: &mut Context<Self>) {
        self.word.leave(Exit::Failed(format!("the writer is lost: {why}")));
        context.stop();
    }
}

impl Handler<Follow> for StorageActor {
    type Result = ();

    fn handle(&mut self, Follow(follower): Follow, _: &mut Context<Self>) {
        // A follower that was built again takes the place of the one that ended.
        self.followers.retain(Recipient::connected);
        self.followers.push(follower);
    }
}

impl Handler<Ping> for StorageActor {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Context<Self>) {}
}
