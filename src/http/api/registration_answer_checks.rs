//! What stands against answers, each by its place in the request.

use std::collections::HashSet;

use actix_web::http::StatusCode;
use entity::Id;
use serde_json::{Value, json};

use super::batch_refusals::{Against, refusal_of};
use super::registration_answers::form_of;
use crate::http::app::App;
use crate::http::problem::Problem;
use crate::model::registration::form::answer_mistakes;
use crate::model::registration::step::StepNumber;
use crate::store::write::{AnswerGiven, Answered};

/// Every answer that does not match the form, or names a registration that another names.
pub(super) fn check(app: &App, step: StepNumber, answers: &[AnswerGiven]) -> Result<(), Problem> {
    if answers.is_empty() {
        return Err(Problem::bad_request("give at least one answer"));
    }
    let most = app.engine.settings().registration.max_restaurants;
    if answers.len() > most {
        return Err(Problem::bad_request(format!("give at most {most} answers at a time")));
    }
    let form = form_of(app, step);
    let mut seen = HashSet::with_capacity(answers.len());
    let mut against = Vec::new();
    for (place, given) in answers.iter().enumerate() {
        let of = |code, pointer: String, detail: String| {
            Against::wrong(code, pointer, detail).with("registration_job_id", given.job_id.to_string())
        };
        if !seen.insert(given.job_id) {
            let detail = "stands twice in this request; answer it once".to_owned();
            against.push(of("answered_twice", place_of(step, place), detail));
        }
        let said = match step {
            StepNumber::Configuration => format!("{}/config", place_of(step, place)),
            _ => place_of(step, place),
        };
        if let Some(detail) = result_missing(app, step, &given.answer) {
            against.push(of("result_missing", format!("{said}/result"), detail));
        }
        match answer_mistakes(&form, &given.answer) {
            Ok(mistakes) => against.extend(mistakes.into_iter().map(|mistake| {
                let within = mistake.split_once(": ").filter(|(within, _)| within.starts_with('/'));
                let within = within.map_or("", |(within, _)| within);
                of("invalid", format!("{said}{within}"), mistake.clone())
            })),
            Err(error) => against.push(of(
                "invalid",
                said,
                format!("the step's form {error}; mend registration.toml"),
            )),
        }
    }
    let Some(job) = against.iter().find_map(Against::registration) else {
        return Ok(());
    };
    let outcome = format!("the answer for {job} does not match the step's form: ");
    Err(refusal_of(&outcome, against))
}

/// What was done outside gave something that later sub-steps go on with: without it the registration could go nowhere.
fn result_missing(app: &App, step: StepNumber, answer: &Value) -> Option<String> {
    let slug = answer["sub_step"].as_str()?;
    let needed = step == StepNumber::Execution
        && answer["done"] == true
        && answer["result"].is_null()
        && app.engine.registration_plan().is_read_by_others(slug);
    needed.then(|| {
        format!(
            "later sub-steps go on with what '{slug}' gave: say it as 'result', as the platform shows it, such as {{\"id\": \"...\"}}; \
             or say \"done\": false, and it is done again"
        )
    })
}

/// Where an answer stands in its request.
fn place_of(step: StepNumber, place: usize) -> String {
    let list = match step {
        StepNumber::CompanySelection => "selections",
        StepNumber::Configuration => "configurations",
        _ => "answers",
    };
    format!("/{list}/{place}")
}

/// Nothing was taken; every answer that stands against it is told, those that no state could allow first.
pub(super) fn refused(step: StepNumber, jobs: &[Id], answered: &[Answered]) -> Problem {
    let against = jobs.iter().zip(answered).enumerate();
    let against = against.filter_map(|(place, (job, answered))| stands_against(&place_of(step, place), *job, answered));
    let (mut first, then): (Vec<Against>, Vec<Against>) = against.partition(Against::is_wrong);
    first.extend(then);
    refusal_of("nothing was answered: ", first)
}

fn stands_against(pointer: &str, job: Id, answered: &Answered) -> Option<Against> {
    let conflict = |code, detail: String| Against::new(StatusCode::CONFLICT, code, pointer, detail);
    let against = match answered {
        Answered::Accepted | Answered::Kept | Answered::Same => return None,
        Answered::Different { first, by, at } => {
            let detail = "it was answered before, and differently; the first answer counts".to_owned();
            conflict("answered_differently", detail)
                .with("first", first.clone())
                .with("answered_by", json!(by))
                .with("answered_at", json!(at))
        }
        Answered::NotWaiting { batch, job, step } => {
            let detail = format!(
                "a step whose status is '{step}' cannot become 'completed' by an answer: its registration is '{job}' and \
                 its batch '{batch}'; GET /api/actions tells what is asked"
            );
            conflict("illegal_transition", detail)
                .with("from", json!(step))
                .with("to", "completed")
                .with("job", json!(job))
                .with("batch", json!(batch))
        }
        Answered::OtherSubStep { asked } => {
            let detail = format!("what is asked about is the sub-step '{asked}', and the answer names another");
            conflict("other_sub_step", detail).with("sub_step", json!(asked))
        }
        Answered::UnknownJob => {
            let detail = "the batch has no such registration; GET /api/actions lists those that wait";
            Against::wrong("unknown_registration", pointer, detail)
        }
        Answered::UnknownCandidate => {
            let detail = "it is no candidate of this registration; GET /api/actions lists them";
            Against::wrong("unknown_candidate", pointer, detail)
        }
    };
    Some(against.with("registration_job_id", job.to_string()))
}
