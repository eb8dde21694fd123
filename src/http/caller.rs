//! Who makes the request.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use sea_orm::DbErr;

use super::app::App;
use super::audit::Asked;
use super::auth::address::Client;
use super::auth::cookies;
use super::auth::credentials::Presented;
use super::problem::Problem;
use super::rate::Spent;
use crate::model::access::route_group;
use crate::model::journal::Origin;
use crate::store::read::{Role, Scope};

/// An authenticated caller. No route that touches data goes without one.
#[derive(Clone)]
pub struct Caller {
    pub scope: Scope,
    client: Client,
    presented: Presented,
    asked: Asked,
}

impl Caller {
    /// # Errors
    /// 403 for a role that may not do this.
    pub fn require(&self, role: Role) -> Result<(), Problem> {
        if self.scope.role >= role {
            return Ok(());
        }
        let own = self.scope.role;
        Err(Problem::forbidden(format!(
            "this needs the role '{role}'; yours is '{own}'"
        )))
    }

    /// Whether the credential still gives the rights that it gave when the request came, for answers that take long.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn is_unchanged(&self, app: &App) -> Result<bool, DbErr> {
        Ok(app.credentials.scope(&self.presented).await?.as_ref() == Some(&self.scope))
    }

    /// How the journal and the audit log name the caller.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.asked.origin()
    }

    #[must_use]
    pub fn client(&self) -> Client {
        self.client
    }

    /// What the cookie of the session holds that the request is made with.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        match &self.presented {
            Presented::Session(session) => Some(session),
            Presented::Bearer(_) => None,
        }
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = request
                .app_data::<Data<App>>()
                .cloned()
                .ok_or_else(Problem::unauthorized)?;
            let settings = app.engine.settings();
            let client = Client::of(&request, &settings.http);
            let presented = presented(&request, &client).ok_or_else(Problem::unauthorized)?;
            let scope = app.credentials.scope(&presented).await?;
            let scope = scope.ok_or_else(Problem::unauthorized)?;
            let spent = app.rates.spend(&scope, settings.http.requests_per_minute);
            let is_over = spent.is_some_and(|spent| spent.is_over());
            if let Some(spent) = spent {
                request.extensions_mut().insert::<Spent>(spent);
                if is_over {
                    return Err(spent.refusal());
                }
            }
            // What is over the limit is not kept: the audit log would grow without one.
            let asked = Asked::by(&request, &scope, client.address);
            if ![Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method()) {
                request.extensions_mut().insert(asked.clone());
            }
            may_use(&scope, request.path())?;
            Ok(Self {
                scope,
                client,
                presented,
                asked,
            })
        })
    }
}

/// A bearer token comes before a cookie, which a browser sends unasked.
fn presented(request: &HttpRequest, client: &Client) -> Option<Presented> {
    match bearer(request) {
        Some(token) => Some(Presented::Bearer(token.to_owned())),
        None => cookies::session_of(request, client).map(Presented::Session),
    }
}

/// The token of an `Authorization: Bearer` header; the scheme's case does not matter (RFC 9110, 11.1). Other schemes are
/// for whoever stands before the daemon.
pub(super) fn bearer(request: &HttpRequest) -> Option<&str> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A token may be for some routes only. Whoever presents one may always ask what it is.
fn may_use(scope: &Scope, path: &str) -> Result<(), Problem> {
    let Some(groups) = scope.groups() else { return Ok(()) };
    let group = route_group(path);
    if group == "me" || groups.iter().any(|allowed| allowed == group) {
        return Ok(());
    }
    let allowed = groups.join(", ");
    Err(Problem::forbidden(format!(
        "this token is for other routes than '{group}': {allowed}"
    )))
}
