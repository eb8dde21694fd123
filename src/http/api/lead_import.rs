//! `POST /api/leads/import`: leads as a file.

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::company_import::refuse_json;
use crate::actors::import::{LeadList, LeadsImported, import_leads};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::intake::{ListOptions, Workbook, receive};
use crate::http::problem::Problem;
use crate::store::read::Role;

/// How to read the file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LeadListOptions {
    /// The sheet of a workbook.
    sheet: Option<String>,
    filename: Option<String>,
}

/// A file of leads as a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub struct LeadListForm {
    /// CSV and the like, or an Excel workbook.
    #[schema(format = Binary, value_type = String)]
    file: Vec<u8>,
    /// The sheet of a workbook.
    sheet: Option<String>,
    filename: Option<String>,
}

/// `POST /api/leads/import`: each row with a name is a lead. Columns are found by their headers; those that are no field of a
/// lead go into `data`.
#[utoipa::path(
    post, path = "/api/leads/import", tag = "leads",
    params(
        LeadListOptions,
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body(
        description = "A form with a field `file`, a text file, or an Excel workbook",
        content(
            (LeadListForm = "multipart/form-data"),
            (String = "text/csv"),
            (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ),
    ),
    responses((status = 200, description = "What became of the rows.", body = LeadsImported)),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    key: IdempotencyKey,
    query: Query<LeadListOptions>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    refuse_json(&request, "leads as JSON go to POST /api/leads")?;
    let query = query.into_inner();
    let options = ListOptions {
        sheet: query.sheet,
        filename: query.filename,
        ..ListOptions::default()
    };
    let received = receive(&app, &request, options, payload).await?;
    let known = ListOptions {
        sheet: received.options.sheet.clone(),
        filename: received.options.filename.clone(),
        ..ListOptions::default()
    };
    let (Some(list), true) = (received.list, known == received.options) else {
        let detail = "a list of leads has the fields file, filename and sheet";
        return Err(Problem::bad_request(detail));
    };
    let asked = (received.digest, known);
    let (engine, asker) = (Arc::clone(&app.engine), caller.clone());
    once(
        &app,
        &asker,
        key,
        "POST /api/leads/import",
        &asked,
        move |request_key| async move {
            let leads = LeadList {
                organisation_id: caller.scope.organisation_id,
                file: PathBuf::from(list.file.path()),
                request_key,
                origin: caller.origin(),
            };
            // The file lives until its last row has been read.
            let answer = import_leads(engine, leads).await;
            drop(list);
            Ok(answer?)
        },
    )
    .await
}
