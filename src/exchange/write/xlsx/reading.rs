//! A workbook as another implementation reads it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;

use calamine::{Data, Reader as _, Xlsx};

use super::{GOES_ON, LONG_CELLS};

/// A sheet's name, and its cells from the first on.
pub type Sheet = (String, Vec<Vec<String>>);

/// All sheets in their order. Fails where a cell is anything but text.
pub fn sheets(file: File) -> Vec<Sheet> {
    let mut book: Xlsx<_> = Xlsx::new(BufReader::new(file)).unwrap();
    let names = book.sheet_names();
    let read = |name: String| {
        let range = book.worksheet_range(&name).unwrap();
        let (height, width) = range.end().map_or((0, 0), |(row, column)| (row + 1, column + 1));
        let text = |row, column| match range.get_value((row, column)) {
            Some(Data::String(text)) => text.clone(),
            None | Some(Data::Empty) => String::new(),
            Some(other) => panic!("{name} {row} {column}: {other:?} is no text"),
        };
        let rows = (0..height).map(|row| (0..width).map(|column| text(row, column)).collect());
        let rows = rows.collect();
        (name, rows)
    };
    names.into_iter().map(read).collect()
}

/// The rows of all sheets of the list under one header, long cells put together again.
pub fn whole(file: File) -> Vec<Vec<String>> {
    let (long, tables): (Vec<Sheet>, Vec<Sheet>) = sheets(file)
        .into_iter()
        .partition(|(name, _)| name.starts_with(LONG_CELLS));
    let mut texts: HashMap<[String; 3], String> = HashMap::new();
    for row in long.into_iter().flat_map(|(_, rows)| rows.into_iter().skip(1)) {
        let [sheet, row, column, part, text]: [String; 5] = row.try_into().unwrap();
        let known = texts.entry([sheet, row, column]).or_default();
        assert_eq!(part == "1", known.is_empty(), "parts are in order");
        known.push_str(&text);
    }
    let header = tables[0].1[0].clone();
    let mut all = vec![header.clone()];
    for (sheet, rows) in tables {
        assert_eq!(rows[0], header, "{sheet}");
        for (row, number) in rows.into_iter().zip(1..).skip(1) {
            let cells = row
                .into_iter()
                .zip(&header)
                .map(|(cell, column)| match cell.strip_suffix(GOES_ON) {
                    Some(start) => {
                        let place = [sheet.clone(), number.to_string(), column.clone()];
                        let text = texts.remove(&place).expect("the text of a cell that goes on");
                        assert!(text.starts_with(start));
                        text
                    }
                    None => cell,
                });
            all.push(cells.collect());
        }
    }
    all
}
