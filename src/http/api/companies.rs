//! `/api/companies`: whom workflows enrich.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use entity::{Id, companies};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::model::workflow_spec::Mistake;
use crate::scrape::clean_url;
use crate::store::read::{Access, CompanyFilter, CompanyView, CompletionView, Role};
use crate::store::write::{
    ChangeCompany, CompanyChanged, CompanyWrite, DATA_BYTES, DeleteCompany, UpsertCompanies, UpsertForm, UpsertKey,
};

/// Companies that one request may hold.
const MOST: usize = 1_000;
/// Characters of a name.
const LONGEST_NAME: usize = 500;

/// Which companies.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CompanyQuery {
    /// The beginning of a domain or a name.
    q: Option<String>,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// `GET /api/companies`: the organisation's companies, newest first.
#[utoipa::path(
    get, path = "/api/companies", tag = "companies",
    params(CompanyQuery),
    responses((status = 200, description = "The organisation's companies, newest first.", body = List<CompanyView>)),
)]
pub async fn list(
    app: Data<App>,
    caller: Caller,
    query: Query<CompanyQuery>,
) -> Result<Json<List<CompanyView>>, Problem> {
    let before = cursor::read(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit)?;
    let filter = CompanyFilter {
        prefix: query.q.clone().filter(|prefix| !prefix.is_empty()),
        ..CompanyFilter::default()
    };
    Ok(Json(
        app.reader
            .companies(&caller.scope, &filter, before, limit)
            .await?
            .into(),
    ))
}

/// A company to make, or to change where there is one of its domain.
#[derive(Serialize, ToSchema)]
pub struct NewCompany {
    /// Any address of the company; its registrable domain is kept.
    domain: String,
    /// Stays as it is where absent.
    name: Option<String>,
    /// Takes the place of what is there; stays as it is where absent.
    #[schema(value_type = Option<Object>)]
    data: Option<Value>,
}

/// One company, or up to 1,000.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes what is read member by member")]
pub enum NewCompanies {
    One(NewCompany),
    Many { companies: Vec<NewCompany> },
}

/// What became of several companies.
#[derive(Serialize, ToSchema)]
pub struct CompaniesWritten {
    created: u64,
    updated: u64,
    unchanged: u64,
    companies: Vec<CompanyView>,
}

/// `POST /api/companies`: makes companies, or changes those whose domain is there.
#[utoipa::path(
    post, path = "/api/companies", tag = "companies",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = NewCompanies,
    responses(
        (status = 201, description = "One company that was made.", body = CompanyView),
        (status = 200, description = "One that was there, or several.", body = CompaniesWritten),
    ),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let (companies, form) = read_companies(&body)?;
    let (shared, organisation_id, asker) = (app.clone(), caller.scope.organisation_id, caller.clone());
    once(
        &app,
        &caller,
        key,
        "POST /api/companies",
        &*body,
        move |request_key| async move {
            let command = UpsertCompanies {
                organisation_id,
                companies,
                origin: asker.origin(),
                key: request_key.map(|request| UpsertKey {
                    request,
                    form: form.clone(),
                }),
            };
            Ok(shared.command(command).await?.answer(&form))
        },
    )
    .await
}

fn read_companies(body: &Map<String, Value>) -> Result<(Vec<CompanyWrite>, UpsertForm), Problem> {
    let mut mistakes = Vec::new();
    let (companies, form) = match body.get("companies") {
        None => {
            let company = read_company(body, "", &mut mistakes);
            (company.into_iter().collect(), UpsertForm::One)
        }
        Some(Value::Array(items)) if body.len() == 1 && (1..=MOST).contains(&items.len()) => {
            let mut companies = Vec::with_capacity(items.len());
            for (place, item) in items.iter().enumerate() {
                let pointer = format!("/companies/{place}");
                match item.as_object() {
                    Some(item) => companies.extend(read_company(item, &pointer, &mut mistakes)),
                    None => mistakes.push(Mistake::new(pointer, "must be an object")),
                }
            }
            (companies, UpsertForm::Many)
        }
        Some(_) => {
            let detail = format!("'companies' must be a list of 1 to {MOST} companies, and stand alone");
            return Err(Problem::bad_request(detail));
        }
    };
    if mistakes.is_empty() {
        Ok((companies, form))
    } else {
        Err(Problem::mistakes(&mistakes))
    }
}

fn read_company(body: &Map<String, Value>, prefix: &str, mistakes: &mut Vec<Mistake>) -> Option<CompanyWrite> {
    let read = CompanyBody::read(body, prefix, mistakes);
    if read.domain.is_none()
        && !mistakes
            .iter()
            .any(|mistake| mistake.pointer == format!("{prefix}/domain"))
    {
        mistakes.push(Mistake::new(format!("{prefix}/domain"), "is missing"));
    }
    Some(CompanyWrite {
        domain: read.domain?,
        name: read.name.flatten(),
        data: read.data,
    })
}

/// What a body says of a company.
#[derive(Default)]
struct CompanyBody {
    domain: Option<String>,
    /// `Some(None)` for null.
    name: Option<Option<String>>,
    data: Option<Value>,
}

impl CompanyBody {
    fn read(body: &Map<String, Value>, prefix: &str, mistakes: &mut Vec<Mistake>) -> Self {
        let mut read = Self::default();
        for (key, value) in body {
            let outcome = match key.as_str() {
                "domain" => domain_of(value).map(|domain| read.domain = Some(domain)),
                "name" => name_of(value).map(|name| read.name = Some(name)),
                "data" => data_of(value).map(|data| read.data = Some(data)),
                // What a company is answered with can be sent back.
                "id" | "created_at" | "updated_at" => Ok(()),
                _ => Err("is not known; known are domain, name and data".to_owned()),
            };
            if let Err(detail) = outcome {
                let key = key.replace('~', "~0").replace('/', "~1");
                mistakes.push(Mistake::new(format!("{prefix}/{key}"), detail));
            }
        }
        read
    }
}

fn domain_of(value: &Value) -> Result<String, String> {
    let text = value.as_str().ok_or("must be text")?;
    match clean_url(text) {
        Ok(clean) => Ok(clean.host_key),
        Err(refusal) => Err(format!("names no company: {refusal}")),
    }
}

fn name_of(value: &Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(name) if name.contains('\0') => Err("must not hold a NUL character".to_owned()),
        Value::String(name) if name.chars().count() > LONGEST_NAME => {
            Err(format!("may have {LONGEST_NAME} characters"))
        }
        Value::String(name) => Ok(Some(name.trim().to_owned()).filter(|name| !name.is_empty())),
        _ => Err("must be text".to_owned()),
    }
}

fn data_of(value: &Value) -> Result<Value, String> {
    let data = match value {
        Value::Null => return Ok(Value::Object(Map::new())),
        Value::Object(_) => value.to_string(),
        _ => return Err("must be an object".to_owned()),
    };
    if data.len() > DATA_BYTES {
        return Err(format!("may have {DATA_BYTES} bytes as JSON"));
    }
    if data.contains("\\u0000") {
        return Err("must not hold a NUL character".to_owned());
    }
    Ok(value.clone())
}

/// The company, if the caller may see it.
pub(super) async fn visible(app: &App, caller: &Caller, id: Id) -> Result<companies::Model, Problem> {
    match app.reader.company(&caller.scope, id).await? {
        Access::Granted(company) => Ok(company),
        Access::Forbidden => Err(Problem::forbidden("this company belongs to another organisation")),
        Access::Missing => Err(Problem::not_found("company")),
    }
}

/// `GET /api/companies/{id}`.
#[utoipa::path(
    get, path = "/api/companies/{id}", tag = "companies",
    params(("id" = Id, Path, description = "The company.")),
    responses((status = 200, description = "The company.", body = CompanyView)),
)]
pub async fn detail(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<Json<CompanyView>, Problem> {
    Ok(Json(visible(&app, &caller, *id).await?.into()))
}

/// What to change of a company. What is absent stays; `data` takes the place of what is there.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read member by member")]
pub struct CompanyPatch {
    domain: Option<String>,
    name: Option<String>,
    #[schema(value_type = Option<Object>)]
    data: Option<Value>,
}

/// `PATCH /api/companies/{id}`.
#[utoipa::path(
    patch, path = "/api/companies/{id}", tag = "companies",
    params(("id" = Id, Path, description = "The company.")),
    request_body = CompanyPatch,
    responses((status = 200, description = "The company as it is now.", body = CompanyView)),
)]
pub async fn change(
    app: Data<App>,
    caller: Caller,
    id: Path<Id>,
    body: Json<Map<String, Value>>,
) -> Result<Json<CompanyView>, Problem> {
    caller.require(Role::Member)?;
    let company = visible(&app, &caller, *id).await?;
    let mut mistakes = Vec::new();
    let read = CompanyBody::read(&body, "", &mut mistakes);
    if !mistakes.is_empty() {
        return Err(Problem::mistakes(&mistakes));
    }
    let command = ChangeCompany {
        id: company.id,
        organisation_id: caller.scope.organisation_id,
        domain: read.domain,
        name: read.name,
        data: read.data,
        origin: caller.origin(),
    };
    match app.command(command).await? {
        CompanyChanged::Accepted(company) => Ok(Json(company)),
        CompanyChanged::NotFound => Err(Problem::not_found("company")),
        CompanyChanged::DomainTaken(other) => {
            let detail = "another company has this domain; change that one, or delete it first";
            let problem = Problem::new(StatusCode::CONFLICT, "domain_taken", detail);
            Err(problem.with("company_id", other.to_string()))
        }
    }
}

/// `DELETE /api/companies/{id}`: with what it has completed. Results of jobs stay.
#[utoipa::path(
    delete, path = "/api/companies/{id}", tag = "companies",
    params(("id" = Id, Path, description = "The company.")),
    responses((status = 204, description = "It is gone, and what it had completed.")),
)]
pub async fn delete(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let company = visible(&app, &caller, *id).await?;
    let command = DeleteCompany {
        id: company.id,
        organisation_id: caller.scope.organisation_id,
        origin: caller.origin(),
    };
    if app.command(command).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::not_found("company"))
    }
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    limit: Option<u64>,
    cursor: Option<String>,
}

/// `GET /api/companies/{id}/completions`: the steps that a company has completed.
#[utoipa::path(
    get, path = "/api/companies/{id}/completions", tag = "companies",
    params(("id" = Id, Path, description = "The company."), PageQuery),
    responses(
        (status = 200, description = "The steps that the company has completed.", body = List<CompletionView>),
    ),
)]
pub async fn completions(
    app: Data<App>,
    caller: Caller,
    id: Path<Id>,
    query: Query<PageQuery>,
) -> Result<Json<List<CompletionView>>, Problem> {
    let after = cursor::read(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit)?;
    let company = visible(&app, &caller, *id).await?;
    Ok(Json(
        app.reader.company_completions(&company, after, limit).await?.into(),
    ))
}
