//! The way to a destination outside HQ: bounded, in groups, and patient for a while.
//!
//! While one group is written, the next gathers: a single row is written at once, a thousand share a transaction.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rand::RngExt as _;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::breaker::{Breaker, BreakerState};
use super::error::{Blame, DestinationError};
use super::plan::DestinationRow;
use super::spec::DestinationDb;
use super::target::Target;

/// How long a lane puts up with a destination that is away.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How long a group is tried again before its rows are given back.
    pub ride_out: Duration,
    /// Wait before the first of these attempts; doubles with each.
    pub first_pause: Duration,
    pub longest_pause: Duration,
    /// How long rows are refused after that; doubles each time that the trial afterwards fails.
    pub first_refusal: Duration,
    pub longest_refusal: Duration,
    /// How long one attempt may take before its rows are given back. It goes on and is never cancelled half way.
    pub attempt: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            ride_out: Duration::from_secs(10),
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(2),
            first_refusal: Duration::from_secs(5),
            longest_refusal: Duration::from_secs(60),
            attempt: Duration::from_secs(60),
        }
    }
}

/// What a lane holds and sends at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct LaneLimits {
    pub queue_rows: usize,
    pub queue_bytes: usize,
    pub group_rows: usize,
    pub group_bytes: usize,
}

/// How a lane is, for people.
#[derive(Clone, Debug, Serialize)]
pub struct LaneState {
    /// `workspace`.
    pub name: &'static str,
    /// Rows that wait or are being written.
    pub rows_waiting: usize,
    /// Their size, in bytes.
    pub bytes_waiting: usize,
    pub rows_written: u64,
    pub breaker: BreakerState,
    /// The last thing that the destination had against all or one of the rows.
    pub last_error: Option<String>,
}

/// A row with what its sender waits for.
#[derive(Debug)]
struct Parcel {
    row: Arc<DestinationRow>,
    reply: oneshot::Sender<Result<(), DestinationError>>,
    _bytes: OwnedSemaphorePermit,
}

#[derive(Debug)]
struct Status {
    breaker: Breaker,
    rows_written: u64,
    rows_waiting: usize,
    bytes_waiting: usize,
    last_error: Option<String>,
}

/// What the lane's task and its users share.
#[derive(Debug)]
struct Shared {
    database: DestinationDb,
    target: Target,
    status: Mutex<Status>,
}

impl Shared {
    fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn away(&self, reason: String, retry_after: Option<Duration>) -> DestinationError {
        DestinationError::Away {
            database: self.database,
            reason,
            retry_after,
        }
    }

    /// Why no row is taken at the moment.
    fn refusal(&self) -> Option<DestinationError> {
        let status = self.status();
        let left = status.breaker.remaining(Instant::now())?;
        let reason = status.last_error.clone().unwrap_or_default();
        drop(status);
        Some(self.away(reason, Some(left)))
    }
}

/// Counts a row among those that wait, for as long as its sender does.
struct Waiting<'lane>(&'lane Shared, usize);

impl<'lane> Waiting<'lane> {
    fn new(shared: &'lane Shared, bytes: usize) -> Self {
        let mut status = shared.status();
        status.rows_waiting += 1;
        status.bytes_waiting += bytes;
        drop(status);
        Self(shared, bytes)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut status = self.0.status();
        status.rows_waiting -= 1;
        status.bytes_waiting -= self.1;
    }
}

/// A lane. Its task ends when the lane is closed or dropped.
#[derive(Debug)]
pub(super) struct Lane {
    shared: Arc<Shared>,
    limits: LaneLimits,
    bytes: Arc<Semaphore>,
    running: Mutex<Option<(mpsc::Sender<Parcel>, JoinHandle<()>)>>,
}

impl Lane {
    pub(super) fn start(database: DestinationDb, target: Target, limits: LaneLimits, patience: Patience) -> Self {
        let shared = Arc::new(Shared {
            database,
            target,
            status: Mutex::new(Status {
                breaker: Breaker::new(patience.first_refusal, patience.longest_refusal),
                rows_written: 0,
                rows_waiting: 0,
                bytes_waiting: 0,
                last_error: None,
            }),
        });
        let (sender, receiver) = mpsc::channel(limits.queue_rows);
        let worker = Worker {
            shared: Arc::clone(&shared),
            limits,
            patience,
            late: None,
        };
        let task = tokio::spawn(worker.run(receiver));
        Self {
            shared,
            limits,
            bytes: Arc::new(Semaphore::new(limits.queue_bytes)),
            running: Mutex::new(Some((sender, task))),
        }
    }

    pub(super) fn target(&self) -> &Target {
        &self.shared.target
    }

    pub(super) fn state(&self) -> LaneState {
        let status = self.shared.status();
        LaneState {
            name: match self.shared.database {
                DestinationDb::Hq => "hq",
                DestinationDb::Workspace => "workspace",
            },
            rows_waiting: status.rows_waiting,
            bytes_waiting: status.bytes_waiting,
            rows_written: status.rows_written,
            breaker: status.breaker.state(Instant::now()),
            last_error: status.last_error.clone(),
        }
    }

    /// Waits for room, and then for the row's commit.
    pub(super) async fn write(&self, row: DestinationRow) -> Result<(), DestinationError> {
        if let Some(refusal) = self.shared.refusal() {
            return Err(refusal);
        }
        let size = row.bytes();
        let _waiting = Waiting::new(&self.shared, size);
        // A row larger than the whole queue goes alone.
        let permits = u32::try_from(size.min(self.limits.queue_bytes)).unwrap_or(u32::MAX);
        let closed = |_| DestinationError::Closed;
        let bytes = Arc::clone(&self.bytes)
            .acquire_many_owned(permits)
            .await
            .map_err(closed)?;
        let sender = {
            let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.as_ref().map(|(sender, _)| sender.clone())
        };
        let (reply, answer) = oneshot::channel();
        let parcel = Parcel {
            row: Arc::new(row),
            reply,
            _bytes: bytes,
        };
        let sent = sender.ok_or(DestinationError::Closed)?.send(parcel).await;
        sent.map_err(|_| DestinationError::Closed)?;
        answer.await.unwrap_or(Err(DestinationError::Closed))
    }

    /// Writes what waits, takes nothing more and closes the destination.
    pub(super) async fn close(&self) {
        let running = {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.take()
        };
        if let Some((sender, task)) = running {
            drop(sender);
            if let Err(error) = task.await {
                tracing::error!(%error, "a destination's lane has failed");
            }
            self.shared.target.close().await;
        }
    }
}

type Attempt = JoinHandle<Result<(), DestinationError>>;

/// The lane's task.
struct Worker {
    shared: Arc<Shared>,
    limits: LaneLimits,
    patience: Patience,
    /// An attempt that took too long and still goes on.
    late: Option<Attempt>,
}

impl Worker {
    async fn run(mut self, mut receiver: mpsc::Receiver<Parcel>) {
        while let Some(first) = receiver.recv().await {
            let mut bytes = first.row.bytes();
            let mut group = vec![first];
            while group.len() < self.limits.group_rows
                && bytes < self.limits.group_bytes
                && let Ok(parcel) = receiver.try_recv()
            {
                bytes += parcel.row.bytes();
                group.push(parcel);
            }
            self.deliver(group).await;
        }
        if let Some(late) = self.late.take() {
            // Its rows were given back; what matters is that its transaction comes to an end.
            let _ = late.await;
        }
    }

    /// Writes the group and answers each of its rows. A row that is refused is found by halving; a destination that is
    /// away is tried again for as long as the lane has patience.
    async fn deliver(&mut self, group: Vec<Parcel>) {
        let is_trial = self.shared.status().breaker.state(Instant::now()) == BreakerState::HalfOpen;
        let mut give_up_at = Instant::now()
            + if is_trial {
                Duration::ZERO
            } else {
                self.patience.ride_out
            };
        let mut pause = self.patience.first_pause;
        let mut parts = vec![group];
        while let Some(mut part) = parts.pop() {
            if let Some(refusal) = self.shared.refusal() {
                answer(part, &Err(refusal));
                continue;
            }
            match self.attempt(&part).await {
                Ok(()) => {
                    let mut status = self.shared.status();
                    let was_away = status.breaker.close();
                    status.rows_written += part.len() as u64;
                    drop(status);
                    if was_away {
                        tracing::info!("a destination that was away takes rows again");
                    }
                    metrics::counter!("batchdesk_destination_rows_total").increment(part.len() as u64);
                    answer(part, &Ok(()));
                    pause = self.patience.first_pause;
                    give_up_at = Instant::now() + self.patience.ride_out;
                }
                Err(error) if error.blame() == Blame::Passing => {
                    self.note(&error);
                    let asked = match &error {
                        DestinationError::Away { retry_after, .. } => *retry_after,
                        _ => None,
                    };
                    let wait = pause
                        .mul_f64(rand::rng().random_range(0.8..1.2))
                        .max(asked.unwrap_or_default());
                    if Instant::now() + wait < give_up_at {
                        tokio::time::sleep(wait).await;
                        pause = (pause * 2).min(self.patience.longest_pause);
                    } else {
                        let refused_for = self.shared.status().breaker.open(Instant::now(), asked);
                        tracing::warn!(%error, ?refused_for, "a destination is away; its rows are given back");
                    }
                    parts.push(part);
                }
                Err(error) if error.blame() == Blame::Workflow => {
                    self.note(&error);
                    let (of_it, others) = split(part, &error);
                    answer(of_it, &Err(error));
                    parts.extend(Some(others).filter(|others| !others.is_empty()));
                }
                Err(error) if part.len() == 1 => {
                    self.note(&error);
                    answer(part, &Err(error));
                }
                Err(_) => {
                    metrics::counter!("batchdesk_destination_groups_halved_total").increment(1);
                    let second = part.split_off(part.len() / 2);
                    parts.push(second);
                    parts.push(part);
                }
            }
        }
    }

    fn note(&self, error: &DestinationError) {
        self.shared.status().last_error = Some(match error {
            DestinationError::Away { reason, .. } => reason.clone(),
            other => other.to_string(),
        });
    }

    async fn attempt(&mut self, part: &[Parcel]) -> Result<(), DestinationError> {
        let too_long = |shared: &Shared| shared.away("it does not answer in time".to_owned(), None);
        if let Some(mut late) = self.late.take()
            && tokio::time::timeout(self.patience.attempt, &mut late).await.is_err()
        {
            self.late = Some(late);
            return Err(too_long(&self.shared));
        }
        let rows: Vec<Arc<DestinationRow>> = part.iter().map(|parcel| Arc::clone(&parcel.row)).collect();
        let shared = Arc::clone(&self.shared);
        let started = Instant::now();
        // A task of its own: a transaction that is dropped half way would leave its connection in an unknown state.
        let mut task: Attempt = tokio::spawn(async move {
            let rows: Vec<&DestinationRow> = rows.iter().map(Arc::as_ref).collect();
            shared.target.write(&rows).await
        });
        match tokio::time::timeout(self.patience.attempt, &mut task).await {
            Ok(Ok(outcome)) => {
                metrics::histogram!("batchdesk_destination_write_seconds").record(started.elapsed());
                outcome
            }
            Ok(Err(panic)) => Err(self.shared.away(format!("writing to it has failed: {panic}"), None)),
            Err(_) => {
                self.late = Some(task);
                Err(too_long(&self.shared))
            }
        }
    }
}

/// The rows that an error of their table is about, and the others. An error that names no table is about all.
fn split(part: Vec<Parcel>, error: &DestinationError) -> (Vec<Parcel>, Vec<Parcel>) {
    match error {
        DestinationError::TableMissing { table, .. } | DestinationError::TableChanged { table, .. } => {
            part.into_iter().partition(|parcel| parcel.row.plan().table() == table)
        }
        _ => (part, Vec::new()),
    }
}

/// A sender that has gone does not hear; its row is as it would be otherwise.
fn answer(part: Vec<Parcel>, outcome: &Result<(), DestinationError>) {
    for parcel in part {
        let _ = parcel.reply.send(outcome.clone());
    }
}
