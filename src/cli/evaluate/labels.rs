//! Labelled sites on disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

use super::score::FIELDS;

/// What a person says stands on the pages of a site.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// For those who read the labels; the program has no use for it, and would refuse a field that it does not know.
    #[serde(default, rename = "note")]
    _note: serde::de::IgnoredAny,
}

/// A page as a server sends it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
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

/// The labels in a file.
///
/// # Errors
/// Where it holds no object of labels, or a field that there is not.
fn parse(text: &str) -> anyhow::Result<Labels> {
    // Structures are also read from lists, whose complaints nobody understands.
    anyhow::ensure!(
        text.trim_start().starts_with('{'),
        "labels are an object with url, pages and expected: see batchdesk evaluate --help"
    );
    let labels: Labels = serde_json::from_str(text)?;
    anyhow::ensure!(!labels.pages.is_empty(), "pages: there is none");
    check(&labels.expected)?;
    if let Some(region) = &labels.region {
        crate::scrape::region_code(region).map_err(|unknown| anyhow::anyhow!("region: {unknown}"))?;
    }
    if let Some(unknown) = labels
        .alternatives
        .keys()
        .find(|field| !FIELDS.iter().any(|known| known.name == **field))
    {
        anyhow::bail!("alternatives: there is no field {unknown}");
    }
    Ok(labels)
}

/// Refuses values that nothing which is found could ever be like.
fn check(expected: &Expected) -> anyhow::Result<()> {
    let numbers = [("phones", &expected.phones), ("fax", &expected.fax)];
    for (field, numbers) in numbers {
        for number in numbers.iter().flatten() {
            let digits = number.strip_prefix('+').unwrap_or_default();
            anyhow::ensure!(
                digits.len() >= 6 && digits.bytes().all(|b| b.is_ascii_digit()),
                "{field}: {number} is not in E.164, such as +6495550123"
            );
        }
    }
    let clock = |time: &str| {
        time.len() == 5 && time.as_bytes()[2] == b':' && time.bytes().filter(u8::is_ascii_digit).count() == 4
    };
    for span in expected.hours.iter().flatten() {
        let known = |day: &String| ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"].contains(&day.as_str());
        anyhow::ensure!(
            span.days.iter().all(known) && clock(&span.opens) && clock(&span.closes),
            "hours: days are Mo to Su and times HH:MM, not {:?} {} {}",
            span.days,
            span.opens,
            span.closes
        );
    }
    Ok(())
}

/// All labelled sites under a directory, by name.
///
/// # Errors
/// Where a directory cannot be read, or labels are no labels.
pub fn entries(directory: &Path) -> anyhow::Result<Vec<Entry>> {
    let cannot = || format!("{} cannot be read", directory.display());
    anyhow::ensure!(
        !directory.is_file(),
        "{} is a file: name the directory of labelled sites",
        directory.display()
    );
    let labels = directory.join("labels.json");
    if labels.try_exists().with_context(cannot)? {
        let text = fs::read_to_string(&labels).with_context(cannot)?;
        let labels = parse(&text).with_context(|| labels.display().to_string())?;
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn labels_that_are_none_are_refused_with_their_fault() {
        let told = |text: &str| parse(text).map(|_| ()).map_err(|error| error.to_string());
        let good = r#"{"url": "https://a.nz/", "pages": [{"file": "a", "url": "a"}], "expected": {}, "note": "odd"}"#;
        assert_eq!(told(good), Ok(()));
        for (text, fault) in [
            ("[]", "labels are an object"),
            (
                r#"{"url": "https://a.nz/", "pages": [], "expected": {}, "nevr": []}"#,
                "nevr",
            ),
            (
                r#"{"url": "https://a.nz/", "pages": [], "expected": {"phone": []}}"#,
                "phone",
            ),
            (
                r#"{"url": "a", "pages": [{"file": "a", "url": "a"}], "expected": {}, "alternatives": {"street": []}}"#,
                "street",
            ),
            (r#"{"url": "a", "pages": [], "expected": {}}"#, "pages"),
            (
                r#"{"url": "a", "pages": [{"file": "a", "url": "a"}], "expected": {"phones": ["09 445 4412"]}}"#,
                "09 445 4412 is not in E.164",
            ),
            (
                r#"{"url": "a", "pages": [{"file": "a", "url": "a"}], "expected": {"hours": [{"days": ["Monday"], "opens": "09:00", "closes": "5pm"}]}}"#,
                "HH:MM",
            ),
            (
                r#"{"url": "a", "pages": [{"file": "a", "url": "a", "type": "x"}], "expected": {}}"#,
                "type",
            ),
        ] {
            let message = told(text).unwrap_err();
            assert!(message.contains(fault), "{text}: {message}");
        }
    }
}
