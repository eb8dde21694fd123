//! Lists that were sent for a preview, and are kept for a while.

crate::migration!(
    "m0008_imports",
    up: &[
        // The rows are in a file of the name of the id; `source` says what the file that was sent had been.
        "create table imports (
            id {uuid} primary key,
            organisation_id {uuid} not null references organisations (id),
            user_id {uuid} not null references users (id) on delete cascade,
            filename text not null,
            source {json} not null,
            created_at {time} not null,
            expires_at {time} not null
        )",
        "create index imports_by_expiry on imports (expires_at)",
    ],
    down: &["drop table imports"]
);
