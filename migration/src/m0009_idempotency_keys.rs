//! Requests that carry an `Idempotency-Key`, and what they were answered.

crate::migration!(
    "m0009_idempotency_keys",
    up: &[
        // `owner` is the process that works on it: what another process left unanswered will never be answered.
        "create table idempotency_keys (
            user_id {uuid} not null references users (id) on delete cascade,
            route text not null,
            key text not null,
            fingerprint text not null,
            owner {uuid} not null,
            status integer,
            location text,
            body text,
            created_at {time} not null,
            primary key (user_id, route, key)
        )",
        "create index idempotency_keys_by_age on idempotency_keys (created_at)",
    ],
    down: &["drop table idempotency_keys"]
);
