//! From what a request presents to a scope, mostly without asking the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use entity::Id;
use sea_orm::DbErr;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use super::issuer::{Claims, Issuer};
use crate::actors::Storage;
use crate::http::token;
use crate::model::audit::{AuditRecord, DONE};
use crate::model::journal::Origin;
use crate::settings::Auth;
use crate::store::Hq;
use crate::store::read::{Credential, Grant, Reader, Scope, issued_grant, session_grant, token_grant};
use crate::store::write::{AddUser, NoteUse, UsedCredential, UserAdded};

/// Credentials that are remembered.
const REMEMBERED: usize = 10_000;
/// How often it is noted that a credential is used.
const NOTED_EVERY: Duration = Duration::from_secs(60);
/// Notes that are on their way to the database.
const NOTES_AT_ONCE: usize = 64;

/// What a request presents.
#[derive(Clone)]
pub enum Presented {
    /// A bearer token: one of ours, or one of the outside issuer.
    Bearer(String),
    /// What the session's cookie holds.
    Session(String),
}

impl Presented {
    fn key(&self) -> [u8; 32] {
        let (kind, text) = match self {
            Self::Bearer(token) => (b'b', token),
            Self::Session(session) => (b's', session),
        };
        Sha256::new().chain_update([kind]).chain_update(text).finalize().into()
    }
}

struct Known {
    since: Instant,
    grant: Grant,
    noted: Option<Instant>,
}

/// Remembers what credentials give for a moment, so that most requests ask no database. A revocation takes effect when the
/// moment is over, or at once where it is made through this daemon.
pub struct Credentials {
    readers: Hq,
    reader: Reader,
    storage: Storage,
    issuer: Option<Issuer>,
    ttl: Duration,
    idle: TimeDelta,
    shares_jobs: bool,
    known: Mutex<HashMap<[u8; 32], Known>>,
    notes: Arc<Semaphore>,
}

impl Credentials {
    #[must_use]
    pub fn new(readers: Hq, storage: Storage, auth: &Auth, issuer: Option<Issuer>) -> Self {
        Self {
            reader: Reader::new(readers.clone()),
            readers,
            storage,
            issuer,
            ttl: Duration::from_millis(auth.token_cache_ms),
            idle: idle(auth),
            shares_jobs: auth.share_jobs,
            known: Mutex::new(HashMap::new()),
            notes: Arc::new(Semaphore::new(NOTES_AT_ONCE)),
        }
    }

    /// What the credential gives; `None` if it is unknown, revoked or over.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn scope(&self, presented: &Presented) -> Result<Option<Scope>, DbErr> {
        let key = presented.key();
        if let Some(scope) = self.remembered(&key) {
            return Ok(Some(scope));
        }
        let grant = match presented {
            Presented::Session(session) => session_grant(&self.readers, &token::hash(session)).await?,
            Presented::Bearer(text) if token::is_ours(text) => token_grant(&self.readers, &token::hash(text)).await?,
            Presented::Bearer(text) => self.issued(text).await?,
        };
        let Some(grant) = grant.filter(|grant| !self.is_over(grant, Utc::now())) else {
            return Ok(None);
        };
        let scope = grant.scope(self.shares_jobs);
        self.remember(key, grant);
        Ok(Some(scope))
    }

    /// Forgets what it remembers: something was revoked.
    pub fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Sessions that were last used before this are over.
    #[must_use]
    pub fn idle_since(&self) -> DateTime<Utc> {
        Utc::now() - self.idle
    }

    fn is_over(&self, grant: &Grant, now: DateTime<Utc>) -> bool {
        let idle = matches!(grant.credential, Credential::Session(_))
            && grant.used_at.is_some_and(|used_at| used_at + self.idle <= now);
        idle || grant.is_over(now)
    }

    fn remembered(&self, key: &[u8; 32]) -> Option<Scope> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get_mut(key).filter(|known| known.since.elapsed() < self.ttl)?;
        let now = Utc::now();
        if known.grant.is_over(now) {
            return None;
        }
        if known.noted.is_none_or(|noted| noted.elapsed() >= NOTED_EVERY) {
            known.noted = Some(Instant::now());
            self.note(&known.grant, now);
        }
        Some(known.grant.scope(self.shares_jobs))
    }

    fn remember(&self, key: [u8; 32], grant: Grant) {
        let now = Utc::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = known.get(&key).and_then(|known| known.noted);
        let lately = grant
            .used_at
            .is_some_and(|used_at| (now - used_at).to_std().unwrap_or_default() < NOTED_EVERY);
        let noted = match earlier.filter(|noted| noted.elapsed() < NOTED_EVERY) {
            Some(noted) => Some(noted),
            None => {
                if !lately {
                    self.note(&grant, now);
                }
                Some(Instant::now())
            }
        };
        if known.len() >= REMEMBERED {
            known.retain(|_, known| known.since.elapsed() < self.ttl);
        }
        if known.len() < REMEMBERED {
            let since = Instant::now();
            known.insert(key, Known { since, grant, noted });
        }
    }

    /// Has it written that the credential is used. Where the writer cannot keep up this is left out: the next minute tells.
    fn note(&self, grant: &Grant, at: DateTime<Utc>) {
        let credential = match grant.credential {
            Credential::Token(id) => UsedCredential::Token(id),
            Credential::Session(id) => UsedCredential::Session(id),
            Credential::Database | Credential::Issuer => return,
        };
        let Ok(permit) = Arc::clone(&self.notes).try_acquire_owned() else {
            return;
        };
        let storage = self.storage.clone();
        actix_web::rt::spawn(async move {
            if let Err(error) = storage.write(NoteUse { credential, at }).await {
                tracing::debug!(%error, "the use of a credential was not noted");
            }
            drop(permit);
        });
    }

    /// What a token of the outside issuer gives. Its subject becomes a user when it first comes.
    async fn issued(&self, text: &str) -> Result<Option<Grant>, DbErr> {
        let Some(issuer) = &self.issuer else { return Ok(None) };
        let Some(claims) = issuer.check(text).await else {
            return Ok(None);
        };
        let Some(organisation_id) = self.reader.organisation_claimed(&claims.organisation).await? else {
            return Ok(None);
        };
        let known = issued_grant(&self.readers, &claims.subject, organisation_id).await?;
        let known = match known {
            Some(known) => Some(known),
            None if self.add(issuer, &claims, organisation_id).await => {
                issued_grant(&self.readers, &claims.subject, organisation_id).await?
            }
            None => None,
        };
        Ok(known.and_then(Result::ok).map(|mut grant| {
            grant.role = claims.role.unwrap_or(grant.role).min(issuer.max_role());
            grant.expires_at = Some(claims.expires_at);
            grant
        }))
    }

    async fn add(&self, issuer: &Issuer, claims: &Claims, organisation_id: Id) -> bool {
        let id = Id::now();
        let command = AddUser {
            id,
            organisation_id,
            email: claims.email.clone().unwrap_or_else(|| format!("{id}@users.invalid")),
            name: claims.email.clone(),
            role: claims.role.unwrap_or_else(|| issuer.default_role()),
            subject: Some(claims.subject.clone()),
            link: None,
            origin: first_seen(id, organisation_id),
            answer: None,
        };
        matches!(
            self.storage.write(command).await,
            Ok(UserAdded::Accepted | UserAdded::Known)
        )
    }
}

/// Who makes a user whose first token has come.
fn first_seen(user_id: Id, organisation_id: Id) -> Origin {
    let record = AuditRecord {
        request: Id::now(),
        organisation_id: Some(organisation_id),
        user_id: Some(user_id),
        actor: format!("issuer user:{user_id}"),
        source: "api".to_owned(),
        action: "first token of the issuer".to_owned(),
        object: format!("user {user_id}"),
        outcome: DONE.to_owned(),
    };
    Origin {
        actor: record.actor.clone(),
        source: record.source.clone(),
        audit: Some(Box::new(record)),
    }
}

/// How long a session may go unused.
#[must_use]
pub fn idle(auth: &Auth) -> TimeDelta {
    TimeDelta::milliseconds(i64::try_from(auth.session_idle_ms).unwrap_or(i64::MAX))
}
