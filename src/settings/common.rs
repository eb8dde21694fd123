//! Environment variables that such systems have in common, read where they still mean something.

use super::schema::{self, Key};

/// Variables, and the key that each sets where nothing else does.
pub(super) const ALIASES: [(&str, &str); 3] = [
    ("SUPABASE_URL", "storage.hq_url"),
    ("WORKSPACE_URL", "workspace.url"),
    ("LD5_DISPATCHER_WEBHOOK_URL", "workflows.dispatcher_url"),
];

/// Variables that have nothing left to do, and why.
const NOT_NEEDED: [(&str, &str); 3] = [
    ("SUPABASE_ANON_KEY", "the daemon has sessions and tokens of its own"),
    ("STORAGE_WORKER_URL", "the storage worker is part of the daemon"),
    ("ENRICHMENT_LOGGER_URL", "the logger is part of the daemon"),
];

/// Whether a variable of these says something by itself: an address without its key does not.
pub(super) fn counts(variable: &str) -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    variable != "SUPABASE_URL" || is_set("SUPABASE_SERVICE_ROLE_KEY")
}

/// The key that a variable stands for.
pub(super) fn key_of(variable: &str) -> Option<&'static Key> {
    let (_, path) = ALIASES.iter().find(|(name, _)| *name == variable)?;
    schema::key(path)
}

/// What the environment holds that is not needed, a sentence each.
#[must_use]
pub fn not_needed() -> Vec<String> {
    let set = NOT_NEEDED
        .iter()
        .filter(|(name, _)| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    set.map(|(name, why)| format!("{name} is not needed: {why}")).collect()
}
