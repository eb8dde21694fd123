//! n8n: a workflow behind a webhook, answered at once or by callback; or one that waits, at its resume URL.

use serde_json::{Value, json};

use super::answer::{Reader, Reading};
use super::call::{Answered, CallFailure};
use super::http_api;
use super::limits::Health;
use super::request::{Draft, Payload, Rendering};
use super::spec::{Mode, ProviderSpec, SpecMistake};
use super::transport::Reply;

/// What n8n takes by default (`N8N_PAYLOAD_SIZE_MAX`).
const LARGEST_BODY: usize = 16 << 20;
/// How n8n answers a webhook that responds at once.
const STARTED: &str = "Workflow was started";

/// The body where the workflow row has none.
pub(super) fn usual_body(facts: &Value) -> Value {
    let fact = |name: &str| facts.get(name).cloned().unwrap_or_default();
    json!({
        "company": fact("company"),
        "run": fact("run"),
        "callback_url": fact("callback_url"),
        "data": fact("data"),
    })
}

/// The request.
pub(super) fn draft(
    spec: &ProviderSpec,
    rendering: Rendering<'_>,
    step_run: &str,
    facts: &Value,
) -> Result<Draft, CallFailure> {
    let mut draft = http_api::draft(spec, rendering, step_run)?;
    if draft.payload == Payload::Nothing && !draft.method.is_safe() {
        draft.payload = Payload::Json(usual_body(facts));
    }
    let bytes = draft.body_bytes();
    if bytes > LARGEST_BODY {
        return Err(CallFailure::row(format!(
            "the body is {} MiB, and n8n takes 16; leave fields out of `body`",
            bytes >> 20
        )));
    }
    Ok(draft)
}

/// What is odd about the address.
pub(super) fn check(spec: &ProviderSpec) -> Option<SpecMistake> {
    spec.request.url.contains("/webhook-test/").then(|| {
        SpecMistake::warning(
            "url",
            "is a test URL, which n8n answers once after each click on 'Execute workflow'",
            "activate the workflow and write its production URL (/webhook/ instead of /webhook-test/)",
        )
    })
}

/// The answer. `path` is that of the address that was called.
pub(super) fn read(spec: &ProviderSpec, reader: &Reader<'_>, reply: &Reply, path: &str) -> Reading {
    if !http_api::is_success(spec, reply.status) {
        return refused(reader, reply, path.contains("/webhook-waiting/"));
    }
    if spec.mode == Mode::Async {
        return Reading::good(Answered::Accepted);
    }
    match data(spec, reader, reply) {
        Ok(data) => Reading::good(Answered::Data(data)),
        Err(failure) => Reading::failed(failure, Health::Good),
    }
}

fn data(spec: &ProviderSpec, reader: &Reader<'_>, reply: &Reply) -> Result<Value, CallFailure> {
    let value = if reply.body.iter().all(u8::is_ascii_whitespace) {
        return Err(CallFailure::workflow(format!(
            "the n8n workflow at {} answers without data; let its webhook respond 'When Last Node Finishes' with a JSON \
             entry, or set mode = \"async\"",
            reader.host
        )));
    } else {
        reader.json(reply)?
    };
    let started = value.get("message").and_then(Value::as_str) == Some(STARTED);
    if started && value.as_object().is_some_and(|fields| fields.len() == 1) {
        return Err(CallFailure::workflow(format!(
            "the n8n workflow at {} responds immediately, before it has a result; set its webhook to respond 'When Last \
             Node Finishes', or set mode = \"async\" and let it call callback_url",
            reader.host
        )));
    }
    if spec.result.is_some() {
        return reader.result(value, spec.result.as_ref());
    }
    Ok(match value {
        // "All entries": the first is ours, as one was sent.
        Value::Array(list) => list.into_iter().next().unwrap_or_default(),
        other => other,
    })
}

fn refused(reader: &Reader<'_>, reply: &Reply, waiting: bool) -> Reading {
    let said = reader.excerpt(&reply.body);
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let message = body.get("message").and_then(Value::as_str).unwrap_or_default();
    let host = reader.host;
    let (failure, health) = match reply.status {
        404 if waiting => (
            CallFailure::row(format!("the n8n execution that waited at {host} is gone (HTTP 404)")),
            Health::Good,
        ),
        404 => {
            let error = format!(
                "no n8n workflow listens at this address of {host} for {} (HTTP 404); activate the workflow, and check \
                 its path and method",
                if message.contains("Did you mean") {
                    "this method"
                } else {
                    "requests"
                }
            );
            (CallFailure::workflow(error), Health::Good)
        }
        409 if waiting && (message.contains("running") || said.contains("running")) => (
            CallFailure::retry(format!(
                "the n8n execution at {host} does not wait yet, or goes on already (HTTP 409)"
            )),
            Health::Good,
        ),
        409 if waiting => (
            CallFailure::row(format!("the n8n execution at {host} has ended already (HTTP 409)")),
            Health::Good,
        ),
        401 | 403 if waiting => (
            CallFailure::row(format!(
                "n8n at {host} does not take the signature of the resume URL (HTTP {}); it has to be sent exactly as \
                 n8n gave it",
                reply.status
            )),
            Health::Good,
        ),
        // The workflow failed on this item; n8n itself works.
        500 if message == "Error in workflow" => (
            CallFailure::retry(format!(
                "the n8n workflow at {host} failed; its execution there says why"
            )),
            Health::Neutral,
        ),
        413 => (
            CallFailure::row(format!(
                "the body is too large for n8n at {host} (HTTP 413); leave fields out of `body`"
            )),
            Health::Good,
        ),
        _ => return reader.refusal(reply),
    };
    Reading::failed(failure.with_chain(said), health)
}
