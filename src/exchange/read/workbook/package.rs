//! The archive that a workbook is: parts by name, and the relationships between them (ECMA-376 part 2).

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

use zip::ZipReadOptions;
use zip::read::{Config, OwnedZipFileEntry, ZipFile};
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

use super::super::FileFault;
use super::xml::{Event, XmlReader, invalid};

/// More parts than any workbook that a person made.
const MAX_PARTS: usize = 10_000;
/// Bytes of the list of parts, which is held.
const MAX_DIRECTORY: u64 = 4 * 1024 * 1024;
/// How often the parts together may be read: for the links, for the choice of the sheet, for the rows, and once to spare.
const PASSES: u64 = 4;

/// An open archive. Parts that are not XML (pictures, macros, printer settings) are none of its business.
pub(super) struct Package {
    file: BufReader<File>,
    parts: HashMap<String, OwnedZipFileEntry>,
    /// Unpacked bytes that may still be read.
    left: u64,
}

/// One part, unpacked as it is read.
pub(super) struct Part<'a> {
    file: ZipFile<'a, BufReader<File>>,
    /// Bytes by which the part is still short of the size it declares.
    declared: u64,
    left: &'a mut u64,
}

/// A relationship of a part.
pub(super) struct Relationship<'a> {
    pub(super) id: Cow<'a, str>,
    /// The last word of its type, such as `worksheet`; the words before it tell apart editions of the standard.
    pub(super) kind: Cow<'a, str>,
    pub(super) target: Cow<'a, str>,
    pub(super) external: bool,
}

impl Package {
    /// Reads the list of parts and refuses an archive that says of itself that it is too large.
    ///
    /// [`ZipIterable`] tells the number of parts before anything is held of them; `ZipArchive` makes room for as many as
    /// the archive claims to have.
    pub(super) fn open(path: &Path, max_bytes: u64) -> Result<Self, FileFault> {
        let mut list = ZipIterable::try_new(BufReader::new(File::open(path)?), Config::default()).map_err(unpacking)?;
        if list.len() > MAX_PARTS {
            return Err(invalid("it has more than 10000 parts").into());
        }
        let mut parts = HashMap::new();
        let mut declared = 0_u64;
        let mut first = None;
        for entry in list.files().map_err(unpacking)? {
            let entry = OwnedZipFileEntry::from(entry.map_err(unpacking)?);
            let at = entry.central_header_start();
            if at.saturating_sub(*first.get_or_insert(at)) > MAX_DIRECTORY {
                return Err(invalid("its list of parts is too long").into());
            }
            let name = part_name(&entry.name().map_err(unpacking)?);
            if [".xml", ".rels", ".bin"].iter().any(|ending| name.ends_with(ending)) {
                declared = declared.saturating_add(if name.ends_with(".bin") { 0 } else { entry.size() });
                parts.entry(name).or_insert(entry);
            }
        }
        if declared > max_bytes {
            return Err(too_large().into());
        }
        Ok(Self {
            file: BufReader::new(File::open(path)?),
            parts,
            left: declared.saturating_mul(PASSES),
        })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(&part_name(name))
    }

    /// The XML of a part, `None` when the archive has no such part.
    pub(super) fn part(&mut self, name: &str) -> io::Result<Option<XmlReader<Part<'_>>>> {
        let Some(entry) = self.parts.get(&part_name(name)) else {
            return Ok(None);
        };
        let declared = entry.size();
        let file = entry
            .as_ref()
            .with_reader(&mut self.file, ZipReadOptions::new())
            .map_err(unpacking)?;
        Ok(Some(XmlReader::new(Part {
            file,
            declared,
            left: &mut self.left,
        })))
    }

    /// Hands each relationship of a part to `take`. A part without any has no list of them.
    pub(super) fn relationships(
        &mut self,
        part: &str,
        take: &mut dyn FnMut(Relationship<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let (directory, file) = part.rsplit_once('/').unwrap_or(("", part));
        let Some(mut xml) = self.part(&format!("{directory}/_rels/{file}.rels"))? else {
            return Ok(());
        };
        loop {
            match xml.next()? {
                Event::Start(tag) if tag.name() == "Relationship" => {
                    let attribute = |name| tag.attribute(name).unwrap_or_default();
                    let kind = attribute("Type");
                    take(Relationship {
                        id: attribute("Id"),
                        kind: kind.rsplit('/').next().unwrap_or_default().to_owned().into(),
                        target: attribute("Target"),
                        external: attribute("TargetMode") == "External",
                    })?;
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.declared = self
            .declared
            .checked_sub(read as u64)
            .ok_or_else(|| invalid("a part is longer than it says"))?;
        *self.left = self.left.checked_sub(read as u64).ok_or_else(too_large)?;
        Ok(read)
    }
}

/// The name of the part that a relationship of `part` leads to.
pub(super) fn resolved(part: &str, target: &str) -> String {
    if target.starts_with('/') {
        return part_name(target);
    }
    let mut path: Vec<&str> = part.split('/').collect();
    path.pop();
    for step in target.split('/') {
        match step {
            "." => {}
            ".." => drop(path.pop()),
            step => path.push(step),
        }
    }
    part_name(&path.join("/"))
}

/// Names of parts are compared without case; some programs write them with a leading slash, or with backslashes.
fn part_name(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_ascii_lowercase()
}

fn too_large() -> io::Error {
    ErrorKind::FileTooLarge.into()
}

fn unpacking(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        ZipError::UnsupportedArchive(reason) => invalid(reason),
        _ => invalid("the archive is broken or cut off"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn targets_are_relative_to_their_part() {
        assert_eq!(
            resolved("xl/workbook.xml", "worksheets/Sheet1.xml"),
            "xl/worksheets/sheet1.xml"
        );
        assert_eq!(resolved("xl/workbook.xml", "/xl/styles.xml"), "xl/styles.xml");
        assert_eq!(
            resolved("xl/worksheets/sheet1.xml", "../media/./a.xml"),
            "xl/media/a.xml"
        );
        assert_eq!(resolved("workbook.xml", "../../a.xml"), "a.xml");
        assert_eq!(resolved("", "xl\\workbook.xml"), "xl/workbook.xml");
    }
}
