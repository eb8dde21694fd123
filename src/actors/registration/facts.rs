//! What templates and conditions of a registration may name.

use chrono::Utc;
use serde_json::{Map, Value, json};

use super::job::BatchContext;
use crate::model::registration::step::StepNumber;
use crate::model::registration::sub_step::Progress;
use crate::store::read::RegistrationJob;

/// The names that templates of the configuration may use: `restaurant`, `selection` (what a person said of the company: its
/// numbers and name, or that there is `none`), `company` (what is known of the one that was picked),
/// `config` (what a person confirmed), `settings` (the batch's), `results` (of completed sub-steps, by slug), `job`, `batch`,
/// `platform`, `companies_office`, `now`.
pub(super) fn facts(batch: &BatchContext, job: &RegistrationJob, progress: &Progress) -> Value {
    let settings = batch.engine.settings();
    let mut facts = Map::new();
    let mut set = |name: &str, value: Value| {
        facts.insert(name.to_owned(), value);
    };
    set("restaurant", restaurant(job));
    if let Some(selection) = job.step(StepNumber::CompanySelection) {
        set("selection", selection.result.clone().unwrap_or(Value::Null));
    }
    if let Some(company) = company(job) {
        set("company", company);
    }
    set("config", job.execution_config.clone().unwrap_or_else(|| json!({})));
    set("settings", batch.batch.settings.clone());
    set("results", progress.results());
    set(
        "job",
        json!({ "id": job.id, "reference": job.reference, "restaurant_id": job.restaurant.id }),
    );
    set("batch", json!({ "id": batch.batch.id, "name": batch.batch.name }));
    let platform = settings.registration.platform_url.trim_end_matches('/');
    set("platform", json!({ "url": platform }));
    let office = settings.registration.companies_office_url.trim_end_matches('/');
    set("companies_office", json!({ "url": office }));
    set("now", json!(Utc::now()));
    Value::Object(facts)
}

fn restaurant(job: &RegistrationJob) -> Value {
    let of = &job.restaurant;
    json!({
        "id": of.id, "name": of.name, "type": of.kind, "stage": of.stage, "icp_score": of.icp_score,
        "status": of.status, "website": of.website, "phone": of.phone, "email": of.email, "address": of.address,
        "city": of.city, "region": of.region, "country": of.country, "company_number": of.company_number,
        "nzbn": of.nzbn, "data": of.data,
    })
}

/// The company's details where they were fetched, else what the selection says of it.
fn company(job: &RegistrationJob) -> Option<Value> {
    let of = |step| job.step(step).and_then(|step| step.result.clone());
    let details = of(StepNumber::CompanyDetails).filter(|details| details.is_object());
    details
        .or_else(|| of(StepNumber::CompanySelection))
        .filter(|company| company.get("none").is_none() && company.get("skipped").is_none())
}
