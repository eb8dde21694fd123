//! What happened, in order: the latest entries, and how many there have been.

use std::collections::VecDeque;
use std::sync::Mutex;

use tokio::sync::watch;

use super::serving::locked;

/// A bounded log that can be waited on.
pub(super) struct Log<T> {
    entries: Mutex<VecDeque<T>>,
    total: watch::Sender<u64>,
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
            total: watch::Sender::default(),
        }
    }
}

impl<T: Clone> Log<T> {
    /// How many entries are kept.
    pub(super) const KEPT: usize = 10_000;

    pub(super) fn push(&self, entry: T) {
        let mut entries = locked(&self.entries);
        if entries.len() == Self::KEPT {
            entries.pop_front();
        }
        entries.push_back(entry);
        self.total.send_modify(|total| *total += 1);
    }

    /// The latest entries, oldest first.
    pub(super) fn entries(&self) -> Vec<T> {
        locked(&self.entries).iter().cloned().collect()
    }

    /// How many there have been, those no longer kept included.
    pub(super) fn total(&self) -> u64 {
        *self.total.borrow()
    }

    /// Waits until there have been so many.
    pub(super) async fn until(&self, total: u64) {
        // The sender lives for as long as this does, so the wait does not end without it.
        let _ = self.total.subscribe().wait_for(|seen| *seen >= total).await;
    }
}

#[cfg(test)]
mod tests {
    use super::Log;

    #[test]
    fn it_keeps_the_latest_and_counts_all() {
        let log = Log::default();
        for n in 0..Log::<usize>::KEPT + 5 {
            log.push(n);
        }
        assert_eq!(log.entries().first(), Some(&5));
        assert_eq!((log.entries().len(), log.total()), (10_000, 10_005));
    }
}
