//! What templates and schedules of batches have in common in requests.

use actix_web::http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::IntoParams;

use crate::http::problem::Problem;
use crate::model::batch_template::{NAME_CHARS, TemplateSource};
use crate::model::registration::filter::{Registered, RestaurantFilter};
use crate::model::registration::profile::Directory;
use crate::model::workflow_spec::Mistake;

/// How often a change without `If-Match` is made anew where somebody else comes between.
pub(super) const TRIES: usize = 5;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct BatchPageQuery {
    pub limit: Option<u64>,
    pub cursor: Option<String>,
}

/// What was sent, as its own type.
///
/// # Errors
/// 422 that says what is wrong with it.
pub(super) fn read<T: DeserializeOwned>(body: Map<String, Value>) -> Result<T, Problem> {
    serde_json::from_value(body.into()).map_err(|error| Problem::mistakes(&[Mistake::new("", error.to_string())]))
}

/// # Errors
/// 422 with all the mistakes, if there are any.
pub(super) fn refuse(mistakes: &[Mistake]) -> Result<(), Problem> {
    if mistakes.is_empty() {
        return Ok(());
    }
    Err(Problem::mistakes(mistakes))
}

pub(super) fn name_mistakes(name: &str) -> Option<Mistake> {
    let is_wrong = name.trim().is_empty() || name.chars().count() > NAME_CHARS;
    is_wrong.then(|| Mistake::new("/name", format!("must have 1 to {NAME_CHARS} characters")))
}

pub(super) fn limit_mistakes(limit: Option<i32>, max: usize) -> Option<Mistake> {
    let is_right = |limit: i32| usize::try_from(limit).is_ok_and(|limit| (1..=max).contains(&limit));
    let is_wrong = limit.is_some_and(|limit| !is_right(limit));
    is_wrong.then(|| Mistake::new("/limit", format!("must be 1 to {max}, or null for {max}")))
}

pub(super) fn filter_mistakes(filter: &RestaurantFilter, source: TemplateSource) -> Vec<Mistake> {
    let directory = match source {
        TemplateSource::Leads => Directory::Leads,
        TemplateSource::Restaurants => Directory::Restaurants,
    };
    let of_filter = filter.mistakes(directory).into_iter();
    let mut mistakes: Vec<Mistake> = of_filter
        .map(|mistake| Mistake::new(format!("/filter{}", mistake.pointer), mistake.detail))
        .collect();
    if filter.registered == Some(Registered::Open) {
        let detail = "restaurants that are being registered cannot be in another batch; say 'none' or 'completed'";
        mistakes.push(Mistake::new("/filter/registered", detail));
    }
    if filter.outcome_unknown == Some(true) {
        let detail = "such restaurants are left out of new batches: a retry of their registrations finds out first what was done";
        mistakes.push(Mistake::new("/filter/outcome_unknown", detail));
    }
    if filter.converted == Some(true) {
        let detail = "leads that are converted are restaurants; take a template over restaurants";
        mistakes.push(Mistake::new("/filter/converted", detail));
    }
    mistakes
}

/// A choice of nobody.
pub(super) fn no_restaurant_matches() -> Problem {
    let detail = "no restaurant matches that could be registered: those that are being registered, and those with a call of an earlier \
        registration of which nobody knows what it did, are left out; the preview shows who matches";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_restaurant_matches", detail)
}

pub(super) fn name_taken(what: &str, name: &str) -> Problem {
    let detail = format!("there is a {what} '{name}' in the organisation; give this one another name");
    Problem::new(StatusCode::CONFLICT, "name_taken", detail)
}

pub(super) fn too_many(what: &str, most: i64) -> Problem {
    let detail = format!("an organisation may have {most} {what}s; delete one first");
    Problem::new(StatusCode::CONFLICT, "too_many", detail)
}
