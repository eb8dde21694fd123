//! Leads become restaurants.

use std::collections::HashMap;

use entity::Id;
use sea_orm::{ConnectionTrait, DbErr};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::audit;
use super::directory::COLUMNS;
use super::group::Group;
use super::idempotency::{KeyAnswer, RequestKey, StoredAnswer};
use super::registrations::{NewBatch, NewRegistration, UnknownCalls, make_batch, obstacles};
use crate::model::journal::Origin;
use crate::store::rows::{Rows, in_list, statement};

/// Makes a restaurant of each lead, with all its fields; one that has become a restaurant keeps it. All of them or none.
#[derive(Clone, Debug)]
pub struct ConvertLeads {
    pub organisation_id: Id,
    /// Up to 1,000, each once.
    pub lead_ids: Vec<Id>,
    /// Whether more leads match than are converted here.
    pub more: bool,
    /// The batch that the restaurants come into.
    pub batch: Option<BatchOfLeads>,
    /// Where this ends a request that carried a key.
    pub key: Option<RequestKey>,
    pub origin: Origin,
}

/// A batch of the restaurants that leads have become.
#[derive(Clone, Debug)]
pub struct BatchOfLeads {
    pub id: Id,
    pub name: String,
    /// Whether executions go side by side.
    pub parallel: bool,
    /// What all restaurants have in common, an object.
    pub settings: serde_json::Value,
    pub created_by: Option<Id>,
    pub template_id: Option<Id>,
    pub start: bool,
    /// Also where nobody knows what a call of an ended registration of a restaurant has done.
    pub despite_unknown_outcomes: bool,
}

/// The restaurant that a lead has become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConvertedLead {
    /// The restaurant.
    pub id: Id,
    pub lead_id: Id,
    pub name: String,
    /// Whether it was made now; else the lead was converted before.
    pub created: bool,
}

/// The answer to [`ConvertLeads`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeadsConverted {
    Accepted {
        /// In the order of the leads.
        restaurants: Vec<ConvertedLead>,
        /// What whoever asked is answered.
        answer: StoredAnswer,
    },
    /// Nothing is converted. Places in `lead_ids`, from 0.
    Refused {
        missing: Vec<usize>,
        /// Leads of other organisations.
        foreign: Vec<usize>,
    },
    /// Nothing is converted: restaurants that leads have become before are being registered, the restaurant and the batch that does.
    Busy(Vec<(Id, Id)>),
    /// Nothing is converted: ended registrations of restaurants that leads have become before made calls of which nobody knows
    /// what they did.
    OutcomeUnknown(Vec<UnknownCalls>),
}

/// A lead as far as it is looked at here.
struct Lead {
    organisation_id: Id,
    name: String,
    restaurant_id: Option<Id>,
}

impl ConvertLeads {
    pub(super) fn bytes(&self) -> usize {
        self.lead_ids.len() * size_of::<Id>()
    }

    pub(super) async fn apply(&self, group: &mut Group<'_>) -> Result<LeadsConverted, DbErr> {
        let leads = self.leads(group).await?;
        let mut restaurants = Vec::with_capacity(self.lead_ids.len());
        let (mut missing, mut foreign) = (Vec::new(), Vec::new());
        for (place, lead_id) in self.lead_ids.iter().enumerate() {
            match leads.get(lead_id) {
                None => missing.push(place),
                Some(lead) if lead.organisation_id != self.organisation_id => foreign.push(place),
                Some(lead) => restaurants.push(ConvertedLead {
                    id: lead.restaurant_id.unwrap_or_else(Id::now),
                    lead_id: *lead_id,
                    name: lead.name.clone(),
                    created: lead.restaurant_id.is_none(),
                }),
            }
        }
        if !missing.is_empty() || !foreign.is_empty() {
            return Ok(LeadsConverted::Refused { missing, foreign });
        }
        if let Some(batch) = &self.batch {
            let known: Vec<Id> = restaurants
                .iter()
                .filter(|lead| !lead.created)
                .map(|lead| lead.id)
                .collect();
            let against = obstacles(group, self.organisation_id, &known).await?;
            if !against.busy.is_empty() {
                return Ok(LeadsConverted::Busy(against.busy));
            }
            if !against.doubtful.is_empty() && !batch.despite_unknown_outcomes {
                return Ok(LeadsConverted::OutcomeUnknown(against.doubtful));
            }
        }
        convert(group, &restaurants).await?;
        if let Some(batch) = &self.batch {
            self.make_batch(group, batch, &restaurants).await?;
        }
        audit::note(group, &self.origin, format!("{} leads", restaurants.len())).await?;
        let answer = self.answer(&restaurants);
        if let Some(request) = &self.key {
            let answer = KeyAnswer {
                request: request.clone(),
                answer: answer.clone(),
            };
            answer.write(group).await?;
        }
        Ok(LeadsConverted::Accepted { restaurants, answer })
    }

    async fn make_batch(
        &self,
        group: &mut Group<'_>,
        batch: &BatchOfLeads,
        restaurants: &[ConvertedLead],
    ) -> Result<(), DbErr> {
        let jobs: Vec<NewRegistration> = restaurants.iter().map(|lead| NewRegistration::of(lead.id)).collect();
        let new = NewBatch {
            id: batch.id,
            organisation_id: self.organisation_id,
            name: &batch.name,
            parallel: batch.parallel,
            settings: batch.settings.clone(),
            total: jobs.len(),
            retry_of: None,
            template_id: batch.template_id,
            schedule_id: None,
            created_by: batch.created_by,
        };
        make_batch(group, new, &jobs, batch.start, &self.origin).await
    }

    async fn leads(&self, group: &Group<'_>) -> Result<HashMap<Id, Lead>, DbErr> {
        if self.lead_ids.is_empty() {
            return Ok(HashMap::new());
        }
        let (list, ids) = in_list(&self.lead_ids);
        let sql = format!("select id, organisation_id, name, converted_restaurant_id from leads where id in ({list})");
        let rows = group.tx.query_all_raw(statement(group.backend, &sql, ids)).await?;
        let read = |row: sea_orm::QueryResult| {
            let lead = Lead {
                organisation_id: row.try_get("", "organisation_id")?,
                name: row.try_get("", "name")?,
                restaurant_id: row.try_get("", "converted_restaurant_id")?,
            };
            Ok((row.try_get("", "id")?, lead))
        };
        rows.into_iter().map(read).collect()
    }

    fn answer(&self, restaurants: &[ConvertedLead]) -> StoredAnswer {
        let batch = self.batch.as_ref().map(|batch| {
            let status = if batch.start { "pending" } else { "draft" };
            json!({ "batch_id": batch.id, "jobs_count": restaurants.len(), "status": status })
        });
        let body = json!({ "restaurants": restaurants, "more": self.more, "registration_batch": batch });
        StoredAnswer {
            status: 200,
            location: None,
            body: body.to_string(),
        }
    }
}

async fn convert(group: &Group<'_>, restaurants: &[ConvertedLead]) -> Result<(), DbErr> {
    let columns = COLUMNS.join(", ");
    let of_lead = COLUMNS.map(|column| format!("l.{column}")).join(", ");
    let make = |list: &str| {
        format!(
            "insert into restaurants (id, organisation_id, {columns}, created_at, updated_at) \
             select v.column2, l.organisation_id, {of_lead}, v.column3, v.column3 \
             from (values {list}) as v join leads l on l.id = v.column1"
        )
    };
    let mark = |list: &str| {
        format!(
            "update leads set converted_restaurant_id = v.column2, converted_at = v.column3, updated_at = v.column3, \
             version = version + 1 from (values {list}) as v where leads.id = v.column1"
        )
    };
    let mut new = Rows::new(3, restaurants.len());
    for restaurant in restaurants.iter().filter(|restaurant| restaurant.created) {
        new.push([restaurant.lead_id.into(), restaurant.id.into(), group.now.into()]);
    }
    let marked = new.clone().statements(group.backend, mark);
    for statement in new.statements(group.backend, make).into_iter().chain(marked) {
        group.tx.execute_raw(statement).await?;
    }
    Ok(())
}
