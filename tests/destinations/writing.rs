//! What is written, and how often.

use batchdesk::store::destinations::{DestinationError, DestinationSpec};
use futures_util::future::join_all;
use serde_json::json;

use crate::place::{Place, ids, spec};

pub async fn a_repeat_updates_and_never_doubles(place: Place) {
    place
        .execute(
            "create table company_case_studies (id {uuid} primary key, company_id {uuid}, company_domain text, \
             organisation_id {uuid}, workflow_id {uuid}, urls {json}, extracted_at {time})",
        )
        .await;
    let spec = spec(
        "company_case_studies",
        &[("case_study_urls", "urls"), ("extracted_at", "extracted_at")],
    );
    let ids = ids();
    for urls in [json!(["a"]), json!(["a", "b"])] {
        let data = json!({"case_study_urls": urls, "extracted_at": "2026-01-31T08:30:00Z"});
        place.write(&spec, &ids, &data).await.unwrap();
    }
    let all = "select cast(id as text) || ' ' || cast(company_id as text) || ' ' || company_domain || ' ' || \
         cast(organisation_id as text) || ' ' || cast(workflow_id as text) || ' ' || \
         replace(cast(urls as text), ' ', '') from company_case_studies";
    let expected = format!(
        "{} {} a.example {} {} [\"a\",\"b\"]",
        ids.step_run_id,
        ids.company_id.unwrap(),
        ids.organisation_id,
        ids.workflow_id
    );
    assert_eq!(place.texts(all).await, [expected]);
}

pub async fn one_bad_row_fails_alone(place: Place) {
    place
        .execute("create table company_x (id {uuid} primary key, n integer check (n <> 13))")
        .await;
    let spec = spec("company_x", &[("n", "n")]);
    let plan = place.destinations.plan(&spec).await.unwrap();
    let writes = (0..200).map(|n| {
        let (row, _) = plan.row(&ids(), &json!({ "n": n })).unwrap();
        place.destinations.write(row)
    });
    let outcomes = join_all(writes).await;
    for (n, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Err(DestinationError::Rejected { table, reason }) if n == 13 => {
                assert_eq!(table, "company_x");
                assert!(reason.to_lowercase().contains("check"), "{reason}");
            }
            other => assert_eq!(*other, Ok(()), "{n}"),
        }
    }
    assert_eq!(place.count("company_x").await, 199);
    let states = place.destinations.states();
    assert_eq!((states[0].rows_written, states[0].rows_waiting), (199, 0));
}

pub async fn many_rows_at_once_are_all_there(place: Place) {
    place
        .execute("create table company_x (id {uuid} primary key, n integer, note text default 'none')")
        .await;
    let spec = spec("company_x", &[("n", "n"), ("note", "note")]);
    let plan = place.destinations.plan(&spec).await.unwrap();
    let same = ids();
    let writes = (0..3_000).map(|n| {
        // Some have a note and some have not, and every hundredth is the same row.
        let ids = if n % 100 == 0 { same.clone() } else { ids() };
        let data = if n % 3 == 0 {
            json!({ "n": n })
        } else {
            json!({ "n": n, "note": "x" })
        };
        let (row, _) = plan.row(&ids, &data).unwrap();
        place.destinations.write(row)
    });
    for outcome in join_all(writes).await {
        outcome.unwrap();
    }
    assert_eq!(place.count("company_x").await, 2_971);
}

pub async fn conflict_columns_make_one_row_of_many_runs(place: Place) {
    place
        .execute(
            "create table company_x (id {uuid} primary key, company_domain text not null unique, name text, \
             seen integer default 1)",
        )
        .await;
    let spec = DestinationSpec {
        conflict_columns: vec!["company_domain".to_owned()],
        ..spec("company_x", &[("name", "name")])
    };
    let (first, second) = (ids(), ids());
    place.write(&spec, &first, &json!({"name": "one"})).await.unwrap();
    place.write(&spec, &second, &json!({"name": "two"})).await.unwrap();
    let all = "select cast(id as text) || ' ' || company_domain || ' ' || name || ' ' || seen from company_x";
    assert_eq!(
        place.texts(all).await,
        [format!("{} a.example two 1", first.step_run_id)],
        "the row keeps the id that it began with"
    );
}

pub async fn no_organisation_overwrites_a_row_of_another(place: Place) {
    place
        .execute(
            "create table company_x (id {uuid} primary key, organisation_id {uuid} not null, company_domain text not null, \
             name text, unique (organisation_id, company_domain))",
        )
        .await;
    let by = |columns: &[&str], mappings| DestinationSpec {
        conflict_columns: columns.iter().map(|&column| column.to_owned()).collect(),
        ..spec("company_x", mappings)
    };
    for unsafe_spec in [
        by(&["company_domain"], &[("name", "name")]),
        by(&["id"], &[("name", "name"), ("id", "id")]),
        by(
            &["organisation_id", "company_domain"],
            &[("name", "name"), ("whose", "organisation_id")],
        ),
    ] {
        assert!(place.destinations.plan(&unsafe_spec).await.is_err(), "{unsafe_spec:?}");
    }
    let key = &["organisation_id", "company_domain"][..];
    let (ours, theirs) = (ids(), ids());
    let plain = by(key, &[("name", "name")]);
    place.write(&plain, &ours, &json!({"name": "ours"})).await.unwrap();
    place.write(&plain, &theirs, &json!({"name": "theirs"})).await.unwrap();
    // The id of a row of another organisation does not lead to it.
    let with_id = by(key, &[("name", "name"), ("id", "id")]);
    let data = json!({"name": "stolen", "id": ours.step_run_id.to_string()});
    let refused = place.write(&with_id, &ids(), &data).await.unwrap_err();
    assert!(matches!(refused, DestinationError::Rejected { .. }), "{refused:?}");
    let names = place.texts("select name from company_x order by 1").await;
    assert_eq!(names, ["ours", "theirs"]);
}

pub async fn a_default_holds_where_the_data_has_nothing(place: Place) {
    place
        .execute("create table company_x (id {uuid} primary key, a text default 'default', b text)")
        .await;
    let spec = spec("company_x", &[("a", "a"), ("b", "b")]);
    for data in [json!({}), json!({"a": null, "b": null}), json!({"a": "x", "b": "y"})] {
        place.write(&spec, &ids(), &data).await.unwrap();
    }
    let all = "select coalesce(a, 'null') || ' ' || coalesce(b, 'null') from company_x order by 1";
    assert_eq!(place.texts(all).await, ["default null", "null null", "x y"]);
}
