//! `GET /api/actions`: what waits for a person.

use actix_web::web::{Data, Json, Query};
use chrono::{DateTime, Utc};
use entity::Id;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::registration_answers::finding_form;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::problem::Problem;
use crate::model::registration::plan::{OnDeadline, RegistrationPlan};
use crate::model::registration::step::StepNumber;
use crate::store::read::{ActionFilter, ActionView, CandidateView, Page};

/// Which questions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ActionQuery {
    batch_id: Option<Id>,
    /// 3 (company), 5 (configuration) or 6 (was this done?).
    step: Option<i32>,
    /// `true`: only how many there are.
    #[serde(default)]
    count: bool,
    limit: Option<u64>,
    cursor: Option<String>,
}

/// A question that waits for an answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Action {
    registration_job_id: Id,
    batch_id: Id,
    batch_name: String,
    /// Of a paused batch, answers are taken and count when it goes on.
    batch_status: String,
    restaurant_id: Id,
    restaurant_name: String,
    step: i32,
    step_name: &'static str,
    title: String,
    /// When it was asked.
    since: DateTime<Utc>,
    /// When it is said again that somebody is waited for.
    remind_at: Option<DateTime<Utc>>,
    /// When the question is closed.
    until: Option<DateTime<Utc>>,
    /// What is taken then; without it the registration fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    default: Option<Value>,
    /// A JSON Schema that the answer must match.
    #[schema(value_type = Object)]
    form: Value,
    /// Where the answer goes.
    answer_to: String,
    /// Of a company selection: what was found, the likeliest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<CandidateView>,
    /// Of a configuration: what is proposed. Of a cut off call: what is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    asked: Option<Value>,
}

/// What is answered: the questions, or how many there are.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Actions {
    List(List<Action>),
    Count(ActionCount),
}

/// How many questions wait.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionCount {
    count: i64,
}

fn action(plan: &RegistrationPlan, view: ActionView) -> Option<Action> {
    let step = StepNumber::try_from(view.step_number).ok()?;
    let planned = plan.step(step);
    let ask = planned.and_then(|planned| planned.ask.as_ref());
    let form = match step {
        StepNumber::Execution => finding_form(),
        _ => ask.map_or_else(|| json!({}), |ask| ask.form.clone()),
    };
    let at_the_end = ask.filter(|ask| view.due_at.is_some() && ask.on_deadline == OnDeadline::Default);
    let default = at_the_end.and_then(|ask| ask.default.clone());
    let (id, number) = (view.batch_job_id, view.step_number);
    Some(Action {
        registration_job_id: view.registration_job_id,
        batch_id: id,
        batch_name: view.batch_name,
        batch_status: view.batch_status,
        restaurant_id: view.restaurant_id,
        restaurant_name: view.restaurant_name,
        step: number,
        step_name: step.name(),
        title: planned.map_or_else(|| step.name().to_owned(), |planned| planned.title.clone()),
        since: view.since,
        remind_at: view.remind_at,
        until: view.due_at,
        default,
        form,
        answer_to: format!("/api/registration-batches/{id}/steps/{number}/complete"),
        candidates: view.candidates,
        asked: view
            .asked
            .filter(|asked| asked.as_object().is_some_and(|asked| !asked.is_empty())),
    })
}

/// What waits for a person in the organisation, oldest first, with the form of its answer.
#[utoipa::path(
    get, path = "/api/actions", tag = "registration batches",
    params(ActionQuery),
    responses(
        (status = 200, description = "The questions; with `count` their number.", body = Actions),
    ),
)]
pub async fn list(app: Data<App>, caller: Caller, query: Query<ActionQuery>) -> Result<Json<Actions>, Problem> {
    if query.step.is_some_and(|step| ![3, 5, 6].contains(&step)) {
        return Err(Problem::bad_request(
            "'step' must be 3, 5 or 6; no other step asks anybody",
        ));
    }
    let filter = ActionFilter {
        batch_id: query.batch_id,
        step: query.step,
        after: cursor::read(query.cursor.as_deref())?,
        limit: cursor::limit(query.limit)?,
    };
    if let Some(batch) = query.batch_id {
        app.registration_batch(&caller, batch).await?;
    }
    if query.count {
        let count = app.reader.count_actions(&caller.scope, &filter).await?;
        return Ok(Json(Actions::Count(ActionCount { count })));
    }
    let Page { data, last } = app.reader.actions(&caller.scope, &filter).await?;
    let plan = app.engine.registration_plan();
    let data = data.into_iter().filter_map(|view| action(&plan, view)).collect();
    Ok(Json(Actions::List(Page { data, last }.into())))
}
