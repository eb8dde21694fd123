//! A schedule is due, and the process dies somewhere between the choice of its restaurants and the look after its run.

use std::time::Instant;

use sea_orm::{ConnectionTrait as _, Database};

use crate::support::daemon::{Daemon, Db};
use crate::{SOON, env, prepare, query};

/// A yearly schedule of three restaurants whose run is due since long.
const DUE: [&str; 2] = [
    "insert into restaurants (id, organisation_id, name, name_key, created_at, updated_at) \
     select r.column1, o.id, 'Place', 'place', o.created_at, o.created_at from organisations o, (values \
     ('0190a000-0000-7000-8000-000000000001'), ('0190a000-0000-7000-8000-000000000002'), \
     ('0190a000-0000-7000-8000-000000000003')) as r",
    "insert into batch_schedules (id, organisation_id, name, filter, settings, cron, time_zone, next_run_at, look_at, \
     created_at, updated_at) select '0190b000-0000-7000-8000-000000000001', id, 'Yearly', '{}', '{}', '0 9 1 1 *', 'UTC', \
     '2026-01-01T09:00:00+00:00', '2026-01-01T09:00:00+00:00', created_at, created_at from organisations",
];

/// Waits until the run was recorded, or the process has died.
async fn until_run_or_dead(daemon: &mut Daemon) -> bool {
    let deadline = Instant::now() + SOON;
    let sql = "select cast(count(*) as text) from batch_schedules where last_run_at is not null";
    loop {
        if !daemon.is_running() {
            return false;
        }
        if query(&daemon.database_url(), sql).await == "1" {
            return true;
        }
        assert!(Instant::now() < deadline, "neither run nor dead");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn killed_anywhere_a_run_makes_one_batch() {
    let mut trials = 0;
    for kill_after in 1.. {
        let mut prepared = prepare(Db::Sqlite, "");
        let daemon = &mut prepared.daemon;
        let db = Database::connect(daemon.database_url()).await.unwrap();
        for sql in DUE {
            db.execute_unprepared(sql).await.unwrap();
        }
        db.close().await.unwrap();
        daemon.spawn_again(env("BATCHDESK_KILL_AFTER", kill_after));
        let undisturbed = daemon.ready_or_ended() && until_run_or_dead(daemon).await;
        if !undisturbed {
            trials += 1;
            daemon.spawn_again(Vec::new());
            daemon.wait_ready();
            assert!(until_run_or_dead(daemon).await);
        }
        let url = daemon.database_url();
        let batches = "select total_restaurants || ' ' || schedule_id from registration_batch_jobs";
        let made = query(&url, batches).await;
        assert_eq!(
            made, "3 0190b000-0000-7000-8000-000000000001",
            "killed at breakpoint {kill_after}"
        );
        let next = query(&url, "select next_run_at from batch_schedules").await;
        assert!(next.contains("-01-01T09:00:00") && !next.starts_with("2026"), "{next}");
        if undisturbed {
            break;
        }
    }
    assert!(trials >= 2, "only {trials} breakpoints were passed");
}
