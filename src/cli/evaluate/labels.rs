//! Labelled sites on disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

/// What a person says stands on the pages of a site.
#[derive(Debug, Deserialize)]
pub struct Labels {
    /// The address in the list.
    pub url: String,
    pub pages: Vec<LabelledPage>,
    /// The list's default country.
    pub region: Option<String>,
    pub expected: Expected,
    /// Values that stand on the pages and are not the business's own.
    #[serde(default)]
    pub never: Vec<String>,
    /// Other ways to write a value, by field; the first of each group stands in `expected`.
    #[serde(default)]
    pub alternatives: BTreeMap<String, Vec<Vec<String>>>,
}

/// A page as a server sends it.
#[derive(Debug, Deserialize)]
pub struct LabelledPage {
    pub file: PathBuf,
    pub url: String,
    pub content_type: Option<String>,
}

/// The business's own values. What is absent is not scored.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Any one of these is right.
    pub name: Option<Vec<String>>,
    pub phones: Option<Vec<String>>,
    pub fax: Option<Vec<String>>,
    pub emails: Option<Vec<String>>,
    pub social: Option<Vec<String>>,
    pub streets: Option<Vec<String>>,
    pub localities: Option<Vec<String>>,
    pub postal_codes: Option<Vec<String>>,
    pub countries: Option<Vec<String>>,
    pub hours: Option<Vec<Span>>,
    pub people: Option<Vec<Person>>,
    pub services: Option<Vec<String>>,
    pub languages: Option<Vec<String>>,
}

/// Opening hours of some days.
#[derive(Debug, Deserialize)]
pub struct Span {
    pub days: Vec<String>,
    pub opens: String,
    pub closes: String,
}

/// Somebody who works there; the role is not scored.
#[derive(Debug, Deserialize)]
pub struct Person {
    pub name: String,
}

/// A labelled site and where it is.
#[derive(Debug)]
pub struct Entry {
    pub directory: PathBuf,
    pub labels: Labels,
}

impl Entry {
    /// The name of the directory.
    pub fn name(&self) -> String {
        let name = self.directory.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// All labelled sites under a directory, by name.
///
/// # Errors
/// Where a directory cannot be read, or labels are no labels.
pub fn entries(directory: &Path) -> anyhow::Result<Vec<Entry>> {
    let cannot = || format!("{} cannot be read", directory.display());
    let labels = directory.join("labels.json");
    if labels.try_exists().with_context(cannot)? {
        let text = fs::read_to_string(&labels).with_context(cannot)?;
        let labels = serde_json::from_str(&text).with_context(|| labels.display().to_string())?;
        return Ok(vec![Entry {
            directory: directory.to_owned(),
            labels,
        }]);
    }
    let mut below = Vec::new();
    for entry in fs::read_dir(directory).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        if entry.file_type().with_context(cannot)?.is_dir() {
            below.push(entry.path());
        }
    }
    below.sort();
    let mut found = Vec::new();
    for directory in below {
        found.append(&mut entries(&directory)?);
    }
    Ok(found)
}
