//! The aggregator: what all pages gave becomes one payload.

use serde::de::DeserializeOwned;

use super::{StepContext, StepData, StepHandler, StepResult};
use crate::model::step::StepFailure;
use crate::scrape::{CleanUrlPayload, ScrapePayload, merge};
use crate::store::write::PayloadColumn;

/// Merges the payloads of the URL worker and the scraper worker.
#[derive(Clone, Copy, Debug)]
pub struct Aggregate;

fn read<T: DeserializeOwned>(payload: Option<&str>, name: &str) -> Result<T, StepFailure> {
    let payload =
        payload.ok_or_else(|| StepFailure::permanent(format!("there is no {name} payload to merge; redo the job")))?;
    serde_json::from_str(payload)
        .map_err(|error| StepFailure::permanent(format!("the {name} payload cannot be read: {error}")))
}

#[async_trait::async_trait]
impl StepHandler for Aggregate {
    async fn run(&self, context: &StepContext) -> StepResult {
        let url: CleanUrlPayload = read(context.url.as_deref(), "url")?;
        let scrape: ScrapePayload = read(context.scrape.as_deref(), "scraper")?;
        StepData::new(PayloadColumn::Final, &merge(&url, &scrape))
    }
}
