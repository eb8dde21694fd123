//! The task at the end of a lane: groups, attempts, halving, patience.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::RngExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::breaker::BreakerState;
use super::error::{Blame, DestinationError};
use super::lane::{LaneLimits, Parcel, Patience, Shared};
use super::plan::DestinationRow;

type Attempt = JoinHandle<Result<(), DestinationError>>;

/// The one that writes; it lives as the lane's task.
pub(super) struct Worker {
    shared: Arc<Shared>,
    limits: LaneLimits,
    patience: Patience,
    /// An attempt that took too long and still goes on.
    late: Option<Attempt>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, limits: LaneLimits, patience: Patience) -> Self {
        Self {
            shared,
            limits,
            patience,
            late: None,
        }
    }

    /// Writes what comes, until nobody is left to send.
    pub(super) async fn run(mut self, mut receiver: mpsc::Receiver<Parcel>) {
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
