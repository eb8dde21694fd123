//! What the store answers, in the words of the reference model.

use batchdesk::store::write::{Answered, UnknownCalls};
use entity::Id;

use super::reference::{Heard, Said};

pub fn heard_of(answered: Answered) -> Heard {
    match answered {
        Answered::Accepted => Heard::Accepted,
        Answered::Kept => Heard::Kept,
        Answered::Same => Heard::Same,
        Answered::Different { first, .. } => Heard::Different(first),
        Answered::NotWaiting { batch, job, step } => Heard::NotWaiting(batch.as_str(), job.as_str(), step.as_str()),
        Answered::OtherSubStep { asked } => Heard::OtherSubStep(asked),
        other => panic!("{other:?}"),
    }
}

/// Sub-steps with their registrations, in order.
pub fn calls(unknown: &[UnknownCalls]) -> Vec<(Id, String)> {
    let of = |calls: &UnknownCalls| {
        let id = calls.registration_id;
        calls.sub_steps.clone().into_iter().map(move |sub_step| (id, sub_step))
    };
    let mut all: Vec<_> = unknown.iter().flat_map(of).collect();
    all.sort_unstable();
    all
}

pub fn assert_same(told: Said, said: &Said) -> Said {
    let said = match said.clone() {
        Said::Busy(mut busy) => {
            busy.sort_unstable();
            Said::Busy(busy)
        }
        Said::OutcomeUnknown(mut unknown) => {
            unknown.sort_unstable();
            Said::OutcomeUnknown(unknown)
        }
        other => other,
    };
    assert_eq!(told, said);
    told
}

/// The refusal names the states that the model says.
pub fn assert_refused(why: &str, said: Said) -> Said {
    let Said::Illegal(states) = &said else {
        panic!("refused: {why}; the model says {said:?}");
    };
    for state in states {
        assert!(why.contains(&format!("'{state}'")), "{why}: {states:?}");
    }
    said
}
