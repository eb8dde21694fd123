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
        let (token, token_hash) = new_token();
        let kept = NewLink {
            kind,
            token_hash,
            created_by,
            expires_at,
        };
        Self { token, kept }
    }
}

/// What a link holds, and the hash of it that is stored.
#[must_use]
pub fn new_token() -> (String, String) {
    let token = secret();
    let token_hash = hash(&token);
    (token, token_hash)
}

/// Where whoever has the token of an invitation, or of a link to another password, sets the password.
#[must_use]
pub fn password_page(public_url: &str, token: &str) -> String {
    format!("{public_url}/accept-invitation?token={token}")
}

/// 256 bits as text that fits into a URL and a cookie.
pub(super) fn secret() -> String {
    let bytes: [u8; 32] = rand::random();
    URL_SAFE_NO_PAD.encode(bytes)
}
