//! The plans of what is asked again and again about registrations, on both databases.

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use crate::bench::Bench;
use crate::schedules::new_restaurants;

/// What is asked, and the indexes that answer it.
const HOT: [(&str, &[&str]); 8] = [
    (
        "select b.id from registration_batch_jobs b where b.id in (select o.id from registration_batch_jobs o \
         where o.status in ('pending', 'in_progress', 'paused') \
         union all select j.batch_job_id from registration_jobs j where j.call_open) order by b.id",
        &["registration_batch_jobs_open", "registration_jobs_in_call"],
    ),
    (
        "select j.batch_job_id from registration_jobs j \
         join registration_batch_jobs b on b.id = j.batch_job_id and b.status = 'in_progress' \
         where j.next_at is not null and j.next_at <= {at} \
         union select j.batch_job_id from registration_job_steps s \
         join registration_jobs j on j.id = s.registration_job_id \
         join registration_batch_jobs b on b.id = j.batch_job_id and b.status = 'in_progress' \
         where s.status = 'action_required' and s.due_at is not null and s.due_at <= {at} \
         union select j.batch_job_id from registration_job_steps s \
         join registration_jobs j on j.id = s.registration_job_id \
         join registration_batch_jobs b on b.id = j.batch_job_id and b.status = 'in_progress' \
         where s.status = 'action_required' and s.remind_at is not null and s.remind_at <= {at}",
        &[
            "registration_jobs_due",
            "registration_job_steps_due",
            "registration_job_steps_to_remind",
        ],
    ),
    (
        "select j.id, coalesce(s.status = 'in_progress', false) from registration_jobs j left join registration_job_steps s on s.registration_job_id = j.id \
         and s.step_number = 6 where j.batch_job_id = {id} and j.status in ('pending', 'in_progress')",
        &[
            "registration_jobs_batch_job_id",
            "registration_job_steps_registration_job_id",
        ],
    ),
    (
        "select o.restaurant_id, o.batch_job_id from registration_jobs j \
         join registration_jobs o on o.restaurant_id = j.restaurant_id and o.is_open where j.batch_job_id = {id}",
        &["registration_jobs_open"],
    ),
    (
        "select exists (select 1 from registration_jobs j where j.batch_job_id = {id} and j.call_open)",
        &["registration_jobs_in_call"],
    ),
    (
        "select coalesce((select l.seq from batch_operation_logs l where l.batch_job_id >= {id} and l.batch_job_id <= {id} \
         order by l.batch_job_id desc, l.seq desc limit 1), 0)",
        &["batch_operation_logs_by_batch"],
    ),
    (
        "select l.seq from batch_operation_logs l where l.batch_job_id = {id} and l.seq > 5 and l.seq <= 9 \
         order by l.seq limit 100",
        &["batch_operation_logs_by_batch"],
    ),
    (
        "select l.seq from batch_operation_logs l where l.batch_job_id = {id} and l.registration_job_id = {id} \
         order by l.seq desc limit 51",
        &["batch_operation_logs_by_registration"],
    ),
];

/// PostgreSQL plans by what is there: many batches that have ended, a few that wait for people.
async fn fill(bench: &Bench) {
    const ROWS: [&str; 5] = [
        "insert into registration_batch_jobs (id, organisation_id, name, status, total_restaurants, created_at, updated_at) \
         select gen_random_uuid(), o.id, 'A', case when n <= 20 then 'in_progress' else 'completed' end, 5, now(), now() \
         from organisations o, generate_series(1, 2000) n",
        "insert into registration_jobs (id, batch_job_id, organisation_id, restaurant_id, position, status, reference, created_at, \
         updated_at) select gen_random_uuid(), b.id, b.organisation_id, r.id, r.position, \
         case b.status when 'in_progress' then 'action_required' else b.status end, r.id, now(), now() \
         from registration_batch_jobs b, (select id, row_number() over (order by id) as position from restaurants) r",
        "insert into registration_job_steps (id, registration_job_id, organisation_id, step_number, step_name, step_type, status, \
         due_at, created_at, updated_at) select gen_random_uuid(), j.id, j.organisation_id, n, 'A', 'automatic', \
         case n when 3 then j.status else 'completed' end, case n when 3 then now() end, now(), now() \
         from registration_jobs j, generate_series(1, 6) n",
        "insert into batch_operation_logs (seq, id, organisation_id, batch_kind, batch_job_id, registration_job_id, actor, source, \
         operation, details, created_at) select row_number() over (order by j.id), gen_random_uuid(), j.organisation_id, \
         'registration', j.batch_job_id, j.id, 'system', 'engine', 'step_completed', '{}', now() from registration_jobs j",
        "analyze",
    ];
    new_restaurants(bench, 5).await;
    for sql in ROWS {
        bench.database.writer.raw().execute_unprepared(sql).await.unwrap();
    }
}

pub async fn what_is_asked_again_and_again_uses_its_indexes(bench: Bench) {
    let hq = &bench.database.writer;
    let backend = hq.get_database_backend();
    let (explain, column) = match backend {
        DbBackend::Sqlite => ("explain query plan", "detail"),
        _ => ("explain", "QUERY PLAN"),
    };
    if backend == DbBackend::Postgres {
        fill(&bench).await;
    }
    for (sql, indexes) in HOT {
        let sql = sql
            .replace("{id}", "'0190a6f0-0000-7000-8000-000000000000'")
            .replace("{at}", "'2026-01-01T00:00:00Z'");
        let rows = hq
            .query_all_raw(Statement::from_string(backend, format!("{explain} {sql}")))
            .await
            .unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.try_get("", column).unwrap()).collect();
        let plan = plan.join("; ");
        let unnamed = plan.replace("sqlite_autoindex_registration_jobs_2", "registration_jobs_batch_job_id");
        let unnamed = unnamed.replace(
            "sqlite_autoindex_registration_job_steps_2",
            "registration_job_steps_registration_job_id",
        );
        for index in indexes {
            assert!(unnamed.contains(index), "{index}: {sql}\n{plan}");
        }
        for scan in [
            "Seq Scan on registration_job",
            "Seq Scan on batch_operation",
            "SCAN j ",
            "SCAN l ",
            "SCAN s ",
        ] {
            let whole = plan
                .split("; ")
                .find(|line| line.contains(scan) && !line.contains("INDEX"));
            assert_eq!(whole, None, "{sql}\n{plan}");
        }
    }
}
