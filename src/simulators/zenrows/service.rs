//! How a request is taken, worked on and answered.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, rt, web};
use tokio::sync::{oneshot, watch};

use super::super::body;
use super::super::log::Log;
use super::super::pace::Pace;
use super::super::serving::locked;
use super::Request;
use super::accounts::Accounts;
use super::answer::{self, Meters};
use super::codes::ErrorBody;
use super::params::{self, Asked, Refusal};
use super::targets::{Garbage, Targets};

const LARGEST_REQUEST: usize = 10 << 20;

/// All that the stand-in shares with its server's thread.
pub(super) struct Service {
    pub(super) accounts: Mutex<Accounts>,
    pub(super) targets: Mutex<Targets>,
    pub(super) error_body: Mutex<ErrorBody>,
    pub(super) largest_page: usize,
    pub(super) pace: Pace,
    pub(super) log: Log<Request>,
    pub(super) next_id: AtomicU64,
    pub(super) running: watch::Sender<usize>,
    pub(super) hang_ups: watch::Sender<u64>,
}

/// A place in the concurrency of a key. It is kept until the work is over, not until the client is gone.
struct Slot {
    service: Arc<Service>,
    key: String,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut accounts = locked(&self.service.accounts);
        accounts.end(&self.key);
        self.service.running.send_replace(accounts.running());
    }
}

pub(super) async fn fetch(request: HttpRequest, payload: web::Payload, service: web::Data<Service>) -> HttpResponse {
    let method = request.method().clone();
    if ![Method::GET, Method::POST, Method::PUT].contains(&method) {
        return HttpResponse::MethodNotAllowed().finish();
    }
    let Ok(forwarded) = body::read(payload, LARGEST_REQUEST).await else {
        return HttpResponse::PayloadTooLarge().finish();
    };
    let service = service.into_inner();
    let pairs = params::pairs(request.query_string());
    let entry = Request {
        method: method.to_string(),
        url: params::find(&pairs, "url").unwrap_or_default().to_owned(),
        params: pairs.iter().filter(|(name, _)| name != "apikey").cloned().collect(),
        forwarded_bytes: forwarded.len(),
        status: 200,
        code: None,
        cost: 0,
        hung_up: false,
    };
    let key = params::find(&pairs, "apikey");
    let (asked, slot) = match admit(&service, key, &pairs) {
        Ok(admitted) => admitted,
        Err(refusal) => return service.refuse(entry, key, &refusal, None),
    };
    let (mut answer, answered) = oneshot::channel();
    rt::spawn(async move {
        let mut work = pin!(service.pace.work());
        let hung_up = tokio::select! {
            () = answer.closed() => true,
            () = &mut work => false,
        };
        if hung_up {
            service.hang_ups.send_modify(|hang_ups| *hang_ups += 1);
            work.await;
        }
        let _ = answer.send(service.finish(Request { hung_up, ..entry }, &asked, slot));
    });
    answered
        .await
        .unwrap_or_else(|_| HttpResponse::InternalServerError().finish())
}

fn admit(service: &Arc<Service>, key: Option<&str>, pairs: &[(String, String)]) -> Result<(Asked, Slot), Refusal> {
    let key = locked(&service.accounts).check(key)?;
    let asked = params::read(pairs)?;
    locked(&service.targets).check(&asked)?;
    let mut accounts = locked(&service.accounts);
    accounts.begin(&key)?;
    service.running.send_replace(accounts.running());
    let service = Arc::clone(service);
    Ok((asked, Slot { service, key }))
}

impl Service {
    fn meters(&self, key: Option<&str>, cost: Option<u32>) -> Meters {
        Meters {
            request_id: format!("{:032x}", self.next_id.fetch_add(1, Ordering::Relaxed)),
            concurrency: key.and_then(|key| locked(&self.accounts).concurrency(key)),
            cost,
        }
    }

    fn refuse(&self, entry: Request, key: Option<&str>, refusal: &Refusal, garbage: Option<Garbage>) -> HttpResponse {
        locked(&self.accounts).failed(key, refusal.code);
        let form = *locked(&self.error_body);
        let response = answer::refused(refusal, form, garbage, &self.meters(key, None));
        self.log.push(Request {
            status: refusal.code.status(),
            code: Some(refusal.code),
            ..entry
        });
        response
    }

    /// The work is over: the slot is free before the answer is on its way, and the ledger knows of it too.
    fn finish(&self, entry: Request, asked: &Asked, slot: Slot) -> HttpResponse {
        let key = slot.key.clone();
        let (fetched, garbage) = {
            let mut targets = locked(&self.targets);
            (targets.fetch(asked, self.largest_page), targets.garbage())
        };
        drop(slot);
        match fetched {
            Err(refusal) => self.refuse(entry, Some(&key), &refusal, garbage),
            Ok(fetched) => {
                let meters = self.meters(Some(&key), Some(fetched.cost));
                let response = answer::page(asked, &fetched, garbage, &meters);
                self.log.push(Request {
                    status: response.status().as_u16(),
                    cost: fetched.cost,
                    ..entry
                });
                response
            }
        }
    }
}
