//! Bearer tokens: made once, shown once, stored as a hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Crc;
use sha2::{Digest, Sha256};

/// What every token begins with, so that people and scanners recognise one.
const PREFIX: &str = "bd_";
const RANDOM_BYTES: usize = 32;
/// Characters of the random part.
const RANDOM_CHARACTERS: usize = 43;
/// Characters of the checksum behind it.
const CHECKSUM_CHARACTERS: usize = 6;

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
        let random = URL_SAFE_NO_PAD.encode(bytes);
        let text = format!("{PREFIX}{random}{}", checksum(&random));
        let hash = hash(&text);
        Self { text, hash }
    }
}

/// CRC-32 of the random part: tells a token that was cut or mistyped, and lets scanners tell tokens from other text.
fn checksum(random: &str) -> String {
    let mut crc = Crc::new();
    crc.update(random.as_bytes());
    URL_SAFE_NO_PAD.encode(crc.sum().to_be_bytes())
}

/// Whether the text has the form of a token of this daemon. Earlier tokens have no checksum.
#[must_use]
pub(super) fn is_ours(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(PREFIX).filter(|rest| rest.is_ascii()) else {
        return false;
    };
    match rest.len().checked_sub(RANDOM_CHARACTERS) {
        Some(0) => true,
        Some(CHECKSUM_CHARACTERS) => {
            let (random, given) = rest.split_at(RANDOM_CHARACTERS);
            checksum(random) == given
        }
        _ => false,
    }
}

/// Lower-case hex SHA-256: what is hashed here has entropy enough to need no slow hash.
pub(super) fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_was_mistyped_is_told_without_a_look_into_the_database() {
        let NewToken { text, .. } = NewToken::random();
        assert_eq!(text.len(), PREFIX.len() + RANDOM_CHARACTERS + CHECKSUM_CHARACTERS);
        assert!(is_ours(&text));
        assert!(is_ours(&text[..PREFIX.len() + RANDOM_CHARACTERS]), "one of before");
        let other = if text.as_bytes()[9] == b'x' { "y" } else { "x" };
        for wrong in [
            format!("{}{other}{}", &text[..9], &text[10..]),
            text[..text.len() - 1].to_owned(),
            format!("{text}x"),
            text.replacen("bd_", "gh_", 1),
            String::new(),
        ] {
            assert!(!is_ours(&wrong), "{wrong}");
        }
    }
}
