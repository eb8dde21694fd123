//! Destinations that are away, locked or changed.

use std::sync::Arc;
use std::time::Duration;

use batchdesk::store::destinations::{Blame, BreakerState, DestinationError, Patience};
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use serde_json::json;

use crate::place::{Place, hasty, ids, spec, wait_until};
use crate::support::postgres::{Cluster, Durability, create_database, require_or_skip};
use crate::support::skip;
use crate::support::small_disk::SmallDisk;

pub async fn a_table_that_disappears_is_told_and_looked_for_again(place: Place) {
    let spec = spec("company_x", &[("a", "a")]);
    let data = json!({"a": "1"});
    assert!(matches!(
        place.write(&spec, &ids(), &data).await,
        Err(DestinationError::TableMissing { .. })
    ));
    place
        .execute("create table company_x (id {uuid} primary key, a text)")
        .await;
    place.write(&spec, &ids(), &data).await.unwrap();

    place.execute("drop table company_x").await;
    let error = place.write(&spec, &ids(), &data).await.unwrap_err();
    assert!(matches!(error, DestinationError::TableMissing { .. }), "{error:?}");
    assert_eq!(error.blame(), Blame::Workflow);
    assert!(
        place.destinations.plan(&spec).await.is_err(),
        "what was learnt is forgotten"
    );

    // Another type in the same place is learnt as well.
    place
        .execute("create table company_x (id {uuid} primary key, a integer)")
        .await;
    place.write(&spec, &ids(), &data).await.unwrap();
    place.execute("alter table company_x rename column a to b").await;
    let error = place.write(&spec, &ids(), &data).await.unwrap_err();
    assert!(matches!(error, DestinationError::TableChanged { .. }), "{error:?}");
    assert!(matches!(
        place.destinations.plan(&spec).await,
        Err(DestinationError::Unfit(_))
    ));
}

pub async fn a_missing_table_is_no_matter_to_another(place: Place) {
    for table in ["company_x", "company_y"] {
        place
            .execute(&format!("create table {table} (id {{uuid}} primary key, a text)"))
            .await;
    }
    let gone = place
        .destinations
        .plan(&spec("company_x", &[("a", "a")]))
        .await
        .unwrap();
    let there = place
        .destinations
        .plan(&spec("company_y", &[("a", "a")]))
        .await
        .unwrap();
    place.execute("drop table company_x").await;
    let writes = (0..100).map(|n| {
        let plan = if n % 2 == 0 { &gone } else { &there };
        let (row, _) = plan.row(&ids(), &json!({"a": "x"})).unwrap();
        place.destinations.write(row)
    });
    for (n, outcome) in join_all(writes).await.into_iter().enumerate() {
        if n % 2 == 0 {
            assert!(
                matches!(outcome, Err(DestinationError::TableMissing { .. })),
                "{outcome:?}"
            );
        } else {
            outcome.unwrap();
        }
    }
    assert_eq!(place.count("company_y").await, 50);
}

pub async fn a_closed_lane_has_written_what_it_took(place: Place) {
    place
        .execute("create table company_x (id {uuid} primary key, a text)")
        .await;
    let spec = spec("company_x", &[("a", "a")]);
    let plan = place.destinations.plan(&spec).await.unwrap();
    let writes = (0..300).map(|_| {
        let (row, _) = plan.row(&ids(), &json!({"a": "x"})).unwrap();
        place.destinations.write(row)
    });
    let (outcomes, ()) = tokio::join!(join_all(writes), place.destinations.close());
    let written = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(written > 0);
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Ok(()) | Err(DestinationError::Closed)))
    );
    assert_eq!(place.count("company_x").await, written);
    let (row, _) = plan.row(&ids(), &json!({"a": "x"})).unwrap();
    assert_eq!(place.destinations.write(row).await, Err(DestinationError::Closed));
}

#[tokio::test]
async fn a_locked_file_opens_the_breaker_and_a_trial_closes_it() {
    let place = Place::sqlite().await;
    place
        .execute("create table company_x (id uuid_text primary key, a text)")
        .await;
    let spec = spec("company_x", &[("a", "a")]);
    let data = json!({"a": "x"});
    place.write(&spec, &ids(), &data).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "an intruder knows no rules")]
    let lock = place.db.begin().await.unwrap();
    lock.execute_unprepared("delete from company_x").await.unwrap();

    let error = place.write(&spec, &ids(), &data).await.unwrap_err();
    assert_eq!(error.blame(), Blame::Passing, "{error:?}");
    assert!(error.retry_after().is_some());
    let state = &place.destinations.states()[0];
    assert_ne!(state.breaker, BreakerState::Closed);
    assert!(
        state
            .last_error
            .as_deref()
            .is_some_and(|error| error.contains("locked")),
        "{state:?}"
    );

    lock.rollback().await.unwrap();
    wait_until("rows go through again", async || {
        place.write(&spec, &ids(), &data).await.is_ok()
    })
    .await;
    assert_eq!(place.destinations.states()[0].breaker, BreakerState::Closed);
    assert_eq!(place.count("company_x").await, 2);
}

#[tokio::test]
async fn a_database_that_crashes_is_ridden_out() {
    if !require_or_skip("destinations on PostgreSQL") {
        return;
    }
    let cluster = Arc::new(Cluster::start(Durability::Full));
    let database = cluster.create_database();
    let mut place = Place::new(&database.url, "", Patience::default()).await;
    place
        .execute("create table company_x (id uuid primary key, a text)")
        .await;
    let spec = spec("company_x", &[("a", "a")]);
    let destinations = Arc::clone(&place.destinations);
    let plan = destinations.plan(&spec).await.unwrap();
    let row = || plan.row(&ids(), &json!({"a": "x"})).unwrap().0;
    destinations.write(row()).await.unwrap();
    cluster.crash();
    let writes = join_all((0..50).map(|_| destinations.write(row())));
    let start = async {
        wait_until("the lane has noticed", async || {
            destinations.states()[0].last_error.is_some()
        })
        .await;
        let cluster = Arc::clone(&cluster);
        tokio::task::spawn_blocking(move || cluster.start_again())
            .await
            .unwrap();
    };
    let (outcomes, ()) = tokio::join!(writes, start);
    for outcome in outcomes {
        outcome.unwrap();
    }
    place.db = sea_orm::Database::connect(&database.url).await.unwrap();
    assert_eq!(place.count("company_x").await, 51);
}

#[tokio::test]
async fn a_write_that_hangs_gives_its_rows_back_and_still_ends() {
    if !require_or_skip("destinations on PostgreSQL") {
        return;
    }
    let database = create_database();
    let patience = Patience {
        attempt: Duration::from_millis(100),
        ..hasty()
    };
    let place = Place::new(&database.url, "", patience).await;
    place
        .execute("create table company_x (id uuid primary key, a text)")
        .await;
    let spec = spec("company_x", &[("a", "a")]);
    let data = json!({"a": "x"});
    let (first, second) = (ids(), ids());
    place.destinations.plan(&spec).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "an intruder knows no rules")]
    let lock = place.db.begin().await.unwrap();
    lock.execute_unprepared("lock table company_x in exclusive mode")
        .await
        .unwrap();
    let error = place.write(&spec, &first, &data).await.unwrap_err();
    assert_eq!(error.blame(), Blame::Passing, "{error:?}");
    lock.rollback().await.unwrap();
    wait_until("rows go through again", async || {
        place.write(&spec, &second, &data).await.is_ok()
    })
    .await;
    // The hanging write was not cut off: its row is there before the second one.
    assert_eq!(place.count("company_x").await, 2);
}

#[tokio::test]
async fn a_full_disk_is_waited_for() {
    let Some(disk) = SmallDisk::mount() else {
        skip("full disk", "no file system can be mounted");
        return;
    };
    let url = format!("sqlite://{}/workspace.db?mode=rwc", disk.path().display());
    let place = Place::new(&url, "", Patience::default()).await;
    place
        .execute("create table company_x (id uuid_text primary key, a text)")
        .await;
    let plan = place
        .destinations
        .plan(&spec("company_x", &[("a", "a")]))
        .await
        .unwrap();
    let row = || plan.row(&ids(), &json!({"a": "x".repeat(4_000)})).unwrap().0;
    place.destinations.write(row()).await.unwrap();
    let ballast = disk.fill();
    let writes = join_all((0..50).map(|_| place.destinations.write(row())));
    let make_room = async {
        wait_until("the lane has noticed", async || {
            place.destinations.states()[0].last_error.is_some()
        })
        .await;
        std::fs::remove_file(ballast).unwrap();
    };
    let (outcomes, ()) = tokio::join!(writes, make_room);
    for outcome in outcomes {
        outcome.unwrap();
    }
    assert_eq!(place.count("company_x").await, 51);
    // What was written after it is committed too, and seen by others.
    place.destinations.write(row()).await.unwrap();
    assert_eq!(place.count("company_x").await, 52);
}
