//! Checking a signature of Standard Webhooks, from its specification and by hand: HMAC (RFC 2104) over SHA-256. Nothing
//! here is shared with what signs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

/// Why a message is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Id, time or signature are missing.
    Unsigned,
    /// The secret is none.
    BadSecret,
    /// No signature is one of this secret.
    WrongSignature,
}

/// Checks that one of the signatures is of this secret, over this id, time and body.
///
/// # Errors
/// Why the message is not believed.
pub fn verify(secret: &str, id: &str, timestamp: &str, body: &str, signatures: &str) -> Result<(), Refused> {
    if id.is_empty() || timestamp.parse::<i64>().is_err() || signatures.is_empty() {
        return Err(Refused::Unsigned);
    }
    let key = secret
        .strip_prefix("whsec_")
        .and_then(|key| STANDARD.decode(key).ok())
        .filter(|key| (24..=64).contains(&key.len()))
        .ok_or(Refused::BadSecret)?;
    let expected = hmac_sha256(&key, format!("{id}.{timestamp}.{body}").as_bytes());
    let is_ours = |signature: &str| {
        let made = signature
            .strip_prefix("v1,")
            .and_then(|text| STANDARD.decode(text).ok());
        made.is_some_and(|made| made == expected)
    };
    if signatures.split(' ').any(is_ours) {
        Ok(())
    } else {
        Err(Refused::WrongSignature)
    }
}

/// For keys that are no longer than a block.
fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let pad = |with: u8| {
        let mut block = [with; BLOCK];
        for (byte, of_key) in block.iter_mut().zip(key) {
            *byte ^= of_key;
        }
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}
