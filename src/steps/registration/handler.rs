//! What does a step or sub-step of a registration: found by name, told by the configuration.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use entity::{Id, restaurants};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::model::step::StepFailure;
use crate::providers::{CallFailure, Providers, Verdict};
use crate::steps::{Handlers, Progress};
use crate::store::read::EngineReader;
use crate::store::write::{CandidateFound, RestaurantFacts};

/// What a handler knows of the registration that it works on.
#[derive(Clone)]
pub struct RegistrationContext {
    pub organisation_id: Id,
    /// The organisation's name, which secrets are given by.
    pub organisation: String,
    pub batch_id: Id,
    pub restaurant: restaurants::Model,
    /// The slug of the step or sub-step.
    pub slug: String,
    /// What the configuration tells the handler.
    pub settings: Map<String, Value>,
    /// What templates can name.
    pub facts: Arc<Value>,
    /// Stable over all that may do the same work; goes out as `Idempotency-Key`.
    pub key: Uuid,
    pub attempt: i32,
    pub providers: Arc<Providers>,
    pub reader: EngineReader,
    /// The steps of enrichment, for whoever reads a website.
    pub handlers: Handlers,
    pub progress: Progress,
}

/// What a handler gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// What the step's row keeps.
    pub data: Value,
    pub restaurant: Option<RestaurantFacts>,
    pub candidates: Option<Vec<CandidateFound>>,
}

impl Found {
    #[must_use]
    pub fn data(data: Value) -> Self {
        Self {
            data,
            ..Self::default()
        }
    }
}

/// Why there is nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum RegistrationStop {
    Failed {
        failure: StepFailure,
        /// What was to be done may have been done.
        outcome_unknown: bool,
    },
    /// Nothing was tried, or what is waited for has not come: no attempt is spent.
    PutOff { wait: Duration, why: String },
    /// It is no restaurant's fault, and none could go on.
    Refused(String),
    /// What was asked for is not allowed: of this restaurant perhaps, perhaps of any.
    Forbidden(String),
}

impl From<StepFailure> for RegistrationStop {
    fn from(failure: StepFailure) -> Self {
        Self::Failed {
            failure,
            outcome_unknown: false,
        }
    }
}

impl From<CallFailure> for RegistrationStop {
    fn from(failure: CallFailure) -> Self {
        let CallFailure {
            error,
            chain,
            outcome_unknown,
            verdict,
        } = failure;
        let (retryable, retry_after) = match verdict {
            Verdict::Retry { after } => (true, after),
            Verdict::FailRow => (false, None),
            // What may have been done counts as an attempt, whatever comes next: only so is it looked for before a repetition.
            Verdict::PutOff { wait, .. } if outcome_unknown => (true, Some(wait)),
            Verdict::FailWorkflow | Verdict::Forbidden | Verdict::PauseProvider { .. } if outcome_unknown => {
                (false, None)
            }
            Verdict::PutOff { wait, why } => {
                return Self::PutOff {
                    wait,
                    why: why.to_owned(),
                };
            }
            Verdict::FailWorkflow | Verdict::PauseProvider { .. } => return Self::Refused(error),
            Verdict::Forbidden => return Self::Forbidden(error),
        };
        Self::Failed {
            failure: StepFailure {
                error,
                chain,
                retryable,
                retry_after,
            },
            outcome_unknown,
        }
    }
}

/// Does one step or sub-step. A panic in `run` counts as a failed attempt.
#[async_trait::async_trait]
pub trait RegistrationHandler: Send + Sync {
    async fn run(&self, context: &RegistrationContext) -> Result<Found, RegistrationStop>;
}

/// The handlers by name.
#[derive(Clone, Default)]
pub struct RegistrationHandlers(HashMap<String, Arc<dyn RegistrationHandler>>);

impl RegistrationHandlers {
    #[must_use]
    pub fn with(mut self, name: &str, handler: impl RegistrationHandler + 'static) -> Self {
        self.0.insert(name.to_owned(), Arc::new(handler));
        self
    }

    /// In no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<dyn RegistrationHandler>> {
        self.0.get(name).cloned()
    }
}
