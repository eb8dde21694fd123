//! Random commands against a reference model of registrations: after each the rows, the counts and the journal are what it says.

mod commands;
mod compare;
mod moves;
mod reference;
mod rows;
mod tables;
mod told;

use std::cell::RefCell;
use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sea_orm::{ConnectionTrait as _, DbBackend};
use tokio::runtime::Handle;

use crate::bench::Bench;
use commands::Case;

/// What all the sequences together must have come to, so that none of it goes unseen: operations of the journal, and refusals.
const SEEN: [&str; 30] = [
    "action_required",
    "already",
    "answered",
    "batch_cancelled",
    "batch_completed",
    "batch_created",
    "batch_failed",
    "batch_paused",
    "batch_resumed",
    "batch_started",
    "busy",
    "conflict",
    "different",
    "illegal: archive",
    "illegal: batch",
    "illegal: registration",
    "illegal: repeat",
    "illegal: step",
    "item_finished",
    "item_set_aside",
    "kept",
    "not waiting",
    "nothing failed",
    "outcome unknown: create",
    "outcome unknown: repeat",
    "outcome unknown: start",
    "recovered",
    "same",
    "step_completed",
    "step_waiting",
];

pub async fn random_commands_do_what_the_reference_model_says(bench: Bench) {
    let cases = match bench.database.writer.get_database_backend() {
        DbBackend::Sqlite => 64,
        _ => 40,
    };
    let handle = Handle::current();
    let run = move || {
        let config = Config {
            cases,
            failure_persistence: None,
            max_shrink_iters: 300,
            ..Config::default()
        };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let bench = RefCell::new(bench);
        let seen = RefCell::new(BTreeSet::new());
        let rolls = vec((0..100_u16, any::<u16>(), any::<u16>()), 1..180);
        let outcome = runner.run(&rolls, |rolls| {
            let (mut bench, mut seen) = (bench.borrow_mut(), seen.borrow_mut());
            handle.block_on(async {
                let mut case = Case::new(&mut bench, &mut seen).await;
                for roll in rolls {
                    case.play(roll).await;
                }
            });
            Ok(())
        });
        outcome.unwrap_or_else(|failure| panic!("{failure}"));
        let missed: Vec<_> = SEEN.iter().filter(|what| !seen.borrow().contains(**what)).collect();
        assert!(missed.is_empty(), "no sequence came to {missed:?}");
    };
    tokio::task::spawn_blocking(run).await.unwrap();
}
