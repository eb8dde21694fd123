//! The URL worker: from what a cell holds to an address that can be fetched.

use super::{StepContext, StepData, StepHandler, StepResult};
use crate::model::step::StepFailure;
use crate::scrape::{CleanUrlPayload, clean_url};
use crate::store::write::PayloadColumn;

/// Cleans the identifier with the same pure function that intake used.
#[derive(Clone, Copy, Debug)]
pub struct CleanIdentifier;

#[async_trait::async_trait]
impl StepHandler for CleanIdentifier {
    async fn run(&self, context: &StepContext) -> StepResult {
        let clean = clean_url(&context.identifier).map_err(|refusal| StepFailure::permanent(refusal.to_string()))?;
        StepData::new(PayloadColumn::Url, &CleanUrlPayload::from(&clean))
    }
}
