//! The writer: groups of commands become transactions, whatever the database does meanwhile.

use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, Utc};
use entity::Id;
use rand::RngExt;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, TryGetable};

use super::group::Group;
use super::{Answer, Command};
use crate::model::crash::LastEnd;
use crate::ops::breakpoint;
use crate::store::Hq;
use crate::store::fault::is_transient;
use crate::store::rows::statement;
use crate::store::tx::{WriteTx, write_tx};

/// Bounds of the pause between two attempts while the database is away.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Why a command changed nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// The database refuses this command, alone as well as in company.
    #[error("the database refused the change: {0}")]
    Rejected(String),
    /// The writer has ended; the process is about to.
    #[error("the writer has stopped")]
    Stopped,
    /// Another process has taken the database over; this one must end.
    #[error("another daemon has taken this database over")]
    Fenced,
}

/// Holds the one connection that writes, and what must not be read from the database for every group.
#[derive(Debug)]
pub struct Writer {
    hq: Hq,
    owner: Id,
    next_seq: i64,
    next_practice: i64,
    /// A transaction whose COMMIT was answered with an error: it may have counted.
    unknown: Option<Done>,
}

/// A transaction's work, until it is known to have counted.
#[derive(Debug)]
struct Done {
    group_id: Id,
    answers: Vec<Answer>,
    next_seq: i64,
    next_practice: i64,
}

/// What becomes of one attempt.
enum Attempt {
    Committed(Vec<Answer>),
    /// The database is away, locked or full.
    Away(DbErr),
    Refused(DbErr),
    Fenced,
}

/// Why a transaction did not count.
enum Fault {
    Database(DbErr),
    Fenced,
}

impl From<DbErr> for Fault {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl Writer {
    /// Takes the database: from this commit on no other process writes, and no write that an earlier one began counts.
    /// Where the journal and the practices end is read in the same transaction, after the last write of anybody else.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn take_over(hq: Hq, last_end: LastEnd) -> Result<Self, DbErr> {
        let owner = Id::now();
        let tx = write_tx(&hq).await?;
        match take_over(&tx, owner, last_end).await {
            Ok((next_seq, next_practice)) => {
                commit(&hq, tx).await?;
                Ok(Self {
                    hq,
                    owner,
                    next_seq,
                    next_practice,
                    unknown: None,
                })
            }
            Err(error) => {
                end_quietly(&hq, tx).await;
                Err(error)
            }
        }
    }

    /// The last sequence number of the journal.
    #[must_use]
    pub fn head(&self) -> i64 {
        self.next_seq - 1
    }

    /// Commits the commands, in one transaction if none of them fails, and answers each.
    ///
    /// Rides out a database that is away, locked or full, however long that takes: `on_away` is told of every attempt
    /// that it spoiled, and `Ok` whenever the database has answered. A command that the database refuses is found by halving and
    /// answered alone; the others are not touched by it.
    pub async fn commit(
        &mut self,
        commands: Vec<Command>,
        on_away: &(dyn Fn(Result<(), &DbErr>) + Sync),
    ) -> Vec<Result<Answer, WriteError>> {
        let mut answers = Vec::with_capacity(commands.len());
        let mut parts = vec![commands];
        let mut pause = FIRST_PAUSE;
        while let Some(mut part) = parts.pop() {
            match self.attempt(&part).await {
                Attempt::Committed(committed) => {
                    answers.extend(committed.into_iter().map(Ok));
                    pause = FIRST_PAUSE;
                    on_away(Ok(()));
                }
                Attempt::Away(error) => {
                    on_away(Err(&error));
                    tokio::time::sleep(pause.mul_f64(rand::rng().random_range(0.8..1.2))).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    parts.push(part);
                }
                Attempt::Fenced => {
                    let left = part.len() + parts.iter().map(Vec::len).sum::<usize>();
                    answers.extend((0..left).map(|_| Err(WriteError::Fenced)));
                    return answers;
                }
                Attempt::Refused(error) if part.len() == 1 => {
                    tracing::warn!(%error, command = part[0].name(), "the database refused a command");
                    on_away(Ok(()));
                    answers.push(Err(WriteError::Rejected(error.to_string())));
                }
                Attempt::Refused(_) => {
                    metrics::counter!("batchdesk_groups_halved_total").increment(1);
                    let second = part.split_off(part.len() / 2);
                    parts.push(second);
                    parts.push(part);
                }
            }
        }
        answers
    }

    async fn attempt(&mut self, commands: &[Command]) -> Attempt {
        breakpoint("before commit");
        let started = Instant::now();
        match self.transact(commands).await {
            Ok(answers) => {
                metrics::histogram!("batchdesk_group_commit_seconds").record(started.elapsed());
                breakpoint("after commit");
                Attempt::Committed(answers)
            }
            Err(Fault::Fenced) => Attempt::Fenced,
            Err(Fault::Database(error)) if self.unknown.is_some() || is_transient(&error) => Attempt::Away(error),
            Err(Fault::Database(error)) => Attempt::Refused(error),
        }
    }

    async fn transact(&mut self, commands: &[Command]) -> Result<Vec<Answer>, Fault> {
        let tx = write_tx(&self.hq).await?;
        if let Some(earlier) = self.unknown.take() {
            match has_committed(&tx, earlier.group_id).await {
                Ok(true) => {
                    end_quietly(&self.hq, tx).await;
                    return Ok(self.count(earlier));
                }
                Ok(false) => {}
                Err(error) => {
                    self.unknown = Some(earlier);
                    end_quietly(&self.hq, tx).await;
                    return Err(error.into());
                }
            }
        }
        match self.apply(&tx, commands).await {
            Ok(done) => match commit(&self.hq, tx).await {
                Ok(()) => Ok(self.count(done)),
                Err(error) => {
                    self.unknown = Some(done);
                    Err(error.into())
                }
            },
            Err(error) => {
                end_quietly(&self.hq, tx).await;
                Err(error)
            }
        }
    }

    async fn apply(&self, tx: &WriteTx, commands: &[Command]) -> Result<Done, Fault> {
        // Milliseconds are what people read, and what both databases keep alike.
        let now: DateTime<Utc> = Utc::now().trunc_subsecs(3);
        let group_id = Id::now();
        let ours = "update writer_state set group_id = ? where id = 1 and owner = ?";
        let values = [group_id.into(), self.owner.into()];
        // First, so that a process that was taken over from learns that rather than stumbling over another's rows.
        if tx
            .execute_raw(statement(tx.get_database_backend(), ours, values))
            .await?
            .rows_affected()
            == 0
        {
            return Err(Fault::Fenced);
        }
        let mut group = Group::new(tx, now, self.next_seq, self.next_practice);
        let answers = group.apply(commands).await?;
        Ok(Done {
            group_id,
            answers,
            next_seq: group.next_seq(),
            next_practice: group.next_practice,
        })
    }

    fn count(&mut self, done: Done) -> Vec<Answer> {
        self.next_seq = done.next_seq;
        self.next_practice = done.next_practice;
        done.answers
    }
}

async fn take_over(tx: &WriteTx, owner: Id, last_end: LastEnd) -> Result<(i64, i64), DbErr> {
    const STATE: &str = "update writer_state set owner = ?, group_id = ?, running = true, last_end = ? where id = 1";
    const FENCE: &str = "update enrichment_jobs set epoch = epoch + 1 where status in ('pending', 'running', 'paused')";
    // Also those that have ended: a call of theirs may still be on its way.
    const FENCE_REGISTRATIONS: &str = "update registration_batch_jobs set epoch = epoch + 1 where id in \
        (select batch_job_id from registration_jobs where status in ('pending', 'in_progress', 'action_required'))";
    let backend = tx.get_database_backend();
    let values = [owner.into(), Id::now().into(), last_end.as_str().into()];
    tx.execute_raw(statement(backend, STATE, values)).await?;
    tx.execute_raw(statement(backend, FENCE, [])).await?;
    tx.execute_raw(statement(backend, FENCE_REGISTRATIONS, [])).await?;
    let next = async |sql: &str| -> Result<i64, DbErr> {
        let row = tx.query_one_raw(statement(backend, sql, [])).await?;
        let last = row.map(|row| Option::<i64>::try_get_by(&row, 0)).transpose()?.flatten();
        Ok(last.unwrap_or(0) + 1)
    };
    // Pruning never empties the journal below a cursor, so the cursor bounds it from below too.
    let journal = next("select max(seq) from batch_operation_logs").await?;
    let cursor = next("select max(seq) from log_cursors").await?;
    Ok((journal.max(cursor), next("select max(id) from job_practices").await?))
}

/// Whether a transaction whose COMMIT failed has counted all the same. The row is locked first: a server that is still
/// busy with that COMMIT lets us wait for its end rather than read what stood before it.
async fn has_committed(tx: &WriteTx, group_id: Id) -> Result<bool, DbErr> {
    let backend = tx.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => "select group_id from writer_state where id = 1 for update",
        _ => "select group_id from writer_state where id = 1",
    };
    let row = tx.query_one_raw(statement(backend, sql, [])).await?;
    let last = row.map(|row| Option::<Id>::try_get_by(&row, 0)).transpose()?.flatten();
    Ok(last == Some(group_id))
}

/// Commits. A connection that could not is not used again: see [`Hq::renew`].
async fn commit(hq: &Hq, tx: WriteTx) -> Result<(), DbErr> {
    let outcome = tx.commit().await;
    if outcome.is_err() {
        hq.renew().await;
    }
    outcome
}

/// Rolls back; a database that is gone or full has done so by itself.
async fn end_quietly(hq: &Hq, tx: WriteTx) {
    if let Err(error) = tx.rollback().await {
        tracing::debug!(%error, "rollback failed");
        hq.renew().await;
    }
}
