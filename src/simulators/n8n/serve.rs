//! How requests to the three kinds of webhook URL are answered.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{HttpRequest, HttpResponse, rt, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::body::{self, Unread};
use super::super::callbacks::Destination;
use super::super::serving::locked;
use super::workflow::{Auth, Execution, ExecutionState, Respond, When, Workflow};
use super::{Call, Instance, answers};

pub(super) async fn production(
    request: HttpRequest,
    path: web::Path<String>,
    payload: web::Payload,
    instance: web::Data<Instance>,
) -> HttpResponse {
    webhook(request, &path, payload, instance.into_inner(), false).await
}

pub(super) async fn test(
    request: HttpRequest,
    path: web::Path<String>,
    payload: web::Payload,
    instance: web::Data<Instance>,
) -> HttpResponse {
    webhook(request, &path, payload, instance.into_inner(), true).await
}

async fn webhook(
    request: HttpRequest,
    path: &str,
    payload: web::Payload,
    instance: Arc<Instance>,
    test: bool,
) -> HttpResponse {
    let (response, body, execution) = match body::read(payload, instance.largest_body).await {
        Err(unread) => (unreadable(unread), Value::Null, None),
        Ok(bytes) => {
            let body = parsed(&request, &bytes);
            match instance.admit(&request, path, test) {
                Err(refusal) => (*refusal, body, None),
                Ok(workflow) => {
                    let execution = locked(&instance.executions).begin(path);
                    let id = execution.id;
                    let response = start(&instance, workflow, execution, body.clone()).await;
                    (response, body, Some(id))
                }
            }
        }
    };
    instance.note(&request, body, &response, execution);
    response
}

fn unreadable(unread: Unread) -> HttpResponse {
    match unread {
        Unread::TooLarge => answers::problem(StatusCode::PAYLOAD_TOO_LARGE, "request entity too large"),
        Unread::BrokenOff => answers::problem(StatusCode::BAD_REQUEST, "request aborted"),
    }
}

/// The body; a GET has its query instead.
fn parsed(request: &HttpRequest, bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        let query = url::form_urlencoded::parse(request.query_string().as_bytes());
        query
            .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
            .collect()
    } else {
        serde_json::from_slice(bytes).unwrap_or_default()
    }
}

/// Runs the workflow, and gives the answer as soon as it is due.
async fn start(instance: &Arc<Instance>, workflow: Workflow, execution: Execution, body: Value) -> HttpResponse {
    if workflow.when == When::Early {
        instance.bring(&workflow, &execution, &body).await;
    }
    match workflow.respond.clone() {
        Respond::Immediately => {
            go_on(instance, workflow, execution, body);
            answers::started()
        }
        Respond::Node { status, body: fixed } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            let answer = fixed.unwrap_or_else(|| {
                let mut result = (workflow.result)(&body);
                if let (true, Some(fields)) = (workflow.waits, result.as_object_mut()) {
                    fields.insert("resume_url".to_owned(), json!(execution.resume_url));
                }
                result
            });
            go_on(instance, workflow, execution, body);
            HttpResponse::build(status).json(answer)
        }
        respond => {
            instance.pace.work().await;
            if workflow.fails {
                instance.set_state(execution.id, ExecutionState::Errored);
                return answers::failed();
            }
            let result = (workflow.result)(&body);
            go_on(instance, workflow, execution, body);
            match respond {
                Respond::AllEntries => HttpResponse::Ok().json([result]),
                Respond::NoData => HttpResponse::Ok().finish(),
                _ => HttpResponse::Ok().json(result),
            }
        }
    }
}

/// What happens after the answer: the work, then the callback, unless the workflow waits first.
fn go_on(instance: &Arc<Instance>, workflow: Workflow, execution: Execution, body: Value) {
    if workflow.waits {
        locked(&instance.executions).park(execution.id, workflow, body);
        instance.set_state(execution.id, ExecutionState::Waiting);
        return;
    }
    let instance = Arc::clone(instance);
    rt::spawn(async move {
        instance.pace.work().await;
        conclude(&instance, &workflow, &execution, &body).await;
    });
}

async fn conclude(instance: &Instance, workflow: &Workflow, execution: &Execution, body: &Value) {
    if workflow.fails {
        instance.set_state(execution.id, ExecutionState::Errored);
        return;
    }
    match workflow.when {
        When::Early => {}
        When::Afterwards => instance.bring(workflow, execution, body).await,
        When::Late(delay) => {
            rt::time::sleep(delay).await;
            instance.bring(workflow, execution, body).await;
        }
    }
    instance.set_state(execution.id, ExecutionState::Finished);
}

/// `/webhook-waiting/{execution}[/{suffix}]?signature=`. The suffix may be any.
pub(super) async fn waiting(
    request: HttpRequest,
    rest: web::Path<String>,
    payload: web::Payload,
    instance: web::Data<Instance>,
) -> HttpResponse {
    let instance = instance.into_inner();
    let name = rest.split('/').next().unwrap_or_default();
    let id = name.parse().ok();
    let (response, body) = match body::read(payload, instance.largest_body).await {
        Err(unread) => (unreadable(unread), Value::Null),
        Ok(bytes) => {
            let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let response = match instance.resume(&request, name, id, &body) {
                Err(refusal) => *refusal,
                Ok((execution, parked)) => {
                    if let Some((workflow, asked)) = parked {
                        let resumed = Workflow {
                            waits: false,
                            ..workflow
                        };
                        go_on(&instance, resumed, execution, asked);
                    }
                    answers::started()
                }
            };
            (response, body)
        }
    };
    instance.note(&request, body, &response, id);
    response
}

impl Instance {
    fn note(&self, request: &HttpRequest, body: Value, response: &HttpResponse, execution: Option<u64>) {
        self.calls.push(Call {
            method: request.method().to_string(),
            path: request.uri().to_string(),
            body,
            status: response.status().as_u16(),
            execution,
        });
    }

    /// The workflow that takes the request, or the answer to one that none takes.
    fn admit(&self, request: &HttpRequest, path: &str, test: bool) -> Result<Workflow, Box<HttpResponse>> {
        let method = request.method().as_str();
        let known = locked(&self.workflows).get(path).cloned();
        let open = |workflow: &Workflow| {
            if test {
                locked(&self.listening).contains(path)
            } else {
                workflow.active
            }
        };
        let workflow = known
            .filter(open)
            .ok_or_else(|| Box::new(answers::not_registered(method, path, test)))?;
        if !workflow.methods.iter().any(|registered| registered == method) {
            return Err(Box::new(answers::wrong_method(method, &workflow.methods)));
        }
        if test {
            locked(&self.listening).remove(path);
        }
        match refused(&workflow.auth, request.headers()) {
            Some(status) => Err(Box::new(answers::unauthorized(status))),
            None => Ok(workflow),
        }
    }

    async fn bring(&self, workflow: &Workflow, execution: &Execution, body: &Value) {
        if let Some(destination) = Destination::of(body) {
            let result = (workflow.result)(body);
            self.caller
                .deliver(execution.id, &destination, &result, workflow.delivery)
                .await;
        }
    }

    /// The execution that goes on, with what it had been asked, or why none does.
    fn resume(
        &self,
        request: &HttpRequest,
        name: &str,
        id: Option<u64>,
        body: &Value,
    ) -> Result<(Execution, Option<(Workflow, Value)>), Box<HttpResponse>> {
        let mut executions = locked(&self.executions);
        let Some(execution) = id.and_then(|id| executions.get(id)).cloned() else {
            let message = format!("The execution \"{name}\" does not exist.");
            return Err(Box::new(answers::problem(StatusCode::NOT_FOUND, &message)));
        };
        let signature = url::form_urlencoded::parse(request.query_string().as_bytes())
            .find(|(name, _)| name == "signature")
            .map(|(_, value)| value.into_owned());
        if signature != Some(executions.signature(execution.id)) {
            return Err(Box::new(answers::invalid_token()));
        }
        let message = match execution.state {
            ExecutionState::Waiting => {
                executions.resume(execution.id, body.clone());
                let parked = executions.unpark(execution.id);
                return Ok((execution, parked));
            }
            ExecutionState::Running => format!("The execution \"{name}\" is running already."),
            ExecutionState::Finished => format!("The execution \"{name} has finished already."),
            ExecutionState::Errored => format!("The execution \"{name}\" has finished with error."),
        };
        Err(Box::new(answers::problem(StatusCode::CONFLICT, &message)))
    }
}

/// The status that a request without the right credentials gets.
fn refused(auth: &Auth, headers: &HeaderMap) -> Option<StatusCode> {
    let given = |name: &str| {
        let name = HeaderName::try_from(name).ok()?;
        headers.get(name)?.to_str().ok()
    };
    match auth {
        Auth::None => None,
        Auth::Header(name, value) => (given(name) != Some(value)).then_some(StatusCode::FORBIDDEN),
        Auth::Basic(user, password) => {
            let wanted = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
            match given("authorization") {
                None => Some(StatusCode::UNAUTHORIZED),
                Some(authorization) => (authorization != wanted).then_some(StatusCode::FORBIDDEN),
            }
        }
    }
}
