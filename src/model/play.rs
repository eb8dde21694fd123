//! A play: the workflows that an item goes through, in order.

use entity::Id;

use super::practice::PracticeStatus;

/// The play that an upload runs unless it names another.
pub const PRACTICE_ENRICHMENT: &str = "practice-enrichment";

/// One step of a play, as its workflow row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayStep {
    pub workflow_id: Id,
    pub slug: String,
    /// Place in the play: ascending, gaps allowed.
    pub number: i32,
    /// Name of the handler that does it.
    pub handler: String,
    /// The status that its completion sets; the last step of a play always sets `aggregated`.
    pub done_status: Option<PracticeStatus>,
    pub result_table: Option<String>,
}

/// The steps of a play in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Play {
    pub name: String,
    steps: Vec<PlayStep>,
}

/// A play that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the play '{0}' has no enabled step")]
pub struct EmptyPlay(pub String);

impl Play {
    /// # Errors
    /// [`EmptyPlay`] where there is nothing to run.
    pub fn new(name: String, mut steps: Vec<PlayStep>) -> Result<Self, EmptyPlay> {
        steps.sort_by_key(|step| step.number);
        for step in &mut steps {
            // Only the end of the play finishes an item.
            step.done_status = step.done_status.filter(|status| !status.is_finished());
        }
        match steps.last_mut() {
            None => Err(EmptyPlay(name)),
            Some(last) => {
                last.done_status = Some(PracticeStatus::Aggregated);
                Ok(Self { name, steps })
            }
        }
    }

    /// The step after the one numbered `completed` (0 before the first).
    #[must_use]
    pub fn after(&self, completed: i32) -> Option<&PlayStep> {
        self.steps.iter().find(|step| step.number > completed)
    }

    #[must_use]
    pub fn steps(&self) -> &[PlayStep] {
        &self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(number: i32, done_status: Option<PracticeStatus>) -> PlayStep {
        PlayStep {
            workflow_id: Id::now(),
            slug: format!("step-{number}"),
            number,
            handler: "native".to_owned(),
            done_status,
            result_table: None,
        }
    }

    #[test]
    fn steps_come_in_the_order_of_their_numbers_and_the_last_one_finishes() {
        let play = Play::new(
            "p".to_owned(),
            vec![
                step(30, None),
                step(10, Some(PracticeStatus::UrlComplete)),
                step(20, Some(PracticeStatus::Aggregated)),
            ],
        );
        let Ok(play) = play else {
            panic!("a play with three steps")
        };
        assert_eq!(play.after(0).map(|step| step.number), Some(10));
        assert_eq!(play.after(10).map(|step| step.number), Some(20));
        assert_eq!(
            play.after(10).and_then(|step| step.done_status),
            None,
            "only the last one finishes"
        );
        assert_eq!(
            play.after(20).and_then(|step| step.done_status),
            Some(PracticeStatus::Aggregated)
        );
        assert_eq!(play.after(30), None);
    }

    #[test]
    fn a_play_without_steps_is_refused() {
        assert_eq!(Play::new("p".to_owned(), Vec::new()), Err(EmptyPlay("p".to_owned())));
    }
}
