//! Moves of one registration that the writer refuses, and what it remembers of ends of the process.

use batchdesk::model::crash::LastEnd;
use batchdesk::model::journal::{Operation, Origin};
use batchdesk::model::registration::batch::BatchEvent;
use batchdesk::model::registration::job::RegistrationStatus;
use batchdesk::model::registration::step::{StepNumber, StepStatus};
use batchdesk::settings::OnThreshold;
use batchdesk::store::write::{
    ChangeRegistrationBatch, CreateRegistrationBatch, JournalEntry, MarkRegistrationsInFlight, NewRegistration,
    RecoverRegistrationBatch, RegistrationBatchCreated, RegistrationMoved, RegistrationRef, RegistrationTransition,
    StepWrite, Threshold, WriteError,
};
use entity::{Id, registration_batch_jobs, registration_jobs};
use sea_orm::EntityTrait as _;
use serde_json::json;

use crate::bench::Bench;
use crate::schedules::new_restaurants;

async fn started_batch(bench: &mut Bench) -> (Id, Id) {
    let restaurants = new_restaurants(bench, 1).await;
    let batch_id = Id::now();
    let job = NewRegistration::of(restaurants[0]);
    let create = CreateRegistrationBatch {
        id: batch_id,
        organisation_id: bench.organisation_id,
        name: "A".to_owned(),
        parallel: false,
        settings: json!({}),
        jobs: vec![job],
        created_by: None,
        template_id: None,
        schedule_id: None,
        despite_unknown_outcomes: true,
        start: true,
        origin: Origin::engine(),
        answer: None,
    };
    let made = bench.write(create).await.unwrap();
    assert_eq!(made, RegistrationBatchCreated::Created);
    (batch_id, job.id)
}

async fn job(bench: &Bench, id: Id) -> registration_jobs::Model {
    let found = registration_jobs::Entity::find_by_id(id)
        .one(&bench.database.writer)
        .await;
    found.unwrap().unwrap()
}

/// The registration's first step goes from where it is to `status`.
async fn moved(bench: &Bench, id: Id, status: StepStatus, operation: Operation) -> RegistrationTransition {
    let job = job(bench, id).await;
    let batch = registration_batch_jobs::Entity::find_by_id(job.batch_job_id)
        .one(&bench.database.writer)
        .await
        .unwrap()
        .unwrap();
    RegistrationTransition {
        job: RegistrationRef {
            organisation_id: job.organisation_id,
            batch_id: job.batch_job_id,
            id,
            restaurant_id: job.restaurant_id,
            version: job.version,
            epoch: batch.epoch,
        },
        from: job.status.parse().unwrap(),
        to: RegistrationStatus::InProgress,
        current_step: StepNumber::Extraction,
        attempt: 0,
        next_at: None,
        blocked_by: None,
        error: None,
        call_open: false,
        ready: false,
        steps: vec![StepWrite::to(StepNumber::Extraction, status)],
        execution_config: None,
        candidates: None,
        restaurant: None,
        fails_batch: None,
        journal: vec![JournalEntry {
            operation,
            step: StepNumber::Extraction,
            attempt: 1,
            from: None,
            to: Some(status.as_str()),
            details: json!({}),
        }],
        threshold: Threshold {
            share: 0.5,
            on: OnThreshold::Pause,
        },
        origin: Origin::engine(),
    }
}

/// A process dies while the registration runs, and the next one counts that against it.
async fn die(bench: &mut Bench, batch_id: Id, id: Id) {
    let mark = MarkRegistrationsInFlight {
        batch_id,
        jobs: vec![id],
    };
    bench.write(mark).await.unwrap();
    let begin = moved(bench, id, StepStatus::InProgress, Operation::StepStarted).await;
    bench.write(begin).await.unwrap();
    let recover = RecoverRegistrationBatch {
        batch_id,
        last_end: LastEnd::Aborted,
    };
    bench.write(recover).await.unwrap();
}

pub async fn ends_of_the_process_count_until_a_step_has_ended(mut bench: Bench) {
    let (batch_id, id) = started_batch(&mut bench).await;
    for crashes in 1..=3 {
        die(&mut bench, batch_id, id).await;
        assert_eq!(job(&bench, id).await.crashes, crashes);
    }
    let waits = moved(&bench, id, StepStatus::InProgress, Operation::StepWaiting).await;
    bench.write(waits).await.unwrap();
    assert_eq!(job(&bench, id).await.crashes, 0);
}

pub async fn no_call_leaves_once_its_batch_is_held(mut bench: Bench) {
    for event in [BatchEvent::Pause, BatchEvent::Cancel, BatchEvent::Fail] {
        let (batch_id, id) = started_batch(&mut bench).await;
        let begin = moved(&bench, id, StepStatus::InProgress, Operation::StepStarted).await;
        bench.write(begin).await.unwrap();
        let mut call = moved(&bench, id, StepStatus::InProgress, Operation::StepStarted).await;
        call.call_open = true;
        let change = ChangeRegistrationBatch {
            organisation_id: bench.organisation_id,
            batch_id,
            event,
            despite_unknown_outcomes: false,
            origin: Origin::engine(),
            reason: None,
        };
        bench.write(change).await.unwrap();
        // Also where nothing of the registration itself has changed since it was read.
        call.job.version = job(&bench, id).await.version;
        call.from = job(&bench, id).await.status.parse().unwrap();
        let written = bench.write(call).await.unwrap();
        assert_eq!(written, RegistrationMoved::Conflict, "{event:?}");
        assert!(!job(&bench, id).await.call_open);
    }
}

pub async fn a_move_that_no_state_allows_changes_nothing(mut bench: Bench) {
    let (_, id) = started_batch(&mut bench).await;
    // Nothing completes that has not begun: neither the step nor the registration.
    let step = moved(&bench, id, StepStatus::Completed, Operation::StepCompleted).await;
    let mut whole = moved(&bench, id, StepStatus::InProgress, Operation::StepCompleted).await;
    whole.to = RegistrationStatus::Completed;
    let rows = bench.number("select count(*) from batch_operation_logs").await;
    for (illegal, names) in [(step, "completed"), (whole, "'pending' cannot become 'completed'")] {
        let refused = bench.write(illegal).await.unwrap_err();
        assert!(
            matches!(&refused, WriteError::Rejected(why) if why.contains(names)),
            "{refused:?}"
        );
    }
    assert_eq!(job(&bench, id).await.status, "pending");
    assert_eq!(bench.number("select count(*) from batch_operation_logs").await, rows);
}
