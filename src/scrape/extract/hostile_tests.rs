#![allow(clippy::unwrap_used, clippy::expect_used)]
//! Pages that nobody wrote for a reader: none may panic, take long, or put into a payload what a database refuses.

use super::*;
use proptest::prelude::*;
use std::time::{Duration, Instant};

fn url() -> Url {
    "https://www.smile-dental.co.nz/".parse().unwrap()
}

/// Optimised builds take a fortieth of this; what is quadratic takes minutes.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn hostile_pages_end_in_time() {
    let times = |text: &str, count: usize| text.repeat(count);
    let pages = [
        times("1 ", 400_000),
        times("+64 9 524 ", 100_000),
        times("a@", 400_000),
        times("a@b.co ", 100_000),
        times("[at] ", 100_000),
        times("a (at) b dot c ", 100_000),
        times(
            "<p>Taxi Bob, 1 High Street: 09 524 7381. Call Ann 09 524 7382 or a@b.co",
            20_000,
        ),
        times("<p>a@b.co; Bob Ltd <a href=tel:095247381>call</a>", 20_000),
        times("<p>Bob <a href=https://facebook.com/bobby>Bob</a>", 20_000),
        times("<script>function a(b){document.write(a('@'+b))} a('x')</script>", 5_000),
        times(
            &format!("<script>document.write({}'@')</script>", "'a'+".repeat(1_900)),
            60,
        ),
        times(&format!("<script>mail={}</script>", "[('".repeat(2_000)), 60),
        times("<noscript>a (at) b.co", 50_000),
        times(
            "<p dir=rtl style='unicode-bidi:bidi-override;direction:rtl'>oc.b@a",
            50_000,
        ),
        times("<br>1234 Auckland Street 1010", 20_000),
        times("<br>Mon 9am - 5pm", 30_000),
        times("<h3>Dr Jane Smith</h3><p>Dentist</p>", 15_000),
        times("<a href=/contact>contact</a>", 20_000),
        format!("<title>{}</title>", times("a | ", 200_000)),
        format!("<style>{}</style>", times(".a{display:none}", 60_000)),
        format!(
            "<script type=application/ld+json>{}</script>",
            times("{\"a\":[", 70_000)
        ),
        format!(
            "<script type=application/ld+json>{{\"a\":{}</script>",
            times("\"x\" ", 70_000)
        ),
        format!(
            "{}<p id=a>{}",
            times("<div itemscope itemref='a a a a'></div>", 10_000),
            times("<i itemprop=n>x</i>", 10_000)
        ),
        times(
            "<div itemscope itemtype=http://schema.org/Dentist><i itemprop=name>x</i>",
            10_000,
        ),
    ];
    for page in pages {
        let started = Instant::now();
        extract_html(&page, &url(), Some("NZ"));
        assert!(
            started.elapsed() < PATIENCE,
            "{:?} for {:?}…",
            started.elapsed(),
            &page[..40]
        );
    }
}

fn has_control(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().any(char::is_control),
        Value::Array(list) => list.iter().any(has_control),
        Value::Object(object) => object
            .iter()
            .any(|(key, value)| key.chars().any(char::is_control) || has_control(value)),
        _ => false,
    }
}

const PIECES: [&str; 34] = [
    "<div>",
    "</div>",
    "<p>",
    "<h1>",
    "<table><tr><td>",
    "</table>",
    "<a href='tel:+6495247381'>",
    "</a>",
    "<script type='application/ld+json'>",
    "</script>",
    "{\"@type\":\"Dentist\",",
    "\"name\":\"A\\u0000B\",",
    "\"telephone\":\"09 524 7381\"}",
    "<span itemscope itemtype='https://schema.org/Dentist' itemprop='x'>",
    "<b itemprop='name'>",
    "<i property='name' typeof='Person'>",
    "Mon - Fri 9am - 5pm ",
    "12 High Street, Auckland 1010 ",
    "info@smile.nz ",
    "\u{0}",
    "&#0;",
    "<!--",
    "-->",
    "<style>.a{display:none}",
    "</style>",
    "é\u{200b}",
    "<meta property='og:site_name' content='A&#1;B'>",
    "<a href='https://wa.me/6421555444'>",
    "<a href='mailto:a%00@b.co.nz'>",
    "<svg><title>",
    "<template>",
    "<title>A\u{7}|B</title>",
    "© 2024 Smile Ltd",
    "Dr Jane Smith, Dentist",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..600)) {
        let facts = extract_page(&body, None, &url(), Some("NZ"));
        prop_assert!(!has_control(&serde_json::to_value(facts).unwrap()));
    }

    #[test]
    fn markup_never_panics_and_gives_clean_text(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60)) {
        let facts = extract_html(&pieces.concat(), &url(), None);
        prop_assert!(!has_control(&serde_json::to_value(facts).unwrap()));
    }
}
