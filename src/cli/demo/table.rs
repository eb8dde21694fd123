//! The outcome as a table that fits a terminal.

use std::fmt::Write as _;

use serde_json::Value;

const NAME: usize = 32;
const TELEPHONE: usize = 14;
const TOWN: usize = 22;
/// Width of everything behind the name.
const REST: usize = TELEPHONE + TOWN + 16;

/// The days of the week as the payload names them, and as the table does.
const DAYS: [(&str, char); 7] = [
    ("Mo", 'M'),
    ("Tu", 'T'),
    ("We", 'W'),
    ("Th", 'T'),
    ("Fr", 'F'),
    ("Sa", 'S'),
    ("Su", 'S'),
];

/// A line for each row of an export as JSON, below a header.
pub(super) fn table(rows: &[Value]) -> String {
    let mut out = format!(
        "     {}  {}  {}  Open     Sure\n",
        fit("Practice", NAME),
        fit("Telephone", TELEPHONE),
        fit("Town", TOWN)
    );
    for row in rows {
        let found = &row["result"];
        let name = found["name"].as_str().or(row["input"]["Practice name"].as_str());
        let number = row["row_number"].as_u64().unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(out, "{number:>3}  {}  ", fit(name.unwrap_or_default(), NAME));
        out.push_str(outcome(row).trim_end());
        out.push('\n');
    }
    out
}

/// What was found, or why nothing was.
fn outcome(row: &Value) -> String {
    let found = &row["result"];
    if let Some(error) = row["error"].as_str() {
        return fit(error, REST);
    }
    if let Some(leader) = row["duplicate_of"].as_u64() {
        return format!("the same website as row {leader}");
    }
    let sure = found["confidence"].as_f64().unwrap_or_default();
    if sure == 0.0 {
        return "nothing on the page names the practice".to_owned();
    }
    format!(
        "{}  {}  {}  {:>3.0}%",
        fit(found["phones"][0]["e164"].as_str().unwrap_or_default(), TELEPHONE),
        fit(&town(&found["addresses"][0]), TOWN),
        week(&found["opening_hours"]),
        sure * 100.0
    )
}

fn town(address: &Value) -> String {
    let parts = ["locality", "country"].iter().filter_map(|key| address[key].as_str());
    parts.collect::<Vec<_>>().join(", ")
}

/// `MTWTF··` for a practice that is open on weekdays, blank where the hours are unknown.
fn week(hours: &Value) -> String {
    let open: Vec<&str> = hours
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|span| span["days"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect();
    if open.is_empty() {
        return " ".repeat(DAYS.len());
    }
    let letter = |(day, letter)| if open.contains(&day) { letter } else { '·' };
    DAYS.map(letter).iter().collect()
}

/// `text` in exactly `width` columns: padded, or cut with an ellipsis.
fn fit(text: &str, width: usize) -> String {
    let whole: usize = text.chars().map(columns).sum();
    if whole <= width {
        return text.to_owned() + &" ".repeat(width - whole);
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        if used + columns(c) >= width {
            break;
        }
        used += columns(c);
        out.push(c);
    }
    out.push('…');
    out + &" ".repeat(width - used - 1)
}

/// How many columns a terminal gives a letter: two to those of East Asian scripts.
fn columns(c: char) -> usize {
    match c {
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ff60}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_fill_their_column() {
        assert_eq!(fit("Köln", 6), "Köln  ");
        assert_eq!(fit("Wellington", 6), "Welli…");
        assert_eq!(fit("みどり", 6), "みどり");
        assert_eq!(fit("みどり歯", 6), "みど… ");
        assert_eq!(fit("", 2), "  ");
    }

    #[test]
    fn a_row_says_what_was_found_or_why_nothing_was() {
        let rows = [
            json!({"row_number": 1, "input": {"Practice name": "Acme"}, "result": {
                "name": "Acme Dental", "phones": [{"e164": "+6495550123"}], "confidence": 0.767,
                "addresses": [{"locality": "Auckland", "country": "NZ"}],
                "opening_hours": [{"days": ["Mo", "We"]}, {"days": ["Su"]}],
            }}),
            json!({"row_number": 2, "input": {"Practice name": "Blank"}, "result": {"confidence": 0.0}}),
            json!({"row_number": 5, "input": {"Practice name": "Brief"}, "result": {"confidence": 0.2}}),
            json!({"row_number": 3, "input": {"Practice name": "Copy"}, "duplicate_of": 1, "result": {}}),
            json!({"row_number": 4, "input": {"Practice name": "Gone"}, "error": "It is gone."}),
        ];
        let table = table(&rows);
        let lines: Vec<Vec<&str>> = table
            .lines()
            .map(|line| {
                line.split("  ")
                    .map(str::trim)
                    .filter(|cell| !cell.is_empty())
                    .collect()
            })
            .collect();
        let begin = |line: &str| line.find(char::is_alphabetic);
        assert!(table.lines().all(|line| begin(line) == Some(5)), "{table}");
        assert_eq!(lines[0], ["Practice", "Telephone", "Town", "Open", "Sure"]);
        assert_eq!(
            lines[1],
            ["1", "Acme Dental", "+6495550123", "Auckland, NZ", "M·W···S", "77%"]
        );
        assert_eq!(lines[2], ["2", "Blank", "nothing on the page names the practice"]);
        assert_eq!(lines[3], ["5", "Brief", "20%"]);
        assert_eq!(lines[4], ["3", "Copy", "the same website as row 1"]);
        assert_eq!(lines[5], ["4", "Gone", "It is gone."]);
    }
}
