//! The main job: an upload and its practices.

crate::migration!(
    "m0003_enrichment_jobs",
    up: &[
        // The counts are kept by the transaction that changes a practice, so that no list ever counts rows.
        // `epoch` fences writes of a killed job or of a daemon that was taken over from.
        // `in_flight` holds the ids of the practices that may be running: an unclean end is counted against them.
        "create table enrichment_jobs (
        id {uuid} primary key,
        organisation_id {uuid} not null references organisations (id),
        user_id {uuid} not null references users (id),
        original_filename text,
        name text,
        play_name text not null,
        url_column text,
        headers {json} not null default '[]',
        settings {json} not null default '{}',
        status text not null default 'pending' check (status in ('pending', 'running', 'paused', 'completed', 'error')),
        error_message text,
        total_practices integer not null default 0,
        completed_practices integer not null default 0,
        failed_practices integer not null default 0,
        pending_count integer not null default 0,
        url_complete_count integer not null default 0,
        scraped_count integer not null default 0,
        aggregated_count integer not null default 0,
        error_count integer not null default 0,
        excluded_count integer not null default 0,
        duplicates integer not null default 0,
        invalid integer not null default 0,
        blank_rows integer not null default 0,
        epoch integer not null default 1,
        in_flight {json} not null default '[]',
        imported_at {time},
        started_at {time},
        finished_at {time},
        created_at {time} not null,
        updated_at {time} not null,
        check (completed_practices between 0 and total_practices),
        check (failed_practices = error_count),
        check (completed_practices = aggregated_count + error_count + excluded_count)
    )",
        // Ids sort by the time they were made, so these give "newest first" to an owner and to an admin.
        "create index enrichment_jobs_by_owner on enrichment_jobs (organisation_id, user_id, id)",
        "create index enrichment_jobs_by_organisation on enrichment_jobs (organisation_id, id)",
        "create index enrichment_jobs_open on enrichment_jobs (status) where status in ('pending', 'running', 'paused')",
        "create index enrichment_jobs_unfinished_import on enrichment_jobs (created_at) where imported_at is null",
        // Ids are given by the one writer in the order of the file, so `id` order is input order within a job.
        "create table job_practices (
        id {bigid},
        job_id {uuid} not null references enrichment_jobs (id),
        organisation_id {uuid} not null,
        row_number bigint not null,
        practice_identifier text not null,
        input {json},
        status text not null default 'pending'
            check (status in ('pending', 'url_complete', 'scraped', 'aggregated', 'error', 'excluded')),
        url_worker_payload {json},
        scraper_worker_payload {json},
        final_payload {json},
        step_data {json},
        error_message text,
        dedupe_key text,
        host_key text,
        domain text,
        duplicate_of bigint,
        has_followers boolean not null default false,
        company_id {uuid} references companies (id),
        step_number integer not null default 0,
        life integer not null default 1,
        attempt integer not null default 0,
        next_at {time},
        blocked_by text,
        version integer not null default 1,
        crashes integer not null default 0,
        created_at {time} not null,
        updated_at {time} not null
    )",
        // In input order: exports, and lists without a status.
        "create index job_practices_by_job on job_practices (job_id, id)",
        "create index job_practices_by_status on job_practices (job_id, status, id)",
        "create index job_practices_by_host on job_practices (job_id, host_key, id) where duplicate_of is null",
        "create index job_practices_by_dedupe_key on job_practices (job_id, dedupe_key) where duplicate_of is null",
        "create index job_practices_followers on job_practices (job_id, duplicate_of, id)
            where duplicate_of is not null and status = 'pending'",
        "create index job_practices_due on job_practices (job_id, next_at) where next_at is not null",
        "create index job_practices_next on job_practices (next_at) where next_at is not null",
    ],
    down: &["drop table job_practices",
        "drop table enrichment_jobs"]
);
