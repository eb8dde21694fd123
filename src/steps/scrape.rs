//! The scraper worker: reads the practice's website within everybody's limits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use url::Url;

use super::{Progress, StepContext, StepData, StepHandler, StepResult, StepStop};
use crate::model::step::StepFailure;
use crate::ops::misbehave;
use crate::providers::HostLimits;
use crate::scrape::{
    AddressGuard, ByteBudget, CleanUrlPayload, FetchError, FetchErrorKind, FetchSettings, Fetcher, Pace, RobotsCache,
    ScrapePayload, SiteSettings, scrape_site,
};
use crate::settings::Settings;
use crate::store::write::PayloadColumn;

/// What pages are fetched with. Made anew when the settings that it stands on change.
#[derive(Debug)]
pub struct ScrapeKit {
    fetcher: Fetcher,
    robots: RobotsCache,
    site: SiteSettings,
}

impl ScrapeKit {
    /// # Errors
    /// Where no HTTP client can be made of the settings.
    pub fn new(settings: &Settings, budget: ByteBudget) -> Result<Self, FetchError> {
        let scrape = &settings.scrape;
        let user_agent = user_agent(&scrape.user_agent, &scrape.contact);
        let fetch = FetchSettings {
            timeout: Duration::from_millis(scrape.timeout_ms),
            connect_timeout: Duration::from_millis(scrape.connect_timeout_ms),
            max_body_bytes: scrape.max_body_bytes,
            max_redirects: scrape.max_redirects,
            user_agent: user_agent.clone(),
        };
        let guard = AddressGuard::of(&settings.network)
            .map_err(|error| FetchError::new(FetchErrorKind::Internal, format!("{error}.")))?;
        Ok(Self {
            fetcher: Fetcher::new(fetch, Arc::new(guard), budget)?,
            robots: RobotsCache::new(&user_agent),
            site: SiteSettings {
                max_pages: scrape.max_pages,
                respect_robots: scrape.respect_robots,
                region: (!scrape.region.is_empty()).then(|| scrape.region.clone()),
            },
        })
    }
}

/// Who asks, and where to write to.
fn user_agent(product: &str, contact: &str) -> String {
    if contact.is_empty() {
        return product.to_owned();
    }
    let is_mail = contact.contains('@') && !contact.contains(':');
    format!("{product} (+{}{contact})", if is_mail { "mailto:" } else { "" })
}

/// Scrapes a site.
pub struct ScrapeSite {
    settings: watch::Receiver<Arc<Settings>>,
    budget: ByteBudget,
    hosts: Arc<HostLimits>,
    /// The kit, and the settings that it was made of.
    kit: Mutex<(Arc<Settings>, Arc<ScrapeKit>)>,
}

impl ScrapeSite {
    /// # Errors
    /// Where no HTTP client can be made of the settings.
    pub fn new(settings: watch::Receiver<Arc<Settings>>, hosts: Arc<HostLimits>) -> Result<Self, FetchError> {
        let now = Arc::clone(&settings.borrow());
        let budget = ByteBudget::new(now.engine.max_bytes_in_flight, now.scrape.max_body_bytes);
        let kit = Arc::new(ScrapeKit::new(&now, budget.clone())?);
        Ok(Self {
            settings,
            budget,
            hosts,
            kit: Mutex::new((now, kit)),
        })
    }

    /// The kit for the settings in force; the former one while the new settings do not give one.
    fn kit(&self) -> Arc<ScrapeKit> {
        let now = Arc::clone(&self.settings.borrow());
        let mut held = self.kit.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&held.0, &now) {
            if held.0.scrape != now.scrape || held.0.network != now.network {
                match ScrapeKit::new(&now, self.budget.clone()) {
                    Ok(kit) => held.1 = Arc::new(kit),
                    Err(error) => {
                        tracing::error!(%error, "the new scrape settings cannot be used; keeping the old ones")
                    }
                }
            }
            held.0 = now;
        }
        Arc::clone(&held.1)
    }
}

/// The limits of all batches, as one scrape sees them.
struct Turn<'a> {
    hosts: &'a HostLimits,
    progress: &'a Progress,
}

#[async_trait::async_trait]
impl Pace for Turn<'_> {
    async fn before_request(&self, host_key: &str, at_least: Duration) -> Result<(), FetchError> {
        self.progress.record();
        let refused = match self.hosts.reserve(host_key, at_least) {
            Ok(Duration::ZERO) => None,
            Ok(wait) => {
                tokio::time::sleep(wait).await;
                // Another scrape may have been told something meanwhile.
                self.hosts.refuses(host_key)
            }
            Err(wait) => Some(wait),
        };
        let Some(wait) = refused else {
            return Ok(());
        };
        let message = format!("{host_key} is to be left alone for {} s.", wait.as_secs().max(1));
        let mut error = FetchError::new(FetchErrorKind::Limited, message);
        error.retry_after = Some(wait);
        Err(error)
    }

    fn report(&self, host_key: &str, status: u16, retry_after: Option<Duration>) {
        self.progress.record();
        self.hosts.learn(host_key, status, retry_after);
    }
}

impl From<FetchError> for StepFailure {
    fn from(error: FetchError) -> Self {
        Self {
            chain: Some(format!("{:?}", error.kind)),
            retryable: error.retryable,
            retry_after: error.retry_after,
            error: error.message,
        }
    }
}

impl From<FetchError> for StepStop {
    fn from(error: FetchError) -> Self {
        Self::Failed(error.into())
    }
}

#[async_trait::async_trait]
impl StepHandler for ScrapeSite {
    async fn run(&self, context: &StepContext) -> StepResult {
        misbehave("scrape", &context.identifier);
        let missing = || StepFailure::permanent("there is no url payload to scrape; redo the job");
        let payload = context.url.as_deref().ok_or_else(missing)?;
        let payload: CleanUrlPayload = serde_json::from_str(payload).map_err(|_| missing())?;
        let url = Url::parse(&payload.url).map_err(|error| StepFailure::permanent(error.to_string()))?;
        let kit = self.kit();
        let region = context
            .settings
            .get("region")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let site = SiteSettings {
            region: region.or_else(|| kit.site.region.clone()),
            ..kit.site.clone()
        };
        let turn = Turn {
            hosts: &self.hosts,
            progress: &context.progress,
        };
        // What cannot be read is as good as none: every page is asked for as if for the first time.
        let former = context
            .scrape
            .as_deref()
            .and_then(|payload| serde_json::from_str(payload).ok());
        let former: ScrapePayload = former.unwrap_or_default();
        let scraped = scrape_site(&kit.fetcher, &kit.robots, &turn, &url, &site, &former.pages).await?;
        StepData::new(PayloadColumn::Scraper, &scraped)
    }
}

#[cfg(test)]
#[path = "scrape_tests.rs"]
mod tests;
