//! Companies, and the rows that say which provider does a step and where its result goes.

crate::migration!(
    "m0002_companies_and_workflows",
    up: &[
        "create table companies (
            id {uuid} primary key default {new_uuid},
            organisation_id {uuid} not null references organisations (id),
            domain text not null,
            name text,
            data {json} not null default '{}',
            created_at {time} not null default {now},
            updated_at {time} not null default {now},
            unique (organisation_id, domain)
        )",
        // Defaults everywhere but in the seed's own columns: authors insert such rows by hand.
        "create table db_driven_enrichment_workflows (
            id {uuid} primary key default {new_uuid},
            organisation_id {uuid} references organisations (id),
            workflow_slug text not null check (length(workflow_slug) between 1 and 120),
            title text not null,
            overall_step_number integer not null check (overall_step_number > 0),
            provider text not null,
            destination_db text not null default 'hq' check (destination_db in ('hq', 'workspace')),
            destination_table_name text,
            destination_field_mappings {json} not null default '{}',
            play_name text not null default 'default',
            mode text not null default 'sync' check (mode in ('sync', 'async')),
            settings {json} not null default '{}',
            enabled boolean not null default true,
            managed_by text not null default 'api' check (managed_by in ('file', 'api')),
            version integer not null default 1,
            created_at {time} not null default {now},
            updated_at {time} not null default {now}
        )",
        "create unique index workflows_shared_slug on db_driven_enrichment_workflows (workflow_slug)
            where organisation_id is null",
        "create unique index workflows_own_slug on db_driven_enrichment_workflows (organisation_id, workflow_slug)
            where organisation_id is not null",
        "create index workflows_by_play on db_driven_enrichment_workflows (play_name, overall_step_number)",
    ],
    down: &["drop table db_driven_enrichment_workflows",
        "drop table companies"]
);
