//! One file a resource.

mod admin;
mod batch_runs;
mod export;
mod failures;
mod health;
mod jobs;
mod steer;
mod upload;

use actix_web::Resource;
use actix_web::web::{self, ServiceConfig};

use super::problem::Problem;

async fn other_method() -> Result<&'static str, Problem> {
    Err(Problem::method_not_allowed())
}

/// A path that takes some methods and refuses the others.
fn at(path: &str) -> Resource {
    web::resource(path).default_service(web::to(other_method))
}

/// All routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(at("/healthz").route(web::get().to(health::healthz)))
        .service(at("/readyz").route(web::get().to(health::readyz)))
        .service(at("/metrics").route(web::get().to(health::metrics)))
        .service(
            at("/api/jobs")
                .route(web::post().to(upload::create))
                .route(web::get().to(jobs::list)),
        )
        .service(at("/api/jobs/{id}").route(web::get().to(jobs::detail)))
        .service(at("/api/jobs/{id}/practices").route(web::get().to(jobs::practices)))
        .service(at("/api/jobs/{id}/practices/{practice}").route(web::get().to(jobs::practice)))
        .service(at("/api/jobs/{id}/export").route(web::get().to(export::export)))
        .service(at("/api/check-job-status").route(web::get().to(jobs::check_status)))
        .service(at("/api/failed-jobs").route(web::get().to(failures::list)))
        .service(at("/api/batch-runs").route(web::get().to(batch_runs::list)))
        .service(at("/api/batch-runs/{id}").route(web::get().to(batch_runs::detail)))
        .service(at("/api/kill-job").route(web::post().to(steer::kill)))
        .service(at("/api/pause-job").route(web::post().to(steer::pause)))
        .service(at("/api/resume-job").route(web::post().to(steer::resume)))
        .service(at("/api/redo-job").route(web::post().to(steer::redo)))
        .service(at("/api/admin/actors").route(web::get().to(admin::actors)))
        .service(at("/api/admin/reload").route(web::post().to(admin::reload)));
}
