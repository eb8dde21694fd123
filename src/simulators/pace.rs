//! How long the simulated work takes.

use std::sync::Mutex;
use std::time::Duration;

use actix_web::rt;
use tokio::sync::watch;

use super::serving::locked;

/// Work takes its latency, and for as long as it is held.
#[derive(Default)]
pub(super) struct Pace {
    latency: Mutex<Duration>,
    held: watch::Sender<bool>,
}

impl Pace {
    pub(super) fn new(latency: Duration) -> Self {
        Self {
            latency: Mutex::new(latency),
            held: watch::Sender::default(),
        }
    }

    pub(super) fn set_latency(&self, latency: Duration) {
        *locked(&self.latency) = latency;
    }

    /// Work that reaches its end from now on waits for [`release`](Self::release).
    pub(super) fn hold(&self) {
        self.held.send_replace(true);
    }

    pub(super) fn release(&self) {
        self.held.send_replace(false);
    }

    /// Does the work.
    pub(super) async fn work(&self) {
        let latency = *locked(&self.latency);
        if !latency.is_zero() {
            rt::time::sleep(latency).await;
        }
        // The sender lives for as long as this does, so the wait does not end without it.
        let _ = self.held.subscribe().wait_for(|held| !held).await;
    }
}
