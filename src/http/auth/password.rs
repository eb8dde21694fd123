//! Passwords: argon2id in PHC form, a few at a time.
//!
//! Each hash takes 19 MiB and some tens of milliseconds. So only so many run at once, on blocking threads; a few more wait,
//! and the rest are refused rather than queued.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use crate::http::problem::Problem;

/// The shortest password without a second factor (NIST SP 800-63B-4, 3.1.1.2).
pub const SHORTEST: usize = 15;
/// The longest, in bytes. Nobody types more, and a hash of a megabyte is an attack.
const LONGEST: usize = 1_024;
/// Fewer different characters than these are a pattern.
const FEWEST_DIFFERENT: usize = 5;
/// Memory in KiB, passes and lanes of argon2id (OWASP Password Storage Cheat Sheet).
const ARGON2: (u32, u32, u32) = (19_456, 2, 1);
/// How many may wait for each that is hashed.
const WAITING: usize = 8;

/// Why a password will not do. Never says what it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    #[error("a password needs at least {SHORTEST} characters")]
    Short,
    #[error("a password may have at most {LONGEST} bytes")]
    Long,
    #[error("this password is too simple: take one with more different characters")]
    Simple,
    #[error("this password holds the e-mail address; take another")]
    Email,
}

impl From<BadPassword> for Problem {
    fn from(bad: BadPassword) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_password", bad.to_string())
    }
}

/// Whether the password may be that of whoever has this address.
///
/// # Errors
/// What is wrong with it.
pub fn check(password: &SecretString, email: &str) -> Result<(), BadPassword> {
    let password = password.expose_secret();
    if password.len() > LONGEST {
        return Err(BadPassword::Long);
    }
    if password.chars().count() < SHORTEST {
        return Err(BadPassword::Short);
    }
    let mut different: Vec<char> = password.to_lowercase().chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < FEWEST_DIFFERENT {
        return Err(BadPassword::Simple);
    }
    if !email.is_empty() && password.to_lowercase().contains(&email.to_lowercase()) {
        return Err(BadPassword::Email);
    }
    Ok(())
}

fn argon2() -> Result<Argon2<'static>, argon2::Error> {
    let (memory, passes, lanes) = ARGON2;
    let parameters = Params::new(memory, passes, lanes, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

/// The hash of a password in PHC form, on this thread.
///
/// # Errors
/// Where there is no memory or no randomness.
pub fn hash(password: &SecretString) -> Result<String, argon2::password_hash::Error> {
    let argon2 = argon2().map_err(|_| argon2::password_hash::Error::Internal)?;
    Ok(argon2.hash_password(password.expose_secret().as_bytes())?.to_string())
}

/// Whether a hash was made with other parameters than today's.
fn is_outdated(hash: &str) -> bool {
    let (memory, passes, lanes) = ARGON2;
    !hash.starts_with(&format!("$argon2id$v=19$m={memory},t={passes},p={lanes}$"))
}

/// What a check has found.
#[derive(Debug)]
pub enum Checked {
    Wrong,
    Right {
        /// The password hashed anew, where its hash is outdated.
        rehashed: Option<String>,
    },
}

/// Hashes and checks passwords, a few at a time.
pub struct Passwords {
    running: Arc<Semaphore>,
    places: Arc<Semaphore>,
    /// What the password of nobody is checked against, so that it takes as long.
    decoy: String,
}

impl Passwords {
    /// # Errors
    /// Where no hash can be made at all.
    pub fn new(at_once: usize) -> Result<Self, argon2::password_hash::Error> {
        let nobodys: [u8; 32] = rand::random();
        let nobodys: String = nobodys.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            running: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(at_once * (WAITING + 1))),
            decoy: hash(&SecretString::from(nobodys))?,
        })
    }

    /// The hash of a password.
    ///
    /// # Errors
    /// 503 where too many are being hashed.
    pub async fn hash(&self, password: SecretString) -> Result<String, Problem> {
        self.run(move || hash(&password)).await
    }

    /// Checks a password; without a hash it is wrong, after the same time.
    ///
    /// # Errors
    /// 503 where too many are being checked.
    pub async fn check(&self, password: SecretString, stored: Option<&str>) -> Result<Checked, Problem> {
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.decoy).to_owned();
        self.run(move || {
            let too_long = password.expose_secret().len() > LONGEST;
            let shown = if too_long { "" } else { password.expose_secret() };
            let argon2 = argon2().map_err(|_| argon2::password_hash::Error::Internal)?;
            let right = argon2.verify_password(shown.as_bytes(), stored.as_str()).is_ok();
            if !right || !known || too_long {
                return Ok(Checked::Wrong);
            }
            let rehashed = if is_outdated(&stored) {
                Some(hash(&password)?)
            } else {
                None
            };
            Ok(Checked::Right { rehashed })
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, argon2::password_hash::Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| busy())?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| busy())?;
        // The permits go with the work, which goes on where whoever asked has gone.
        let done = tokio::task::spawn_blocking(move || {
            let outcome = work();
            drop((turn, place));
            outcome
        });
        let outcome = done.await.map_err(|error| Problem::internal(&error))?;
        outcome.map_err(|error| Problem::internal(&error))
    }
}

fn busy() -> Problem {
    let detail = "too many passwords are being checked at the moment; try again";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_busy", detail).retry_after(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn simple_passwords_are_refused() {
        for (password, wrong) in [
            ("short", Some(BadPassword::Short)),
            ("aaaaaaaaaaaaaaaaaaaa", Some(BadPassword::Simple)),
            ("ababababababababab", Some(BadPassword::Simple)),
            ("Ann@Example.test and more", Some(BadPassword::Email)),
            ("correct horse battery", None),
            ("パスワードはとても長いものです。", None),
        ] {
            assert_eq!(check(&secret(password), "ann@example.test").err(), wrong, "{password}");
        }
        assert_eq!(
            check(&secret(&"abcdefgh".repeat(200)), "").err(),
            Some(BadPassword::Long)
        );
    }

    #[tokio::test]
    async fn a_hash_is_made_anew_when_its_parameters_are_old() {
        let passwords = Passwords::new(1).unwrap();
        let old = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
        let old = old.hash_password(b"correct horse battery").unwrap().to_string();
        let checked = passwords
            .check(secret("correct horse battery"), Some(&old))
            .await
            .unwrap();
        let Checked::Right { rehashed: Some(new) } = checked else {
            panic!("{checked:?}")
        };
        let again = passwords
            .check(secret("correct horse battery"), Some(&new))
            .await
            .unwrap();
        assert!(matches!(again, Checked::Right { rehashed: None }));
        for (password, stored) in [
            ("correct horse batterz", Some(new.as_str())),
            ("correct horse battery", None),
            ("correct horse battery", Some("not a hash")),
        ] {
            let checked = passwords.check(secret(password), stored).await.unwrap();
            assert!(matches!(checked, Checked::Wrong), "{password} {stored:?}");
        }
    }

    #[tokio::test]
    async fn more_than_a_few_are_refused_rather_than_queued() {
        let passwords = Passwords::new(1).unwrap();
        let all = (0..=WAITING + 1).map(|_| passwords.hash(secret("correct horse battery")));
        let outcomes = futures_util::future::join_all(all).await;
        let refused: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].code(), "too_busy");
    }
}
