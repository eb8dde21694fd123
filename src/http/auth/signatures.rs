//! How signatures of outside tokens are checked: by the cryptography that TLS uses already.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};
use ring::{hmac, signature as ring_signature};

/// Tells `jsonwebtoken` what to check with. Any number of times.
pub fn install() {
    // It fails only where it is installed already.
    let _ = PROVIDER.install_default();
}

static PROVIDER: CryptoProvider = CryptoProvider {
    // Nothing here signs.
    signer_factory: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    verifier_factory,
    key_utils: KeyUtils::new_unimplemented(),
};

fn verifier_factory(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let family = match algorithm {
        Algorithm::HS256 => AlgorithmFamily::Hmac,
        Algorithm::RS256 | Algorithm::PS256 => AlgorithmFamily::Rsa,
        Algorithm::ES256 => AlgorithmFamily::Ec,
        Algorithm::EdDSA => AlgorithmFamily::Ed,
        _ => return Err(ErrorKind::UnsupportedAlgorithm.into()),
    };
    // A public key taken for a secret would let anybody sign.
    if key.family() != family {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    Ok(Box::new(Signature {
        algorithm: *algorithm,
        key: key.clone(),
    }))
}

struct Signature {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Verifier<Vec<u8>> for Signature {
    fn verify(&self, message: &[u8], given: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        let refused = |_: ring::error::Unspecified| signature::Error::new();
        let bytes = || self.key.try_get_as_bytes().map_err(|_| signature::Error::new());
        let public = |kind: &'static dyn ring_signature::VerificationAlgorithm| {
            let key = ring_signature::UnparsedPublicKey::new(kind, bytes()?);
            key.verify(message, given).map_err(refused)
        };
        let rsa = |kind: &'static ring_signature::RsaParameters| match self.key.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => ring_signature::RsaPublicKeyComponents { n, e }
                .verify(kind, message, given)
                .map_err(refused),
            DecodingKeyKind::SecretOrDer(_) => Err(signature::Error::new()),
        };
        match self.algorithm {
            Algorithm::HS256 => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, bytes()?);
                hmac::verify(&key, message, given).map_err(refused)
            }
            Algorithm::RS256 => rsa(&ring_signature::RSA_PKCS1_2048_8192_SHA256),
            Algorithm::PS256 => rsa(&ring_signature::RSA_PSS_2048_8192_SHA256),
            Algorithm::ES256 => public(&ring_signature::ECDSA_P256_SHA256_FIXED),
            Algorithm::EdDSA => public(&ring_signature::ED25519),
            _ => Err(signature::Error::new()),
        }
    }
}

impl JwtVerifier for Signature {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
