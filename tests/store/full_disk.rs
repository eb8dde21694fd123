//! A disk that is really full.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use batchdesk::model::batch::{JobEvent, JobStatus};
use batchdesk::model::practice::PracticeStatus;
use batchdesk::store::read::EngineReader;
use batchdesk::store::write::{BeginImport, Changed, Payload, PayloadColumn, WriteCommand};
use entity::Id;

use crate::bench::{Bench, distinct, transition};
use crate::support::skip;
use crate::support::small_disk::SmallDisk;

#[tokio::test]
async fn a_full_disk_is_waited_for_and_later_commits_count() {
    let Some(disk) = SmallDisk::mount() else {
        skip("full disk", "no file system can be mounted");
        return;
    };
    let url = format!("sqlite://{}/batchdesk.db?mode=rwc", disk.path().display());
    let mut bench = Bench::new(&url, "").await;
    let job_id = bench.import(distinct(100)).await;
    let job = bench.job(job_id).await;
    let practices = bench.practices().await;
    let ballast = disk.fill();
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
