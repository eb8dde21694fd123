//! Opening hours in Chinese, Japanese and Korean, which write no spaces and name days by one sign.

use super::words::Token;
use crate::scrape::payload::Day;

/// What a sign or a run of signs says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Token(Token),
    /// "afternoon", before the time that it belongs to.
    Meridiem(bool),
}

/// Whether a character belongs to these scripts.
pub(super) fn is_script(c: char) -> bool {
    matches!(c, '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// The line with its wide digits and marks as narrow ones, if it has any.
pub(super) fn narrowed(line: &str) -> Option<String> {
    let wide = |c: char| matches!(c, '\u{ff01}'..='\u{ff5e}' | '\u{3000}');
    line.contains(wide).then(|| {
        let narrow = |c: char| match c {
            '\u{3000}' => ' ',
            c if wide(c) => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            c => c,
        };
        line.chars().map(narrow).collect()
    })
}

const PHRASES: [(&str, Phrase); 44] = [
    ("年中無休", Phrase::Daily),
    ("全年无休", Phrase::Daily),
    ("연중무휴", Phrase::Daily),
    ("毎日", Phrase::Daily),
    ("每天", Phrase::Daily),
    ("每日", Phrase::Daily),
    ("매일", Phrase::Daily),
    ("平日", Phrase::Weekdays),
    ("工作日", Phrase::Weekdays),
    ("평일", Phrase::Weekdays),
    ("週末", Phrase::Weekend),
    ("周末", Phrase::Weekend),
    ("주말", Phrase::Weekend),
    ("定休", Phrase::Closed),
    ("休診", Phrase::Closed),
    ("休業", Phrase::Closed),
    ("休館", Phrase::Closed),
    ("休み", Phrase::Closed),
    ("休息", Phrase::Closed),
    ("休业", Phrase::Closed),
    ("店休", Phrase::Closed),
    ("휴무", Phrase::Closed),
    ("휴진", Phrase::Closed),
    ("휴일", Phrase::Closed),
    ("쉽니다", Phrase::Closed),
    ("昼休み", Phrase::Pause),
    ("午休", Phrase::Pause),
    ("점심", Phrase::Pause),
    ("除く", Phrase::Except),
    ("から", Phrase::Dash),
    ("부터", Phrase::Dash),
    ("至", Phrase::Dash),
    ("到", Phrase::Dash),
    ("午前", Phrase::Am),
    ("上午", Phrase::Am),
    ("오전", Phrase::Am),
    ("午後", Phrase::Pm),
    ("下午", Phrase::Pm),
    ("晚上", Phrase::Pm),
    ("오후", Phrase::Pm),
    ("正午", Phrase::Noon),
    ("深夜", Phrase::None),
    ("祝日", Phrase::None),
    ("日曜日", Phrase::Sunday),
];

#[derive(Clone, Copy)]
enum Phrase {
    Daily,
    Weekdays,
    Weekend,
    Closed,
    Pause,
    Except,
    Dash,
    Am,
    Pm,
    Noon,
    Sunday,
    None,
}

/// What `rest`, which begins with such a sign, says first, and how many bytes that takes.
pub(super) fn token(rest: &str, before: char) -> (Option<Found>, usize) {
    if let Some((words, phrase)) = PHRASES.iter().find(|(words, _)| rest.starts_with(words)) {
        let week = |days: Vec<Day>| Some(Found::Token(Token::Days(days)));
        let found = match phrase {
            Phrase::Daily => week(Day::WEEK.to_vec()),
            Phrase::Weekdays => week(Day::Mo.through(Day::Fr)),
            Phrase::Weekend => week(vec![Day::Sa, Day::Su]),
            Phrase::Closed => Some(Found::Token(Token::Closed)),
            Phrase::Pause => Some(Found::Token(Token::Pause)),
            Phrase::Except => Some(Found::Token(Token::Except)),
            Phrase::Dash => Some(Found::Token(Token::Dash)),
            Phrase::Am => Some(Found::Meridiem(false)),
            Phrase::Pm => Some(Found::Meridiem(true)),
            Phrase::Noon => Some(Found::Token(Token::Time(super::words::Time::named(12)))),
            Phrase::Sunday => Some(Found::Token(Token::Day(Day::Su))),
            Phrase::None => None,
        };
        let mut length = words.len();
        if matches!(phrase, Phrase::Closed) && rest[length..].starts_with('日') {
            length += '日'.len_utf8();
        }
        return (found, length);
    }
    let Some(first) = rest.chars().next() else {
        return (None, 0);
    };
    // "星期一", "周一", "礼拜一".
    for prefix in ["星期", "礼拜", "禮拜", "周", "週"] {
        if let Some(after) = rest.strip_prefix(prefix)
            && let Some(sign) = after.chars().next()
            && let Some(at) = "一二三四五六日".chars().chain(['天']).position(|known| known == sign)
        {
            let day = Day::WEEK[at.min(6)];
            return (Some(Found::Token(Token::Day(day))), prefix.len() + sign.len_utf8());
        }
    }
    let after = &rest[first.len_utf8()..];
    let named = ["月火水木金土日", "월화수목금토일"]
        .iter()
        .find_map(|week| week.chars().position(|sign| sign == first));
    if let Some(at) = named {
        let tail = ["曜日", "曜", "요일"].into_iter().find(|tail| after.starts_with(tail));
        let next = after.chars().next();
        // Alone a sign is a day only between marks: "月・水・金", "月～金". After a number it is a month or a date.
        let apart = |c: char| !is_script(c) || c == '・';
        let linked = !before.is_ascii_digit() && apart(before) && next.is_none_or(apart);
        if tail.is_some() || linked {
            let length = first.len_utf8() + tail.map_or(0, str::len);
            return (Some(Found::Token(Token::Day(Day::WEEK[at]))), length);
        }
    }
    (None, first.len_utf8())
}

#[cfg(test)]
mod tests {
    use crate::scrape::extract::hours::text::read_one;
    use crate::scrape::extract::hours::tidy;

    #[test]
    fn hours_in_signs() {
        let read = |text: &str| {
            let week = tidy(read_one(text));
            let shown = week.iter().map(|h| format!("{:?} {}-{}", h.days, h.opens, h.closes));
            shown.collect::<Vec<_>>()
        };
        assert_eq!(
            read("火曜～金曜 11:30～14:30、17:30～22:30"),
            ["[Tu, We, Th, Fr] 11:30-14:30", "[Tu, We, Th, Fr] 17:30-22:30"]
        );
        assert_eq!(read("月・水・金 ９：００～１８：００"), ["[Mo, We, Fr] 09:00-18:00"]);
        assert_eq!(
            read("周一、周三 8:00–17:00；周二、周四 10:00–19:00"),
            ["[Mo, We] 08:00-17:00", "[Tu, Th] 10:00-19:00"]
        );
        assert_eq!(read("월~금 오전 10시 ~ 오후 7시"), ["[Mo, Tu, We, Th, Fr] 10:00-19:00"]);
        assert_eq!(read("土曜日 9時30分から13時"), ["[Sa] 09:30-13:00"]);
    }
}
