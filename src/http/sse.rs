//! Server-Sent Events: the frames, and the answer that stays open.
//!
//! A stream is pulled. A [`Source`] is asked for more when the client has taken what there was and the journal has
//! grown, so a slow client holds one page of events and nothing queues up for it.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use futures_util::stream;
use sea_orm::DbErr;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::sleep_until;

use super::streams::Place;
use crate::actors::Engine;
use crate::store::fault::is_transient;

/// How long a stream may be silent. The second write after a client has gone is what tells of it and gives its place
/// back; and proxies close connections that say nothing for a minute.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How often it is asked whether the stream may go on.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// The pause after a read that failed because the database is away.
const PAUSE: Duration = Duration::from_secs(1);

/// Events as they go over the wire.
#[derive(Debug, Default)]
pub struct Frames {
    text: String,
}

impl Frames {
    /// Tells the client how long to wait before it connects again.
    pub fn retry(&mut self, wait: Duration) {
        let _ = write!(self.text, "retry: {}\n\n", wait.as_millis());
    }

    /// An event. The client sends `id` back as `Last-Event-ID` when it connects again.
    ///
    /// # Errors
    /// Where `data` is not what JSON can hold.
    pub fn event(&mut self, name: &str, id: i64, data: &impl Serialize) -> Result<(), serde_json::Error> {
        let data = serde_json::to_string(data)?;
        self.frame(name, id, &data);
        Ok(())
    }

    fn frame(&mut self, name: &str, id: i64, data: &str) {
        let _ = writeln!(self.text, "id: {id}\nevent: {name}");
        // A line break would end the field, and an empty line the event.
        for line in data.replace("\r\n", "\n").split(['\n', '\r']) {
            let _ = writeln!(self.text, "data: {line}");
        }
        self.text.push('\n');
    }

    fn heartbeat() -> Bytes {
        Bytes::from_static(b":\n\n")
    }
}

/// Why a source could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error("an event could not be encoded: {0}")]
    Encoding(#[from] serde_json::Error),
}

impl SourceError {
    fn passes(&self) -> bool {
        matches!(self, Self::Database(error) if is_transient(error))
    }
}

/// When a source wants to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It has more at hand.
    Now,
    /// When the journal has grown, but not before a time; or at a time even if it has not.
    Growth {
        not_before: Instant,
        at_latest: Option<Instant>,
    },
    /// Never: all was told.
    Over,
}

/// What a stream does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Look,
    /// Waits for a time, if there is one, or for growth if none is known of yet.
    Wait(Option<Instant>),
    End,
}

impl Next {
    /// `grown`: the journal has grown since the last look.
    fn turn(self, grown: bool, now: Instant) -> Turn {
        match self {
            Self::Now => Turn::Look,
            Self::Over => Turn::End,
            Self::Growth { not_before, at_latest } => {
                let at = if grown { Some(not_before) } else { at_latest };
                match at {
                    Some(at) if now >= at => Turn::Look,
                    at => Turn::Wait(at),
                }
            }
        }
    }
}

/// What a stream tells, one piece at a time.
pub trait Source {
    /// Whether who listens still may.
    ///
    /// # Errors
    /// Where the database cannot be read.
    async fn is_allowed(&self) -> Result<bool, DbErr>;

    /// Adds a bounded piece of what is new, or nothing. Whatever is added counts only if it succeeds. `grown`: the
    /// journal has grown since the last look, though perhaps by what does not concern this source.
    ///
    /// # Errors
    /// Where the database cannot be read.
    async fn look(&mut self, now: Instant, grown: bool, out: &mut Frames) -> Result<Next, SourceError>;
}

/// The head of every answer to a request for events.
pub fn head() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        // An event must not wait in a buffer of nginx, nor in that of our own compression.
        .insert_header(("X-Accel-Buffering", "no"))
        .insert_header((CONTENT_ENCODING, "identity"));
    response
}

/// The answer to a client that follows `source`, which has written `first` already.
pub fn answer<S: Source + 'static>(source: S, first: Frames, engine: &Arc<Engine>, place: Place) -> HttpResponse {
    let now = Instant::now();
    let listening = Listening {
        source,
        first: Some(first),
        heads: engine.storage.health().heads(),
        engine: Arc::clone(engine),
        grown: false,
        next: Next::Now,
        check_at: now + CHECK_EVERY,
        beat_at: now + HEARTBEAT,
        _place: place,
    };
    head().streaming(Box::pin(stream::unfold(listening, Listening::piece)))
}

struct Listening<S> {
    source: S,
    first: Option<Frames>,
    engine: Arc<Engine>,
    heads: watch::Receiver<i64>,
    grown: bool,
    next: Next,
    check_at: Instant,
    beat_at: Instant,
    _place: Place,
}

impl<S: Source> Listening<S> {
    async fn piece(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        let piece = match self.first.take() {
            Some(first) => first.text.into(),
            None => self.wait_for_piece().await?,
        };
        self.beat_at = Instant::now() + HEARTBEAT;
        Some((Ok(piece), self))
    }

    async fn wait_for_piece(&mut self) -> Option<Bytes> {
        loop {
            let now = Instant::now();
            // First of all: a client may not have asked for more for a long time.
            if now >= self.check_at {
                self.check_at = now + CHECK_EVERY;
                if !self.may_go_on().await {
                    return None;
                }
            }
            match self.next.turn(self.grown, now) {
                Turn::End => return None,
                Turn::Look => {
                    let piece = self.look(now).await;
                    if !piece.text.is_empty() {
                        return Some(piece.text.into());
                    }
                }
                Turn::Wait(_) if now >= self.beat_at => return Some(Frames::heartbeat()),
                Turn::Wait(at) => {
                    let until = self.check_at.min(self.beat_at);
                    self.wait(at.map_or(until, |at| at.min(until))).await;
                }
            }
        }
    }

    async fn wait(&mut self, until: Instant) {
        tokio::select! {
            changed = self.heads.changed(), if !self.grown => match changed {
                Ok(()) => self.grown = true,
                Err(_) => self.next = Next::Over,
            },
            () = sleep_until(until.into()) => {}
        }
    }

    async fn look(&mut self, now: Instant) -> Frames {
        let mut out = Frames::default();
        // What grows from here on is seen by this look or wakes the next one.
        self.heads.mark_unchanged();
        let grown = std::mem::take(&mut self.grown);
        self.next = match self.source.look(now, grown, &mut out).await {
            Ok(next) => next,
            // Browsers give up on a server that refuses a reconnect: better to stay, and to be silent for a while.
            Err(error) if error.passes() => {
                tracing::warn!(%error, "an event stream waits for the database");
                out = Frames::default();
                let again = now + PAUSE;
                Next::Growth {
                    not_before: again,
                    at_latest: Some(again),
                }
            }
            Err(error) => {
                tracing::error!(%error, "an event stream broke off");
                out = Frames::default();
                Next::Over
            }
        };
        out
    }

    async fn may_go_on(&self) -> bool {
        if self.engine.is_draining() {
            return false;
        }
        match self.source.is_allowed().await {
            Ok(allowed) => allowed,
            Err(error) if is_transient(&error) => true,
            Err(error) => {
                tracing::error!(%error, "an event stream broke off");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_its_fields_and_an_empty_line() {
        let mut frames = Frames::default();
        frames.retry(Duration::from_secs(2));
        frames
            .event("progress", 42, &json!({ "status": "running", "note": "a\nb" }))
            .unwrap();
        assert_eq!(
            frames.text,
            "retry: 2000\n\nid: 42\nevent: progress\ndata: {\"status\":\"running\",\"note\":\"a\\nb\"}\n\n"
        );
    }

    #[test]
    fn every_line_of_data_is_a_field_of_its_own() {
        for (data, lines) in [
            ("one", "data: one\n"),
            ("one\ntwo", "data: one\ndata: two\n"),
            ("one\r\ntwo\rthree", "data: one\ndata: two\ndata: three\n"),
            ("one\n\nid: 7", "data: one\ndata: \ndata: id: 7\n"),
            ("", "data: \n"),
        ] {
            let mut frames = Frames::default();
            frames.frame("x", 1, data);
            assert_eq!(frames.text, format!("id: 1\nevent: x\n{lines}\n"), "{data:?}");
        }
    }

    #[test]
    fn a_source_is_looked_at_when_there_is_something_and_not_too_often() {
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        let next = Next::Growth {
            not_before: at(250),
            at_latest: Some(at(1_000)),
        };
        for (grown, now, turn) in [
            (false, 0, Turn::Wait(Some(at(1_000)))),
            (false, 250, Turn::Wait(Some(at(1_000)))),
            (false, 1_000, Turn::Look),
            (true, 0, Turn::Wait(Some(at(250)))),
            (true, 249, Turn::Wait(Some(at(250)))),
            (true, 250, Turn::Look),
        ] {
            assert_eq!(next.turn(grown, at(now)), turn, "{grown} at {now}");
        }
        let idle = Next::Growth {
            not_before: at(250),
            at_latest: None,
        };
        assert_eq!(idle.turn(false, at(10_000)), Turn::Wait(None));
        assert_eq!(Next::Now.turn(false, at(0)), Turn::Look);
        assert_eq!(Next::Over.turn(true, at(0)), Turn::End);
    }
}
