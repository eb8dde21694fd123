//! The answers that n8n gives by itself, word for word where clients and people know them by their words.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::json;

const TEST_HINT: &str = "Click the 'Execute workflow' button on the canvas, then try again. (In test mode, the webhook \
                         only works for one call after you click this button)";
const PRODUCTION_HINT: &str = "The workflow must be active for a production URL to run successfully. You can activate \
                               the workflow using the toggle in the top-right of the editor. Note that unlike test \
                               URL calls, production URL calls aren't shown on the canvas (only in the executions list)";

pub(super) fn started() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "message": "Workflow was started" }))
}

pub(super) fn not_registered(method: &str, path: &str, test: bool) -> HttpResponse {
    HttpResponse::NotFound().json(json!({
        "code": 404,
        "message": format!("The requested webhook \"{method} {path}\" is not registered."),
        "hint": if test { TEST_HINT } else { PRODUCTION_HINT },
    }))
}

pub(super) fn wrong_method(method: &str, registered: &[String]) -> HttpResponse {
    let methods = match registered {
        [most @ .., last] if !most.is_empty() => format!("{} or {last}", most.join(", ")),
        _ => registered.concat(),
    };
    let message =
        format!("This webhook is not registered for {method} requests. Did you mean to make a {methods} request?");
    HttpResponse::NotFound().json(json!({ "code": 404, "message": message }))
}

pub(super) fn unauthorized(status: StatusCode) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header(("WWW-Authenticate", "Basic realm=\"Webhook\""))
        .body(if status == StatusCode::UNAUTHORIZED {
            "Authorization is required!"
        } else {
            "Authorization data is wrong!"
        })
}

pub(super) fn problem(status: StatusCode, message: &str) -> HttpResponse {
    HttpResponse::build(status).json(json!({ "code": status.as_u16(), "message": message }))
}

pub(super) fn failed() -> HttpResponse {
    HttpResponse::InternalServerError().json(json!({ "message": "Error in workflow" }))
}

pub(super) fn invalid_token() -> HttpResponse {
    HttpResponse::Unauthorized().json(json!({ "error": "Invalid token" }))
}
