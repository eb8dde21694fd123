//! What the logger writes: one row per step run, completions per company, failures.

crate::migration!(
    "m0005_logs",
    up: &[
        // A step run is one step of one item in one life. Uniqueness stands on those three rather than on the
        // derived `step_run_id`, because they arrive in ascending order and keep the index's inserts at one end.
        "create table enrichment_results_log (
            id {bigserial},
            step_run_id {uuid} not null,
            organisation_id {uuid} not null,
            workflow_id {uuid},
            workflow_slug text not null,
            company_id {uuid},
            company_domain text,
            play_name text not null,
            step_number integer not null,
            status text not null check (status in ('completed', 'failed', 'skipped')),
            result_table text,
            batch_id {uuid} not null,
            practice_id bigint not null,
            life integer not null,
            attempts integer not null,
            error_message text,
            created_at {time} not null,
            unique (batch_id, practice_id, step_number, life)
        )",
        "create table company_play_step_completions (
            id {bigserial},
            organisation_id {uuid} not null,
            company_id {uuid} not null references companies (id) on delete cascade,
            play_name text not null,
            step_number integer not null,
            workflow_id {uuid},
            workflow_slug text not null,
            step_run_id {uuid} not null,
            completed_at {time} not null,
            unique (company_id, play_name, step_number)
        )",
        "create table failed_jobs (
            id {bigserial},
            organisation_id {uuid} not null,
            batch_id {uuid} not null,
            practice_id bigint,
            failed_workflow_id text,
            failed_workflow_name text,
            failed_execution_id text not null unique,
            error_message text not null,
            error_stack text,
            original_input_data {json},
            status text not null default 'open' check (status in ('open', 'resolved')),
            logged_at {time} not null
        )",
        "create index failed_jobs_by_organisation on failed_jobs (organisation_id, id)",
    ],
    down: &["drop table failed_jobs",
        "drop table company_play_step_completions",
        "drop table enrichment_results_log"]
);
