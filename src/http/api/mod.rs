//! One file a resource.

mod admin;
mod batch_runs;
mod exclusions;
mod export;
mod failures;
mod health;
mod imports;
mod jobs;
mod selection;
mod steer;
mod upload;

use actix_web::web::{self, ServiceConfig};
use actix_web::{Resource, Route, guard};

use super::problem::Problem;

async fn other_method() -> Result<&'static str, Problem> {
    Err(Problem::method_not_allowed())
}

/// A path that takes some methods and refuses the others.
fn at(path: &str) -> Resource {
    web::resource(path).default_service(web::to(other_method))
}

/// GET, and HEAD for those who only ask whether something is there (RFC 9110, 9.3.2).
fn reading() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// All routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(at("/healthz").route(reading().to(health::healthz)))
        .service(at("/readyz").route(reading().to(health::readyz)))
        .service(at("/metrics").route(reading().to(health::metrics)))
        .service(
            at("/api/jobs")
                .route(web::post().to(upload::create))
                .route(reading().to(jobs::list)),
        )
        .service(at("/api/jobs/{id}").route(reading().to(jobs::detail)))
        .service(at("/api/jobs/{id}/practices").route(reading().to(jobs::practices)))
        .service(at("/api/jobs/{id}/practices/{practice}").route(reading().to(jobs::practice)))
        .service(at("/api/jobs/{id}/export").route(reading().to(export::export)))
        .service(at("/api/check-job-status").route(reading().to(jobs::check_status)))
        .service(at("/api/failed-jobs").route(reading().to(failures::list)))
        .service(at("/api/imports").route(web::post().to(imports::create)))
        .service(
            at("/api/imports/{id}")
                .route(reading().to(imports::detail))
                .route(web::delete().to(imports::delete)),
        )
        .service(at("/api/imports/{id}/rejected").route(reading().to(imports::rejected_rows)))
        .service(
            at("/api/batch-runs")
                .route(web::post().to(batch_runs::create))
                .route(reading().to(batch_runs::list)),
        )
        .service(
            at("/api/batch-runs/{id}")
                .route(web::patch().to(batch_runs::change))
                .route(reading().to(batch_runs::detail)),
        )
        .service(at("/api/save-excluded-job").route(web::post().to(exclusions::of_job)))
        .service(
            at("/api/exclusions")
                .route(web::post().to(exclusions::create))
                .route(web::delete().to(exclusions::readmit))
                .route(reading().to(exclusions::list)),
        )
        .service(at("/api/exclusions/{id}").route(web::delete().to(exclusions::readmit_one)))
        .service(at("/api/kill-job").route(web::post().to(steer::kill)))
        .service(at("/api/pause-job").route(web::post().to(steer::pause)))
        .service(at("/api/resume-job").route(web::post().to(steer::resume)))
        .service(at("/api/redo-job").route(web::post().to(steer::redo)))
        .service(at("/api/admin/actors").route(reading().to(admin::actors)))
        .service(at("/api/admin/reload").route(web::post().to(admin::reload)));
}
