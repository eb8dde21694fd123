//! What a group does with what is in it.

use batchdesk::model::batch::{JobEvent, JobStatus};
use batchdesk::model::crash::LastEnd;
use batchdesk::model::practice::PracticeStatus;
use batchdesk::store::read::EngineReader;
use batchdesk::store::write::{
    AppendLogs, BeginImport, Changed, DiscardImport, ImportRows, Transitioned, WriteCommand, WriteError, Writer,
};
use entity::Id;

use crate::bench::{Bench, distinct, quiet, transition};

pub async fn a_command_that_fails_does_not_fail_its_group(mut bench: Bench) {
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

pub async fn stale_versions_and_fenced_epochs_change_nothing(mut bench: Bench) {
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

pub async fn a_process_that_was_taken_over_from_writes_nothing_more(mut bench: Bench) {
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

pub async fn an_unfinished_import_is_seen_by_nobody_and_leaves_nothing(mut bench: Bench) {
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

pub async fn a_chunk_of_logs_is_written_once(mut bench: Bench) {
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
