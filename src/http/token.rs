//! Bearer tokens: made once, shown once, stored as a hash.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::DbErr;
use sha2::{Digest, Sha256};

use crate::store::Hq;
use crate::store::read::{Scope, TokenOwner, token_owner};

/// What every token begins with, so that people and scanners recognise one.
const PREFIX: &str = "bd_";
const RANDOM_BYTES: usize = 32;
/// Tokens that are remembered.
const REMEMBERED: usize = 10_000;

/// A token that was just made.
pub struct NewToken {
    /// Shown once.
    pub text: String,
    /// Stored.
    pub hash: String,
}

impl NewToken {
    /// A token with 256 bits from the operating system's generator.
    #[must_use]
    pub fn random() -> Self {
        let bytes: [u8; RANDOM_BYTES] = rand::random();
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        let hash = hash(&text);
        Self { text, hash }
    }
}

/// Lower-case hex SHA-256: a token has entropy enough to need no slow hash.
fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Remembers who owns a token for a moment, so that most requests ask no database. A revocation takes effect when the
/// moment is over.
pub struct TokenCache {
    readers: Hq,
    ttl: Duration,
    shares_jobs: bool,
    known: Mutex<HashMap<String, (Instant, TokenOwner)>>,
}

impl TokenCache {
    #[must_use]
    pub fn new(readers: Hq, ttl: Duration, shares_jobs: bool) -> Self {
        Self {
            readers,
            ttl,
            shares_jobs,
            known: Mutex::new(HashMap::new()),
        }
    }

    /// Whom the token belongs to; `None` if it is unknown, revoked or expired.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn scope(&self, token: &str) -> Result<Option<Scope>, DbErr> {
        if !token.starts_with(PREFIX) {
            return Ok(None);
        }
        let hash = hash(token);
        if let Some(owner) = self.remembered(&hash) {
            return Ok(Some(owner.scope(self.shares_jobs)));
        }
        let Some(owner) = token_owner(&self.readers, &hash).await? else {
            return Ok(None);
        };
        let scope = owner.scope(self.shares_jobs);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.retain(|_, (since, _)| since.elapsed() < self.ttl);
        }
        if known.len() < REMEMBERED {
            known.insert(hash, (Instant::now(), owner));
        }
        Ok(Some(scope))
    }

    fn remembered(&self, hash: &str) -> Option<TokenOwner> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(hash)
            .filter(|(since, _)| since.elapsed() < self.ttl)
            .map(|(_, owner)| owner.clone())
    }
}
