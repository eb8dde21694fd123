//! `batchdesk user` and `batchdesk token`.

use std::io::BufRead as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use argon2::password_hash::PasswordHasher as _;
use argon2::{Algorithm, Argon2, Params, Version};

use super::migrate::{open, up_if_needed};
use crate::http::NewToken;
use crate::store::identity::{self, NewUser};
use crate::store::read::Role;

/// The shortest password without a second factor (NIST SP 800-63B-4, 3.1.1.2).
const SHORTEST_PASSWORD: usize = 15;
/// The longest name of an organisation, in characters.
const LONGEST_NAME: usize = 200;
/// Memory in KiB, passes and lanes of argon2id (OWASP Password Storage Cheat Sheet).
const ARGON2: (u32, u32, u32) = (19_456, 2, 1);

pub fn add_user(
    file: Option<&Path>,
    email: String,
    role: Role,
    organisation: String,
    password_stdin: bool,
) -> anyhow::Result<()> {
    if !email.contains('@') {
        bail!("'{email}' is not an e-mail address");
    }
    let organisation = organisation.trim().to_owned();
    if !(1..=LONGEST_NAME).contains(&organisation.chars().count()) {
        bail!("the organisation needs a name of 1 to {LONGEST_NAME} characters");
    }
    let password_hash = if password_stdin {
        Some(hash(&read_password()?)?)
    } else {
        None
    };
    let settings = super::settings(file)?;
    super::block_on(async {
        let database = open(&settings).await?;
        up_if_needed(&settings, &database.writer).await?;
        let user = NewUser {
            email,
            role,
            organisation,
            password_hash,
        };
        identity::add_user(&database.writer, &user).await?;
        eprintln!("added {} ({}) to {}", user.email, user.role, user.organisation);
        Ok(())
    })
}

pub fn create_token(file: Option<&Path>, email: &str, name: &str) -> anyhow::Result<()> {
    let settings = super::settings(file)?;
    let token = NewToken::random();
    super::block_on(async {
        let database = open(&settings).await?;
        up_if_needed(&settings, &database.writer).await?;
        identity::add_token(&database.writer, email, name, &token.hash).await?;
        Ok(())
    })?;
    println!("{}", token.text);
    Ok(())
}

fn read_password() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .context("no password on standard input")?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.chars().count() < SHORTEST_PASSWORD {
        bail!("a password needs at least {SHORTEST_PASSWORD} characters");
    }
    Ok(password.to_owned())
}

fn hash(password: &str) -> anyhow::Result<String> {
    let (memory, passes, lanes) = ARGON2;
    let parameters = Params::new(memory, passes, lanes, None).map_err(|error| anyhow::anyhow!("{error}"))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
    let hash = argon2
        .hash_password(password.as_bytes())
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(hash.to_string())
}
