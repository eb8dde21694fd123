//! The `Housekeeper`: puts away what is kept for a time only, one chore after the other.
//!
//! A chore is a function that looks for what is due, by itself, and works it off in small pieces. It needs no memory of an
//! earlier look: whatever ended it, the next look goes on from what the database says. To add one, write the function and
//! add a line to [`CHORES`].

mod archive;
mod credentials;
mod desk;
mod kept_lists;
mod keys;
mod webhook_events;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use rand::RngExt as _;

use self::desk::{Desk, Fault};
use super::control::Engine;
use super::scheduler::ChoresDue;
use super::supervision::{Exit, LastWord, panic_text};
use crate::model::retry::RetryPolicy;
use crate::ops::misbehave;

type Chore = for<'a> fn(&'a Desk) -> LocalBoxFuture<'a, Result<(), Fault>>;

/// What is done at each look, in this order.
const CHORES: [(&str, Chore); 5] = [
    ("forgetting idempotency keys", |desk| Box::pin(keys::forget(desk))),
    ("forgetting credentials that are over", |desk| {
        Box::pin(credentials::forget(desk))
    }),
    ("forgetting lists kept for a preview", |desk| {
        Box::pin(kept_lists::forget(desk))
    }),
    ("forgetting webhook events", |desk| {
        Box::pin(webhook_events::forget(desk))
    }),
    ("archiving finished jobs", |desk| Box::pin(archive::archive(desk))),
];

/// When a chore that failed is tried again: what is in its way (a full disk, most often) takes somebody's time to mend.
const AGAIN: RetryPolicy = RetryPolicy {
    max_retries: u32::MAX,
    base: Duration::from_secs(60),
    factor: 2.0,
    jitter: 0.1,
    longest: Duration::from_secs(3_600),
};

/// How often it is looked whether the work still moves.
const TICK: Duration = Duration::from_secs(1);

/// How a chore has fared.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    /// Failures in a row.
    failures: u32,
    not_before: Option<Instant>,
}

impl Standing {
    fn is_due(&self, now: Instant) -> bool {
        self.not_before.is_none_or(|time| time <= now)
    }

    /// A failure is told once, and when it is over.
    fn note(&mut self, chore: &str, outcome: Result<(), Fault>, now: Instant, unit: f64) {
        match outcome {
            Ok(()) => {
                if self.failures > 0 {
                    tracing::info!(chore, "works again");
                }
                *self = Self::default();
            }
            Err(fault) => {
                if self.failures == 0 {
                    tracing::error!(chore, %fault, "failed; nothing is lost, and it is tried again until it works");
                } else {
                    tracing::debug!(chore, %fault, "failed again");
                }
                self.failures = self.failures.saturating_add(1);
                self.not_before = AGAIN.delay(self.failures, None, unit).map(|pause| now + pause);
            }
        }
    }
}

/// Does the chores.
pub struct Housekeeper {
    desk: Desk,
    standings: [Standing; CHORES.len()],
    busy: bool,
    word: LastWord,
}

impl Housekeeper {
    pub(super) fn new(engine: Arc<Engine>, word: LastWord) -> Self {
        Self {
            desk: Desk::new(engine),
            standings: [Standing::default(); CHORES.len()],
            busy: false,
            word,
        }
    }

    /// Does what is due, unless that is being done.
    fn look(&mut self, context: &mut Context<Self>) {
        misbehave("housekeeper", "look");
        if self.busy || !self.desk.goes_on() {
            return;
        }
        self.busy = true;
        let now = Instant::now();
        let due = self.standings.map(|standing| standing.is_due(now));
        let desk = self.desk.clone();
        let work = async move {
            let mut outcomes = [const { None }; CHORES.len()];
            for (index, (_, chore)) in CHORES.into_iter().enumerate() {
                if due[index] && desk.goes_on() {
                    outcomes[index] = Some(attempt(chore, &desk).await);
                }
            }
            outcomes
        };
        context.spawn(work.into_actor(self).map(|outcomes, actor, _| {
            actor.busy = false;
            let named = CHORES.iter().zip(&mut actor.standings).zip(outcomes);
            for (((chore, _), standing), outcome) in named {
                if let Some(outcome) = outcome {
                    standing.note(chore, outcome, Instant::now(), rand::rng().random());
                }
            }
        }));
    }

    fn end_if_stuck(&mut self, context: &mut Context<Self>) {
        let limit = self.desk.engine.settings().engine.stuck_after_ms;
        if self.busy && self.desk.progress.idle_ms() > limit {
            self.word.leave(Exit::Stuck);
            context.stop();
        }
    }
}

/// A chore that panics is one that failed: it must not take with it what has nothing to do with it.
async fn attempt(chore: Chore, desk: &Desk) -> Result<(), Fault> {
    desk.progress.record();
    AssertUnwindSafe(chore(desk))
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| Err(Fault::Panicked(panic_text(panic.as_ref()))))
}

impl Actor for Housekeeper {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.run_interval(TICK, Self::end_if_stuck);
        self.look(context);
    }
}

impl Handler<ChoresDue> for Housekeeper {
    type Result = ();

    fn handle(&mut self, _: ChoresDue, context: &mut Context<Self>) {
        self.look(context);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_chore_that_fails_rests_longer_each_time_and_is_due_at_once_when_it_works() {
        let now = Instant::now();
        let mut standing = Standing::default();
        assert!(standing.is_due(now));
        for seconds in [60, 120, 240, 480, 960, 1_920, 3_600, 3_600] {
            standing.note("a chore", Err(Fault::Panicked("x".to_owned())), now, 0.5);
            assert!(!standing.is_due(now + Duration::from_secs(seconds - 1)), "{seconds}");
            assert!(standing.is_due(now + Duration::from_secs(seconds)), "{seconds}");
        }
        standing.note("a chore", Ok(()), now, 0.5);
        assert!(standing.is_due(now));
    }
}
