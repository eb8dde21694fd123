//! Webhooks about batches: where they go, what they tell, and how each delivery has fared.

crate::migration!(
    "m0014_webhooks",
    up: &[
        // The secrets are stored as they are: a signature is made with them. `previous_secret` signs too until its time.
        "create table webhook_endpoints (
            id {uuid} primary key,
            organisation_id {uuid} not null references organisations (id),
            url text not null,
            format text not null check (format in ('standard', 'slack')),
            event_types {json} not null,
            description text,
            secret text,
            previous_secret text,
            previous_until {time},
            enabled boolean not null default true,
            disabled_reason text,
            disabled_at {time},
            failing_since {time},
            throttled_until {time},
            created_by {uuid} references users (id) on delete set null,
            created_at {time} not null,
            updated_at {time} not null,
            check ((format = 'standard') = (secret is not null))
        )",
        "create index webhook_endpoints_newest on webhook_endpoints (organisation_id, id)",
        // The id is the one of the journal's row, and stays the same however often the event is sent. `body` is what is
        // signed, to the byte.
        "create table webhook_events (
            id {uuid} primary key,
            organisation_id {uuid} not null,
            type text not null,
            batch_kind text,
            batch_id {uuid},
            body text not null,
            occurred_at {time} not null
        )",
        "create index webhook_events_by_age on webhook_events (occurred_at)",
        // `tries` is the place in the schedule: a redelivery begins anew. `attempts` counts all.
        "create table webhook_deliveries (
            id {uuid} primary key,
            organisation_id {uuid} not null,
            endpoint_id {uuid} not null references webhook_endpoints (id) on delete cascade,
            event_id {uuid} not null references webhook_events (id) on delete cascade,
            status text not null check (status in ('pending', 'delivered', 'failed', 'skipped')),
            attempts integer not null default 0,
            tries integer not null default 0,
            next_at {time},
            response_code integer,
            excerpt text,
            error text,
            duration_ms bigint,
            created_at {time} not null,
            updated_at {time} not null,
            unique (endpoint_id, event_id),
            check ((status = 'pending') = (next_at is not null))
        )",
        "create index webhook_deliveries_newest on webhook_deliveries (endpoint_id, id)",
        "create index webhook_deliveries_by_event on webhook_deliveries (event_id)",
        "create index webhook_deliveries_due on webhook_deliveries (endpoint_id, next_at, id) where status = 'pending'",
        "create index webhook_deliveries_next on webhook_deliveries (next_at) where status = 'pending'",
        "create table webhook_attempts (
            delivery_id {uuid} not null references webhook_deliveries (id) on delete cascade,
            attempt integer not null,
            started_at {time} not null,
            duration_ms bigint not null,
            response_code integer,
            excerpt text,
            error text,
            primary key (delivery_id, attempt)
        )",
        // What happened to batches as a whole is found in the order of the journal without reading their items.
        "create index batch_operation_logs_batches_in_order on batch_operation_logs (seq) where item_id is null",
        // Nobody is told of what happened before there were webhooks.
        "insert into log_cursors (name, seq) select 'notifier', coalesce(max(seq), 0) from batch_operation_logs",
    ],
    down: &["delete from log_cursors where name = 'notifier'",
        "drop index batch_operation_logs_batches_in_order",
        "drop table webhook_attempts",
        "drop table webhook_deliveries",
        "drop table webhook_events",
        "drop table webhook_endpoints"]
);
