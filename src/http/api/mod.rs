//! One file a resource, and the list of all routes, which the server and the description of the API are both made from.

mod actions;
mod admin;
mod answer_body;
mod audit;
mod batch_body;
mod batch_refusals;
mod batch_runs;
mod batch_schedule_body;
mod batch_schedules;
mod batch_template_use;
mod batch_templates;
mod companies;
mod company_import;
mod directory;
mod document;
mod events;
mod exclusions;
mod export;
mod failures;
mod health;
mod imports;
mod jobs;
mod lead_import;
mod leads;
mod links;
mod logs;
mod organisations;
mod plays;
mod providers;
mod receivers;
mod registration_answer_checks;
mod registration_answers;
mod registration_batches;
mod registration_export;
mod registration_jobs;
mod registration_logs;
mod registration_proposals;
mod registration_repeat;
mod registration_steer;
mod restaurants;
mod runs;
mod selection;
mod sessions;
mod steer;
mod storage_worker;
mod tokens;
mod upload;
mod users;
mod webhook_deliveries;
mod webhook_endpoints;
mod welcome;
mod workflow_body;
mod workflow_checks;
mod workflows;

use actix_web::web::{self, ServiceConfig};
use actix_web::{Resource, Route, guard};
use utoipa::OpenApi;

use super::problem::{Problem, ProblemBody};

pub use answer_body::AnswerBudget;
pub use document::openapi;

/// A path that takes some methods and refuses the others by naming the ones that it takes (RFC 9110, 15.5.6).
fn at(path: &str, methods: &'static str) -> Resource {
    let refuse = move || async move { Err::<&'static str, _>(Problem::method_not_allowed(methods)) };
    web::resource(path).default_service(web::to(refuse))
}

/// How a route tells the methods that it answers.
mod on {
    use super::{Route, guard, web};

    /// GET, and HEAD for those who only ask whether something is there (RFC 9110, 9.3.2).
    pub fn get() -> Route {
        web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
    }

    pub fn post() -> Route {
        web::post()
    }

    pub fn put() -> Route {
        web::put()
    }

    pub fn patch() -> Route {
        web::patch()
    }

    pub fn delete() -> Route {
        web::delete()
    }
}

/// Declares all routes: what the server answers, and what the description of the API tells of.
macro_rules! routes {
    ($($path:literal { $($method:ident $room:ident::$handler:ident),+ })+) => {
        /// All routes.
        pub(super) fn configure(config: &mut ServiceConfig) {
            $(
                config.service(at($path, concat!($(stringify!($method), " "),+))$(.route(on::$method().to($room::$handler)))+);
            )+
        }

        /// Method and path of every route.
        #[cfg(test)]
        const ROUTES: &[(&str, &str)] = &[$($((stringify!($method), $path)),+),+];

        #[derive(OpenApi)]
        #[openapi(paths($($($room::$handler),+),+), components(schemas(ProblemBody)))]
        struct Routes;
    };
}

routes! {
    "/healthz" { get health::healthz }
    "/readyz" { get health::readyz }
    "/metrics" { get health::metrics }
    "/openapi.json" { get document::json }
    "/docs" { get document::page }
    "/api/jobs" { post upload::create, get jobs::list }
    "/api/jobs/{id}" { get jobs::detail }
    "/api/jobs/{id}/practices" { get jobs::practices }
    "/api/jobs/{id}/practices/{practice}" { get jobs::practice }
    "/api/jobs/{id}/export" { get export::export }
    "/api/jobs/{id}/events" { get events::follow }
    "/api/jobs/{id}/logs" { get logs::list }
    "/api/check-job-status" { get jobs::check_status }
    "/api/kill-job" { post steer::kill }
    "/api/pause-job" { post steer::pause }
    "/api/resume-job" { post steer::resume }
    "/api/redo-job" { post steer::redo }
    "/api/save-excluded-job" { post exclusions::of_job }
    "/api/exclusions" { post exclusions::create, delete exclusions::readmit, get exclusions::list }
    "/api/exclusions/{id}" { delete exclusions::readmit_one }
    "/api/imports" { post imports::create }
    "/api/imports/{id}" { get imports::detail, delete imports::delete }
    "/api/imports/{id}/rejected" { get imports::rejected_rows }
    "/api/failed-jobs" { get failures::list }
    "/api/batch-runs" { post batch_runs::create, get batch_runs::list }
    "/api/batch-runs/{id}" { patch batch_runs::change, get batch_runs::detail }
    "/api/companies" { post companies::create, get companies::list }
    "/api/companies/import" { post company_import::create }
    "/api/companies/{id}" { patch companies::change, delete companies::delete, get companies::detail }
    "/api/companies/{id}/completions" { get companies::completions }
    "/api/leads" { post leads::create, get leads::list }
    "/api/leads/import" { post lead_import::create }
    "/api/leads/convert" { post leads::convert }
    "/api/leads/{id}" { patch leads::change, delete leads::delete, get leads::detail }
    "/api/restaurants" { post restaurants::create, get restaurants::list }
    "/api/restaurants/{id}" { patch restaurants::change, delete restaurants::delete, get restaurants::detail }
    "/api/workflows" { post workflows::create, get workflows::list }
    "/api/workflows/{id}" { put workflows::replace, patch workflows::change, delete workflows::delete, get workflows::detail }
    "/api/workflows/{id}/copy" { post workflows::copy }
    "/api/workflows/{id}/versions" { get workflows::versions }
    "/api/workflows/{id}/run" { post runs::workflow }
    "/api/plays" { get plays::list }
    "/api/plays/{play}/run" { post runs::play }
    "/api/plays/{play}/steps/{step}/run" { post runs::step }
    "/api/workflows/{id}/check" { post workflow_checks::check }
    "/api/workflows/{id}/dry-run" { post workflow_checks::dry_run }
    "/api/storage-worker" { post storage_worker::store }
    "/api/receivers/{workflow_slug}" { post receivers::receive }
    "/api/registration-batches" { post registration_batches::create, get registration_batches::list }
    "/api/registration-batches/{id}" { get registration_batches::detail }
    "/api/registration-batches/{id}/start" { post registration_steer::start }
    "/api/registration-batches/{id}/pause" { post registration_steer::pause }
    "/api/registration-batches/{id}/resume" { post registration_steer::resume }
    "/api/registration-batches/{id}/cancel" { post registration_steer::cancel }
    "/api/registration-batches/{id}/retry-failed" { post registration_repeat::retry_failed }
    "/api/registration-batches/{id}/restart" { post registration_repeat::restart }
    "/api/registration-batches/{id}/archive" { post registration_steer::archive }
    "/api/registration-batches/{id}/steps/3/complete" { post registration_answers::select }
    "/api/registration-batches/{id}/steps/5/complete" { post registration_answers::configure }
    "/api/registration-batches/{id}/steps/6/complete" { post registration_answers::find }
    "/api/registration-batches/{id}/events" { get registration_logs::follow }
    "/api/registration-batches/{id}/logs" { get registration_logs::list }
    "/api/registration-batches/{id}/export" { get registration_export::export }
    "/api/actions" { get actions::list }
    "/api/registration-jobs" { post registration_jobs::create, get registration_jobs::list }
    "/api/registration-jobs/{id}" { get registration_jobs::detail }
    "/api/registration-jobs/{id}/retry" { post registration_jobs::retry }
    "/api/webhook-endpoints" { post webhook_endpoints::create, get webhook_endpoints::list }
    "/api/webhook-endpoints/{id}" { delete webhook_endpoints::delete, patch webhook_endpoints::change, get webhook_endpoints::detail }
    "/api/webhook-endpoints/{id}/test" { post webhook_endpoints::test }
    "/api/webhook-endpoints/{id}/rotate-secret" { post webhook_endpoints::rotate_secret }
    "/api/webhook-endpoints/{id}/deliveries" { get webhook_deliveries::list }
    "/api/webhook-endpoints/{id}/redeliver" { post webhook_deliveries::redeliver }
    "/api/webhook-deliveries/{id}" { get webhook_deliveries::detail }
    "/api/webhook-deliveries/{id}/redeliver" { post webhook_deliveries::redeliver_one }
    "/api/batch-templates" { post batch_templates::create, get batch_templates::list }
    "/api/batch-templates/{id}" { patch batch_templates::change, delete batch_templates::delete, get batch_templates::detail }
    "/api/batch-templates/{id}/preview" { post batch_template_use::preview }
    "/api/batch-templates/{id}/start" { post batch_template_use::start }
    "/api/batch-schedules" { post batch_schedules::create, get batch_schedules::list }
    "/api/batch-schedules/{id}" { patch batch_schedules::change, delete batch_schedules::delete, get batch_schedules::detail }
    "/api/batch-schedules/{id}/run-now" { post batch_schedules::run_now }
    "/setup" { get welcome::set_up }
    "/accept-invitation" { get welcome::accept }
    "/api/setup" { post links::set_up }
    "/api/accept-invitation" { post links::accept }
    "/api/session" { post sessions::sign_in, delete sessions::sign_out }
    "/api/sessions" { get sessions::list }
    "/api/sessions/{id}" { delete sessions::end }
    "/api/me" { get sessions::me }
    "/api/me/password" { post sessions::change_password }
    "/api/users" { post users::create, get users::list }
    "/api/users/{id}" { patch users::change, delete users::remove, get users::detail }
    "/api/users/{id}/invitation" { post users::invite }
    "/api/organisations" { post organisations::create, get organisations::list }
    "/api/organisations/{id}" { patch organisations::rename }
    "/api/tokens" { post tokens::create, get tokens::list }
    "/api/tokens/{id}" { delete tokens::revoke }
    "/api/audit" { get audit::list }
    "/api/admin/actors" { get admin::actors }
    "/api/admin/providers" { get providers::list }
    "/api/admin/providers/{name}/resume" { post providers::resume }
    "/api/admin/reload" { post admin::reload }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A handler may say another method or path of itself than the list of routes does.
    #[test]
    fn the_description_has_every_route_and_no_other() {
        let routes: BTreeSet<(String, String)> = ROUTES
            .iter()
            .map(|(method, path)| ((*method).to_owned(), (*path).to_owned()))
            .collect();
        let document = serde_json::to_value(openapi()).unwrap_or_default();
        let described: BTreeSet<(String, String)> = document["paths"]
            .as_object()
            .into_iter()
            .flatten()
            .flat_map(|(path, item)| {
                let methods = item.as_object().into_iter().flatten();
                methods.map(|(method, _)| (method.clone(), path.clone()))
            })
            .collect();
        assert_eq!(routes, described);
    }

    #[test]
    fn every_operation_has_an_id_of_its_own_an_answer_and_the_refusals() {
        let document = serde_json::to_value(openapi()).unwrap_or_default();
        assert_eq!(document["openapi"], "3.1.0");
        let mut ids = BTreeSet::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
                assert!(ids.insert(id.clone()), "{id} stands twice");
                let answers: BTreeSet<&str> = operation["responses"]
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(status, _)| status.as_str())
                    .collect();
                assert!(
                    answers.contains("4XX") && answers.contains("5XX") && answers.len() > 2,
                    "{method} {path}: {answers:?}"
                );
            }
        }
    }
}
