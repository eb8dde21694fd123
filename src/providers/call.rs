//! A call to a provider, and what came of it.

use std::fmt;
use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

/// What a call is made for.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    pub workflow_slug: &'a str,
    /// The organisation's name.
    pub organisation: &'a str,
    /// Stable over all attempts; goes out as `Idempotency-Key`.
    pub step_run_id: Uuid,
    pub attempt: i32,
    /// The names that templates can use, an object. `run`, `callback_url` and `organisation` are added to them.
    pub context: &'a Value,
    /// Where the provider is to bring its answer. As confidential as a secret: it never shows in an error.
    pub callback_url: Option<&'a str>,
    /// Told as soon as the call has its place within the limits and leaves.
    pub on_place: Option<&'a (dyn Fn() + Send + Sync)>,
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("workflow_slug", &self.workflow_slug)
            .field("step_run_id", &self.step_run_id)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// What a provider gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Answered {
    /// The step's data.
    Data(Value),
    /// The provider took the call; a callback brings the data.
    Accepted,
}

/// What came of a call.
#[derive(Clone, Debug)]
pub struct CallReport {
    pub outcome: Result<Answered, CallFailure>,
    /// What the provider says that it cost, all requests of the call together.
    pub cost: Option<f64>,
    /// The provider's name for the (last) request.
    pub request_id: Option<String>,
    pub status: Option<u16>,
    /// How long the call waited for its place.
    pub waited: Duration,
}

/// Why a call gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFailure {
    /// One sentence for the person who reads the row; holds no secret.
    pub error: String,
    /// The provider's own code and words, shortened; holds no secret.
    pub chain: Option<String>,
    pub verdict: Verdict,
    /// The request left and no definite answer came: what it was to do may have been done.
    pub outcome_unknown: bool,
}

/// What is to be done about a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same call may succeed later; counts as an attempt.
    Retry { after: Option<Duration> },
    /// Nothing was tried, or nothing came of it for reasons of the provider's limits: no attempt is spent.
    PutOff { wait: Duration, why: &'static str },
    /// It cannot succeed for this row.
    FailRow,
    /// It cannot succeed for any row until the workflow is mended.
    FailWorkflow,
    /// The key is known and may not do this: for one row perhaps, perhaps for all.
    Forbidden,
    /// The provider refuses our key or address: its batches pause. It has been told once, as an error in the log.
    PauseProvider { cool_down: Option<Duration> },
}

impl CallFailure {
    pub(super) fn new(verdict: Verdict, error: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            chain: None,
            verdict,
            outcome_unknown: false,
        }
    }

    pub(super) fn row(error: impl Into<String>) -> Self {
        Self::new(Verdict::FailRow, error)
    }

    pub(super) fn workflow(error: impl Into<String>) -> Self {
        Self::new(Verdict::FailWorkflow, error)
    }

    pub(super) fn retry(error: impl Into<String>) -> Self {
        Self::new(Verdict::Retry { after: None }, error)
    }

    #[must_use]
    pub(super) fn with_chain(mut self, chain: impl Into<String>) -> Self {
        let chain = chain.into();
        self.chain = (!chain.is_empty()).then_some(chain);
        self
    }
}
