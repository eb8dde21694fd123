//! `GET /api/registration-batches/{id}/export`: how each restaurant fared.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::header::ContentEncoding;
use actix_web::web::{Data, Path, Query};
use entity::Id;
use serde_json::{Value, json};

use super::export::ExportQuery;
use crate::exchange::write::{Format, csv_table, xlsx_table};
use crate::http::app::App;
use crate::http::attachment::attachment;
use crate::http::caller::Caller;
use crate::http::intake::Workbook;
use crate::http::problem::Problem;
use crate::store::read::{Access, RegistrationBatchDetail, RegistrationView, SubStepView};

/// The columns that every table has before those of the sub-steps.
const COLUMNS: [&str; 12] = [
    "position",
    "restaurant",
    "status",
    "step",
    "failed_at",
    "error",
    "company_number",
    "nzbn",
    "started_at",
    "completed_at",
    "duration_seconds",
    "registration_job_id",
];

fn sub_steps(job: &RegistrationView) -> &[SubStepView] {
    job.steps.last().map_or(&[], |step| &step.sub_step_progress)
}

/// What the selection or the register says of the company.
fn company(job: &RegistrationView, member: &str) -> String {
    let of = |number: i32| job.steps.iter().find(|step| step.step_number == number);
    let said = [4, 3]
        .into_iter()
        .filter_map(of)
        .filter_map(|step| step.result_data.as_ref());
    said.filter_map(|result| result[member].as_str())
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn object(job: &RegistrationView) -> Value {
    let results: BTreeMap<&str, Value> = sub_steps(job)
        .iter()
        .map(|each| {
            let of = &each.sub_step;
            let told = json!({ "status": of.status, "error": of.error, "reason": of.reason, "result": of.result });
            (of.sub_step.as_str(), told)
        })
        .collect();
    json!({
        "position": job.position + 1,
        "restaurant_id": job.restaurant_id,
        "restaurant": job.restaurant_name,
        "registration_job_id": job.id,
        "status": job.status,
        "step": job.current_step,
        "failed_at": job.failed_at,
        "error": job.error_message,
        "company_number": company(job, "company_number"),
        "nzbn": company(job, "nzbn"),
        "started_at": job.started_at,
        "completed_at": job.completed_at,
        "duration_seconds": job.duration_ms.map(|ms| ms / 1_000),
        "execution_config": job.execution_config,
        "sub_steps": results,
    })
}

/// A header and a row a restaurant, with a column a sub-step in the order of the execution.
fn table(batch: &RegistrationBatchDetail) -> (Vec<String>, Vec<Vec<String>>) {
    let mut slugs: Vec<&str> = Vec::new();
    for each in batch.jobs.iter().flat_map(sub_steps) {
        if !slugs.contains(&each.sub_step.sub_step.as_str()) {
            slugs.push(&each.sub_step.sub_step);
        }
    }
    let columns = COLUMNS.iter().chain(&slugs);
    let header = columns.map(|name| (*name).to_owned()).collect();
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let row = |job: &RegistrationView| {
        let said = object(job);
        let fixed = COLUMNS.iter().map(|name| text(&said[*name]));
        let of = slugs.iter().map(|slug| text(&said["sub_steps"][*slug]["status"]));
        fixed.chain(of).collect()
    };
    (header, batch.jobs.iter().map(row).collect())
}

fn encode(batch: &RegistrationBatchDetail, format: Format) -> Result<Vec<u8>, Problem> {
    match format {
        Format::Json => {
            let rows: Vec<Value> = batch.jobs.iter().map(object).collect();
            serde_json::to_vec(&rows).map_err(|error| Problem::internal(&error))
        }
        Format::Ndjson => {
            let lines = batch.jobs.iter().map(|job| format!("{}\n", object(job)));
            Ok(lines.collect::<String>().into_bytes())
        }
        Format::Csv { safe, bom } => {
            let (header, rows) = table(batch);
            let text = csv_table(&header, &rows, safe).map_err(|error| Problem::internal(&error))?;
            let mark: &[u8] = if bom { b"\xef\xbb\xbf" } else { b"" };
            Ok([mark, &text].concat())
        }
        Format::Xlsx => {
            let (header, rows) = table(batch);
            xlsx_table(&header, &rows).map_err(|error| Problem::internal(&error))
        }
    }
}

/// How each restaurant of a batch fared, a row each.
#[utoipa::path(
    get, path = "/api/registration-batches/{id}/export", tag = "registration batches",
    params(("id" = Id, Path, description = "The batch."), ExportQuery),
    responses(
        (
            status = 200,
            description = "A row a restaurant, with the status of each sub-step; in JSON with their results.",
            content(
                (String = "text/csv"),
                (String = "application/x-ndjson"),
                (Vec<Object> = "application/json"),
                (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ),
        ),
    ),
)]
pub async fn export(
    app: Data<App>,
    caller: Caller,
    id: Path<Id>,
    query: Query<ExportQuery>,
) -> Result<HttpResponse, Problem> {
    let format = query.format()?;
    let batch = match app.reader.registration_batch_detail(&caller.scope, *id).await? {
        Access::Granted(batch) => batch,
        Access::Forbidden => return Err(Problem::forbidden("this batch belongs to another organisation")),
        Access::Missing => return Err(Problem::not_found("registration batch")),
    };
    let named = attachment(Some(&batch.batch.name), batch.batch.id, format.extension());
    // A batch has a bound, so its file is made whole; not on a thread that serves others.
    let encoded = actix_web::web::block(move || encode(&batch, format)).await;
    let encoded = encoded.map_err(|error| Problem::internal(&error))??;
    let mut response = HttpResponse::Ok();
    response.content_type(format.media_type()).insert_header(named);
    if format == Format::Xlsx {
        // It is compressed already.
        response.insert_header(ContentEncoding::Identity);
    }
    Ok(response.body(encoded))
}
