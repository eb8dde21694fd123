//! One row per upload, in the words of those who watch uploads rather than jobs.

crate::migration!(
    "m0006_batch_runs",
    up: &[
        "create table batch_runs (
        id {uuid} primary key,
        organisation_id {uuid} not null references organisations (id),
        user_id {uuid} references users (id),
        job_id {uuid} unique references enrichment_jobs (id),
        filename text not null,
        status text not null default 'pending' check (status in ('pending', 'processing', 'completed', 'failed')),
        started_at {time},
        finished_at {time},
        result_url text,
        error_message text,
        meta {json} not null default '{}',
        created_at {time} not null
    )",
        "create index batch_runs_by_owner on batch_runs (organisation_id, user_id, started_at)",
    ],
    down: &["drop table batch_runs"]
);
