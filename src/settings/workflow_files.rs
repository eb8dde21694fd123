//! Workflows as files: the built-in ones, and those of the operator's directory over them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The built-in files, by name.
const BUILT_IN: [(&str, &str); 1] = [(
    "practice-enrichment.toml",
    include_str!("../../config/workflows/practice-enrichment.toml"),
)];

/// One workflow of a file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthoredWorkflow {
    pub slug: String,
    pub title: String,
    /// `overall_step_number`: place in the play, ascending, gaps allowed.
    pub step: i32,
    /// `native` and the names of outside providers.
    pub provider: String,
    #[serde(default = "sync")]
    pub mode: String,
    #[serde(default = "hq")]
    pub destination_db: String,
    #[serde(default)]
    pub destination_table: Option<String>,
    /// JSON path in the data → column.
    #[serde(default)]
    pub destination_field_mappings: BTreeMap<String, String>,
    #[serde(default)]
    pub settings: serde_json::Map<String, serde_json::Value>,
    #[serde(default = "yes")]
    pub enabled: bool,
}

/// Handlers that are built in.
const HANDLERS: [&str; 3] = ["url", "scrape", "aggregate"];

impl AuthoredWorkflow {
    /// What the database or the engine would refuse later, told now.
    fn check(&self) -> Result<(), String> {
        let one_of = |key: &str, value: &str, known: &[&str]| {
            if known.contains(&value) {
                Ok(())
            } else {
                Err(format!("'{key}' must be one of {}", known.join(", ")))
            }
        };
        if self.step < 1 {
            return Err("'step' must be 1 or more".to_owned());
        }
        if !(1..=120).contains(&self.slug.chars().count()) {
            return Err("'slug' must have 1 to 120 characters".to_owned());
        }
        one_of("provider", &self.provider, &["native"])?;
        one_of("mode", &self.mode, &["sync", "async"])?;
        one_of("destination_db", &self.destination_db, &["hq", "workspace"])?;
        let setting = |key: &str| self.settings.get(key).and_then(serde_json::Value::as_str);
        one_of("settings.handler", setting("handler").unwrap_or_default(), &HANDLERS)?;
        match setting("done_status") {
            Some(status) => one_of(
                "settings.done_status",
                status,
                &["url_complete", "scraped", "aggregated"],
            ),
            None => Ok(()),
        }
    }
}

fn sync() -> String {
    "sync".to_owned()
}

fn hq() -> String {
    "hq".to_owned()
}

fn yes() -> bool {
    true
}

/// A play's file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkflowFile {
    pub play: String,
    #[serde(rename = "workflow")]
    pub workflows: Vec<AuthoredWorkflow>,
}

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WorkflowFileError {
    #[error("the workflow file {} cannot be read", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("the workflow file {name} is wrong: {source}")]
    Parse { name: String, source: Box<toml::de::Error> },
    #[error("the workflow '{slug}' in {name} is wrong: {what}")]
    Wrong { name: String, slug: String, what: String },
    #[error("the workflow '{slug}' stands in {first} and in {second}; slugs are unique")]
    Twice {
        slug: String,
        first: String,
        second: String,
    },
}

/// All files: a file of the directory takes the place of the built-in one of the same name. A directory that does not
/// exist holds none.
///
/// # Errors
/// The first file that cannot be read or is wrong; nothing should be applied then.
pub fn workflow_files(directory: &Path) -> Result<Vec<WorkflowFile>, WorkflowFileError> {
    let (files, mistakes) = read_workflow_files(directory)?;
    match mistakes.into_iter().next() {
        None => Ok(files),
        Some(first) => Err(first),
    }
}

/// All files that are right, and what is wrong with the others.
///
/// # Errors
/// Where the directory or a file cannot be read.
pub fn read_workflow_files(directory: &Path) -> Result<(Vec<WorkflowFile>, Vec<WorkflowFileError>), WorkflowFileError> {
    let mut texts: BTreeMap<String, String> = BUILT_IN
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    texts.extend(directory_texts(directory)?);
    let (mut files, mut mistakes) = (Vec::new(), Vec::new());
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for (name, text) in texts {
        let file: WorkflowFile = match toml::from_str(&text) {
            Ok(file) => file,
            Err(source) => {
                mistakes.push(WorkflowFileError::Parse {
                    name,
                    source: Box::new(source),
                });
                continue;
            }
        };
        for workflow in &file.workflows {
            let slug = workflow.slug.clone();
            if let Err(what) = workflow.check() {
                mistakes.push(WorkflowFileError::Wrong {
                    name: name.clone(),
                    slug: slug.clone(),
                    what,
                });
            }
            if let Some(first) = owners.insert(slug.clone(), name.clone()) {
                mistakes.push(WorkflowFileError::Twice {
                    slug,
                    first,
                    second: name.clone(),
                });
            }
        }
        files.push(file);
    }
    Ok((files, mistakes))
}

fn directory_texts(directory: &Path) -> Result<BTreeMap<String, String>, WorkflowFileError> {
    let fault = |source| WorkflowFileError::Read {
        path: directory.to_owned(),
        source,
    };
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(fault(error)),
    };
    let mut texts = BTreeMap::new();
    for entry in entries {
        let path = entry.map_err(fault)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read_to_string(&path).map_err(|source| WorkflowFileError::Read {
                path: path.clone(),
                source,
            })?;
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            texts.insert(name, text);
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_play_has_its_three_steps() {
        let files = workflow_files(Path::new("/nonexistent")).unwrap();
        let steps: Vec<_> = files[0].workflows.iter().map(|workflow| workflow.step).collect();
        assert_eq!((files[0].play.as_str(), steps), ("practice-enrichment", vec![1, 2, 3]));
    }

    #[test]
    fn a_slug_in_two_files_is_refused_and_a_file_of_the_same_name_takes_over() {
        let directory = tempfile::tempdir().unwrap();
        let text = "play = \"mine\"\n[[workflow]]\nslug = \"practice-url\"\ntitle = \"t\"\nstep = 1\nprovider = \"native\"\nsettings = { handler = \"url\" }\n";
        std::fs::write(directory.path().join("mine.toml"), text).unwrap();
        assert!(matches!(
            workflow_files(directory.path()),
            Err(WorkflowFileError::Twice { .. })
        ));
        std::fs::rename(
            directory.path().join("mine.toml"),
            directory.path().join("practice-enrichment.toml"),
        )
        .unwrap();
        assert_eq!(workflow_files(directory.path()).unwrap()[0].play, "mine");
    }

    #[test]
    fn what_the_database_would_refuse_is_told_before() {
        let wrong = [
            "step = 0\nprovider = \"native\"\nsettings = { handler = \"url\" }",
            "step = 1\nprovider = \"fax\"\nsettings = { handler = \"url\" }",
            "step = 1\nprovider = \"native\"\nsettings = { handler = \"magic\" }",
            "step = 1\nprovider = \"native\"\nsettings = { handler = \"url\", done_status = \"error\" }",
            "step = 1\nprovider = \"native\"\nmode = \"later\"\nsettings = { handler = \"url\" }",
        ];
        for body in wrong {
            let directory = tempfile::tempdir().unwrap();
            let text = format!("play = \"p\"\n[[workflow]]\nslug = \"s\"\ntitle = \"t\"\n{body}\n");
            std::fs::write(directory.path().join("x.toml"), text).unwrap();
            let error = workflow_files(directory.path());
            assert!(
                matches!(error, Err(WorkflowFileError::Wrong { .. })),
                "{body}: {error:?}"
            );
        }
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(
            directory.path().join("x.toml"),
            "play = \"p\"\nworkflow = []\nsteps = 1\n",
        )
        .unwrap();
        assert!(matches!(
            workflow_files(directory.path()),
            Err(WorkflowFileError::Parse { .. })
        ));
    }
}
