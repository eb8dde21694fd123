//! The journal, the cursors that follow it, and what the writer knows of itself.

crate::migration!(
    "m0004_journal",
    up: &[
        // No foreign keys: a row of the journal outlives what it tells of.
        "create table batch_operation_logs (
            seq {bigid},
            id {uuid} not null unique,
            organisation_id {uuid} not null,
            batch_kind text not null check (batch_kind in ('enrichment', 'registration')),
            batch_job_id {uuid} not null,
            registration_job_id {uuid},
            item_id text,
            step integer,
            attempt integer,
            actor text not null,
            source text not null,
            from_state text,
            to_state text,
            operation text not null,
            details {json} not null default '{}',
            created_at {time} not null
        )",
        "create index batch_operation_logs_by_batch on batch_operation_logs (batch_job_id, seq)",
        "create table log_cursors (
            name text primary key,
            seq bigint not null
        )",
        "insert into log_cursors (name, seq) values ('logger', 0)",
        // One row. `group_id` tells after an error at COMMIT whether the transaction counted;
        // `owner` is the process that may write; `running` tells at the next start whether the last end was clean.
        "create table writer_state (
            id integer primary key check (id = 1),
            group_id {uuid},
            owner {uuid},
            running boolean not null default false,
            last_end text not null default 'clean' check (last_end in ('clean', 'killed', 'aborted'))
        )",
        "insert into writer_state (id) values (1)",
    ],
    down: &["drop table writer_state",
        "drop table log_cursors",
        "drop table batch_operation_logs"]
);
