//! The `Notifier`: tells webhook endpoints what happens to batches.
//!
//! It does two things that know of each other only through rows. It follows the journal from a cursor of its own and
//! writes a delivery for each endpoint that wants to be told; and it sends the deliveries that are due, whoever wrote
//! them. A delivery is sent until an answer to it has been recorded, so a crash in between sends it again, under the same
//! id: an endpoint hears of everything at least once.

mod courier;
mod events;
mod following;
mod sending;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use chrono::{DateTime, Utc};
use entity::Id;

use self::courier::Courier;
use self::following::{Interrupted, Position, follow};
use self::sending::deliver;
use super::control::Engine;
use super::supervision::{Exit, LastWord};
use crate::ops::misbehave;
use crate::store::read::DueDelivery;

/// How often the journal's head is looked at, and whether something is due.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often the cursor is moved where there is nothing to tell.
const SETTLE_EVERY: Duration = Duration::from_secs(1);
/// How often the deliveries are looked at where none is known to be due: somebody else may have written one.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Messages that are on their way at a time, one to an endpoint at most.
const MOST_IN_FLIGHT: usize = 64;
/// As many of one organisation: its slow endpoints must not hold up those of others.
const MOST_OF_ONE: usize = 16;

/// Deliveries may be due.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct DeliveriesDue;

/// Tells endpoints.
pub struct Notifier {
    engine: Arc<Engine>,
    position: Position,
    following: bool,
    /// Whether the cursor may be moved for its own sake.
    settle_at: Instant,
    /// Endpoints that something is on its way to, and whose they are.
    in_flight: HashMap<Id, Id>,
    courier: Option<Rc<Courier>>,
    looking: bool,
    look_at: Instant,
    word: LastWord,
}

impl Notifier {
    pub(super) fn new(engine: Arc<Engine>, cursor: i64, word: LastWord) -> Self {
        let now = Instant::now();
        Self {
            engine,
            position: Position { cursor, read: cursor },
            following: false,
            settle_at: now + SETTLE_EVERY,
            in_flight: HashMap::new(),
            courier: None,
            looking: false,
            look_at: now,
            word,
        }
    }

    fn tick(&mut self, context: &mut Context<Self>) {
        self.follow(context);
        if Instant::now() >= self.look_at {
            self.look(context);
        }
    }

    /// Writes deliveries for the next stretch of the journal, unless one is being written.
    fn follow(&mut self, context: &mut Context<Self>) {
        let head = self.engine.storage.health().head();
        let is_time = Instant::now() >= self.settle_at || self.engine.is_draining();
        let settle = is_time && self.position.cursor < head;
        if self.following || (self.position.read >= head && !settle) {
            return;
        }
        self.following = true;
        let (engine, from) = (Arc::clone(&self.engine), self.position);
        let work = async move {
            misbehave("notifier", "chunk");
            follow(&engine, from, head, settle).await
        };
        context.spawn(work.into_actor(self).map(move |outcome, actor, context| {
            actor.following = false;
            match outcome {
                Ok(position) => actor.reached(position, context),
                Err(error @ Interrupted::Moved(_)) => {
                    actor.word.leave(Exit::Failed(error.to_string()));
                    context.stop();
                }
                Err(error) => tracing::warn!(%error, "webhooks wait"),
            }
        }));
    }

    fn reached(&mut self, position: Position, context: &mut Context<Self>) {
        if position.cursor > self.position.cursor {
            self.settle_at = Instant::now() + SETTLE_EVERY;
            self.look(context);
        }
        self.position = position;
        self.follow(context);
    }

    /// Sends what is due, as far as there is room.
    fn look(&mut self, context: &mut Context<Self>) {
        self.look_at = Instant::now() + LOOK_AGAIN;
        let room = MOST_IN_FLIGHT.saturating_sub(self.in_flight.len());
        if self.looking || room == 0 || self.engine.is_draining() {
            return;
        }
        self.looking = true;
        let (engine, busy, full) = (Arc::clone(&self.engine), self.busy(), self.full());
        let work = async move {
            let now = Utc::now();
            let due = engine.reader.deliveries_due(now, &busy, &full, room).await?;
            let next = engine.reader.next_delivery(now).await?;
            Ok::<_, sea_orm::DbErr>((due, next))
        };
        context.spawn(work.into_actor(self).map(|outcome, actor, context| {
            actor.looking = false;
            match outcome {
                Ok((due, next)) => actor.found(due, next, context),
                Err(error) => tracing::warn!(%error, "cannot see which webhooks are due"),
            }
        }));
    }

    fn busy(&self) -> Vec<Id> {
        self.in_flight.keys().copied().collect()
    }

    /// Organisations that may not have more on its way.
    fn full(&self) -> Vec<Id> {
        let mut counts: HashMap<Id, usize> = HashMap::new();
        for organisation in self.in_flight.values() {
            *counts.entry(*organisation).or_default() += 1;
        }
        counts.retain(|_, count| *count >= MOST_OF_ONE);
        counts.into_keys().collect()
    }

    fn found(&mut self, due: Vec<DueDelivery>, next: Option<DateTime<Utc>>, context: &mut Context<Self>) {
        if let Some(wait) = next.and_then(|next| (next - Utc::now()).to_std().ok()) {
            self.look_at = self.look_at.min(Instant::now() + wait);
        }
        for delivery in due {
            if self.full().contains(&delivery.organisation_id) {
                // The next look passes it over, so that others come to their turn.
                self.look_at = Instant::now();
            } else {
                self.send(delivery, context);
            }
        }
    }

    fn send(&mut self, delivery: DueDelivery, context: &mut Context<Self>) {
        let Some(courier) = self.courier() else { return };
        let endpoint = delivery.endpoint_id;
        self.in_flight.insert(endpoint, delivery.organisation_id);
        let engine = Arc::clone(&self.engine);
        let counted = InFlight::count(&engine.deliveries_in_flight);
        let work = async move {
            let _counted = counted;
            deliver(&engine, &courier, delivery).await;
        };
        context.spawn(work.into_actor(self).map(move |(), actor, context| {
            actor.in_flight.remove(&endpoint);
            actor.look(context);
        }));
    }

    /// The courier for the settings in force.
    fn courier(&mut self) -> Option<Rc<Courier>> {
        let settings = self.engine.settings();
        if let Some(courier) = self.courier.as_ref().filter(|courier| courier.fits(&settings)) {
            return Some(Rc::clone(courier));
        }
        match Courier::new(&settings) {
            Ok(courier) => {
                let courier = Rc::new(courier);
                self.courier = Some(Rc::clone(&courier));
                Some(courier)
            }
            Err(error) => {
                tracing::error!(%error, "webhooks cannot be sent with these settings");
                None
            }
        }
    }
}

/// One message on its way, also where its actor ends.
struct InFlight(Arc<AtomicUsize>);

impl InFlight {
    fn count(counter: &Arc<AtomicUsize>) -> Self {
        counter.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(counter))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Actor for Notifier {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.run_interval(LOOK_EVERY, Self::tick);
        self.tick(context);
    }
}

impl Handler<DeliveriesDue> for Notifier {
    type Result = ();

    fn handle(&mut self, _: DeliveriesDue, context: &mut Context<Self>) {
        self.look(context);
    }
}
