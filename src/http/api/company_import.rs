//! `POST /api/companies/import`: companies as a file.

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::actors::import::{CompaniesImported, CompanyList, import_companies};
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
pub struct CompanyListOptions {
    /// The column that holds the domains or addresses, where it is not to be found by header and content.
    url_column: Option<String>,
    /// The sheet of a workbook.
    sheet: Option<String>,
    filename: Option<String>,
}

/// A file of companies as a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub struct CompanyListForm {
    /// CSV and the like, or an Excel workbook.
    #[schema(format = Binary, value_type = String)]
    file: Vec<u8>,
    /// The column that holds the domains or addresses.
    url_column: Option<String>,
    /// The sheet of a workbook.
    sheet: Option<String>,
    filename: Option<String>,
}

/// `POST /api/companies/import`: each row makes a company, or changes the one of its domain. A column of names is the name,
/// all others go into `data`.
#[utoipa::path(
    post, path = "/api/companies/import", tag = "companies",
    params(
        CompanyListOptions,
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body(
        description = "A form with a field `file`, a text file, or an Excel workbook",
        content(
            (CompanyListForm = "multipart/form-data"),
            (String = "text/csv"),
            (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ),
    ),
    responses((status = 200, description = "What became of the rows.", body = CompaniesImported)),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    key: IdempotencyKey,
    query: Query<CompanyListOptions>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    refuse_json(&request, "companies as JSON go to POST /api/companies")?;
    let query = query.into_inner();
    let options = ListOptions {
        url_column: query.url_column,
        sheet: query.sheet,
        filename: query.filename,
        ..ListOptions::default()
    };
    let received = receive(&app, &request, options, payload).await?;
    let options = &received.options;
    let of_jobs = [
        options.name.is_some(),
        options.play.is_some(),
        options.settings.is_some(),
    ];
    let (Some(list), false) = (received.list, of_jobs.contains(&true)) else {
        let detail = "a list of companies has the fields file, filename, url_column and sheet";
        return Err(Problem::bad_request(detail));
    };
    let asked = (received.digest, received.options.clone());
    let (engine, asker) = (Arc::clone(&app.engine), caller.clone());
    let url_column = received.options.url_column;
    once(
        &app,
        &caller,
        key,
        "POST /api/companies/import",
        &asked,
        move |request_key| async move {
            let companies = CompanyList {
                organisation_id: asker.scope.organisation_id,
                origin: asker.origin(),
                file: PathBuf::from(list.file.path()),
                url_column,
                request_key,
            };
            // The file lives until its last row has been read.
            let answer = import_companies(engine, companies).await;
            drop(list);
            Ok(answer?)
        },
    )
    .await
}

/// Refuses JSON where a file is expected, and says where it goes.
pub(super) fn refuse_json(request: &HttpRequest, instead: &str) -> Result<(), Problem> {
    let media_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if media_type.is_some_and(|media_type| media_type.to_ascii_lowercase().starts_with("application/json")) {
        let detail = format!("send a file here; {instead}");
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            detail,
        ));
    }
    Ok(())
}
