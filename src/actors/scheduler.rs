//! The `Scheduler`: wakes what is due. Times stand in rows; its own timers carry no truth.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Message, Recipient, WrapFuture};
use chrono::{DateTime, Utc};
use entity::Id;

use super::control::Engine;
use super::overseer::RegistrationsChanged;
use super::schedule_runs::run_due;
use crate::ops::misbehave;

/// Bounds of the pause between two looks. The longest bounds how late a retry can be that was written meanwhile.
const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_millis(250);

/// The longest pause between two looks at the schedules, whose times are those of a clock on the wall.
const SCHEDULES_AT_LEAST_EVERY: Duration = Duration::from_secs(1);

/// How often it is looked for what is kept for a time only.
const CHORES_EVERY: Duration = Duration::from_secs(60);

/// Items of these batches are due.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub struct BatchesDue {
    pub jobs: Vec<Id>,
    pub registrations: Vec<Id>,
}

/// Something may have been kept for long enough.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct ChoresDue;

/// Looks for what is due.
pub struct Scheduler {
    engine: Arc<Engine>,
    overseer: Recipient<BatchesDue>,
    chores: Recipient<ChoresDue>,
    registrations: Recipient<RegistrationsChanged>,
}

impl Scheduler {
    pub(super) fn new(
        engine: Arc<Engine>,
        overseer: Recipient<BatchesDue>,
        chores: Recipient<ChoresDue>,
        registrations: Recipient<RegistrationsChanged>,
    ) -> Self {
        Self {
            engine,
            overseer,
            chores,
            registrations,
        }
    }

    fn look(&mut self, context: &mut Context<Self>) {
        misbehave("scheduler", "look");
        let engine = Arc::clone(&self.engine);
        let work = async move {
            let now = Utc::now();
            let due = BatchesDue {
                jobs: engine.reader.jobs_due(now).await?,
                registrations: engine.reader.registrations_due(now).await?,
            };
            let next = engine.reader.next_due(now).await?;
            Ok::<_, sea_orm::DbErr>((due, next))
        };
        context.spawn(work.into_actor(self).map(|outcome, actor, context| {
            let pause = match outcome {
                Ok((due, next)) => {
                    if !due.jobs.is_empty() || !due.registrations.is_empty() {
                        actor.overseer.do_send(due);
                    }
                    pause_until(next, Utc::now(), LONGEST)
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot see what is due");
                    LONGEST
                }
            };
            context.run_later(pause, Self::look);
        }));
    }

    /// Apart from [`look`](Self::look): a batch that has to wait for the database holds up no retry.
    fn look_at_schedules(&mut self, context: &mut Context<Self>) {
        let engine = Arc::clone(&self.engine);
        let work = async move { run_due(&engine, Utc::now()).await };
        context.spawn(work.into_actor(self).map(|outcome, actor, context| {
            let pause = match outcome {
                Ok(looked) => {
                    for batch in looked.made {
                        actor.registrations.do_send(RegistrationsChanged(batch));
                    }
                    pause_until(looked.next, Utc::now(), SCHEDULES_AT_LEAST_EVERY)
                }
                Err(error) => {
                    tracing::warn!(%error, "schedules that are due could not be run; they are tried again");
                    SCHEDULES_AT_LEAST_EVERY
                }
            };
            context.run_later(pause, Self::look_at_schedules);
        }));
    }
}

fn pause_until(next: Option<DateTime<Utc>>, now: DateTime<Utc>, longest: Duration) -> Duration {
    next.and_then(|next| (next - now).to_std().ok())
        .map_or(longest, |pause| pause.clamp(SHORTEST, longest))
}

impl Actor for Scheduler {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.run_interval(CHORES_EVERY, |actor, _| actor.chores.do_send(ChoresDue));
        self.look(context);
        self.look_at_schedules(context);
    }
}
