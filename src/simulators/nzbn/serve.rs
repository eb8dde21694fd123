//! How the register answers.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::register::Company;
use super::{Asked, Desk, Fault, KEY, Request};

/// The largest page that it gives.
const LARGEST_PAGE: usize = 50;
const ADDRESS_TYPES: [&str; 6] = ["REGISTERED", "POSTAL", "SERVICE", "OFFICE", "DELIVERY", "INVOICE"];

pub(super) fn routes(app: &mut web::ServiceConfig) {
    app.route("/entities", web::get().to(search))
        .route("/entities/{nzbn}", web::get().to(entity))
        .route("/entities/{nzbn}/{part}", web::get().to(part));
}

async fn search(request: HttpRequest, desk: web::Data<Desk>) -> HttpResponse {
    desk.answer(&request, Asked::Search, |desk| desk.search(&Query::of(&request)))
}

async fn entity(request: HttpRequest, nzbn: web::Path<String>, desk: web::Data<Desk>) -> HttpResponse {
    desk.answer(&request, Asked::Entity, |desk| {
        desk.company(&nzbn)
            .map_or_else(missing, |company| (200, company.document()))
    })
}

async fn part(request: HttpRequest, path: web::Path<(String, String)>, desk: web::Data<Desk>) -> HttpResponse {
    let (nzbn, part) = path.into_inner();
    desk.answer(&request, Asked::Part, |desk| {
        desk.company(&nzbn)
            .map_or_else(missing, |company| part_of(company, &part, &Query::of(&request)))
    })
}

type Answer = (u16, Value);

fn refusal(status: u16, description: &str) -> Answer {
    (
        status,
        json!({ "errorCode": status.to_string(), "errorDescription": description }),
    )
}

fn missing() -> Answer {
    refusal(404, "NZBN not found")
}

fn part_of(company: &Company, part: &str, query: &Query) -> Answer {
    match part {
        "roles" => (200, json!({ "roles": company.roles() })),
        "company-details" if company.is_company() => (200, company.company_details()),
        "company-details" => refusal(400, "the entity is no company"),
        "phone-numbers" => (200, json!({ "items": company.phones() })),
        "addresses" => match query.all("address-type")[..] {
            [kind] if ADDRESS_TYPES.contains(&kind) => {
                let mut addresses = company.addresses();
                addresses.retain(|address| address["addressType"] == kind);
                (200, Value::from(addresses))
            }
            _ => refusal(400, "name exactly one address-type"),
        },
        _ => refusal(404, "there is no such part"),
    }
}

/// The parameters, of which some are repeated.
struct Query(Vec<(String, String)>);

impl Query {
    fn of(request: &HttpRequest) -> Self {
        Self(
            url::form_urlencoded::parse(request.query_string().as_bytes())
                .into_owned()
                .collect(),
        )
    }

    fn all(&self, name: &str) -> Vec<&str> {
        let named = self.0.iter().filter(|(key, _)| key == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    fn number(&self, name: &str, usual: usize) -> Option<usize> {
        match self.all(name).first() {
            Some(text) => text.parse().ok(),
            None => Some(usual),
        }
    }
}

impl Desk {
    fn company(&self, nzbn: &str) -> Option<&Company> {
        self.companies.iter().find(|company| company.nzbn == nzbn)
    }

    fn search(&self, query: &Query) -> Answer {
        let term = query.all("search-term").first().copied().unwrap_or_default().trim();
        let (page, size) = (query.number("page", 0), query.number("page-size", 10));
        let (Some(page), Some(size @ 1..=LARGEST_PAGE), false) = (page, size, term.is_empty()) else {
            return refusal(400, "search-term is needed; page-size is 1 to 50");
        };
        let (statuses, kinds) = (query.all("entity-status"), query.all("entity-type"));
        let found: Vec<Value> = self
            .companies
            .iter()
            .filter(|company| company.matches(term))
            .filter(|company| statuses.is_empty() || statuses.contains(&company.filter_status()))
            .filter(|company| kinds.is_empty() || kinds.contains(&company.filter_type()))
            .map(Company::item)
            .collect();
        let items: Vec<&Value> = found.iter().skip(page.saturating_mul(size)).take(size).collect();
        let answer = json!({ "pageSize": size, "page": page, "totalItems": found.len(), "items": items });
        (200, answer)
    }

    fn answer(&self, request: &HttpRequest, asked: Asked, work: impl Fn(&Self) -> Answer) -> HttpResponse {
        let shown = request.headers().get("Ocp-Apim-Subscription-Key");
        let right = shown.is_some_and(|key| key.as_bytes() == KEY.as_bytes());
        let fault = self.fault(asked).filter(|_| right);
        let (status, body) = match fault {
            _ if !right => refusal(401, "Access denied due to missing or invalid subscription key."),
            Some(Fault::RefuseKey) => refusal(401, "Access denied due to invalid subscription key."),
            Some(Fault::NotSubscribed) => refusal(403, "The product is not subscribed to."),
            Some(Fault::SlowDown { .. }) => refusal(429, "Rate limit is exceeded."),
            Some(Fault::Fail { status }) => refusal(status, "the simulator was told to fail"),
            Some(Fault::Garbage) => (200, Value::Null),
            None => work(self),
        };
        self.requests.push(Request {
            asked,
            target: request.uri().to_string(),
            status,
        });
        let mut response =
            HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        match fault {
            Some(Fault::Garbage) => response
                .content_type("text/html; charset=utf-8")
                .body("<!DOCTYPE html><title>Maintenance</title><h1>Please wait"),
            Some(Fault::SlowDown { retry_after }) => response
                .insert_header(("Retry-After", retry_after.to_string()))
                .json(body),
            _ => response.json(body),
        }
    }
}
