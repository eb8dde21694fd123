//! The workflow tool n8n, as its webhooks are seen from outside: they are answered at once or at the end, and results
//! are brought to the `callback_url` of the request.

mod answers;
mod serve;
mod workflow;

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web;
use serde_json::Value;
use tokio::sync::watch;

use super::callbacks::{Callback, Caller, Delivery};
use super::log::Log;
use super::pace::Pace;
use super::serving::{Serving, locked};
use workflow::Executions;

pub use workflow::{Auth, Execution, ExecutionState, Respond, ResultFn, When, Workflow};

/// What the instance is to be like.
#[derive(Debug, Clone)]
pub struct Options {
    /// The workflows that it begins with.
    pub workflows: Vec<Workflow>,
    /// How long the work of a workflow takes.
    pub latency: Duration,
    /// The largest body of a request, as `N8N_PAYLOAD_SIZE_MAX` sets it.
    pub largest_body: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            workflows: vec![Workflow::default()],
            latency: Duration::ZERO,
            largest_body: 16 << 20,
        }
    }
}

/// One request to a webhook, as it was answered.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method.
    pub method: String,
    /// The path and query.
    pub path: String,
    /// The body, if it was JSON.
    pub body: Value,
    /// The status of the answer.
    pub status: u16,
    /// The execution that it began or resumed.
    pub execution: Option<u64>,
}

struct Instance {
    workflows: Mutex<HashMap<String, Workflow>>,
    listening: Mutex<HashSet<String>>,
    executions: Mutex<Executions>,
    /// Moves whenever an execution has changed.
    changes: watch::Sender<u64>,
    largest_body: usize,
    pace: Pace,
    calls: Log<Call>,
    caller: Caller,
}

impl Instance {
    fn set_state(&self, id: u64, state: ExecutionState) {
        locked(&self.executions).set(id, state);
        self.changes.send_modify(|changes| *changes += 1);
    }
}

/// The instance, until this is dropped.
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// use batchdesk::simulators::Delivery;
/// use batchdesk::simulators::n8n::{N8n, Options};
///
/// let n8n = N8n::start(Options::default()).await?;
/// let webhook = n8n.webhook_url("case-studies");
/// n8n.set_delivery("case-studies", Delivery::TwiceSame);
/// // ... POST {"website": ..., "callback_url": ...} to it ...
/// n8n.until_callbacks(2).await;
/// assert_eq!(n8n.callbacks()[1].answered, Ok(200));
/// # Ok(())
/// # }
/// ```
pub struct N8n {
    address: SocketAddr,
    instance: Arc<Instance>,
    _serving: Serving,
}

impl N8n {
    /// Serves on loopback. Any runtime will do.
    pub async fn start(options: Options) -> io::Result<Self> {
        let instance = Arc::new(Instance {
            workflows: Mutex::new(
                options
                    .workflows
                    .into_iter()
                    .map(|workflow| (workflow.path.clone(), workflow))
                    .collect(),
            ),
            listening: Mutex::default(),
            executions: Mutex::new(Executions::new()),
            changes: watch::Sender::default(),
            largest_body: options.largest_body,
            pace: Pace::new(options.latency),
            calls: Log::default(),
            caller: Caller::new()?,
        });
        let shared = Arc::clone(&instance);
        let (address, serving) = Serving::on_loopback(move |app| {
            app.app_data(web::Data::from(Arc::clone(&shared)))
                .route("/webhook/{path:.+}", web::to(serve::production))
                .route("/webhook-test/{path:.+}", web::to(serve::test))
                .route("/webhook-waiting/{rest:.+}", web::to(serve::waiting));
        })
        .await?;
        locked(&instance.executions).set_base(format!("http://{address}"));
        Ok(Self {
            address,
            instance,
            _serving: serving,
        })
    }

    /// `http://ADDRESS`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The production URL of a workflow.
    pub fn webhook_url(&self, path: &str) -> String {
        format!("{}/webhook/{path}", self.base_url())
    }

    /// The test URL of a workflow, which works once after each [`listen`](Self::listen).
    pub fn test_url(&self, path: &str) -> String {
        format!("{}/webhook-test/{path}", self.base_url())
    }

    /// Adds a workflow, or replaces the one of that path.
    pub fn set_workflow(&self, workflow: Workflow) {
        locked(&self.instance.workflows).insert(workflow.path.clone(), workflow);
    }

    /// Changes the workflow of that path, if there is one.
    pub fn change(&self, path: &str, change: impl FnOnce(&mut Workflow)) {
        if let Some(workflow) = locked(&self.instance.workflows).get_mut(path) {
            change(workflow);
        }
    }

    /// How the workflow brings its results from now on.
    pub fn set_delivery(&self, path: &str, delivery: Delivery) {
        self.change(path, |workflow| workflow.delivery = delivery);
    }

    /// Switches the production URL on or off.
    pub fn set_active(&self, path: &str, active: bool) {
        self.change(path, |workflow| workflow.active = active);
    }

    /// The test URL of the workflow takes one call.
    pub fn listen(&self, path: &str) {
        locked(&self.instance.listening).insert(path.to_owned());
    }

    /// The work of a workflow takes so long from now on.
    pub fn set_latency(&self, latency: Duration) {
        self.instance.pace.set_latency(latency);
    }

    /// No workflow comes to its result until [`release`](Self::release).
    pub fn hold(&self) {
        self.instance.pace.hold();
    }

    /// Lets every workflow go on that was held.
    pub fn release(&self) {
        self.instance.pace.release();
    }

    /// The latest executions, oldest first.
    pub fn executions(&self) -> Vec<Execution> {
        locked(&self.instance.executions).all()
    }

    /// Says how an execution stands.
    pub fn set_execution(&self, id: u64, state: ExecutionState) {
        self.instance.set_state(id, state);
    }

    /// Waits until an execution stands so.
    pub async fn until_execution(&self, id: u64, state: ExecutionState) {
        let stands = |_: &u64| {
            let executions = locked(&self.instance.executions);
            executions.get(id).is_some_and(|execution| execution.state == state)
        };
        let _ = self.instance.changes.subscribe().wait_for(stands).await;
    }

    /// The latest requests, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.instance.calls.entries()
    }

    /// Waits until so many requests have been answered.
    pub async fn until_calls(&self, calls: u64) {
        self.instance.calls.until(calls).await;
    }

    /// The latest calls to callback URLs, and what they were answered.
    pub fn callbacks(&self) -> Vec<Callback> {
        self.instance.caller.log().entries()
    }

    /// Waits until so many callbacks have been answered.
    pub async fn until_callbacks(&self, callbacks: u64) {
        self.instance.caller.log().until(callbacks).await;
    }
}

#[cfg(test)]
mod tests;
