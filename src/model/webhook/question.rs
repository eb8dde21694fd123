//! What is told of steps that wait for people: of many at once in one message.

use entity::Id;
use serde::{Deserialize, Serialize};

use super::message::beginning;
use crate::model::registration::step::StepNumber;

/// Restaurants that a message names; of the others it tells how many there are.
pub const RESTAURANTS_NAMED: usize = 10;
/// Characters of a restaurant's name that are told.
const RESTAURANT_CHARS: usize = 100;

/// Restaurants of one batch that wait at the same step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Number of the step.
    pub step: i32,
    /// `company_selection`, `configuration` or `execution`.
    pub step_name: String,
    /// They have waited for a while.
    pub reminder: bool,
    /// How many restaurants.
    pub count: usize,
    /// The first of them.
    pub restaurants: Vec<AskedRestaurant>,
}

/// A restaurant whose step waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AskedRestaurant {
    pub registration_job_id: Id,
    pub restaurant_id: Id,
    pub name: String,
}

impl Question {
    #[must_use]
    pub fn new(step: StepNumber, reminder: bool) -> Self {
        Self {
            step: step.number(),
            step_name: step.name().to_owned(),
            reminder,
            count: 0,
            restaurants: Vec::new(),
        }
    }

    pub fn add(&mut self, mut restaurant: AskedRestaurant) {
        self.count += 1;
        if self.restaurants.len() < RESTAURANTS_NAMED {
            restaurant.name = beginning(&restaurant.name, RESTAURANT_CHARS);
            self.restaurants.push(restaurant);
        }
    }

    /// In a sentence.
    #[must_use]
    pub fn told(&self) -> String {
        let what = match StepNumber::try_from(self.step) {
            Ok(StepNumber::CompanySelection) => "a company selection",
            Ok(StepNumber::Configuration) => "a configuration",
            Ok(StepNumber::Execution) => "somebody to say whether it was done",
            _ => "a decision",
        };
        let still = if self.reminder { "still " } else { "" };
        match (self.count, self.restaurants.first()) {
            (1, Some(only)) => format!("{} {still}waits for {what}", only.name),
            (many, _) => format!("{many} restaurants {still}wait for {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restaurant(name: &str) -> AskedRestaurant {
        AskedRestaurant {
            registration_job_id: Id::now(),
            restaurant_id: Id::now(),
            name: name.to_owned(),
        }
    }

    #[test]
    fn many_are_told_of_in_one_sentence_and_few_by_name() {
        let mut question = Question::new(StepNumber::CompanySelection, false);
        question.add(restaurant("Pizza Palace"));
        assert_eq!(question.told(), "Pizza Palace waits for a company selection");
        for _ in 0..11 {
            question.add(restaurant(&"x".repeat(500)));
        }
        assert_eq!(question.told(), "12 restaurants wait for a company selection");
        assert_eq!((question.count, question.restaurants.len()), (12, RESTAURANTS_NAMED));
        assert_eq!(question.restaurants[1].name.chars().count(), RESTAURANT_CHARS + 1);
        let mut reminder = Question::new(StepNumber::Configuration, true);
        reminder.add(restaurant("Burger House"));
        assert_eq!(reminder.told(), "Burger House still waits for a configuration");
    }
}
