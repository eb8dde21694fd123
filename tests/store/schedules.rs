//! Runs of schedules, with clocks that do as they like.

use batchdesk::model::journal::Origin;
use batchdesk::store::write::{
    ChangeBatchSchedule, CreateBatchSchedule, RunOutcome, RunSchedule, ScheduleChanged, ScheduledBatch, Trigger,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{Id, batch_schedules, registration_batch_jobs, registration_jobs, restaurants};
use sea_orm::{ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _, QueryOrder as _};
use serde_json::json;

use crate::bench::Bench;

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// An hourly schedule whose next run is at ten.
async fn schedule(bench: &mut Bench, name: &str, overlap: &str) -> batch_schedules::Model {
    let now = at("2026-11-02T09:30:00Z");
    let ten = Some(at("2026-11-02T10:00:00Z"));
    let row = batch_schedules::Model {
        id: Id::now(),
        organisation_id: bench.organisation_id,
        name: name.to_owned(),
        template_id: None,
        filter: Some(json!({})),
        settings: Some(json!({})),
        cron: "0 * * * *".to_owned(),
        time_zone: "Pacific/Auckland".to_owned(),
        restaurant_limit: None,
        only_unregistered: true,
        overlap: overlap.to_owned(),
        missed: "run_once".to_owned(),
        enabled: true,
        next_run_at: ten,
        look_at: ten,
        waits_since: None,
        last_run_at: None,
        last_batch_id: None,
        last_outcome: None,
        created_by: Some(bench.user_id),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let command = CreateBatchSchedule {
        row: row.clone(),
        origin: Origin::engine(),
        answer: None,
    };
    assert_eq!(bench.write(command).await.unwrap(), ScheduleChanged::Accepted);
    row
}

pub async fn new_restaurants(bench: &Bench, count: usize) -> Vec<Id> {
    let mut ids = Vec::new();
    for n in 0..count {
        let id = Id::now();
        ids.push(id);
        let sql = format!(
            "insert into restaurants (id, organisation_id, name, name_key, created_at, updated_at) \
             select '{id}', id, 'Place {n}', 'place {n}', created_at, created_at from organisations"
        );
        bench.database.writer.raw().execute_unprepared(&sql).await.unwrap();
    }
    assert!(restaurants::Entity::find().count(&bench.database.writer).await.unwrap() >= count as u64);
    ids
}

fn run(schedule: Id, planned: DateTime<Utc>, now: DateTime<Utc>, restaurants: &[Id]) -> RunSchedule {
    RunSchedule {
        schedule_id: schedule,
        trigger: Trigger::Due(planned),
        now,
        batch: Ok(ScheduledBatch {
            id: Id::now(),
            name: "made".to_owned(),
            parallel: false,
            settings: json!({}),
            restaurants: restaurants.to_vec(),
            most: 2,
        }),
        origin: Origin::engine(),
    }
}

async fn seen(bench: &Bench, id: Id) -> batch_schedules::Model {
    let found = batch_schedules::Entity::find_by_id(id)
        .one(&bench.database.writer)
        .await;
    found.unwrap().unwrap()
}

async fn batches(bench: &Bench) -> u64 {
    registration_batch_jobs::Entity::find()
        .count(&bench.database.writer)
        .await
        .unwrap()
}

pub async fn a_run_takes_place_once_whatever_the_clock_does(mut bench: Bench) {
    let schedule = schedule(&mut bench, "a", "allow").await;
    let places = new_restaurants(&bench, 12).await;
    let planned = schedule.next_run_at.unwrap();
    // Too early, then due; the same run again, from before the clock was set back and after.
    let early = run(schedule.id, planned, planned - TimeDelta::seconds(1), &places);
    assert_eq!(bench.write(early).await.unwrap(), RunOutcome::NotDue);
    let due = run(schedule.id, planned, planned, &places);
    let made = bench.write(due.clone()).await.unwrap();
    assert!(matches!(made, RunOutcome::Made { jobs: 2, .. }), "{made:?}");
    assert_eq!(bench.write(due).await.unwrap(), RunOutcome::NotDue);
    let eleven = planned + TimeDelta::hours(1);
    assert_eq!(seen(&bench, schedule.id).await.next_run_at, Some(eleven));
    for now in [planned - TimeDelta::hours(5), planned, eleven - TimeDelta::seconds(1)] {
        for run_of in [planned, eleven] {
            let again = run(schedule.id, run_of, now, &places);
            assert_eq!(
                bench.write(again).await.unwrap(),
                RunOutcome::NotDue,
                "{run_of} at {now}"
            );
        }
    }
    // Days later there is one run for all that were missed.
    let later = at("2026-11-05T10:20:00Z");
    let late = run(schedule.id, eleven, later, &places);
    assert!(matches!(bench.write(late).await.unwrap(), RunOutcome::Made { .. }));
    let next = seen(&bench, schedule.id).await;
    assert_eq!(
        (next.next_run_at, next.look_at),
        (Some(at("2026-11-05T11:00:00Z")), next.next_run_at)
    );
    assert_eq!((next.version, batches(&bench).await), (1, 2));
}

pub async fn those_who_are_being_registered_by_then_are_left_out(mut bench: Bench) {
    let first = schedule(&mut bench, "a", "skip").await;
    let second = schedule(&mut bench, "b", "skip").await;
    let places = new_restaurants(&bench, 3).await;
    let planned = first.next_run_at.unwrap();
    let made = bench.write(run(first.id, planned, planned, &places)).await.unwrap();
    assert!(matches!(made, RunOutcome::Made { jobs: 2, .. }), "{made:?}");
    // Both had chosen the same three.
    let made = bench.write(run(second.id, planned, planned, &places)).await.unwrap();
    let RunOutcome::Made { batch_id, jobs: 1 } = made else {
        panic!("{made:?}");
    };
    let jobs = registration_jobs::Entity::find()
        .order_by_desc(registration_jobs::Column::Id)
        .all(&bench.database.writer)
        .await
        .unwrap();
    assert_eq!((jobs[0].batch_job_id, jobs[0].restaurant_id), (batch_id, places[2]));
    // Nobody is left, so the third makes no batch, and goes on to its next run.
    let third = schedule(&mut bench, "c", "skip").await;
    let outcome = bench.write(run(third.id, planned, planned, &places)).await.unwrap();
    assert_eq!((outcome, batches(&bench).await), (RunOutcome::NothingMatched, 2));
    let third = seen(&bench, third.id).await;
    assert_eq!(third.last_outcome.as_deref(), Some("nothing matched"));
    assert_eq!(third.next_run_at, Some(planned + TimeDelta::hours(1)));
}

/// The registration of a restaurant ended while nobody knew what one of its calls had done.
async fn leave_unknown(bench: &Bench, restaurant: Id) {
    let end = format!(
        "update registration_jobs set status = 'failed', is_open = false, outcome_unknown = true where restaurant_id = '{restaurant}'"
    );
    let calls = format!(
        "update registration_job_steps set sub_step_progress = '[{{\"sub_step\": \"account\", \"title\": \"Account\", \
         \"status\": \"failed\", \"outcome_unknown\": true}}]' where step_number = 6 and registration_job_id in \
         (select id from registration_jobs where restaurant_id = '{restaurant}')"
    );
    for sql in [end, calls] {
        bench.database.writer.raw().execute_unprepared(&sql).await.unwrap();
    }
}

pub async fn those_with_calls_that_nobody_knows_of_are_left_out(mut bench: Bench) {
    let first = schedule(&mut bench, "a", "allow").await;
    let places = new_restaurants(&bench, 3).await;
    let planned = first.next_run_at.unwrap();
    bench.write(run(first.id, planned, planned, &places)).await.unwrap();
    leave_unknown(&bench, places[0]).await;
    leave_unknown(&bench, places[1]).await;
    let second = schedule(&mut bench, "b", "allow").await;
    let made = bench.write(run(second.id, planned, planned, &places)).await.unwrap();
    assert!(matches!(made, RunOutcome::Made { jobs: 1, .. }), "{made:?}");
}

pub async fn a_run_while_the_clock_was_far_ahead_silences_nobody_for_good(mut bench: Bench) {
    let known = schedule(&mut bench, "a", "allow").await;
    let ahead = "update batch_schedules set last_run_at = '2099-01-01T00:00:00+00:00', \
        next_run_at = '2099-01-01T01:00:00+00:00', look_at = '2099-01-01T01:00:00+00:00'";
    bench.database.writer.raw().execute_unprepared(ahead).await.unwrap();
    let row = batch_schedules::Model {
        cron: "30 * * * *".to_owned(),
        ..seen(&bench, known.id).await
    };
    let change = ChangeBatchSchedule {
        row,
        origin: Origin::engine(),
    };
    assert_eq!(bench.write(change).await.unwrap(), ScheduleChanged::Accepted);
    let next = seen(&bench, known.id).await.next_run_at.unwrap();
    assert!(next < Utc::now() + TimeDelta::hours(2), "{next}");
}

pub async fn a_run_that_waits_takes_place_when_the_earlier_batch_has_ended(mut bench: Bench) {
    let schedule = schedule(&mut bench, "a", "wait").await;
    let places = new_restaurants(&bench, 6).await;
    let ten = schedule.next_run_at.unwrap();
    let made = bench.write(run(schedule.id, ten, ten, &places)).await.unwrap();
    let RunOutcome::Made { batch_id, .. } = made else {
        panic!("{made:?}");
    };
    let eleven = ten + TimeDelta::hours(1);
    // It is looked at again and again, also past its next times, and stays the run of eleven.
    for minutes in [0, 1, 90] {
        let now = eleven + TimeDelta::minutes(minutes);
        let outcome = bench.write(run(schedule.id, eleven, now, &places)).await.unwrap();
        assert_eq!(outcome, RunOutcome::Overlaps(batch_id));
        let waiting = seen(&bench, schedule.id).await;
        assert_eq!((waiting.next_run_at, waiting.waits_since), (Some(eleven), Some(eleven)));
        assert!(waiting.look_at > Some(now));
    }
    let end = "update registration_batch_jobs set status = 'cancelled'";
    bench.database.writer.raw().execute_unprepared(end).await.unwrap();
    let now = eleven + TimeDelta::minutes(100);
    let made = bench.write(run(schedule.id, eleven, now, &places)).await.unwrap();
    assert!(matches!(made, RunOutcome::Made { .. }), "{made:?}");
    let ran = seen(&bench, schedule.id).await;
    assert_eq!(
        (ran.next_run_at, ran.waits_since),
        (Some(at("2026-11-02T13:00:00Z")), None)
    );
}

pub async fn a_schedule_that_cannot_be_read_is_switched_off(mut bench: Bench) {
    let schedule = schedule(&mut bench, "a", "skip").await;
    let planned = schedule.next_run_at.unwrap();
    let spoil = "update batch_schedules set time_zone = 'Middle/Earth'";
    bench.database.writer.raw().execute_unprepared(spoil).await.unwrap();
    let outcome = bench.write(run(schedule.id, planned, planned, &[])).await.unwrap();
    assert!(matches!(outcome, RunOutcome::Impossible(_)), "{outcome:?}");
    let off = seen(&bench, schedule.id).await;
    assert_eq!((off.enabled, off.next_run_at, off.look_at), (false, None, None));
    assert!(off.last_outcome.unwrap().starts_with("switched off"));
}
