//! What orders the registrations of a restaurant whatever the clock does, and which of them made calls of which nobody knows what they
//! did.

crate::migration!("m0020_unknown_outcomes",
    up: &[
        "alter table registration_jobs add column since_seq bigint not null default 0",
        "alter table registration_jobs add column outcome_unknown boolean not null default false",
        "update registration_jobs set since_seq = coalesce(
            (select min(l.seq) from batch_operation_logs l where l.registration_job_id = registration_jobs.id),
            (select min(l.seq) from batch_operation_logs l where l.batch_job_id = registration_jobs.batch_job_id), 0)",
        "update registration_jobs set outcome_unknown = true where exists (select 1 from registration_job_steps s
            where s.registration_job_id = registration_jobs.id
            and (cast(s.sub_step_progress as text) like '%\"outcome_unknown\":true%'
            or cast(s.sub_step_progress as text) like '%\"outcome_unknown\": true%'))",
        "create index registration_jobs_unknown on registration_jobs (restaurant_id) where outcome_unknown",
        "create index registration_jobs_by_source on registration_jobs (source_job_id) where source_job_id is not null",
    ],
    down: &["drop index registration_jobs_by_source",
        "drop index registration_jobs_unknown",
        "alter table registration_jobs drop column outcome_unknown",
        "alter table registration_jobs drop column since_seq"]
);
