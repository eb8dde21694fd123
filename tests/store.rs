//! The commit pipeline on both databases: groups, order, fencing, halving, and what is left when the database refuses.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by a panic"
)]

mod support;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use batchdesk::model::batch::{JobEvent, JobStatus};
use batchdesk::model::crash::LastEnd;
use batchdesk::model::journal::{Operation, Origin};
use batchdesk::model::practice::PracticeStatus;
use batchdesk::settings::Settings;
use batchdesk::store::Database;
use batchdesk::store::failed::Failed;
use batchdesk::store::identity::{NewUser, add_user};
use batchdesk::store::read::{EngineReader, Role};
use batchdesk::store::write::{
    AppendLogs, BeginImport, ChangeJob, Changed, CopyFollowers, DiscardImport, FinishImport, ImportRow, ImportRows,
    ItemRef, ItemTransition, Payload, PayloadColumn, RedoJob, Redone, RowKeys, Transitioned, WriteCommand, WriteError,
    Writer,
};
use entity::{Id, enrichment_jobs, job_practices};
use migration::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait as _, EntityTrait as _, QueryOrder as _, Statement};
use support::postgres;
use tempfile::TempDir;

macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::Bench::sqlite("").await).await; })+
        }
        mod postgresql {
            $(#[tokio::test] async fn $name() {
                if super::postgres::require_or_skip("commit pipeline on PostgreSQL") {
                    let database = super::postgres::create_database();
                    super::$name(super::Bench::new(&database.url, "").await).await;
                }
            })+
        }
    };
}

on_both_databases!(
    a_command_that_fails_does_not_fail_its_group,
    stale_versions_and_fenced_epochs_change_nothing,
    an_unfinished_import_is_seen_by_nobody_and_leaves_nothing,
    a_chunk_of_logs_is_written_once,
    a_process_that_was_taken_over_from_writes_nothing_more,
    random_commands_keep_counters_rows_and_journal_in_step,
);

/// A database with a writer and a user.
struct Bench {
    database: Database,
    writer: Writer,
    organisation_id: Id,
    user_id: Id,
    _directory: TempDir,
}

fn quiet(_: Result<(), &sea_orm::DbErr>) {}

impl Bench {
    async fn sqlite(extra: &str) -> Self {
        Self::new("sqlite://{data_dir}/batchdesk.db?mode=rwc", extra).await
    }

    async fn new(url: &str, extra: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let text = format!("data_dir = {:?}\n[database]\nurl = {url:?}\n{extra}", directory.path());
        let settings = Settings::from_text(&text).unwrap();
        let database = Database::open(&settings).await.unwrap();
        Migrator::up(database.writer.raw(), None).await.unwrap();
        let user = NewUser {
            email: "a@example.test".to_owned(),
            role: Role::Member,
            organisation: "A".to_owned(),
            password_hash: None,
        };
        let user_id = add_user(&database.writer, &user).await.unwrap();
        let organisation = entity::organisations::Entity::find()
            .one(&database.writer)
            .await
            .unwrap()
            .unwrap();
        let writer = Writer::take_over(database.writer.clone(), LastEnd::Clean)
            .await
            .unwrap();
        Self {
            organisation_id: organisation.id,
            user_id,
            writer,
            database,
            _directory: directory,
        }
    }

    async fn write<C: WriteCommand>(&mut self, command: C) -> Result<C::Answer, WriteError> {
        let answer = self
            .writer
            .commit(vec![command.into_command()], &quiet)
            .await
            .pop()
            .unwrap()?;
        Ok(C::read_answer(answer).unwrap())
    }

    fn begin(&self, job_id: Id) -> BeginImport {
        BeginImport {
            job_id,
            organisation_id: self.organisation_id,
            user_id: self.user_id,
            original_filename: "list.csv".to_owned(),
            name: None,
            play_name: "practice-enrichment".to_owned(),
            url_column: "website".to_owned(),
            headers: vec!["website".to_owned()],
            settings: serde_json::json!({}),
        }
    }

    async fn import(&mut self, rows: Vec<ImportRow>) -> Id {
        let job_id = Id::now();
        self.write(self.begin(job_id)).await.unwrap();
        for chunk in rows.chunks(1_000) {
            let organisation_id = self.organisation_id;
            self.write(ImportRows {
                job_id,
                organisation_id,
                rows: chunk.to_vec(),
            })
            .await
            .unwrap();
        }
        let finish = FinishImport {
            job_id,
            organisation_id: self.organisation_id,
            user_id: self.user_id,
            original_filename: "list.csv".to_owned(),
            blank_rows: 0,
            meta: serde_json::json!({}),
            origin: Origin::engine(),
            answer: None,
        };
        self.write(finish).await.unwrap();
        job_id
    }

    async fn job(&self, id: Id) -> enrichment_jobs::Model {
        enrichment_jobs::Entity::find_by_id(id)
            .one(&self.database.writer)
            .await
            .unwrap()
            .unwrap()
    }

    async fn practices(&self) -> Vec<job_practices::Model> {
        let query = job_practices::Entity::find().order_by_asc(job_practices::Column::Id);
        query.all(&self.database.writer).await.unwrap()
    }

    fn change(job_id: Id, event: JobEvent) -> ChangeJob {
        ChangeJob {
            job_id,
            event,
            origin: Origin::engine(),
            reason: None,
        }
    }

    async fn number(&self, sql: &str) -> i64 {
        let statement = Statement::from_string(self.database.writer.get_database_backend(), sql);
        let row = self.database.writer.query_one_raw(statement).await.unwrap().unwrap();
        row.try_get_by::<i64, _>(0).unwrap()
    }
}

fn row(n: i64, key: &str) -> ImportRow {
    ImportRow {
        row_number: n,
        identifier: key.to_owned(),
        input: serde_json::json!([key]).to_string(),
        keys: Ok(RowKeys {
            dedupe_key: key.to_owned(),
            host_key: key.to_owned(),
            domain: key.to_owned(),
        }),
    }
}

fn distinct(rows: i64) -> Vec<ImportRow> {
    (1..=rows).map(|n| row(n, &format!("p{n}.nz"))).collect()
}

fn transition(job: &enrichment_jobs::Model, practice: &job_practices::Model, to: PracticeStatus) -> ItemTransition {
    ItemTransition {
        item: ItemRef {
            organisation_id: job.organisation_id,
            job_id: job.id,
            id: practice.id,
            version: practice.version,
            epoch: job.epoch,
        },
        from: practice.status.parse().unwrap(),
        to,
        step_number: practice.step_number + 1,
        attempt: 0,
        next_at: None,
        blocked_by: None,
        error: None,
        payload: Some(Payload {
            column: PayloadColumn::Url,
            json: Arc::from(r#"{"url":"x"}"#),
        }),
        operation: Operation::StepCompleted,
        step: practice.step_number + 1,
        tried: 1,
        details: "{}".to_owned(),
    }
}

async fn a_command_that_fails_does_not_fail_its_group(mut bench: Bench) {
    let job_id = bench.import(distinct(20)).await;
    let job = bench.job(job_id).await;
    let practices = bench.practices().await;
    let mut commands: Vec<_> = practices
        .iter()
        .map(|practice| transition(&job, practice, PracticeStatus::UrlComplete).into_command())
        .collect();
    // An import for an organisation that does not exist: the foreign key refuses it.
    let refused = BeginImport {
        organisation_id: Id::now(),
        ..bench.begin(Id::now())
    };
    commands.insert(7, refused.into_command());
    let answers = bench.writer.commit(commands, &quiet).await;
    for (index, answer) in answers.iter().enumerate() {
        match (index, answer) {
            (7, Err(WriteError::Rejected(_))) => {}
            (7, other) => panic!("{other:?}"),
            (_, answer) => assert!(answer.is_ok(), "{index}: {answer:?}"),
        }
    }
    let job = bench.job(job_id).await;
    assert_eq!((job.pending_count, job.url_complete_count), (0, 20));
    // 20 step ends and the creation of the job, without a gap.
    assert_eq!(
        bench
            .number("select max(seq) - count(*) from batch_operation_logs")
            .await,
        0
    );
    assert_eq!(bench.writer.head(), 21);
}

async fn stale_versions_and_fenced_epochs_change_nothing(mut bench: Bench) {
    let job_id = bench.import(distinct(2)).await;
    let job = bench.job(job_id).await;
    let practices = bench.practices().await;
    let first = transition(&job, &practices[0], PracticeStatus::UrlComplete);
    assert!(matches!(
        bench.write(first.clone()).await.unwrap(),
        Transitioned::Committed { .. }
    ));
    assert_eq!(
        bench.write(first).await.unwrap(),
        Transitioned::Conflict,
        "the version has moved on"
    );

    assert_eq!(
        bench.write(Bench::change(job_id, JobEvent::Start)).await.unwrap(),
        Changed::Accepted(JobStatus::Running)
    );
    assert_eq!(
        bench.write(Bench::change(job_id, JobEvent::Pause)).await.unwrap(),
        Changed::Accepted(JobStatus::Paused)
    );
    let second = transition(&job, &practices[1], PracticeStatus::UrlComplete);
    let paused = bench.write(second.clone()).await.unwrap();
    assert!(
        matches!(paused, Transitioned::Committed { .. }),
        "a pause lets running steps count"
    );
    assert_eq!(
        bench.write(Bench::change(job_id, JobEvent::Kill)).await.unwrap(),
        Changed::Accepted(JobStatus::Error)
    );
    let practices = bench.practices().await;
    let late = transition(&job, &practices[1], PracticeStatus::Scraped);
    assert_eq!(
        bench.write(late).await.unwrap(),
        Transitioned::Conflict,
        "a kill fences what still runs"
    );
    let head = bench.writer.head();
    assert_eq!(
        bench.write(Bench::change(job_id, JobEvent::Kill)).await.unwrap(),
        Changed::Already(JobStatus::Error)
    );
    assert_eq!(
        bench.writer.head(),
        head,
        "what changes nothing leaves nothing in the journal"
    );
    let missing = bench.write(Bench::change(Id::now(), JobEvent::Kill)).await.unwrap();
    assert_eq!(missing, Changed::NotFound);
}

async fn a_process_that_was_taken_over_from_writes_nothing_more(mut bench: Bench) {
    let job_id = bench.import(distinct(2)).await;
    let mut new = Writer::take_over(bench.database.writer.clone(), LastEnd::Killed)
        .await
        .unwrap();
    assert_eq!(new.head(), bench.writer.head());
    let import = bench.begin(Id::now());
    assert!(
        new.commit(vec![Bench::change(job_id, JobEvent::Start).into_command()], &quiet)
            .await[0]
            .is_ok()
    );
    let old = &mut bench.writer;
    assert!(matches!(
        old.commit(vec![import.into_command()], &quiet).await[0],
        Err(WriteError::Fenced)
    ));
    let kill = || Bench::change(job_id, JobEvent::Kill).into_command();
    let answers = old.commit(vec![kill(), kill()], &quiet).await;
    assert!(
        answers.iter().all(|answer| matches!(answer, Err(WriteError::Fenced))),
        "{answers:?}"
    );
    assert_eq!(bench.job(job_id).await.status, "running");
    assert!(new.commit(vec![kill()], &quiet).await[0].is_ok());
    assert_eq!(bench.job(job_id).await.status, "error");
}

async fn an_unfinished_import_is_seen_by_nobody_and_leaves_nothing(mut bench: Bench) {
    let job_id = Id::now();
    bench.write(bench.begin(job_id)).await.unwrap();
    let organisation_id = bench.organisation_id;
    for chunk in distinct(2_500).chunks(1_000) {
        bench
            .write(ImportRows {
                job_id,
                organisation_id,
                rows: chunk.to_vec(),
            })
            .await
            .unwrap();
    }
    let reader = EngineReader::new(bench.database.readers.clone());
    assert!(reader.open_jobs().await.unwrap().is_empty());
    assert_eq!(
        bench.write(Bench::change(job_id, JobEvent::Start)).await.unwrap(),
        Changed::NotFound
    );
    assert_eq!(reader.unfinished_imports().await.unwrap(), [job_id]);
    let mut commands = 0;
    while !bench.write(DiscardImport { job_id }).await.unwrap() {
        commands += 1;
    }
    assert_eq!(commands, 2, "a thousand rows at a time");
    assert_eq!(bench.number("select count(*) from job_practices").await, 0);
    assert_eq!(bench.number("select count(*) from enrichment_jobs").await, 0);

    let kept = bench.import(distinct(3)).await;
    assert!(bench.write(DiscardImport { job_id: kept }).await.unwrap());
    assert_eq!(
        bench.job(kept).await.total_practices,
        3,
        "a finished import is not discarded"
    );
}

async fn a_chunk_of_logs_is_written_once(mut bench: Bench) {
    bench.import(distinct(1)).await;
    let chunk = AppendLogs {
        rows: Vec::new(),
        completions: Vec::new(),
        failures: Vec::new(),
        cursor_from: 0,
        cursor_to: 1,
    };
    assert_eq!(
        bench.write(chunk.clone()).await.unwrap(),
        Transitioned::Committed { seq: 1 }
    );
    assert_eq!(bench.write(chunk).await.unwrap(), Transitioned::Conflict);
}

/// A small generator (SplitMix64), so that a failure can be run again by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }
}

async fn random_commands_keep_counters_rows_and_journal_in_step(mut bench: Bench) {
    for seed in 1..=6 {
        eprintln!("seed {seed}");
        let mut dice = Dice(seed);
        let rows = (1..=40).map(|n| row(n, &format!("p{}.nz", dice.roll(25)))).collect();
        let job_id = bench.import(rows).await;
        let mut model = JobStatus::Pending;
        for _ in 0..60 {
            let head = bench.writer.head();
            if dice.roll(3) == 0 {
                let event = JobEvent::ALL[dice.roll(JobEvent::ALL.len())];
                model = steer_and_compare(&mut bench, job_id, model, event).await;
            } else {
                move_some(&mut bench, &mut dice, job_id).await;
            }
            assert!(bench.writer.head() >= head);
            assert_in_step(&bench, job_id).await;
        }
    }
    assert_eq!(
        bench
            .number("select max(seq) - count(*) from batch_operation_logs")
            .await,
        0
    );
}

/// Sends a command to a job and compares its answer with what the state machine says.
async fn steer_and_compare(bench: &mut Bench, job_id: Id, model: JobStatus, event: JobEvent) -> JobStatus {
    let job = bench.job(job_id).await;
    let finished = job.completed_practices == job.total_practices;
    if event == JobEvent::Redo {
        let answer = bench
            .write(RedoJob {
                job_id,
                failed: Failed::All,
                origin: Origin::engine(),
            })
            .await
            .unwrap();
        return match model.next(event) {
            Err(_) => {
                assert_eq!(answer, Redone::Illegal { from: model });
                model
            }
            Ok(next) => {
                let reset = job.error_count as u64;
                assert_eq!(answer, Redone::Accepted { reset });
                if reset == 0 && finished { model } else { next }
            }
        };
    }
    let answer = bench.write(Bench::change(job_id, event)).await.unwrap();
    match model.next(event) {
        Ok(JobStatus::Completed) if !finished => {
            assert_eq!(answer, Changed::Unfinished);
            model
        }
        Ok(next) => {
            assert_eq!(answer, Changed::Accepted(next), "{model} + {event:?}");
            next
        }
        Err(_) => {
            assert!(
                matches!(answer, Changed::Already(_) | Changed::Illegal { .. }),
                "{model} + {event:?}: {answer:?}"
            );
            model
        }
    }
}

/// Moves some practices in one group, some of them with versions or epochs that are out of date.
async fn move_some(bench: &mut Bench, dice: &mut Dice, job_id: Id) {
    let job = bench.job(job_id).await;
    let practices = bench.practices().await;
    let mut commands = Vec::new();
    let mut expected = Vec::new();
    for practice in practices
        .iter()
        .filter(|practice| practice.job_id == job_id && practice.duplicate_of.is_none())
    {
        let status: PracticeStatus = practice.status.parse().unwrap();
        if status.is_finished() || dice.roll(3) > 0 {
            continue;
        }
        let to = [
            PracticeStatus::UrlComplete,
            PracticeStatus::Scraped,
            PracticeStatus::Aggregated,
            PracticeStatus::Error,
        ];
        let mut command = transition(&job, practice, to[dice.roll(4)]);
        let fault = dice.roll(8);
        command.item.version -= i32::from(fault == 0);
        command.item.epoch -= i32::from(fault == 1);
        expected.push(fault > 1);
        commands.push(command.into_command());
    }
    let answers = bench.writer.commit(commands, &quiet).await;
    for (answer, expected) in answers.into_iter().zip(expected) {
        let answer = ItemTransition::read_answer(answer.unwrap()).unwrap();
        assert_eq!(matches!(answer, Transitioned::Committed { .. }), expected);
    }
    let leaders: Vec<i64> = bench
        .practices()
        .await
        .iter()
        .filter(|practice| practice.job_id == job_id && practice.has_followers)
        .filter(|practice| practice.status.parse::<PracticeStatus>().unwrap().is_finished())
        .map(|practice| practice.id)
        .collect();
    for leader in leaders {
        let organisation_id = bench.organisation_id;
        bench
            .write(CopyFollowers {
                organisation_id,
                job_id,
                epoch: job.epoch,
                leader,
            })
            .await
            .unwrap();
    }
}

async fn assert_in_step(bench: &Bench, job_id: Id) {
    let job = bench.job(job_id).await;
    let practices = bench.practices().await;
    let mut counts: HashMap<&str, i32> = HashMap::new();
    for practice in practices.iter().filter(|practice| practice.job_id == job_id) {
        *counts.entry(practice.status.as_str()).or_default() += 1;
    }
    let count = |status: &str| counts.get(status).copied().unwrap_or(0);
    let rows = [
        count("pending"),
        count("url_complete"),
        count("scraped"),
        count("aggregated"),
        count("error"),
    ];
    let kept = [
        job.pending_count,
        job.url_complete_count,
        job.scraped_count,
        job.aggregated_count,
        job.error_count,
    ];
    assert_eq!(rows, kept);
    assert_eq!(job.completed_practices, count("aggregated") + count("error"));
    assert_eq!(job.failed_practices, count("error"));
    // Every change of a practice stands in the journal: its version tells how many there were.
    let (numbers, id) = (
        "select count(*) from batch_operation_logs where item_id is not null",
        job_id,
    );
    let changes = bench.number(&format!("{numbers} and batch_job_id = '{id}'")).await;
    let redone: i32 = practices
        .iter()
        .filter(|practice| practice.job_id == job_id)
        .map(|practice| practice.life - 1)
        .sum();
    let versions: i32 = practices
        .iter()
        .filter(|practice| practice.job_id == job_id)
        .map(|practice| practice.version - 1)
        .sum();
    assert_eq!(changes, i64::from(versions - redone));
}

/// A file system of one megabyte, gone when this is dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let mount = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(directory.path())
            .output();
        mount
            .is_ok_and(|output| output.status.success())
            .then(|| Self(directory))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(self.0.path())
            .status();
    }
}

#[tokio::test]
async fn a_full_disk_is_waited_for_and_later_commits_count() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("skipped group: full disk (no file system can be mounted)");
        assert!(
            std::env::var("BATCHDESK_REQUIRE_ALL").is_err(),
            "a test group was skipped"
        );
        return;
    };
    let url = format!("sqlite://{}/batchdesk.db?mode=rwc", disk.0.path().display());
    let mut bench = Bench::new(&url, "").await;
    let job_id = bench.import(distinct(100)).await;
    let job = bench.job(job_id).await;
    let practices = bench.practices().await;
    let ballast = disk.0.path().join("ballast");
    // Fill the disk to its last byte.
    let mut file = std::fs::File::create(&ballast).unwrap();
    while std::io::Write::write_all(&mut file, &[0; 4_096]).is_ok() {}
    let big: Arc<str> = Arc::from(format!("{{\"x\":\"{}\"}}", "y".repeat(1_000)));
    let commands: Vec<_> = practices
        .iter()
        .map(|practice| {
            let mut command = transition(&job, practice, PracticeStatus::UrlComplete);
            command.payload = Some(Payload {
                column: PayloadColumn::Url,
                json: Arc::clone(&big),
            });
            command.into_command()
        })
        .collect();
    let spoiled = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&spoiled);
    let make_room = tokio::spawn(async move {
        while count.load(Ordering::Relaxed) < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        std::fs::remove_file(ballast).unwrap();
    });
    let on_away = move |outcome: Result<(), &sea_orm::DbErr>| {
        if outcome.is_err() {
            spoiled.fetch_add(1, Ordering::Relaxed);
        }
    };
    drop(file);
    let answers = bench.writer.commit(commands, &on_away).await;
    assert!(answers.iter().all(Result::is_ok));
    make_room.await.unwrap();
    assert_eq!(bench.job(job_id).await.url_complete_count, 100);

    // A refused command right after, and then a commit: others must see it, for it was acknowledged.
    let refused = BeginImport {
        organisation_id: Id::now(),
        ..bench.begin(Id::now())
    };
    assert!(bench.write(refused).await.is_err());
    assert!(matches!(
        bench.write(Bench::change(job_id, JobEvent::Start)).await.unwrap(),
        Changed::Accepted(_)
    ));
    let seen = EngineReader::new(bench.database.readers.clone())
        .job(job_id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(seen.status, JobStatus::Running, "acknowledged, and seen by a reader");
}

#[tokio::test]
async fn hot_queries_use_their_indexes() {
    let bench = Bench::sqlite("").await;
    let plans = [
        (
            "select id from enrichment_jobs j where j.status = 'running' and exists (select 1 from job_practices p \
          where p.next_at is not null and p.next_at <= 'x' and p.job_id = j.id)",
            "job_practices_due",
        ),
        (
            "select id from job_practices where job_id = 'j' and next_at is not null and next_at <= 'x' \
          and status in ('pending', 'url_complete', 'scraped') order by next_at limit 9",
            "job_practices_due",
        ),
        (
            "select 1 from job_practices where job_id = 'j' and next_at is not null \
          and status in ('pending', 'url_complete', 'scraped') limit 1",
            "job_practices_due",
        ),
        (
            "select next_at from job_practices where next_at is not null and next_at > 'x' order by next_at limit 1",
            "job_practices_next",
        ),
        (
            "select p.id from job_practices p left join job_practices l on l.id = p.duplicate_of where p.job_id = 'j' \
          and p.id > 5 order by p.id limit 200",
            "job_practices_by_job",
        ),
        (
            "select p.id from job_practices p where p.job_id = 'j' and p.id > 5 and p.status = 'error' order by p.id limit 9",
            "job_practices_by_status",
        ),
        (
            "select id from job_practices where job_id = 'j' and status = 'pending' and id > 5 and duplicate_of is null \
          and next_at is null order by id limit 9",
            "job_practices_by_status",
        ),
        (
            "select id from job_practices where job_id = 'j' and host_key = 'h' and id > 5 and duplicate_of is null \
          and next_at is null and status in ('pending', 'url_complete', 'scraped') order by id limit 9",
            "job_practices_by_host",
        ),
        (
            "select id from job_practices where job_id = 'j' and duplicate_of = 5 and duplicate_of is not null \
          and status = 'pending' order by id limit 1000",
            "job_practices_followers",
        ),
    ];
    for (sql, index) in plans {
        let explain = Statement::from_string(sea_orm::DbBackend::Sqlite, format!("explain query plan {sql}"));
        let rows = bench.database.writer.query_all_raw(explain).await.unwrap();
        let plan: Vec<String> = rows
            .iter()
            .map(|row| row.try_get::<String>("", "detail").unwrap())
            .collect();
        let plan = plan.join("; ");
        assert!(plan.contains(index), "{sql}\n{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
    }
}

#[tokio::test]
async fn migrations_bring_an_empty_database_to_the_schema_that_the_entities_name() {
    let bench = Bench::sqlite("").await;
    macro_rules! readable {
        ($($table:ident),+ $(,)?) => { $(
            entity::$table::Entity::find().one(&bench.database.writer).await.expect(stringify!($table));
        )+ };
    }
    readable!(
        organisations,
        users,
        api_tokens,
        companies,
        db_driven_enrichment_workflows,
        enrichment_jobs,
        job_practices,
        batch_operation_logs,
        log_cursors,
        writer_state,
        enrichment_results_log,
        company_play_step_completions,
        failed_jobs,
        batch_runs,
    );
    Migrator::down(bench.database.writer.raw(), None).await.unwrap();
    Migrator::up(bench.database.writer.raw(), None).await.unwrap();
}
