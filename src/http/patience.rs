//! Clients that do not go on: what waits for one for too long is ended.
//!
//! actix-web holds only the first head of a connection to a time. A body that does not come, the head of a later request and an answer
//! that nobody reads would hold a connection, and what is buffered for it, for good.

use std::any::Any;
use std::cell::Cell;
use std::future::Future as _;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, EitherBody, MessageBody};
use actix_web::dev::{Extensions, Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::rt::net;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage as _, ResponseError as _};
use futures_util::Stream;
use tokio::time::{Sleep, sleep};

use super::problem::Problem;

/// Bytes a second that a body must come with, once its grace is over.
const SLOWEST: u64 = 1024;

/// A connection, and since when its client is waited for.
struct Waited {
    socket: TcpStream,
    since: Mutex<Option<Instant>>,
}

impl Waited {
    fn for_client(&self, waits: bool) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        *since = waits.then(Instant::now);
    }

    fn since(&self) -> Option<Instant> {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For `HttpServer::on_connect`: from now on the connection is ended when its client is waited for longer than twice `grace`.
pub fn watch(connection: &dyn Any, extensions: &mut Extensions, grace: Duration) {
    let Some(stream) = connection.downcast_ref::<net::TcpStream>() else {
        return;
    };
    let Ok(socket) = stream.as_fd().try_clone_to_owned() else {
        return;
    };
    let waited = Arc::new(Waited {
        socket: TcpStream::from(socket),
        since: Mutex::new(Some(Instant::now())),
    });
    actix_web::rt::spawn(end_stalled(Arc::downgrade(&waited), grace * 2));
    extensions.insert(waited);
}

async fn end_stalled(connection: Weak<Waited>, limit: Duration) {
    let mut next = limit;
    loop {
        sleep(next).await;
        let Some(waited) = connection.upgrade() else { return };
        let idle = waited.since().map_or(Duration::ZERO, |since| since.elapsed());
        if idle >= limit {
            metrics::counter!("batchdesk_stalled_connections_total").increment(1);
            // Gone already, if it fails.
            let _ = waited.socket.shutdown(Shutdown::Both);
            return;
        }
        next = limit.saturating_sub(idle);
    }
}

/// The middleware: a body may take `grace`, and as long as its bytes need at the slowest rate; then 408.
///
/// # Errors
/// Those of what it wraps.
pub async fn hold_to_time<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Followed<EitherBody<B>>>, Error> {
    let waited = request.conn_data::<Arc<Waited>>().cloned();
    if let Some(waited) = &waited {
        waited.for_client(false);
    }
    let grace = request.app_data::<Grace>().map_or(Duration::MAX, |grace| grace.0);
    let late = Rc::new(Cell::new(false));
    let body = InTime::new(request.take_payload(), grace, Rc::clone(&late));
    request.set_payload(Payload::Stream {
        payload: Box::pin(body),
    });
    let response = next.call(request).await?;
    let response = if late.get() {
        // However the handler has told it; and what else comes on this connection is the rest of the body.
        let mut told = response
            .into_response(too_late().error_response())
            .map_into_right_body();
        told.response_mut()
            .head_mut()
            .set_connection_type(ConnectionType::Close);
        told
    } else {
        response.map_into_left_body()
    };
    Ok(response.map_body(|_, body| Followed { body, waited }))
}

/// How long a client may take for a head, as the middleware knows it.
#[derive(Clone, Copy, Debug)]
pub struct Grace(pub Duration);

fn too_late() -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "request_timeout",
        "the body did not come in time; send it again over a better connection",
    )
}

/// A body that must come in time.
struct InTime {
    body: Payload,
    grace: Duration,
    bytes: u64,
    /// Time that the client was waited for.
    waited: Duration,
    waits: Option<(Instant, Pin<Box<Sleep>>)>,
    /// Set once it did not.
    late: Rc<Cell<bool>>,
}

impl InTime {
    fn new(body: Payload, grace: Duration, late: Rc<Cell<bool>>) -> Self {
        Self {
            body,
            grace,
            bytes: 0,
            waited: Duration::ZERO,
            waits: None,
            late,
        }
    }

    fn left(&self) -> Duration {
        let allowed = self
            .grace
            .saturating_add(Duration::from_millis(self.bytes * 1000 / SLOWEST));
        allowed.saturating_sub(self.waited)
    }
}

impl Stream for InTime {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        match Pin::new(&mut this.body).poll_next(context) {
            Poll::Ready(item) => {
                if let Some((since, _)) = this.waits.take() {
                    this.waited += since.elapsed();
                }
                if let Some(Ok(bytes)) = &item {
                    this.bytes += bytes.len() as u64;
                }
                Poll::Ready(item)
            }
            Poll::Pending => {
                let left = this.left();
                let (_, timer) = this
                    .waits
                    .get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
                match timer.as_mut().poll(context) {
                    Poll::Ready(()) => {
                        this.late.set(true);
                        Poll::Ready(Some(Err(PayloadError::Io(io::ErrorKind::TimedOut.into()))))
                    }
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }
}

/// The body of an answer: while no more of it is asked for, its client is waited for.
pub struct Followed<B> {
    body: B,
    waited: Option<Arc<Waited>>,
}

impl<B> Followed<B> {
    fn note(&self, waits: bool) {
        if let Some(waited) = &self.waited {
            waited.for_client(waits);
        }
    }
}

impl<B: MessageBody + Unpin> MessageBody for Followed<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_next(context);
        // What is not there yet is waited for by the client.
        this.note(polled.is_ready());
        polled
    }
}

impl<B> Drop for Followed<B> {
    fn drop(&mut self) {
        self.note(true);
    }
}
