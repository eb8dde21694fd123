//! The `PracticeActor`: one practice in flight, from step to step until it is finished, must wait, or may not go on.
//!
//! A result counts when its transaction has committed; only then does the next step begin. The actor may be dropped at
//! any await: what it was doing is either committed or done again.

mod conditions;
mod work;
mod written;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, WrapFuture};
use entity::Id;
use serde_json::Value;

use self::work::Work;
use super::control::Engine;
use super::supervision::{Exit, LastWord};
use crate::model::play::{Play, Selection};
use crate::model::practice::PracticeStatus;
use crate::ops::misbehave;
use crate::steps::Progress;
use crate::store::read::RunnableItem;

pub(super) use written::give_up;

/// What all practices of a job share while they run.
pub struct JobContext {
    pub engine: Arc<Engine>,
    pub job_id: Id,
    pub organisation_id: Id,
    pub epoch: i32,
    pub play: Play,
    pub selection: Selection,
    pub settings: Arc<Value>,
    /// Set while no new step of this job may start.
    pub held: AtomicBool,
}

impl JobContext {
    fn may_start_a_step(&self) -> bool {
        !self.held.load(Ordering::Acquire) && !self.engine.is_draining()
    }
}

/// Where a practice stands when its actor stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemEnd {
    /// Finished, and committed as such.
    Finished(PracticeStatus),
    /// Its row says until when it waits.
    Waiting,
    /// No further step may start now; it goes on from its row later.
    Released,
    /// Somebody else has changed the row, or the job is fenced.
    Superseded,
    /// No practice of the job could go on, for this reason: the job is to be paused.
    Refused(String),
}

/// Where the actor says how it went, before it stops. Empty at its end: it did not get that far.
pub type EndSlot = Rc<Cell<Option<ItemEnd>>>;

/// Runs one practice.
pub struct PracticeActor {
    work: Option<Work>,
    end: EndSlot,
    word: LastWord,
}

impl PracticeActor {
    pub(super) fn new(
        job: Arc<JobContext>,
        item: RunnableItem,
        progress: Progress,
        end: EndSlot,
        word: LastWord,
    ) -> Self {
        Self {
            work: Work::new(job, item, progress),
            end,
            word,
        }
    }
}

impl Actor for PracticeActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        let Some(work) = self.work.take() else {
            self.word
                .leave(Exit::Failed("its row is in a state that does not exist".to_owned()));
            context.stop();
            return;
        };
        misbehave("practice", work.identifier());
        context.spawn(work.run().into_actor(self).map(|outcome, actor, context| {
            match outcome {
                Ok(end) => actor.end.set(Some(end)),
                Err(error) => actor.word.leave(Exit::Failed(error)),
            }
            context.stop();
        }));
    }
}
