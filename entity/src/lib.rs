//! The tables of batchdesk as SeaORM entities, one file a table.

#![allow(
    clippy::disallowed_methods,
    reason = "what the macros generate begins transactions of its own; nothing here calls it"
)]

pub mod api_tokens;
pub mod audit_log;
pub mod batch_operation_logs;
pub mod batch_runs;
pub mod batch_schedules;
pub mod batch_templates;
pub mod callback_tokens;
pub mod companies;
pub mod companies_office_search_candidates;
pub mod company_play_step_completions;
pub mod db_driven_enrichment_workflows;
pub mod enrichment_jobs;
pub mod enrichment_results_log;
pub mod exclusions;
pub mod failed_jobs;
mod id;
pub mod idempotency_keys;
pub mod imports;
pub mod job_practices;
pub mod known_devices;
pub mod leads;
pub mod log_cursors;
pub mod one_time_links;
pub mod organisations;
pub mod registration_batch_jobs;
pub mod registration_job_steps;
pub mod registration_jobs;
pub mod restaurants;
pub mod sessions;
pub mod step_runs;
pub mod users;
pub mod webhook_attempts;
pub mod webhook_deliveries;
pub mod webhook_endpoints;
pub mod webhook_events;
pub mod workflow_versions;
pub mod writer_state;

pub use id::Id;
