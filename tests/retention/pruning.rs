//! The commands alone: what a mark and a redo see of each other, and how rows go.

use batchdesk::model::batch::JobEvent;
use batchdesk::model::crash::LastEnd;
use batchdesk::model::journal::Origin;
use batchdesk::store::failed::Failed;
use batchdesk::store::write::{
    AppendDeliveries, AppendLogs, Archived, ChangeJob, MarkArchived, PruneJob, Pruned, RedoJob, Redone, WriteCommand,
    Writer,
};

use super::*;

async fn write<C: WriteCommand>(writer: &mut Writer, command: C) -> C::Answer {
    let answers = writer.commit(vec![command.into_command()], &|_| ()).await;
    let answer = answers.into_iter().next().unwrap().unwrap();
    C::read_answer(answer).unwrap()
}

pub async fn a_redo_comes_before_the_rows_go_or_not_at_all(database: Db) {
    let mut daemon = start(&database);
    let site = LoadSite::start().await.unwrap();
    let api = daemon.api(&daemon.token("member"));
    let mut csv = "website\nn/a\n".to_owned();
    for _ in 0..1_200 {
        csv.push_str(&format!("{}\n", site.practice_url(1)));
    }
    let job = api.create_job(csv).await;
    api.wait_for(&job, "completed", SOON).await;
    assert!(daemon.terminate().success());
    let url = daemon.database_url();
    let (database, row) = opened(&daemon, &job).await;
    let mut writer = Writer::take_over(database.writer.clone(), LastEnd::Clean)
        .await
        .unwrap();
    let writer = &mut writer;
    let job_id = row.id;
    let mark = |row: &enrichment_jobs::Model| MarkArchived {
        job_id,
        epoch: row.epoch,
        finished_at: row.finished_at.unwrap(),
    };
    let redo = RedoJob {
        failed: Failed::All,
        job_id,
        origin: Origin::engine(),
    };
    let prune = |after| PruneJob { job_id, after };
    let input_gone = format!("select count(*) from job_practices where job_id = '{job}' and input is null");

    let fenced = MarkArchived {
        epoch: row.epoch + 1,
        ..mark(&row)
    };
    assert_eq!(write(writer, fenced).await, Archived::Conflict);
    let finished_at = row.finished_at.unwrap() + chrono::TimeDelta::milliseconds(1);
    let finished_again = MarkArchived {
        finished_at,
        ..mark(&row)
    };
    assert_eq!(write(writer, finished_again).await, Archived::Conflict);
    assert_eq!(
        write(writer, prune(0)).await,
        Pruned::Conflict,
        "not without an archive"
    );
    for _ in 0..2 {
        assert_eq!(write(writer, mark(&row)).await, Archived::Committed);
    }

    // A redo of a job that still has its rows takes it out of the archive.
    assert_eq!(write(writer, redo.clone()).await, Redone::Accepted { reset: 1 });
    assert_eq!(job_row(&database, &job).await.archived_at, None);
    assert_eq!(write(writer, mark(&row)).await, Archived::Conflict, "it runs");
    assert_eq!(write(writer, prune(0)).await, Pruned::Conflict);
    assert_eq!(number(&url, &input_gone).await, 0);

    let kill = ChangeJob {
        job_id,
        event: JobEvent::Kill,
        origin: Origin::engine(),
        reason: None,
    };
    write(writer, kill).await;
    let killed = job_row(&database, &job).await;
    assert_eq!(
        write(writer, mark(&row)).await,
        Archived::Conflict,
        "it is another job now"
    );
    assert_eq!(write(writer, mark(&killed)).await, Archived::Committed);
    let Pruned::Practices(after) = write(writer, prune(0)).await else {
        panic!("no practices were pruned");
    };
    assert_eq!(number(&url, &input_gone).await, 1_000);
    assert_eq!(write(writer, redo.clone()).await, Redone::Archived);

    // The journal goes as far as it has been followed: the redo and the kill have not been.
    let Pruned::Practices(after) = write(writer, prune(after)).await else {
        panic!("not all practices were pruned");
    };
    assert_eq!(number(&url, &input_gone).await, 1_201);
    assert_eq!(write(writer, prune(after)).await, Pruned::Journal);
    assert_eq!(write(writer, prune(after)).await, Pruned::Followed);
    let journal = format!("select count(*) from batch_operation_logs where batch_job_id = '{job}'");
    assert_eq!(number(&url, &journal).await, 2);
    assert_eq!(job_row(&database, &job).await.pruned_at, None);
    let cursor = number(&url, "select seq from log_cursors where name = 'logger'").await;
    let follow = AppendLogs {
        rows: Vec::new(),
        completions: Vec::new(),
        failures: Vec::new(),
        cursor_from: cursor,
        cursor_to: writer.head(),
    };
    write(writer, follow).await;
    assert_eq!(write(writer, prune(after)).await, Pruned::Followed, "by the notifier");
    let follow = AppendDeliveries {
        events: Vec::new(),
        cursor_from: number(&url, "select seq from log_cursors where name = 'notifier'").await,
        cursor_to: writer.head(),
    };
    write(writer, follow).await;
    for _ in 0..2 {
        assert_eq!(write(writer, prune(after)).await, Pruned::Done);
    }
    assert_eq!(number(&url, &journal).await, 0);
    assert!(job_row(&database, &job).await.pruned_at.is_some());
    assert_eq!(write(writer, redo).await, Redone::Archived);
}
