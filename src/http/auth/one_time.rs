//! Links that work once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use entity::Id;

use crate::http::token::hash;
use crate::store::write::{LinkKind, NewLink};

/// A link that was just made.
pub struct Link {
    /// Shown once.
    pub token: String,
    /// Stored.
    pub kept: NewLink,
}

impl Link {
    /// A link with 256 bits from the operating system's generator.
    #[must_use]
    pub fn random(kind: LinkKind, created_by: Option<Id>, expires_at: DateTime<Utc>) -> Self {
        let token = secret();
        let kept = NewLink {
            kind,
            token_hash: hash(&token),
            created_by,
            expires_at,
        };
        Self { token, kept }
    }
}

/// 256 bits as text that fits into a URL and a cookie.
pub(super) fn secret() -> String {
    let bytes: [u8; 32] = rand::random();
    URL_SAFE_NO_PAD.encode(bytes)
}
