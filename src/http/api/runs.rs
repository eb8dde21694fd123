//! Running companies through a play, a step of it, or one workflow: it makes a job.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path};
use chrono::{DateTime, Utc};
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::upload::read_settings;
use super::workflows::visible;
use crate::actors::Reconcile;
use crate::actors::import::{Chosen, CompanyRun, RunMade, run_companies, until_logged};
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::model::play::Selection;
use crate::model::workflow_spec::Mistake;
use crate::scrape::clean_url;
use crate::store::read::{CompanyFilter, Role, StepOfPlay};

/// Companies that one request may name.
const MOST_NAMED: usize = 10_000;
/// Domains that a filter may name.
const MOST_DOMAINS: usize = 1_000;
/// Companies that are looked up at a time.
const PAGE: usize = 1_000;
/// Unknown companies that an answer names.
const UNKNOWN_TOLD: usize = 100;

/// Which companies to run: one of `company_ids`, `filter` and `all`.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunBody {
    /// Up to 10,000.
    company_ids: Option<Vec<Id>>,
    filter: Option<CompanySelection>,
    /// `true`: all companies of the organisation.
    #[serde(default)]
    all: bool,
    /// Also those who have completed the step.
    #[serde(default)]
    force: bool,
    /// A name for the job.
    name: Option<String>,
    /// As for an upload, such as `{"region": "NZ"}`.
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
    /// Makes nothing and answers how many companies there are.
    #[serde(default)]
    dry_run: bool,
}

/// Companies by what is known of them. `{}` means all.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompanySelection {
    /// The beginning of a domain or a name.
    q: Option<String>,
    /// Up to 1,000, written in any way.
    domains: Option<Vec<String>>,
    completed: Option<PlayStepRef>,
    not_completed: Option<PlayStepRef>,
    created_after: Option<DateTime<Utc>>,
    created_before: Option<DateTime<Utc>>,
}

/// A step of a play; without `step` any of them.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayStepRef {
    play: String,
    step: Option<i32>,
}

impl From<PlayStepRef> for StepOfPlay {
    fn from(step: PlayStepRef) -> Self {
        Self {
            play: step.play,
            step: step.step,
        }
    }
}

impl CompanySelection {
    fn read(&self) -> Result<CompanyFilter, Problem> {
        let named = self.domains.as_ref().map_or(0, Vec::len);
        if named > MOST_DOMAINS {
            let detail = format!("'filter.domains' may have {MOST_DOMAINS} domains");
            return Err(Problem::bad_request(detail));
        }
        let mut mistakes = Vec::new();
        let domains = self.domains.as_ref().map(|domains| {
            let cleaned = domains.iter().enumerate().filter_map(|(place, domain)| {
                let clean = clean_url(domain).map_err(|refusal| {
                    let detail = format!("names no company: {refusal}");
                    mistakes.push(Mistake::new(format!("/filter/domains/{place}"), detail));
                });
                clean.ok().map(|clean| clean.host_key)
            });
            cleaned.collect()
        });
        if !mistakes.is_empty() {
            return Err(Problem::mistakes(&mistakes));
        }
        Ok(CompanyFilter {
            ids: None,
            domains,
            prefix: self.q.clone().filter(|prefix| !prefix.is_empty()),
            completed: self.completed.clone().map(Into::into),
            not_completed: self.not_completed.clone().map(Into::into),
            created_after: self.created_after,
            created_before: self.created_before,
        })
    }
}

/// A job, or with `dry_run` only numbers.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunCounted {
    companies: u64,
    /// Those who have completed the step and would be passed over; absent where several steps are run.
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_before: Option<u64>,
    dry_run: bool,
}

/// `POST /api/workflows/{id}/run`: runs companies through this workflow alone.
#[utoipa::path(
    post, path = "/api/workflows/{id}/run", tag = "workflows",
    params(
        ("id" = Id, Path, description = "The workflow."),
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = RunBody,
    responses(
        (status = 201, description = "The job, with all its companies.", body = RunMade),
        (status = 200, description = "With `dry_run`.", body = RunCounted),
    ),
)]
pub async fn workflow(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    id: Path<Id>,
    body: Json<RunBody>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let row = visible(&app, &caller, *id).await?;
    if !row.enabled {
        return Err(disabled("workflow_disabled", "this workflow is disabled"));
    }
    let part = Part {
        route: "POST /api/workflows/run",
        what: row.id.to_string(),
        play: row.play_name,
        step: Some(row.overall_step_number),
        selection: Selection {
            workflow_id: Some(row.id),
            ..Selection::default()
        },
    };
    run(&app, caller, key, part, body.into_inner()).await
}

/// `POST /api/plays/{play}/run`: runs companies through all steps of a play.
#[utoipa::path(
    post, path = "/api/plays/{play}/run", tag = "workflows",
    params(
        ("play" = String, Path, description = "The name of the play."),
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = RunBody,
    responses(
        (status = 201, description = "The job, with all its companies.", body = RunMade),
        (status = 200, description = "With `dry_run`.", body = RunCounted),
    ),
)]
pub async fn play(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    play: Path<String>,
    body: Json<RunBody>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let play = play.into_inner();
    runnable(&app, &caller, &play, None).await?;
    let part = Part {
        route: "POST /api/plays/run",
        what: play.clone(),
        play,
        step: None,
        selection: Selection::default(),
    };
    run(&app, caller, key, part, body.into_inner()).await
}

/// `POST /api/plays/{play}/steps/{step}/run`: runs companies through one step of a play.
#[utoipa::path(
    post, path = "/api/plays/{play}/steps/{step}/run", tag = "workflows",
    params(
        ("play" = String, Path, description = "The name of the play."),
        ("step" = i32, Path, description = "The number of the step."),
        ("Idempotency-Key" = Option<String>, Header, description = "Carried out once for each key, for 24 hours."),
    ),
    request_body = RunBody,
    responses(
        (status = 201, description = "The job, with all its companies.", body = RunMade),
        (status = 200, description = "With `dry_run`.", body = RunCounted),
    ),
)]
pub async fn step(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    path: Path<(String, i32)>,
    body: Json<RunBody>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let (play, number) = path.into_inner();
    runnable(&app, &caller, &play, Some(number)).await?;
    let part = Part {
        route: "POST /api/plays/steps/run",
        what: format!("{play} {number}"),
        play,
        step: Some(number),
        selection: Selection {
            step: Some(number),
            ..Selection::default()
        },
    };
    run(&app, caller, key, part, body.into_inner()).await
}

/// Refuses a play, or a step of it, that is not there or all of whose workflows are disabled.
async fn runnable(app: &App, caller: &Caller, play: &str, step: Option<i32>) -> Result<(), Problem> {
    let rows = app.reader.workflows_of_plays(&caller.scope, &[play.to_owned()]).await?;
    if rows.is_empty() {
        return Err(Problem::not_found(&format!("play '{play}'")));
    }
    let mut own = rows
        .iter()
        .filter(|row| step.is_none_or(|step| step == row.overall_step_number));
    match (own.clone().next(), own.any(|row| row.enabled), step) {
        (None, _, Some(step)) => Err(Problem::not_found(&format!("step {step} in the play '{play}'"))),
        (_, true, _) => Ok(()),
        (_, _, Some(_)) => Err(disabled("step_disabled", "every workflow of this step is disabled")),
        _ => Err(disabled("play_disabled", "every workflow of this play is disabled")),
    }
}

fn disabled(code: &'static str, what: &str) -> Problem {
    let detail = format!("{what}; PATCH a workflow with {{\"enabled\": true}} first");
    Problem::new(StatusCode::CONFLICT, code, detail)
}

/// What of which play is run.
struct Part {
    route: &'static str,
    /// What a key's requests are told apart by besides the body.
    what: String,
    play: String,
    /// Where it is one step.
    step: Option<i32>,
    selection: Selection,
}

async fn run(
    app: &Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    part: Part,
    body: RunBody,
) -> Result<HttpResponse, Problem> {
    let settings = read_settings(body.settings.as_ref())?;
    let chosen = choose(&body)?;
    if body.dry_run {
        return Ok(HttpResponse::Ok().json(count(app, &caller, &part, &chosen, body.force).await?));
    }
    let (shared, asker) = (app.clone(), caller.clone());
    let asked = (part.what.clone(), body.clone());
    once(app, &asker, key, part.route, &asked, move |request_key| async move {
        let app = shared;
        if let Chosen::Named(ids) = &chosen {
            known(&app, &caller, ids).await?;
        }
        settled(&app, &chosen).await?;
        let request = CompanyRun {
            scope: caller.scope.clone(),
            origin: caller.origin(),
            play: part.play,
            selection: Selection {
                force: body.force,
                ..part.selection
            },
            name: body.name,
            settings,
            chosen,
            request_key,
        };
        let made = run_companies(Arc::clone(&app.engine), app.reader.clone(), request).await?;
        app.overseer.do_send(Reconcile);
        Ok(made)
    })
    .await
}

fn choose(body: &RunBody) -> Result<Chosen, Problem> {
    match (&body.company_ids, &body.filter, body.all) {
        (Some(ids), None, false) => {
            if !(1..=MOST_NAMED).contains(&ids.len()) {
                let detail = format!("'company_ids' must have 1 to {MOST_NAMED} ids; take 'filter' or 'all' for more");
                return Err(Problem::bad_request(detail));
            }
            let mut ids = ids.clone();
            ids.sort_unstable();
            ids.dedup();
            Ok(Chosen::Named(ids))
        }
        (None, Some(filter), false) => Ok(Chosen::Matching(filter.read()?)),
        (None, None, true) => Ok(Chosen::Matching(CompanyFilter::default())),
        _ => Err(Problem::bad_request(
            "say which companies by one of 'company_ids', 'filter' and 'all': true",
        )),
    }
}

/// Where the filter asks for completions, all of them must be in the logs.
async fn settled(app: &App, chosen: &Chosen) -> Result<(), Problem> {
    if matches!(chosen, Chosen::Matching(filter) if filter.asks_for_completions()) {
        until_logged(&app.engine).await?;
    }
    Ok(())
}

/// Refuses ids that are no companies of the organisation, and names them.
async fn known(app: &App, caller: &Caller, ids: &[Id]) -> Result<(), Problem> {
    let mut unknown: Vec<String> = Vec::new();
    for page in ids.chunks(PAGE) {
        let found = app
            .reader
            .companies_after(&caller.scope, &of_ids(page), None, PAGE as u64)
            .await?;
        let missing = page.iter().filter(|id| !found.iter().any(|company| company.id == **id));
        unknown.extend(missing.map(ToString::to_string));
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "{} of the 'company_ids' are no companies of the organisation",
        unknown.len()
    );
    unknown.truncate(UNKNOWN_TOLD);
    let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_companies", detail);
    Err(problem.with("company_ids", json!(unknown)))
}

fn of_ids(ids: &[Id]) -> CompanyFilter {
    CompanyFilter {
        ids: Some(ids.to_vec()),
        ..CompanyFilter::default()
    }
}

async fn count(app: &App, caller: &Caller, part: &Part, chosen: &Chosen, force: bool) -> Result<RunCounted, Problem> {
    let filters: Vec<CompanyFilter> = match chosen {
        Chosen::Named(ids) => {
            known(app, caller, ids).await?;
            ids.chunks(PAGE).map(of_ids).collect()
        }
        Chosen::Matching(filter) => vec![filter.clone()],
    };
    until_logged(&app.engine).await?;
    let mut counted = RunCounted {
        companies: 0,
        completed_before: part.step.filter(|_| !force).map(|_| 0),
        dry_run: true,
    };
    for mut filter in filters {
        counted.companies += app.reader.count_companies(&caller.scope, &filter).await?;
        if let (Some(before), None) = (&mut counted.completed_before, &filter.completed) {
            filter.completed = Some(StepOfPlay {
                play: part.play.clone(),
                step: part.step,
            });
            *before += app.reader.count_companies(&caller.scope, &filter).await?;
        } else {
            counted.completed_before = None;
        }
    }
    if counted.companies == 0 {
        return Err(Problem::no_company_matches());
    }
    Ok(counted)
}
