//! One run, from the lock of its database to the end of its job.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::Addr;
use anyhow::{Context as _, anyhow, bail};
use entity::{Id, enrichment_jobs};
use tempfile::TempPath;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Options;
use super::files::{Files, directory_of, unless_missing};
use super::output;
use super::progress::Progress;
use super::record::{List, Record};
use super::summary::INTERRUPTED;
use crate::actors::import::{ImportRequest, TextList, import, text_source, unfold_file_at, workbook_limits};
use crate::actors::{ArchiveFiles, Drain, Engine, Export, ExportSpool, Overseer, Reconcile, Redo, Steer};
use crate::cli::bring_up::{Up, bring_up};
use crate::cli::migrate::{open, up};
use crate::exchange::write::Format;
use crate::model::batch::{JobEvent, JobStatus};
use crate::model::play::Selection;
use crate::settings::Settings;
use crate::store::Database;
use crate::store::failed::Failed;
use crate::store::fault::is_transient;
use crate::store::identity::local_scope;
use crate::store::lock::{LockError, Ownership, acquire};
use crate::store::read::{Access, JobView, Reader, Scope, play};
use crate::store::write::{ChangeJob, Changed, RedoJob, Redone};

/// How often it is looked whether the journal has moved, and with it the job's counts.
const LOOK_EVERY: Duration = Duration::from_millis(150);

/// How a run ended.
pub enum Ending {
    /// The job is complete and the result is in its place.
    Written(Box<JobView>),
    /// By a signal, with work left; the job is absent if the list was not read in yet.
    Interrupted(Option<Box<JobView>>),
}

/// A database that is owned, and the list that is to be run on it.
pub struct Prepared {
    pub database: Database,
    settings: Arc<Settings>,
    scope: Scope,
    list: List,
    /// Where the list is read from; a copy of what came from a pipe is removed with this.
    from: From,
    record: Record,
    /// The job, if an earlier process began it.
    job: Option<enrichment_jobs::Model>,
    _ownership: Ownership,
}

enum From {
    List(PathBuf),
    Spool(TempPath),
}

impl From {
    fn path(&self) -> &Path {
        match self {
            Self::List(list) => list,
            Self::Spool(copy) => copy,
        }
    }
}

/// What a database of a run holds.
struct Opened {
    database: Database,
    scope: Scope,
    job: Option<enrichment_jobs::Model>,
}

async fn open_run(settings: &Settings, ownership: &Ownership) -> anyhow::Result<Opened> {
    let database = open(settings).await?;
    up(&database.writer).await?;
    let scope = local_scope(&database.writer, ownership).await?;
    let job = Reader::new(database.readers.clone()).newest_own_job(&scope).await?;
    Ok(Opened { database, scope, job })
}

/// Takes the database and finds out whether it holds this run, before anything is run.
///
/// # Errors
/// Where it holds another run, belongs to another process, or something would be lost.
pub async fn prepare(
    options: &Options,
    files: &Files,
    settings: Arc<Settings>,
    progress: &Progress,
) -> anyhow::Result<Prepared> {
    if options.list != Path::new("-") {
        std::fs::metadata(&options.list).with_context(|| format!("{} cannot be read", options.list.display()))?;
        files.must_differ_from(&options.list)?;
    }
    let there = files.database.try_exists()?;
    if !there {
        // Before the first file is made.
        files.may_write(false, options.force)?;
    }
    let ownership = own(&settings, files).await?;
    if there && options.fresh {
        begin_anew(options, files, &settings, &ownership).await?;
        progress.note(&format!("the run before is kept as {}", files.old_database.display()));
    }
    let opened = open_run(&settings, &ownership).await.with_context(|| {
        let database = files.database.display();
        format!("{database} is not the database of a run; move it away, or begin anew with --fresh")
    })?;
    match read_list(options, files, &opened, progress).await {
        Ok((list, from, record)) => Ok(Prepared {
            database: opened.database,
            settings,
            scope: opened.scope,
            list,
            from,
            record,
            job: opened.job,
            _ownership: ownership,
        }),
        Err(error) => {
            // How it closes changes nothing about the refusal.
            let _ = opened.database.close().await;
            Err(error)
        }
    }
}

/// Reads the list, unless that would be in vain: it must be the one that the database's run was begun with.
async fn read_list(
    options: &Options,
    files: &Files,
    opened: &Opened,
    progress: &Progress,
) -> anyhow::Result<(List, From, Record)> {
    if !options.fresh {
        files.may_write(wrote_output(opened.job.as_ref(), files), options.force)?;
    }
    progress.busy("reading the list");
    let (path, spool) = (options.list.clone(), files.spool.clone());
    let list = tokio::task::spawn_blocking(move || List::read(&path, &spool)).await??;
    let from = if list.spooled {
        From::Spool(TempPath::try_from_path(files.spool.clone())?)
    } else {
        From::List(options.list.clone())
    };
    let record = Record::new(&list, options, files.output_name());
    if let Some(job) = &opened.job {
        must_be_the_same(job, &record, files)?;
    }
    Ok((list, from, record))
}

async fn own(settings: &Settings, files: &Files) -> anyhow::Result<Ownership> {
    acquire(&settings.database.url).await.map_err(|error| match error {
        LockError::Taken(lock) => anyhow!(
            "another batchdesk works on {} (it holds {}); wait until it has ended, or name another file with -o",
            files.database.display(),
            lock.display()
        ),
        other => other.into(),
    })
}

/// Whether the result is a file that the database's run wrote.
fn wrote_output(job: Option<&enrichment_jobs::Model>, files: &Files) -> bool {
    job.and_then(|job| Record::of_job(&job.settings))
        .is_some_and(|record| record.wrote(&files.output_name()))
}

async fn begin_anew(
    options: &Options,
    files: &Files,
    settings: &Settings,
    ownership: &Ownership,
) -> anyhow::Result<()> {
    // What cannot be opened is put away as well; it only cannot tell what it wrote.
    let ours = match open_run(settings, ownership).await {
        Ok(opened) => {
            opened.database.close().await?;
            wrote_output(opened.job.as_ref(), files)
        }
        Err(_) => false,
    };
    files.may_write(ours, options.force)?;
    files.put_database_away()
}

fn must_be_the_same(job: &enrichment_jobs::Model, now: &Record, files: &Files) -> anyhow::Result<()> {
    let database = files.database.display();
    let Some(then) = Record::of_job(&job.settings) else {
        bail!("{database} holds a job that no run made; name another file with -o");
    };
    let differences = then.differences(now);
    if differences.is_empty() {
        return Ok(());
    }
    bail!(
        "{database} was begun with other input: {} differs. Repeat the command as it was to go on with that run, name \
         another file with -o, or begin anew with --fresh, which keeps the old database as {}",
        differences.join(" and "),
        files.old_database.display()
    )
}

/// SIGINT and SIGTERM.
struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Runs the job to its end, or until a signal, and leaves the database in order.
///
/// # Errors
/// Where the list is refused, the job fails as a whole, or the result cannot be written.
pub async fn carry_out(
    run: &Prepared,
    options: &Options,
    format: Format,
    files: &Files,
    progress: &mut Progress,
) -> anyhow::Result<Ending> {
    let mut interrupts = Interrupts::listen()?;
    let Up { handle, crash_mark } = bring_up(&run.settings, &run.database, &files.mark, None).await?;
    let session = Session {
        run,
        redo: options.redo,
        format,
        files,
        reader: Reader::new(run.database.readers.clone()),
        engine: handle.engine,
        overseer: handle.overseer,
    };
    let worked = tokio::select! {
        ending = session.work(progress) => Some(ending),
        () = interrupts.next() => None,
    };
    let ending = match worked {
        Some(ending) => {
            let drained = session.drain().await;
            let ending = ending?;
            drained?;
            ending
        }
        None => {
            progress.note("ending: running steps may end; Ctrl-C again ends at once");
            tokio::select! {
                ending = session.break_off() => ending?,
                () = interrupts.next() => {
                    progress.end();
                    progress.say(&super::going_on());
                    std::process::exit(INTERRUPTED.into());
                }
            }
        }
    };
    drop(crash_mark);
    // It says nothing of a process that ended in order.
    unless_missing(std::fs::remove_file(&files.mark))?;
    Ok(ending)
}

/// The engine at work on the run.
struct Session<'a> {
    run: &'a Prepared,
    redo: bool,
    format: Format,
    files: &'a Files,
    reader: Reader,
    engine: Arc<Engine>,
    overseer: Addr<Overseer>,
}

impl Session<'_> {
    async fn work(&self, progress: &mut Progress) -> anyhow::Result<Ending> {
        let id = match &self.run.job {
            Some(job) => {
                self.go_on(job, progress).await?;
                job.id
            }
            None => self.begin(progress).await?,
        };
        let job = self.follow(id, progress).await?;
        self.write(job).await
    }

    /// Makes a job of the list.
    async fn begin(&self, progress: &Progress) -> anyhow::Result<Id> {
        let Prepared {
            scope, record, list, ..
        } = self.run;
        let name = record.play();
        if play(&self.engine.readers, scope.organisation_id, name, &Selection::default())
            .await?
            .is_none()
        {
            bail!("there is no play '{name}' with an enabled step; look into workflows.dir");
        }
        let text = self.unfolded().await?;
        let path = text.as_ref().map_or(self.run.from.path(), |text| text.file.path());
        let request = ImportRequest {
            organisation_id: scope.organisation_id,
            user_id: scope.user_id,
            origin: scope.origin(None),
            file: path.to_owned(),
            source: text.as_ref().map_or_else(text_source, |text| text.source.clone()),
            request_key: None,
            filename: list.name.clone(),
            name: None,
            url_column: record.url_column().map(str::to_owned),
            play: name.to_owned(),
            settings: record.job_settings(),
        };
        let imported = import(Arc::clone(&self.engine), request)
            .await
            .with_context(|| format!("{} was not taken", list.name))?;
        self.overseer.do_send(Reconcile);
        progress.note(&format!(
            "{}: {} rows ({} duplicate, {} without a usable address, {} blank left out), addresses in the column '{}'",
            list.name,
            imported.total_practices,
            imported.duplicates,
            imported.invalid,
            imported.blank_rows,
            imported.url_column
        ));
        Ok(imported.job_id)
    }

    /// The list as text, where it is a workbook or JSON.
    async fn unfolded(&self) -> anyhow::Result<Option<TextList>> {
        let (list, sheet) = (
            self.run.from.path().to_owned(),
            self.run.record.sheet().map(str::to_owned),
        );
        let (spool, limits) = (self.spool(), workbook_limits(&self.run.settings));
        let text =
            tokio::task::spawn_blocking(move || unfold_file_at(&list, sheet.as_deref(), &spool, &limits)).await?;
        text.with_context(|| format!("{} was not taken", self.run.list.name))
    }

    /// Where files are while they are made.
    fn spool(&self) -> PathBuf {
        directory_of(&self.files.database).to_owned()
    }

    /// Sets a job going that an earlier process began.
    async fn go_on(&self, job: &enrichment_jobs::Model, progress: &Progress) -> anyhow::Result<()> {
        let origin = self.run.scope.origin(None);
        let status: JobStatus = job.status.parse()?;
        let (output, database) = (self.files.output.display(), self.files.database.display());
        if self.redo {
            let job_id = job.id;
            let command = RedoJob {
                job_id,
                failed: Failed::All,
                origin: origin.clone(),
            };
            match self.overseer.send(Redo(command)).await?? {
                Redone::Accepted { reset: 0 } if status == JobStatus::Completed => {
                    progress.note("nothing has failed");
                }
                Redone::Accepted { reset } => progress.note(&format!("{reset} that failed are run again")),
                // Nothing has run, so nothing has failed.
                Redone::Illegal { .. } => {}
                Redone::Archived => bail!("the rows of the job are archived; begin anew with --fresh"),
                Redone::NotFound => bail!("the job is gone from {database}; begin anew with --fresh"),
            }
        }
        match status {
            JobStatus::Paused => {
                let resume = ChangeJob {
                    job_id: job.id,
                    event: JobEvent::Resume,
                    origin,
                    reason: None,
                };
                match self.overseer.send(Steer(resume)).await?? {
                    Changed::Accepted(_) | Changed::Already(_) => {}
                    other => bail!("the job cannot be resumed: {other:?}"),
                }
            }
            JobStatus::Error if !self.redo => bail!(
                "{} Run the rest of it with --redo, or begin anew with --fresh",
                ended_badly(job)
            ),
            JobStatus::Completed if !self.redo => progress.note(&format!(
                "the run is complete; {output} is written again from {database} and nothing is fetched"
            )),
            _ => {
                let (done, total) = (job.completed_practices, job.total_practices);
                progress.note(&format!("going on: {done} of {total} were done"));
            }
        }
        Ok(())
    }

    /// Shows how the job stands until it ends, which is read anew only when the journal has moved.
    async fn follow(&self, id: Id, progress: &mut Progress) -> anyhow::Result<enrichment_jobs::Model> {
        let mut seen = None;
        let mut turn = tokio::time::interval(LOOK_EVERY);
        loop {
            turn.tick().await;
            let head = self.engine.storage.health().head();
            if seen == Some(head) {
                progress.tick();
                continue;
            }
            let job = match self.reader.job(&self.run.scope, id).await {
                Ok(Access::Granted(job)) => job,
                Ok(_) => bail!("the job is gone from {}", self.files.database.display()),
                Err(error) if !is_transient(&error) => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(%error, "cannot see how the job stands; looking again");
                    continue;
                }
            };
            seen = Some(head);
            progress.show(&job.clone().into());
            match job.status.parse()? {
                JobStatus::Completed => return Ok(job),
                JobStatus::Pending | JobStatus::Running => {}
                // This process pauses nothing that can still run.
                JobStatus::Paused | JobStatus::Error => bail!("{} Repeat the command to try again", ended_badly(&job)),
            }
        }
    }

    async fn write(&self, job: enrichment_jobs::Model) -> anyhow::Result<Ending> {
        let archives = ArchiveFiles::new(&self.run.settings.data_dir);
        let spool = ExportSpool::new(self.spool());
        let export = Export::open(self.reader.clone(), archives, job.clone(), None, self.format, spool).await?;
        output::write(export, self.files).await?;
        Ok(Ending::Written(Box::new(job.into())))
    }

    /// Ends what runs, and writes the result if that was the last of it.
    async fn break_off(&self) -> anyhow::Result<Ending> {
        self.drain().await?;
        match self.reader.newest_own_job(&self.run.scope).await? {
            Some(job) if job.status == JobStatus::Completed.as_str() => self.write(job).await,
            job => Ok(Ending::Interrupted(job.map(|job| Box::new(job.into())))),
        }
    }

    async fn drain(&self) -> anyhow::Result<()> {
        self.engine.draining.store(true, Ordering::Release);
        Ok(self.overseer.send(Drain).await?)
    }
}

fn ended_badly(job: &enrichment_jobs::Model) -> String {
    let why = job.error_message.as_deref().unwrap_or("without a reason");
    match job.status.as_str() {
        "paused" => format!("The run was paused: {why}."),
        _ => format!("The run failed: {why}."),
    }
}
