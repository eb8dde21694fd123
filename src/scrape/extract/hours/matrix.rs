//! Tables that have the days in their first row and the times below them, or marks below them and the times at the left.

use super::span;
use super::text::{days_alone, ranges};
use crate::scrape::payload::{Day, OpeningHours};

/// The days of a table's columns.
#[derive(Debug)]
pub(super) struct Matrix {
    columns: Vec<Vec<Day>>,
    /// Cells before the first day.
    label: usize,
}

impl Matrix {
    /// Reads a header row: at least three cells that name nothing but days.
    pub(super) fn header(row: &str, language: Option<&'static str>) -> Option<Self> {
        if row.len() > 200 || row.matches('\t').count() < 2 {
            return None;
        }
        let cells: Vec<Option<Vec<Day>>> = row.split('\t').map(|cell| days_alone(cell, language)).collect();
        let label = cells.iter().position(Option::is_some)?;
        let columns: Vec<Vec<Day>> = cells.into_iter().skip(label).map(Option::unwrap_or_default).collect();
        let named = columns.iter().filter(|days| !days.is_empty()).count();
        (label <= 1 && named >= 3 && named + 1 >= columns.len()).then_some(Self { columns, label })
    }

    /// Reads a row below the header; `None` where it does not belong to the table.
    pub(super) fn row(&self, row: &str) -> Option<Vec<OpeningHours>> {
        let cells: Vec<&str> = row.split('\t').collect();
        let marked = cells.iter().skip(1).any(|cell| is_yes(cell));
        // An empty corner is not part of the header's text, the label below it is part of its row's.
        let times_first = !ranges(cells[0]).is_empty();
        let labelled =
            self.label == 1 || (times_first && marked) || cells.len() > self.columns.len() || ranges_none(cells[0]);
        let offset = usize::from(labelled);
        if cells.len() < 2 || cells.len() > self.columns.len() + offset {
            return None;
        }
        let mut out = Vec::new();
        if times_first && marked {
            let days: Vec<Day> = self.days(&cells, offset, is_yes);
            for (opens, closes) in ranges(cells[0]) {
                out.extend(span(days.clone(), opens, closes));
            }
        } else {
            for (at, cell) in cells.iter().enumerate().skip(offset) {
                let days = self.columns.get(at - offset).cloned().unwrap_or_default();
                for (opens, closes) in ranges(cell) {
                    out.extend(span(days.clone(), opens, closes));
                }
            }
        }
        (!out.is_empty()).then_some(out)
    }

    fn days(&self, cells: &[&str], offset: usize, wanted: fn(&str) -> bool) -> Vec<Day> {
        let columns = cells.iter().enumerate().skip(offset);
        columns
            .filter(|(_, cell)| wanted(cell))
            .flat_map(|(at, _)| self.columns.get(at - offset).cloned().unwrap_or_default())
            .collect()
    }
}

/// A cell that is a label: words, no times and no mark.
fn ranges_none(cell: &str) -> bool {
    cell.chars().any(char::is_alphabetic) && ranges(cell).is_empty()
}

/// A mark for "open"; triangles and stars point to other hours in a note.
fn is_yes(cell: &str) -> bool {
    matches!(
        cell.trim(),
        "●" | "○" | "◯" | "〇" | "◎" | "✓" | "✔" | "x" | "X" | "•" | "⚫" | "⚪"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn shown(header: &str, row: &str) -> Vec<String> {
        let week = Matrix::header(header, None).unwrap().row(row).unwrap();
        week.iter()
            .map(|h| format!("{:?} {}-{}", h.days, h.opens, h.closes))
            .collect()
    }

    #[test]
    fn days_in_columns() {
        let header = "Mo\tDi\tMi\tDo\tFr";
        assert_eq!(
            shown(header, "vormittags\t8:00–12:00\t—\t8:00–12:00\t\tn. V."),
            ["[Mo] 08:00-12:00", "[We] 08:00-12:00"]
        );
        assert_eq!(
            shown(header, "8–12\t9–12\t8–12\t—\t8–11"),
            [
                "[Mo] 08:00-12:00",
                "[Tu] 09:00-12:00",
                "[We] 08:00-12:00",
                "[Fr] 08:00-11:00"
            ]
        );
        assert_eq!(
            shown(
                "診療時間\t月\t火\t水\t木\t金\t土\t日・祝",
                "9:30～13:00\t●\t●\t●\t／\t●\t▲\t／"
            ),
            ["[Mo, Tu, We, Fr] 09:30-13:00"]
        );
        assert!(Matrix::header("Monday\t9-5", None).is_none());
        assert!(Matrix::header("Batch\tDays\tTime\tFee", None).is_none());
    }
}
