//! The cookies: one for the session, one that tells a browser which has signed in before.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::COOKIE;
use sha2::{Digest as _, Sha256};

use super::address::Client;
use super::one_time::secret;
use crate::http::token::hash;

const SESSION: &str = "batchdesk_session";
const DEVICE: &str = "batchdesk_device";
/// How long a browser is recognised.
const DEVICE_KEPT_FOR: Duration = Duration::from_secs(180 * 24 * 3600);

/// The names of the cookies for a client. A browser takes a `__Host-` cookie only over TLS, for the whole host and from no
/// other; where the daemon is used on its own machine without TLS, the plain name has to do, and only there.
fn name(client: &Client, plain: &str) -> String {
    if client.local && !client.secure {
        plain.to_owned()
    } else {
        format!("__Host-{plain}")
    }
}

fn read(request: &HttpRequest, name: &str) -> Option<String> {
    let lines = request.headers().get_all(COOKIE);
    let mut pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    pairs.find_map(|pair| {
        let (given, value) = pair.split_once('=')?;
        (given.trim() == name).then(|| value.trim().to_owned())
    })
}

/// What the session cookie of a request holds.
#[must_use]
pub fn session_of(request: &HttpRequest, client: &Client) -> Option<String> {
    read(request, &name(client, SESSION)).filter(|value| (1..=128).contains(&value.len()))
}

/// The hash of what the device cookie of a request holds.
#[must_use]
pub fn device_of(request: &HttpRequest, client: &Client) -> Option<String> {
    read(request, &name(client, DEVICE)).map(|value| hash(&value))
}

/// A secret for a cookie, and what is kept of it.
pub struct Secret {
    pub value: String,
    pub hash: String,
}

impl Secret {
    /// 256 bits from the operating system's generator.
    #[must_use]
    pub fn random() -> Self {
        let value = secret();
        let hash = hash(&value);
        Self { value, hash }
    }
}

/// A `Set-Cookie` header. What it holds is base64url, which needs no quoting.
fn cookie(client: &Client, plain: &str, value: &str, age: Duration) -> String {
    let name = name(client, plain);
    let secure = if name.starts_with("__Host-") { "; Secure" } else { "" };
    let seconds = age.as_secs();
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

/// The cookie of a session.
#[must_use]
pub fn session(client: &Client, secret: &Secret, age: Duration) -> String {
    cookie(client, SESSION, &secret.value, age)
}

/// The cookie that tells the browser later on.
#[must_use]
pub fn device(client: &Client, secret: &Secret) -> String {
    cookie(client, DEVICE, &secret.value, DEVICE_KEPT_FOR)
}

/// The cookie that takes the session's place when it is over.
#[must_use]
pub fn no_session(client: &Client) -> String {
    cookie(client, SESSION, "", Duration::ZERO)
}

/// What a form sends to show that it is one of ours: nobody can tell it without the session's cookie.
#[must_use]
pub fn csrf_token(session: &str) -> String {
    let digest = Sha256::new()
        .chain_update(b"batchdesk csrf\0")
        .chain_update(session)
        .finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
