//! Random commands to registration batches, by people and by actors, compared with a model as they come.

mod model;
mod play;

use std::collections::HashMap;

use crate::bench::Bench;
use crate::random_commands::Dice;

use play::Play;

const COMMANDS: usize = 1_000;
/// Commands between two looks at the whole database.
const TOGETHER: usize = 8;

pub async fn random_commands_do_what_the_model_says(mut bench: Bench) {
    let mut tally: HashMap<String, u32> = HashMap::new();
    for seed in 1..=10 {
        eprintln!("seed {seed}");
        let mut dice = Dice(seed);
        let mut play = Play::begin(&mut bench, &mut tally).await;
        for _ in 0..COMMANDS / TOGETHER {
            for _ in 0..TOGETHER {
                play.do_something(&mut dice).await;
            }
            play.compare().await;
        }
    }
    // What was never tried was not tested.
    for seen in [
        "create: Done",
        "create: Busy",
        "start: Done",
        "start: Illegal",
        "pause: Done",
        "pause: Already",
        "resume: Done",
        "resume: Illegal",
        "cancel: Done",
        "cancel: Illegal",
        "fail: Done",
        "archive: Done",
        "archive: Illegal",
        "retry: Done",
        "retry: Illegal",
        "retry: Busy",
        "retry: NothingFailed",
        "restart: Done",
        "restart: OutcomeUnknown",
        "restart: Illegal",
        "answer: accepted",
        "answer: kept",
        "answer: same",
        "answer: different",
        "answer: not waiting",
        "answer: unknown job",
        "answer: other sub-step",
        "moved",
        "out of date",
        "no call may leave",
    ] {
        assert!(tally.get(seen).copied().unwrap_or_default() >= 1, "{seen}: {tally:#?}");
    }
}
