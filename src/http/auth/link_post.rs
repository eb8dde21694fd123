//! One-time links on their way to a mailer of the operator's: signed messages, so that no mail server is needed here.
//!
//! Of a link only the hash is stored. What is still to be sent stands in memory alone: where the process ends before a link was
//! taken, an admin makes another one.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use entity::Id;
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};
use url::Url;

use crate::model::webhook::signed_headers;
use crate::scrape::names::NoResolver;
use crate::scrape::{AddressGuard, guarded_client};
use crate::settings::{SecretError, Settings};
use crate::store::write::LinkKind;

/// Links that wait for their turn.
const WAITING: usize = 64;
/// Links that are sent at a time.
const AT_A_TIME: usize = 4;
/// Time for one attempt.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Waits before the second attempt and the ones after it.
const WAITS: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(10), Duration::from_secs(60)];

/// Why links cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum LinkPostError {
    #[error("auth.link_webhook_url needs auth.link_webhook_secret, which signs what is sent there")]
    NoSecret,
    #[error("auth.link_webhook_secret cannot be read")]
    Secret(#[from] SecretError),
    #[error("the secret of auth.link_webhook_secret must be whsec_ and Base64")]
    Form,
    #[error("auth.link_webhook_url is not a URL")]
    Url(#[from] url::ParseError),
    #[error("auth.link_webhook_url cannot be used")]
    Client(#[from] reqwest::Error),
    #[error(transparent)]
    Names(#[from] NoResolver),
}

/// A link and for whom it is.
pub struct Letter {
    pub kind: LinkKind,
    pub user_id: Id,
    pub organisation_id: Id,
    pub email: String,
    pub name: Option<String>,
    /// With the token that opens the account.
    pub link: SecretString,
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a link ({}) for user {}", self.kind.as_str(), self.user_id)
    }
}

impl Letter {
    fn body(&self, at: DateTime<Utc>) -> String {
        let stamp = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        json!({
            "type": format!("user.{}", self.kind.as_str()),
            "timestamp": stamp(at),
            "data": {
                "user_id": self.user_id,
                "organisation_id": self.organisation_id,
                "email": self.email,
                "name": self.name,
                "link": self.link.expose_secret(),
                "expires_at": stamp(self.expires_at),
            },
        })
        .to_string()
    }
}

/// Where links are handed in.
pub struct LinkPost(mpsc::Sender<Letter>);

impl LinkPost {
    /// The post that the settings name, if they name one. Runs for as long as it is kept.
    ///
    /// # Errors
    /// See [`LinkPostError`].
    pub fn open(settings: &Settings) -> Result<Option<Self>, LinkPostError> {
        let auth = &settings.auth;
        if auth.link_webhook_url.is_empty() {
            return Ok(None);
        }
        let secret = auth.link_webhook_secret()?.ok_or(LinkPostError::NoSecret)?;
        signed_headers([secret.expose_secret()], "", 0, "").ok_or(LinkPostError::Form)?;
        let guard = Arc::new(AddressGuard::of(&settings.network)?);
        let carrier = Arc::new(Carrier {
            url: Url::parse(&auth.link_webhook_url)?,
            client: guarded_client(&guard).timeout(TIMEOUT).build()?,
            guard,
            secret,
        });
        let (letters, received) = mpsc::channel(WAITING);
        actix_web::rt::spawn(carry(received, carrier));
        Ok(Some(Self(letters)))
    }

    /// Hands a link in, and says whether there was room for it.
    #[must_use]
    pub fn hand_in(&self, letter: Letter) -> bool {
        self.0.try_send(letter).is_ok()
    }
}

async fn carry(mut letters: mpsc::Receiver<Letter>, carrier: Arc<Carrier>) {
    let turns = Arc::new(Semaphore::new(AT_A_TIME));
    while let Some(letter) = letters.recv().await {
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else {
            return;
        };
        let carrier = Arc::clone(&carrier);
        actix_web::rt::spawn(async move {
            carrier.deliver(&letter).await;
            drop(turn);
        });
    }
}

struct Carrier {
    url: Url,
    client: reqwest::Client,
    guard: Arc<AddressGuard>,
    secret: SecretString,
}

impl Carrier {
    async fn deliver(&self, letter: &Letter) {
        // The same in each attempt: by it the mailer knows what it has sent already.
        let id = Id::now().to_string();
        for wait in std::iter::once(Duration::ZERO).chain(WAITS) {
            tokio::time::sleep(wait).await;
            match self.send(&id, letter).await {
                Ok(status) if status.is_success() => {
                    tracing::info!(user_id = %letter.user_id, "a one-time link was taken by auth.link_webhook_url");
                    return;
                }
                Ok(status) => tracing::warn!(user_id = %letter.user_id, %status, "a one-time link was not taken"),
                Err(error) => tracing::warn!(user_id = %letter.user_id, error, "a one-time link could not be sent"),
            }
        }
        metrics::counter!("batchdesk_links_not_sent_total").increment(1);
        tracing::error!(
            user_id = %letter.user_id,
            "a one-time link was given up; make another one once auth.link_webhook_url answers"
        );
    }

    /// Errors never hold the address, whose query may be secret, nor the link.
    async fn send(&self, id: &str, letter: &Letter) -> Result<StatusCode, String> {
        self.guard.check(&self.url).map_err(|refused| refused.to_string())?;
        let at = Utc::now();
        let body = letter.body(at);
        let headers =
            signed_headers([self.secret.expose_secret()], id, at.timestamp(), &body).ok_or("the secret cannot sign")?;
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.body(body).send().await;
        Ok(response.map_err(|error| error.without_url().to_string())?.status())
    }
}
