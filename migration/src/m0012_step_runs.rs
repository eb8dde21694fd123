//! Steps that others do: what was asked of them, what they answered, and under which version of the workflow.

crate::migration!(
    "m0012_step_runs",
    up: &[
        // A step run whose answer comes from outside. Its row is written before the call leaves, so that an answer finds it,
        // however fast it is; what was answered is kept until the step has ended.
        "create table step_runs (
            id {uuid} primary key,
            organisation_id {uuid} not null,
            batch_id {uuid} not null,
            practice_id bigint not null,
            step_number integer not null,
            life integer not null,
            attempt integer not null,
            workflow_id {uuid} not null,
            workflow_slug text not null,
            workflow_version integer not null,
            deadline {time},
            answer text,
            answer_digest text,
            answered_at {time},
            closed_at {time},
            created_at {time} not null,
            updated_at {time} not null
        )",
        "create index step_runs_by_batch on step_runs (batch_id, practice_id)",
        // Only the SHA-256 of a token is kept. A call that is repeated after a crash has a token of its own; each of them
        // brings the answer.
        "create table callback_tokens (
            digest text primary key,
            step_run_id {uuid} not null references step_runs (id) on delete cascade,
            workflow_slug text not null,
            attempt integer not null
        )",
        "create index callback_tokens_by_run on callback_tokens (step_run_id)",
        // What can run now, past all that waits: a hundred thousand may wait for callbacks in one status.
        "create index job_practices_ready on job_practices (job_id, status, id)
            where next_at is null and duplicate_of is null",
        // A step that has begun ends under the version that it began with.
        "create table workflow_versions (
            workflow_id {uuid} not null,
            version integer not null,
            spec {json} not null,
            created_at {time} not null,
            primary key (workflow_id, version)
        )",
        // Where a practice stands within its step, and which steps it went past: {\"alternative\": 1, \"passed\": {\"slug\": \"why\"}}.
        "alter table job_practices add column flow {json}",
        // What of the play a job runs, and whether also for those who have completed it: {\"step\": 2, \"force\": true}.
        "alter table enrichment_jobs add column selection {json} not null default '{}'",
        "alter table enrichment_results_log add column cost double precision",
        "alter table enrichment_results_log add column warnings {json}",
    ],
    down: &["alter table enrichment_results_log drop column warnings",
        "alter table enrichment_results_log drop column cost",
        "alter table enrichment_jobs drop column selection",
        "alter table job_practices drop column flow",
        "drop index job_practices_ready",
        "drop table workflow_versions",
        "drop table callback_tokens",
        "drop table step_runs"]
);
