//! Registration batches: a batch has a job a restaurant, a job has a row a step.

crate::migration!(
    "m0017_registration_batches",
    up: &[
        // The counts are kept by the transaction that changes a job; the checks tie them together.
        // `epoch` fences writes of a daemon that was taken over from. `in_flight` holds the ids of the jobs that may be running:
        // an unclean end is counted against them.
        "create table registration_batch_jobs (
            id {uuid} primary key,
            organisation_id {uuid} not null references organisations (id),
            name text not null,
            execution_mode text not null default 'sequential' check (execution_mode in ('sequential', 'parallel')),
            status text not null default 'draft'
                check (status in ('draft', 'pending', 'in_progress', 'paused', 'completed', 'failed', 'cancelled')),
            total_restaurants integer not null default 0,
            completed_restaurants integer not null default 0,
            failed_restaurants integer not null default 0,
            cancelled_restaurants integer not null default 0,
            waiting_restaurants integer not null default 0,
            settings {json} not null default '{}',
            error_message text,
            threshold_reached boolean not null default false,
            threshold_acknowledged boolean not null default false,
            retry_of {uuid} references registration_batch_jobs (id),
            template_id {uuid},
            schedule_id {uuid},
            created_by {uuid} references users (id),
            epoch integer not null default 1,
            in_flight {json} not null default '[]',
            version integer not null default 1,
            created_at {time} not null,
            updated_at {time} not null,
            started_at {time},
            paused_at {time},
            resumed_at {time},
            completed_at {time},
            cancelled_at {time},
            archived_at {time},
            check (completed_restaurants + failed_restaurants + cancelled_restaurants + waiting_restaurants
                between 0 and total_restaurants)
        )",
        // Ids sort by the time they were made: lists come newest first.
        "create index registration_batch_jobs_by_organisation on registration_batch_jobs (organisation_id, id)",
        "create index registration_batch_jobs_by_status on registration_batch_jobs (organisation_id, status, id)",
        "create index registration_batch_jobs_open on registration_batch_jobs (status)
            where status in ('pending', 'in_progress', 'paused')",
        "create index registration_batch_jobs_by_source on registration_batch_jobs (retry_of) where retry_of is not null",
        // `is_open` says that its batch was started and that it has not ended: a restaurant has at most one such job.
        // `call_open` says that a call may be on its way that changes something outside: cancelling waits for its end.
        // `ready_at` is when the job came to the execution: the order of its turn. `reference` is the first job's id, also in retries:
        // by it the other side knows the registration again.
        "create table registration_jobs (
            id {uuid} primary key,
            batch_job_id {uuid} not null references registration_batch_jobs (id),
            organisation_id {uuid} not null references organisations (id),
            restaurant_id {uuid} not null references restaurants (id),
            position integer not null,
            status text not null default 'pending'
                check (status in ('pending', 'in_progress', 'action_required', 'completed', 'failed', 'cancelled')),
            is_open boolean not null default false,
            current_step integer not null default 1,
            execution_config {json},
            error_message text,
            attempt integer not null default 0,
            next_at {time},
            blocked_by text,
            call_open boolean not null default false,
            ready_at {time},
            reference {uuid} not null,
            source_job_id {uuid} references registration_jobs (id),
            version integer not null default 1,
            crashes integer not null default 0,
            created_at {time} not null,
            updated_at {time} not null,
            started_at {time},
            completed_at {time},
            unique (batch_job_id, position)
        )",
        "create unique index registration_jobs_open on registration_jobs (restaurant_id) where is_open",
        "create index registration_jobs_by_restaurant on registration_jobs (restaurant_id, id)",
        "create index registration_jobs_by_organisation on registration_jobs (organisation_id, id)",
        "create index registration_jobs_waiting on registration_jobs (organisation_id, id) where status = 'action_required'",
        "create index registration_jobs_in_call on registration_jobs (batch_job_id) where call_open",
        "create index registration_jobs_due on registration_jobs (next_at) where next_at is not null",
        // `answer` is what a person said, also before the step has come; `asked` is the question that stands.
        "create table registration_job_steps (
            id {uuid} primary key,
            registration_job_id {uuid} not null references registration_jobs (id) on delete cascade,
            organisation_id {uuid} not null,
            step_number integer not null,
            step_name text not null,
            step_type text not null check (step_type in ('automatic', 'action_required')),
            status text not null default 'pending'
                check (status in ('pending', 'in_progress', 'action_required', 'completed', 'failed', 'skipped')),
            result_data {json},
            sub_step_progress {json},
            asked {json},
            answer {json},
            answered_by text,
            answered_at {time},
            remind_at {time},
            due_at {time},
            error_message text,
            error_details {json},
            retry_count integer not null default 0,
            max_retries integer not null default 0,
            created_at {time} not null,
            updated_at {time} not null,
            started_at {time},
            completed_at {time},
            unique (registration_job_id, step_number)
        )",
        "create index registration_job_steps_due on registration_job_steps (due_at)
            where status = 'action_required' and due_at is not null",
        "create index registration_job_steps_to_remind on registration_job_steps (remind_at)
            where status = 'action_required' and remind_at is not null",
        "create table companies_office_search_candidates (
            id {uuid} primary key,
            registration_job_id {uuid} not null references registration_jobs (id) on delete cascade,
            organisation_id {uuid} not null,
            rank integer not null,
            score double precision not null,
            match_reasons {json} not null default '[]',
            nzbn text,
            company_number text,
            name text not null,
            status text,
            raw {json} not null default '{}',
            selected boolean not null default false,
            created_at {time} not null,
            unique (registration_job_id, rank)
        )",
        "create index batch_operation_logs_by_registration on batch_operation_logs (registration_job_id, seq)
            where registration_job_id is not null",
    ],
    down: &["drop index batch_operation_logs_by_registration",
        "drop table companies_office_search_candidates",
        "drop table registration_job_steps",
        "drop table registration_jobs",
        "drop table registration_batch_jobs"]
);
