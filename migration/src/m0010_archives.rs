//! Jobs whose payloads and journal have moved to a file, and versions of what people edit.

crate::migration!(
    "m0010_archives",
    up: &[
        // `archived_at`: the file is complete and exports are served from it. `pruned_at`: the rows are gone as well.
        "alter table enrichment_jobs add column archived_at {time}",
        "alter table enrichment_jobs add column pruned_at {time}",
        "create index enrichment_jobs_to_archive on enrichment_jobs (finished_at) where pruned_at is null",
        "alter table batch_runs add column version integer not null default 1",
    ],
    down: &[
        "drop index enrichment_jobs_to_archive",
        "alter table enrichment_jobs drop column pruned_at",
        "alter table enrichment_jobs drop column archived_at",
        "alter table batch_runs drop column version",
    ]
);
