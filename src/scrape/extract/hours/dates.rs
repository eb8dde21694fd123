//! Dates in a line: hours beside a date are those of one day, not of every week.

/// Beginnings of months in the languages that sites are in, in lower case.
const MONTHS: [&str; 86] = [
    "january",
    "jan",
    "february",
    "feb",
    "march",
    "april",
    "apr",
    "may",
    "june",
    "jun",
    "july",
    "jul",
    "august",
    "aug",
    "september",
    "sept",
    "sep",
    "october",
    "oct",
    "november",
    "nov",
    "december",
    "dec",
    "januar",
    "februar",
    "märz",
    "mai",
    "juni",
    "juli",
    "oktober",
    "okt",
    "dezember",
    "dez",
    "janvier",
    "février",
    "fév",
    "avril",
    "avr",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
    "déc",
    "enero",
    "febrero",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
    "gennaio",
    "febbraio",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "settembre",
    "ottobre",
    "dicembre",
    "janeiro",
    "fevereiro",
    "maio",
    "junho",
    "julho",
    "setembro",
    "outubro",
    "dezembro",
    "januari",
    "maart",
    "mei",
    "augustus",
    "desember",
    "marts",
    "maj",
    "augusti",
    "stycznia",
    "lutego",
    "marca",
    "kwietnia",
];
const MORE_MONTHS: [&str; 66] = [
    "maja",
    "czerwca",
    "lipca",
    "sierpnia",
    "września",
    "października",
    "listopada",
    "grudnia",
    "ledna",
    "února",
    "března",
    "dubna",
    "května",
    "června",
    "července",
    "srpna",
    "září",
    "října",
    "listopadu",
    "prosince",
    "január",
    "február",
    "március",
    "április",
    "május",
    "június",
    "július",
    "augusztus",
    "szeptember",
    "október",
    "november",
    "december",
    "tammikuuta",
    "helmikuuta",
    "maaliskuuta",
    "huhtikuuta",
    "toukokuuta",
    "kesäkuuta",
    "heinäkuuta",
    "elokuuta",
    "syyskuuta",
    "lokakuuta",
    "marraskuuta",
    "joulukuuta",
    "ianuarie",
    "februarie",
    "martie",
    "aprilie",
    "iunie",
    "iulie",
    "septembrie",
    "octombrie",
    "noiembrie",
    "decembrie",
    "ocak",
    "şubat",
    "nisan",
    "mayıs",
    "haziran",
    "temmuz",
    "ağustos",
    "eylül",
    "ekim",
    "kasım",
    "aralık",
    "января",
];

/// Where dates stand.
pub(super) fn dates(line: &str) -> impl Iterator<Item = usize> + '_ {
    let bytes = line.as_bytes();
    let starts =
        (0..bytes.len()).filter(|at| bytes[*at].is_ascii_digit() && (*at == 0 || !bytes[at - 1].is_ascii_digit()));
    starts.filter(|at| {
        let rest = &line[*at..];
        is_numeric_date(rest) || is_named_date(&line[..*at], rest)
    })
}

fn digits(text: &str) -> (usize, u32) {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    (count, text[..count.min(4)].parse().unwrap_or(0))
}

/// `24.12.`, `24.12.2024`, `24/12/2024`, `2024-12-24`, `12月24日`; `24.12 kl` and `24.12:` too.
fn is_numeric_date(text: &str) -> bool {
    let (count, first) = digits(text);
    let rest = &text[count..];
    if rest.starts_with('月') || (count == 4 && rest.starts_with('年')) || (rest.starts_with("월 ") && first <= 12) {
        return true;
    }
    let Some(mark @ ('.' | '/' | '-')) = rest.chars().next() else {
        return false;
    };
    let rest = rest[1..].trim_start_matches(' ');
    let (next_count, second) = digits(rest);
    let tail = &rest[next_count..];
    if count == 4 {
        return mark != '.' && (1900..2100).contains(&first) && (1..=12).contains(&second) && tail.starts_with(mark);
    }
    let plausible = (1..=31).contains(&first)
        && (1..=12).contains(&second)
        && (1..=2).contains(&count)
        && (1..=2).contains(&next_count);
    if !plausible {
        return false;
    }
    let (year, _) = tail
        .strip_prefix(mark)
        .map_or((0, 0), |tail| digits(tail.trim_start_matches(' ')));
    match mark {
        '.' => {
            let ended = tail.starts_with('.') && !tail[1..].starts_with(|c: char| c.is_ascii_digit() && year < 2);
            (ended && (year >= 2 || next_count == 2 || !text.contains(':')))
                || (next_count == 2 && [":", " kl", " klo"].iter().any(|mark| tail.starts_with(mark)))
        }
        '/' => year >= 2 || (next_count == 2 && count == 2 && !tail.starts_with(|c: char| c.is_alphanumeric())),
        _ => year == 4,
    }
}

/// "24 December", "December 24", "24. Dezember", "24 de diciembre".
fn is_named_date(before: &str, text: &str) -> bool {
    let (count, number) = digits(text);
    if !(1..=2).contains(&count) || !(1..=31).contains(&number) {
        return false;
    }
    let ordinal = ["st", "nd", "rd", "th", "er"];
    let after = ordinal
        .iter()
        .find_map(|tail| text[count..].strip_prefix(tail))
        .unwrap_or(&text[count..])
        .trim_start_matches(['.', ' ']);
    let after = ["de ", "er "]
        .iter()
        .find_map(|word| after.strip_prefix(word))
        .unwrap_or(after);
    let next = after.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let last = before
        .trim_end_matches([' ', '.'])
        .rsplit(|c: char| !c.is_alphabetic())
        .next()
        .unwrap_or_default();
    // "Open May to 9": a month before a number needs a capital and nothing that makes the number a time.
    let clock = text[count..].starts_with([':', 'h', 'a', 'p']) || text[count..].starts_with(" am");
    is_month(next) || (!clock && before.ends_with(' ') && last.starts_with(char::is_uppercase) && is_month(last))
}

fn is_month(word: &str) -> bool {
    if !(3..=14).contains(&word.len()) {
        return false;
    }
    let lower = word.to_lowercase();
    MONTHS.contains(&lower.as_str()) || MORE_MONTHS.contains(&lower.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_told_from_times() {
        for line in [
            "Closed Thursday, Nov 27",
            "pe 6.12. suljettu",
            "am 14.11.2024 von 8–12 Uhr",
            "Tuesday 29 October: open from 10am",
            "Walentynki 14.02: 7:00–21:00",
            "Del 15 de julio al 31 de agosto: de 8 a 15 h.",
            "1月2日は17:00～21:00",
            "14/02/2023",
            "Április 18-án",
        ] {
            assert!(dates(line).next().is_some(), "{line}");
        }
        for line in [
            "Mon 8.30-12.30",
            "Mo 9.00 - 12.00 Uhr",
            "mar 9-12",
            "9.30 am to 5.30 pm",
            "24/7",
            "Mon-Fri 9-5",
            "9.00–13.00 / 15.00–19.00",
        ] {
            assert!(dates(line).next().is_none(), "{line}");
        }
    }
}
