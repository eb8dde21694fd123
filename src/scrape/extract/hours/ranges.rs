//! What tokens about hours say together: groups of days, ranges of times, pauses.

use super::lexicon::Part;
use super::words::{Token, Tokens};
use crate::scrape::payload::Day;

/// Whether a line names a day, and not only all of them.
pub(super) fn names_some_days(line: &str, language: Option<&'static str>) -> bool {
    let named = |token: &Token| match token {
        Token::Day(_) => true,
        Token::Days(days) => days.len() < Day::WEEK.len(),
        _ => false,
    };
    Tokens::read(line, language).list.iter().any(named)
}

/// In rows that say when the doors open, what the pause is and when they close, `Monday | 7:00 am | 12:00 - 1:00 pm | 5:00 pm`, puts
/// what means "until" before the pause and behind it.
fn around_pause(list: &mut [Token]) {
    let times: Vec<(usize, u16)> = (0..list.len())
        .filter_map(|at| match list[at] {
            Token::Time(time) => Some((at, time.minutes())),
            _ => None,
        })
        .collect();
    let [(opens, first), (pause, second), (over, third), (closes, last)] = times[..] else {
        return;
    };
    let apart = (opens + 2, pause + 2, over + 2) == (pause, over, closes);
    if apart && first < second && second < third && third < last && list[pause + 1] == Token::Dash {
        (list[opens + 1], list[pause + 1], list[over + 1]) = (Token::Dash, Token::And, Token::Dash);
    }
}

/// In rows with a cell for each time, such as `Monday | 8:00 am | 6:00 pm`, puts what means "until" between the times.
pub(super) fn pair_cells(list: &mut [Token]) -> bool {
    let days = list.iter().any(|token| matches!(token, Token::Day(_) | Token::Days(_)));
    let dashed = list
        .windows(2)
        .any(|two| matches!(two, [Token::Time(_), Token::Dash] | [Token::Dash, Token::Time(_)]));
    let times: Vec<usize> = (0..list.len())
        .filter(|at| matches!(list[*at], Token::Time(_)))
        .collect();
    let paired = days && !dashed && matches!(times.len(), 2 | 4);
    if paired {
        for pair in times.chunks(2) {
            if let [from, to] = pair
                && *to == from + 2
            {
                list[from + 1] = Token::Dash;
            }
        }
    } else if days {
        around_pause(list);
    }
    paired
}

/// The part of the day that stands right before "closed".
pub(super) fn before_closed(list: &[Token], at: usize) -> Option<Part> {
    match list.get(at.checked_sub(1)?)? {
        Token::Part(part) => Some(*part),
        _ => None,
    }
}

/// Days that follow a time with at most two words between: "till 7pm on Wednesdays".
pub(super) fn later_days(list: &[Token], at: usize) -> Option<(Vec<Day>, usize)> {
    let skip = list
        .get(at..)?
        .iter()
        .take(3)
        .position(|token| matches!(token, Token::Day(_) | Token::Days(_)))?;
    let between = &list[at..at + skip];
    between
        .iter()
        .all(|token| matches!(token, Token::Word))
        .then(|| group(list, at + skip))
}

/// "12 – 1 closed", "12 – 1 lunch", but not "9 – 5 closed Sunday".
pub(super) fn is_pause_after(list: &[Token], at: usize) -> bool {
    match list.get(at) {
        Some(Token::Pause) => true,
        Some(Token::Closed) => !list[at + 1..]
            .iter()
            .any(|token| matches!(token, Token::Day(_) | Token::Days(_))),
        _ => false,
    }
}

/// The days named from `at` on, and where they end.
pub(super) fn group(list: &[Token], mut at: usize) -> (Vec<Day>, usize) {
    let mut days = Vec::new();
    loop {
        match list.get(at) {
            Some(Token::Day(from)) => match (list.get(at + 1), list.get(at + 2)) {
                (Some(Token::Dash), Some(Token::Day(to))) => {
                    days.extend(from.through(*to));
                    at += 3;
                }
                _ => {
                    days.push(*from);
                    at += 1;
                }
            },
            Some(Token::Days(several)) => {
                days.extend(several.iter().copied());
                at += 1;
            }
            Some(Token::And) if matches!(list.get(at + 1), Some(Token::Day(_) | Token::Days(_))) => at += 1,
            Some(Token::Except) if matches!(list.get(at + 1), Some(Token::Day(_) | Token::Days(_))) => {
                let (taken, next) = group(list, at + 1);
                days.retain(|day| !taken.contains(day));
                return (days, next);
            }
            _ => return (days, at),
        }
    }
}

/// Two times with something between them that means "until", in minutes, and where they end. Small bare numbers are
/// times where a `pause` is expected.
pub(super) fn range(list: &[Token], at: usize, pause: bool) -> Option<(u16, u16, usize)> {
    let (Some(Token::Time(from)), Some(Token::Dash), Some(Token::Time(to))) =
        (list.get(at), list.get(at + 1), list.get(at + 2))
    else {
        return None;
    };
    // "09-00-16.30": nobody knows which two belong together.
    if at >= 2 && matches!(&list[at - 2..at], [Token::Time(_), Token::Dash]) {
        return None;
    }
    // "1 - 2" alone may be anything; a time has a colon, a meridiem, or a word for "o'clock", or a day before it.
    let daily = list[..at]
        .iter()
        .any(|token| matches!(token, Token::Day(_) | Token::Days(_)));
    let usual = (6..=12).contains(&from.hour) && (1..=24).contains(&to.hour)
        || (daily && (13..=23).contains(&from.hour) && to.hour > from.hour);
    if !(from.explicit || to.explicit || usual || pause) {
        return None;
    }
    let (mut opens, mut closes) = (from.minutes(), to.minutes());
    match (from.pm, to.pm) {
        (Some(_), Some(_)) => {}
        (None, Some(true)) if from.hour < 12 => {
            // "1 – 5pm" begins after noon, "9 – 5pm" does not.
            let to_clock = closes - 12 * 60 * u16::from(closes >= 12 * 60);
            if opens < to_clock && from.hour < 7 {
                opens += 12 * 60;
            }
        }
        (Some(false), None) if closes <= opens && to.hour < 12 => closes += 12 * 60,
        (Some(true), None) if to.hour < 12 && to.hour > 0 && !to.padded => closes += 12 * 60,
        (None, None) if closes <= opens && opens < 13 * 60 && closes < 12 * 60 && closes > 0 && !to.padded => {
            closes += 12 * 60
        }
        (None, None)
            if opens < 6 * 60 && !from.padded && !to.padded && opens > 0 && opens < closes && closes <= 11 * 60 =>
        {
            opens += 12 * 60;
            closes += 12 * 60;
        }
        _ => {}
    }
    Some((opens, closes, at + 3))
}
