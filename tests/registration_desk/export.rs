//! The results of a batch as files.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use serde_json::json;

use crate::support::daemon::Db;

pub async fn files_hold_every_restaurant_and_whole_texts(database: Db) {
    let desk = crate::open(database).await;
    let batch = desk
        .batch(&["=Pizza", "Ōtaki \"Fish\", Ltd"], json!({ "name": "Q4/é" }))
        .await;
    desk.until_asked(&batch, 3).await;
    desk.post(&batch, "cancel", json!({})).await.expect(200);
    // Longer than a cell of a workbook holds.
    let long = format!("{}end", "é🦷 ".repeat(20_000));
    let set = format!(
        "update registration_jobs set error_message = '{long}' where batch_job_id = '{batch}' and position = 1"
    );
    crate::sql(&desk, &set).await;
    let path = format!("/api/registration-batches/{batch}/export");

    let csv = desk.api.get(&path).await.expect(200);
    assert!(csv.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    assert!(
        csv.headers["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment")
    );
    let text = csv.text();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert!(
        lines[0].starts_with("position,restaurant,status,step,failed_at,error,"),
        "{}",
        lines[0]
    );
    assert!(lines[1].starts_with("1,'=Pizza,cancelled,3,"), "{}", lines[1]);
    assert!(lines[2].starts_with("2,\"Ōtaki \"\"Fish\"\", Ltd\",cancelled,3,") && lines[2].contains(&long));
    let bare = desk.api.get(&format!("{path}?safe=false")).await.expect(200).text();
    assert!(bare.contains("\r\n1,=Pizza,"), "{bare:.300}");

    let workbook = desk.api.get(&format!("{path}?format=xlsx")).await.expect(200);
    let mut workbook: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(workbook.body)).unwrap();
    let sheets = workbook.worksheets();
    let cell = |sheet: usize, row: u32, column: u32| match sheets[sheet].1.get_value((row, column)) {
        Some(Data::String(text)) => text.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        (cell(0, 1, 1), cell(0, 2, 1)),
        ("=Pizza".to_owned(), "Ōtaki \"Fish\", Ltd".to_owned())
    );
    let shown = cell(0, 2, 5);
    assert!(
        shown.ends_with("[the whole text is in the sheet \"Long cells\"]"),
        "{shown:.100}"
    );
    assert_eq!(sheets[1].0, "Long cells");
    let parts: Vec<String> = (1..u32::try_from(sheets[1].1.height()).unwrap())
        .map(|row| cell(1, row, 4))
        .collect();
    assert_eq!(parts.concat(), long);
    assert_eq!((cell(1, 1, 1), cell(1, 1, 2)), ("3".to_owned(), "error".to_owned()));

    for (format, media) in [("json", "application/json"), ("ndjson", "application/x-ndjson")] {
        let answer = desk.api.get(&format!("{path}?format={format}")).await.expect(200);
        assert_eq!(answer.headers["content-type"], media);
        assert!(answer.text().contains(&long), "{format}");
    }
    desk.api.get(&format!("{path}?format=pdf")).await.expect(400);
    let theirs = desk.daemon.api(&desk.daemon.token_in("Theirs", "viewer"));
    theirs.get(&path).await.expect(403);
}
