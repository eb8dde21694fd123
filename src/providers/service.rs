//! All providers of the daemon: who is called how, within which limits.

mod preflight;

pub use preflight::secrets_named_in;
mod send;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::answer::Reading;
use super::call::{Call, CallFailure, CallReport, Verdict};
use super::clay::{self, Submissions};
use super::limits::{CircuitRule, Fingerprint, Gate, GateKey, Gates, Place, Refused, Tuning};
use super::request::{Draft, Rendering};
use super::scrub::{Traces, scrub};
use super::secrets::{Known, Vault};
use super::spec::{ProviderName, ProviderSpec};
use super::state::ProviderState;
use super::transport::{BodyBudget, Transport};
use super::zenrows::{self, Way};
use super::{http_api, n8n};
use crate::scrape::FetchError;
use crate::settings::Settings;
use crate::template::{Context, Templates};
use send::{Ready, send};

/// The longest that a call waits in memory for its place.
const PATIENCE: Duration = Duration::from_secs(10);
/// When a provider that fails is left alone for a while.
const CIRCUIT: CircuitRule = CircuitRule {
    window: Duration::from_secs(60),
    least_calls: 10,
    share: 0.5,
    most_offences: None,
    rest: Duration::from_secs(15),
    longest_rest: Duration::from_secs(300),
};

/// Calls providers. One for the process.
pub struct Providers {
    settings: watch::Receiver<Arc<Settings>>,
    templates: Arc<Templates>,
    shared: Arc<Shared>,
    bodies: BodyBudget,
    /// The transport, and the settings that it was made of.
    transport: Mutex<(Arc<Settings>, Transport)>,
}

/// What outlives the wait for a single call.
struct Shared {
    gates: Gates,
    vault: Vault,
    submissions: Submissions,
}

impl Providers {
    /// Providers under the settings of the moment; they follow every change.
    ///
    /// # Errors
    /// Where no HTTP client can be made.
    pub fn new(settings: watch::Receiver<Arc<Settings>>) -> Result<Arc<Self>, FetchError> {
        Self::with_templates(settings, Arc::new(Templates::new()))
    }

    /// As [`new`](Self::new), with templates that others use too.
    ///
    /// # Errors
    /// Where no HTTP client can be made.
    pub fn with_templates(
        settings: watch::Receiver<Arc<Settings>>,
        templates: Arc<Templates>,
    ) -> Result<Arc<Self>, FetchError> {
        let now = Arc::clone(&settings.borrow());
        let bodies = BodyBudget::new(now.engine.max_bytes_in_flight);
        let transport = Transport::new(&now, bodies.clone())?;
        Ok(Arc::new(Self {
            shared: Arc::new(Shared {
                gates: Gates::default(),
                vault: Vault::new(settings.clone()),
                submissions: Submissions::default(),
            }),
            settings,
            templates,
            bodies,
            transport: Mutex::new((now, transport)),
        }))
    }

    /// The templates that requests are made of.
    #[must_use]
    pub fn templates(&self) -> &Arc<Templates> {
        &self.templates
    }

    /// The transport for the settings in force; the former one while the new settings do not give one.
    fn transport(&self) -> Transport {
        let now = Arc::clone(&self.settings.borrow());
        let mut held = self.transport.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&held.0, &now) {
            if held.0.network != now.network {
                match Transport::new(&now, self.bodies.clone()) {
                    Ok(transport) => held.1 = transport,
                    Err(error) => {
                        tracing::error!(%error, "the new network settings cannot be used for providers; keeping the old ones");
                    }
                }
            }
            held.0 = now;
        }
        held.1.clone()
    }

    /// Makes the call: waits for its place, sends, and says what the answer means.
    ///
    /// Once it is on its way it goes on to its end even where nobody waits any more, so that its place is taken for as
    /// long as the provider works on it.
    pub async fn call(&self, spec: &ProviderSpec, call: Call<'_>) -> CallReport {
        let mut report = CallReport {
            outcome: Err(CallFailure::workflow("a native step calls no provider")),
            cost: None,
            request_id: None,
            status: None,
            waited: Duration::ZERO,
        };
        if spec.provider == ProviderName::Native {
            return report;
        }
        let facts = Arc::new(facts(&call));
        let spec = Arc::new(spec.clone());
        let mut way = Way::default();
        let mut held = None;
        loop {
            let (reading, status, place) = match self
                .attempt(&spec, &call, &facts, way, held.take(), &mut report.waited)
                .await
            {
                Ok(read) => read,
                Err(failure) => {
                    report.outcome = Err(self.without_secrets(failure, &call));
                    return report;
                }
            };
            report.status = status;
            if let Some(cost) = reading.effect.cost {
                report.cost = Some(report.cost.unwrap_or_default() + cost);
            }
            report.request_id = reading.request_id.or(report.request_id);
            report.outcome = reading.outcome;
            match reading.again.and_then(|again| way.next(&spec, again)) {
                Some(other) => {
                    way = other;
                    held = Some(place);
                }
                None => break,
            }
        }
        report.outcome = report.outcome.map_err(|failure| self.without_secrets(failure, &call));
        report
    }

    /// One request of a call, with a place of its own or the one that the call has already.
    async fn attempt(
        &self,
        spec: &Arc<ProviderSpec>,
        call: &Call<'_>,
        facts: &Arc<Value>,
        way: Way,
        held: Option<Place>,
        waited: &mut Duration,
    ) -> Result<(Reading, Option<u16>, Place), CallFailure> {
        let transport = self.transport();
        let (draft, names) = self.draft(spec, call, facts, way, &transport).await?;
        let ready = self.ready(spec, call.organisation, draft, names).await?;
        let place = match held {
            Some(mut place) => {
                place.renew();
                place
            }
            None => {
                let asked = Instant::now();
                let place = ready.gate.enter(ready.fingerprint, PATIENCE).await;
                *waited += asked.elapsed();
                let place = place.map_err(refusal)?;
                if let Some(told) = call.on_place {
                    told();
                }
                place
            }
        };
        let confidential = call.callback_url.map(str::to_owned);
        let spec = Arc::clone(spec);
        let shared = Arc::clone(&self.shared);
        let sent = tokio::spawn(send(shared, transport, spec, ready, place, confidential));
        sent.await.map_err(|_| CallFailure {
            outcome_unknown: true,
            ..CallFailure::retry("the call was interrupted")
        })
    }

    /// Renders and checks the request, away from the arbiter: a template may take its time. Also the names of the
    /// secrets in it.
    async fn draft(
        &self,
        spec: &Arc<ProviderSpec>,
        call: &Call<'_>,
        facts: &Arc<Value>,
        way: Way,
        transport: &Transport,
    ) -> Result<(Draft, BTreeSet<String>), CallFailure> {
        let step_run = call.step_run_id.to_string();
        let (templates, spec, facts) = (Arc::clone(&self.templates), Arc::clone(spec), Arc::clone(facts));
        let transport = transport.clone();
        let work = move || {
            let draft = render(&templates, &spec, &step_run, &facts, way)?;
            let placeholders = templates.placeholders();
            match draft.check(transport.guard(), placeholders) {
                // Where no template has a say in the host, it is refused for every row.
                Err(failure) if spec.fixed_address().is_some() => Err(CallFailure::workflow(failure.error)),
                Err(failure) => Err(failure),
                Ok(()) => {
                    let names = draft.secrets(placeholders);
                    Ok((draft, names))
                }
            }
        };
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
            Err(CallFailure::workflow(
                "the templates of the workflow cannot be rendered",
            ))
        })
    }

    /// Fills in the secrets, and finds the gate.
    async fn ready(
        &self,
        spec: &ProviderSpec,
        organisation: &str,
        draft: Draft,
        names: BTreeSet<String>,
    ) -> Result<Ready, CallFailure> {
        let mut secrets: BTreeMap<String, Known> = BTreeMap::new();
        for name in names {
            let known = self
                .shared
                .vault
                .reveal(&name, organisation, draft.host())
                .await
                .map_err(|withheld| CallFailure::workflow(withheld.to_string()))?;
            secrets.insert(name, known);
        }
        let names: Vec<&str> = secrets.keys().map(String::as_str).collect();
        let host = draft.authority();
        let key = GateKey {
            provider: spec.provider,
            host: host.clone(),
            secret: names.join(","),
        };
        let gate = self.shared.gates.get(key, &tuning(spec));
        let fingerprint = secrets.values().fold(None, |all: Option<Fingerprint>, known| {
            let mut joined = all.unwrap_or_default();
            joined.iter_mut().zip(known.fingerprint).for_each(|(a, b)| *a ^= b);
            Some(joined)
        });
        let webhook = (spec.provider == ProviderName::Clay).then(|| Submissions::webhook(&draft.url));
        let path = draft.url.path().to_owned();
        let traces = secrets.values().map(|known| Arc::clone(&known.traces)).collect();
        let templates = Arc::clone(&self.templates);
        let filled = tokio::task::spawn_blocking(move || draft.fill(templates.placeholders(), &secrets)).await;
        Ok(Ready {
            traces,
            request: filled.map_err(|_| CallFailure::row("the request cannot be put together"))??,
            host,
            path,
            webhook,
            gate,
            fingerprint,
        })
    }

    /// A failure as rows and logs may hold it.
    fn without_secrets(&self, mut failure: CallFailure, call: &Call<'_>) -> CallFailure {
        let clean = |text: String| {
            let text = self.templates.placeholders().shown(&text);
            without_callback(self.shared.vault.scrub(text), call.callback_url)
        };
        failure.chain = failure.chain.map(&clean);
        failure.error = clean(failure.error);
        failure
    }

    /// Reads the secrets that [`scrub_callback`](Self::scrub_callback) looks for, where that was not done lately.
    pub async fn learn_secrets(&self) {
        self.shared.vault.learn().await;
    }

    /// The body of a callback without the secrets that are known, and without the token that it came with.
    #[must_use]
    pub fn scrub_callback(&self, body: String, token: &str) -> String {
        let token = Arc::new(Traces::new("token", token));
        scrub([&token], self.shared.vault.scrub(body))
    }

    /// How many calls of this kind may run at a time now; 0 while the provider is paused or left alone.
    #[must_use]
    pub fn capacity(&self, spec: &ProviderSpec) -> usize {
        let usual = spec.concurrency.unwrap_or_else(|| tuning(spec).default_concurrency);
        self.gate_of(spec).map_or(usual, |gate| gate.capacity())
    }

    /// The gate that calls of this kind go through, where the workflow alone tells which and one has been made.
    fn gate_of(&self, spec: &ProviderSpec) -> Option<Arc<Gate>> {
        let address = spec.fixed_address()?;
        let host = address.host_str()?;
        let key = GateKey {
            provider: spec.provider,
            host: address
                .port()
                .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
            secret: preflight::named_secrets(spec).into_iter().collect::<Vec<_>>().join(","),
        };
        self.shared.gates.find(&key)
    }

    /// Every provider that has been called since the start.
    #[must_use]
    pub fn states(&self) -> Vec<ProviderState> {
        let submissions = self.shared.submissions.all();
        self.shared
            .gates
            .all()
            .iter()
            .map(|gate| ProviderState::of(gate, &submissions))
            .collect()
    }

    /// An operator says that a paused provider may be asked again; whether there is one of that name.
    pub fn resume(&self, name: &str) -> bool {
        let gates = self.shared.gates.all();
        let named = gates.iter().find(|gate| gate.key().to_string() == name);
        if let Some(gate) = named {
            gate.resume();
            tracing::info!(provider = name, "the provider may be asked again");
        }
        named.is_some()
    }

    /// Rows that each Clay webhook has taken: name and count.
    #[must_use]
    pub fn submissions(&self) -> Vec<(String, u64)> {
        self.shared.submissions.all()
    }
}

fn render(
    templates: &Templates,
    spec: &ProviderSpec,
    step_run: &str,
    facts: &Value,
    way: Way,
) -> Result<Draft, CallFailure> {
    let context = &Context::new(facts);
    let rendering = Rendering { templates, context };
    match spec.provider {
        ProviderName::Zenrows => zenrows::draft(spec, rendering, way),
        ProviderName::N8n => n8n::draft(spec, rendering, step_run, facts),
        ProviderName::Clay => clay::draft(spec, rendering, facts),
        ProviderName::Http => http_api::draft(spec, rendering, step_run),
        ProviderName::Native => Err(CallFailure::workflow("a native step calls no provider")),
    }
}

/// The context with what the call itself knows.
fn facts(call: &Call<'_>) -> Value {
    let mut facts: Map<String, Value> = call.context.as_object().cloned().unwrap_or_default();
    facts.insert(
        "run".to_owned(),
        json!({ "id": call.step_run_id, "workflow": call.workflow_slug, "attempt": call.attempt }),
    );
    facts.insert("organisation".to_owned(), call.organisation.into());
    if let Some(callback_url) = call.callback_url {
        facts.insert("callback_url".to_owned(), callback_url.into());
    }
    Value::Object(facts)
}

/// `text` without the callback's address, and without the token in it.
fn without_callback(text: String, callback_url: Option<&str>) -> String {
    let Some(callback_url) = callback_url.filter(|url| !url.is_empty()) else {
        return text;
    };
    let text = text.replace(callback_url, "***callback_url***");
    let token = url::Url::parse(callback_url).ok().and_then(|url| {
        let token = url.query_pairs().find(|(name, _)| name == "token")?;
        Some(token.1.into_owned())
    });
    match token {
        Some(token) if token.len() >= 8 => text.replace(&token, "***token***"),
        _ => text,
    }
}

fn refusal(refused: Refused) -> CallFailure {
    match refused {
        Refused::Paused { reason, rest } => CallFailure::new(
            Verdict::PauseProvider { cool_down: rest },
            format!("the provider is paused: {reason}"),
        ),
        Refused::Later { wait, why } => CallFailure::new(Verdict::PutOff { wait, why }, why),
    }
}

/// What a workflow asks for, and what its provider is given by default.
fn tuning(spec: &ProviderSpec) -> Tuning {
    let zenrows = spec.provider == ProviderName::Zenrows;
    let default_rate = (spec.provider == ProviderName::Clay).then_some((10.0, 20.0));
    let burst = |rate: f64| {
        if spec.provider == ProviderName::Clay {
            rate * 2.0
        } else {
            rate
        }
    };
    Tuning {
        concurrency: spec.concurrency,
        rate: spec.rate.map(|rate| (rate, burst(rate).max(1.0))).or(default_rate),
        default_concurrency: if zenrows { 5 } else { 10 },
        learns: zenrows,
        circuit: if zenrows { zenrows::CIRCUIT } else { CIRCUIT },
    }
}

#[cfg(test)]
mod tests;
