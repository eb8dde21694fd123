//! What the tree looks like, and whether it moves.

use std::time::Duration;

use actix::{Addr, Context, Handler, Message, Recipient, ResponseFuture};

use super::Overseer;
use super::batches::{BatchSupervisor, Batches};
use crate::actors::job_supervisor::Describe;
use crate::actors::storage::Storage;
use crate::actors::supervision::ActorReport;

/// Asks for the live tree.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Vec<ActorReport>")]
pub struct ListActors;

impl Handler<ListActors> for Overseer {
    type Result = ResponseFuture<Vec<ActorReport>>;

    fn handle(&mut self, _: ListActors, _: &mut Context<Self>) -> Self::Result {
        let health = self.engine.storage.health();
        let root = ActorReport {
            id: "overseer".to_owned(),
            kind: "Overseer",
            parent: None,
            state: if self.engine.is_draining() {
                "draining"
            } else {
                "running"
            }
            .to_owned(),
            generation: 1,
            restarts: 0,
            queued: None,
            last_failure: None,
            started_at: self.started_at,
        };
        let storage = ActorReport {
            id: "storage".to_owned(),
            kind: "StorageActor",
            parent: Some("overseer".to_owned()),
            state: if health.is_away() {
                "the database takes no writes"
            } else {
                "running"
            }
            .to_owned(),
            queued: Some(health.queued()),
            ..root.clone()
        };
        let mut reports = vec![
            root,
            storage,
            self.logger.report("logger", "LoggerActor"),
            self.notifier.report("notifier", "Notifier"),
            self.scheduler.report("scheduler", "Scheduler"),
            self.housekeeper.report("housekeeper", "Housekeeper"),
        ];
        let mut supervisors: Vec<Recipient<Describe>> = Vec::new();
        collect(&self.jobs, &mut reports, &mut supervisors);
        collect(&self.registrations, &mut reports, &mut supervisors);
        Box::pin(async move {
            for supervisor in supervisors {
                // One that has just ended has no children to tell of.
                reports.extend(supervisor.send(Describe).await.unwrap_or_default());
            }
            reports
        })
    }
}

/// Adds the supervisors of one kind of batch.
fn collect<S: BatchSupervisor>(
    batches: &Batches<S>,
    reports: &mut Vec<ActorReport>,
    supervisors: &mut Vec<Recipient<Describe>>,
) {
    for (id, batch) in batches {
        let (report, addr) = batch.report(S::name(*id), S::KIND);
        reports.push(report);
        supervisors.extend(addr.map(Addr::recipient));
    }
}

/// Whether root and writer still move, for the watchdog.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "bool")]
pub struct Pulse;

impl Handler<Pulse> for Overseer {
    type Result = ResponseFuture<bool>;

    fn handle(&mut self, _: Pulse, _: &mut Context<Self>) -> Self::Result {
        let storage: Storage = self.engine.storage.clone();
        Box::pin(async move { storage.answers(Duration::from_secs(5)).await })
    }
}
