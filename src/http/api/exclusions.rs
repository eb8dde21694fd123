//! The websites that an organisation never contacts.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Query};
use entity::{Id, enrichment_jobs};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::selection::{PracticeSelection, pages_of};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::scrape::clean_url;
use crate::store::read::{ExclusionView, PracticeFilter, PracticeWebsite, Role};
use crate::store::write::{Exclude, Exclusion, KeyAnswer, Readmit, RequestKey, StoredAnswer};

/// Websites that one request may name.
const MOST: usize = 1_000;

/// Which exclusions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExclusionQuery {
    q: Option<String>,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// `GET /api/exclusions`: newest first; `q` is the beginning of a host.
#[utoipa::path(
    get, path = "/api/exclusions", tag = "exclusions",
    params(ExclusionQuery),
    responses(
        (status = 200, description = "The organisation's exclusions, newest first.", body = List<ExclusionView>),
    ),
)]
pub async fn list(
    app: Data<App>,
    caller: Caller,
    query: Query<ExclusionQuery>,
) -> Result<Json<List<ExclusionView>>, Problem> {
    let before = cursor::read(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit)?;
    let prefix = query.q.as_deref().filter(|prefix| !prefix.is_empty());
    Ok(Json(
        app.reader
            .exclusions(&caller.scope, prefix, before, limit)
            .await?
            .into(),
    ))
}

/// Websites to exclude, by name.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExclusions {
    identifiers: Vec<String>,
    reason: Option<String>,
}

/// `POST /api/exclusions`.
#[utoipa::path(
    post, path = "/api/exclusions", tag = "exclusions",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = NewExclusions,
    responses((status = 200, description = "What became of it.", body = ExcludeAnswer)),
)]
pub async fn create(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<NewExclusions>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Admin)?;
    let named = Named::read(&body.identifiers)?;
    exclude(
        &app,
        &caller,
        key,
        "POST /api/exclusions",
        &*body,
        named,
        body.reason.clone(),
    )
    .await
}

/// Websites of a job to exclude.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobExclusions {
    job_id: Id,
    practice_ids: Option<Vec<i64>>,
    identifiers: Option<Vec<String>>,
    filter: Option<PracticeSelection>,
    #[serde(default)]
    dry_run: bool,
    reason: Option<String>,
}

/// `POST /api/save-excluded-job`: puts websites of a job on the list, by practice, by name or by filter.
#[utoipa::path(
    post, path = "/api/save-excluded-job", tag = "exclusions",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = JobExclusions,
    responses((status = 200, description = "What became of it.", body = ExcludeAnswer)),
)]
pub async fn of_job(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Json<JobExclusions>,
) -> Result<HttpResponse, Problem> {
    const ROUTE: &str = "POST /api/save-excluded-job";
    caller.require(Role::Admin)?;
    let job = app.job(&caller, body.job_id).await?;
    match (&body.practice_ids, &body.identifiers, &body.filter) {
        (None, Some(identifiers), None) => {
            let named = Named::read(identifiers)?;
            if body.dry_run {
                return Ok(counted(named.exclusions.len() as u64));
            }
            exclude(&app, &caller, key, ROUTE, &*body, named, body.reason.clone()).await
        }
        (Some(ids), None, None) => {
            within_limit(ids.len())?;
            let found = app.reader.websites_of(&job, ids).await?;
            if let Some(id) = ids.iter().find(|id| !found.iter().any(|website| website.id == **id)) {
                return Err(Problem::not_found(&format!("practice {id} in this job")));
            }
            let named = Named::of_practices(found);
            if body.dry_run {
                return Ok(counted(named.exclusions.len() as u64));
            }
            exclude(&app, &caller, key, ROUTE, &*body, named, body.reason.clone()).await
        }
        (None, None, Some(filter)) => {
            let filter = filter.read()?;
            if body.dry_run {
                return Ok(counted(app.reader.count_practices(&job, &filter).await?));
            }
            let (shared, caller, reason) = (app.clone(), caller.clone(), body.reason.clone());
            let asker = caller.clone();
            once(&app, &asker, key, ROUTE, &*body, move |request_key| async move {
                exclude_matching(&shared, &caller, &job, filter, reason, request_key).await
            })
            .await
        }
        _ => Err(Problem::bad_request(
            "name the websites by one of 'practice_ids', 'identifiers' and 'filter'",
        )),
    }
}

/// Excludes the websites of all practices that match, a page at a time.
async fn exclude_matching(
    app: &App,
    caller: &Caller,
    job: &enrichment_jobs::Model,
    filter: PracticeFilter,
    reason: Option<String>,
    request_key: Option<RequestKey>,
) -> Result<StoredAnswer, Problem> {
    let (mut matched, mut excluded) = (0, 0);
    let mut pages = pages_of(&app.reader, job, filter);
    while let Some(page) = pages.next().await? {
        let named = Named::of_practices(app.reader.websites_of(job, &page).await?);
        matched += page.len();
        excluded += named.exclusions.len();
        let (command, _) = named.command(caller, reason.clone());
        app.command(command).await?;
    }
    let answer = StoredAnswer {
        status: 200,
        location: None,
        body: json!(ExcludeAnswer::OfFilter { matched, excluded }).to_string(),
    };
    let (mut last, _) = Named::of_practices(Vec::new()).command(caller, None);
    last.answer = request_key.map(|request| KeyAnswer {
        request,
        answer: answer.clone(),
    });
    app.command(last).await?;
    Ok(answer)
}

fn counted(matched: u64) -> HttpResponse {
    HttpResponse::Ok().json(ExcludeAnswer::Counted { matched, dry_run: true })
}

fn within_limit(named: usize) -> Result<(), Problem> {
    if (1..=MOST).contains(&named) {
        return Ok(());
    }
    Err(Problem::bad_request(format!("name 1 to {MOST} websites at a time")))
}

/// Websites, and what was named and is none.
struct Named {
    exclusions: Vec<Exclusion>,
    invalid: Vec<NotAWebsite>,
}

impl Named {
    fn read(identifiers: &[String]) -> Result<Self, Problem> {
        within_limit(identifiers.len())?;
        let mut named = Self {
            exclusions: Vec::new(),
            invalid: Vec::new(),
        };
        for identifier in identifiers {
            match clean_url(identifier) {
                Ok(clean) => named.push(clean.dedupe_key, identifier.clone()),
                Err(refusal) => named.invalid.push(NotAWebsite {
                    identifier: identifier.clone(),
                    message: refusal.to_string(),
                }),
            }
        }
        if named.exclusions.is_empty() {
            let detail = "none of the identifiers is a website";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_website", detail)
                .with("invalid", json!(named.invalid)));
        }
        Ok(named)
    }

    fn of_practices(websites: Vec<PracticeWebsite>) -> Self {
        let mut named = Self {
            exclusions: Vec::new(),
            invalid: Vec::new(),
        };
        for website in websites {
            match website.dedupe_key {
                Some(key) => named.push(key, website.practice_identifier),
                None => named.invalid.push(NotAWebsite {
                    identifier: website.practice_identifier,
                    message: "The row names no website.".to_owned(),
                }),
            }
        }
        named
    }

    fn push(&mut self, key: String, identifier: String) {
        if !self.exclusions.iter().any(|known| known.key == key) {
            self.exclusions.push(Exclusion { key, identifier });
        }
    }

    fn command(self, caller: &Caller, reason: Option<String>) -> (Exclude, Vec<NotAWebsite>) {
        let command = Exclude {
            organisation_id: caller.scope.organisation_id,
            user_id: caller.scope.user_id,
            exclusions: self.exclusions,
            reason: reason.filter(|reason| !reason.trim().is_empty()),
            answer: None,
            origin: caller.origin(),
        };
        (command, self.invalid)
    }
}

async fn exclude(
    app: &Data<App>,
    caller: &Caller,
    key: IdempotencyKey,
    route: &'static str,
    asked: &impl Serialize,
    named: Named,
    reason: Option<String>,
) -> Result<HttpResponse, Problem> {
    let (command, invalid) = named.command(caller, reason);
    let body = ExcludeAnswer::Excluded {
        excluded: command.exclusions.len(),
        invalid,
    };
    let body = json!(body).to_string();
    let mut command = command;
    let shared = app.clone();
    once(app, caller, key, route, asked, move |request_key| async move {
        let answer = StoredAnswer {
            status: 200,
            location: None,
            body,
        };
        command.answer = request_key.map(|request| KeyAnswer {
            request,
            answer: answer.clone(),
        });
        shared.command(command).await?;
        Ok(answer)
    })
    .await
}

/// Which exclusions to take back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Readmissions {
    #[serde(default)]
    ids: Vec<Id>,
    #[serde(default)]
    identifiers: Vec<String>,
}

/// How many websites were on the list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadmitAnswer {
    removed: u64,
}

/// What became of an exclusion.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ExcludeAnswer {
    Excluded {
        /// Websites that are on the list now.
        excluded: usize,
        /// What was named and is no website.
        invalid: Vec<NotAWebsite>,
    },
    /// With `filter`.
    OfFilter { matched: usize, excluded: usize },
    /// With `dry_run`.
    Counted { matched: u64, dry_run: bool },
}

/// Something that names no website.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotAWebsite {
    identifier: String,
    message: String,
}

/// `DELETE /api/exclusions`: takes websites off the list, by id or by name.
#[utoipa::path(
    delete, path = "/api/exclusions", tag = "exclusions",
    request_body = Readmissions,
    responses((status = 200, description = "How many were on the list.", body = ReadmitAnswer)),
)]
pub async fn readmit(app: Data<App>, caller: Caller, body: Json<Readmissions>) -> Result<Json<ReadmitAnswer>, Problem> {
    caller.require(Role::Admin)?;
    within_limit(body.ids.len() + body.identifiers.len())?;
    let keys = body
        .identifiers
        .iter()
        .map(|identifier| clean_url(identifier).map_or_else(|_| identifier.clone(), |clean| clean.dedupe_key))
        .collect();
    let command = Readmit {
        organisation_id: caller.scope.organisation_id,
        ids: body.ids.clone(),
        keys,
        origin: caller.origin(),
    };
    let removed = app.command(command).await?;
    Ok(Json(ReadmitAnswer { removed }))
}

/// `DELETE /api/exclusions/{id}`.
#[utoipa::path(
    delete, path = "/api/exclusions/{id}", tag = "exclusions",
    params(("id" = Id, Path, description = "The exclusion.")),
    responses((status = 204, description = "It is off the list.")),
)]
pub async fn readmit_one(app: Data<App>, caller: Caller, id: Path<Id>) -> Result<HttpResponse, Problem> {
    caller.require(Role::Admin)?;
    let command = Readmit {
        organisation_id: caller.scope.organisation_id,
        ids: vec![*id],
        keys: Vec::new(),
        origin: caller.origin(),
    };
    match app.command(command).await? {
        0 => Err(Problem::not_found("exclusion")),
        _ => Ok(HttpResponse::NoContent().finish()),
    }
}
