//! How a registration goes, as a file: the built-in one, or the operator's in its place.
//!
//! Whether its templates are templates and its requests requests is not known here; `steps::registration::check` looks at
//! that.

mod reading;
mod steps;
mod sub_steps;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::model::registration::plan::RegistrationPlan;
use crate::model::registration::step::StepNumber;
use reading::Reading;

/// The name of the file. It is no play.
pub const REGISTRATION_FILE: &str = "registration.toml";

const BUILT_IN: &str = include_str!("../../../config/workflows/registration.toml");

/// Something that is wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationMistake {
    /// The table that it is in; empty at the top.
    pub place: String,
    /// The key, and what to do about it.
    pub detail: String,
}

impl fmt::Display for RegistrationMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            f.write_str(&self.detail)
        } else {
            write!(f, "{}: {}", self.place, self.detail)
        }
    }
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationFileError {
    #[error("the registration file {} cannot be read", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{REGISTRATION_FILE} is wrong: {source}")]
    Parse { source: Box<toml::de::Error> },
    #[error("{}", lines(mistakes))]
    Wrong { mistakes: Vec<RegistrationMistake> },
}

fn lines(mistakes: &[RegistrationMistake]) -> String {
    let lines: Vec<String> = mistakes
        .iter()
        .map(|mistake| format!("{REGISTRATION_FILE} is wrong: {mistake}"))
        .collect();
    lines.join("\n")
}

impl RegistrationMistake {
    /// The table of a step.
    pub(crate) fn place_of_step(number: StepNumber) -> String {
        format!("'steps.{}'", number.name())
    }

    /// The table of a sub-step.
    pub(crate) fn place_of_sub_step(slug: &str) -> String {
        format!("'sub_step' {slug}")
    }
}

/// How a registration goes: by `registration.toml` of the directory, or the built-in one where there is none.
///
/// # Errors
/// A file that cannot be read, is no TOML, or every mistake in it at once; nothing should be applied then.
pub fn registration_plan(directory: &Path) -> Result<RegistrationPlan, RegistrationFileError> {
    match read_registration_plan(directory)? {
        (plan, mistakes) if mistakes.is_empty() => Ok(plan),
        (_, mistakes) => Err(RegistrationFileError::Wrong { mistakes }),
    }
}

/// As [`registration_plan`], with what could be read of a file that is wrong, and its mistakes.
///
/// # Errors
/// A file that cannot be read or is no TOML.
pub fn read_registration_plan(
    directory: &Path,
) -> Result<(RegistrationPlan, Vec<RegistrationMistake>), RegistrationFileError> {
    let path = directory.join(REGISTRATION_FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => read(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => read(BUILT_IN),
        Err(source) => Err(RegistrationFileError::Read { path, source }),
    }
}

fn read(text: &str) -> Result<(RegistrationPlan, Vec<RegistrationMistake>), RegistrationFileError> {
    let file: Map<String, Value> = toml::from_str(text).map_err(|source| RegistrationFileError::Parse {
        source: Box::new(source),
    })?;
    let mut mistakes = Vec::new();
    let mut reading = Reading::new("", &file, &mut mistakes);
    reading.known(&["steps", "http", "sub_step"]);
    let (steps, prefill) = steps::read(&mut reading);
    let sub_steps = sub_steps::read(&mut reading);
    let plan = RegistrationPlan {
        steps,
        sub_steps,
        prefill,
    };
    Ok((plan, mistakes))
}

#[cfg(test)]
mod tests;
