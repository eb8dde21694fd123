//! The commands that change HQ, as data: they can be replayed alone when their group fails.

mod api_tokens;
mod audit;
mod batch_runs;
mod batch_schedules;
mod batch_templates;
mod companies;
mod directory;
mod exclusions;
mod followers;
mod group;
mod idempotency;
mod import_rows;
mod imports;
mod jobs;
mod journal;
mod leads;
mod links;
mod logs;
mod previews;
mod recovery;
mod registrations;
mod results;
mod retention;
mod sessions;
mod step_runs;
mod transitions;
mod users;
mod webhook_deliveries;
mod webhook_endpoints;
mod workflow_changes;
mod workflows;
mod writer;

pub use api_tokens::{AddToken, RevokeToken};
pub use audit::AppendAudit;
pub use batch_runs::{BatchRunChanged, ChangeBatchRun, CreateBatchRun, META_BYTES};
pub use batch_schedules::{
    ChangeBatchSchedule, CreateBatchSchedule, DeleteBatchSchedule, MOST_SCHEDULES, RunOutcome, RunSchedule,
    ScheduleChanged, ScheduledBatch, Trigger,
};
pub use batch_templates::{
    ChangeBatchTemplate, CreateBatchTemplate, DeleteBatchTemplate, MOST_TEMPLATES, TemplateChanged,
};
pub use companies::{
    ChangeCompany, CompanyChanged, CompanyWrite, DATA_BYTES, DeleteCompany, UpsertCompanies, UpsertForm, UpsertKey,
    Upserted,
};
pub use directory::{AddEntries, ChangeEntry, DeleteEntry, EntryChanged, ImportLeads};
pub use exclusions::{Exclude, Exclusion, Readmit};
pub use followers::CopyFollowers;
pub use idempotency::{ClaimKey, Claimed, KEPT_FOR, KeyAnswer, ReleaseKey, RequestKey, StoredAnswer};
pub use import_rows::{ImportRow, ImportRows, Intake, RowKeys};
pub use imports::{BeginImport, DiscardImport, FinishImport};
pub use jobs::{ChangeJob, Changed, MarkInFlight, RedoJob, Redone};
pub use leads::{BatchOfLeads, ConvertLeads, ConvertedLead, LeadsConverted};
pub use links::{AcceptLink, LinkKind, NewLink, OpenLink, SetPassword, SetUp, SetUpDone};
pub use logs::{AppendLogs, Completion, Failure, LogRow};
pub use previews::{ForgetPreviews, KeepPreview};
pub use recovery::{CloseCleanly, ProveOwnership, RecoverJob};
pub use registrations::{
    AnswerGiven, AnswerRegistrations, Answered, AnswersTold, ArchiveRegistrationBatch, BatchArchived, BatchRefused,
    CandidateFound, ChangeRegistrationBatch, ChooseRegistrationBatch, CreateRegistrationBatch, JournalEntry,
    MarkRegistrationsInFlight, NewRegistration, RecoverRegistrationBatch, RegistrationBatchChanged,
    RegistrationBatchChosen, RegistrationBatchCreated, RegistrationMoved, RegistrationRef, RegistrationTransition,
    RemindOfQuestion, Repeat, RepeatRegistrationBatch, Repeated, RestaurantFacts, StepWrite, Threshold, UnknownCalls,
};
pub use results::RecordResult;
pub(in crate::store) use retention::PRUNING;
pub use retention::{Archived, ForgetIdempotencyKeys, MarkArchived, PruneJob, Pruned};
pub use sessions::{CloseSession, ForgetCredentials, NoteUse, OpenSession, UsedCredential};
pub use step_runs::{AnswerStored, OpenStepRun, StepRunChange, StoreAnswer};
pub use transitions::{ItemRef, ItemTransition, Payload, PayloadColumn, Transitioned};
pub use users::{
    AddOrganisation, AddUser, ChangeUser, OrganisationChanged, RenameOrganisation, Subject, UserAdded, UserChange,
    UserChanged,
};
pub use webhook_deliveries::{
    AppendDeliveries, AttemptRecorded, ForgetWebhookEvents, RecordAttempt, Redeliver, Redelivered, Redelivery,
    TestWebhookEndpoint, WebhookEvent,
};
pub use webhook_endpoints::{
    ChangeWebhookEndpoint, CreateWebhookEndpoint, DeleteWebhookEndpoint, EndpointCreated, MOST_ENDPOINTS,
    RotateWebhookSecret,
};
pub use workflow_changes::{ChangeWorkflow, CreateWorkflow, DeleteWorkflow, WorkflowChanged, WorkflowCreated};
pub use workflows::{ApplyWorkflows, OF_API, OF_FILE, workflow_row};
pub use writer::{WriteError, Writer};

use crate::store::destinations::DestinationRow;

/// Declares the commands: the type that is sent, and what it is answered with.
macro_rules! commands {
    ($($command:ident -> $answer:ty),+ $(,)?) => {
        /// A change to HQ.
        #[derive(Clone, Debug)]
        pub enum Command {
            $($command($command)),+
        }

        impl Command {
            /// What kind of command it is.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$command(_) => stringify!($command)),+
                }
            }
        }

        /// What a command is answered with, after its transaction has committed.
        #[derive(Clone, Debug)]
        pub enum Answer {
            $($command($answer)),+
        }

        $(
            impl WriteCommand for $command {
                type Answer = $answer;

                fn into_command(self) -> Command {
                    Command::$command(self)
                }

                fn read_answer(answer: Answer) -> Option<$answer> {
                    match answer {
                        Answer::$command(answer) => Some(answer),
                        _ => None,
                    }
                }
            }
        )+
    };
}

/// A command and the type of its answer.
pub trait WriteCommand: Send + 'static {
    type Answer: Send + 'static;

    fn into_command(self) -> Command;

    /// The answer as its own type; `None` for the answer to another command.
    fn read_answer(answer: Answer) -> Option<Self::Answer>;
}

commands! {
    ItemTransition -> Transitioned,
    AppendLogs -> Transitioned,
    BeginImport -> (),
    ImportRows -> Intake,
    FinishImport -> (),
    DiscardImport -> bool,
    CopyFollowers -> u64,
    MarkInFlight -> (),
    ChangeJob -> Changed,
    RedoJob -> Redone,
    RecoverJob -> u64,
    ProveOwnership -> (),
    CloseCleanly -> (),
    ApplyWorkflows -> u64,
    CreateWorkflow -> WorkflowCreated,
    ChangeWorkflow -> WorkflowChanged,
    DeleteWorkflow -> WorkflowChanged,
    UpsertCompanies -> Upserted,
    ChangeCompany -> CompanyChanged,
    DeleteCompany -> bool,
    AddEntries -> StoredAnswer,
    ImportLeads -> u64,
    ChangeEntry -> EntryChanged,
    DeleteEntry -> EntryChanged,
    ConvertLeads -> LeadsConverted,
    Exclude -> u64,
    Readmit -> u64,
    ClaimKey -> Claimed,
    ReleaseKey -> (),
    KeepPreview -> (),
    ForgetPreviews -> (),
    CreateBatchRun -> (),
    ChangeBatchRun -> BatchRunChanged,
    MarkArchived -> Archived,
    PruneJob -> Pruned,
    ForgetIdempotencyKeys -> u64,
    OpenStepRun -> Transitioned,
    RecordResult -> i64,
    StoreAnswer -> AnswerStored,
    CreateWebhookEndpoint -> EndpointCreated,
    ChangeWebhookEndpoint -> bool,
    DeleteWebhookEndpoint -> bool,
    RotateWebhookSecret -> bool,
    AppendDeliveries -> Transitioned,
    TestWebhookEndpoint -> bool,
    RecordAttempt -> AttemptRecorded,
    Redeliver -> Redelivered,
    ForgetWebhookEvents -> u64,
    AddOrganisation -> OrganisationChanged,
    RenameOrganisation -> OrganisationChanged,
    AddUser -> UserAdded,
    ChangeUser -> UserChanged,
    OpenLink -> (),
    AcceptLink -> Option<entity::Id>,
    SetPassword -> bool,
    SetUp -> SetUpDone,
    OpenSession -> bool,
    CloseSession -> bool,
    NoteUse -> (),
    ForgetCredentials -> u64,
    AddToken -> (),
    RevokeToken -> bool,
    AppendAudit -> (),
    CreateRegistrationBatch -> RegistrationBatchCreated,
    ChooseRegistrationBatch -> RegistrationBatchChosen,
    ChangeRegistrationBatch -> RegistrationBatchChanged,
    ArchiveRegistrationBatch -> BatchArchived,
    RepeatRegistrationBatch -> Repeated,
    RegistrationTransition -> RegistrationMoved,
    AnswerRegistrations -> Option<Vec<Answered>>,
    MarkRegistrationsInFlight -> (),
    RecoverRegistrationBatch -> u64,
    RemindOfQuestion -> bool,
    CreateBatchTemplate -> TemplateChanged,
    ChangeBatchTemplate -> TemplateChanged,
    DeleteBatchTemplate -> TemplateChanged,
    CreateBatchSchedule -> ScheduleChanged,
    ChangeBatchSchedule -> ScheduleChanged,
    DeleteBatchSchedule -> ScheduleChanged,
    RunSchedule -> RunOutcome,
}

/// How commands share a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Any number share a group, but one an item.
    Item(i64),
    /// Any number share a group.
    Free,
    /// The last of its group, so that it sees all that came before it and nothing that came after.
    EndsGroup,
    /// Behind all others, one a group: long work that must not starve transitions.
    Bulk,
}

impl Command {
    #[must_use]
    pub fn grouping(&self) -> Grouping {
        match self {
            Self::ItemTransition(transition) => Grouping::Item(transition.item.id),
            Self::OpenStepRun(run) => Grouping::Item(run.item.id),
            Self::MarkInFlight(_)
            | Self::AppendLogs(_)
            | Self::BeginImport(_)
            | Self::ProveOwnership(_)
            | Self::Exclude(_)
            | Self::Readmit(_)
            | Self::ClaimKey(_)
            | Self::StoreAnswer(_)
            | Self::RecordResult(_)
            | Self::ReleaseKey(_)
            | Self::KeepPreview(_)
            | Self::ForgetPreviews(_)
            | Self::CreateBatchRun(_)
            | Self::ChangeBatchRun(_)
            | Self::CreateWorkflow(_)
            | Self::ChangeWorkflow(_)
            | Self::DeleteWorkflow(_)
            | Self::ChangeCompany(_)
            | Self::DeleteCompany(_)
            | Self::ChangeEntry(_)
            | Self::DeleteEntry(_)
            | Self::CreateWebhookEndpoint(_)
            | Self::ChangeWebhookEndpoint(_)
            | Self::DeleteWebhookEndpoint(_)
            | Self::RotateWebhookSecret(_)
            | Self::AppendDeliveries(_)
            | Self::TestWebhookEndpoint(_)
            | Self::RecordAttempt(_)
            | Self::AddOrganisation(_)
            | Self::RenameOrganisation(_)
            | Self::AddUser(_)
            | Self::ChangeUser(_)
            | Self::OpenLink(_)
            | Self::AcceptLink(_)
            | Self::SetPassword(_)
            | Self::SetUp(_)
            | Self::OpenSession(_)
            | Self::CloseSession(_)
            | Self::NoteUse(_)
            | Self::AddToken(_)
            | Self::RevokeToken(_)
            | Self::AppendAudit(_)
            | Self::ArchiveRegistrationBatch(_)
            | Self::CreateBatchTemplate(_)
            | Self::ChangeBatchTemplate(_)
            | Self::DeleteBatchTemplate(_)
            | Self::CreateBatchSchedule(_)
            | Self::ChangeBatchSchedule(_)
            | Self::DeleteBatchSchedule(_)
            // One registration has one actor, which waits for each of its commits; what people say is applied in order.
            | Self::RegistrationTransition(_)
            | Self::AnswerRegistrations(_)
            | Self::MarkRegistrationsInFlight(_)
            | Self::RemindOfQuestion(_) => Grouping::Free,
            Self::ImportRows(_) | Self::DiscardImport(_) | Self::CopyFollowers(_) => Grouping::Bulk,
            Self::PruneJob(_) | Self::ForgetIdempotencyKeys(_) | Self::UpsertCompanies(_) => Grouping::Bulk,
            Self::ForgetCredentials(_) => Grouping::Bulk,
            Self::AddEntries(_) | Self::ImportLeads(_) | Self::ConvertLeads(_) => Grouping::Bulk,
            Self::Redeliver(_) | Self::ForgetWebhookEvents(_) => Grouping::Bulk,
            // `FinishImport` follows rows that were sent by the same upload and answered before.
            Self::FinishImport(_)
            | Self::ChangeJob(_)
            | Self::RedoJob(_)
            | Self::RecoverJob(_)
            | Self::MarkArchived(_)
            | Self::CloseCleanly(_)
            | Self::CreateRegistrationBatch(_)
            | Self::ChooseRegistrationBatch(_)
            | Self::ChangeRegistrationBatch(_)
            | Self::RepeatRegistrationBatch(_)
            | Self::RecoverRegistrationBatch(_)
            | Self::RunSchedule(_)
            | Self::ApplyWorkflows(_) => Grouping::EndsGroup,
        }
    }

    /// Roughly how many bytes the command holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        const FIXED: usize = 256;
        FIXED
            + match self {
                Self::ItemTransition(transition) => transition.bytes(),
                Self::ImportRows(import) => import.rows.iter().map(ImportRow::bytes).sum(),
                Self::AppendLogs(logs) => logs.bytes(),
                Self::AppendDeliveries(deliveries) => deliveries.bytes(),
                Self::MarkInFlight(mark) => mark.items.len() * 8,
                Self::Exclude(list) => list.bytes(),
                Self::UpsertCompanies(list) => list.bytes(),
                Self::AddEntries(list) => list.bytes(),
                Self::ImportLeads(list) => list.bytes(),
                Self::ChangeEntry(change) => change.profile.bytes(),
                Self::ConvertLeads(leads) => leads.bytes(),
                Self::ApplyWorkflows(files) => files.bytes(),
                Self::StoreAnswer(answer) => answer.body.len(),
                Self::CreateRegistrationBatch(batch) => batch.bytes(),
                Self::ChooseRegistrationBatch(batch) => batch.bytes(),
                Self::RegistrationTransition(transition) => transition.bytes(),
                Self::CreateBatchTemplate(create) => create.bytes(),
                Self::ChangeBatchTemplate(change) => change.bytes(),
                Self::CreateBatchSchedule(create) => create.bytes(),
                Self::ChangeBatchSchedule(change) => change.bytes(),
                Self::RunSchedule(run) => run.bytes(),
                Self::AnswerRegistrations(answers) => answers.bytes(),
                Self::RecordResult(result) => result.row.as_ref().map_or(0, DestinationRow::bytes),
                Self::OpenStepRun(run) => run.answer.as_ref().map_or(0, String::len),
                Self::KeepPreview(preview) => preview.answer.as_ref().map_or(0, KeyAnswer::bytes),
                _ => 0,
            }
    }
}
