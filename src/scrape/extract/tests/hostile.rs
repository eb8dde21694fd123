#![allow(clippy::unwrap_used, clippy::expect_used)]
//! Pages that nobody wrote for a reader: none may panic, take long, or put into a payload what a database refuses.

use super::hostile_pages;
use crate::scrape::extract::{extract_html, extract_page};
use proptest::prelude::*;
use serde_json::Value;
use std::time::{Duration, Instant};
use url::Url;

fn url() -> Url {
    "https://www.smile-dental.co.nz/".parse().unwrap()
}

/// Sizes that are compared: what is quadratic takes sixty-four times as long for the larger one, also where a bound on what is
/// compared ends the growth somewhere between them.
const SMALL: usize = 16 * 1024;
const LARGE: usize = 8 * SMALL;
/// Growth that is still linear, with room for what grows late; and time too short to tell, some ticks of the clock.
const FACTOR: u32 = 30;
const NOISE: Duration = Duration::from_millis(120);
/// Interruptions only make a run slower: of several the fastest tells.
const TRIES: usize = 6;

/// The tokenizer compares the attributes of a tag with each other, up to a number of comparisons that ends the page.
const BOUNDED: &str = "attributes of one element";

/// What the reading of a page costs this thread, other work on the machine left out where the system tells them apart.
fn time_of(page: &str) -> Duration {
    let (begun, started) = (on_processor(), Instant::now());
    extract_html(page, &url(), Some("NZ"));
    let wall = started.elapsed();
    on_processor()
        .zip(begun)
        .map_or(wall, |(now, begun)| now.saturating_sub(begun))
}

/// Time that this thread has had on a processor, on Linux to the last tick.
fn on_processor() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(told.split_whitespace().next()?.parse().ok()?))
}

#[test]
fn work_grows_no_faster_than_the_page() {
    for (name, make) in hostile_pages::KINDS.iter().filter(|(name, _)| *name != BOUNDED) {
        let (small, large) = (make(SMALL), make(LARGE));
        let (mut short, mut long) = (Duration::MAX, Duration::MAX);
        let linear = (0..TRIES).any(|_| {
            short = short.min(time_of(&small));
            long = long.min(time_of(&large));
            long <= short * FACTOR + NOISE
        });
        assert!(linear, "{name}: {short:?} grew to {long:?}");
    }
}

/// Facts that a page of any size may give.
const MAX_FACTS: usize = 600;

#[test]
fn no_page_gives_more_than_a_bounded_number_of_facts() {
    for (name, make) in hostile_pages::KINDS {
        let facts = serde_json::to_value(extract_html(&make(256 * 1024), &url(), Some("NZ"))).unwrap();
        let lists = facts.as_object().unwrap().values().filter_map(Value::as_array);
        let count: usize = lists.map(Vec::len).sum();
        let bytes = facts.to_string().len();
        assert!(count <= MAX_FACTS, "{name}: {count} facts");
        assert!(bytes <= 400_000, "{name}: {bytes} bytes of facts");
        assert!(!has_control(&facts), "{name}");
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

const PIECES: [&str; 38] = [
    "<td></td><td>",
    "<button onclick=\"location.href='/x'\">é</button>",
    "<div class=fb-page data-href='https://www.facebook.com/smile'>",
    "<form action='mailto:a@b.co,c@d.co'>",
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

    #[test]
    fn hostile_pages_cut_and_mixed_never_panic(
        kinds in prop::collection::vec((0..hostile_pages::KINDS.len(), 1..1_500_usize, any::<prop::sample::Index>()), 1..5),
    ) {
        let mut page = String::new();
        for (kind, size, cut) in kinds {
            let part = (hostile_pages::KINDS[kind].1)(size);
            page.push_str(&part[..part.floor_char_boundary(cut.index(part.len().min(4_000)))]);
        }
        let facts = extract_html(&page, &url(), Some("NZ"));
        prop_assert!(!has_control(&serde_json::to_value(facts).unwrap()));
    }

    #[test]
    fn facts_do_not_depend_on_the_run(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40)) {
        let page = pieces.concat();
        prop_assert_eq!(extract_html(&page, &url(), None), extract_html(&page, &url(), None));
    }
}
