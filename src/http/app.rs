//! The application: what the handlers share, and the routes.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use actix_web::dev::Server;
use actix_web::error::JsonPayloadError;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data, JsonConfig, PathConfig, QueryConfig};
use actix_web::{HttpServer, ResponseError as _};
use entity::{Id, enrichment_jobs, registration_batch_jobs};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;

use super::api::{self, AnswerBudget};
use super::audit::{self, AuditLog};
use super::auth::cross_site::refuse_other_sites;
use super::auth::{Credentials, LinkPost, Passwords, Throttle};
use super::caller::Caller;
use super::characters::{has_nul, nul_in_json, refuse_nul};
use super::patience::{self, Grace, hold_to_time};
use super::problem::Problem;
use super::rate::Rates;
use super::request_id::give_request_id;
use super::streams::OpenStreams;
use super::surface::secure_answers;
use crate::actors::{Engine, ExportSpool, Overseer, RegistrationsChanged, Reloader};
use crate::settings::Settings;
use crate::store::read::{Access, JobProgress, Reader};
use crate::store::write::WriteCommand;

/// What the handlers share.
pub struct App {
    pub engine: Arc<Engine>,
    pub overseer: Addr<Overseer>,
    pub reader: Reader,
    pub credentials: Credentials,
    pub passwords: Passwords,
    pub throttle: Throttle,
    pub rates: Rates,
    pub audit: AuditLog,
    /// Where one-time links are sent, where the operator has a mailer.
    pub links: Option<LinkPost>,
    pub answers: AnswerBudget,
    /// Where people reach the daemon, for links.
    pub public_url: String,
    pub streams: Arc<OpenStreams>,
    pub recovered: watch::Receiver<bool>,
    pub metrics: PrometheusHandle,
    pub reloader: Arc<Reloader>,
    /// Where uploads are spooled.
    pub spool: PathBuf,
    /// Where lists stay that were sent for a preview.
    pub kept_lists: PathBuf,
    /// Where exports are.
    pub exports: ExportSpool,
}

impl App {
    /// How long a request waits for its command to be committed.
    #[must_use]
    pub fn command_timeout(&self) -> Duration {
        Duration::from_millis(self.engine.settings().http.command_timeout_ms)
    }

    /// Sends the command and waits for it as long as a request may. It stands in the writer's queue also when that is over.
    ///
    /// # Errors
    /// 503 when the database does not answer in time.
    pub async fn command<C: WriteCommand>(&self, command: C) -> Result<C::Answer, Problem> {
        let writing = self.engine.storage.write(command);
        let answer = tokio::time::timeout(self.command_timeout(), writing).await;
        Ok(answer.map_err(|_| Problem::unavailable())??)
    }

    /// Sends a command about a registration batch; its supervisor hears of it once it is committed, however long that takes.
    ///
    /// # Errors
    /// 503 where the database does not answer in time; the command may still take place.
    pub async fn command_batch<C: WriteCommand>(&self, batch_id: Id, command: C) -> Result<C::Answer, Problem> {
        let (storage, overseer) = (self.engine.storage.clone(), self.overseer.clone());
        let task = actix_web::rt::spawn(async move {
            let answer = storage.write(command).await;
            overseer.do_send(RegistrationsChanged(batch_id));
            answer
        });
        let answer = tokio::time::timeout(self.command_timeout(), task).await;
        let answer = answer.map_err(|_| Problem::unavailable())?;
        Ok(answer.map_err(|error| Problem::internal(&error))??)
    }

    /// The registration batch, if the caller may see it.
    ///
    /// # Errors
    /// 403 for another organisation's, 404 for none.
    pub async fn registration_batch(&self, caller: &Caller, id: Id) -> Result<registration_batch_jobs::Model, Problem> {
        match self.reader.registration_batch(&caller.scope, id).await? {
            Access::Granted(batch) => Ok(batch),
            Access::Forbidden => Err(Problem::forbidden("this batch belongs to another organisation")),
            Access::Missing => Err(Problem::not_found("registration batch")),
        }
    }

    /// The job, if the caller may see it.
    ///
    /// # Errors
    /// 403 for somebody else's, 404 for none.
    pub async fn job(&self, caller: &Caller, id: Id) -> Result<enrichment_jobs::Model, Problem> {
        granted(self.reader.job(&caller.scope, id).await?)
    }

    /// The job's counters, if the caller may see it.
    ///
    /// # Errors
    /// 403 for somebody else's, 404 for none.
    pub async fn job_progress(&self, caller: &Caller, id: Id) -> Result<JobProgress, Problem> {
        granted(self.reader.job_progress(&caller.scope, id).await?)
    }
}

fn granted<T>(job: Access<T>) -> Result<T, Problem> {
    match job {
        Access::Granted(job) => Ok(job),
        Access::Forbidden => Err(Problem::forbidden("this job belongs to somebody else")),
        Access::Missing => Err(Problem::not_found("job")),
    }
}

async fn no_such_route() -> Result<&'static str, Problem> {
    Err(Problem::not_found("route"))
}

fn configure(config: &mut web::ServiceConfig, max_body_bytes: usize) {
    config
        .app_data(JsonConfig::default().limit(max_body_bytes).error_handler(|error, _| {
            if error.status_code() == actix_web::http::StatusCode::PAYLOAD_TOO_LARGE {
                return Problem::too_large("the body is larger than http.max_body_bytes").into();
            }
            if matches!(&error, JsonPayloadError::Payload(error) if has_nul(error)) {
                return nul_in_json().into();
            }
            if matches!(error, JsonPayloadError::ContentType) {
                return Problem::not_json().into();
            }
            Problem::bad_request(format!("the body must be the JSON that this route takes: {error}")).into()
        }))
        .app_data(
            QueryConfig::default()
                .error_handler(|error, _| Problem::bad_request(format!("the query cannot be read: {error}")).into()),
        )
        .app_data(PathConfig::default().error_handler(|_, _| Problem::not_found("resource").into()))
        .configure(api::configure)
        .default_service(web::to(no_such_route));
}

/// The server on a listener that is bound already. The caller ends it.
///
/// # Errors
/// Where the listener cannot be used.
pub fn server(app: Data<App>, listener: TcpListener, settings: &Settings) -> std::io::Result<Server> {
    let max_body_bytes = settings.http.max_body_bytes;
    let grace = Duration::from_millis(settings.http.request_timeout_ms);
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .wrap(Compress::default())
            .wrap(from_fn(refuse_nul))
            .wrap(from_fn(refuse_other_sites))
            .wrap(from_fn(audit::keep))
            .wrap(from_fn(secure_answers))
            .wrap(from_fn(give_request_id))
            .wrap(from_fn(hold_to_time))
            .app_data(Grace(grace))
            .app_data(app.clone())
            .configure(|config| configure(config, max_body_bytes))
    })
    .workers(settings.http.workers)
    .client_request_timeout(grace)
    .on_connect(move |connection, extensions| patience::watch(connection, extensions, grace))
    .shutdown_timeout(5)
    // The head and the body of an answer are written one after the other; held back until the head is acknowledged, the
    // body would come 40 ms later.
    .tcp_nodelay(true)
    // Who is gone wants no answer: an export that is being built for it would keep others waiting.
    .h1_allow_half_closed(false)
    .disable_signals()
    .listen(listener)?;
    Ok(server.run())
}
