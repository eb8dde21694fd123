//! A play: the workflows that an item goes through, in order.

use std::sync::Arc;

use entity::Id;
use serde::{Deserialize, Serialize};

use super::practice::PracticeStatus;
use super::workflow::Workflow;

/// The play that an upload runs unless it names another.
pub const PRACTICE_ENRICHMENT: &str = "practice-enrichment";

/// What of a play a job runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Selection {
    /// The steps of this number alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<i32>,
    /// This workflow alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<Id>,
    /// Also for companies that have completed it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
}

impl Selection {
    fn takes(&self, workflow: &Workflow) -> bool {
        self.step.is_none_or(|step| step == workflow.number) && self.workflow_id.is_none_or(|id| id == workflow.id)
    }
}

/// One step of a play.
#[derive(Clone, Debug, PartialEq)]
pub struct PlayStep {
    /// Place in the play: ascending, gaps allowed.
    pub number: i32,
    /// Who may do it: the second is asked where the first finds nothing or fails, and so on. Never empty.
    pub alternatives: Vec<Arc<Workflow>>,
    is_last: bool,
}

impl PlayStep {
    /// The status that its completion by `workflow` sets. Only the end of the play finishes an item.
    #[must_use]
    pub fn done_status(&self, workflow: &Workflow) -> Option<PracticeStatus> {
        if self.is_last {
            return Some(PracticeStatus::Aggregated);
        }
        workflow.flow.done_status.filter(|status| !status.is_finished())
    }

    /// A step that one workflow does.
    #[must_use]
    pub fn alone(workflow: Arc<Workflow>, is_last: bool) -> Self {
        Self {
            number: workflow.number,
            alternatives: vec![workflow],
            is_last,
        }
    }

    #[must_use]
    pub fn is_last(&self) -> bool {
        self.is_last
    }

    /// The workflow whose turn it is, and the place of its successor if it has one.
    #[must_use]
    pub fn alternative(&self, place: usize) -> Option<(&Arc<Workflow>, Option<usize>)> {
        let workflow = self.alternatives.get(place)?;
        let next = place + 1;
        Some((workflow, (next < self.alternatives.len()).then_some(next)))
    }
}

/// The steps of a play in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Play {
    pub name: String,
    steps: Vec<PlayStep>,
}

/// A play that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the play '{0}' has no enabled step")]
pub struct EmptyPlay(pub String);

impl Play {
    /// The play that `selection` leaves of these workflows. Several with one number are one step.
    ///
    /// # Errors
    /// [`EmptyPlay`] where there is nothing to run.
    pub fn new(name: String, workflows: Vec<Workflow>, selection: &Selection) -> Result<Self, EmptyPlay> {
        let mut workflows: Vec<_> = workflows.into_iter().filter(|each| selection.takes(each)).collect();
        workflows.sort_by(|a, b| {
            let place = |each: &Workflow| (each.number, each.flow.order);
            place(a).cmp(&place(b)).then_with(|| a.slug.cmp(&b.slug))
        });
        let mut steps: Vec<PlayStep> = Vec::new();
        for workflow in workflows {
            match steps.last_mut().filter(|step| step.number == workflow.number) {
                Some(step) => step.alternatives.push(Arc::new(workflow)),
                None => steps.push(PlayStep {
                    number: workflow.number,
                    alternatives: vec![Arc::new(workflow)],
                    is_last: false,
                }),
            }
        }
        match steps.last_mut() {
            None => Err(EmptyPlay(name)),
            Some(last) => {
                last.is_last = true;
                Ok(Self { name, steps })
            }
        }
    }

    /// A play whose workflows are all gone: what has begun can end, and nothing else is left to do.
    #[must_use]
    pub fn ended(name: String) -> Self {
        Self {
            name,
            steps: Vec::new(),
        }
    }

    /// The step and place of this workflow, where it is after the step numbered `completed`.
    #[must_use]
    pub fn place_of(&self, workflow: Id, completed: i32) -> Option<(&PlayStep, usize)> {
        let later = self.steps.iter().filter(|step| step.number > completed);
        later
            .filter_map(|step| {
                let place = step.alternatives.iter().position(|each| each.id == workflow)?;
                Some((step, place))
            })
            .next()
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

    /// The number of the step that the workflow of this slug does here.
    #[must_use]
    pub fn number_of(&self, slug: &str) -> Option<i32> {
        let does = |step: &&PlayStep| step.alternatives.iter().any(|workflow| workflow.slug == slug);
        self.steps.iter().find(does).map(|step| step.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::workflow::{Flow, Mode, NATIVE};

    fn workflow(slug: &str, number: i32, done_status: Option<PracticeStatus>) -> Workflow {
        Workflow {
            id: Id::now(),
            version: 1,
            slug: slug.to_owned(),
            title: slug.to_owned(),
            play: "p".to_owned(),
            number,
            provider: NATIVE.to_owned(),
            mode: Mode::Sync,
            destination: None,
            flow: Flow {
                done_status,
                ..Flow::default()
            },
            settings: serde_json::Map::new(),
        }
    }

    fn play(workflows: Vec<Workflow>, selection: &Selection) -> Play {
        match Play::new("p".to_owned(), workflows, selection) {
            Ok(play) => play,
            Err(error) => panic!("{error}"),
        }
    }

    fn three() -> Vec<Workflow> {
        vec![
            workflow("c", 30, None),
            workflow("a", 10, Some(PracticeStatus::UrlComplete)),
            workflow("b", 20, Some(PracticeStatus::Aggregated)),
        ]
    }

    #[test]
    fn steps_come_in_the_order_of_their_numbers_and_the_last_one_finishes() {
        let play = play(three(), &Selection::default());
        let sets = |after: i32| {
            let step = play.after(after)?;
            step.done_status(&step.alternatives[0])
        };
        assert_eq!(play.steps().iter().map(|s| s.number).collect::<Vec<_>>(), [10, 20, 30]);
        assert_eq!(sets(0), Some(PracticeStatus::UrlComplete));
        assert_eq!(sets(10), None, "only the last one finishes");
        assert_eq!(sets(20), Some(PracticeStatus::Aggregated));
        assert_eq!(play.after(30), None);
        assert_eq!(play.number_of("b"), Some(20));
    }

    #[test]
    fn workflows_of_one_number_are_asked_one_after_the_other() {
        let mut second = workflow("a-second", 10, None);
        second.flow.order = 1;
        let play = play(vec![second, workflow("b-first", 10, None)], &Selection::default());
        let [step] = play.steps() else { panic!("one step") };
        let slugs: Vec<_> = step.alternatives.iter().map(|each| each.slug.as_str()).collect();
        assert_eq!(slugs, ["b-first", "a-second"]);
        assert_eq!(step.alternative(0).map(|(_, next)| next), Some(Some(1)));
        assert_eq!(step.alternative(1).map(|(_, next)| next), Some(None));
        assert_eq!(step.alternative(2), None);
    }

    #[test]
    fn a_part_of_a_play_ends_with_its_own_last_step() {
        let selection = Selection {
            step: Some(10),
            ..Selection::default()
        };
        let play = play(three(), &selection);
        let [step] = play.steps() else { panic!("one step") };
        assert_eq!(
            step.done_status(&step.alternatives[0]),
            Some(PracticeStatus::Aggregated)
        );
    }

    #[test]
    fn a_play_without_steps_is_refused() {
        let empty = Play::new("p".to_owned(), Vec::new(), &Selection::default());
        assert_eq!(empty, Err(EmptyPlay("p".to_owned())));
    }
}
