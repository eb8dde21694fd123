//! How it is told what stands against a batch: all of it at once, each by its place in the request.

use actix_web::http::StatusCode;
use entity::Id;
use serde_json::{Map, Value, json};

use crate::http::problem::Problem;
use crate::store::write::{BatchRefused, UnknownCalls};

/// One thing that stands against a request.
#[derive(Debug)]
pub struct Against {
    status: StatusCode,
    code: &'static str,
    /// Where it is: a JSON pointer into the request.
    pointer: String,
    detail: String,
    /// What else is told of it.
    more: Box<Map<String, Value>>,
}

impl Against {
    pub fn new(status: StatusCode, code: &'static str, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            pointer: pointer.into(),
            detail: detail.into(),
            more: Box::default(),
        }
    }

    /// Adds a member beside the usual ones.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// Something that the request says wrongly.
    pub fn wrong(code: &'static str, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, pointer, detail)
    }

    /// The same of a request that has what it is about in a member of its own.
    pub fn within(mut self, member: &str) -> Self {
        self.pointer.insert_str(0, member);
        self
    }

    /// The answer where this alone stands against it, or is the gravest of several.
    pub fn problem(self) -> Problem {
        refusal(vec![self])
    }

    /// Whether the request itself is wrong, rather than the moment.
    pub fn is_wrong(&self) -> bool {
        self.status == StatusCode::UNPROCESSABLE_ENTITY
    }

    /// The registration that it is about.
    pub fn registration(&self) -> Option<&str> {
        self.more.get("registration_job_id")?.as_str()
    }

    fn told(&self) -> Value {
        let mut told = Map::clone(&self.more);
        told.insert("pointer".to_owned(), json!(self.pointer));
        told.insert("code".to_owned(), json!(self.code));
        told.insert("detail".to_owned(), json!(self.detail));
        Value::Object(told)
    }
}

/// The answer to a request that something stands against: status and code are those of the first, `errors` has all.
pub fn refusal(all: Vec<Against>) -> Problem {
    refusal_of("", all)
}

/// The same, with what it comes to before the first detail.
pub fn refusal_of(outcome: &str, all: Vec<Against>) -> Problem {
    let errors: Vec<Value> = all.iter().map(Against::told).collect();
    let many = all.len();
    let Some(first) = all.into_iter().next() else {
        return Problem::bad_request("the request cannot be carried out");
    };
    let detail = match many {
        1 => format!("{outcome}{}", first.detail),
        many => format!("{outcome}{}; there are {many} mistakes in all", first.detail),
    };
    Problem::new(first.status, first.code, detail).with("errors", errors)
}

/// What stands against a batch of these restaurants, whose places in the request `pointer` gives: first those of others, then those
/// that are not there, then those that are being registered.
pub fn restaurants_refused(refused: &BatchRefused, ids: &[Id], pointer: impl Fn(usize) -> String) -> Problem {
    let at = |id: &Id| pointer(ids.iter().position(|each| each == id).unwrap_or_default());
    let foreign = refused.foreign.iter().map(|id| {
        let detail = format!("the restaurant {id} belongs to another organisation");
        Against::new(StatusCode::FORBIDDEN, "forbidden", at(id), detail)
    });
    let unknown = refused.unknown.iter().map(|id| {
        let detail = format!("there is no restaurant {id}; GET /api/restaurants lists them");
        Against::wrong("unknown_restaurant", at(id), detail)
    });
    let busy = refused.busy.iter().map(|(id, batch)| {
        let detail = format!("{}; {BUSY_ADVICE}", being_registered(*id, *batch));
        Against::new(StatusCode::CONFLICT, "restaurant_busy", at(id), detail)
    });
    let doubtful = refused.doubtful.iter().map(|calls| {
        let pointer = at(&calls.restaurant_id);
        Against::new(StatusCode::CONFLICT, OUTCOME_UNKNOWN, pointer, doubt(calls))
            .with("registration_job_id", json!(calls.registration_id))
            .with("sub_steps", json!(calls.sub_steps))
    });
    let problem = refusal(foreign.chain(unknown).chain(busy).chain(doubtful).collect());
    if refused.busy.is_empty() {
        problem
    } else {
        problem.with("busy", told(&refused.busy))
    }
}

const OUTCOME_UNKNOWN: &str = "outcome_unknown";

fn doubt(calls: &UnknownCalls) -> String {
    let (restaurant, registration) = (calls.restaurant_id, calls.registration_id);
    format!(
        "nobody knows what calls of an earlier registration of the restaurant {restaurant} have done ({}), and this would do it again; \
         POST /api/registration-jobs/{registration}/retry finds out first, once its batch is paused or has ended, and `\"despite_unknown_outcomes\": true` does it all the same",
        calls.sub_steps.join(", ")
    )
}

/// Restaurants of a request that does not name them, with calls of ended registrations of which nobody knows what they did.
pub fn outcome_unknown(calls: &[UnknownCalls]) -> Problem {
    let detail = calls.first().map(doubt).unwrap_or_default();
    let told = |calls: &UnknownCalls| {
        json!({
            "restaurant_id": calls.restaurant_id,
            "registration_job_id": calls.registration_id,
            "sub_steps": calls.sub_steps,
        })
    };
    let calls: Vec<Value> = calls.iter().map(told).collect();
    Problem::new(StatusCode::CONFLICT, OUTCOME_UNKNOWN, detail).with("calls", calls)
}

const BUSY_ADVICE: &str = "wait until that batch has ended, or cancel it";

fn being_registered(restaurant: Id, batch: Id) -> String {
    format!("the restaurant {restaurant} is being registered in the batch {batch}")
}

fn told(busy: &[(Id, Id)]) -> Vec<Value> {
    busy.iter()
        .map(|(restaurant, batch)| json!({ "restaurant_id": restaurant, "batch_id": batch }))
        .collect()
}

/// Restaurants that are being registered elsewhere, of a request that does not name them.
pub fn busy(busy: &[(Id, Id)]) -> Problem {
    let first = busy
        .first()
        .map(|(restaurant, batch)| being_registered(*restaurant, *batch));
    let detail = format!("{}; {BUSY_ADVICE}", first.unwrap_or_default());
    Problem::new(StatusCode::CONFLICT, "restaurant_busy", detail).with("busy", told(busy))
}
