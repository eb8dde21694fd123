#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::scrape::extract::hours::tidy;
use proptest::prelude::*;

fn read(text: &str) -> Vec<String> {
    tidy(read_one(text))
        .iter()
        .map(|h| format!("{:?} {}-{}", h.days, h.opens, h.closes))
        .collect()
}

const WEEKDAYS: &str = "[Mo, Tu, We, Th, Fr]";

#[test]
fn hours_as_people_write_them() {
    for (text, expected) in [
        ("Mon – Fri: 8.30am to 5pm", vec![format!("{WEEKDAYS} 08:30-17:00")]),
        ("Monday to Friday 9 - 5", vec![format!("{WEEKDAYS} 09:00-17:00")]),
        ("Monday - Friday 8:30 - 5:30", vec![format!("{WEEKDAYS} 08:30-17:30")]),
        ("8am–5pm Monday to Friday", vec![format!("{WEEKDAYS} 08:00-17:00")]),
        (
            "Mo, Di, Do 8–12 und 14–18 Uhr",
            vec!["[Mo, Tu, Th] 08:00-12:00".into(), "[Mo, Tu, Th] 14:00-18:00".into()],
        ),
        (
            "Mo.-Fr. 08.00 bis 18.00 Uhr\nSa. 9.00 - 13.00 Uhr",
            vec![format!("{WEEKDAYS} 08:00-18:00"), "[Sa] 09:00-13:00".into()],
        ),
        (
            "Monday\n9am – 5pm\nTuesday\nClosed\nWednesday\n10am - 7pm",
            vec!["[Mo] 09:00-17:00".into(), "[We] 10:00-19:00".into()],
        ),
        (
            "Monday\t8:00 am - 5:00 pm\nTuesday\t8:00 am - 5:00 pm",
            vec!["[Mo, Tu] 08:00-17:00".into()],
        ),
        (
            "Lundi au vendredi : 9h00 - 12h30 et 14h - 18h",
            vec![format!("{WEEKDAYS} 09:00-12:30"), format!("{WEEKDAYS} 14:00-18:00")],
        ),
        (
            "Lunes a viernes de 9:00 a 20:00",
            vec![format!("{WEEKDAYS} 09:00-20:00")],
        ),
        (
            "lunedì - venerdì 9.00-13.00 / 15.00-19.00",
            vec![format!("{WEEKDAYS} 09:00-13:00"), format!("{WEEKDAYS} 15:00-19:00")],
        ),
        ("ma t/m vr 08:00 - 17:00", vec![format!("{WEEKDAYS} 08:00-17:00")]),
        ("Fri & Sat 6pm - 2am", vec!["[Fr, Sa] 18:00-02:00".into()]),
        (
            "Open daily 7am to midnight",
            vec!["[Mo, Tu, We, Th, Fr, Sa, Su] 07:00-24:00".into()],
        ),
        ("Sat 9am - 12 noon", vec!["[Sa] 09:00-12:00".into()]),
        ("Thurs 1 - 5pm", vec!["[Th] 13:00-17:00".into()]),
        ("Mon-Thu 0830-1700", vec!["[Mo, Tu, We, Th] 08:30-17:00".into()]),
        ("Segunda a sexta: 8h às 18h", vec![format!("{WEEKDAYS} 08:00-18:00")]),
        ("måndag-fredag 08.00-17.00", vec![format!("{WEEKDAYS} 08:00-17:00")]),
        (
            "Po–Pá: 8:00–20:00\nSo: 9:00–20:00\nNe: 10:00–18:00",
            vec![
                format!("{WEEKDAYS} 08:00-20:00"),
                "[Sa] 09:00-20:00".into(),
                "[Su] 10:00-18:00".into(),
            ],
        ),
        (
            "Lunes a Viernes 10:00-14:00. Sábados 10:30-13:30",
            vec![format!("{WEEKDAYS} 10:00-14:00"), "[Sa] 10:30-13:30".into()],
        ),
        ("Sunday: Closed", vec![]),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn a_pause_splits_the_day() {
    let split = |from: &str, pause: &str, again: &str, to: &str| {
        vec![format!("{WEEKDAYS} {from}-{pause}"), format!("{WEEKDAYS} {again}-{to}")]
    };
    let lunch = || split("09:00", "12:00", "13:00", "17:00");
    for (text, expected) in [
        (
            "Opening hours: Monday - Friday 8:30am - 5:00pm (closed 12:30pm - 1:30pm)",
            split("08:30", "12:30", "13:30", "17:00"),
        ),
        ("Mon-Fri 9am to 5pm, closed for lunch 12-1", lunch()),
        ("9am - 5pm Monday to Friday (closed 12pm - 1pm)", lunch()),
        ("9am - 5pm (closed 12 - 1) Monday to Friday", lunch()),
        ("Mon-Fri 9am - 5pm except 12 - 1pm", lunch()),
        ("Mon-Fri 9am - 5pm, 12 - 1 lunch", lunch()),
        ("Mon-Fri: closed 1 - 2", vec![]),
        ("Mo-Fr 9:00-17:00 Uhr, geschlossen 12:00-13:00 Uhr", lunch()),
        ("Mo-Fr 9:00-17:00 Uhr, Mittagspause 12:00-13:00", lunch()),
        ("Mo-Fr 9:00-12:00 Pause 13:00-17:00", lunch()),
        ("Lundi au vendredi 9h00 - 17h00, fermé 12h00 - 13h00", lunch()),
        ("Lunes a viernes 9:00 - 17:00 (cerrado 12:00 - 13:00)", lunch()),
        ("ma t/m vr 09:00 - 17:00, gesloten 12:00 - 13:00", lunch()),
        ("Mon-Fri 9am-12pm, closed 12-1, 1pm-5pm", lunch()),
        ("Mon-Fri 9am-5pm, closed Sat", vec![format!("{WEEKDAYS} 09:00-17:00")]),
        (
            "Mon-Fri 9am-5pm\nClosed for lunch 12-1",
            vec![format!("{WEEKDAYS} 09:00-17:00")],
        ),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn other_text_gives_no_hours() {
    for text in [
        "Call us to do 5 - 7 things",
        "So we see 3-4 patients",
        "12.05.2024 - 13.06.2024",
        "Monday is a good day",
        "Ages 5 - 12",
        "$9 - $12 on Monday",
    ] {
        assert_eq!(read(text), Vec::<String>::new(), "{text}");
    }
}

proptest! {
    #[test]
    fn never_panics(text in "[0-9a-zA-ZäéŁ:.\\-– \\n/&,]{0,120}") {
        let _ = read(&text);
    }
}
