#![allow(clippy::unwrap_used, clippy::expect_used)]
//! Hours as businesses of many countries write them.
use super::*;
use crate::scrape::extract::hours::tidy;

#[test]
fn hours_around_the_world() {
    let cases: [(&str, Option<&'static str>, &str); 73] = [
        (
            "Mo. – Do. 8.00 – 12.00 und 14.00 – 18.00 Uhr, Fr. 8.00 – 13.00 Uhr",
            None,
            "[Mo, Tu, We, Th] 08:00-12:00; [Mo, Tu, We, Th] 14:00-18:00; [Fr] 08:00-13:00",
        ),
        (
            "Montag, Dienstag und Donnerstag: 08:00 - 13:00 / 14:00 - 18:00",
            None,
            "[Mo, Tu, Th] 08:00-13:00; [Mo, Tu, Th] 14:00-18:00",
        ),
        (
            "Mo+Di 8–18 Uhr; Mi 8–13 Uhr",
            None,
            "[Mo, Tu] 08:00-18:00; [We] 08:00-13:00",
        ),
        (
            "Montags bis freitags von 9 bis 18 Uhr, samstags 9 bis 14 Uhr",
            None,
            "[Mo, Tu, We, Th, Fr] 09:00-18:00; [Sa] 09:00-14:00",
        ),
        ("werktags 9-18 Uhr", None, "[Mo, Tu, We, Th, Fr] 09:00-18:00"),
        (
            "Mo-Sa: 11:30 - 14:30 & 17:30 - 22:30\nSonntag Ruhetag",
            None,
            "[Mo, Tu, We, Th, Fr, Sa] 11:30-14:30; [Mo, Tu, We, Th, Fr, Sa] 17:30-22:30",
        ),
        (
            "Lunes: 9:00–14:00, 16:00–20:00",
            None,
            "[Mo] 09:00-14:00; [Mo] 16:00-20:00",
        ),
        (
            "De lunes a viernes: 10.00 a 13.30 y 17.00 a 20.30. Sábados: 10.00 a 13.30",
            None,
            "[Mo, Tu, We, Th, Fr, Sa] 10:00-13:30; [Mo, Tu, We, Th, Fr] 17:00-20:30",
        ),
        (
            "Du mardi au samedi : 9h-12h30 / 14h-19h",
            None,
            "[Tu, We, Th, Fr, Sa] 09:00-12:30; [Tu, We, Th, Fr, Sa] 14:00-19:00",
        ),
        (
            "Lun. au Ven. : 8h30-12h / 13h30-18h",
            None,
            "[Mo, Tu, We, Th, Fr] 08:30-12:00; [Mo, Tu, We, Th, Fr] 13:30-18:00",
        ),
        (
            "Ouvert 7j/7 de 8h à 20h",
            None,
            "[Mo, Tu, We, Th, Fr, Sa, Su] 08:00-20:00",
        ),
        (
            "Lunedì-Venerdì 8:30-12:30 15:00-19:00",
            None,
            "[Mo, Tu, We, Th, Fr] 08:30-12:30; [Mo, Tu, We, Th, Fr] 15:00-19:00",
        ),
        (
            "dal lunedì al venerdì dalle 9:00 alle 13:00 e dalle 15:00 alle 19:00",
            None,
            "[Mo, Tu, We, Th, Fr] 09:00-13:00; [Mo, Tu, We, Th, Fr] 15:00-19:00",
        ),
        (
            "Lun - Sab: 9:00 - 19:30, Dom: Chiuso",
            None,
            "[Mo, Tu, We, Th, Fr, Sa] 09:00-19:30",
        ),
        (
            "Seg–Sex 9h–18h30, Sáb 9h–13h",
            None,
            "[Mo, Tu, We, Th, Fr] 09:00-18:30; [Sa] 09:00-13:00",
        ),
        (
            "Segunda à Sexta: 08:00 às 18:00 / Sábado: 08:00 às 12:00",
            None,
            "[Mo, Tu, We, Th, Fr] 08:00-18:00; [Sa] 08:00-12:00",
        ),
        (
            "Ma t/m vr: 8.30 - 17.30 uur\nZa: 9.00 - 16.00 uur\nZo: gesloten",
            None,
            "[Mo, Tu, We, Th, Fr] 08:30-17:30; [Sa] 09:00-16:00",
        ),
        ("Maandag 13:00 – 18:00 uur", None, "[Mo] 13:00-18:00"),
        (
            "Mandag - torsdag kl. 9.00 - 17.30, fredag kl. 9.00 - 19.00, lørdag kl. 10.00 - 14.00",
            None,
            "[Mo, Tu, We, Th] 09:00-17:30; [Fr] 09:00-19:00; [Sa] 10:00-14:00",
        ),
        ("Man-fre: 08-16", None, "[Mo, Tu, We, Th, Fr] 08:00-16:00"),
        (
            "Mån–Fre 10–18, Lör 10–15",
            None,
            "[Mo, Tu, We, Th, Fr] 10:00-18:00; [Sa] 10:00-15:00",
        ),
        (
            "Vardagar 10-18, Lördag 10-15, Söndag stängt",
            None,
            "[Mo, Tu, We, Th, Fr] 10:00-18:00; [Sa] 10:00-15:00",
        ),
        (
            "pon-pt 8-16, sob 9-13",
            None,
            "[Mo, Tu, We, Th, Fr] 08:00-16:00; [Sa] 09:00-13:00",
        ),
        ("pondělí–pátek 8:00–17:00", None, "[Mo, Tu, We, Th, Fr] 08:00-17:00"),
        (
            "Luni - Vineri: 09:00 - 18:00; Sâmbătă: 10:00 - 14:00; Duminică: Închis",
            None,
            "[Mo, Tu, We, Th, Fr] 09:00-18:00; [Sa] 10:00-14:00",
        ),
        ("H-P: 8-17h", None, "[Mo, Tu, We, Th, Fr] 08:00-17:00"),
        ("Hétfő - Péntek: 9:00 - 17:00", None, "[Mo, Tu, We, Th, Fr] 09:00-17:00"),
        (
            "Pazartesi - Cuma: 09:00 - 18:00, Cumartesi: 09:00 - 14:00",
            None,
            "[Mo, Tu, We, Th, Fr] 09:00-18:00; [Sa] 09:00-14:00",
        ),
        (
            "Δευ-Παρ: 09:00-21:00 Σάβ: 09:00-15:00",
            None,
            "[Mo, Tu, We, Th, Fr] 09:00-21:00; [Sa] 09:00-15:00",
        ),
        (
            "Mon 9-5 Tue 9-5 Wed closed Thu 9-7 Fri 9-5",
            None,
            "[Mo, Tu, Fr] 09:00-17:00; [Th] 09:00-19:00",
        ),
        (
            "Monday to Friday: 8.30am to 5.30pm (closed 1pm to 2pm for lunch)",
            None,
            "[Mo, Tu, We, Th, Fr] 08:30-13:00; [Mo, Tu, We, Th, Fr] 14:00-17:30",
        ),
        (
            "Mon - Thurs: 7:30am - 4:30pm; Fri: 7:30am - 1pm",
            None,
            "[Mo, Tu, We, Th] 07:30-16:30; [Fr] 07:30-13:00",
        ),
        (
            "Monday, Wednesday & Friday | 8:00am – 5:00pm",
            None,
            "[Mo, We, Fr] 08:00-17:00",
        ),
        (
            "M-Th 8am-5pm, F 8am-2pm",
            None,
            "[Mo, Tu, We, Th] 08:00-17:00; [Fr] 08:00-14:00",
        ),
        ("9am - 5pm, Monday - Friday", None, "[Mo, Tu, We, Th, Fr] 09:00-17:00"),
        (
            "Daily from 10 am to 10 pm",
            None,
            "[Mo, Tu, We, Th, Fr, Sa, Su] 10:00-22:00",
        ),
        (
            "Tue-Sun 17:00-23:00, Mon closed",
            None,
            "[Tu, We, Th, Fr, Sa, Su] 17:00-23:00",
        ),
        ("Everyday 8AM-10PM", None, "[Mo, Tu, We, Th, Fr, Sa, Su] 08:00-22:00"),
        (
            "Weekdays 8am – 6pm, weekends 9am – 4pm",
            None,
            "[Mo, Tu, We, Th, Fr] 08:00-18:00; [Sa, Su] 09:00-16:00",
        ),
        ("Mon–Fri, 9–5:30", None, "[Mo, Tu, We, Th, Fr] 09:00-17:30"),
        (
            "Mo-Fr: 9 Uhr bis 12:30 Uhr und von 14:30 Uhr bis 18 Uhr",
            None,
            "[Mo, Tu, We, Th, Fr] 09:00-12:30; [Mo, Tu, We, Th, Fr] 14:30-18:00",
        ),
        ("Mo 8:00-12:00 15:00-18:00", None, "[Mo] 08:00-12:00; [Mo] 15:00-18:00"),
        ("Do 8 - 12 u. 14 - 20", None, "[Th] 08:00-12:00; [Th] 14:00-20:00"),
        (
            "Sat: 8:30am-1pm\nSun: CLOSED\nPublic holidays: CLOSED",
            None,
            "[Sa] 08:30-13:00",
        ),
        (
            "Thursday: 12 PM - 12 AM\nSaturday: 12 PM - 1 AM",
            None,
            "[Th] 12:00-24:00; [Sa] 12:00-01:00",
        ),
        (
            "Monday – Friday: 09:00AM – 09:00PM",
            None,
            "[Mo, Tu, We, Th, Fr] 09:00-21:00",
        ),
        (
            "Montag - Donnerstag 08.00 - 12.00 Uhr, 13.30 - 17.00 Uhr\nFreitag bis 16.00 Uhr",
            None,
            "[Mo, Tu, We, Th, Fr] 08:00-12:00; [Mo, Tu, We, Th] 13:30-17:00; [Fr] 13:30-16:00",
        ),
        (
            "Weekdagen: 09:00 - 17:00\nWeekend: 07:00 - 19:00",
            None,
            "[Mo, Tu, We, Th, Fr] 09:00-17:00; [Sa, Su] 07:00-19:00",
        ),
        (
            "Between Tuesday and Saturday we are open 9:30-00:00",
            None,
            "[Tu, We, Th, Fr, Sa] 09:30-24:00",
        ),
        (
            "Pondělí: 11-22\nÚterý: 11-22\nStředa: 11-22",
            None,
            "[Mo, Tu, We] 11:00-22:00",
        ),
        ("Po-Pá 8-16h", None, "[Mo, Tu, We, Th, Fr] 08:00-16:00"),
        (
            "Monday & Tuesday: 10 to 6, Wednesday 10 to 8",
            None,
            "[Mo, Tu] 10:00-18:00; [We] 10:00-20:00",
        ),
        (
            "Mon. - Fri. 8:00 a.m. - 5:00 p.m.",
            None,
            "[Mo, Tu, We, Th, Fr] 08:00-17:00",
        ),
        (
            "Monday through Saturday from 11 a.m. until 9:30 p.m.",
            None,
            "[Mo, Tu, We, Th, Fr, Sa] 11:00-21:30",
        ),
        (
            "Mon-Fri: 0800 - 1700hrs, Sat: 0800 - 1300hrs",
            None,
            "[Mo, Tu, We, Th, Fr] 08:00-17:00; [Sa] 08:00-13:00",
        ),
        ("Fri + Sat: 5pm 'til late, Sun: noon - 8pm", None, "[Su] 12:00-20:00"),
        ("Monday 8am–1pm and 2pm–6pm", None, "[Mo] 08:00-13:00; [Mo] 14:00-18:00"),
        (
            "Lun-Jeu : 9h00-18h00 (sauf mercredi : 9h00-12h00)",
            None,
            "[Mo, Tu, Th] 09:00-18:00; [We] 09:00-12:00",
        ),
        (
            "Martes a Domingos de 13.00 a 16.00 y de 20.00 a 23.30h",
            None,
            "[Tu, We, Th, Fr, Sa, Su] 13:00-16:00; [Tu, We, Th, Fr, Sa, Su] 20:00-23:30",
        ),
        (
            "Ma, wo, vr 9.00-17.30, do 9.00-21.00, za 9.00-17.00",
            None,
            "[Mo, We, Fr] 09:00-17:30; [Th] 09:00-21:00; [Sa] 09:00-17:00",
        ),
        (
            "Пн-Пт: 9:00-18:00, Сб-Вс: выходной",
            None,
            "[Mo, Tu, We, Th, Fr] 09:00-18:00",
        ),
        (
            "ponedjeljak - petak 8-20h, subota 8-14h",
            None,
            "[Mo, Tu, We, Th, Fr] 08:00-20:00; [Sa] 08:00-14:00",
        ),
        ("Luns a Venres 9-14", None, ""),
        ("Mittwoch geschlossen, an allen anderen Tagen 9 - 18 Uhr", None, ""),
        (
            "Tägl. 11:30–22:00 Uhr",
            None,
            "[Mo, Tu, We, Th, Fr, Sa, Su] 11:30-22:00",
        ),
        ("Mon-Sun 24 hours", None, "[Mo, Tu, We, Th, Fr, Sa, Su] 00:00-24:00"),
        ("Monday: Open 24 hours", None, "[Mo] 00:00-24:00"),
        ("8:00 - 18:00 (Mo-Fr)", None, "[Mo, Tu, We, Th, Fr] 08:00-18:00"),
        (
            "Mo.–Fr.: 7:30 –18:00 Uhr | Sa.: 8:00–13:00 Uhr",
            None,
            "[Mo, Tu, We, Th, Fr] 07:30-18:00; [Sa] 08:00-13:00",
        ),
        (
            "ma-to 10-18, pe 10-17",
            Some("fi"),
            "[Mo, Tu, We, Th] 10:00-18:00; [Fr] 10:00-17:00",
        ),
        (
            "lun-ven 8-12 / 14-18, sab 8-12",
            Some("it"),
            "[Mo, Tu, We, Th, Fr, Sa] 08:00-12:00; [Mo, Tu, We, Th, Fr] 14:00-18:00",
        ),
        (
            "L-V 8:30-14:30 y 16:00-19:00",
            Some("es"),
            "[Mo, Tu, We, Th, Fr] 08:30-14:30; [Mo, Tu, We, Th, Fr] 16:00-19:00",
        ),
        ("Dl-Dv 9-13", None, ""),
    ];
    let mut wrong = Vec::new();
    for (text, language, expected) in cases {
        let mut reader = Reader::new(language);
        for line in text.lines() {
            reader.line(line);
        }
        let week = tidy(reader.week);
        let shown: Vec<_> = week
            .iter()
            .map(|h| format!("{:?} {}-{}", h.days, h.opens, h.closes))
            .collect();
        let mut expected: Vec<&str> = expected.split("; ").filter(|span| !span.is_empty()).collect();
        expected.sort_unstable();
        let mut sorted = shown.clone();
        sorted.sort_unstable();
        if sorted != expected {
            wrong.push(format!("{text}: {shown:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
