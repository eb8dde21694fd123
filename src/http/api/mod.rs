//! One file a resource.

mod admin;
mod export;
mod health;
mod jobs;
mod steer;
mod upload;

use actix_web::web::{self, ServiceConfig};

/// All routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/healthz", web::get().to(health::healthz))
        .route("/readyz", web::get().to(health::readyz))
        .route("/metrics", web::get().to(health::metrics))
        .route("/api/jobs", web::post().to(upload::create))
        .route("/api/jobs", web::get().to(jobs::list))
        .route("/api/jobs/{id}", web::get().to(jobs::detail))
        .route("/api/jobs/{id}/practices", web::get().to(jobs::practices))
        .route("/api/jobs/{id}/practices/{practice}", web::get().to(jobs::practice))
        .route("/api/jobs/{id}/export", web::get().to(export::export))
        .route("/api/check-job-status", web::get().to(jobs::check_status))
        .route("/api/kill-job", web::post().to(steer::kill))
        .route("/api/pause-job", web::post().to(steer::pause))
        .route("/api/resume-job", web::post().to(steer::resume))
        .route("/api/redo-job", web::post().to(steer::redo))
        .route("/api/admin/actors", web::get().to(admin::actors))
        .route("/api/admin/reload", web::post().to(admin::reload));
}
