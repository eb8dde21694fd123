//! `batchdesk user` and `batchdesk token`.

use std::io::BufRead as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use chrono::Utc;
use entity::Id;
use secrecy::SecretString;

use super::migrate::{open, up_if_needed};
use super::serve::public_url;
use crate::http::NewToken;
use crate::http::auth::{one_time, password};
use crate::store::Database;
use crate::store::identity::{self, NewUser};
use crate::store::read::Role;
use crate::store::write::LinkKind;

/// The longest name of an organisation, in characters.
const LONGEST_NAME: usize = 200;

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
        Some(hash(&read_password(&email)?)?)
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

pub fn list_users(file: Option<&Path>) -> anyhow::Result<()> {
    on_database(file, async |database| {
        for user in identity::list_users(&database.readers).await? {
            let state = match (user.disabled, user.has_password) {
                (true, _) => "disabled",
                (false, true) => "password",
                (false, false) => "no password",
            };
            println!("{}\t{}\t{}\t{state}", user.organisation, user.email, user.role);
        }
        Ok(())
    })
}

pub fn disable_user(file: Option<&Path>, email: &str) -> anyhow::Result<()> {
    on_database(file, async |database| {
        identity::disable_user(&database.writer, email).await?;
        eprintln!("disabled {email}");
        Ok(())
    })
}

pub fn set_password(file: Option<&Path>, email: &str) -> anyhow::Result<()> {
    let hash = hash(&read_password(email)?)?;
    on_database(file, async |database| {
        identity::set_password(&database.writer, email, &hash).await?;
        eprintln!("the password of {email} is changed, and its sessions have ended");
        Ok(())
    })
}

pub fn print_link(file: Option<&Path>, email: &str) -> anyhow::Result<()> {
    let settings = super::settings(file)?;
    let expires_at = Utc::now() + settings.auth.link_lifetime();
    let (token, token_hash) = one_time::new_token();
    let kind = super::block_on(async {
        let database = open(&settings).await?;
        up_if_needed(&settings, &database.writer).await?;
        Ok(identity::add_link(&database.writer, email, &token_hash, expires_at).await?)
    })?;
    let base = public_url(&settings, settings.http.listen);
    println!("{}", one_time::password_page(&base, &token));
    let what = match kind {
        LinkKind::PasswordReset => "another password",
        LinkKind::Invitation | LinkKind::Setup => "a password",
    };
    eprintln!("whoever opens it first sets {what} for {email}; it works once, and earlier links no longer");
    Ok(())
}

pub fn list_tokens(file: Option<&Path>) -> anyhow::Result<()> {
    on_database(file, async |database| {
        for token in identity::list_tokens(&database.readers).await? {
            let used = token
                .last_used_at
                .map_or_else(|| "never used".to_owned(), |at| format!("used {}", at.format("%F %R")));
            let made = token.created_at.format("%F");
            println!(
                "{}\t{}\t{}\t{}\tmade {made}\t{used}",
                token.id, token.email, token.name, token.scope
            );
        }
        Ok(())
    })
}

pub fn revoke_token(file: Option<&Path>, id: Id) -> anyhow::Result<()> {
    on_database(file, async |database| {
        identity::revoke_token(&database.writer, id).await?;
        eprintln!("revoked {id}");
        Ok(())
    })
}

fn on_database(file: Option<&Path>, work: impl AsyncFnOnce(&Database) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let settings = super::settings(file)?;
    super::block_on(async {
        let database = open(&settings).await?;
        up_if_needed(&settings, &database.writer).await?;
        work(&database).await
    })
}

fn read_password(email: &str) -> anyhow::Result<SecretString> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .context("no password on standard input")?;
    let given = SecretString::from(line.trim_end_matches(['\r', '\n']));
    password::check(&given, email)?;
    Ok(given)
}

fn hash(given: &SecretString) -> anyhow::Result<String> {
    password::hash(given).map_err(|error| anyhow::anyhow!("{error}"))
}
