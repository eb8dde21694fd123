//! Registration batches: what changes them.
//!
//! A batch's counts, its end and its threshold are decided in the transaction that moves a job, so nobody has to notice later.

mod answers;
mod batch;
mod change;
mod choice;
mod copy;
mod create;
mod idle;
mod learnt;
mod recovery;
mod step;
mod transition;
mod unknown;

pub use answers::{AnswerGiven, AnswerRegistrations, Answered, AnswersTold};
pub use batch::Threshold;
pub use change::{ArchiveRegistrationBatch, BatchArchived, ChangeRegistrationBatch, RegistrationBatchChanged};
pub(super) use choice::make_of_free;
pub use choice::{ChooseRegistrationBatch, RegistrationBatchChosen};
pub use copy::{Repeat, RepeatRegistrationBatch, Repeated};
pub use create::{BatchRefused, CreateRegistrationBatch, NewRegistration, RegistrationBatchCreated};
pub(super) use create::{NewBatch, make_batch, obstacles};
pub use learnt::{CandidateFound, RestaurantFacts};
pub use recovery::{MarkRegistrationsInFlight, RecoverRegistrationBatch, RemindOfQuestion};
pub use step::StepWrite;
pub use transition::{JournalEntry, RegistrationMoved, RegistrationRef, RegistrationTransition};
pub use unknown::UnknownCalls;
