//! How a bundled site answers a request.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, rt, web};

use super::catalog::{Behaviour, Page, SiteEntry, XML};

/// A site that is being served.
pub(super) struct Site {
    entry: &'static SiteEntry,
    origin: String,
    moved_to: Option<SocketAddr>,
    page_fetches: AtomicUsize,
}

impl Site {
    pub(super) fn new(entry: &'static SiteEntry, addresses: &HashMap<&'static str, SocketAddr>) -> Self {
        let moved_to = match entry.behaviour {
            Behaviour::MovedTo(name) => addresses.get(name).copied(),
            _ => None,
        };
        Self {
            entry,
            origin: format!("http://{}", addresses[entry.name]),
            moved_to,
            page_fetches: AtomicUsize::new(0),
        }
    }

    fn page(&self, path: &str) -> Option<&'static Page> {
        self.entry.pages.iter().find(|page| page.path == path)
    }

    fn answer(&self, path: &str) -> HttpResponse {
        self.page(path)
            .map_or_else(not_found, |page| self.with_body(StatusCode::OK, page))
    }

    fn error_page(&self, status: StatusCode) -> HttpResponse {
        self.page("/").map_or_else(
            || HttpResponse::build(status).finish(),
            |page| self.with_body(status, page),
        )
    }

    fn with_body(&self, status: StatusCode, page: &'static Page) -> HttpResponse {
        let mut response = HttpResponse::build(status);
        response.insert_header(("Content-Type", page.content_type));
        match std::str::from_utf8(page.body) {
            // A site map names its pages by their whole address.
            Ok(xml) if page.content_type == XML => response.body(xml.replace("{origin}", &self.origin)),
            _ => response.body(page.body),
        }
    }
}

/// The site is known by the port that the connection came in on, as a name-less host has nothing else.
pub(super) async fn respond(request: HttpRequest, sites: web::Data<HashMap<u16, Site>>) -> HttpResponse {
    let Some(site) = sites.get(&request.app_config().local_addr().port()) else {
        return HttpResponse::NotFound().finish();
    };
    let path = request.path();
    // A broken site still says that robots are welcome: a robots.txt that fails would itself keep a crawler away.
    if path == "/robots.txt" {
        return site.answer(path);
    }
    if let Some(target) = site.moved_to {
        return HttpResponse::MovedPermanently()
            .insert_header(("Location", format!("http://{target}{}", request.uri())))
            .finish();
    }
    match site.entry.behaviour {
        Behaviour::EntersAt(entrance) if path == "/" => {
            return HttpResponse::Found().insert_header(("Location", entrance)).finish();
        }
        Behaviour::Gone => return site.error_page(StatusCode::NOT_FOUND),
        Behaviour::Fails => return site.error_page(StatusCode::INTERNAL_SERVER_ERROR),
        Behaviour::FailsAtFirst(times) if site.page_fetches.fetch_add(1, Ordering::Relaxed) < times => {
            return HttpResponse::InternalServerError().body("Error establishing a database connection");
        }
        Behaviour::Slow(delay) => rt::time::sleep(delay).await,
        _ => {}
    }
    site.answer(path)
}

fn not_found() -> HttpResponse {
    HttpResponse::NotFound()
        .insert_header(("Content-Type", "text/html; charset=utf-8"))
        .body("<!DOCTYPE html><title>Page not found</title><h1>Page not found</h1>")
}
