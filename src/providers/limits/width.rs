use std::time::Instant;

/// Good answers after a refusal before one more call at a time is tried.
const PATIENCE: u32 = 150;
const LONGEST_PATIENCE: u32 = 4_800;
/// Room that the provider must report for one more call: one place is the one that the answer itself has freed.
const ROOM: usize = 2;
/// No plan has more.
const WIDEST: usize = 1_000;

/// How many calls may run at a time: fixed, or learnt from what the provider tells and refuses.
///
/// It begins where it is told to and grows with every good answer while the provider reports room, up to the limit
/// that it names. A refusal takes a twentieth away, once for all calls that were on their way, and no growth
/// follows until enough good answers have come; each further refusal doubles how many are enough.
#[derive(Clone, Debug)]
pub(in crate::providers) struct Width {
    now: usize,
    learns: bool,
    /// The limit that the provider names.
    named: Option<usize>,
    cut_at: Option<Instant>,
    good_since: u32,
    patience: u32,
}

impl Width {
    /// As many as `start`, for good.
    pub(in crate::providers) fn fixed(start: usize) -> Self {
        Self {
            now: start.clamp(1, WIDEST),
            learns: false,
            named: None,
            cut_at: None,
            good_since: 0,
            patience: PATIENCE,
        }
    }

    /// As many as `start` for now.
    pub(in crate::providers) fn learning(start: usize) -> Self {
        Self {
            learns: true,
            ..Self::fixed(start)
        }
    }

    pub(in crate::providers) fn now(&self) -> usize {
        self.now
    }

    /// Another start; one that has learnt better keeps what it knows.
    pub(in crate::providers) fn tune(&mut self, start: usize) {
        if !self.learns || (self.named.is_none() && self.cut_at.is_none()) {
            self.now = start.clamp(1, WIDEST);
        }
    }

    /// An answer has named the limit.
    pub(in crate::providers) fn name_limit(&mut self, limit: usize) {
        if self.learns {
            let limit = limit.clamp(1, WIDEST);
            self.named = Some(limit);
            self.now = self.now.min(limit);
        }
    }

    /// A good answer has come, and said how many places are free.
    pub(in crate::providers) fn good(&mut self, remaining: Option<usize>) {
        if !self.learns {
            return;
        }
        self.good_since = self.good_since.saturating_add(1);
        let settled = self.cut_at.is_none() || self.good_since >= self.patience;
        let room = remaining.is_some_and(|remaining| remaining >= ROOM);
        let below = self.named.is_some_and(|limit| self.now < limit);
        if settled && room && below {
            // Three times as many with each round at first; one by one after a refusal.
            let ample = self.cut_at.is_none() && remaining.is_some_and(|remaining| remaining >= 2 * ROOM);
            self.now += if ample { 2 } else { 1 };
            self.now = self.named.map_or(self.now, |limit| self.now.min(limit));
            if self.cut_at.is_some() {
                self.good_since = 0;
            }
        }
    }

    /// A call that started at `started` was refused as one too many.
    pub(in crate::providers) fn crowded(&mut self, started: Instant, now: Instant) {
        if !self.learns || self.cut_at.is_some_and(|cut| started < cut) {
            return;
        }
        if self.cut_at.is_some() && self.good_since < self.patience.saturating_mul(4) {
            self.patience = self.patience.saturating_mul(2).min(LONGEST_PATIENCE);
        }
        self.now = (self.now - (self.now / 20).max(1).min(self.now - 1)).max(1);
        self.cut_at = Some(now);
        self.good_since = 0;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    /// A provider with `limit` places, of which `others` are in use by somebody else, and calls that never end early:
    /// each round starts as many as allowed and then hears of all of them.
    fn rounds(width: &mut Width, limit: usize, others: usize, rounds: usize) -> (usize, usize, usize) {
        let start = Instant::now();
        let (mut calls, mut refused, mut used) = (0, 0, 0);
        for round in 0..rounds {
            let now = start + Duration::from_secs(round as u64);
            let started = width.now();
            let fits = started.min(limit.saturating_sub(others));
            calls += started;
            refused += started - fits;
            used += fits;
            for _ in fits..started {
                width.crowded(now, now + Duration::from_millis(1));
            }
            for done in 0..fits {
                width.name_limit(limit);
                width.good(Some(limit.saturating_sub(others).saturating_sub(fits - done - 1)));
            }
        }
        (calls, refused, used)
    }

    #[test]
    fn it_finds_the_limit_that_is_named_without_a_refusal() {
        for limit in [1, 2, 5, 20, 100, 400] {
            let mut width = Width::learning(5);
            // The first round may be wider than a small plan.
            rounds(&mut width, limit, 0, 12);
            let (calls, refused, used) = rounds(&mut width, limit, 0, 50);
            assert_eq!((calls, refused), (limit * 50, 0), "{limit}");
            assert_eq!(used, limit * 50, "{limit}");
        }
    }

    #[test]
    fn a_smaller_plan_is_taken_at_once() {
        let mut width = Width::learning(5);
        rounds(&mut width, 20, 0, 12);
        width.name_limit(5);
        assert_eq!(width.now(), 5);
    }

    #[test]
    fn places_that_others_use_are_left_to_them() {
        let mut width = Width::learning(5);
        let (calls, refused, _) = rounds(&mut width, 50, 20, 2_000);
        assert!(refused * 100 < calls, "{refused} of {calls}");
        assert!((28..=31).contains(&width.now()), "{}", width.now());
    }

    #[test]
    fn a_fixed_one_does_not_learn() {
        let mut width = Width::fixed(3);
        width.name_limit(1);
        width.crowded(Instant::now(), Instant::now());
        width.good(Some(9));
        assert_eq!(width.now(), 3);
        width.tune(7);
        assert_eq!(width.now(), 7);
    }

    proptest! {
        #[test]
        fn it_stays_between_one_and_the_named_limit(
            start in 0_usize..2_000,
            events in proptest::collection::vec((0_u8..3, 0_usize..500), 0..300),
        ) {
            let mut width = Width::learning(start);
            let mut now = Instant::now();
            for (event, number) in events {
                now += Duration::from_millis(10);
                match event {
                    0 => width.name_limit(number),
                    1 => width.good(Some(number)),
                    _ => width.crowded(now, now),
                }
                prop_assert!(width.now() >= 1);
                prop_assert!(width.now() <= width.named.unwrap_or(WIDEST));
            }
        }
    }
}
