#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::Write;

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn practice(row_number: i64) -> ArchivedPractice {
    ArchivedPractice {
        row_number,
        practice_id: row_number + 1_000,
        identifier: format!("p{row_number}.nz"),
        input: Some(json!([format!("p{row_number}.nz"), "a\nb", ""])),
        status: "aggregated".to_owned(),
        error: None,
        duplicate_of: (row_number > 1).then_some(1),
        domain: None,
        step_number: 3,
        life: 1,
        attempt: 0,
        updated_at: DateTime::UNIX_EPOCH,
        url_worker_payload: Some(json!({"url": "https://p.nz/"})),
        step_data: None,
        final_payload: Some(json!({"z": 1, "a": {"lat": -36.848_460_000_000_01}, "confidence": 1.0})),
    }
}

fn archive(job_id: Uuid, practices: &[ArchivedPractice]) -> Vec<u8> {
    let head = Head::new(Part::Practices, job_id, json!({"columns": ["url"]}));
    let mut writer = ArchiveWriter::new(Vec::new(), &head).unwrap();
    for practice in practices {
        writer.line(practice).unwrap();
    }
    assert_eq!(writer.lines(), practices.len() as u64);
    writer.finish().unwrap()
}

fn read(file: &[u8], job_id: Uuid) -> Result<Vec<ArchivedPractice>, ArchiveFault> {
    let mut reader = ArchiveReader::open(file, Part::Practices, job_id)?;
    let mut practices = Vec::new();
    while let Some(practice) = reader.next_line()? {
        practices.push(practice);
    }
    Ok(practices)
}

/// The lines as text, changed, and compressed again as somebody would by hand.
fn rewritten(file: &[u8], change: impl FnOnce(&mut Vec<String>)) -> Vec<u8> {
    let text = String::from_utf8(zstd::decode_all(file).unwrap()).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    zstd::encode_all(text.as_bytes(), 1).unwrap()
}

#[test]
fn what_goes_in_comes_out() {
    let job_id = Uuid::now_v7();
    for rows in [0, 1, 500] {
        let practices: Vec<_> = (1..=rows).map(practice).collect();
        let file = archive(job_id, &practices);
        assert_eq!(read(&file, job_id).unwrap(), practices);
        let mut reader = ArchiveReader::open(file.as_slice(), Part::Practices, job_id).unwrap();
        assert_eq!(reader.head().job["columns"], json!(["url"]));
        let mut passed = 0;
        let stopped = reader.pass_over(|| {
            passed += 1;
            passed <= 10
        });
        assert_eq!(stopped.unwrap(), practices.len() < 10);
        assert!(reader.pass_over(|| true).unwrap());
        assert_eq!(reader.lines(), practices.len() as u64);
    }
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_not_taken_for_a_whole_one() {
    let job_id = Uuid::now_v7();
    let practices: Vec<_> = (1..=20).map(practice).collect();
    let file = archive(job_id, &practices);
    for length in 0..file.len() {
        let fault = read(&file[..length], job_id).unwrap_err();
        assert!(matches!(fault, ArchiveFault::CutOff), "cut at {length}: {fault:?}");
    }
    for lines in 0..21 {
        let torn = rewritten(&file, |all| all.truncate(lines));
        let fault = read(&torn, job_id).unwrap_err();
        assert!(matches!(fault, ArchiveFault::CutOff), "{lines} lines: {fault:?}");
    }
}

#[test]
fn a_file_that_was_changed_is_told_from_the_one_that_was_written() {
    type Change = fn(&mut Vec<String>);
    let job_id = Uuid::now_v7();
    let file = archive(job_id, &[practice(1), practice(2), practice(3)]);
    let changes: [(&str, Change); 6] = [
        ("a value", |lines| lines[2] = lines[2].replace("p2.nz", "q2.nz")),
        ("the head", |lines| lines[0] = lines[0].replace("\"url\"", "\"uri\"")),
        ("a line gone", |lines| drop(lines.remove(1))),
        ("two lines in each other's place", |lines| lines.swap(1, 2)),
        ("a line added at the end", |lines| lines.push(lines[1].clone())),
        ("the end in the place of the head", |lines| drop(lines.drain(..4))),
    ];
    assert_eq!(read(&rewritten(&file, |_| ()), job_id).unwrap().len(), 3);
    for (what, change) in changes {
        let fault = read(&rewritten(&file, change), job_id).unwrap_err();
        assert!(matches!(fault, ArchiveFault::Changed), "{what}: {fault:?}");
    }
}

#[test]
fn a_flipped_bit_never_gives_other_lines() {
    let job_id = Uuid::now_v7();
    let practices: Vec<_> = (1..=5).map(practice).collect();
    let file = archive(job_id, &practices);
    let mut found = 0;
    for place in 0..file.len() {
        let mut flipped = file.clone();
        flipped[place] ^= 1;
        match read(&flipped, job_id) {
            Ok(lines) => assert_eq!(lines, practices, "at byte {place}"),
            Err(_) => found += 1,
        }
    }
    assert!(found >= file.len() - 2, "only {found} of {} were found", file.len());
}

#[test]
fn what_is_something_else_says_so() {
    let job_id = Uuid::now_v7();
    let file = archive(job_id, &[practice(1)]);
    assert!(matches!(read(&file, Uuid::now_v7()), Err(ArchiveFault::Foreign)));
    let journal = ArchiveReader::open(file.as_slice(), Part::Journal, job_id);
    assert!(matches!(journal, Err(ArchiveFault::Foreign)));
    let newer = rewritten(&file, |lines| {
        lines[0] = lines[0].replace("\"version\":1", "\"version\":2");
    });
    assert!(matches!(read(&newer, job_id), Err(ArchiveFault::TooNew(2))));
    assert!(matches!(
        read(b"PK\x03\x04, no archive at all", job_id),
        Err(ArchiveFault::Reading(_))
    ));
}

#[test]
fn fields_of_later_versions_are_passed_over() {
    let job_id = Uuid::now_v7();
    let mut file = Vec::new();
    let mut writer = ArchiveWriter::new(&mut file, &Head::new(Part::Practices, job_id, json!({}))).unwrap();
    let mut line = serde_json::to_value(practice(1)).unwrap();
    line["colour"] = json!("red");
    writer.line(&line).unwrap();
    writer.finish().unwrap().flush().unwrap();
    assert_eq!(read(&file, job_id).unwrap(), [practice(1)]);
}

proptest! {
    /// An export from the archive is byte for byte that from the rows only if numbers survive every passage.
    #[test]
    fn numbers_survive_to_the_last_digit(number in any::<f64>().prop_filter("finite", |number| number.is_finite())) {
        let job_id = Uuid::now_v7();
        let before = ArchivedPractice { final_payload: Some(json!({ "lat": number })), ..practice(1) };
        let after = read(&archive(job_id, std::slice::from_ref(&before)), job_id).unwrap();
        prop_assert_eq!(serde_json::to_string(&after).unwrap(), serde_json::to_string(&[before]).unwrap());
    }
}
