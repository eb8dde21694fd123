//! Who makes the request.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use sea_orm::DbErr;

use super::app::App;
use super::problem::Problem;
use crate::model::journal::Origin;
use crate::store::read::{Role, Scope};

/// An authenticated caller. No route that touches data goes without one.
#[derive(Clone)]
pub struct Caller {
    pub scope: Scope,
    address: Option<String>,
    token: String,
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
        Ok(app.tokens.scope(&self.token).await?.as_ref() == Some(&self.scope))
    }

    /// How the journal names the caller.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.scope.origin(self.address.as_deref())
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = request.app_data::<Data<App>>().cloned();
        let header = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let token = header.and_then(bearer).map(str::to_owned);
        let address = request.peer_addr().map(|address| address.ip().to_string());
        Box::pin(async move {
            let (Some(app), Some(token)) = (app, token) else {
                return Err(Problem::unauthorized());
            };
            let scope = app.tokens.scope(&token).await?.ok_or_else(Problem::unauthorized)?;
            Ok(Self { scope, address, token })
        })
    }
}

/// The token of an `Authorization: Bearer` header; the scheme's case does not matter (RFC 9110, 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
