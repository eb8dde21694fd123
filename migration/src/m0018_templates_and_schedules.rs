//! Templates of registration batches, and schedules that make batches by themselves.

crate::migration!(
    "m0018_templates_and_schedules",
    up: &[
        "create table batch_templates (
            id {uuid} primary key,
            organisation_id {uuid} not null references organisations (id),
            name text not null,
            source text not null default 'restaurants' check (source in ('restaurants', 'leads')),
            filter {json} not null default '{}',
            settings {json} not null default '{}',
            restaurant_limit integer check (restaurant_limit > 0),
            created_by {uuid} references users (id),
            version integer not null default 1,
            created_at {time} not null,
            updated_at {time} not null,
            unique (organisation_id, name)
        )",
        // Ids sort by the time they were made: lists come newest first.
        "create index batch_templates_by_organisation on batch_templates (organisation_id, id)",
        // A schedule takes restaurants by a template, or by a filter and settings of its own. `next_run_at` is the run that is due
        // next: whoever runs it compares it first. `look_at` is when that is looked at: the same, or later where the run waits for
        // an earlier batch, as `waits_since` says. Both are absent while the schedule is off.
        "create table batch_schedules (
            id {uuid} primary key,
            organisation_id {uuid} not null references organisations (id),
            name text not null,
            template_id {uuid} references batch_templates (id),
            filter {json},
            settings {json},
            cron text not null,
            time_zone text not null,
            restaurant_limit integer check (restaurant_limit > 0),
            only_unregistered boolean not null default true,
            overlap text not null default 'skip' check (overlap in ('skip', 'allow', 'wait')),
            missed text not null default 'run_once' check (missed in ('run_once', 'skip')),
            enabled boolean not null default true,
            next_run_at {time},
            look_at {time},
            waits_since {time},
            last_run_at {time},
            last_batch_id {uuid},
            last_outcome text,
            created_by {uuid} references users (id),
            version integer not null default 1,
            created_at {time} not null,
            updated_at {time} not null,
            unique (organisation_id, name),
            check ((template_id is null) = (filter is not null)),
            check ((template_id is null) = (settings is not null)),
            check (enabled or (next_run_at is null and look_at is null)),
            check ((next_run_at is null) = (look_at is null))
        )",
        "create index batch_schedules_by_organisation on batch_schedules (organisation_id, id)",
        "create index batch_schedules_by_template on batch_schedules (template_id) where template_id is not null",
        "create index batch_schedules_due on batch_schedules (look_at) where look_at is not null",
        "create index registration_batch_jobs_by_schedule on registration_batch_jobs (schedule_id, id)
            where schedule_id is not null",
        // Webhooks tell of steps that wait for people.
        "create index batch_operation_logs_questions on batch_operation_logs (seq) where operation = 'action_required'",
    ],
    down: &["drop index batch_operation_logs_questions",
        "drop index registration_batch_jobs_by_schedule",
        "drop table batch_schedules",
        "drop table batch_templates"]
);
