//! What a provider gave, as the step's data: pages are read by our own extraction, the rest is taken as it is.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::{StepData, StepResult};
use crate::model::practice::PracticeStatus;
use crate::model::step::StepFailure;
use crate::model::workflow::Workflow;
use crate::scrape::payload::ScrapedPage;
use crate::scrape::{ScrapePayload, compute, extract_page, provided_fields};
use crate::store::write::PayloadColumn;

/// A page that a provider fetched.
#[derive(Debug, Deserialize)]
struct GivenPage {
    url: String,
    html: String,
    #[serde(default)]
    status: Option<u16>,
}

/// The step's data. A workflow that says of itself that it scrapes gives what the scraper worker would.
pub async fn provided(workflow: &Workflow, value: Value, address: Option<&str>, region: Option<String>) -> StepResult {
    if workflow.flow.done_status == Some(PracticeStatus::Scraped) {
        let address = address.unwrap_or_default().to_owned();
        // Parsing has no business on an actor's thread.
        let scraped = compute(move || scraped(value, &address, region.as_deref())).await;
        let scraped = scraped.map_err(|error| StepFailure::passing(format!("reading the pages failed: {error}")))??;
        return StepData::new(PayloadColumn::Scraper, &scraped);
    }
    let mut data = StepData::new(PayloadColumn::StepData, &value)?;
    data.found = !is_nothing(&value);
    Ok(data)
}

/// Nothing, or a shell with nothing in it.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(list) => list.iter().all(is_nothing),
        Value::Object(fields) => fields.values().all(is_nothing),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// `{"pages": [{"url", "html"}]}`, ZenRows' one page, or fields of a final payload.
fn scraped(value: Value, address: &str, region: Option<&str>) -> Result<ScrapePayload, StepFailure> {
    let Value::Object(mut fields) = value else {
        return Err(StepFailure::permanent(
            "a workflow that scrapes must give an object: {\"pages\": [{\"url\", \"html\"}]}, or fields of a final payload",
        ));
    };
    let pages = given_pages(&mut fields, address)?;
    let pages: Vec<ScrapedPage> = pages
        .into_iter()
        .map(|page| read(page, region))
        .collect::<Result<_, _>>()?;
    if !pages.is_empty() {
        return Ok(ScrapePayload {
            final_url: pages[0].url.clone(),
            pages,
            extra: Map::new(),
        });
    }
    Ok(provided_fields(address, fields, region))
}

fn given_pages(fields: &mut Map<String, Value>, address: &str) -> Result<Vec<GivenPage>, StepFailure> {
    if let Some(pages) = fields.remove("pages") {
        return serde_json::from_value(pages).map_err(|error| {
            StepFailure::permanent(format!("'pages' must be a list of {{\"url\", \"html\"}}: {error}"))
        });
    }
    let Some(html) = fields.remove("homepage_html").or_else(|| fields.remove("html")) else {
        return Ok(Vec::new());
    };
    let url = fields.get("final_url").or_else(|| fields.get("url")).cloned();
    let page = json!({
        "url": url.unwrap_or_else(|| json!(address)), "html": html, "status": fields.get("status"),
    });
    serde_json::from_value(page)
        .map(|page| vec![page])
        .map_err(|error| StepFailure::permanent(format!("the page that came cannot be read: {error}")))
}

fn read(page: GivenPage, region: Option<&str>) -> Result<ScrapedPage, StepFailure> {
    let url = Url::parse(&page.url)
        .map_err(|error| StepFailure::permanent(format!("the page's address {} is none: {error}", page.url)))?;
    // The text has been decoded, whatever its own declaration says.
    let facts = extract_page(page.html.as_bytes(), Some("text/html; charset=utf-8"), &url, region);
    Ok(ScrapedPage {
        url: page.url,
        status: page.status,
        bytes: page.html.len() as u64,
        facts,
        ..ScrapedPage::default()
    })
}
