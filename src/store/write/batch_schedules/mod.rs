//! Schedules of registration batches: what people change of them, and their runs.

mod change;
mod run;

pub use change::{ChangeBatchSchedule, CreateBatchSchedule, DeleteBatchSchedule, MOST_SCHEDULES, ScheduleChanged};
pub use run::{RunOutcome, RunSchedule, ScheduledBatch, Trigger};
