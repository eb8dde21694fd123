#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::store::destinations::error::Blame;

fn of(status: u16, code: &str) -> DestinationError {
    let said = Said {
        code: Some(code.to_owned()).filter(|code| !code.is_empty()),
        message: Some("words".to_owned()),
        details: None,
    };
    let status = StatusCode::from_u16(status).unwrap();
    meaning(
        DestinationDb::Workspace,
        "t",
        status,
        Some(Duration::from_secs(7)),
        &said,
    )
}

#[test]
fn an_answer_says_whose_fault_it_is() {
    for (status, code, blame) in [
        (409, "23505", Blame::Row),
        (409, "23503", Blame::Row),
        (400, "22P02", Blame::Row),
        (500, "21000", Blame::Row),
        (400, "P0001", Blame::Row),
        (413, "", Blame::Row),
        (404, "PGRST205", Blame::Workflow),
        (404, "42P01", Blame::Workflow),
        (400, "PGRST204", Blame::Workflow),
        (400, "42P10", Blame::Workflow),
        (401, "PGRST301", Blame::Workflow),
        (403, "42501", Blame::Workflow),
        (302, "", Blame::Workflow),
        (404, "", Blame::Workflow),
        (429, "", Blame::Passing),
        (503, "PGRST001", Blame::Passing),
        (500, "57014", Blame::Passing),
        (502, "", Blame::Passing),
        (405, "25006", Blame::Passing),
    ] {
        assert_eq!(of(status, code).blame(), blame, "{status} {code}");
    }
    assert!(matches!(of(404, "42P01"), DestinationError::TableMissing { .. }));
    assert_eq!(of(429, "").retry_after(), Some(Duration::from_secs(7)));
}

#[test]
fn the_root_is_that_of_the_rest_interface() {
    for (url, expected) in [
        ("https://abc.supabase.co", "https://abc.supabase.co/rest/v1/"),
        ("https://abc.supabase.co/rest/v1", "https://abc.supabase.co/rest/v1/"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000/"),
        ("https://api.example/data?x=1", "https://api.example/data/"),
    ] {
        assert_eq!(root(url).unwrap().as_str(), expected);
    }
    assert!(root("https://user:secret@api.example/").is_err());
}

#[test]
fn the_key_goes_where_its_kind_belongs_and_is_not_shown() {
    let of_jwt = credentials(&SecretString::from("eyJa.b.c")).unwrap();
    assert_eq!(of_jwt[AUTHORIZATION], "Bearer eyJa.b.c");
    let of_new = credentials(&SecretString::from("sb_secret_x")).unwrap();
    assert_eq!(
        (of_new.get(AUTHORIZATION), &of_new[API_KEY]),
        (None, &HeaderValue::from_static("sb_secret_x"))
    );
    assert!(!format!("{of_jwt:?}{of_new:?}").contains("sb_secret"), "{of_new:?}");
    let error = credentials(&SecretString::from("sb_secret\n")).unwrap_err();
    assert!(!error.to_string().contains("sb_secret"), "{error}");
}
