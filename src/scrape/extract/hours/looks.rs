//! What a line about times looks like, before it is read.

use super::clauses::says_open;
use super::words::{Token, Tokens};
use crate::scrape::text::Words;

/// What is there around the clock and opens no doors.
static EMERGENCY: Words = Words::new(&[
    "emergenc",
    "on call",
    "on-call",
    "notdienst",
    "notfall",
    "urgenc",
    "call-out",
    "callout",
]);

/// "Open 24 hours, seven days a week, including Christmas".
pub(super) fn whole_day(text: &str) -> bool {
    // "Open 7 days with a 24/7 emergency vet on call": of the doors it says seven days alone.
    let called_out = EMERGENCY.any(text);
    text.len() <= 160 && text.contains("24") && !called_out && says_open(text) && {
        let list = Tokens::read(text, None).list;
        let all = |token: &Token| matches!(token, Token::Days(days) if days.len() == 7);
        // Beside hours of the doors it is said of something else: "Monday to Friday 8am-5pm. Emergency call-out 24/7".
        let timed = list.iter().any(|token| matches!(token, Token::Time(_)));
        list.contains(&Token::AllDay) && list.iter().any(all) && !timed
    }
}

/// Whether a digit is followed by what makes it a time, a range or a date.
pub(super) fn may_hold_times(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(2).any(|pair| {
        pair[0].is_ascii_digit()
            && matches!(
                pair[1],
                b':' | b'.' | b'a' | b'p' | b'A' | b'P' | b'h' | b'H' | b'-' | 0xe2
            )
    }) || (text.len() <= 160 && bytes.iter().any(u8::is_ascii_digit))
        || bytes.windows(3).any(|three| {
            three[0].is_ascii_digit()
                && three[1] == b' '
                && matches!(three[2], b'a' | b'p' | b'A' | b'P' | b'U' | b'u' | b'h' | b'-' | 0xe2)
        })
}
