//! Websites that an organisation never contacts.

crate::migration!(
    "m0007_exclusions",
    up: &[
        // `key` is the dedupe key of a page, or a host, which stands for all pages on it.
        "create table exclusions (
            id {uuid} primary key,
            organisation_id {uuid} not null references organisations (id),
            key text not null,
            identifier text not null,
            reason text,
            created_by {uuid} references users (id) on delete set null,
            created_at {time} not null,
            unique (organisation_id, key)
        )",
        "create index exclusions_newest on exclusions (organisation_id, id)",
    ],
    down: &["drop table exclusions"]
);
