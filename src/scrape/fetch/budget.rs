use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What most pages fit into: the size of a small slot.
pub const SMALL_SLOT: usize = 128 * 1024;

/// Bounds the bytes of page bodies that are in memory at once (`engine.max_bytes_in_flight`).
///
/// Every body begins in a small slot of [`SMALL_SLOT`] bytes; one that outgrows it waits for one of a few large
/// slots, each of the largest body allowed. Who holds a large slot never waits for another, so there is no circle of
/// waiting and no deadlock, and a flood of large bodies leaves the small slots moving.
#[derive(Debug, Clone)]
pub struct ByteBudget {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

/// A body's share of the budget, given back when dropped: hold it until the page has been parsed.
#[derive(Debug)]
pub struct BudgetHold {
    _small: OwnedSemaphorePermit,
    large: Option<OwnedSemaphorePermit>,
}

impl ByteBudget {
    /// A budget of `total` bytes for bodies of at most `largest` bytes. A quarter goes to large slots, at least one.
    pub fn new(total: usize, largest: usize) -> Self {
        let largest = largest.max(SMALL_SLOT);
        let large = (total / 4 / largest).max(1);
        let small = (total.saturating_sub(large * largest) / SMALL_SLOT).max(1);
        let bounded = |slots: usize| Arc::new(Semaphore::new(slots.min(Semaphore::MAX_PERMITS)));
        Self {
            small: bounded(small),
            large: bounded(large),
        }
    }

    /// Waits for a small slot; `None` only when the budget has been closed, which nobody does.
    pub(super) async fn begin(&self) -> Option<BudgetHold> {
        let small = Arc::clone(&self.small).acquire_owned().await.ok()?;
        Some(BudgetHold {
            _small: small,
            large: None,
        })
    }

    /// Makes room for a body of `size` bytes, waiting for a large slot the first time it outgrows the small one.
    pub(super) async fn grow(&self, hold: &mut BudgetHold, size: usize) {
        if size > SMALL_SLOT && hold.large.is_none() {
            hold.large = Arc::clone(&self.large).acquire_owned().await.ok();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn large_bodies_queue_while_small_ones_pass() {
        let budget = ByteBudget::new(1024 * 1024, 512 * 1024);
        let mut first = budget.begin().await.unwrap();
        let mut second = budget.begin().await.unwrap();
        budget.grow(&mut first, 200_000).await;
        let waiting = tokio::time::timeout(Duration::from_millis(20), budget.grow(&mut second, 200_000)).await;
        assert!(waiting.is_err());
        assert!(budget.begin().await.is_some());
        drop(first);
        budget.grow(&mut second, 200_000).await;
        assert!(second.large.is_some());
    }
}
