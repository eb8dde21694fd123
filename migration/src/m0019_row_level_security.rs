//! PostgreSQL keeps organisations apart a second time, whatever a query of people's reads forgets.

use sea_orm_migration::prelude::*;

use crate::row_security::{OWN, OWN_OR_SHARED, guard, run, unguard};

/// What is guarded, and what the readers' role sees of it.
const TABLES: [(&str, &str); 30] = [
    ("organisations", "id = {organisation}"),
    ("users", OWN),
    ("api_tokens", OWN),
    ("sessions", OWN),
    // Where nobody was recognised there is no organisation, and such rows are the operators'.
    ("audit_log", OWN),
    ("companies", OWN),
    ("company_play_step_completions", OWN),
    ("db_driven_enrichment_workflows", OWN_OR_SHARED),
    // A version outlives its workflow.
    (
        "workflow_versions",
        "spec ->> 'organisation_id' is null or (spec ->> 'organisation_id')::uuid = {organisation}",
    ),
    ("enrichment_jobs", OWN),
    ("job_practices", OWN),
    ("step_runs", OWN),
    ("batch_operation_logs", OWN),
    ("enrichment_results_log", OWN),
    ("failed_jobs", OWN),
    ("batch_runs", OWN),
    ("exclusions", OWN),
    ("imports", OWN),
    ("webhook_endpoints", OWN),
    ("webhook_events", OWN),
    ("webhook_deliveries", OWN),
    // What is seen of deliveries is their own policy's matter.
    (
        "webhook_attempts",
        "exists (select from webhook_deliveries d where d.id = webhook_attempts.delivery_id)",
    ),
    ("restaurants", OWN),
    ("leads", OWN),
    ("registration_batch_jobs", OWN),
    ("registration_jobs", OWN),
    ("registration_job_steps", OWN),
    ("companies_office_search_candidates", OWN),
    ("batch_templates", OWN),
    ("batch_schedules", OWN),
];

/// Tells "another organisation's" from "there is none", and nothing else: whose the row of a guarded table is. It reads as
/// the owner of the tables, in their schema alone.
const OWNER: &str = "do $do$ begin execute format($format$
    create function batchdesk_owner(of_table text, of_id uuid) returns uuid
    language plpgsql stable security definer set search_path = %1$I, pg_temp as $function$
    declare
        owner uuid;
    begin
        if exists (
            select from pg_catalog.pg_class c
            where c.relnamespace = %1$L::pg_catalog.regnamespace and c.relname = of_table and c.relrowsecurity
        ) then
            execute pg_catalog.format('select %%I from %%I.%%I where id = $1',
                case of_table when 'organisations' then 'id' else 'organisation_id' end, %1$L, of_table)
                into owner using of_id;
        end if;
        return owner;
    end $function$
    $format$, current_schema()); end $do$";

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0019_row_level_security"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, condition) in TABLES {
            run(manager, &guard(table, condition)).await?;
        }
        let hidden = "revoke execute on function batchdesk_owner(text, uuid) from public".to_owned();
        run(manager, &[OWNER.to_owned(), hidden]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &["drop function batchdesk_owner(text, uuid)".to_owned()]).await?;
        for (table, _) in TABLES.iter().rev() {
            run(manager, &unguard(table)).await?;
        }
        Ok(())
    }
}
