//! The switches and the books over HTTP, for tests that have only the address.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::super::serving::locked;
use super::{Asked, Desk, Fault, Resource};

pub(super) fn routes(app: &mut web::ServiceConfig) {
    app.route("/_faults", web::post().to(add_fault))
        .route("/_faults", web::delete().to(clear_faults))
        .route("/_settings", web::post().to(set))
        .route("/_hold", web::post().to(hold))
        .route("/_release", web::post().to(release))
        .route("/_effects", web::get().to(effects))
        .route("/_requests", web::get().to(requests));
}

#[derive(Deserialize)]
struct NewFault {
    resource: Resource,
    #[serde(flatten)]
    fault: Fault,
    #[serde(default = "once")]
    times: u32,
    #[serde(default = "work")]
    asked: Asked,
}

fn once() -> u32 {
    1
}

fn work() -> Asked {
    Asked::Work
}

async fn add_fault(new: web::Json<NewFault>, desk: web::Data<Desk>) -> HttpResponse {
    let new = new.into_inner();
    locked(&desk.books)
        .faults
        .add(new.resource, new.asked, new.fault, new.times);
    HttpResponse::NoContent().finish()
}

async fn clear_faults(desk: web::Data<Desk>) -> HttpResponse {
    locked(&desk.books).faults.clear();
    HttpResponse::NoContent().finish()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    honours_keys: bool,
}

async fn set(settings: web::Json<Settings>, desk: web::Data<Desk>) -> HttpResponse {
    locked(&desk.books).honours_keys = settings.honours_keys;
    HttpResponse::NoContent().finish()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    resource: Resource,
}

async fn hold(named: web::Json<Named>, desk: web::Data<Desk>) -> HttpResponse {
    desk.hold(named.resource);
    HttpResponse::NoContent().finish()
}

async fn release(named: web::Json<Named>, desk: web::Data<Desk>) -> HttpResponse {
    desk.release(named.resource);
    HttpResponse::NoContent().finish()
}

/// Reference → resource → how often.
async fn effects(desk: web::Data<Desk>) -> HttpResponse {
    let books = locked(&desk.books);
    let mut all: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for (resource, reference, times) in books.all_effects() {
        all.entry(reference).or_default().insert(resource.name(), times);
    }
    HttpResponse::Ok().json(all)
}

async fn requests(desk: web::Data<Desk>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "total": desk.requests.total(), "data": desk.requests.entries() }))
}
