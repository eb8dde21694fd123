//! Random commands against the state machine: counters, rows and journal stay in step.

use std::collections::HashMap;

use batchdesk::model::batch::{JobEvent, JobStatus};
use batchdesk::model::journal::Origin;
use batchdesk::model::practice::PracticeStatus;
use batchdesk::store::failed::Failed;
use batchdesk::store::write::{Changed, CopyFollowers, ItemTransition, RedoJob, Redone, Transitioned, WriteCommand};
use entity::Id;

use crate::bench::{Bench, quiet, row, transition};

/// A small generator (SplitMix64), so that a failure can be run again by its seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }
}

pub async fn random_commands_keep_counters_rows_and_journal_in_step(mut bench: Bench) {
    for seed in 1..=6 {
        eprintln!("seed {seed}");
        let mut dice = Dice(seed);
        let rows = (1..=40).map(|n| row(n, &format!("p{}.nz", dice.roll(25)))).collect();
        let job_id = bench.import(rows).await;
        let mut model = JobStatus::Pending;
        for _ in 0..60 {
            let head = bench.writer.head();
            if dice.roll(3) == 0 {
                let event = JobEvent::ALL[dice.roll(JobEvent::ALL.len())];
                model = steer_and_compare(&mut bench, job_id, model, event).await;
            } else {
                move_some(&mut bench, &mut dice, job_id).await;
            }
            assert!(bench.writer.head() >= head);
            assert_in_step(&bench, job_id).await;
        }
    }
    assert_eq!(
        bench
            .number("select max(seq) - count(*) from batch_operation_logs")
            .await,
        0
    );
}

/// Sends a command to a job and compares its answer with what the state machine says.
async fn steer_and_compare(bench: &mut Bench, job_id: Id, model: JobStatus, event: JobEvent) -> JobStatus {
    let job = bench.job(job_id).await;
    let finished = job.completed_practices == job.total_practices;
    if event == JobEvent::Redo {
        let answer = bench
            .write(RedoJob {
                job_id,
                failed: Failed::All,
                origin: Origin::engine(),
            })
            .await
            .unwrap();
        return match model.next(event) {
            Err(_) => {
                assert_eq!(answer, Redone::Illegal { from: model });
                model
            }
            Ok(next) => {
                let reset = job.error_count as u64;
                assert_eq!(answer, Redone::Accepted { reset });
                if reset == 0 && finished { model } else { next }
            }
        };
    }
    let answer = bench.write(Bench::change(job_id, event)).await.unwrap();
    match model.next(event) {
        Ok(JobStatus::Completed) if !finished => {
            assert_eq!(answer, Changed::Unfinished);
            model
        }
        Ok(next) => {
            assert_eq!(answer, Changed::Accepted(next), "{model} + {event:?}");
            next
        }
        Err(_) => {
            assert!(
                matches!(answer, Changed::Already(_) | Changed::Illegal { .. }),
                "{model} + {event:?}: {answer:?}"
            );
            model
        }
    }
}

/// Moves some practices in one group, some of them with versions or epochs that are out of date.
async fn move_some(bench: &mut Bench, dice: &mut Dice, job_id: Id) {
    let job = bench.job(job_id).await;
    let practices = bench.practices().await;
    let mut commands = Vec::new();
    let mut expected = Vec::new();
    for practice in practices
        .iter()
        .filter(|practice| practice.job_id == job_id && practice.duplicate_of.is_none())
    {
        let status: PracticeStatus = practice.status.parse().unwrap();
        if status.is_finished() || dice.roll(3) > 0 {
            continue;
        }
        let to = [
            PracticeStatus::UrlComplete,
            PracticeStatus::Scraped,
            PracticeStatus::Aggregated,
            PracticeStatus::Error,
        ];
        let mut command = transition(&job, practice, to[dice.roll(4)]);
        let fault = dice.roll(8);
        command.item.version -= i32::from(fault == 0);
        command.item.epoch -= i32::from(fault == 1);
        expected.push(fault > 1);
        commands.push(command.into_command());
    }
    let answers = bench.writer.commit(commands, &quiet).await;
    for (answer, expected) in answers.into_iter().zip(expected) {
        let answer = ItemTransition::read_answer(answer.unwrap()).unwrap();
        assert_eq!(matches!(answer, Transitioned::Committed { .. }), expected);
    }
    let leaders: Vec<i64> = bench
        .practices()
        .await
        .iter()
        .filter(|practice| practice.job_id == job_id && practice.has_followers)
        .filter(|practice| practice.status.parse::<PracticeStatus>().unwrap().is_finished())
        .map(|practice| practice.id)
        .collect();
    for leader in leaders {
        let organisation_id = bench.organisation_id;
        bench
            .write(CopyFollowers {
                organisation_id,
                job_id,
                epoch: job.epoch,
                leader,
            })
            .await
            .unwrap();
    }
}

async fn assert_in_step(bench: &Bench, job_id: Id) {
    let job = bench.job(job_id).await;
    let practices = bench.practices().await;
    let mut counts: HashMap<&str, i32> = HashMap::new();
    for practice in practices.iter().filter(|practice| practice.job_id == job_id) {
        *counts.entry(practice.status.as_str()).or_default() += 1;
    }
    let count = |status: &str| counts.get(status).copied().unwrap_or(0);
    let rows = [
        count("pending"),
        count("url_complete"),
        count("scraped"),
        count("aggregated"),
        count("error"),
    ];
    let kept = [
        job.pending_count,
        job.url_complete_count,
        job.scraped_count,
        job.aggregated_count,
        job.error_count,
    ];
    assert_eq!(rows, kept);
    assert_eq!(job.completed_practices, count("aggregated") + count("error"));
    assert_eq!(job.failed_practices, count("error"));
    // Every change of a practice stands in the journal: its version tells how many there were.
    let (numbers, id) = (
        "select count(*) from batch_operation_logs where item_id is not null",
        job_id,
    );
    let changes = bench.number(&format!("{numbers} and batch_job_id = '{id}'")).await;
    let redone: i32 = practices
        .iter()
        .filter(|practice| practice.job_id == job_id)
        .map(|practice| practice.life - 1)
        .sum();
    let versions: i32 = practices
        .iter()
        .filter(|practice| practice.job_id == job_id)
        .map(|practice| practice.version - 1)
        .sum();
    assert_eq!(changes, i64::from(versions - redone));
}
