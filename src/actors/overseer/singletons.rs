//! The actors of which there is one under the overseer: built again within a budget, beyond it the process ends.

use std::sync::Arc;
use std::time::Instant;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, System, WrapFuture};
use chrono::{DateTime, Utc};
use rand::RngExt as _;

use super::{EXIT_FAULT, Overseer, RECONCILE_EVERY};
use crate::actors::housekeeper::Housekeeper;
use crate::actors::logger::LoggerActor;
use crate::actors::notifier::{DeliveriesDue, Notifier};
use crate::actors::scheduler::{ChoresDue, Scheduler};
use crate::actors::storage::Follow;
use crate::actors::supervision::{ActorReport, Exit, Monitored, RestartBudget, spawn_monitored};
use crate::settings::Settings;

/// One of the actors of which there is one.
pub(super) struct Singleton<A: Actor> {
    monitored: Option<Monitored<A>>,
    generation: u32,
    budget: RestartBudget,
    last_failure: Option<String>,
    started_at: DateTime<Utc>,
}

impl<A: Actor> Singleton<A> {
    pub fn new(settings: &Settings) -> Self {
        Self {
            monitored: None,
            generation: 0,
            budget: RestartBudget::new(settings),
            last_failure: None,
            started_at: Utc::now(),
        }
    }

    pub fn report(&self, id: &str, kind: &'static str) -> ActorReport {
        ActorReport {
            id: id.to_owned(),
            kind,
            parent: Some("overseer".to_owned()),
            state: if self.monitored.is_some() {
                "running"
            } else {
                "waiting to be restarted"
            }
            .to_owned(),
            generation: self.generation,
            restarts: self.budget.spent(),
            queued: None,
            last_failure: self.last_failure.clone(),
            started_at: self.started_at,
        }
    }
}

impl Overseer {
    pub(super) fn start_logger(&mut self, context: &mut Context<Self>) {
        let engine = Arc::clone(&self.engine);
        let work = async move { engine.journal.cursor("logger").await };
        context.spawn(work.into_actor(self).map(|cursor, actor, context| match cursor {
            Ok(cursor) => actor.start_logger_at(cursor, context),
            Err(error) => {
                tracing::warn!(%error, "cannot see how far the logs have come; looking again");
                context.run_later(RECONCILE_EVERY, Self::start_logger);
            }
        }));
    }

    fn start_logger_at(&mut self, cursor: i64, context: &mut Context<Self>) {
        let overseer = context.address();
        let engine = Arc::clone(&self.engine);
        let monitored = spawn_monitored(
            move |_, word| LoggerActor::new(engine, cursor, word),
            move |exit| {
                overseer.do_send(SingletonExited {
                    which: Which::Logger,
                    exit,
                })
            },
        );
        self.storage.do_send(Follow(monitored.addr.clone().recipient()));
        self.logger.generation += 1;
        self.logger.started_at = Utc::now();
        self.logger.monitored = Some(monitored);
    }

    pub(super) fn start_notifier(&mut self, context: &mut Context<Self>) {
        let engine = Arc::clone(&self.engine);
        let work = async move { engine.journal.cursor("notifier").await };
        context.spawn(work.into_actor(self).map(|cursor, actor, context| match cursor {
            Ok(cursor) => actor.start_notifier_at(cursor, context),
            Err(error) => {
                tracing::warn!(%error, "cannot see how far webhooks have come; looking again");
                context.run_later(RECONCILE_EVERY, Self::start_notifier);
            }
        }));
    }

    fn start_notifier_at(&mut self, cursor: i64, context: &mut Context<Self>) {
        let overseer = context.address();
        let engine = Arc::clone(&self.engine);
        let monitored = spawn_monitored(
            move |_, word| Notifier::new(engine, cursor, word),
            move |exit| {
                overseer.do_send(SingletonExited {
                    which: Which::Notifier,
                    exit,
                })
            },
        );
        self.notifier.generation += 1;
        self.notifier.started_at = Utc::now();
        self.notifier.monitored = Some(monitored);
    }

    pub(super) fn start_scheduler(&mut self, context: &mut Context<Self>) {
        let overseer = context.address();
        let (due, chores) = (context.address().recipient(), context.address().recipient());
        let registrations = context.address().recipient();
        let engine = Arc::clone(&self.engine);
        let monitored = spawn_monitored(
            move |_, _| Scheduler::new(engine, due, chores, registrations),
            move |exit| {
                overseer.do_send(SingletonExited {
                    which: Which::Scheduler,
                    exit,
                })
            },
        );
        self.scheduler.generation += 1;
        self.scheduler.started_at = Utc::now();
        self.scheduler.monitored = Some(monitored);
    }

    pub(super) fn start_housekeeper(&mut self, context: &mut Context<Self>) {
        let overseer = context.address();
        let engine = Arc::clone(&self.engine);
        let monitored = spawn_monitored(
            move |_, word| Housekeeper::new(engine, word),
            move |exit| {
                overseer.do_send(SingletonExited {
                    which: Which::Housekeeper,
                    exit,
                })
            },
        );
        self.housekeeper.generation += 1;
        self.housekeeper.started_at = Utc::now();
        self.housekeeper.monitored = Some(monitored);
    }
}

impl Handler<ChoresDue> for Overseer {
    type Result = ();

    fn handle(&mut self, due: ChoresDue, _: &mut Context<Self>) {
        // One that is being built again looks by itself.
        if let Some(housekeeper) = &self.housekeeper.monitored {
            housekeeper.addr.do_send(due);
        }
    }
}

impl Handler<DeliveriesDue> for Overseer {
    type Result = ();

    fn handle(&mut self, due: DeliveriesDue, _: &mut Context<Self>) {
        // One that is being built again looks by itself.
        if let Some(notifier) = &self.notifier.monitored {
            notifier.addr.do_send(due);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Logger,
    Notifier,
    Scheduler,
    Housekeeper,
}

#[derive(Message, Debug)]
#[rtype(result = "()")]
struct SingletonExited {
    which: Which,
    exit: Exit,
}

impl Handler<SingletonExited> for Overseer {
    type Result = ();

    fn handle(&mut self, exited: SingletonExited, context: &mut Context<Self>) {
        let why = exited
            .exit
            .failure()
            .unwrap_or_else(|| "ended without a word".to_owned());
        tracing::error!(actor = ?exited.which, error = why, "an actor failed");
        let budget = match exited.which {
            Which::Logger => {
                self.logger.monitored = None;
                self.logger.last_failure = Some(why);
                &mut self.logger.budget
            }
            Which::Notifier => {
                self.notifier.monitored = None;
                self.notifier.last_failure = Some(why);
                &mut self.notifier.budget
            }
            Which::Scheduler => {
                self.scheduler.monitored = None;
                self.scheduler.last_failure = Some(why);
                &mut self.scheduler.budget
            }
            Which::Housekeeper => {
                self.housekeeper.monitored = None;
                self.housekeeper.last_failure = Some(why);
                &mut self.housekeeper.budget
            }
        };
        let Some(wait) = budget.spend(Instant::now(), rand::rng().random()) else {
            tracing::error!(actor = ?exited.which, "failed too often; the process ends, for the service manager to start anew");
            System::current().stop_with_code(EXIT_FAULT);
            return;
        };
        context.run_later(wait, move |actor, context| match exited.which {
            Which::Logger => actor.start_logger(context),
            Which::Notifier => actor.start_notifier(context),
            Which::Scheduler => actor.start_scheduler(context),
            Which::Housekeeper => actor.start_housekeeper(context),
        });
    }
}
