//! What credentials may do.

use std::fmt;
use std::str::FromStr;

/// What a token may do at most. The role of its user is a limit too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenScope {
    /// What a viewer may.
    Read,
    /// What a member may.
    Write,
    /// All that its user may.
    Admin,
}

impl TokenScope {
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for TokenScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is not the name of a scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a scope; the scopes are read, write and admin")]
pub struct UnknownScope(pub String);

impl FromStr for TokenScope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| UnknownScope(text.to_owned()))
    }
}

/// The group that a path belongs to, as a token's `groups` name it: the resource that stands behind `/api/`. Commands and
/// views that have a path of their own belong to the resource that they are about.
#[must_use]
pub fn route_group(path: &str) -> &str {
    let resource = path.trim_start_matches('/');
    let resource = resource.strip_prefix("api/").unwrap_or(resource);
    match resource.split('/').next().unwrap_or_default() {
        "check-job-status" | "kill-job" | "pause-job" | "resume-job" | "redo-job" | "failed-jobs" => "jobs",
        "save-excluded-job" => "exclusions",
        resource => resource,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_belongs_to_its_resource() {
        for (path, group) in [
            ("/api/jobs", "jobs"),
            ("/api/jobs/0190/export", "jobs"),
            ("/api/kill-job", "jobs"),
            ("/api/save-excluded-job", "exclusions"),
            ("/api/batch-runs/1", "batch-runs"),
            ("/api", "api"),
            ("/metrics", "metrics"),
        ] {
            assert_eq!(route_group(path), group, "{path}");
        }
    }

    #[test]
    fn scopes_have_names() {
        for scope in TokenScope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        assert!("root".parse::<TokenScope>().is_err());
    }
}
