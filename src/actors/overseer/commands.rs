//! Commands of people: committed first, then the actors hear of it.

use actix::{AsyncContext, Context, Handler, Message, ResponseFuture};
use entity::Id;

use super::Overseer;
use crate::actors::job_supervisor::{JobSupervisor, LookForDue, Wake};
use crate::actors::registration::RegistrationSupervisor;
use crate::store::write::{ChangeJob, Changed, RedoJob, Redone, WriteError};

/// A job has been changed by a command.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
struct JobChanged(Id);

impl Handler<JobChanged> for Overseer {
    type Result = ();

    fn handle(&mut self, JobChanged(id): JobChanged, context: &mut Context<Self>) {
        self.tell::<JobSupervisor, _>(id, Wake, context);
    }
}

/// A step of this job has been answered from outside.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct AnswerArrived(pub Id);

impl Handler<AnswerArrived> for Overseer {
    type Result = ();

    fn handle(&mut self, AnswerArrived(id): AnswerArrived, context: &mut Context<Self>) {
        self.tell::<JobSupervisor, _>(id, LookForDue, context);
    }
}

/// A registration batch has been made, changed or answered.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct RegistrationsChanged(pub Id);

impl Handler<RegistrationsChanged> for Overseer {
    type Result = ();

    fn handle(&mut self, RegistrationsChanged(id): RegistrationsChanged, context: &mut Context<Self>) {
        self.tell::<RegistrationSupervisor, _>(id, Wake, context);
    }
}

/// Workflow rows have changed: what runs goes on with what they say now.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct WorkflowsChanged;

impl Handler<WorkflowsChanged> for Overseer {
    type Result = ();

    fn handle(&mut self, _: WorkflowsChanged, _: &mut Context<Self>) {
        for supervisor in self.supervisors::<JobSupervisor>() {
            supervisor.addr.do_send(Wake);
        }
    }
}

/// Pauses, resumes or kills a job. Answered once that is committed; the actors hear of it then.
#[derive(Message, Debug)]
#[rtype(result = "Result<Changed, WriteError>")]
pub struct Steer(pub ChangeJob);

impl Handler<Steer> for Overseer {
    type Result = ResponseFuture<Result<Changed, WriteError>>;

    fn handle(&mut self, Steer(command): Steer, context: &mut Context<Self>) -> Self::Result {
        let (storage, me, id) = (self.engine.storage.clone(), context.address(), command.job_id);
        Box::pin(async move {
            let changed = storage.write(command).await?;
            me.do_send(JobChanged(id));
            Ok(changed)
        })
    }
}

/// Runs the practices in error again.
#[derive(Message, Debug)]
#[rtype(result = "Result<Redone, WriteError>")]
pub struct Redo(pub RedoJob);

impl Handler<Redo> for Overseer {
    type Result = ResponseFuture<Result<Redone, WriteError>>;

    fn handle(&mut self, Redo(command): Redo, context: &mut Context<Self>) -> Self::Result {
        let (storage, me, id) = (self.engine.storage.clone(), context.address(), command.job_id);
        Box::pin(async move {
            let redone = storage.write(command).await?;
            me.do_send(JobChanged(id));
            Ok(redone)
        })
    }
}
