//! Going down without losing an attempt.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use actix::{Addr, AsyncContext, Context, Handler, Message, MessageResult, ResponseFuture};

use super::Overseer;
use crate::actors::control::Engine;
use crate::actors::job_supervisor::{JobSupervisor, Wake};
use crate::actors::registration::RegistrationSupervisor;
use crate::actors::supervision::Exit;
use crate::store::write::CloseCleanly;

/// How many supervisors live.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "usize")]
struct Supervisors;

impl Handler<Supervisors> for Overseer {
    type Result = MessageResult<Supervisors>;

    fn handle(&mut self, _: Supervisors, _: &mut Context<Self>) -> Self::Result {
        let jobs = self.supervisors::<JobSupervisor>().count();
        MessageResult(jobs + self.supervisors::<RegistrationSupervisor>().count())
    }
}

/// Ends what still runs when the drain's time is up.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
struct EndJobs;

impl Handler<EndJobs> for Overseer {
    type Result = ();

    fn handle(&mut self, _: EndJobs, _: &mut Context<Self>) {
        for job in self.supervisors::<JobSupervisor>() {
            job.end(Exit::Interrupted);
        }
        for batch in self.supervisors::<RegistrationSupervisor>() {
            batch.end(Exit::Interrupted);
        }
        self.jobs.clear();
        self.registrations.clear();
    }
}

/// No new step; running ones get the drain's time; logs and webhooks reach the journal's head; then the clean end is written down.
/// Answered when all of that is done.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct Drain;

impl Handler<Drain> for Overseer {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Drain, context: &mut Context<Self>) -> Self::Result {
        self.engine.draining.store(true, Ordering::Release);
        for batch in self.supervisors::<RegistrationSupervisor>() {
            // One with nothing to do hears of nothing else.
            batch.addr.do_send(Wake);
        }
        let engine = Arc::clone(&self.engine);
        let me = context.address();
        Box::pin(async move { drain(&engine, &me).await })
    }
}

/// How long the last transaction may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

async fn drain(engine: &Engine, overseer: &Addr<Overseer>) {
    const LOOK_EVERY: Duration = Duration::from_millis(20);
    let deadline = Instant::now() + Duration::from_millis(engine.settings().engine.drain_timeout_ms);
    while overseer.send(Supervisors).await.is_ok_and(|live| live > 0) {
        if Instant::now() >= deadline {
            tracing::warn!("running steps did not end in time; they go on at the next start");
            // An overseer that does not answer has no jobs any more.
            let _ = overseer.send(EndJobs).await;
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    // One that is cut off is sent again at the next start.
    while engine.deliveries_in_flight.load(Ordering::Acquire) > 0 && Instant::now() < deadline {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let head = engine.storage.health().head();
    let logged_by = deadline.max(Instant::now() + Duration::from_secs(5));
    for follower in ["logger", "notifier"] {
        let cursor = async || engine.journal.cursor(follower).await;
        while cursor().await.is_ok_and(|cursor| cursor < head) && Instant::now() < logged_by {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    // A database that is away is not waited for: the next start recovers as from a kill.
    match tokio::time::timeout(CLOSE_WITHIN, engine.storage.write(CloseCleanly)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the clean end could not be written down"),
        Err(_) => tracing::error!("the clean end could not be written down: the database takes no writes"),
    }
}
