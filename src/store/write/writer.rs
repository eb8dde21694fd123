//! The writer: groups of commands become transactions, whatever the database does meanwhile.

use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, Utc};
use entity::Id;
use rand::RngExt;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, TryGetable};

use super::group::Group;
use super::{Answer, Command};
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
}

/// Holds the one connection that writes, and what must not be read from the database for every group.
#[derive(Debug)]
pub struct Writer {
    hq: Hq,
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
}

impl Writer {
    /// Reads where the journal and the practices end.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn open(hq: Hq) -> Result<Self, DbErr> {
        let next = async |sql: &str| -> Result<i64, DbErr> {
            let row = hq.query_one_raw(statement(hq.get_database_backend(), sql, [])).await?;
            let last = row.map(|row| Option::<i64>::try_get_by(&row, 0)).transpose()?.flatten();
            Ok(last.unwrap_or(0) + 1)
        };
        // Pruning never empties the journal below a cursor, so the cursor bounds it from below too.
        let journal = next("select max(seq) from batch_operation_logs").await?;
        let cursor = next("select max(seq) from log_cursors").await?;
        let next_practice = next("select max(id) from job_practices").await?;
        Ok(Self {
            hq,
            next_seq: journal.max(cursor),
            next_practice,
            unknown: None,
        })
    }

    /// The last sequence number of the journal.
    #[must_use]
    pub fn head(&self) -> i64 {
        self.next_seq - 1
    }

    /// Commits the commands, in one transaction if none of them fails, and answers each.
    ///
    /// Rides out a database that is away, locked or full, however long that takes: `on_away` is told of every attempt
    /// that it spoiled, and `Ok` again once one succeeds. A command that the database refuses is found by halving and
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
                    if pause > FIRST_PAUSE {
                        pause = FIRST_PAUSE;
                        on_away(Ok(()));
                    }
                }
                Attempt::Away(error) => {
                    on_away(Err(&error));
                    tokio::time::sleep(pause.mul_f64(rand::rng().random_range(0.8..1.2))).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    parts.push(part);
                }
                Attempt::Refused(error) if part.len() == 1 => {
                    tracing::warn!(%error, command = ?part[0], "the database refused a command");
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
            Err(error) if self.unknown.is_some() || is_transient(&error) => Attempt::Away(error),
            Err(error) => Attempt::Refused(error),
        }
    }

    async fn transact(&mut self, commands: &[Command]) -> Result<Vec<Answer>, DbErr> {
        let tx = write_tx(&self.hq).await?;
        if let Some(earlier) = self.unknown.take() {
            match has_committed(&tx, earlier.group_id).await {
                Ok(true) => {
                    end_quietly(tx).await;
                    return Ok(self.count(earlier));
                }
                Ok(false) => {}
                Err(error) => {
                    self.unknown = Some(earlier);
                    end_quietly(tx).await;
                    return Err(error);
                }
            }
        }
        match self.apply(&tx, commands).await {
            Ok(done) => match tx.commit().await {
                Ok(()) => Ok(self.count(done)),
                Err(error) => {
                    self.unknown = Some(done);
                    Err(error)
                }
            },
            Err(error) => {
                end_quietly(tx).await;
                Err(error)
            }
        }
    }

    async fn apply(&self, tx: &WriteTx, commands: &[Command]) -> Result<Done, DbErr> {
        // Milliseconds are what people read, and what both databases keep alike.
        let now: DateTime<Utc> = Utc::now().trunc_subsecs(3);
        let group_id = Id::now();
        let mut group = Group::new(tx, now, self.next_seq, self.next_practice);
        let answers = group.apply(commands).await?;
        group
            .execute("update writer_state set group_id = ? where id = 1", [group_id.into()])
            .await?;
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

/// Rolls back; a connection that is gone has done so by itself.
async fn end_quietly(tx: WriteTx) {
    if let Err(error) = tx.rollback().await {
        tracing::debug!(%error, "rollback failed");
    }
}
