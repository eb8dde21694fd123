//! Signatures as Standard Webhooks has them: HMAC-SHA256 over id, time and body, in Base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// What every secret begins with.
pub const SECRET_PREFIX: &str = "whsec_";
/// Bytes of chance in a secret.
pub const SECRET_BYTES: usize = 32;

/// A secret as people copy it.
#[must_use]
pub fn secret_of(chance: [u8; SECRET_BYTES]) -> String {
    format!("{SECRET_PREFIX}{}", STANDARD.encode(chance))
}

/// The headers that a signed message has, with their values. `None` where a secret is not one of [`secret_of`]'s.
#[must_use]
pub fn signed_headers<'s>(
    secrets: impl IntoIterator<Item = &'s str>,
    id: &str,
    timestamp: i64,
    body: &str,
) -> Option<[(&'static str, String); 3]> {
    let signature = signatures(secrets, id, timestamp, body)?;
    Some([
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signature),
    ])
}

/// The value of `webhook-signature`: one signature for each secret, so that a receiver may know the old one or the new
/// one. `None` where a secret is not one of [`secret_of`]'s.
fn signatures<'s>(secrets: impl IntoIterator<Item = &'s str>, id: &str, timestamp: i64, body: &str) -> Option<String> {
    let signatures: Option<Vec<String>> = secrets
        .into_iter()
        .map(|secret| signature(secret, id, timestamp, body))
        .collect();
    signatures.map(|signatures| signatures.join(" "))
}

fn signature(secret: &str, id: &str, timestamp: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(SECRET_PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    for part in [id, ".", &timestamp.to_string(), ".", body] {
        mac.update(part.as_bytes());
    }
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's libraries.
    #[test]
    fn it_is_the_signature_that_others_make() {
        let made = signatures(
            ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(made.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn both_secrets_sign_while_one_follows_the_other() {
        let (old, new) = (secret_of([1; SECRET_BYTES]), secret_of([2; SECRET_BYTES]));
        let of = |secrets: Vec<&str>| signatures(secrets, "id", 1, "{}").unwrap_or_default();
        assert_eq!(of(vec![&new, &old]), format!("{} {}", of(vec![&new]), of(vec![&old])));
        assert_ne!(of(vec![&new]), of(vec![&old]));
        assert_eq!(signatures(["s3cret"], "id", 1, "{}"), None);
    }
}
