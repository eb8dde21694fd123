//! Where the links of a sheet lead.
//!
//! A sheet lists its links behind its cells, so they are read before the cells are. Only those that lead to a website are
//! kept: the others (e-mail addresses, files, places in the workbook) are no answer to where the website is.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use super::book::MAX_ID_BYTES;
use super::package::Package;
use super::sheet::place;
use super::spool::Spool;
use super::xml::Event;

/// As many links as Excel keeps in a sheet.
const MAX_LINKS: usize = 65_530;
/// Rows of a link that is laid over several cells.
const MAX_ROWS: u32 = 1_000;

/// The links of one sheet.
pub(super) struct Links {
    /// Row, column and the number of the target, in order.
    cells: Vec<(u32, u32, u64)>,
    targets: Spool,
}

impl Links {
    /// The links of a sheet that has none.
    pub(super) fn none(scratch: &Path) -> Self {
        Self {
            cells: Vec::new(),
            targets: Spool::new(scratch),
        }
    }

    pub(super) fn read(
        package: &mut Package,
        sheet: &str,
        scratch: &Path,
        is_url: &dyn Fn(&str) -> bool,
    ) -> io::Result<Self> {
        let mut links = Self::none(scratch);
        let mut numbers: HashMap<String, u64> = HashMap::new();
        package.relationships(sheet, &mut |relationship| {
            let leads_out = relationship.kind == "hyperlink" && relationship.external;
            if leads_out
                && relationship.id.len() <= MAX_ID_BYTES
                && numbers.len() < MAX_LINKS
                && is_url(&relationship.target)
            {
                numbers.insert(relationship.id.into_owned(), links.targets.len());
                links.targets.push(&relationship.target)?;
            }
            Ok(())
        })?;
        if !numbers.is_empty() {
            links.read_cells(package, sheet, &numbers)?;
            links.cells.sort_unstable();
        }
        Ok(links)
    }

    fn read_cells(&mut self, package: &mut Package, sheet: &str, numbers: &HashMap<String, u64>) -> io::Result<()> {
        let Some(mut xml) = package.part(sheet)? else {
            return Ok(());
        };
        while self.cells.len() < MAX_LINKS {
            match xml.next()? {
                Event::Start(tag) if tag.name() == "hyperlink" => {
                    let number = tag.attribute("id").and_then(|id| numbers.get(id.as_ref()).copied());
                    let cells = tag.attribute("ref").unwrap_or_default();
                    let (first, last) = cells.split_once(':').unwrap_or((&cells, &cells));
                    // A link over merged cells belongs to the first of them, where the value stands.
                    if let (Some(number), Some((row, column)), Some((last, _))) = (number, place(first), place(last)) {
                        let left = MAX_LINKS - self.cells.len();
                        let rows = (row..=last).take(left.min(MAX_ROWS as usize));
                        self.cells.extend(rows.map(|row| (row, column, number)));
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        Ok(())
    }

    /// Column and target number of each link in a row, from left to right.
    pub(super) fn of_row(&self, row: u32) -> impl Iterator<Item = (u32, u64)> {
        let start = self.cells.partition_point(|(found, ..)| *found < row);
        let of_row = self.cells[start..].iter().take_while(move |(found, ..)| *found == row);
        of_row.map(|(_, column, number)| (*column, *number))
    }

    pub(super) fn push_target_to(&mut self, number: u64, out: &mut String) -> io::Result<bool> {
        self.targets.push_to(number, out)
    }
}

/// The address of `HYPERLINK("address","text")`, where it is written out.
pub(super) fn of_formula(formula: &str) -> Option<String> {
    let formula = formula.trim().trim_start_matches('=');
    let name = formula.get(..9).filter(|name| name.eq_ignore_ascii_case("HYPERLINK"))?;
    let arguments = formula[name.len()..].trim_start().strip_prefix('(')?;
    let literal = arguments.trim_start().strip_prefix('"')?;
    let mut address = String::new();
    let mut letters = literal.chars();
    loop {
        match letters.next()? {
            '"' if letters.as_str().starts_with('"') => {
                letters.next();
                address.push('"');
            }
            '"' => break,
            letter => address.push(letter),
        }
    }
    // Joined with something else, the literal is a part of the address only.
    letters
        .as_str()
        .trim_start()
        .starts_with([',', ')', ';'])
        .then_some(address)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn formulas_that_say_where_they_lead() {
        for (formula, address) in [
            ("HYPERLINK(\"https://acme.nz\",\"Acme\")", Some("https://acme.nz")),
            (
                "=hyperlink ( \"https://acme.nz/?q=\"\"x\"\"\" )",
                Some("https://acme.nz/?q=\"x\""),
            ),
            ("HYPERLINK(\"https://\"&B2,\"Acme\")", None),
            ("HYPERLINK(B2)", None),
            ("HYPERLINK(\"open", None),
            ("SUM(A1)", None),
            ("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}", None),
            ("", None),
        ] {
            assert_eq!(of_formula(formula).as_deref(), address, "{formula}");
        }
    }
}
