//! The `RegistrationJobActor`: one registration that can go on, from step to step until it has ended, must wait, or may not go on.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, WrapFuture};

use super::work::Work;
use crate::actors::control::Engine;
use crate::actors::supervision::{Exit, LastWord};
use crate::ops::misbehave;
use crate::store::read::OpenRegistrationBatch;
use crate::store::write::Threshold;

/// What all registrations of a batch share while they run.
pub struct BatchContext {
    pub engine: Arc<Engine>,
    pub batch: OpenRegistrationBatch,
    /// The organisation's name, which secrets are given by.
    pub organisation: String,
    /// Set while no new step of this batch may start.
    pub held: AtomicBool,
}

impl BatchContext {
    pub(super) fn may_start_a_step(&self) -> bool {
        !self.held.load(Ordering::Acquire) && !self.engine.is_draining()
    }

    pub(super) fn threshold(&self) -> Threshold {
        let settings = self.engine.settings();
        Threshold {
            share: settings.registration.failure_threshold,
            on: settings.registration.on_threshold,
        }
    }
}

/// Where a registration stands when its actor stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// It has ended, and that is committed.
    Ended,
    /// Its row says what it waits for.
    Waiting,
    /// No further step may start now; it goes on from its row later.
    Released,
    /// Somebody else has changed the row, or the batch is fenced.
    Superseded,
    /// No registration of the batch could go on, for this reason: the batch is to be paused.
    Refused(String),
}

/// Where the actor says how it went, before it stops. Empty at its end: it did not get that far.
pub type EndSlot = Rc<Cell<Option<JobEnd>>>;

/// Runs one registration.
pub struct RegistrationJobActor {
    work: Option<Work>,
    end: EndSlot,
    word: LastWord,
}

impl RegistrationJobActor {
    pub(super) fn new(work: Work, end: EndSlot, word: LastWord) -> Self {
        Self {
            work: Some(work),
            end,
            word,
        }
    }
}

impl Actor for RegistrationJobActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        let Some(work) = self.work.take() else { return };
        misbehave("registration", &work.id.to_string());
        context.spawn(work.run().into_actor(self).map(|outcome, actor, context| {
            match outcome {
                Ok(end) => actor.end.set(Some(end)),
                Err(error) => actor.word.leave(Exit::Failed(error)),
            }
            context.stop();
        }));
    }
}
