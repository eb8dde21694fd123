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
        (
            "Lun - Ven 8.00/12.00 - 14.00/18.30",
            vec![format!("{WEEKDAYS} 08:00-12:00"), format!("{WEEKDAYS} 14:00-18:30")],
        ),
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
        ("Tue-Fri 7'00 - 14'00", vec!["[Tu, We, Th, Fr] 07:00-14:00".into()]),
        ("Sun noon-10pm", vec!["[Su] 12:00-22:00".into()]),
        (
            "Mon-Fri 9:00 - 5:00. Office closed daily 12:00 - 1:00 for lunch.",
            vec![format!("{WEEKDAYS} 09:00-12:00"), format!("{WEEKDAYS} 13:00-17:00")],
        ),
        (
            "Lunch daily 12pm - 2pm\nDinner daily 6pm - 9pm except Monday",
            vec![
                "[Mo, Tu, We, Th, Fr, Sa, Su] 12:00-14:00".into(),
                "[Tu, We, Th, Fr, Sa, Su] 18:00-21:00".into(),
            ],
        ),
        (
            "Du lundi au vendredi 8h-12h / 14h-18h, sauf mercredi après-midi. Samedi sur rendez-vous.",
            vec![format!("{WEEKDAYS} 08:00-12:00"), "[Mo, Tu, Th, Fr] 14:00-18:00".into()],
        ),
        (
            "Thứ 2 - Thứ 7: 8.00 am - 5.00 pm",
            vec!["[Mo, Tu, We, Th, Fr, Sa] 08:00-17:00".into()],
        ),
        ("Senin - Sabtu 09-00-16.30 WIB", vec![]),
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
        (
            "Du lundi au vendredi, 8 h 00 – 12 h 00 et 13 h 30 – 18 h 30",
            vec![format!("{WEEKDAYS} 08:00-12:00"), format!("{WEEKDAYS} 13:30-18:30")],
        ),
        (
            "Täglich außer Mittwoch von 10 bis 23 Uhr",
            vec!["[Mo, Tu, Th, Fr, Sa, Su] 10:00-23:00".into()],
        ),
        (
            "Open every day except Sunday 9-5",
            vec!["[Mo, Tu, We, Th, Fr, Sa] 09:00-17:00".into()],
        ),
        (
            "dinsdag t.e.m. vrijdag 9u–12u30 & 13u30–18u30",
            vec![
                "[Tu, We, Th, Fr] 09:00-12:30".into(),
                "[Tu, We, Th, Fr] 13:30-18:30".into(),
            ],
        ),
        (
            "Monday to Thursday 8.30am – 5.30pm, Friday till 4, and Saturday mornings from 9 to 12",
            vec![
                "[Mo, Tu, We, Th] 08:30-17:30".into(),
                "[Fr] 08:30-16:00".into(),
                "[Sa] 09:00-12:00".into(),
            ],
        ),
        (
            "weekdays from 7am until 6pm (till 7pm on Wednesdays) and Saturdays 8 to noon",
            vec![
                "[Mo, Tu, Th, Fr] 07:00-18:00".into(),
                "[We] 07:00-19:00".into(),
                "[Sa] 08:00-12:00".into(),
            ],
        ),
        ("Monday\t8:00 am\t6:00 pm", vec!["[Mo] 08:00-18:00".into()]),
        (
            "Mon\t8.45\t12.45\t1.45\t5.30",
            vec!["[Mo] 08:45-12:45".into(), "[Mo] 13:45-17:30".into()],
        ),
        (
            "Monday to Friday 9-5, Thursday 9-8",
            vec!["[Mo, Tu, We, Fr] 09:00-17:00".into(), "[Th] 09:00-20:00".into()],
        ),
        (
            "Mon-Fri 9-5\nReception desk: Mon-Fri 6-8",
            vec![format!("{WEEKDAYS} 09:00-17:00")],
        ),
        (
            "Od poniedziałku do piątku od 9 do 17",
            vec![format!("{WEEKDAYS} 09:00-17:00")],
        ),
        ("Hétfőtől péntekig 9-től 18-ig", vec![format!("{WEEKDAYS} 09:00-18:00")]),
        (
            "Maanantaista perjantaihin klo 9–17",
            vec![format!("{WEEKDAYS} 09:00-17:00")],
        ),
        ("Hafta içi 09:00 - 20:00", vec![format!("{WEEKDAYS} 09:00-20:00")]),
        ("Hafta İçi: 09:00 - 21:00", vec![format!("{WEEKDAYS} 09:00-21:00")]),
        (
            "8a–6:30p M-F, 9a–2p S-S",
            vec![format!("{WEEKDAYS} 08:00-18:30"), "[Sa, Su] 09:00-14:00".into()],
        ),
        (
            "Δευτέρα - Παρασκευή 09:00 - 17:00",
            vec![format!("{WEEKDAYS} 09:00-17:00")],
        ),
        ("Пн–Пт с 10:00 до 19:00", vec![format!("{WEEKDAYS} 10:00-19:00")]),
        ("2ª a 6ª feira: 09h00 - 13h00", vec![format!("{WEEKDAYS} 09:00-13:00")]),
        (
            "Segunda-feira a sexta-feira das 9h às 18h",
            vec![format!("{WEEKDAYS} 09:00-18:00")],
        ),
        (
            "Open daily 9am-5pm except Mondays",
            vec!["[Tu, We, Th, Fr, Sa, Su] 09:00-17:00".into()],
        ),
        (
            "Ouvert tous les jours de 9h à 18h sauf le lundi",
            vec!["[Tu, We, Th, Fr, Sa, Su] 09:00-18:00".into()],
        ),
        ("M–F 8:30 am – 7:00 pm", vec![format!("{WEEKDAYS} 08:30-19:00")]),
        (
            "De martes a sábado de 13:00 a las 16:00 h",
            vec!["[Tu, We, Th, Fr, Sa] 13:00-16:00".into()],
        ),
        ("Open 24/7", vec!["[Mo, Tu, We, Th, Fr, Sa, Su] 00:00-24:00".into()]),
        ("Mondays we open at 8 and close at 5", vec!["[Mo] 08:00-17:00".into()]),
        (
            "Closed Sundays\nMon-Sat 9am-5pm",
            vec!["[Mo, Tu, We, Th, Fr, Sa] 09:00-17:00".into()],
        ),
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
        (
            "Opening hours: 9-5 Mon-Fri, 10am-2pm Sat",
            vec![
                "[Mo, Tu, We, Th, Fr] 09:00-17:00".to_owned(),
                "[Sa] 10:00-14:00".to_owned(),
            ],
        ),
        ("Monday 9 - 5 year round", vec!["[Mo] 09:00-17:00".to_owned()]),
        (
            "Cubs (7–10): Fridays, 18:00 – 19:30",
            vec!["[Fr] 18:00-19:30".to_owned()],
        ),
        ("Saturdays, 9.00 - 10.30, 8-12 ans", vec!["[Sa] 09:00-10:30".to_owned()]),
        (
            "Monday\t7:00 AM\t12:00-1:00 PM\t5:00 PM",
            vec!["[Mo] 07:00-12:00".to_owned(), "[Mo] 13:00-17:00".to_owned()],
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
        "Mercredi: enfants 6-10 ans",
        "Saturday: 8 - 12 year olds",
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
