//! Which leads or restaurants: one way to say it for lists, commands to many, templates and schedules.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::profile::{Directory, Kind, Stage};
use crate::model::workflow_spec::Mistake;

/// Characters of a text that is searched for.
const LONGEST: usize = 500;

/// How far the registration of a restaurant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Registered {
    /// No registration is going on, and none was completed.
    None,
    /// One is going on.
    Open,
    /// One was completed.
    Completed,
}

/// Leads or restaurants by what is known of them. `{}` means all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RestaurantFilter {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Case does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Case does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Its two letters. Case does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The least score; those without one do not match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icp_min: Option<i32>,
    /// The greatest score; those without one do not match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icp_max: Option<i32>,
    /// The beginning of a name. Case does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Leads alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub converted: Option<bool>,
    /// Restaurants alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registered: Option<Registered>,
    /// Restaurants alone: whether an ended registration made calls of which nobody knows what they did, and nothing has settled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome_unknown: Option<bool>,
}

impl RestaurantFilter {
    /// What about it makes no sense for this list.
    #[must_use]
    pub fn mistakes(&self, directory: Directory) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let mut wrong = |key: &str, detail: &str| mistakes.push(Mistake::new(format!("/{key}"), detail));
        let texts = [
            ("status", &self.status),
            ("city", &self.city),
            ("region", &self.region),
            ("country", &self.country),
            ("q", &self.q),
        ];
        for (key, text) in texts {
            let Some(text) = text else { continue };
            if text.contains('\0') {
                wrong(key, "must not hold a NUL character");
            } else if text.chars().count() > LONGEST {
                wrong(key, "is too long to match anything");
            }
        }
        for (key, score) in [("icp_min", self.icp_min), ("icp_max", self.icp_max)] {
            if score.is_some_and(|score| !(0..=10).contains(&score)) {
                wrong(key, "must be a whole number from 0 to 10");
            }
        }
        if self.icp_min.zip(self.icp_max).is_some_and(|(min, max)| min > max) {
            wrong("icp_min", "must not be greater than 'icp_max'");
        }
        if self.converted.is_some() && directory != Directory::Leads {
            wrong("converted", "is known of leads alone");
        }
        if self.registered.is_some() && directory != Directory::Restaurants {
            wrong("registered", "is known of restaurants alone");
        }
        if self.outcome_unknown.is_some() && directory != Directory::Restaurants {
            wrong("outcome_unknown", "is known of restaurants alone");
        }
        mistakes
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_filter_is_kept_as_it_was_said() {
        let said = json!({ "type": "inbound", "stage": "hot", "city": "Auckland", "registered": "none" });
        let filter: RestaurantFilter = serde_json::from_value(said.clone()).unwrap();
        assert_eq!(filter.stage, Some(Stage::Hot));
        assert_eq!(json!(filter), said);
        assert!(serde_json::from_value::<RestaurantFilter>(json!({ "town": "Auckland" })).is_err());
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        let filter = RestaurantFilter {
            icp_min: Some(9),
            icp_max: Some(11),
            q: Some("a\0".to_owned()),
            converted: Some(true),
            registered: Some(Registered::Open),
            ..RestaurantFilter::default()
        };
        let told = |directory| -> Vec<String> {
            let mistakes = filter.mistakes(directory);
            mistakes.into_iter().map(|mistake| mistake.pointer).collect()
        };
        assert_eq!(told(Directory::Leads), ["/q", "/icp_max", "/registered"]);
        assert_eq!(told(Directory::Restaurants), ["/q", "/icp_max", "/converted"]);
        assert_eq!(RestaurantFilter::default().mistakes(Directory::Leads), []);
    }
}
