//! The schema, and the plans of the hot queries.

use migration::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait as _, EntityTrait as _, Statement};

use crate::bench::Bench;

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
            "job_practices_ready",
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
        (
            "select j.status, coalesce((select l.seq from batch_operation_logs l where l.batch_job_id >= j.id \
          and l.batch_job_id <= j.id order by l.batch_job_id desc, l.seq desc limit 1), 0) as head \
          from enrichment_jobs j where j.id = 'j'",
            "batch_operation_logs_by_batch",
        ),
        (
            "select l.seq, (select p.row_number from job_practices p where p.id = cast(l.item_id as bigint)) as row_number \
          from batch_operation_logs l where l.batch_job_id = 'j' and l.seq > 5 and l.batch_job_id = 'j' and l.seq <= 9 \
          order by l.batch_job_id, l.seq limit 100",
            "batch_operation_logs_by_batch (batch_job_id=? AND seq>? AND seq<?)",
        ),
        (
            "select l.seq from batch_operation_logs l where l.batch_job_id = 'j' and l.seq > 5 and l.batch_job_id = 'j' \
          and l.seq <= 9 and l.item_id is null order by l.batch_job_id, l.seq limit 100",
            "batch_operation_logs_of_batches",
        ),
        (
            "select l.seq from batch_operation_logs l where l.batch_job_id = 'j' and l.seq > 0 and l.batch_job_id = 'j' \
          and l.seq <= 9 and l.item_id is null and l.operation = 'batch_paused' \
          order by l.batch_job_id desc, l.seq desc limit 51",
            "batch_operation_logs_of_batches",
        ),
        (
            "select l.seq from batch_operation_logs l left join enrichment_jobs j on j.id = l.batch_job_id \
          where l.item_id is null and l.seq > 5 and l.seq <= 9 and exists (select 1 from webhook_endpoints e \
          where e.organisation_id = l.organisation_id) order by l.seq limit 200",
            "batch_operation_logs_batches_in_order",
        ),
        (
            "select l.seq from batch_operation_logs l join registration_batch_jobs b on b.id = l.batch_job_id \
          join registration_jobs g on g.id = l.registration_job_id join restaurants r on r.id = g.restaurant_id \
          where l.operation = 'action_required' and l.seq > 5 and l.seq <= 9 and exists (select 1 from webhook_endpoints e \
          where e.organisation_id = l.organisation_id) order by l.seq limit 200",
            "batch_operation_logs_questions",
        ),
        (
            "select n.id from webhook_deliveries n where n.endpoint_id = 'e' and n.status = 'pending' and n.next_at <= 'x' \
          order by n.next_at, n.id limit 1",
            "webhook_deliveries_due",
        ),
        (
            "select next_at from webhook_deliveries where status = 'pending' and next_at > 'x' order by next_at limit 1",
            "webhook_deliveries_next",
        ),
        (
            "select d.id from webhook_deliveries d join webhook_events v on v.id = d.event_id where d.endpoint_id = 'e' \
          and d.organisation_id = 'o' and d.id < 'x' order by d.id desc limit 51",
            "webhook_deliveries_newest",
        ),
        (
            "select * from batch_schedules where look_at is not null order by look_at limit 9",
            "batch_schedules_due",
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
        exclusions,
        imports,
        idempotency_keys,
        webhook_endpoints,
        webhook_events,
        webhook_deliveries,
        webhook_attempts,
        sessions,
        one_time_links,
        known_devices,
        audit_log,
        batch_templates,
        batch_schedules,
    );
    Migrator::down(bench.database.writer.raw(), None).await.unwrap();
    Migrator::up(bench.database.writer.raw(), None).await.unwrap();
}
