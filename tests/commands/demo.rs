//! `demo --registration`: three restaurants, of which one is registered in a second go.

use crate::support::command::Place;

#[tokio::test]
async fn three_restaurants_are_registered_and_nothing_is_done_twice() {
    let place = Place::new();
    let shown = place.run(&["demo", "--registration", "--exit"]).await.expect(0);
    for told in [
        "PIZZA PALACE LIMITED",
        "Batch \"Auckland Q4\": completed",
        "Successful: 2 (66 %)",
        "Burger House   failed: Menu CSV upload failed",
        "Batch \"Auckland Q4 - Retry\": completed",
        "nothing was done twice: true",
    ] {
        assert!(shown.stdout.contains(told), "{told}: {}", shown.stdout);
    }
    let table = place.read("batchdesk-demo/registrations.csv");
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.contains("menu-csv-upload"), "{table}");
}
