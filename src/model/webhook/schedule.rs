//! What an answer means for a delivery and its endpoint, and when a delivery is sent again.

use std::time::Duration;

use super::Format;

/// Share of a wait by which chance varies it, up and down.
pub const JITTER: f64 = 0.1;
/// How long an endpoint is left alone that asks for less and does not say for how long.
pub const THROTTLE: Duration = Duration::from_secs(30);
/// The least time between two messages to one Slack endpoint.
pub const SLACK_PACE: Duration = Duration::from_secs(1);

/// What an attempt was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered<'a> {
    /// Absent where there was no answer.
    pub status: Option<u16>,
    pub retry_after: Option<Duration>,
    /// The beginning of the answer.
    pub text: &'a str,
}

/// What becomes of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Delivered,
    /// It is sent again after this wait.
    Again(Duration),
    GivenUp,
    /// It is given up, and so is the endpoint, for this reason.
    Gone(String),
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub verdict: Verdict,
    /// How long nothing at all is sent to the endpoint.
    pub rest: Option<Duration>,
}

/// Judges an attempt that was the `tries`-th (from 1) since the delivery was asked for. `waits` are those between
/// attempts; `unit` is a random number from 0 to 1.
#[must_use]
pub fn judge(format: Format, answered: Answered<'_>, tries: u32, waits: &[Duration], unit: f64) -> Judgement {
    let pace = (format == Format::Slack).then_some(SLACK_PACE);
    let verdict = match answered.status {
        Some(200..=299) => Verdict::Delivered,
        Some(410) => Verdict::Gone("it answered 410 Gone".to_owned()),
        Some(status) if format == Format::Slack => slack(status, answered, tries, waits, unit),
        _ => again(answered.retry_after, tries, waits, unit),
    };
    let rest = match answered.status {
        Some(429 | 502 | 504) => Some(answered.retry_after.unwrap_or(THROTTLE)),
        _ => None,
    };
    Judgement {
        verdict,
        rest: rest.max(pace),
    }
}

/// Slack says in a word why it refuses, and will not change its mind.
fn slack(status: u16, answered: Answered<'_>, tries: u32, waits: &[Duration], unit: f64) -> Verdict {
    match status {
        404 => Verdict::Gone(format!("Slack does not know it any more ({})", answered.text)),
        400..=499 if !matches!(status, 408 | 425 | 429) => Verdict::GivenUp,
        _ => again(answered.retry_after, tries, waits, unit),
    }
}

fn again(asked: Option<Duration>, tries: u32, waits: &[Duration], unit: f64) -> Verdict {
    let index = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
    match waits.get(index) {
        Some(wait) => Verdict::Again(
            wait.mul_f64(1.0 + JITTER * (2.0 * unit - 1.0))
                .max(asked.unwrap_or_default()),
        ),
        None => Verdict::GivenUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAITS: [Duration; 3] = [
        Duration::from_secs(5),
        Duration::from_secs(300),
        Duration::from_secs(1_800),
    ];

    fn answer(status: u16) -> Answered<'static> {
        Answered {
            status: Some(status),
            retry_after: None,
            text: "no_service",
        }
    }

    fn standard(status: u16, tries: u32) -> Judgement {
        judge(Format::Standard, answer(status), tries, &WAITS, 0.5)
    }

    #[test]
    fn each_wait_is_taken_once_and_then_it_is_given_up() {
        let verdicts: Vec<Verdict> = (1..=4).map(|tries| standard(500, tries).verdict).collect();
        let [first, second, third] = WAITS.map(Verdict::Again);
        assert_eq!(verdicts, [first, second, third, Verdict::GivenUp]);
    }

    #[test]
    fn only_success_is_success_and_a_redirect_is_none() {
        for status in [200, 202, 204, 299] {
            assert_eq!(standard(status, 1).verdict, Verdict::Delivered, "{status}");
        }
        for status in [101, 301, 302, 307, 308, 400, 401, 404, 500, 503] {
            assert_eq!(standard(status, 1).verdict, Verdict::Again(WAITS[0]), "{status}");
        }
        let silent = Answered {
            status: None,
            ..answer(0)
        };
        let judged = judge(Format::Standard, silent, 1, &WAITS, 0.5);
        assert_eq!(judged.verdict, Verdict::Again(WAITS[0]));
    }

    #[test]
    fn jitter_stays_within_its_share() {
        for (unit, millis) in [(0.0, 4_500), (1.0, 5_500)] {
            let judged = judge(Format::Standard, answer(500), 1, &WAITS, unit);
            assert_eq!(judged.verdict, Verdict::Again(Duration::from_millis(millis)));
        }
    }

    #[test]
    fn an_endpoint_that_asks_for_less_is_left_alone() {
        for status in [429, 502, 504] {
            assert_eq!(standard(status, 1).rest, Some(THROTTLE), "{status}");
            let asked = Duration::from_secs(7_200);
            let asks = Answered {
                retry_after: Some(asked),
                ..answer(status)
            };
            let judged = judge(Format::Standard, asks, 1, &WAITS, 0.5);
            assert_eq!(judged.rest, Some(asked), "{status}");
            assert_eq!(judged.verdict, Verdict::Again(asked), "never sooner than asked");
        }
        assert_eq!(standard(500, 1).rest, None);
        assert_eq!(standard(200, 1).rest, None);
    }

    #[test]
    fn gone_is_gone() {
        assert!(matches!(standard(410, 1).verdict, Verdict::Gone(_)));
        let slack = |status| judge(Format::Slack, answer(status), 1, &WAITS, 0.5).verdict;
        assert!(matches!(slack(410), Verdict::Gone(_)));
        assert_eq!(
            slack(404),
            Verdict::Gone("Slack does not know it any more (no_service)".to_owned())
        );
    }

    #[test]
    fn slack_refuses_for_good_and_takes_one_message_a_second() {
        let slack = |status| judge(Format::Slack, answer(status), 1, &WAITS, 0.5);
        assert_eq!(slack(400).verdict, Verdict::GivenUp);
        assert_eq!(slack(403).verdict, Verdict::GivenUp);
        assert_eq!(slack(429).verdict, Verdict::Again(WAITS[0]));
        assert_eq!(slack(500).verdict, Verdict::Again(WAITS[0]));
        assert_eq!((slack(200).rest, slack(500).rest), (Some(SLACK_PACE), Some(SLACK_PACE)));
        assert_eq!(slack(429).rest, Some(THROTTLE));
    }
}
