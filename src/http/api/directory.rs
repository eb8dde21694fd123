//! What leads and restaurants have in common over REST.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use entity::Id;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::actors::import::read_profile;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::cursor::{self, List};
use crate::http::etag::{expected_version, tagged};
use crate::http::idempotency::{IdempotencyKey, once};
use crate::http::problem::Problem;
use crate::model::merge_patch::merge;
use crate::model::registration::filter::RestaurantFilter;
use crate::model::registration::profile::{Directory, Kind, Profile, Stage};
use crate::model::workflow_spec::Mistake;
use crate::store::read::{Access, DirectoryEntry, Role};
use crate::store::write::{AddEntries, ChangeEntry, DeleteEntry, EntryChanged};

/// Leads or restaurants that one request may hold.
pub(super) const MOST: usize = 1_000;
/// How often a change without `If-Match` is made anew where somebody else comes between.
const TRIES: usize = 5;

/// A lead or a restaurant to make.
#[derive(Serialize, ToSchema)]
pub struct NewProfile {
    name: String,
    #[serde(flatten)]
    rest: ProfilePatch,
}

/// What to change of a lead or a restaurant, as a merge patch (RFC 7396): what is absent stays, what is `null` goes.
#[derive(Serialize, ToSchema)]
pub struct ProfilePatch {
    name: Option<String>,
    /// Default: `outbound`.
    #[serde(rename = "type")]
    kind: Option<Kind>,
    /// Default: `cold`.
    stage: Option<Stage>,
    /// 0 to 10.
    icp_score: Option<i32>,
    /// The sales team's own word for where it stands. Default: `new`.
    status: Option<String>,
    /// As anybody writes it; it is answered as it can be fetched, and `website_input` says what was written.
    website: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    address: Option<String>,
    city: Option<String>,
    region: Option<String>,
    /// ISO 3166-1 alpha-2.
    country: Option<String>,
    extraction_job_id: Option<String>,
    company_number: Option<String>,
    /// 13 digits.
    nzbn: Option<String>,
    /// Anything else that is known, up to 64 KiB.
    #[schema(value_type = Option<Object>)]
    data: Option<Value>,
}

/// The filter, if it makes sense for this list.
pub(super) fn checked(filter: RestaurantFilter, directory: Directory) -> Result<RestaurantFilter, Problem> {
    let mistakes = filter.mistakes(directory);
    if mistakes.is_empty() {
        Ok(filter)
    } else {
        Err(Problem::mistakes(&mistakes))
    }
}

/// A page of the list.
pub(super) async fn list<T: DirectoryEntry>(
    app: &App,
    caller: &Caller,
    filter: RestaurantFilter,
    cursor: Option<&str>,
    limit: Option<u64>,
) -> Result<Json<List<T>>, Problem> {
    let before = cursor::read(cursor)?;
    let limit = cursor::limit(limit)?;
    let filter = checked(filter, T::DIRECTORY)?;
    Ok(Json(
        app.reader.entries(&caller.scope, &filter, before, limit).await?.into(),
    ))
}

/// Makes one entry, or several.
pub(super) async fn create(
    app: &Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    directory: Directory,
    route: &'static str,
    body: &Value,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let (profiles, listed) = read_profiles(body, directory)?;
    let (shared, asker) = (app.clone(), caller.clone());
    once(app, &asker, key, route, body, move |request_key| async move {
        let command = AddEntries {
            directory,
            organisation_id: caller.scope.organisation_id,
            profiles,
            listed,
            key: request_key,
            origin: caller.origin(),
        };
        shared.command(command).await
    })
    .await
}

/// One object, a list of them, or a list as the only member of an object; with whether it is a list.
fn read_profiles(body: &Value, directory: Directory) -> Result<(Vec<Profile>, bool), Problem> {
    let table = directory.table();
    let (items, prefix) = match body {
        Value::Array(items) => (items, String::new()),
        Value::Object(members) => match members.get(table) {
            None => {
                let profile = read_profile(members).map_err(|mistakes| Problem::mistakes(&mistakes))?;
                return Ok((vec![profile], false));
            }
            Some(Value::Array(items)) if members.len() == 1 => (items, format!("/{table}")),
            Some(_) => return Err(wrong_list(table)),
        },
        _ => return Err(wrong_list(table)),
    };
    if !(1..=MOST).contains(&items.len()) {
        return Err(wrong_list(table));
    }
    let mut profiles = Vec::with_capacity(items.len());
    let mut mistakes = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let read = match item {
            Value::Object(item) => read_profile(item),
            _ => Err(vec![Mistake::new("", "must be an object")]),
        };
        match read {
            Ok(profile) => profiles.push(profile),
            Err(found) => mistakes.extend(found.into_iter().map(|mistake| {
                let pointer = format!("{prefix}/{place}{}", mistake.pointer);
                Mistake::new(pointer, mistake.detail)
            })),
        }
    }
    if mistakes.is_empty() {
        Ok((profiles, true))
    } else {
        Err(Problem::mistakes(&mistakes))
    }
}

fn wrong_list(table: &str) -> Problem {
    let detail =
        format!("send one object, a list of 1 to {MOST} of them, or such a list as '{table}' and nothing else");
    Problem::bad_request(detail)
}

/// The entry, if the caller may see it.
pub(super) async fn visible<T: DirectoryEntry>(app: &App, caller: &Caller, id: Id) -> Result<T, Problem> {
    let noun = T::DIRECTORY.noun();
    match app.reader.entry(&caller.scope, id).await? {
        Access::Granted(entry) => Ok(entry),
        Access::Forbidden => Err(Problem::forbidden(format!(
            "this {noun} belongs to another organisation"
        ))),
        Access::Missing => Err(Problem::not_found(noun)),
    }
}

/// The entry with its version as the ETag.
pub(super) async fn detail<T: DirectoryEntry>(app: &App, caller: &Caller, id: Id) -> Result<HttpResponse, Problem> {
    let entry: T = visible(app, caller, id).await?;
    Ok(tagged(entry.profile().version, &entry))
}

/// Changes an entry by a merge patch.
pub(super) async fn change<T: DirectoryEntry>(
    app: &App,
    caller: &Caller,
    request: &HttpRequest,
    id: Id,
    patch: Map<String, Value>,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    let expected = expected_version(request)?;
    let patch = Value::Object(patch);
    let mut outcome = EntryChanged::NotFound;
    for _ in 0..TRIES {
        let entry: T = visible(app, caller, id).await?;
        let version = entry.profile().version;
        if expected.is_some_and(|expected| expected != version) {
            return Err(Problem::stale(version));
        }
        let mut fields = json!(entry.profile());
        merge(&mut fields, &patch);
        let fields = fields.as_object().cloned().unwrap_or_default();
        let command = ChangeEntry {
            directory: T::DIRECTORY,
            id,
            organisation_id: caller.scope.organisation_id,
            version,
            profile: read_profile(&fields).map_err(|mistakes| Problem::mistakes(&mistakes))?,
            origin: caller.origin(),
        };
        outcome = app.command(command).await?;
        let again = expected.is_none() && matches!(outcome, EntryChanged::Stale { .. });
        if !again {
            break;
        }
    }
    match outcome {
        EntryChanged::Accepted | EntryChanged::Unchanged => detail::<T>(app, caller, id).await,
        refusal => Err(refused(&refusal, T::DIRECTORY)),
    }
}

/// Deletes an entry.
pub(super) async fn delete<T: DirectoryEntry>(
    app: &App,
    caller: &Caller,
    request: &HttpRequest,
    id: Id,
) -> Result<HttpResponse, Problem> {
    caller.require(Role::Member)?;
    visible::<T>(app, caller, id).await?;
    let command = DeleteEntry {
        directory: T::DIRECTORY,
        id,
        organisation_id: caller.scope.organisation_id,
        version: expected_version(request)?,
        origin: caller.origin(),
    };
    match app.command(command).await? {
        EntryChanged::Accepted => Ok(HttpResponse::NoContent().finish()),
        refusal => Err(refused(&refusal, T::DIRECTORY)),
    }
}

fn refused(refusal: &EntryChanged, directory: Directory) -> Problem {
    match refusal {
        EntryChanged::Stale { version } => Problem::stale(*version),
        EntryChanged::HasRegistrations => {
            let detail = "this restaurant has registrations, which are kept; give it another 'status' instead";
            Problem::new(StatusCode::CONFLICT, "has_registrations", detail)
        }
        EntryChanged::OfLead(lead) => {
            let detail = "a lead has become this restaurant; delete the lead first";
            Problem::new(StatusCode::CONFLICT, "converted_from_lead", detail).with("lead_id", lead.to_string())
        }
        EntryChanged::Accepted | EntryChanged::Unchanged | EntryChanged::NotFound => {
            Problem::not_found(directory.noun())
        }
    }
}
