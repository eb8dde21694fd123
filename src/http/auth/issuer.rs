//! Tokens of an outside issuer (JWT, RFC 7519), such as Supabase issues them.
//!
//! The issuer vouches for a subject, names its organisation and may name its role. The organisation must exist; the subject
//! becomes a user when it first comes. An issuer never gives more than `jwt.max_role`, and never opens the account of
//! somebody who signs in here, whatever address it names.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use url::Url;

use super::jwks::KeySet;
use super::signatures;
use crate::scrape::AddressGuard;
use crate::scrape::names::NoResolver;
use crate::settings::{Jwt, SecretError, Settings};
use crate::store::read::Role;
use crate::store::write::Subject;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 16 * 1024;
/// The shortest secret that is safe with HS256 (RFC 7518, 3.2), in bytes.
const SHORTEST_SECRET: usize = 32;

/// Why tokens of the issuer cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    #[error("jwt.secret cannot be read")]
    Secret(#[from] SecretError),
    #[error("the secret of jwt.secret has fewer than {SHORTEST_SECRET} bytes, which can be guessed")]
    ShortSecret,
    #[error("jwt.issuer needs jwt.secret or jwt.jwks_url, by which its tokens are checked")]
    NoKeys,
    #[error("jwt.jwks_url cannot be used")]
    Client(#[from] reqwest::Error),
    #[error(transparent)]
    Names(#[from] NoResolver),
    #[error("jwt.jwks_url is not a URL")]
    Url(#[from] url::ParseError),
}

/// What a token that was checked says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    pub subject: Subject,
    /// Id or name.
    pub organisation: String,
    /// As far as `jwt.max_role` lets it.
    pub role: Option<Role>,
    pub email: Option<String>,
    /// The end of it, leeway included.
    pub expires_at: DateTime<Utc>,
}

/// An outside issuer.
pub struct Issuer {
    settings: Jwt,
    max_role: Role,
    default_role: Role,
    secret: Option<DecodingKey>,
    keys: Option<KeySet>,
}

impl Issuer {
    /// The issuer that the settings name, if they name one. Reads a small file where the secret is in one.
    ///
    /// # Errors
    /// See [`IssuerError`].
    pub fn new(settings: &Settings) -> Result<Option<Self>, IssuerError> {
        let jwt = settings.jwt.clone();
        if jwt.issuer.is_empty() {
            return Ok(None);
        }
        signatures::install();
        let secret = match jwt.secret()? {
            Some(secret) if secret.expose_secret().len() < SHORTEST_SECRET => return Err(IssuerError::ShortSecret),
            Some(secret) => Some(DecodingKey::from_secret(secret.expose_secret().as_bytes())),
            None => None,
        };
        let keys = if jwt.jwks_url.is_empty() {
            None
        } else {
            let guard = Arc::new(AddressGuard::of(&settings.network)?);
            Some(KeySet::new(Url::parse(&jwt.jwks_url)?, guard)?)
        };
        if secret.is_none() && keys.is_none() {
            return Err(IssuerError::NoKeys);
        }
        Ok(Some(Self {
            max_role: jwt.max_role.parse().unwrap_or(Role::Viewer),
            default_role: jwt.default_role.parse().unwrap_or(Role::Viewer),
            settings: jwt,
            secret,
            keys,
        }))
    }

    /// The role of a subject whose token names none.
    #[must_use]
    pub fn default_role(&self) -> Role {
        self.default_role.min(self.max_role)
    }

    /// The most that a token may give.
    #[must_use]
    pub fn max_role(&self) -> Role {
        self.max_role
    }

    /// What the token says; `None` where it is not the issuer's, not for us, over, or names no organisation.
    pub async fn check(&self, token: &str) -> Option<Claims> {
        if token.len() > LONGEST {
            return None;
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        let (algorithm, key) = match (header.alg, &self.secret, &self.keys) {
            (Algorithm::HS256, Some(secret), _) => (Algorithm::HS256, secret.clone()),
            (Algorithm::HS256, None, _) | (_, _, None) => return None,
            (_, _, Some(keys)) => {
                let found = keys.key(header.kid.as_deref()).await?;
                (found.algorithm, found.key)
            }
        };
        let mut validation = Validation::new(algorithm);
        validation.leeway = self.settings.leeway_ms / 1000;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.settings.issuer]);
        if self.settings.audience.is_empty() {
            validation.validate_aud = false;
            validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        } else {
            validation.set_audience(&[&self.settings.audience]);
            validation.set_required_spec_claims(&["exp", "iss", "sub", "aud"]);
        }
        let claims = jsonwebtoken::decode::<Value>(token, &key, &validation).ok()?.claims;
        self.read(&claims)
    }

    fn read(&self, claims: &Value) -> Option<Claims> {
        let text = |paths: &[String]| {
            let mut found = paths.iter().filter_map(|path| at(claims, path).as_str());
            found.find(|text| !text.is_empty()).map(str::to_owned)
        };
        let role = match text(&self.settings.role_claims) {
            // A role that is none of ours is no role, rather than the default one.
            Some(role) => Some(role.parse::<Role>().ok()?.min(self.max_role)),
            None => None,
        };
        let subject = claims["sub"]
            .as_str()
            .filter(|subject| (1..=255).contains(&subject.len()))?;
        let expires = claims["exp"].as_f64()? as i64;
        let leeway = i64::try_from(self.settings.leeway_ms / 1000).ok()?;
        Some(Claims {
            subject: Subject {
                issuer: self.settings.issuer.clone(),
                subject: subject.to_owned(),
            },
            organisation: text(&self.settings.organisation_claims)?,
            role,
            email: claims["email"].as_str().map(|email| email.trim().to_lowercase()),
            expires_at: DateTime::from_timestamp(expires.saturating_add(leeway), 0)?,
        })
    }
}

/// `app_metadata.role` in nested objects.
fn at<'a>(claims: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(claims, |value, name| &value[name])
}
