//! The first user of a daemon that has none: from the environment, or by a link that is printed once.

use anyhow::{Context as _, bail};
use chrono::Utc;
use entity::Id;
use secrecy::SecretString;

use crate::actors::Storage;
use crate::http::auth::one_time::Link;
use crate::http::auth::password;
use crate::model::audit::{AuditRecord, DONE};
use crate::model::journal::Origin;
use crate::settings::Settings;
use crate::store::read::Reader;
use crate::store::write::{LinkKind, OpenLink, SetUp};

const EMAIL: &str = "BATCHDESK_ADMIN_EMAIL";
const PASSWORD: &str = "BATCHDESK_ADMIN_PASSWORD";
const ORGANISATION: &str = "BATCHDESK_ADMIN_ORGANISATION";
/// The organisation where none is named.
const USUAL_ORGANISATION: &str = "Default";

/// Makes the operator that the environment names, or a link by which one is made, where there is no user yet.
pub async fn first_user(
    storage: &Storage,
    reader: &Reader,
    settings: &Settings,
    public_url: &str,
) -> anyhow::Result<()> {
    if reader.has_users().await? {
        return Ok(());
    }
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    match (variable(EMAIL), variable(PASSWORD)) {
        (Some(email), Some(password)) => {
            let organisation = variable(ORGANISATION).unwrap_or_else(|| USUAL_ORGANISATION.to_owned());
            make(storage, email, SecretString::from(password), organisation).await
        }
        (None, None) => offer(storage, settings, public_url).await,
        (Some(_), None) => bail!("{EMAIL} is set and {PASSWORD} is not; set both, or none"),
        (None, Some(_)) => bail!("{PASSWORD} is set and {EMAIL} is not; set both, or none"),
    }
}

async fn make(storage: &Storage, email: String, given: SecretString, organisation: String) -> anyhow::Result<()> {
    let email = email.trim().to_lowercase();
    if !email.contains('@') {
        bail!("{EMAIL} is not an e-mail address");
    }
    password::check(&given, &email).context(PASSWORD)?;
    let hashed = tokio::task::spawn_blocking(move || password::hash(&given)).await?;
    let user_id = Id::now();
    let command = SetUp {
        token_hash: None,
        user_id,
        email: email.clone(),
        password_hash: hashed.map_err(|error| anyhow::anyhow!("{error}"))?,
        organisation: organisation.trim().to_owned(),
        origin: of_environment(user_id),
    };
    storage.write(command).await?;
    tracing::info!(email, "the operator that the environment names was made");
    Ok(())
}

fn of_environment(user_id: Id) -> Origin {
    let record = AuditRecord {
        request: Id::now(),
        organisation_id: None,
        user_id: None,
        actor: "environment".to_owned(),
        source: "environment".to_owned(),
        action: EMAIL.to_owned(),
        object: format!("user {user_id}"),
        outcome: DONE.to_owned(),
    };
    Origin {
        actor: record.actor.clone(),
        source: record.source.clone(),
        audit: Some(Box::new(record)),
    }
}

/// Prints the link past the log, whose lines may be sent elsewhere.
async fn offer(storage: &Storage, settings: &Settings, public_url: &str) -> anyhow::Result<()> {
    let link = Link::random(LinkKind::Setup, None, Utc::now() + settings.auth.link_lifetime());
    let command = OpenLink {
        user_id: None,
        link: link.kept,
        origin: Origin::engine(),
    };
    storage.write(command).await?;
    eprintln!(
        "batchdesk: there is no user yet; make the first one, an operator, at\n  {public_url}/setup?token={}",
        link.token
    );
    Ok(())
}
