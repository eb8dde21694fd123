//! The description of the API (OpenAPI 3.1), made from the routes themselves, and a page of it for people.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::web::Json;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Info, License, OpenApi, SecurityRequirement};
use utoipa::{IntoResponses as _, OpenApi as _};

use super::Routes;
use crate::http::problem::Refusals;

const BEARER: &str = "token";
const COOKIE: &str = "session";

/// The description.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = Routes::openapi();
    let mut info = Info::new("batchdesk", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Long lists of businesses through durable, config-driven workflows.\n\n\
         Lists come in pages: send `next_cursor` back as `cursor` until it is null. Errors are \
         `application/problem+json` (RFC 9457) with a stable `code`. `GET` routes answer `HEAD` too."
            .to_owned(),
    );
    let mut license = License::new("MIT OR Apache-2.0");
    license.identifier = Some("MIT OR Apache-2.0".to_owned());
    info.license = Some(license);
    document.info = info;
    document.security = Some(vec![
        SecurityRequirement::new(BEARER, Vec::<String>::new()),
        SecurityRequirement::new(COOKIE, Vec::<String>::new()),
    ]);
    let mut token = Http::new(HttpAuthScheme::Bearer);
    token.description =
        Some("A token of `POST /api/tokens` or `batchdesk token create`, or one of the outside issuer.".to_owned());
    let session = ApiKey::Cookie(ApiKeyValue::with_description(
        "__Host-batchdesk_session",
        "What `POST /api/session` sets; on the machine's own address without TLS it is `batchdesk_session`.",
    ));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(BEARER, SecurityScheme::Http(token));
    components.add_security_scheme(COOKIE, SecurityScheme::ApiKey(session));
    // Handlers of different resources have the same names; an id names one operation.
    for (path, item) in &mut document.paths.paths {
        let operations = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operation.operation_id = Some(operation_id(method, path));
                operation.responses.responses.extend(Refusals::responses());
            }
        }
    }
    document
}

/// `get` and `/api/jobs/{id}/practices` make `get_jobs_id_practices`.
fn operation_id(method: &str, path: &str) -> String {
    let words = path
        .trim_start_matches("/api")
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.fold(method.to_owned(), |id, word| format!("{id}_{word}"))
}

/// The description of this API.
#[utoipa::path(
    get, path = "/openapi.json", tag = "daemon", security(()),
    responses((status = 200, description = "This document.", body = Object)),
)]
pub async fn json() -> Json<OpenApi> {
    Json(openapi())
}

/// The description of this API as a page.
#[utoipa::path(
    get, path = "/docs", tag = "daemon", security(()),
    responses((status = 200, description = "A page for people.", body = String, content_type = "text/html")),
)]
pub async fn page() -> HttpResponse {
    let document = serde_json::to_value(openapi()).unwrap_or_default();
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, policy(STYLE)))
        .body(render(&document).into_string())
}

/// What a page may do: have this style, send its forms here, and nothing else.
pub(super) fn policy(style: &str) -> String {
    let digest = STANDARD.encode(Sha256::digest(style));
    format!(
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; style-src 'sha256-{digest}'"
    )
}

const STYLE: &str = "
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 22%, transparent); }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1rem 1.25rem 4rem; }
nav ul { columns: 18rem; padding-left: 1.2rem; } h2 { margin-top: 2.5rem; }
section { border-top: 1px solid var(--line); padding: .75rem 0; } code, pre { font-size: .92em; }
table { border-collapse: collapse; width: 100%; } td, th { border-bottom: 1px solid var(--line); padding: .3rem .75rem .3rem 0;
text-align: left; vertical-align: top; } .method { display: inline-block; font-weight: 700; min-width: 4.2rem;
text-transform: uppercase; } summary { cursor: pointer; } pre { overflow-x: auto; }
";

fn render(document: &Value) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "batchdesk API" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "batchdesk API " (text(&document["info"]["version"])) }
                @for paragraph in text(&document["info"]["description"]).split("\n\n") { p { (paragraph) } }
                p { "Send a token as " code { "Authorization: Bearer TOKEN" } ". For programs: " a href="/openapi.json" { "openapi.json" } "." }
                nav aria-label="Routes" {
                    ul {
                        @for (path, method, _) in operations(document) {
                            li { a href=(format!("#{}", anchor(method, path))) { span.method { (method) } code { (path) } } }
                        }
                    }
                }
                main {
                    h2 { "Routes" }
                    @for (path, method, operation) in operations(document) { (route(path, method, operation)) }
                    h2 { "Shapes" }
                    @for (name, schema) in members(&document["components"]["schemas"]) { (shape(name, schema)) }
                }
            }
        }
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    members(&document["paths"])
        .flat_map(|(path, item)| members(item).map(move |(method, operation)| (path, method, operation)))
}

fn anchor(method: &str, path: &str) -> String {
    operation_id(method, path)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn route(path: &str, method: &str, operation: &Value) -> Markup {
    let parameters: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
    html! {
        section id=(anchor(method, path)) {
            h3 { span.method { (method) } code { (path) } }
            p { (text(&operation["summary"])) " " (text(&operation["description"])) }
            @if !parameters.is_empty() {
                table {
                    tr { th { "Parameter" } th { "In" } th { "Type" } th { "Meaning" } }
                    @for parameter in parameters {
                        tr {
                            td { code { (text(&parameter["name"])) } @if parameter["required"] == true { " *" } }
                            td { (text(&parameter["in"])) }
                            td { (type_of(&parameter["schema"])) }
                            td { (text(&parameter["description"])) }
                        }
                    }
                }
            }
            @if !operation["requestBody"].is_null() {
                p { "Body: " (text(&operation["requestBody"]["description"])) " " (contents(&operation["requestBody"]["content"])) }
            }
            ul {
                @for (status, response) in members(&operation["responses"]) {
                    li { code { (status) } " " (text(&response["description"])) " " (contents(&response["content"])) }
                }
            }
        }
    }
}

fn contents(content: &Value) -> Markup {
    html! {
        @for (at, (media_type, shape)) in members(content).enumerate() {
            @if at > 0 { ", " }
            code { (media_type) } " " (type_of(&shape["schema"]))
        }
    }
}

fn shape(name: &str, schema: &Value) -> Markup {
    html! {
        section id=(format!("shape-{name}")) {
            h3 { code { (name) } }
            p { (text(&schema["description"])) }
            @let properties: Vec<_> = members(&schema["properties"]).collect();
            @if properties.is_empty() {
                details { summary { "Schema" } pre { (format!("{schema:#}")) } }
            } @else {
                table {
                    tr { th { "Member" } th { "Type" } th { "Meaning" } }
                    @for (member, schema) in properties {
                        tr { td { code { (member) } } td { (type_of(schema)) } td { (text(&schema["description"])) } }
                    }
                }
            }
        }
    }
}

fn type_of(schema: &Value) -> Markup {
    if let Some(name) = schema["$ref"].as_str().and_then(|target| target.rsplit('/').next()) {
        return html! { a href=(format!("#shape-{name}")) { code { (name) } } };
    }
    if schema["type"] == "array" {
        return html! { "list of " (type_of(&schema["items"])) };
    }
    let one_of = ["oneOf", "anyOf", "allOf"]
        .iter()
        .filter_map(|kind| schema[*kind].as_array())
        .next();
    if let Some(kinds) = one_of {
        return html! {
            @for (at, kind) in kinds.iter().enumerate() {
                @if at > 0 { " or " }
                (type_of(kind))
            }
        };
    }
    let names = match &schema["type"] {
        Value::Array(names) => names.iter().map(text).collect::<Vec<_>>().join(" or "),
        name => text(name).to_owned(),
    };
    let format = text(&schema["format"]);
    html! { (names) @if !format.is_empty() { " (" (format) ")" } }
}
