//! The `Prefer` header.

use actix_web::http::header::HeaderMap;

use super::problem::Problem;
use super::store::Resolution;

/// What of the outcome is returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Return {
    #[default]
    Minimal,
    HeadersOnly,
    Representation,
}

/// The preferences that are understood.
#[derive(Debug, Clone, Default)]
pub(super) struct Prefer {
    pub(super) resolution: Option<Resolution>,
    pub(super) returned: Return,
    pub(super) missing_default: bool,
    pub(super) rollback: bool,
    pub(super) count: bool,
    /// Those that were heeded, as `Preference-Applied` lists them.
    pub(super) applied: Vec<&'static str>,
}

impl Prefer {
    /// Reads every `Prefer` header. A rollback is heeded only where the server allows it.
    pub(super) fn read(headers: &HeaderMap, allow_rollback: bool) -> Result<Self, Problem> {
        let given: Vec<&str> = headers
            .get_all("prefer")
            .filter_map(|value| value.to_str().ok())
            .collect();
        let mut prefer = Self::default();
        let mut strict = false;
        let mut invalid = Vec::new();
        for preference in given.iter().flat_map(|value| value.split(',')).map(str::trim) {
            let applied = match preference {
                "resolution=merge-duplicates" => {
                    prefer.resolution = Some(Resolution::Merge);
                    "resolution=merge-duplicates"
                }
                "resolution=ignore-duplicates" => {
                    prefer.resolution = Some(Resolution::Ignore);
                    "resolution=ignore-duplicates"
                }
                "return=minimal" => "return=minimal",
                "return=headers-only" => {
                    prefer.returned = Return::HeadersOnly;
                    "return=headers-only"
                }
                "return=representation" => {
                    prefer.returned = Return::Representation;
                    "return=representation"
                }
                "missing=default" => {
                    prefer.missing_default = true;
                    "missing=default"
                }
                "missing=null" => "missing=null",
                "count=exact" => {
                    prefer.count = true;
                    "count=exact"
                }
                "tx=rollback" if allow_rollback => {
                    prefer.rollback = true;
                    "tx=rollback"
                }
                "tx=commit" if allow_rollback => "tx=commit",
                "handling=strict" => {
                    strict = true;
                    "handling=strict"
                }
                "handling=lenient" => "handling=lenient",
                "tx=rollback" | "tx=commit" | "" => continue,
                other => {
                    invalid.push(other);
                    continue;
                }
            };
            prefer.applied.push(applied);
        }
        if strict && !invalid.is_empty() {
            return Err(
                Problem::new("PGRST122", "Invalid preferences given with handling=strict")
                    .details(format!("Invalid preferences: {}", invalid.join(", "))),
            );
        }
        Ok(prefer)
    }
}
