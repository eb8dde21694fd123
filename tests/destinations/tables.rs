//! What `check` says of tables.

use batchdesk::store::destinations::DestinationMistake as Mistake;
use batchdesk::store::destinations::{DestinationError, DestinationSpec};

use crate::place::{Place, spec};

pub async fn every_mistake_is_told_at_once(place: Place) {
    place
        .execute("create table company_x (key text, must integer not null, has integer not null default 1)")
        .await;
    let wrong = spec(
        "company_x",
        &[("a", "nowhere"), ("b", "key"), ("c", "key"), ("d[", "has")],
    );
    let mistakes = place.mistakes(&wrong).await;
    assert!(
        matches!(
            &mistakes[..],
            [
                Mistake::ColumnMissing { column, .. },
                Mistake::MappedTwice { .. },
                Mistake::Path { .. },
                Mistake::KeyMissing(_),
                Mistake::NotFilled(must),
            ] if column == "nowhere" && must == "must"
        ),
        "{mistakes:#?}"
    );
    let error = place.destinations.plan(&wrong).await.unwrap_err();
    assert_eq!(error, DestinationError::Unfit(mistakes));

    let missing = place.mistakes(&spec("company_y", &[("a", "b c")])).await;
    assert!(
        matches!(&missing[..], [Mistake::TableMissing { .. }, Mistake::ColumnName(_)]),
        "{missing:#?}"
    );
    for (table, told) in [
        ("companies", "own"),
        ("company_play_step_completions", "own"),
        ("Enrichment_Jobs", "own"),
        ("public.company_x", "is not one"),
        ("company_x\"; drop table company_x; --", "is not one"),
        ("sqlite_master", "database system"),
        ("pg_class", "database system"),
        ("leads", "own"),
        ("registration_jobs", "own"),
        ("customers", "company_*"),
    ] {
        let mistakes = place.mistakes(&spec(table, &[("a", "a")])).await;
        assert!(mistakes[0].to_string().contains(told), "{table}: {mistakes:?}");
        assert!(place.destinations.plan(&spec(table, &[("a", "a")])).await.is_err());
    }
    assert_eq!(place.count("company_x").await, 0);
}

pub async fn what_cannot_be_written_to_is_refused(place: Place) {
    place
        .execute(
            "create table company_x (id {uuid} primary key, a integer, \
             b integer generated always as (a + 1) stored)",
        )
        .await;
    place.execute("create view company_v as select * from company_x").await;
    let of_view = place.mistakes(&spec("company_v", &[("a", "a")])).await;
    assert!(
        matches!(&of_view[..], [Mistake::ReadOnly { reason, .. }] if reason.contains("view")),
        "{of_view:?}"
    );
    let of_generated = place.mistakes(&spec("company_x", &[("b", "b")])).await;
    assert!(
        matches!(&of_generated[..], [Mistake::ColumnReadOnly { column, .. }] if column == "b"),
        "{of_generated:?}"
    );
    let of_id = place.mistakes(&spec("company_x", &[("x", "id"), ("a", "a")])).await;
    assert!(matches!(&of_id[..], [Mistake::IdMapped(_)]), "{of_id:?}");
    assert_eq!(place.mistakes(&spec("company_x", &[("a", "a")])).await, []);
}

pub async fn a_key_is_found_or_asked_for(place: Place) {
    place
        .execute("create table company_by_text (id text primary key, a text)")
        .await;
    place
        .execute("create table company_by_index (id {uuid}, a text, b text, c text)")
        .await;
    place
        .execute("create unique index company_by_ab on company_by_index (b, a)")
        .await;
    place
        .execute("create unique index company_by_c on company_by_index (c) where a = 'x'")
        .await;
    place
        .execute("create table company_numbered (id integer primary key, a text)")
        .await;
    let mapping = [("a", "a")];
    assert_eq!(place.mistakes(&spec("company_by_text", &mapping)).await, []);
    for table in ["company_by_index", "company_numbered"] {
        let mistakes = place.mistakes(&spec(table, &mapping)).await;
        assert_eq!(mistakes, [Mistake::KeyMissing(table.to_owned())]);
    }
    let with = |conflict: &[&str]| DestinationSpec {
        conflict_columns: conflict.iter().map(|&column| column.to_owned()).collect(),
        ..spec("company_by_index", &[("a", "a"), ("b", "b"), ("c", "c")])
    };
    assert_eq!(place.mistakes(&with(&["a", "b"])).await, []);
    for unfit in [&["a"][..], &["c"], &["a", "b", "c"]] {
        let mistakes = place.mistakes(&with(unfit)).await;
        assert!(
            matches!(&mistakes[..], [Mistake::NotUnique { .. }]),
            "{unfit:?}: {mistakes:?}"
        );
    }
}
