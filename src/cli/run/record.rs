//! What a run was begun with, kept with its job, so that a later run knows whether it is the same one.

use std::path::Path;
use std::{fs::File, io};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Options;

/// The key under which it stands in the settings of the job.
const KEY: &str = "run";
/// Bytes that are read at a time.
const CHUNK: usize = 64 * 1024;

/// A list on disk, and what it is known by.
#[derive(Clone, Debug)]
pub struct List {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
    /// It came from a pipe and was written to the spool.
    pub spooled: bool,
}

impl List {
    /// Reads the list once. What cannot be read twice, such as standard input (`-`), is written to `spool` meanwhile.
    /// Blocks.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn read(list: &Path, spool: &Path) -> anyhow::Result<Self> {
        let unreadable = || format!("{} cannot be read", list.display());
        if list == Path::new("-") {
            return Self::spool("standard input".to_owned(), io::stdin().lock(), spool);
        }
        let file = File::open(list).with_context(unreadable)?;
        let kind = file.metadata().with_context(unreadable)?.file_type();
        let name = list
            .file_name()
            .unwrap_or(list.as_os_str())
            .to_string_lossy()
            .into_owned();
        if kind.is_dir() {
            bail!("{} is a directory; name the list itself", list.display());
        }
        if !kind.is_file() {
            return Self::spool(name, file, spool);
        }
        let (bytes, sha256) = digest(file, io::sink()).with_context(unreadable)?;
        Ok(Self {
            name,
            bytes,
            sha256,
            spooled: false,
        })
    }

    fn spool(name: String, list: impl io::Read, spool: &Path) -> anyhow::Result<Self> {
        let unwritable = || format!("{name} cannot be kept in {}", spool.display());
        let copy = File::create(spool).with_context(unwritable)?;
        let (bytes, sha256) = digest(list, copy).with_context(unwritable)?;
        Ok(Self {
            name,
            bytes,
            sha256,
            spooled: true,
        })
    }
}

/// Copies all of it, and tells how much that was and its SHA-256 in lower-case hex.
fn digest(mut from: impl io::Read, mut to: impl io::Write) -> io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        let read = match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(&chunk[..read]);
        to.write_all(&chunk[..read])?;
        bytes += read as u64;
    }
    to.flush()?;
    let hex = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((bytes, hex))
}

/// The list and the arguments that a job was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Name of the list; two of the same content are the same list all the same.
    list: String,
    bytes: u64,
    sha256: String,
    url_column: Option<String>,
    #[serde(default)]
    sheet: Option<String>,
    region: Option<String>,
    play: String,
    /// Name of the result that the first run was to write.
    output: String,
}

impl Record {
    #[must_use]
    pub fn new(list: &List, options: &Options, output: String) -> Self {
        Self {
            list: list.name.clone(),
            bytes: list.bytes,
            sha256: list.sha256.clone(),
            url_column: options.url_column.clone(),
            sheet: options.sheet.clone(),
            region: options.region.clone(),
            play: options.play.clone(),
            output,
        }
    }

    /// The record in the settings of a job that a run made.
    #[must_use]
    pub fn of_job(settings: &Value) -> Option<Self> {
        serde_json::from_value(settings.get(KEY)?.clone()).ok()
    }

    /// The settings of the job, the record among them.
    #[must_use]
    pub fn job_settings(&self) -> Value {
        let mut settings = json!({ KEY: self });
        if let Some(region) = &self.region {
            settings["region"] = region.as_str().into();
        }
        settings
    }

    #[must_use]
    pub fn url_column(&self) -> Option<&str> {
        self.url_column.as_deref()
    }

    #[must_use]
    pub fn sheet(&self) -> Option<&str> {
        self.sheet.as_deref()
    }

    #[must_use]
    pub fn play(&self) -> &str {
        &self.play
    }

    /// Whether the first run was to write a file of this name.
    #[must_use]
    pub fn wrote(&self, output: &str) -> bool {
        self.output == output
    }

    /// What `now` does not have in common with what the job was begun with, each as a person would say it.
    #[must_use]
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.sha256 != now.sha256 {
            found.push(format!(
                "the content of the list (then {}, {} bytes; now {}, {} bytes)",
                self.list, self.bytes, now.list, now.bytes
            ));
        }
        let options = [
            ("--url-column", &self.url_column, &now.url_column),
            ("--sheet", &self.sheet, &now.sheet),
            ("--region", &self.region, &now.region),
            ("--play", &Some(self.play.clone()), &Some(now.play.clone())),
        ];
        for (name, then, now) in options {
            if then != now {
                let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "not given".to_owned());
                found.push(format!("{name} (then {}; now {})", said(then), said(now)));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn record() -> Record {
        Record {
            list: "list.csv".to_owned(),
            bytes: 7,
            sha256: "ab".to_owned(),
            url_column: None,
            sheet: None,
            region: Some("NZ".to_owned()),
            play: "practice-enrichment".to_owned(),
            output: "result.csv".to_owned(),
        }
    }

    #[test]
    fn it_is_found_again_in_the_settings_of_the_job() {
        let settings = record().job_settings();
        assert_eq!(settings["region"], "NZ");
        assert_eq!(Record::of_job(&settings), Some(record()));
        assert_eq!(Record::of_job(&json!({ "region": "NZ" })), None);
    }

    #[test]
    fn names_may_differ_and_everything_else_is_told() {
        let mut now = record();
        now.list = "renamed.csv".to_owned();
        now.output = "result.json".to_owned();
        assert_eq!(record().differences(&now), Vec::<String>::new());
        now.sha256 = "cd".to_owned();
        now.url_column = Some("website".to_owned());
        now.region = None;
        assert_eq!(
            record().differences(&now),
            [
                "the content of the list (then list.csv, 7 bytes; now renamed.csv, 7 bytes)",
                "--url-column (then not given; now website)",
                "--region (then NZ; now not given)",
            ]
        );
    }

    #[test]
    fn a_list_is_known_by_its_content() {
        let directory = tempfile::tempdir().unwrap();
        let (list, spool) = (directory.path().join("list.csv"), directory.path().join("spool"));
        std::fs::write(&list, "abc").unwrap();
        let read = List::read(&list, &spool).unwrap();
        // The example of FIPS 180-2, appendix B.1.
        assert_eq!(
            read.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!((read.bytes, read.spooled, read.name.as_str()), (3, false, "list.csv"));
        let spooled = List::spool("pipe".to_owned(), "abc".as_bytes(), &spool).unwrap();
        assert_eq!((spooled.sha256, spooled.spooled), (read.sha256, true));
        assert_eq!(std::fs::read(&spool).unwrap(), b"abc");
        assert!(List::read(directory.path(), &spool).is_err());
    }
}
