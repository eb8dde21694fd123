//! The main part of a workbook: its sheets and where the other parts are.

use std::collections::HashMap;
use std::io;

use super::super::{BinaryKind, FileFault};
use super::package::{Package, resolved};
use super::xml::{Event, invalid};

/// More sheets than anyone can name one of.
const MAX_SHEETS: usize = 1_000;
/// Relationships of a workbook; one with thousands of sheets has no more.
const MAX_RELATIONSHIPS: usize = 10_000;
/// Bytes of a relationship's id.
pub(super) const MAX_ID_BYTES: usize = 255;
/// Bytes of a part's name.
const MAX_TARGET_BYTES: usize = 4_096;
/// Letters of a sheet's name; programs allow 31.
const MAX_NAME: usize = 255;

pub(super) struct Book {
    pub(super) sheets: Vec<Sheet>,
    pub(super) shared_strings: Option<String>,
    pub(super) styles: Option<String>,
    /// Days are counted from 1904, as Excel for Mac once did.
    pub(super) from_1904: bool,
}

/// A sheet of cells; those with a chart alone are left out.
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) part: String,
    pub(super) hidden: bool,
}

impl Book {
    pub(super) fn read(package: &mut Package) -> Result<Self, FileFault> {
        let main = main_part(package)?;
        let mut targets: HashMap<String, (String, String)> = HashMap::new();
        package.relationships(&main, &mut |relationship| {
            if relationship.id.len() > MAX_ID_BYTES || relationship.target.len() > MAX_TARGET_BYTES {
                return Ok(());
            }
            if targets.len() >= MAX_RELATIONSHIPS {
                return Err(invalid("it has more than 10000 relationships"));
            }
            let target = resolved(&main, &relationship.target);
            targets.insert(relationship.id.into_owned(), (relationship.kind.into_owned(), target));
            Ok(())
        })?;
        let of_kind = |kind: &str| {
            let mut all = targets.values();
            all.find(|(found, _)| found == kind).map(|(_, target)| target.clone())
        };
        let mut book = Self {
            sheets: Vec::new(),
            shared_strings: of_kind("sharedStrings"),
            styles: of_kind("styles"),
            from_1904: false,
        };
        book.read_main(package, &main, &targets)?;
        Ok(book)
    }

    fn read_main(
        &mut self,
        package: &mut Package,
        main: &str,
        targets: &HashMap<String, (String, String)>,
    ) -> Result<(), FileFault> {
        let mut xml = package.part(main)?.ok_or_else(|| missing(main))?;
        let mut root = true;
        loop {
            match xml.next()? {
                Event::Start(tag) if std::mem::take(&mut root) && tag.name() != "workbook" => {
                    return Err(FileFault::BinaryFile {
                        kind: BinaryKind::OtherOffice,
                    });
                }
                // Extensions use the name again, without the attribute.
                Event::Start(tag) if tag.name() == "workbookPr" => {
                    let flag = tag.attribute("date1904");
                    self.from_1904 |= flag.is_some_and(|flag| flag == "1" || flag == "true");
                }
                Event::Start(tag) if tag.name() == "sheet" => {
                    let id = tag.attribute("id").unwrap_or_default();
                    if let Some((kind, part)) = targets.get(id.as_ref())
                        && kind == "worksheet"
                    {
                        self.sheets.push(Sheet {
                            name: tag
                                .attribute("name")
                                .unwrap_or_default()
                                .chars()
                                .take(MAX_NAME)
                                .collect(),
                            part: part.clone(),
                            hidden: tag.attribute("state").is_some_and(|state| state != "visible"),
                        });
                    }
                    if self.sheets.len() > MAX_SHEETS {
                        return Err(invalid("it has more than 1000 sheets").into());
                    }
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }
}

/// Where the package says that its main part is, or where all programs put it.
fn main_part(package: &mut Package) -> Result<String, FileFault> {
    let mut main = None;
    package.relationships("", &mut |relationship| {
        if relationship.kind == "officeDocument" {
            main.get_or_insert(resolved("", &relationship.target));
        }
        Ok(())
    })?;
    let usual = ["xl/workbook.xml", "xl/workbook.bin"];
    let usual = usual
        .iter()
        .find(|name| package.has(name))
        .map(|name| (*name).to_owned());
    match main.or(usual) {
        Some(main) if main.ends_with(".bin") => Err(FileFault::BinaryFile {
            kind: BinaryKind::BinaryWorkbook,
        }),
        Some(main) => Ok(main),
        None => Err(FileFault::BinaryFile { kind: BinaryKind::Zip }),
    }
}

pub(super) fn missing(part: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{part} is missing"))
}
