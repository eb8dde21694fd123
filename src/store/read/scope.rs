//! Who asks.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use entity::Id;

use super::credentials::Grant;
use crate::model::access::TokenScope;
use crate::model::journal::Origin;

/// What a user may do; each role may also do what the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Uploads, runs, answers, pauses, redoes.
    Member,
    /// Sees all of the organisation; workflows, exclusions, users, tokens.
    Admin,
    /// The daemon itself and what all organisations share.
    Operator,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Member, Self::Admin, Self::Operator];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Operator => "operator",
        }
    }

    /// The role that a token of a user with this role has.
    #[must_use]
    pub fn limited_by(self, scope: TokenScope) -> Self {
        match scope {
            TokenScope::Read => Self::Viewer,
            TokenScope::Write => self.min(Self::Member),
            TokenScope::Admin => self,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is not the name of a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a role; the roles are viewer, member, admin and operator")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// What a scope was given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    /// The database itself, on the command line.
    Database,
    Token(Id),
    Session(Id),
    /// A token of an outside issuer.
    Issuer,
}

/// Whose eyes a query sees with. Made only from a credential that was checked, or for whoever owns the database itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub organisation_id: Id,
    pub user_id: Id,
    pub role: Role,
    credential: Credential,
    /// Route groups that may be used; `None`: all.
    groups: Option<Arc<[String]>>,
    /// Members see each other's jobs.
    shares_jobs: bool,
}

impl Scope {
    pub(super) fn of_grant(grant: &Grant, shares_jobs: bool) -> Self {
        Self {
            organisation_id: grant.organisation_id,
            user_id: grant.user_id,
            role: grant.role,
            credential: grant.credential,
            groups: grant.groups.clone(),
            shares_jobs,
        }
    }

    pub(in crate::store) fn of_owner(organisation_id: Id, user_id: Id) -> Self {
        Self {
            organisation_id,
            user_id,
            role: Role::Operator,
            credential: Credential::Database,
            groups: None,
            shares_jobs: false,
        }
    }

    #[must_use]
    pub fn credential(&self) -> Credential {
        self.credential
    }

    /// Whether this is a token that changes nothing, whoever it belongs to.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        matches!(self.credential, Credential::Token(_)) && self.role == Role::Viewer
    }

    /// The route groups that may be used; `None`: all.
    #[must_use]
    pub fn groups(&self) -> Option<&[String]> {
        self.groups.as_deref()
    }

    /// Whether all jobs of the organisation are seen, rather than the user's own.
    #[must_use]
    pub fn sees_all_jobs(&self) -> bool {
        self.shares_jobs || self.role >= Role::Admin
    }

    /// Whether people, tokens and records of this organisation may be administered.
    #[must_use]
    pub fn administers(&self, organisation_id: Id) -> bool {
        self.role == Role::Operator || (self.role == Role::Admin && organisation_id == self.organisation_id)
    }

    /// How the journal names who asked.
    #[must_use]
    pub fn origin(&self, address: Option<&str>) -> Origin {
        let user = self.user_id;
        let actor = match self.credential {
            Credential::Database => {
                return Origin {
                    actor: format!("user:{user}"),
                    source: "command line".to_owned(),
                    audit: None,
                };
            }
            Credential::Token(id) => format!("token:{id} user:{user}"),
            Credential::Session(id) => format!("session:{id} user:{user}"),
            Credential::Issuer => format!("issuer user:{user}"),
        };
        Origin {
            actor,
            source: address.map_or_else(|| "api".to_owned(), |address| format!("api {address}")),
            audit: None,
        }
    }

    /// Whether a job of this organisation and user is seen.
    pub(super) fn sees_job(&self, organisation_id: Id, user_id: Id) -> bool {
        organisation_id == self.organisation_id && (self.sees_all_jobs() || user_id == self.user_id)
    }
}

/// What a scope may see of a thing.
#[derive(Clone, Debug, PartialEq)]
pub enum Access<T> {
    Granted(T),
    /// It exists, and is somebody else's.
    Forbidden,
    Missing,
}
