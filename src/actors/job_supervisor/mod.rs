//! The `JobSupervisor`: keeps a window of practices of one running job in flight.
//!
//! It holds nothing that is not in the database: built anew, it reads the job's row and goes on. What it reads ahead
//! is bounded by the window, whatever the size of the job.

mod backlog;
mod children;
mod ending;
mod reading;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, MessageResult, WrapFuture};
use entity::Id;
use sea_orm::DbErr;

use self::backlog::{Backlog, Next};
use self::children::{Child, Faults};
use self::reading::Scan;
use super::control::Engine;
use super::credits::{Credit, CreditGranted};
use super::practice::{JobContext, waited_for};
use super::supervision::{ActorReport, Exit, LastWord};
use crate::model::batch::{JobEvent, JobStatus};
use crate::model::crash::LastEnd;
use crate::model::journal::Origin;
use crate::model::play::Play;
use crate::ops::misbehave;
use crate::store::read::{OpenJob, play};
use crate::store::write::{ChangeJob, Changed, MarkInFlight, RecoverJob, WriteError};

/// Practices that are at steps without a provider while others wait for one.
const BESIDES: usize = 8;
/// How often hosts that were busy, and children that may be stuck, are looked at.
const TICK: Duration = Duration::from_millis(100);

/// Supervises one job.
pub struct JobSupervisor {
    engine: Arc<Engine>,
    job: OpenJob,
    /// How the process ended that may have left practices of this job in flight.
    last_end: LastEnd,
    /// Absent until the job has been recovered and its play is known.
    context: Option<Arc<JobContext>>,
    backlog: Backlog,
    children: HashMap<i64, Child>,
    faults: HashMap<i64, Faults>,
    credits: Vec<Credit>,
    /// Credits that were asked for and have not come.
    expected: usize,
    scan: Scan,
    /// Practices whose duplicates wait for their outcome.
    leaders: Vec<i64>,
    copying: bool,
    /// An exclusive run is being prepared or goes on.
    suspect_runs: bool,
    finishing: bool,
    resting: bool,
    /// Practices whose actors failed and are not to be built again yet.
    backing_off: HashSet<i64>,
    /// Nothing has happened since the job was last found unfinished with nothing to do.
    settled: bool,
    /// Practices that ended while a page was being read: it may show them as they were before.
    ended_meanwhile: HashSet<i64>,
    word: LastWord,
}

/// Something about the job or its rows has changed: look at the database.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct Wake;

/// Practices whose time had not come may be due now.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct LookForDue;

/// Asks for the supervisor's part of the tree.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Vec<ActorReport>")]
pub struct Describe;

impl JobSupervisor {
    pub(super) fn new(engine: Arc<Engine>, job: OpenJob, last_end: LastEnd, word: LastWord) -> Self {
        let backlog = Backlog::new(engine.settings().scrape.host_concurrency);
        Self {
            engine,
            job,
            last_end,
            context: None,
            backlog,
            children: HashMap::new(),
            faults: HashMap::new(),
            credits: Vec::new(),
            expected: 0,
            scan: Scan::default(),
            leaders: Vec::new(),
            copying: false,
            suspect_runs: false,
            finishing: false,
            resting: false,
            backing_off: HashSet::new(),
            settled: false,
            ended_meanwhile: HashSet::new(),
            word,
        }
    }

    /// Counts an unclean end, finds the play, and says that the job runs.
    fn begin(&mut self, context: &mut Context<Self>) {
        let engine = Arc::clone(&self.engine);
        let job = self.job.clone();
        let last_end = self.last_end;
        let work = async move { begin(&engine, &job, last_end).await };
        context.spawn(work.into_actor(self).map(|outcome, actor, context| match outcome {
            Ok(Some(job)) => {
                actor.context = Some(Arc::new(job));
                actor.copy_outcomes_left_behind(context);
                // The row may have changed since it was read: paused, killed, redone.
                actor.reconcile(context);
            }
            Ok(None) => context.stop(),
            Err(why) => actor.fail(why, context),
        }));
    }

    fn fail(&mut self, why: String, context: &mut Context<Self>) {
        self.word.leave(Exit::Failed(why));
        context.stop();
    }

    fn is_held(&self) -> bool {
        self.engine.is_draining() || self.context.as_ref().is_none_or(|job| job.held.load(Ordering::Acquire))
    }

    /// How many practices may be in flight. No more than twice what the play's narrowest provider takes: more would only
    /// wait in memory for it, holding credits that others have a use for.
    fn window(&self) -> usize {
        let window = self.engine.settings().engine.window;
        let Some(job) = &self.context else { return window };
        match job.narrowest_provider() {
            Some(capacity) => window.min(capacity.saturating_mul(2) + BESIDES),
            None => window,
        }
    }

    /// What begins from now on is done as the play says now; what runs ends as it began.
    fn go_on_with(&mut self, play: Option<Play>) {
        if let (Some(job), Some(play)) = (&self.context, play)
            && job.play != play
        {
            self.context = Some(Arc::new(job.with_play(play)));
        }
    }

    /// Starts what can be started, reads on where little is left, ends the job where nothing is.
    fn fill(&mut self, context: &mut Context<Self>) {
        let Some(job) = self.context.clone() else { return };
        if self.is_held() {
            self.credits.clear();
            self.forget_backlog();
            self.rest(context);
            return;
        }
        if self.backlog.has_suspects() || self.suspect_runs {
            self.credits.retain(Credit::is_exclusive);
            self.run_suspect();
            return;
        }
        let window = self.window();
        let mut wait = None;
        while self.children.len() < window {
            let Some(credit) = self.credits.pop() else {
                self.claim_credits();
                break;
            };
            match self.backlog.next(|host| self.engine.hosts.try_enter(host)) {
                Next::Start(item, slot) => self.start_child(&job, *item, slot, credit, context),
                Next::Busy(soonest) => {
                    wait = soonest;
                    break;
                }
                Next::Empty => break,
            }
        }
        // Others may have a use for what this job cannot start now.
        self.credits.clear();
        if let Some(wait) = wait.filter(|wait| *wait < TICK) {
            context.run_later(wait, Self::fill);
        }
        self.read_on(context);
        self.finish_if_idle(context);
    }

    /// A paused job needs no supervisor; one that goes on gets a new one. Nothing of it is in flight then, and an end of
    /// the process must not be counted against anything.
    fn rest(&mut self, context: &mut Context<Self>) {
        if !self.children.is_empty() || self.scan.is_reading() || self.copying || self.resting {
            return;
        }
        self.resting = true;
        let engine = Arc::clone(&self.engine);
        let job_id = self.job.id;
        let work = async move {
            engine
                .storage
                .write(MarkInFlight {
                    job_id,
                    items: Vec::new(),
                })
                .await
        };
        context.spawn(work.into_actor(self).map(|outcome, actor, context| {
            if let Err(error) = outcome {
                tracing::warn!(%error, job = %actor.job.id, "it could not be noted that nothing is in flight");
            }
            if actor.is_held() {
                context.stop();
            } else {
                actor.resting = false;
                actor.scan_again();
                actor.fill(context);
            }
        }));
    }

    fn claim_credits(&mut self) {
        let wants = (self.window() - self.children.len()).min(self.backlog.len());
        if wants > self.expected {
            let more = wants - self.expected;
            self.expected = wants;
            self.engine.credits.claim(self.job.id, more);
        }
    }

    fn tick(&mut self, context: &mut Context<Self>) {
        misbehave("job_supervisor", "tick");
        self.end_stuck_children();
        self.fill(context);
    }

    fn reconcile(&mut self, context: &mut Context<Self>) {
        let engine = Arc::clone(&self.engine);
        let id = self.job.id;
        let work = async move { look_again(&engine, id).await };
        context.spawn(work.into_actor(self).map(|found, actor, context| match found {
            Ok(Some((row, play))) if row.status.is_open() && row.epoch == actor.job.epoch => {
                actor.go_on_with(play);
                if let Some(job) = &actor.context {
                    job.held.store(row.status == JobStatus::Paused, Ordering::Release);
                }
                actor.settled = false;
                actor.scan_again();
                actor.fill(context);
            }
            // Killed, finished, gone, or fenced by a new epoch: whoever runs on would only meet conflicts.
            Ok(_) => {
                actor.end_children();
                context.stop();
            }
            Err(error) => {
                tracing::warn!(%error, job = %actor.job.id, "cannot see how the job stands; looking again");
                context.run_later(Duration::from_secs(1), Self::reconcile);
            }
        }));
    }
}

/// How the job stands, and what its play is now.
async fn look_again(engine: &Engine, id: Id) -> Result<Option<(OpenJob, Option<Play>)>, DbErr> {
    let Some(job) = engine.reader.job(id).await? else {
        return Ok(None);
    };
    let play = play(&engine.readers, job.organisation_id, &job.play, &job.selection).await?;
    Ok(Some((job, play)))
}

async fn begin(engine: &Arc<Engine>, job: &OpenJob, last_end: LastEnd) -> Result<Option<JobContext>, String> {
    let text = |error: WriteError| error.to_string();
    let recover = RecoverJob {
        job_id: job.id,
        last_end,
    };
    let interrupted = engine.storage.write(recover).await.map_err(text)?;
    if interrupted > 0 {
        tracing::info!(job = %job.id, may_have_run = interrupted, "the process was {last_end}; what was in flight or next goes on");
    }
    let found = play(&engine.readers, job.organisation_id, &job.play, &job.selection)
        .await
        .map_err(|error| error.to_string())?;
    let change = |event, reason| ChangeJob {
        job_id: job.id,
        event,
        origin: Origin::engine(),
        reason,
    };
    let open_runs = engine
        .reader
        .has_open_runs(job.id)
        .await
        .map_err(|error| error.to_string())?;
    // What has begun ends, also where its workflow is gone.
    let found = found.or_else(|| open_runs.then(|| Play::ended(job.play.clone())));
    let Some(play) = found else {
        let why = format!("the play '{}' has no enabled step", job.play);
        engine
            .storage
            .write(change(JobEvent::Fail, Some(why)))
            .await
            .map_err(text)?;
        return Ok(None);
    };
    if job.status == JobStatus::Pending {
        let started = engine
            .storage
            .write(change(JobEvent::Start, None))
            .await
            .map_err(text)?;
        if !matches!(started, Changed::Accepted(_) | Changed::Already(_)) {
            return Ok(None);
        }
    }
    if !job.selection.force
        && engine
            .reader
            .has_companies(job.id)
            .await
            .map_err(|error| error.to_string())?
    {
        // What companies have completed is read from the logs.
        engine.until_logged(None).await.map_err(|error| error.to_string())?;
    }
    let organisation = engine.reader.organisation_name(job.organisation_id).await;
    Ok(Some(JobContext {
        engine: Arc::clone(engine),
        job_id: job.id,
        organisation_id: job.organisation_id,
        organisation: organisation.map_err(|error| error.to_string())?.unwrap_or_default(),
        epoch: job.epoch,
        waited_for: waited_for(&play),
        play,
        selection: job.selection,
        settings: Arc::new(job.settings.clone()),
        held: Arc::new(AtomicBool::new(false)),
        refused_rows: Arc::new(AtomicU32::new(0)),
    }))
}

impl Actor for JobSupervisor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        misbehave("job_supervisor", "started");
        let recipient = context.address().recipient();
        self.engine
            .credits
            .join(self.job.organisation_id, self.job.id, recipient);
        context.run_interval(TICK, Self::tick);
        self.begin(context);
    }

    fn stopped(&mut self, _: &mut Context<Self>) {
        self.credits.clear();
        self.engine.credits.leave(self.job.id);
    }
}

impl Handler<Wake> for JobSupervisor {
    type Result = ();

    fn handle(&mut self, _: Wake, context: &mut Context<Self>) {
        self.reconcile(context);
    }
}

impl Handler<LookForDue> for JobSupervisor {
    type Result = ();

    fn handle(&mut self, _: LookForDue, context: &mut Context<Self>) {
        self.settled = false;
        self.scan.look_for_due();
        self.fill(context);
    }
}

impl Handler<CreditGranted> for JobSupervisor {
    type Result = ();

    fn handle(&mut self, CreditGranted(credit): CreditGranted, context: &mut Context<Self>) {
        if credit.is_exclusive() {
            self.start_suspect(credit, context);
        } else {
            self.expected = self.expected.saturating_sub(1);
            self.credits.push(credit);
            self.fill(context);
        }
    }
}

impl Handler<Describe> for JobSupervisor {
    type Result = MessageResult<Describe>;

    fn handle(&mut self, _: Describe, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.describe_children())
    }
}

/// The name of a job's supervisor in the tree.
pub(in crate::actors) fn actor_id(job: Id) -> String {
    format!("job:{job}")
}
