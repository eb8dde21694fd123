//! Queries of those who only read. Each runs on the read-only pool in a short transaction of its own.
//!
//! What people see is read through a [`Scope`]; [`EngineReader`] and [`JournalReader`] are for the actors, which serve
//! all organisations.

mod audit;
mod batch_runs;
mod batch_schedules;
mod batch_templates;
mod companies;
mod credentials;
mod directory;
mod engine;
mod exclusions;
mod failures;
mod jobs;
mod journal;
mod journal_events;
mod notifications;
mod practices;
mod previews;
mod reader;
mod registration_engine;
mod registrations;
mod retention;
mod scope;
mod step_runs;
mod tokens;
mod users;
mod webhook_deliveries;
mod webhook_endpoints;
mod workflow_rows;
mod workflows;

pub use audit::{AuditFilter, AuditView};
pub use batch_runs::{BatchRunKey, BatchRunView};
pub(super) use batch_schedules::schedules;
pub use batch_schedules::{BatchScheduleView, NextRun, ScheduleSelection, Unselectable};
pub use batch_templates::{BatchTemplateView, SelectedRestaurant};
pub use companies::{CompanyFilter, CompanyRow, CompanyView, CompletionView, StepOfPlay};
pub use credentials::{Grant, Refused, issued_grant, session_grant, token_grant};
pub(in crate::store) use directory::shown;
pub use directory::{DirectoryEntry, LeadView, RestaurantView};
pub use engine::{CompletedStep, EngineReader, OpenJob, RunnableItem};
pub use exclusions::ExclusionView;
pub use failures::FailureView;
pub use jobs::{JobFilter, JobView, Page};
pub use journal::{JournalReader, StepRunRow};
pub use journal_events::{JobProgress, JournalFilter, JournalView};
pub use notifications::{BatchEventRow, DueDelivery, QuestionRow, RegistrationCounts};
pub use practices::{
    ExportItem, PracticeDetail, PracticeFilter, PracticeView, PracticeWebsite, WAITING_ITS_TURN, named_cells,
};
pub use reader::{Reader, Seen};
pub use registration_engine::{
    OpenQuestion, OpenRegistrationBatch, RegistrationJob, RegistrationStep, RunnableRegistration,
};
pub use registrations::{
    ActionFilter, ActionView, CandidateView, RegistrationBatchDetail, RegistrationBatchFilter, RegistrationBatchView,
    RegistrationDetail, RegistrationFilter, RegistrationLogFilter, RegistrationLogView, RegistrationProgress,
    RegistrationStepView, RegistrationSummary, RegistrationView, SubStepView,
};
pub use retention::{ChangeRecord, PracticeRecord};
pub use scope::{Access, Credential, Role, Scope};
pub use step_runs::{StepRunView, Subject};
pub use tokens::{SessionView, TokenView};
pub use users::{OrganisationView, PasswordCheck, UserFilter, UserView};
pub use webhook_deliveries::{WebhookAttemptView, WebhookDeliveryDetail, WebhookDeliveryView};
pub use webhook_endpoints::WebhookEndpointView;
pub use workflow_rows::{
    WorkflowFilter, WorkflowKey, WorkflowVersionView, WorkflowView, shared_workflow, shared_workflows, workflow_spec,
};
pub use workflows::{play, workflow, workflow_at};
