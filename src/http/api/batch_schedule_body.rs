//! What a schedule says, and what may be wrong with it.

use chrono::{SubsecRound as _, Utc};
use entity::{Id, batch_schedules};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::batch_body::{filter_mistakes, limit_mistakes, name_mistakes, refuse};
use super::batch_template_use::leads_unconverted;
use super::batch_templates::visible;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::model::batch_template::{BatchSettings, TemplateSource};
use crate::model::registration::filter::RestaurantFilter;
use crate::model::schedule::{MissedPolicy, Mistaken, OverlapPolicy, Timetable};
use crate::model::workflow_spec::Mistake;
use crate::store::read::BatchScheduleView;

/// What a schedule says.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchScheduleBody {
    /// Unique in the organisation.
    name: String,
    /// A template, or `filter` and `settings` in its place.
    template_id: Option<Id>,
    filter: Option<RestaurantFilter>,
    settings: Option<BatchSettings>,
    /// Minute, hour, day of the month, month, day of the week: `0 9 * * MON` is every Monday at 09:00.
    cron: String,
    /// An IANA name, such as `Pacific/Auckland`.
    time_zone: String,
    /// Restaurants that one batch takes at most. Default: as the template has it, else `registration.max_restaurants`.
    limit: Option<i32>,
    /// Only restaurants without a registration that is open or completed, whatever the filter says of that.
    #[serde(default = "yes")]
    only_unregistered: bool,
    #[serde(default)]
    overlap: OverlapPolicy,
    #[serde(default)]
    missed: MissedPolicy,
    #[serde(default = "yes")]
    enabled: bool,
}

/// What to change of a schedule, a merge patch (RFC 7396).
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes what a change merges")]
pub struct BatchSchedulePatch {
    name: Option<String>,
    template_id: Option<Id>,
    filter: Option<RestaurantFilter>,
    settings: Option<BatchSettings>,
    cron: Option<String>,
    time_zone: Option<String>,
    limit: Option<i32>,
    only_unregistered: Option<bool>,
    overlap: Option<OverlapPolicy>,
    missed: Option<MissedPolicy>,
    enabled: Option<bool>,
}

fn yes() -> bool {
    true
}

impl BatchScheduleBody {
    pub(super) fn of(view: &BatchScheduleView) -> Self {
        Self {
            name: view.name.clone(),
            template_id: view.template_id,
            filter: view.filter.clone(),
            settings: view.settings.clone(),
            cron: view.cron.clone(),
            time_zone: view.time_zone.clone(),
            limit: view.limit,
            only_unregistered: view.only_unregistered,
            overlap: view.overlap,
            missed: view.missed,
            enabled: view.enabled,
        }
    }

    /// Its times, where all of it can stand.
    pub(super) async fn check(&self, app: &App, caller: &Caller) -> Result<Timetable, Problem> {
        let max = app.engine.settings().registration.max_restaurants;
        let mut mistakes: Vec<_> = name_mistakes(&self.name).into_iter().collect();
        mistakes.extend(limit_mistakes(self.limit, max));
        match (self.template_id, &self.filter) {
            (Some(_), None) if self.settings.is_none() => {}
            (None, Some(filter)) => mistakes.extend(filter_mistakes(filter, TemplateSource::Restaurants)),
            (None, None) => {
                let detail = "name a template, or give the schedule a 'filter' of its own ({} takes everybody)";
                mistakes.push(Mistake::new("/template_id", detail));
            }
            (Some(_), _) => {
                let detail = "a schedule with a template takes filter and settings from it; leave out one or the other";
                mistakes.push(Mistake::new("/template_id", detail));
            }
        }
        if let Some(settings) = &self.settings {
            mistakes.extend(settings.mistakes("/settings"));
        }
        let timetable = Timetable::read(&self.cron, &self.time_zone).map_err(|mistaken| {
            let pointer = match mistaken {
                Mistaken::TimeZone => "/time_zone",
                _ => "/cron",
            };
            mistakes.push(Mistake::new(pointer, mistaken.to_string()));
            // A time zone that is none says nothing of the expression.
            if mistaken == Mistaken::TimeZone
                && let Err(also) = Timetable::read(&self.cron, "UTC")
            {
                mistakes.push(Mistake::new("/cron", also.to_string()));
            }
        });
        refuse(&mistakes)?;
        if let Some(template) = self.template_id
            && visible(app, caller, template).await?.source == TemplateSource::Leads
        {
            return Err(leads_unconverted());
        }
        timetable.map_err(|()| Problem::mistakes(&mistakes))
    }

    /// Without its next run.
    pub(super) fn row(self, id: Id, caller: &Caller) -> batch_schedules::Model {
        let now = Utc::now().trunc_subsecs(3);
        let own = self.template_id.is_none();
        batch_schedules::Model {
            id,
            organisation_id: caller.scope.organisation_id,
            name: self.name.trim().to_owned(),
            template_id: self.template_id,
            filter: self.filter.map(|filter| json!(filter)),
            settings: own.then(|| json!(self.settings.unwrap_or_default())),
            cron: self.cron.split_whitespace().collect::<Vec<_>>().join(" "),
            time_zone: self.time_zone.trim().to_owned(),
            restaurant_limit: self.limit,
            only_unregistered: self.only_unregistered,
            overlap: self.overlap.as_str().to_owned(),
            missed: self.missed.as_str().to_owned(),
            enabled: self.enabled,
            next_run_at: None,
            look_at: None,
            waits_since: None,
            last_run_at: None,
            last_batch_id: None,
            last_outcome: None,
            created_by: Some(caller.scope.user_id),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}
