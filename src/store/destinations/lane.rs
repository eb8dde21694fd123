//! The way to a destination outside HQ: bounded, in groups, and patient for a while.
//!
//! While one group is written, the next gathers: a single row is written at once, a thousand share a transaction.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::breaker::{Breaker, BreakerState};
use super::error::DestinationError;
use super::plan::DestinationRow;
use super::spec::DestinationDb;
use super::target::Target;
use super::worker::Worker;

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
pub(super) struct Parcel {
    pub row: Arc<DestinationRow>,
    pub reply: oneshot::Sender<Result<(), DestinationError>>,
    _bytes: OwnedSemaphorePermit,
}

#[derive(Debug)]
pub(super) struct Status {
    pub breaker: Breaker,
    pub rows_written: u64,
    rows_waiting: usize,
    bytes_waiting: usize,
    pub last_error: Option<String>,
}

/// What the lane's task and its users share.
#[derive(Debug)]
pub(super) struct Shared {
    database: DestinationDb,
    pub target: Target,
    status: Mutex<Status>,
}

impl Shared {
    pub(super) fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn away(&self, reason: String, retry_after: Option<Duration>) -> DestinationError {
        DestinationError::Away {
            database: self.database,
            reason,
            retry_after,
        }
    }

    /// Why no row is taken at the moment.
    pub(super) fn refusal(&self) -> Option<DestinationError> {
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
        let worker = Worker::new(Arc::clone(&shared), limits, patience);
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
