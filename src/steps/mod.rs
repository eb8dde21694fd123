//! What is done for an item: one handler a kind of step, found by name.

mod aggregate;
pub mod preflight;
mod provided;
pub mod registration;
mod scrape;
mod url;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use entity::Id;
use serde_json::Value;

use crate::model::step::StepFailure;
use crate::store::write::PayloadColumn;

pub use aggregate::Aggregate;
pub use provided::provided;
pub use scrape::{ScrapeKit, ScrapeSite};
pub use url::CleanIdentifier;

/// When something last moved. Shared by whoever does the work and whoever watches it.
#[derive(Clone, Debug)]
pub struct Progress {
    since: Instant,
    millis: Arc<AtomicU64>,
    /// Writes that are on their way: whoever waits for the database is not stuck.
    writing: Arc<AtomicU64>,
}

/// A write on its way, until it is dropped.
#[derive(Debug)]
pub struct Writing(Progress);

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.record();
        self.0.writing.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Progress {
    #[must_use]
    pub fn new() -> Self {
        Self {
            since: Instant::now(),
            millis: Arc::default(),
            writing: Arc::default(),
        }
    }

    /// Something has moved.
    pub fn record(&self) {
        let millis = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.millis.store(millis, Ordering::Relaxed);
    }

    /// Says that what happens next is the database's to take its time over.
    #[must_use]
    pub fn writing(&self) -> Writing {
        self.writing.fetch_add(1, Ordering::Relaxed);
        Writing(self.clone())
    }

    /// How long nothing has moved, in ms; 0 while a write is on its way.
    #[must_use]
    pub fn idle_ms(&self) -> u64 {
        if self.writing.load(Ordering::Relaxed) > 0 {
            return 0;
        }
        let now = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        now.saturating_sub(self.millis.load(Ordering::Relaxed))
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

/// What a handler knows of the item that it works on.
#[derive(Clone, Debug)]
pub struct StepContext {
    pub job_id: Id,
    pub item_id: i64,
    /// What the URL column held.
    pub identifier: String,
    /// What the steps with columns of their own gave, as JSON text.
    pub url: Option<Arc<str>>,
    pub scrape: Option<Arc<str>>,
    /// The job's own settings.
    pub settings: Arc<Value>,
    pub progress: Progress,
}

/// What a handler gives.
pub type StepResult = Result<StepData, StepStop>;

/// Why there is no data.
#[derive(Clone, Debug, PartialEq)]
pub enum StepStop {
    Failed(StepFailure),
    /// A callback brings the data, until then.
    AwaitsCallback {
        until: DateTime<Utc>,
    },
    /// Nothing was tried, or what was given cannot be stored yet: no attempt is spent.
    PutOff {
        wait: Duration,
        why: &'static str,
    },
    /// Somebody else has changed the item.
    Superseded,
    /// It is no item's fault, and none could go on: the job is to be paused.
    Refused(String),
}

impl From<StepFailure> for StepStop {
    fn from(failure: StepFailure) -> Self {
        Self::Failed(failure)
    }
}

/// A step's data.
#[derive(Clone, Debug, PartialEq)]
pub struct StepData {
    /// JSON text as it is stored.
    pub json: Arc<str>,
    pub column: PayloadColumn,
    /// Whether there is anything in it.
    pub found: bool,
    /// What was missing or odd.
    pub warnings: Vec<String>,
    /// What the provider says that it has cost, in its own unit.
    pub cost: Option<f64>,
}

impl StepData {
    /// Serialises `data` for `column`.
    ///
    /// # Errors
    /// Where the data cannot be JSON, which is a defect of the handler.
    pub fn new(column: PayloadColumn, data: &impl serde::Serialize) -> StepResult {
        let json = serde_json::to_string(data)
            .map_err(|error| StepFailure::permanent(format!("the step's data cannot be stored: {error}")))?;
        Ok(Self {
            json: json.into(),
            column,
            found: true,
            warnings: Vec::new(),
            cost: None,
        })
    }

    /// The data as JSON.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.json).unwrap_or(Value::Null)
    }
}

/// Does one kind of step. A panic in `run` counts as a failed attempt.
#[async_trait::async_trait]
pub trait StepHandler: Send + Sync {
    async fn run(&self, context: &StepContext) -> StepResult;
}

/// The handlers by name.
#[derive(Clone, Default)]
pub struct Handlers(HashMap<String, Arc<dyn StepHandler>>);

impl Handlers {
    #[must_use]
    pub fn with(mut self, name: &str, handler: impl StepHandler + 'static) -> Self {
        self.0.insert(name.to_owned(), Arc::new(handler));
        self
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<dyn StepHandler>> {
        self.0.get(name).cloned()
    }
}
