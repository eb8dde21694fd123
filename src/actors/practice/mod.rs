//! The `PracticeActor`: one practice in flight, from step to step until it is finished, must wait, or may not go on.
//!
//! A result counts when its transaction has committed; only then does the next step begin. The actor may be dropped at
//! any await: what it was doing is either committed or done again.

mod asking;
mod conditions;
mod context;
mod storing;
mod work;
mod written;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, WrapFuture};
use entity::Id;
use serde_json::Value;

use self::asking::spec_of;
use self::work::Work;
use super::control::Engine;
use super::supervision::{Exit, LastWord};
use crate::model::play::{Play, Selection};
use crate::model::practice::PracticeStatus;
use crate::model::workflow::Mode;
use crate::ops::misbehave;
use crate::providers::ProviderSpec;
use crate::steps::Progress;
use crate::store::read::RunnableItem;

pub(super) use written::give_up;

/// What all practices of a job share while they run.
pub struct JobContext {
    pub engine: Arc<Engine>,
    pub job_id: Id,
    pub organisation_id: Id,
    /// The organisation's name, which secrets are given by.
    pub organisation: String,
    pub epoch: i32,
    pub play: Play,
    /// Providers whose answers the play's steps wait for in memory.
    pub waited_for: Vec<ProviderSpec>,
    pub selection: Selection,
    pub settings: Arc<Value>,
    /// Set while no new step of this job may start.
    pub held: Arc<AtomicBool>,
    /// Rows in a row that a destination has refused.
    pub refused_rows: Arc<AtomicU32>,
}

/// How the providers are called whose answers steps of this play wait for in memory.
pub(super) fn waited_for(play: &Play) -> Vec<ProviderSpec> {
    let workflows = play.steps().iter().flat_map(|step| &step.alternatives);
    let waits = workflows.filter(|workflow| !workflow.is_native() && workflow.mode == Mode::Sync);
    waits.filter_map(|workflow| spec_of(workflow).ok()).collect()
}

/// Rows in a row that a destination may refuse before its job is paused: then it is hardly the rows.
const REFUSED_ROWS: u32 = 20;

impl JobContext {
    /// The same job with another play. What is in flight goes on to see when the job is held.
    pub(super) fn with_play(&self, play: Play) -> Self {
        Self {
            engine: Arc::clone(&self.engine),
            job_id: self.job_id,
            organisation_id: self.organisation_id,
            organisation: self.organisation.clone(),
            epoch: self.epoch,
            waited_for: waited_for(&play),
            play,
            selection: self.selection,
            settings: Arc::clone(&self.settings),
            held: Arc::clone(&self.held),
            refused_rows: Arc::clone(&self.refused_rows),
        }
    }

    /// How many calls the provider takes at a time that takes the fewest; `None` where no step waits for a provider.
    pub(super) fn narrowest_provider(&self) -> Option<usize> {
        let capacity = |spec| self.engine.providers.capacity(spec);
        self.waited_for.iter().map(capacity).min()
    }

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
