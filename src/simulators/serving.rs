//! An HTTP server on a thread and actix System of its own, so that a caller needs no particular runtime and a busy
//! caller cannot slow the site that it is being tested against.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use actix_web::{App, HttpServer, web};
use tokio::sync::oneshot;

/// What a stand-in keeps is whole again before anything in it could panic, so a poisoned lock is as good as any.
pub(super) fn locked<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves until it is dropped.
pub(super) struct Serving {
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Serving {
    /// Answers on a free port of loopback.
    pub(super) async fn on_loopback<R>(routes: R) -> io::Result<(SocketAddr, Self)>
    where
        R: Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        Ok((address, Self::start(vec![listener], routes).await?))
    }

    /// Answers on all `listeners` with the same `routes`.
    pub(super) async fn start<R>(listeners: Vec<TcpListener>, routes: R) -> io::Result<Self>
    where
        R: Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    {
        let (report, started) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("simulator".to_owned())
            .spawn(move || System::new().block_on(run(listeners, routes, report)))?;
        let handle = started
            .await
            .map_err(|_| io::Error::other("the simulator ended before it served"))??;
        Ok(Self {
            handle,
            thread: Some(thread),
        })
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // The command is sent by the call itself; its future only waits for the end, which the join does too.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn run<R>(listeners: Vec<TcpListener>, routes: R, report: oneshot::Sender<io::Result<ServerHandle>>)
where
    R: Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
{
    let server = HttpServer::new(move || App::new().configure(routes.clone()))
        .workers(1)
        // A client that hangs up is noticed at once, not when its answer cannot be written.
        .h1_allow_half_closed(false)
        .disable_signals();
    match listeners.into_iter().try_fold(server, HttpServer::listen) {
        Ok(server) => {
            let running = server.run();
            let _ = report.send(Ok(running.handle()));
            let _ = running.await;
        }
        Err(error) => {
            let _ = report.send(Err(error));
        }
    }
}
