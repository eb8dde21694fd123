//! Our own supervision: actix's sees neither panics nor ends, and cannot rebuild an actor from its row.
//!
//! An actor's task is spawned by hand and its `JoinHandle` kept by a monitor, which tells the parent how it ended. The
//! parent decides, from the row, what comes next.

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix::{Actor, Addr, AsyncContext, Context};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::settings::Settings;

/// How an actor's task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It had nothing left to do.
    Finished,
    /// It was told to stop.
    Interrupted,
    /// It gave up, and says why.
    Failed(String),
    /// A handler or a future of its own panicked.
    Panicked(String),
    /// It did not move for too long and was ended.
    Stuck,
}

impl Exit {
    /// Why the exit is a failure; `None` where it is none.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        match self {
            Self::Finished | Self::Interrupted => None,
            Self::Failed(why) => Some(why.clone()),
            Self::Panicked(why) => Some(format!("panicked: {why}")),
            Self::Stuck => Some("did not move for too long".to_owned()),
        }
    }
}

/// Where an actor leaves word of its end before it stops. Empty at its end means [`Exit::Finished`].
#[derive(Clone, Debug, Default)]
pub struct LastWord(Rc<RefCell<Option<Exit>>>);

impl LastWord {
    pub fn leave(&self, exit: Exit) {
        *self.0.borrow_mut() = Some(exit);
    }
}

/// A child whose end will be told.
#[derive(Debug)]
pub struct Monitored<A: Actor> {
    pub addr: Addr<A>,
    abort: tokio::task::AbortHandle,
    /// Kept by the parent, so that an abort can say why.
    word: LastWord,
}

impl<A: Actor> Monitored<A> {
    /// Ends the child at its next await. What it was doing must be safe to drop: a child writes only through the
    /// `StorageActor`.
    pub fn end(&self, why: Exit) {
        self.word.leave(why);
        self.abort.abort();
    }
}

/// A child does not outlive the parent that would hear of its end.
impl<A: Actor> Drop for Monitored<A> {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

/// Starts an actor on this thread; `on_exit` runs once, on this thread, when its task has ended, however it ended.
pub fn spawn_monitored<A>(
    build: impl FnOnce(&mut Context<A>, LastWord) -> A,
    on_exit: impl FnOnce(Exit) + 'static,
) -> Monitored<A>
where
    A: Actor<Context = Context<A>>,
{
    let word = LastWord::default();
    let mut context = Context::<A>::new();
    let addr = context.address();
    let actor = build(&mut context, word.clone());
    let task = actix::spawn(context.into_future(actor));
    let abort = task.abort_handle();
    let left = word.clone();
    actix::spawn(async move {
        let exit = match task.await {
            Ok(()) => left.0.borrow_mut().take().unwrap_or(Exit::Finished),
            Err(error) if error.is_panic() => Exit::Panicked(panic_text(error.into_panic().as_ref())),
            Err(_) => left.0.borrow_mut().take().unwrap_or(Exit::Interrupted),
        };
        on_exit(exit);
    });
    Monitored { addr, abort, word }
}

/// What a panic says.
#[must_use]
pub fn panic_text(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

/// How often something may be built again.
#[derive(Clone, Debug)]
pub struct RestartBudget {
    most: usize,
    window: Duration,
    base: Duration,
    restarts: VecDeque<Instant>,
}

impl RestartBudget {
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            most: settings.engine.restart_budget as usize,
            window: Duration::from_millis(settings.engine.restart_window_ms),
            base: Duration::from_millis(settings.engine.restart_base_ms),
            restarts: VecDeque::new(),
        }
    }

    /// Spends one restart and tells how long to wait for it, or `None` over budget. `unit` is a random number from 0
    /// to 1: the wait doubles with every restart in the window and varies by half.
    pub fn spend(&mut self, now: Instant, unit: f64) -> Option<Duration> {
        while self
            .restarts
            .front()
            .is_some_and(|at| now.duration_since(*at) > self.window)
        {
            self.restarts.pop_front();
        }
        if self.restarts.len() >= self.most {
            return None;
        }
        let doublings = u32::try_from(self.restarts.len()).unwrap_or(16).min(16);
        self.restarts.push_back(now);
        Some((self.base * 2_u32.pow(doublings)).mul_f64(0.5 + unit))
    }

    /// Restarts within the window.
    #[must_use]
    pub fn spent(&self) -> usize {
        self.restarts.len()
    }
}

/// One line of the live tree.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActorReport {
    pub id: String,
    pub kind: &'static str,
    pub parent: Option<String>,
    pub state: String,
    pub generation: u32,
    pub restarts: usize,
    /// Messages that wait, where the actor can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
    pub started_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(most: usize) -> RestartBudget {
        RestartBudget {
            most,
            window: Duration::from_secs(60),
            base: Duration::from_millis(100),
            restarts: VecDeque::new(),
        }
    }

    #[test]
    fn waits_double_until_the_budget_is_spent_and_the_window_gives_it_back() {
        let mut budget = budget(2);
        let start = Instant::now();
        assert_eq!(budget.spend(start, 0.5), Some(Duration::from_millis(100)));
        assert_eq!(budget.spend(start, 0.5), Some(Duration::from_millis(200)));
        assert_eq!(budget.spend(start, 0.5), None);
        assert_eq!(
            budget.spend(start + Duration::from_secs(61), 0.5),
            Some(Duration::from_millis(100))
        );
    }

    struct Faulty;

    impl Actor for Faulty {
        type Context = Context<Self>;

        fn started(&mut self, _: &mut Context<Self>) {
            panic!("in started");
        }
    }

    #[actix::test]
    async fn a_panic_reaches_the_parent_with_its_text() {
        let (tell, told) = tokio::sync::oneshot::channel();
        let child = spawn_monitored(|_, _| Faulty, move |exit| drop(tell.send(exit)));
        assert_eq!(told.await, Ok(Exit::Panicked("in started".to_owned())));
        assert!(!child.addr.connected());
    }

    struct Idle;

    impl Actor for Idle {
        type Context = Context<Self>;
    }

    #[actix::test]
    async fn an_aborted_child_says_why_it_was_ended() {
        let (tell, told) = tokio::sync::oneshot::channel();
        let child = spawn_monitored(|_, _| Idle, move |exit| drop(tell.send(exit)));
        child.end(Exit::Stuck);
        assert_eq!(told.await, Ok(Exit::Stuck));
    }
}
