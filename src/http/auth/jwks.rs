//! The public keys of an outside issuer: fetched when needed, kept for a while, fetched again when a key is not among them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use url::Url;

use crate::scrape::{AddressGuard, guarded_client};

/// After this time the keys are fetched again.
const FRESH_FOR: Duration = Duration::from_secs(600);
/// Least time between two fetches: unknown keys are anybody's to invent.
const GAP: Duration = Duration::from_secs(30);
const FETCHED_WITHIN: Duration = Duration::from_secs(10);
const LARGEST: usize = 256 * 1024;
/// Keys of a set that are looked at.
const MOST_KEYS: usize = 100;

/// A key, and the one algorithm that it is for.
#[derive(Clone)]
pub struct PublicKey {
    pub algorithm: Algorithm,
    pub key: DecodingKey,
}

#[derive(Default)]
struct Known {
    /// By `kid`; empty for a key without.
    keys: HashMap<String, PublicKey>,
    fetched: Option<Instant>,
    tried: Option<Instant>,
}

/// Keys at an address.
#[derive(Clone)]
pub struct KeySet(Arc<Inner>);

struct Inner {
    url: Url,
    guard: Arc<AddressGuard>,
    client: reqwest::Client,
    known: Mutex<Known>,
    /// Whoever needs a key that is being fetched waits for the same fetch.
    fetching: tokio::sync::Mutex<()>,
}

impl KeySet {
    /// # Errors
    /// Where no client can be built.
    pub fn new(url: Url, guard: Arc<AddressGuard>) -> reqwest::Result<Self> {
        let client = guarded_client(&guard).timeout(FETCHED_WITHIN).build()?;
        Ok(Self(Arc::new(Inner {
            url,
            guard,
            client,
            known: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        })))
    }

    /// The key of that name. One that is known is given at once, also while all are fetched anew.
    pub async fn key(&self, kid: Option<&str>) -> Option<PublicKey> {
        let (found, is_old) = self.0.find(kid);
        if let Some(found) = found {
            if is_old && self.0.may_try() {
                let set = Arc::clone(&self.0);
                actix_web::rt::spawn(async move { set.refresh().await });
            }
            return Some(found);
        }
        let _turn = self.0.fetching.lock().await;
        let (found, _) = self.0.find(kid);
        if found.is_none() && self.0.may_try() {
            self.0.refresh().await;
            return self.0.find(kid).0;
        }
        found
    }
}

impl Inner {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of that name, and whether all are due to be fetched anew.
    fn find(&self, kid: Option<&str>) -> (Option<PublicKey>, bool) {
        let known = self.known();
        let is_old = known.fetched.is_none_or(|since| since.elapsed() >= FRESH_FOR);
        (find(&known.keys, kid), is_old)
    }

    /// Whether a fetch may begin; if so, it counts as begun.
    fn may_try(&self) -> bool {
        let mut known = self.known();
        let may = known.tried.is_none_or(|since| since.elapsed() >= GAP);
        if may {
            known.tried = Some(Instant::now());
        }
        may
    }

    async fn refresh(&self) {
        match self.fetch().await {
            Ok(keys) => {
                let mut known = self.known();
                known.keys = keys;
                known.fetched = Some(Instant::now());
            }
            // The keys that are there go on to count: the issuer's bad hour is not ours.
            Err(error) => tracing::warn!(%error, url = %self.url, "the keys of the issuer could not be fetched"),
        }
    }

    async fn fetch(&self) -> Result<HashMap<String, PublicKey>, String> {
        self.guard.check(&self.url).map_err(|error| error.to_string())?;
        let mut response = self
            .client
            .get(self.url.clone())
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(|error| told(&error))?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| told(&error))? {
            if body.len() + chunk.len() > LARGEST {
                return Err(format!("they are longer than {LARGEST} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        read(&body)
    }
}

/// The error with its causes, in which the guard says what it refuses.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}

fn find(keys: &HashMap<String, PublicKey>, kid: Option<&str>) -> Option<PublicKey> {
    match kid {
        Some(kid) => keys.get(kid).cloned(),
        // A token need not name its key where there is only one.
        None if keys.len() == 1 => keys.values().next().cloned(),
        None => None,
    }
}

fn read(body: &[u8]) -> Result<HashMap<String, PublicKey>, String> {
    let set: JwkSet = serde_json::from_slice(body).map_err(|error| format!("they are no JWK set: {error}"))?;
    let mut keys = HashMap::new();
    for jwk in set.keys.iter().take(MOST_KEYS) {
        let signs = !matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption));
        let Some(algorithm) = algorithm(jwk).filter(|_| signs) else {
            continue;
        };
        if let Ok(key) = DecodingKey::from_jwk(jwk) {
            let kid = jwk.common.key_id.clone().unwrap_or_default();
            keys.insert(kid, PublicKey { algorithm, key });
        }
    }
    if keys.is_empty() {
        return Err("there is no RS256, PS256, ES256 or EdDSA key among them".to_owned());
    }
    Ok(keys)
}

/// What a key is for: what it says, else what its kind is commonly used for. Secrets are never public.
fn algorithm(jwk: &jsonwebtoken::jwk::Jwk) -> Option<Algorithm> {
    use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, KeyAlgorithm};
    let by_kind = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        _ => return None,
    };
    match (jwk.common.key_algorithm, by_kind) {
        (None, algorithm) => Some(algorithm),
        (Some(KeyAlgorithm::RS256), Algorithm::RS256) => Some(Algorithm::RS256),
        (Some(KeyAlgorithm::PS256), Algorithm::RS256) => Some(Algorithm::PS256),
        (Some(KeyAlgorithm::ES256), Algorithm::ES256) => Some(Algorithm::ES256),
        (Some(KeyAlgorithm::EdDSA), Algorithm::EdDSA) => Some(Algorithm::EdDSA),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::json;

    use super::*;
    use crate::scrape::test_server::{Server, ok};

    /// A set with one key; its point is that of RFC 7517, A.1.
    fn set_of(kid: &str) -> String {
        let (x, y) = (
            "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        );
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "use": "sig", "kid": kid, "x": x, "y": y }] }).to_string()
    }

    /// As if so much time had gone by.
    fn later(keys: &KeySet, time: Duration) {
        let mut known = keys.0.known();
        known.tried = known.tried.and_then(|at| at.checked_sub(time));
        known.fetched = known.fetched.and_then(|at| at.checked_sub(time));
    }

    #[tokio::test]
    async fn a_key_that_follows_another_is_taken_up_and_the_old_one_no_longer() {
        super::super::signatures::install();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let served = Arc::new(Mutex::new(set_of("one")));
        let set = Arc::clone(&served);
        let server = Server::start(move |_, out| ok(out, "application/json", set.lock().unwrap().as_bytes()));
        let guard = Arc::new(AddressGuard::new(vec!["127.0.0.0/8".parse().unwrap()]));
        let keys = KeySet::new(server.url("/keys"), guard).unwrap();
        let has = async |kid| keys.key(Some(kid)).await.is_some();
        assert!(has("one").await);

        *served.lock().unwrap() = set_of("two");
        assert!(
            !has("two").await,
            "asked again too soon: unknown keys are anybody's to invent"
        );
        later(&keys, GAP);
        assert!(has("two").await);
        assert!(!has("one").await);
        assert_eq!(server.paths().len(), 2);

        // The issuer's bad hour is not ours.
        *served.lock().unwrap() = "down".to_owned();
        later(&keys, FRESH_FOR);
        assert!(!has("three").await);
        assert!(has("two").await);
        assert_eq!(server.paths().len(), 3);
    }
}
