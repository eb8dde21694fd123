//! Workflows as files: the built-in ones, and those of the operator's directory over them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::registration_file::REGISTRATION_FILE;
use crate::model::workflow::NATIVE;
use crate::model::workflow_spec::{Mistake, WorkflowSpec};

/// The built-in files, by name.
const BUILT_IN: [(&str, &str); 1] = [(
    "practice-enrichment.toml",
    include_str!("../../config/workflows/practice-enrichment.toml"),
)];

/// The short names that files may use for those of the columns.
const SHORT: [(&str, &str); 3] = [
    ("slug", "workflow_slug"),
    ("step", "overall_step_number"),
    ("destination_table", "destination_table_name"),
];

/// A play's file.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowFile {
    pub play: String,
    pub workflows: Vec<WorkflowSpec>,
}

/// A play's file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthoredFile {
    play: String,
    #[serde(rename = "workflow")]
    workflows: Vec<Map<String, Value>>,
}

/// A workflow of a file under the names of the columns.
fn authored(play: &str, written: Map<String, Value>) -> Map<String, Value> {
    let mut authored = Map::new();
    for (name, value) in written {
        let long = SHORT.iter().find(|(short, _)| *short == name);
        authored.insert(long.map_or(name, |(_, long)| (*long).to_owned()), value);
    }
    authored.entry("play_name").or_insert_with(|| play.into());
    authored
}

/// The mistake as the author of a file knows its place.
fn in_file(mistake: &Mistake) -> String {
    let path = mistake.path();
    let short = SHORT.iter().find(|(_, long)| *long == path);
    format!(
        "'{}' {}",
        short.map_or(path.as_str(), |(short, _)| short),
        mistake.detail
    )
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

/// The built-in step that may be given to a dispatcher.
const DISPATCHED: &str = "practice-scrape";

/// The workflows of these files; where there is a dispatcher, the built-in scrape step is its.
#[must_use]
pub fn workflows_of(files: Vec<WorkflowFile>, dispatcher_url: &str) -> Vec<WorkflowSpec> {
    let mut workflows: Vec<WorkflowSpec> = files.into_iter().flat_map(|file| file.workflows).collect();
    let is_dispatched = |workflow: &&mut WorkflowSpec| workflow.slug == DISPATCHED && workflow.provider == NATIVE;
    if let Some(scrape) = workflows
        .iter_mut()
        .find(is_dispatched)
        .filter(|_| !dispatcher_url.is_empty())
    {
        scrape.provider = "n8n".to_owned();
        scrape.mode = "async".to_owned();
        scrape.settings.remove("handler");
        scrape.settings.insert("url".to_owned(), dispatcher_url.into());
        // What the site is stands in `data`; the result is pages, or fields of a final payload.
    }
    workflows
}

/// All files of plays: a file of the directory takes the place of the built-in one of the same name. A directory that does
/// not exist holds none.
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
        let written: AuthoredFile = match toml::from_str(&text) {
            Ok(file) => file,
            Err(source) => {
                mistakes.push(WorkflowFileError::Parse {
                    name,
                    source: Box::new(source),
                });
                continue;
            }
        };
        let mut workflows = Vec::with_capacity(written.workflows.len());
        for (place, workflow) in written.workflows.into_iter().enumerate() {
            let workflow = authored(&written.play, workflow);
            let slug = workflow.get("workflow_slug").and_then(Value::as_str);
            let slug = slug.map_or_else(|| format!("number {}", place + 1), str::to_owned);
            match WorkflowSpec::read(&workflow) {
                Ok(spec) => workflows.push(spec),
                Err(wrong) => mistakes.extend(wrong.iter().map(|mistake| WorkflowFileError::Wrong {
                    name: name.clone(),
                    slug: slug.clone(),
                    what: in_file(mistake),
                })),
            }
            if let Some(first) = owners.insert(slug.clone(), name.clone()) {
                mistakes.push(WorkflowFileError::Twice {
                    slug,
                    first,
                    second: name.clone(),
                });
            }
        }
        files.push(WorkflowFile {
            play: written.play,
            workflows,
        });
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
        let is_play = path.file_name().is_none_or(|name| name != REGISTRATION_FILE);
        if is_play && path.extension().is_some_and(|extension| extension == "toml") {
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
        let steps: Vec<_> = files[0].workflows.iter().map(|workflow| workflow.number).collect();
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
    fn every_provider_can_stand_in_a_file_and_every_mistake_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let write = |text: &str| std::fs::write(directory.path().join("x.toml"), text).unwrap();
        write(
            "play = 'p'\n[[workflow]]\nslug = 'a'\ntitle = 't'\nstep = 1\nprovider = 'zenrows'\n\
             destination_table = 'company_pages'\ndestination_field_mappings = { html = 'html' }\n\
             [[workflow]]\nworkflow_slug = 'b'\ntitle = 't'\noverall_step_number = 2\nprovider = 'clay'\n\
             [workflow.settings]\nurl = 'https://clay.example/x'\n",
        );
        let files = workflow_files(directory.path()).unwrap();
        let file = files.iter().find(|file| file.play == "p").unwrap();
        let modes: Vec<_> = file
            .workflows
            .iter()
            .map(|each| (each.slug.as_str(), each.mode.as_str()))
            .collect();
        assert_eq!(modes, [("a", "sync"), ("b", "async")]);
        assert_eq!(file.workflows[0].destination_table.as_deref(), Some("company_pages"));

        write("play = 'p'\n[[workflow]]\nslug = 'a'\nstep = 0\nprovider = 'clay'\nmode = 'sync'\n");
        let (_, mistakes) = read_workflow_files(directory.path()).unwrap();
        let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "the workflow 'a' in x.toml is wrong: 'title' is missing",
                "the workflow 'a' in x.toml is wrong: 'step' must be a whole number from 1 on",
                "the workflow 'a' in x.toml is wrong: 'mode' must be async for clay",
            ]
        );
    }

    #[test]
    fn the_file_of_registrations_is_no_play() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("registration.toml"), "not even TOML").unwrap();
        assert_eq!(workflow_files(directory.path()).unwrap().len(), 1);
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
