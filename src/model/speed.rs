//! How fast something moves on, and when it will be done.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The time over which speed is measured.
const WINDOW: Duration = Duration::from_secs(10);
/// What was seen over less time says nothing.
const LEAST: Duration = Duration::from_secs(1);

/// How many items have finished over the last seconds. It sees what it is told.
#[derive(Clone, Debug, Default)]
pub struct Speed {
    /// When the count changed, and to what; the first may lie before the window.
    changes: VecDeque<(Instant, i64)>,
}

impl Speed {
    /// Takes note that `finished` items were finished at `now`.
    pub fn record(&mut self, now: Instant, finished: i64) {
        match self.changes.back() {
            Some((_, known)) if *known == finished => {}
            // A redo takes items back; what was measured before says nothing of what is to come.
            Some((_, known)) if *known > finished => {
                self.changes.clear();
                self.changes.push_back((now, finished));
            }
            _ => self.changes.push_back((now, finished)),
        }
        while self.changes.len() > 1 && now.duration_since(self.changes[1].0) >= WINDOW {
            self.changes.pop_front();
        }
    }

    /// Items a second over the last seconds; `None` as long as too little was seen.
    #[must_use]
    pub fn per_second(&self, now: Instant) -> Option<f64> {
        let before = |(at, _): &&(Instant, i64)| now.duration_since(*at) >= WINDOW;
        let (since, base) = self.changes.iter().rev().find(before).or(self.changes.front())?;
        let (_, finished) = self.changes.back()?;
        let seen = now.duration_since(*since).min(WINDOW);
        (seen >= LEAST).then(|| (finished - base) as f64 / seen.as_secs_f64())
    }
}

/// Seconds until the rest is finished at this speed; `None` where nothing moves.
#[must_use]
pub fn eta_seconds(left: i64, per_second: Option<f64>) -> Option<i64> {
    let speed = per_second.filter(|speed| *speed > 0.0)?;
    Some((left as f64 / speed).ceil() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ten_seconds_count() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut speed = Speed::default();
        assert_eq!(speed.per_second(at(0)), None);
        speed.record(at(0), 100);
        assert_eq!(speed.per_second(at(0)), None, "nothing was seen yet");
        speed.record(at(2), 120);
        assert_eq!(speed.per_second(at(2)), Some(10.0));
        speed.record(at(5), 150);
        assert_eq!(speed.per_second(at(5)), Some(10.0));
        assert_eq!(speed.per_second(at(10)), Some(5.0));
        assert_eq!(
            speed.per_second(at(12)),
            Some(3.0),
            "what came by second 2 has left the window"
        );
        assert_eq!(speed.per_second(at(15)), Some(0.0));
    }

    #[test]
    fn a_redo_begins_anew() {
        let start = Instant::now();
        let mut speed = Speed::default();
        speed.record(start, 10);
        speed.record(start + LEAST, 20);
        speed.record(start + LEAST * 2, 5);
        assert_eq!(speed.per_second(start + LEAST * 2), None);
        assert_eq!(speed.per_second(start + LEAST * 3), Some(0.0));
    }

    #[test]
    fn it_keeps_no_more_than_its_window() {
        let start = Instant::now();
        let mut speed = Speed::default();
        for n in 0..1_000 {
            speed.record(start + Duration::from_millis(250) * n, n.into());
        }
        assert!(speed.changes.len() <= 42, "{}", speed.changes.len());
        assert_eq!(speed.per_second(start + Duration::from_millis(250) * 999), Some(4.0));
    }

    #[test]
    fn what_does_not_move_has_no_end() {
        assert_eq!(eta_seconds(10, None), None);
        assert_eq!(eta_seconds(10, Some(0.0)), None);
        assert_eq!(eta_seconds(10, Some(4.0)), Some(3));
        assert_eq!(eta_seconds(0, Some(4.0)), Some(0));
    }
}
