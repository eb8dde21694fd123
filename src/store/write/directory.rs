//! Leads and restaurants: made, changed, deleted.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use entity::Id;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};
use serde_json::json;

use super::audit;
use super::group::Group;
use super::idempotency::{KeyAnswer, RequestKey, StoredAnswer};
use crate::model::journal::Origin;
use crate::model::registration::profile::{Directory, Profile, search_key};
use crate::store::read::{LeadView, RestaurantView, shown};
use crate::store::rows::{Rows, json as as_json, statement};

/// The columns of a profile; `data` is the last.
pub(super) const COLUMNS: [&str; 20] = [
    "name",
    "name_key",
    "type",
    "stage",
    "icp_score",
    "status",
    "website",
    "website_input",
    "phone",
    "email",
    "address",
    "city",
    "city_key",
    "region",
    "region_key",
    "country",
    "extraction_job_id",
    "company_number",
    "nzbn",
    "data",
];

/// What the [`COLUMNS`] of a profile hold.
fn values(profile: &Profile) -> [Value; COLUMNS.len()] {
    let key = |text: &Option<String>| text.as_deref().map(search_key);
    [
        profile.name.clone().into(),
        search_key(&profile.name).into(),
        profile.kind.as_str().into(),
        profile.stage.as_str().into(),
        profile.icp_score.into(),
        profile.status.clone().into(),
        profile.website.clone().into(),
        profile.website_input.clone().into(),
        profile.phone.clone().into(),
        profile.email.clone().into(),
        profile.address.clone().into(),
        profile.city.clone().into(),
        key(&profile.city).into(),
        profile.region.clone().into(),
        key(&profile.region).into(),
        profile.country.clone().into(),
        profile.extraction_job_id.clone().into(),
        profile.company_number.clone().into(),
        profile.nzbn.clone().into(),
        profile.data.to_string().into(),
    ]
}

/// Writes new entries; `unless` is a condition over a row `v` under which it is left out. Tells how many were written.
async fn insert<'a>(
    group: &Group<'_>,
    directory: Directory,
    organisation_id: Id,
    entries: impl ExactSizeIterator<Item = (Id, &'a Profile)>,
    unless: &str,
) -> Result<u64, DbErr> {
    // The profile stands between the ids and the time.
    const AT: usize = COLUMNS.len() + 3;
    let mut rows = Rows::new(AT, entries.len());
    for (id, profile) in entries {
        let ids = [id.into(), organisation_id.into()];
        rows.push_wide(ids.into_iter().chain(values(profile)).chain([group.now.into()]));
    }
    let selected = (1..=AT).map(|place| {
        let column = format!("v.column{place}");
        match place.checked_sub(3).and_then(|place| COLUMNS.get(place)) {
            // PostgreSQL takes a list of nothing but nulls for text.
            Some(&"icp_score") => format!("cast({column} as integer)"),
            Some(&"data") => as_json(group.backend, &column),
            _ => column,
        }
    });
    let selected = selected.collect::<Vec<_>>().join(", ");
    let (table, columns) = (directory.table(), COLUMNS.join(", "));
    let statements = rows.statements(group.backend, |list| {
        format!(
            "insert into {table} (id, organisation_id, {columns}, created_at, updated_at) \
             select {selected}, v.column{AT} from (values {list}) as v where not ({unless})"
        )
    });
    let mut written = 0;
    for statement in statements {
        written += group.tx.execute_raw(statement).await?.rows_affected();
    }
    Ok(written)
}

/// Makes up to 1,000 leads or restaurants. Answered with what whoever sent them is answered.
#[derive(Clone, Debug)]
pub struct AddEntries {
    pub directory: Directory,
    pub organisation_id: Id,
    pub profiles: Vec<Profile>,
    /// Whether they were sent as a list; else there is one.
    pub listed: bool,
    /// Where this ends a request that carried a key.
    pub key: Option<RequestKey>,
    pub origin: Origin,
}

impl AddEntries {
    pub(super) fn bytes(&self) -> usize {
        self.profiles.iter().map(Profile::bytes).sum()
    }

    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<StoredAnswer, DbErr> {
        let ids: Vec<Id> = self.profiles.iter().map(|_| Id::now()).collect();
        let entries = ids.iter().copied().zip(&self.profiles);
        insert(group, self.directory, self.organisation_id, entries, "false").await?;
        audit::note(group, &self.origin, self.object(&ids)).await?;
        let answer = self.answer(&ids, group.now);
        if let Some(request) = &self.key {
            let answer = KeyAnswer {
                request: request.clone(),
                answer: answer.clone(),
            };
            answer.write(group).await?;
        }
        Ok(answer)
    }

    fn object(&self, ids: &[Id]) -> String {
        match ids {
            [id] => format!("{} {id}", self.directory.noun()),
            _ => format!("{} {}", ids.len(), self.directory.table()),
        }
    }

    fn answer(&self, ids: &[Id], now: DateTime<Utc>) -> StoredAnswer {
        let table = self.directory.table();
        let views = ids.iter().zip(&self.profiles).map(|(id, profile)| {
            let view = RestaurantView::new(*id, profile, now);
            match self.directory {
                Directory::Restaurants => json!(view),
                Directory::Leads => json!(LeadView::from(view)),
            }
        });
        let mut views: Vec<_> = views.collect();
        let (location, body) = if self.listed {
            (None, json!({ "created": views.len(), table: views }))
        } else {
            let location = ids.first().map(|id| format!("/api/{table}/{id}"));
            (location, views.pop().unwrap_or_default())
        };
        StoredAnswer {
            status: 201,
            location,
            body: body.to_string(),
        }
    }
}

/// Takes up to 1,000 leads of a list. One whose name, website, telephone, e-mail address, address and city are those of a lead
/// that is there is passed over, so that a list can be sent again. Answered with how many were made.
#[derive(Clone, Debug)]
pub struct ImportLeads {
    pub organisation_id: Id,
    pub profiles: Vec<Profile>,
    /// With the last ones of a list that was sent with a key.
    pub answer: Option<KeyAnswer>,
    pub origin: Origin,
}

impl ImportLeads {
    pub(super) fn bytes(&self) -> usize {
        self.profiles.iter().map(Profile::bytes).sum()
    }

    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<u64, DbErr> {
        let known = format!(
            "exists (select 1 from leads l where l.organisation_id = v.column2 and {})",
            ["name_key", "website", "phone", "email", "address", "city_key"]
                .map(is_that_of_the_row)
                .join(" and ")
        );
        let mut met = HashSet::new();
        let entries: Vec<(Id, &Profile)> = self
            .profiles
            .iter()
            .filter(|profile| met.insert(told_apart(profile)))
            .map(|profile| (Id::now(), profile))
            .collect();
        let made = insert(
            group,
            Directory::Leads,
            self.organisation_id,
            entries.into_iter(),
            &known,
        )
        .await?;
        if made > 0 {
            audit::note(group, &self.origin, format!("{made} leads of a list")).await?;
        }
        if let Some(answer) = &self.answer {
            answer.write(group).await?;
        }
        Ok(made)
    }
}

/// Compares a column of a lead `l` with a row `v` of [`insert`]; two that are absent are alike.
fn is_that_of_the_row(column: &str) -> String {
    let place = COLUMNS
        .iter()
        .position(|known| *known == column)
        .map_or(0, |place| place + 3);
    let sign = if column == "name_key" {
        "="
    } else {
        "is not distinct from"
    };
    format!("l.{column} {sign} v.column{place}")
}

fn told_apart(profile: &Profile) -> [Option<String>; 6] {
    [
        Some(search_key(&profile.name)),
        profile.website.clone(),
        profile.phone.clone(),
        profile.email.clone(),
        profile.address.clone(),
        profile.city.as_deref().map(search_key),
    ]
}

/// Changes a lead or a restaurant, if nobody has changed it since `version`.
#[derive(Clone, Debug)]
pub struct ChangeEntry {
    pub directory: Directory,
    pub id: Id,
    pub organisation_id: Id,
    pub version: i32,
    pub profile: Profile,
    pub origin: Origin,
}

/// Deletes a lead or a restaurant, if nobody has changed it since `version`.
#[derive(Clone, Debug)]
pub struct DeleteEntry {
    pub directory: Directory,
    pub id: Id,
    pub organisation_id: Id,
    /// What the sender believes to delete; `None`: whatever is there.
    pub version: Option<i32>,
    pub origin: Origin,
}

/// The answer to [`ChangeEntry`] and [`DeleteEntry`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryChanged {
    Accepted,
    /// It is what it was asked to be already; its version is the old one.
    Unchanged,
    /// Somebody has changed it meanwhile.
    Stale {
        version: i32,
    },
    /// A restaurant stays as long as there are registrations of it.
    HasRegistrations,
    /// A restaurant stays as long as the lead is there that has become it.
    OfLead(Id),
    NotFound,
}

impl ChangeEntry {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<EntryChanged, DbErr> {
        let Some(current) = find(group, self.directory, self.organisation_id, self.id).await? else {
            return Ok(EntryChanged::NotFound);
        };
        if current.version != self.version {
            return Ok(EntryChanged::Stale {
                version: current.version,
            });
        }
        if current.with(&self.profile) == current {
            return Ok(EntryChanged::Unchanged);
        }
        let data = as_json(group.backend, "?");
        let set = COLUMNS.map(|column| match column {
            "data" => format!("data = {data}"),
            _ => format!("{column} = ?"),
        });
        let sql = format!(
            "update {} set {}, version = version + 1, updated_at = ? where id = ?",
            self.directory.table(),
            set.join(", ")
        );
        let last = [group.now.into(), self.id.into()];
        group
            .execute(&sql, values(&self.profile).into_iter().chain(last))
            .await?;
        audit::note(group, &self.origin, format!("{} {}", self.directory.noun(), self.id)).await?;
        Ok(EntryChanged::Accepted)
    }
}

impl DeleteEntry {
    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<EntryChanged, DbErr> {
        let Some(current) = find(group, self.directory, self.organisation_id, self.id).await? else {
            return Ok(EntryChanged::NotFound);
        };
        if self.version.is_some_and(|version| version != current.version) {
            return Ok(EntryChanged::Stale {
                version: current.version,
            });
        }
        if self.directory == Directory::Restaurants
            && let Some(use_of_it) = self.used(group).await?
        {
            return Ok(use_of_it);
        }
        let sql = format!("delete from {} where id = ?", self.directory.table());
        group.execute(&sql, [self.id.into()]).await?;
        audit::note(group, &self.origin, format!("{} {}", self.directory.noun(), self.id)).await?;
        Ok(EntryChanged::Accepted)
    }

    async fn used(&self, group: &Group<'_>) -> Result<Option<EntryChanged>, DbErr> {
        const JOB: &str = "select id from registration_jobs where restaurant_id = ? limit 1";
        const LEAD: &str = "select id from leads where converted_restaurant_id = ? limit 1";
        let job = statement(group.backend, JOB, [self.id.into()]);
        if group.tx.query_one_raw(job).await?.is_some() {
            return Ok(Some(EntryChanged::HasRegistrations));
        }
        let lead = group
            .tx
            .query_one_raw(statement(group.backend, LEAD, [self.id.into()]))
            .await?;
        let lead = lead.map(|row| row.try_get("", "id")).transpose()?;
        Ok(lead.map(EntryChanged::OfLead))
    }
}

async fn find(
    group: &Group<'_>,
    directory: Directory,
    organisation_id: Id,
    id: Id,
) -> Result<Option<RestaurantView>, DbErr> {
    let (shown, table) = (shown(Directory::Restaurants), directory.table());
    let sql = format!("select {shown} from {table} r where r.id = ? and r.organisation_id = ?");
    let found = statement(group.backend, &sql, [id.into(), organisation_id.into()]);
    let row = group.tx.query_one_raw(found).await?;
    row.map(|row| RestaurantView::from_query_result(&row, "")).transpose()
}
