//! How requests are answered.

use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::super::body;
use super::super::serving::locked;
use super::prefer::{Prefer, Return};
use super::query::{find, pairs, project, read, selection};
use super::rows::insert;
use super::schema::Table;
use super::store::Inserted;
use super::{Fault, Problem, Request, Server, openapi};

const LARGEST_BODY: usize = 100 << 20;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Anonymous,
    Authenticated,
}

/// Why there is nothing but an error: one of PostgREST's, or one of the gateway before it.
enum Refused {
    Problem(Problem),
    Gateway(Gateway),
}

/// What the gateway says by itself.
enum Gateway {
    NoKey,
    InvalidKey,
    TimedOut,
}

impl Gateway {
    fn response(self) -> HttpResponse {
        let (message, hint) = match self {
            Self::NoKey => (
                "No API key found in request",
                "No `apikey` request header or url param was found.",
            ),
            Self::InvalidKey => (
                "Invalid API key",
                "Double check your Supabase `anon` or `service_role` API key.",
            ),
            Self::TimedOut => {
                return HttpResponse::GatewayTimeout()
                    .content_type("text/html")
                    .body("<html><head><title>504 Gateway Time-out</title></head></html>");
            }
        };
        HttpResponse::Unauthorized().json(json!({ "message": message, "hint": hint }))
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

pub(super) async fn root(request: HttpRequest, server: web::Data<Server>) -> HttpResponse {
    let described = server.authenticate(&request).and_then(|_| {
        let schema = server.schema(request.headers(), "accept-profile")?;
        let database = locked(&server.database);
        let denied = locked(&server.denied);
        let tables = database.0.values().map(|stored| &stored.table);
        let shown = tables.filter(|table| table.schema == schema && !denied.contains(&table.name));
        let host = request.connection_info().host().to_owned();
        Ok(openapi::document(&host, shown))
    });
    let (response, code) = match described {
        Ok(document) => (
            HttpResponse::Ok()
                .content_type("application/openapi+json; charset=utf-8")
                .body(document.to_string()),
            None,
        ),
        Err(refused) => refuse(refused, Role::Anonymous),
    };
    server.note(&request, 0, &response, code);
    response
}

pub(super) async fn table(
    request: HttpRequest,
    name: web::Path<String>,
    payload: web::Payload,
    server: web::Data<Server>,
) -> HttpResponse {
    let body = body::read(payload, LARGEST_BODY).await.unwrap_or_default();
    server.pace.work().await;
    let mut role = Role::Anonymous;
    let mut rows = 0;
    let answered = server.authenticate(&request).and_then(|who| {
        role = who;
        server.answer(&request, &name, &body, &mut rows)
    });
    let (response, code) = match answered {
        Ok(response) => (response, None),
        Err(refused) => refuse(refused, role),
    };
    server.note(&request, rows, &response, code);
    response
}

fn refuse(refused: Refused, role: Role) -> (HttpResponse, Option<String>) {
    match refused {
        Refused::Problem(problem) => (problem.response(role == Role::Authenticated), Some(problem.code)),
        Refused::Gateway(gateway) => (gateway.response(), None),
    }
}

impl Server {
    fn note(&self, request: &HttpRequest, rows: usize, response: &HttpResponse, code: Option<String>) {
        let prefer: Vec<&str> = request
            .headers()
            .get_all("prefer")
            .filter_map(|value| value.to_str().ok())
            .collect();
        self.log.push(Request {
            method: request.method().to_string(),
            path: request.uri().to_string(),
            prefer: prefer.join(", "),
            rows,
            status: response.status().as_u16(),
            code,
        });
    }

    /// The gateway wants an `apikey`; PostgREST itself knows who asks by the bearer's token alone.
    fn authenticate(&self, request: &HttpRequest) -> Result<Role, Refused> {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let query = pairs(request.query_string());
        let mut secret = false;
        if let Some(expected) = &self.api_key {
            match header("apikey").or_else(|| find(&query, "apikey")) {
                None => return Err(Refused::Gateway(Gateway::NoKey)),
                Some(given) if given != expected => return Err(Refused::Gateway(Gateway::InvalidKey)),
                // The gateway itself exchanges a key of the new kind for a role.
                Some(given) => secret = given.starts_with("sb_secret_"),
            }
        }
        let Some(authorization) = header("authorization") else {
            return if secret {
                Ok(Role::Authenticated)
            } else if self.anonymous {
                Ok(Role::Anonymous)
            } else {
                Err(Problem::new("PGRST302", "Anonymous access is disabled").into())
            };
        };
        let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
        let is_key = self.api_key.as_deref() == Some(token);
        if token.starts_with("sb_") {
            return Err(Problem::new("PGRST301", "Expected 3 parts in JWT; got 1").into());
        }
        if is_key || self.jwt.as_deref() == Some(token) {
            return Ok(Role::Authenticated);
        }
        Err(Problem::new("PGRST301", "JWSError JWSInvalidSignature").into())
    }

    /// The schema that a profile header names.
    fn schema(&self, headers: &HeaderMap, profile: &str) -> Result<String, Problem> {
        let named = headers.get(profile).and_then(|value| value.to_str().ok());
        let schema = named
            .or_else(|| self.schemas.first().map(String::as_str))
            .unwrap_or("public");
        if self.schemas.iter().any(|known| known == schema) {
            return Ok(schema.to_owned());
        }
        Err(Problem::new(
            "PGRST106",
            format!("The schema must be one of the following: {}", self.schemas.join(", ")),
        ))
    }

    fn answer(
        &self,
        request: &HttpRequest,
        name: &str,
        body: &Bytes,
        rows: &mut usize,
    ) -> Result<HttpResponse, Refused> {
        let fault = locked(&self.faults).pop_front();
        if let Some(Fault::Refuse(code)) = &fault {
            return Err(Problem::on_request(code).into());
        }
        let reads = request.method() == Method::GET;
        if !reads && request.method() != Method::POST {
            let message = format!("Unsupported HTTP method: {}", request.method());
            return Err(Problem::new("PGRST117", message).into());
        }
        let profile = if reads { "accept-profile" } else { "content-profile" };
        let schema = self.schema(request.headers(), profile)?;
        let prefer = Prefer::read(request.headers(), *locked(&self.allow_rollback))?;
        let query = pairs(request.query_string());
        let table = self.table(&schema, name)?;
        if locked(&self.denied).contains(name) {
            return Err(Problem::new("42501", format!("permission denied for table {name}")).into());
        }
        let wanted = selection(&table, find(&query, "select"))?;
        let response = if reads {
            let database = locked(&self.database);
            let stored = database
                .get(&schema, name)
                .ok_or_else(|| unknown_table(&schema, name))?;
            let (found, total) = read(stored, &query)?;
            let found: Vec<Value> = found.iter().map(|row| project(row, wanted.as_deref())).collect();
            let total = if prefer.count {
                total.to_string()
            } else {
                "*".to_owned()
            };
            let range = match found.len() {
                0 => format!("*/{total}"),
                count => format!("0-{}/{total}", count - 1),
            };
            HttpResponse::Ok().insert_header(("Content-Range", range)).json(found)
        } else {
            let insert = insert(request, &table, &query, body, &prefer)?;
            *rows = insert.rows.len();
            let inserted = locked(&self.database).insert(&schema, name, &insert)?;
            written(&table, &inserted, &prefer, wanted.as_deref())
        };
        match fault {
            Some(Fault::LoseAnswer) => Err(Refused::Gateway(Gateway::TimedOut)),
            _ => Ok(response),
        }
    }

    fn table(&self, schema: &str, name: &str) -> Result<Table, Problem> {
        let database = locked(&self.database);
        if let Some(stored) = database.get(schema, name) {
            return Ok(stored.table.clone());
        }
        let problem = unknown_table(schema, name);
        let nearest = database
            .0
            .keys()
            .filter(|(known, _)| known == schema)
            .max_by(|(_, a), (_, b)| strsim::jaro(a, name).total_cmp(&strsim::jaro(b, name)));
        Err(match nearest {
            Some((schema, near)) => problem.hint(format!("Perhaps you meant the table '{schema}.{near}'")),
            None => problem,
        })
    }
}

fn unknown_table(schema: &str, name: &str) -> Problem {
    Problem::new(
        "PGRST205",
        format!("Could not find the table '{schema}.{name}' in the schema cache"),
    )
}

fn written(table: &Table, inserted: &Inserted, prefer: &Prefer, wanted: Option<&[(String, String)]>) -> HttpResponse {
    let merged_all = prefer.resolution.is_some() && inserted.created == 0;
    let mut response = if merged_all {
        HttpResponse::Ok()
    } else {
        HttpResponse::Created()
    };
    response.insert_header(("Content-Range", "*/*"));
    if !prefer.applied.is_empty() {
        response.insert_header(("Preference-Applied", prefer.applied.join(", ")));
    }
    match prefer.returned {
        Return::Minimal => response.finish(),
        Return::HeadersOnly => {
            if let [row] = inserted.rows.as_slice() {
                let conditions: Vec<String> = table
                    .primary()
                    .into_iter()
                    .map(|at| {
                        let name = &table.columns[at].name;
                        let value = &row[name];
                        format!(
                            "{name}=eq.{}",
                            value.as_str().map_or_else(|| value.to_string(), str::to_owned)
                        )
                    })
                    .collect();
                response.insert_header(("Location", format!("/{}?{}", table.name, conditions.join("&"))));
            }
            response.finish()
        }
        Return::Representation => {
            let rows: Vec<Value> = inserted.rows.iter().map(|row| project(row, wanted)).collect();
            response.json(rows)
        }
    }
}
