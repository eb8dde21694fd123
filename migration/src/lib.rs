//! The schema of batchdesk: one file a change, each in a transaction, the same on SQLite and PostgreSQL.
//!
//! Statements are written once with placeholders for the types that the two databases name differently; see [`sql::render`].

use sea_orm_migration::prelude::*;
pub use sea_orm_migration::{MigratorTrait, SchemaManager};

mod m0001_identity;
mod m0002_companies_and_workflows;
mod m0003_enrichment_jobs;
mod m0004_journal;
mod m0005_logs;
mod m0006_batch_runs;
mod m0007_exclusions;
mod m0008_imports;
mod m0009_idempotency_keys;
mod m0010_archives;
mod m0011_batch_events;
mod m0012_step_runs;
mod m0013_companies;
mod m0014_webhooks;
mod m0015_access;
mod m0016_leads_and_restaurants;
mod m0017_registration_batches;
mod m0018_templates_and_schedules;
mod m0019_row_level_security;
mod m0020_unknown_outcomes;
pub mod row_security;
mod sql;

/// All migrations, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_identity::Migration),
            Box::new(m0002_companies_and_workflows::Migration),
            Box::new(m0003_enrichment_jobs::Migration),
            Box::new(m0004_journal::Migration),
            Box::new(m0005_logs::Migration),
            Box::new(m0006_batch_runs::Migration),
            Box::new(m0007_exclusions::Migration),
            Box::new(m0008_imports::Migration),
            Box::new(m0009_idempotency_keys::Migration),
            Box::new(m0010_archives::Migration),
            Box::new(m0011_batch_events::Migration),
            Box::new(m0012_step_runs::Migration),
            Box::new(m0013_companies::Migration),
            Box::new(m0014_webhooks::Migration),
            Box::new(m0015_access::Migration),
            Box::new(m0016_leads_and_restaurants::Migration),
            Box::new(m0017_registration_batches::Migration),
            Box::new(m0018_templates_and_schedules::Migration),
            Box::new(m0019_row_level_security::Migration),
            Box::new(m0020_unknown_outcomes::Migration),
        ]
    }
}
