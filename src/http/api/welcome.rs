//! The two pages that people open before they can sign in. They work without scripts.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::web::Query;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Deserialize;
use utoipa::IntoParams;

use super::document::policy;
use crate::http::auth::password::SHORTEST;

const STYLE: &str = "
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 12vh auto; max-width: 26rem; padding: 0 1.25rem; }
label { display: block; margin: 1rem 0; } input { box-sizing: border-box; font: inherit; padding: .5rem; width: 100%; }
button { font: inherit; padding: .5rem 1.25rem; }
";

/// What the link holds.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LinkQuery {
    #[serde(default)]
    token: String,
}

fn page(title: &str, content: &Markup) -> HttpResponse {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · batchdesk" }
                style { (PreEscaped(STYLE)) }
            }
            body { main { h1 { (title) } (content) } }
        }
    };
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, policy(STYLE)))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(page.into_string())
}

/// What a form is answered with.
pub(super) fn done(text: &str) -> HttpResponse {
    page("Done", &html! { p { (text) } })
}

fn password_field() -> Markup {
    html! {
        label {
            "Password, at least " (SHORTEST) " characters"
            input type="password" name="password" minlength=(SHORTEST) required autocomplete="new-password";
        }
    }
}

/// The page of the link that the daemon prints when it has no user.
#[utoipa::path(
    get, path = "/setup", tag = "identity", security(()),
    params(LinkQuery),
    responses((status = 200, description = "A form for `POST /api/setup`.", body = String, content_type = "text/html")),
)]
pub async fn set_up(query: Query<LinkQuery>) -> HttpResponse {
    let form = html! {
        form method="post" action="/api/setup" {
            input type="hidden" name="token" value=(query.token);
            label { "Organisation" input name="organisation" maxlength="200" required autocomplete="organization"; }
            label { "E-mail address" input type="email" name="email" required autocomplete="username"; }
            (password_field())
            button { "Make the first user" }
        }
    };
    page("Set up", &form)
}

/// The page of an invitation and of a link to set another password.
#[utoipa::path(
    get, path = "/accept-invitation", tag = "identity", security(()),
    params(LinkQuery),
    responses(
        (status = 200, description = "A form for `POST /api/accept-invitation`.", body = String, content_type = "text/html"),
    ),
)]
pub async fn accept(query: Query<LinkQuery>) -> HttpResponse {
    let form = html! {
        form method="post" action="/api/accept-invitation" {
            input type="hidden" name="token" value=(query.token);
            (password_field())
            button { "Set the password" }
        }
    };
    page("Set your password", &form)
}
