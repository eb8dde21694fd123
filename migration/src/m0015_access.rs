//! Signing in: sessions, one-time links, devices that are known, limited tokens, users of an outside issuer; and what
//! people did, for good.

crate::migration!(
    "m0015_access",
    up: &[
        "alter table users add column disabled_at {time}",
        // A user who was removed stays as a row, because jobs and the journal name it; nothing else of it is kept.
        "alter table users add column removed_at {time}",
        "alter table users add column last_login_at {time}",
        "alter table users add column issuer text",
        "alter table users add column subject text",
        "create unique index users_by_subject on users (issuer, subject, organisation_id)",
        // What a token may do at most; its user's role is a limit too. `groups` are names of route groups with commas
        // between them; absent: all.
        "alter table api_tokens add column scope text not null default 'admin' check (scope in ('read', 'write', 'admin'))",
        "alter table api_tokens add column groups text",
        "alter table api_tokens add column last_used_at {time}",
        "create index api_tokens_by_organisation on api_tokens (organisation_id)",
        // `token_hash` is the lower-case hex SHA-256 of what the cookie holds.
        "create table sessions (
            id {uuid} primary key,
            organisation_id {uuid} not null references organisations (id),
            user_id {uuid} not null references users (id) on delete cascade,
            token_hash text not null unique,
            address text,
            user_agent text,
            created_at {time} not null,
            last_used_at {time} not null,
            expires_at {time} not null
        )",
        "create index sessions_by_user on sessions (user_id)",
        "create index sessions_by_expiry on sessions (expires_at)",
        // Without a user: whoever sets the daemon up.
        "create table one_time_links (
            token_hash text primary key,
            user_id {uuid} references users (id) on delete cascade,
            kind text not null check (kind in ('setup', 'invitation', 'password_reset')),
            created_by {uuid},
            created_at {time} not null,
            expires_at {time} not null
        )",
        "create index one_time_links_by_user on one_time_links (user_id)",
        // A browser from which the user has signed in before; attacks from elsewhere do not slow it down.
        "create table known_devices (
            token_hash text primary key,
            user_id {uuid} not null references users (id) on delete cascade,
            last_used_at {time} not null
        )",
        "create index known_devices_by_user on known_devices (user_id, last_used_at)",
        // Names of users are no foreign keys here: a row outlives all that it tells of.
        "create table audit_log (
            id {uuid} primary key,
            request {uuid} not null,
            organisation_id {uuid},
            user_id {uuid},
            actor text not null,
            source text not null,
            action text not null,
            object text not null,
            outcome text not null,
            details {json} not null default '{}',
            created_at {time} not null
        )",
        "create unique index audit_log_by_request on audit_log (request, object)",
        "create index audit_log_by_organisation on audit_log (organisation_id, id)",
        "create index audit_log_by_user on audit_log (user_id, id)",
    ],
    down: &["drop table audit_log",
        "drop table known_devices",
        "drop table one_time_links",
        "drop table sessions",
        "drop index api_tokens_by_organisation",
        "alter table api_tokens drop column last_used_at",
        "alter table api_tokens drop column groups",
        "alter table api_tokens drop column scope",
        "drop index users_by_subject",
        "alter table users drop column subject",
        "alter table users drop column issuer",
        "alter table users drop column last_login_at",
        "alter table users drop column removed_at",
        "alter table users drop column disabled_at"]
);
