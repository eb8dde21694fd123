use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;

const AUCKLAND: &str = "Pacific/Auckland";

fn timetable(expression: &str) -> Timetable {
    Timetable::read(expression, AUCKLAND).unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// The next runs, as a clock in Auckland shows them.
fn shown(expression: &str, after: &str, n: usize) -> Vec<String> {
    let timetable = timetable(expression);
    let runs = timetable.next_runs(at(after), n);
    let show = |run: &DateTime<Utc>| run.with_timezone(&timetable.zone()).format("%d %H:%M %Z").to_string();
    runs.iter().map(show).collect()
}

#[test]
fn every_monday_at_nine() {
    assert_eq!(
        shown("0 9 * * MON", "2026-09-20T00:00:00+12:00", 3),
        ["21 09:00 NZST", "28 09:00 NZDT", "05 09:00 NZDT"]
    );
}

/// On 27 September 2026 clocks go from 02:00 to 03:00.
#[test]
fn a_time_that_is_left_out_runs_at_the_first_moment_after() {
    assert_eq!(
        shown("30 2 * * *", "2026-09-26T00:00:00+12:00", 3),
        ["26 02:30 NZST", "27 03:00 NZDT", "28 02:30 NZDT"]
    );
    assert_eq!(
        shown("0,20,40 2 * * *", "2026-09-27T00:00:00+12:00", 2),
        ["27 03:00 NZDT", "28 02:00 NZDT"]
    );
    assert_eq!(
        shown("0 2,3 * * *", "2026-09-27T00:00:00+12:00", 2),
        ["27 03:00 NZDT", "28 02:00 NZDT"]
    );
}

/// On 4 April 2027 clocks go from 03:00 back to 02:00.
#[test]
fn a_time_that_comes_twice_runs_the_first_time() {
    assert_eq!(
        shown("30 2 * * *", "2027-04-03T12:00:00+13:00", 2),
        ["04 02:30 NZDT", "05 02:30 NZST"]
    );
    assert_eq!(
        shown("*/30 1-3 * * *", "2027-04-04T00:00:00+13:00", 7),
        [
            "04 01:00 NZDT",
            "04 01:30 NZDT",
            "04 02:00 NZDT",
            "04 02:30 NZDT",
            "04 03:00 NZST",
            "04 03:30 NZST",
            "05 01:00 NZST"
        ]
    );
    // Also where it is asked for in the second of the two hours.
    assert_eq!(shown("30 2 * * *", "2027-04-04T02:10:00+12:00", 1), ["05 02:30 NZST"]);
}

#[test]
fn what_runs_every_so_often_goes_on_through_a_change() {
    let spring = timetable("*/30 * * * *").next_runs(at("2026-09-27T01:00:00+12:00"), 4);
    let autumn = timetable("0 */1 * * *").next_runs(at("2027-04-04T01:00:00+13:00"), 4);
    for (runs, minutes) in [(spring, 30), (autumn, 60)] {
        assert!(
            runs.windows(2)
                .all(|two| two[1] - two[0] == TimeDelta::minutes(minutes)),
            "{runs:?}"
        );
    }
}

#[test]
fn an_expression_that_does_not_hold_says_which_field() {
    let wrong = |expression: &str| Timetable::read(expression, "UTC").unwrap_err().to_string();
    for (expression, name) in [
        ("60 9 * * *", "minute"),
        ("MON 9 * * *", "minute"),
        ("0 24 * * *", "hour"),
        ("0 9,, * * *", "hour"),
        ("0 9 32 * *", "day of the month"),
        ("0 9 * 13 *", "month"),
        ("0 9 * * MOO", "day of the week"),
        ("0 9 * * 8", "day of the week"),
        ("0 @ * * *", "hour"),
    ] {
        let told = wrong(expression);
        assert!(
            told.contains(&format!("for the {name}, which must be")),
            "{expression}: {told}"
        );
    }
    assert!(wrong("0 9 * *").starts_with("has 4 fields"));
    assert!(wrong("@daily").contains("0 9 * * MON"));
    assert!(wrong("0 0 9 * * *").starts_with("has 6 fields"));
    assert!(wrong("0 9 30 2 *").contains("never comes"));
    assert_eq!(
        Timetable::read("0 9 * * *", "Auckland").unwrap_err(),
        Mistaken::TimeZone
    );
}

#[test]
fn a_leap_day_comes_though_it_is_rare() {
    let runs = timetable("0 9 29 2 *").next_runs(at("2027-01-01T00:00:00Z"), 2);
    assert_eq!(runs, [at("2028-02-29T09:00:00+13:00"), at("2032-02-29T09:00:00+13:00")]);
}

#[test]
fn a_day_that_the_date_line_took_is_made_up_for() {
    let samoa = Timetable::read("0 9 30 12 *", "Pacific/Apia").unwrap();
    let run = samoa.next_after(at("2011-12-29T00:00:00Z")).unwrap();
    assert_eq!(run, at("2011-12-31T00:00:00+14:00"));
}

#[test]
fn policies_decide() {
    use Decision as D;
    let planned = at("2026-11-02T09:00:00Z");
    let late = planned + MISSED_AFTER + TimeDelta::seconds(1);
    let occasion = |now, has_waited, overlaps| Occasion {
        planned,
        now,
        has_waited,
        overlaps,
    };
    let early = planned - TimeDelta::seconds(1);
    // In time, in time and overlapping, late, late after a wait, early; one row a pair of policies.
    let occasions = [
        occasion(planned, false, false),
        occasion(planned, false, true),
        occasion(late, false, false),
        occasion(late, true, true),
        occasion(early, false, true),
    ];
    for (overlap, missed, expected) in [
        (
            OverlapPolicy::Skip,
            MissedPolicy::RunOnce,
            [D::Run, D::LeaveOut, D::Run, D::LeaveOut, D::NotYet],
        ),
        (
            OverlapPolicy::Allow,
            MissedPolicy::RunOnce,
            [D::Run, D::Run, D::Run, D::Run, D::NotYet],
        ),
        (
            OverlapPolicy::Wait,
            MissedPolicy::RunOnce,
            [D::Run, D::Wait, D::Run, D::Wait, D::NotYet],
        ),
        (
            OverlapPolicy::Skip,
            MissedPolicy::Skip,
            [D::Run, D::LeaveOut, D::LetPass, D::LeaveOut, D::NotYet],
        ),
        (
            OverlapPolicy::Allow,
            MissedPolicy::Skip,
            [D::Run, D::Run, D::LetPass, D::Run, D::NotYet],
        ),
        (
            OverlapPolicy::Wait,
            MissedPolicy::Skip,
            [D::Run, D::Wait, D::LetPass, D::Wait, D::NotYet],
        ),
    ] {
        let seen = occasions.map(|occasion| decide(overlap, missed, occasion));
        assert_eq!(seen, expected, "{overlap} {missed}");
    }
    for policy in OverlapPolicy::ALL {
        assert_eq!(policy.as_str().parse(), Ok(policy));
    }
    for policy in MissedPolicy::ALL {
        assert_eq!(policy.as_str().parse(), Ok(policy));
    }
}

fn expression() -> impl Strategy<Value = String> {
    let minute = prop_oneof![
        Just("*".to_owned()),
        (1..30_u8).prop_map(|n| format!("*/{n}")),
        (0..60_u8).prop_map(|n| n.to_string())
    ];
    let hour = prop_oneof![
        Just("*".to_owned()),
        (0..24_u8).prop_map(|n| n.to_string()),
        (0..12_u8, 12..24_u8).prop_map(|(a, b)| format!("{a}-{b}"))
    ];
    let day = prop_oneof![
        Just("*".to_owned()),
        (1..29_u8).prop_map(|n| n.to_string()),
        Just("L".to_owned())
    ];
    let week = prop_oneof![
        Just("*".to_owned()),
        (0..8_u8).prop_map(|n| n.to_string()),
        Just("MON-FRI".to_owned())
    ];
    (minute, hour, day, week).prop_map(|(minute, hour, day, week)| format!("{minute} {hour} {day} * {week}"))
}

/// Moments of the years in which clocks change in most of these zones, half of them within hours of a change in Auckland.
fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    let near =
        |at: &'static str| (-8_000_i64..8_000).prop_map(move |seconds| self::at(at) + TimeDelta::seconds(seconds));
    prop_oneof![
        (1_760_000_000_i64..1_840_000_000).prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap()),
        near("2026-09-26T14:00:00Z"),
        near("2027-04-03T14:00:00Z"),
    ]
}

fn zone() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        AUCKLAND,
        "UTC",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
    ])
}

/// Whether clocks of the zone skip the minute before.
fn follows_a_gap(zone: Tz, run: DateTime<Utc>) -> bool {
    let local = |moment: DateTime<Utc>| -> NaiveDateTime { moment.with_timezone(&zone).naive_local() };
    local(run) - local(run - TimeDelta::minutes(1)) > TimeDelta::minutes(1)
}

proptest! {
    #[test]
    fn runs_come_after_what_was_before_and_match(expression in expression(), zone in zone(), after in moment()) {
        let timetable = Timetable::read(&expression, zone).unwrap();
        let runs = timetable.next_runs(after, 5);
        prop_assert_eq!(runs.len(), 5);
        let mut before = after;
        for run in runs {
            prop_assert!(run > before, "{} after {}", run, before);
            let local = run.with_timezone(&timetable.zone()).naive_local();
            prop_assert!(timetable.names(local) || follows_a_gap(timetable.zone(), run), "{local}");
            before = run;
        }
    }

    #[test]
    fn nothing_lies_between_a_moment_and_its_next_run(expression in expression(), zone in zone(), after in moment(), part in 0.0..1.0) {
        let timetable = Timetable::read(&expression, zone).unwrap();
        let next = timetable.next_after(after).unwrap();
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "any moment in between will do")]
        let between = after + TimeDelta::seconds(((next - after).num_seconds() as f64 * part) as i64);
        prop_assume!(between < next);
        prop_assert_eq!(timetable.next_after(between), Some(next));
    }

    /// However the clock jumps, no planned time runs twice: the next one is looked for after both the clock and the last.
    #[test]
    fn a_clock_that_jumps_repeats_nothing(expression in expression(), start in moment(), jumps in prop::collection::vec(-200_000_i64..200_000, 1..30)) {
        let timetable = timetable(&expression);
        let mut now = start;
        let mut planned = timetable.next_after(now).unwrap();
        let mut ran = Vec::new();
        for jump in jumps {
            now += TimeDelta::seconds(jump);
            let occasion = Occasion { planned, now, has_waited: false, overlaps: false };
            if decide(OverlapPolicy::Skip, MissedPolicy::RunOnce, occasion) == Decision::Run {
                ran.push(planned);
                planned = timetable.next_after(now.max(planned)).unwrap();
            }
        }
        prop_assert!(ran.windows(2).all(|two| two[0] < two[1]), "{ran:?}");
    }
}
