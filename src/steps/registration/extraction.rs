//! The extraction: what the restaurant's own website says, from a job that reads it already, or read now.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Found, RegistrationContext, RegistrationHandler, RegistrationStop};
use crate::model::step::StepFailure;
use crate::scrape::clean_url;
use crate::steps::{StepContext, StepStop};
use crate::store::write::RestaurantFacts;

/// Follows the restaurant's extraction job to its end, or reads the website itself where there is none.
#[derive(Clone, Copy, Debug)]
pub struct FollowExtraction;

/// How often a job that runs is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

#[async_trait::async_trait]
impl RegistrationHandler for FollowExtraction {
    async fn run(&self, context: &RegistrationContext) -> Result<Found, RegistrationStop> {
        let followed = match context
            .restaurant
            .extraction_job_id
            .as_deref()
            .and_then(|id| id.parse().ok())
        {
            Some(job) => follow(context, job).await?,
            None => None,
        };
        if let Some(payload) = followed {
            return Ok(found(payload, "extraction_job"));
        }
        let Some(website) = context
            .restaurant
            .website
            .as_deref()
            .filter(|site| !site.trim().is_empty())
        else {
            return Ok(Found::data(
                json!({ "found": false, "reason": "the restaurant has no website" }),
            ));
        };
        match read(context, website).await {
            Ok(payload) => Ok(found(payload, "website")),
            // A person completes what a website does not tell, unless the configuration says that it must.
            Err(RegistrationStop::Failed { failure, .. }) if !failure.retryable && !is_required(context) => {
                Ok(Found::data(json!({ "found": false, "reason": failure.error })))
            }
            Err(stop) => Err(stop),
        }
    }
}

fn is_required(context: &RegistrationContext) -> bool {
    context
        .settings
        .get("required")
        .and_then(Value::as_bool)
        .unwrap_or_default()
}

/// What the job has found; `None` where it found nothing, or is not one of ours.
async fn follow(context: &RegistrationContext, job: entity::Id) -> Result<Option<Value>, RegistrationStop> {
    let domain = context.restaurant.website.as_deref().and_then(domain_of);
    let read = context
        .reader
        .extraction(context.organisation_id, job, domain.as_deref())
        .await;
    let read = read.map_err(|error| StepFailure::passing(format!("the extraction job could not be read: {error}")))?;
    match read {
        Some((_, Some(payload))) => Ok(Some(payload)),
        Some((status, None)) if matches!(status.as_str(), "pending" | "running" | "paused") => {
            let seconds = context.settings.get("poll_seconds").and_then(Value::as_u64);
            Err(RegistrationStop::PutOff {
                wait: seconds.map_or(LOOK_EVERY, Duration::from_secs),
                why: format!("the extraction job {job}, which is {status}"),
            })
        }
        _ => Ok(None),
    }
}

fn domain_of(website: &str) -> Option<String> {
    clean_url(website).ok().map(|clean| clean.domain)
}

/// Reads the website as the built-in play does, step by step.
async fn read(context: &RegistrationContext, website: &str) -> Result<Value, RegistrationStop> {
    let mut step = StepContext {
        job_id: context.batch_id,
        item_id: 0,
        identifier: website.to_owned(),
        url: None,
        scrape: None,
        settings: std::sync::Arc::new(json!({})),
        progress: context.progress.clone(),
    };
    step.url = Some(run(context, "url", &step).await?);
    step.scrape = Some(run(context, "scrape", &step).await?);
    let last = run(context, "aggregate", &step).await?;
    serde_json::from_str(&last)
        .map_err(|error| StepFailure::permanent(format!("what was read is no JSON: {error}")).into())
}

async fn run(
    context: &RegistrationContext,
    handler: &str,
    step: &StepContext,
) -> Result<std::sync::Arc<str>, RegistrationStop> {
    let Some(handler) = context.handlers.get(handler) else {
        return Err(StepFailure::permanent(format!("there is no handler '{handler}'")).into());
    };
    match handler.run(step).await {
        Ok(data) => Ok(data.json),
        Err(StepStop::Failed(failure)) => Err(failure.into()),
        Err(StepStop::PutOff { wait, why }) => Err(RegistrationStop::PutOff {
            wait,
            why: why.to_owned(),
        }),
        Err(StepStop::Refused(why)) => Err(RegistrationStop::Refused(why)),
        Err(StepStop::AwaitsCallback { .. } | StepStop::Superseded) => {
            Err(StepFailure::permanent("reading a website cannot wait for somebody else").into())
        }
    }
}

/// What the restaurant learns of it: what it does not know yet, and the whole under `data.extraction`.
fn found(payload: Value, from: &str) -> Found {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let address = &payload["addresses"][0];
    let known = [
        (
            "phone",
            text(&payload["phones"][0]["e164"]).or_else(|| text(&payload["phones"][0]["raw"])),
        ),
        ("email", text(&payload["emails"][0])),
        ("address", text(&address["raw"])),
        ("city", text(&address["locality"])),
        ("region", text(&address["region"])),
        ("country", text(&address["country"])),
    ];
    let fill = known
        .into_iter()
        .filter_map(|(column, value)| Some((column, value?)))
        .collect();
    let data = Map::from_iter([("extraction".to_owned(), payload.clone())]);
    Found {
        data: json!({ "found": true, "from": from, "payload": payload }),
        restaurant: Some(RestaurantFacts {
            fill,
            set: Vec::new(),
            data,
        }),
        candidates: None,
    }
}
