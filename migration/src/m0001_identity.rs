//! Who may do what: organisations, their users, and the tokens that scripts use.

crate::migration!(
    "m0001_identity",
    up: &[
        "create table organisations (
        id {uuid} primary key,
        name text not null unique check (length(name) between 1 and 200),
        created_at {time} not null default {now}
    )",
        "create table users (
        id {uuid} primary key,
        organisation_id {uuid} not null references organisations (id),
        email text not null unique,
        password_hash text,
        name text,
        role text not null check (role in ('viewer', 'member', 'admin', 'operator')),
        created_at {time} not null default {now},
        updated_at {time} not null default {now}
    )",
        "create index users_by_organisation on users (organisation_id)",
        // The token itself is never stored: `token_hash` is the lower-case hex SHA-256 of it.
        "create table api_tokens (
        id {uuid} primary key,
        organisation_id {uuid} not null references organisations (id),
        user_id {uuid} not null references users (id) on delete cascade,
        name text not null,
        token_hash text not null unique,
        created_at {time} not null default {now},
        expires_at {time},
        revoked_at {time}
    )",
        "create index api_tokens_by_user on api_tokens (user_id)",
    ],
    down: &["drop table api_tokens",
        "drop table users",
        "drop table organisations"]
);
