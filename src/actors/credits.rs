//! Global credits: how many items run at a time, shared fairly among organisations and then batches.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::{Message, Recipient};
use entity::Id;

use crate::model::fair::{Claim, next_claim};

/// The right to run one item, or, if it is exclusive, to run one while nothing else runs. Given back when dropped.
#[derive(Debug)]
pub struct Credit {
    credits: Arc<Credits>,
    batch: Id,
    exclusive: bool,
}

impl Credit {
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        self.exclusive
    }
}

impl Drop for Credit {
    fn drop(&mut self) {
        let mut state = self.credits.state();
        if self.exclusive {
            state.exclusive_runs = false;
        } else if let Some(batch) = state.batches.get_mut(&self.batch) {
            batch.held = batch.held.saturating_sub(1);
            let forget = batch.has_left && batch.held == 0;
            if forget {
                state.batches.remove(&self.batch);
            }
            state.in_use = state.in_use.saturating_sub(1);
        }
        let granted = Credits::grant(&self.credits, &mut state);
        drop(state);
        send(granted);
    }
}

/// A credit that a batch had asked for has come free.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub struct CreditGranted(pub Credit);

#[derive(Debug)]
struct Batch {
    organisation: Id,
    held: usize,
    /// Credits that it waits for.
    wants: usize,
    wants_exclusive: bool,
    /// It asks for nothing more, and is forgotten with the last credit that comes back.
    has_left: bool,
    recipient: Recipient<CreditGranted>,
}

#[derive(Debug)]
struct State {
    capacity: usize,
    in_use: usize,
    exclusive_runs: bool,
    batches: HashMap<Id, Batch>,
}

/// All credits.
#[derive(Debug)]
pub struct Credits {
    state: Mutex<State>,
}

type Granted = Vec<(Recipient<CreditGranted>, Credit)>;

/// Messages leave after the lock does.
fn send(granted: Granted) {
    for (recipient, credit) in granted {
        // A batch that is gone drops the message, and with it the credit, which frees it.
        recipient.do_send(CreditGranted(credit));
    }
}

impl Credits {
    #[must_use]
    pub fn new(capacity: usize) -> Arc<Self> {
        let state = State {
            capacity,
            in_use: 0,
            exclusive_runs: false,
            batches: HashMap::new(),
        };
        Arc::new(Self {
            state: Mutex::new(state),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Credits in use, and how many there are.
    #[must_use]
    pub fn usage(&self) -> (usize, usize) {
        let state = self.state();
        (state.in_use, state.capacity)
    }

    /// Changes how many credits there are. Fewer take effect as those in use come back.
    pub fn set_capacity(self: &Arc<Self>, capacity: usize) {
        let mut state = self.state();
        state.capacity = capacity;
        let granted = Self::grant(self, &mut state);
        drop(state);
        send(granted);
    }

    /// Makes a batch known; its earlier claims, if any, are forgotten.
    pub fn join(&self, organisation: Id, batch: Id, recipient: Recipient<CreditGranted>) {
        let mut state = self.state();
        let held = state.batches.get(&batch).map_or(0, |batch| batch.held);
        let entry = Batch {
            organisation,
            held,
            wants: 0,
            wants_exclusive: false,
            has_left: false,
            recipient,
        };
        state.batches.insert(batch, entry);
    }

    /// Takes back all that the batch still asks for. What it holds comes back by itself.
    pub fn leave(self: &Arc<Self>, batch: Id) {
        let mut state = self.state();
        if let Some(entry) = state.batches.get_mut(&batch) {
            entry.wants = 0;
            entry.wants_exclusive = false;
            entry.has_left = true;
            if entry.held == 0 {
                state.batches.remove(&batch);
            }
        }
        let granted = Self::grant(self, &mut state);
        drop(state);
        send(granted);
    }

    /// Asks for so many more credits. They arrive as [`CreditGranted`], one by one.
    pub fn claim(self: &Arc<Self>, batch: Id, more: usize) {
        let mut state = self.state();
        if let Some(entry) = state.batches.get_mut(&batch) {
            entry.wants += more;
        }
        let granted = Self::grant(self, &mut state);
        drop(state);
        send(granted);
    }

    /// Asks for the one credit that is given while none other is out. Until it is back, no other is.
    pub fn claim_exclusive(self: &Arc<Self>, batch: Id) {
        let mut state = self.state();
        if let Some(entry) = state.batches.get_mut(&batch) {
            entry.wants_exclusive = true;
        }
        let granted = Self::grant(self, &mut state);
        drop(state);
        send(granted);
    }

    /// Hands out what is free.
    fn grant(credits: &Arc<Self>, state: &mut State) -> Granted {
        let mut granted = Vec::new();
        if state.exclusive_runs {
            return granted;
        }
        if let Some((id, batch)) = state.batches.iter_mut().find(|(_, batch)| batch.wants_exclusive) {
            if state.in_use == 0 {
                batch.wants_exclusive = false;
                state.exclusive_runs = true;
                let credit = Credit {
                    credits: Arc::clone(credits),
                    batch: *id,
                    exclusive: true,
                };
                granted.push((batch.recipient.clone(), credit));
            }
            return granted;
        }
        if state.in_use >= state.capacity || state.batches.values().all(|batch| batch.wants == 0) {
            return granted;
        }
        let mut by_organisation: HashMap<Id, usize> = HashMap::new();
        for batch in state.batches.values() {
            *by_organisation.entry(batch.organisation).or_default() += batch.held;
        }
        while state.in_use < state.capacity {
            let claims = state
                .batches
                .iter()
                .filter(|(_, batch)| batch.wants > 0)
                .map(|(id, batch)| Claim {
                    organisation: batch.organisation,
                    batch: *id,
                    batch_holds: batch.held,
                    organisation_holds: by_organisation.get(&batch.organisation).copied().unwrap_or(0),
                });
            let Some(claim) = next_claim(claims) else { break };
            let Some(batch) = state.batches.get_mut(&claim.batch) else {
                break;
            };
            batch.wants -= 1;
            batch.held += 1;
            state.in_use += 1;
            *by_organisation.entry(claim.organisation).or_default() += 1;
            let credit = Credit {
                credits: Arc::clone(credits),
                batch: claim.batch,
                exclusive: false,
            };
            granted.push((batch.recipient.clone(), credit));
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix::{Actor, Addr, Context, Handler};

    #[derive(Default)]
    struct Holder(Vec<Credit>);

    impl Actor for Holder {
        type Context = Context<Self>;
    }

    impl Handler<CreditGranted> for Holder {
        type Result = ();

        fn handle(&mut self, CreditGranted(credit): CreditGranted, _: &mut Context<Self>) {
            self.0.push(credit);
        }
    }

    #[derive(Message)]
    #[rtype(result = "(usize, bool)")]
    struct Count;

    impl Handler<Count> for Holder {
        type Result = actix::MessageResult<Count>;

        fn handle(&mut self, _: Count, _: &mut Context<Self>) -> Self::Result {
            actix::MessageResult((self.0.len(), self.0.iter().any(Credit::is_exclusive)))
        }
    }

    #[derive(Message)]
    #[rtype(result = "()")]
    struct GiveBack(usize);

    impl Handler<GiveBack> for Holder {
        type Result = ();

        fn handle(&mut self, GiveBack(n): GiveBack, _: &mut Context<Self>) {
            self.0.truncate(self.0.len() - n);
        }
    }

    fn batch(credits: &Arc<Credits>, organisation: Id) -> (Id, Addr<Holder>) {
        let holder = Holder::default().start();
        let id = Id::now();
        credits.join(organisation, id, holder.clone().recipient());
        (id, holder)
    }

    async fn count(holder: &Addr<Holder>) -> (usize, bool) {
        holder.send(Count).await.unwrap_or_default()
    }

    #[actix::test]
    async fn a_second_organisation_gets_its_share_as_credits_come_back() {
        let credits = Credits::new(4);
        let (first, first_holder) = batch(&credits, Id::now());
        let (second, second_holder) = batch(&credits, Id::now());
        credits.claim(first, 100);
        assert_eq!(count(&first_holder).await.0, 4);
        credits.claim(second, 100);
        assert_eq!(count(&second_holder).await.0, 0);
        let _ = first_holder.send(GiveBack(2)).await;
        assert_eq!((count(&first_holder).await.0, count(&second_holder).await.0), (2, 2));
    }

    #[actix::test]
    async fn an_exclusive_credit_waits_for_all_others_and_holds_them_off() {
        let credits = Credits::new(4);
        let (first, first_holder) = batch(&credits, Id::now());
        let (second, second_holder) = batch(&credits, Id::now());
        credits.claim(first, 2);
        credits.claim_exclusive(second);
        credits.claim(first, 2);
        assert_eq!((count(&first_holder).await.0, count(&second_holder).await.0), (2, 0));
        let _ = first_holder.send(GiveBack(2)).await;
        assert_eq!(
            (count(&first_holder).await.0, count(&second_holder).await),
            (0, (1, true))
        );
        let _ = second_holder.send(GiveBack(1)).await;
        assert_eq!(count(&first_holder).await.0, 2);
    }
}
