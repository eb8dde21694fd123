//! `batchdesk config`.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use crate::settings::{check, show_effective, workflow_files};

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Find every mistake in the settings and the workflow files, with file, line and what to do. Exit 1 if there is one.
    Check,
    /// Print the settings in effect, secrets hidden, and where each one that is not built in comes from.
    Show,
}

pub fn run(action: &Action, file: Option<&Path>) -> ExitCode {
    match action {
        Action::Check => check_all(file),
        Action::Show => match show_effective(file) {
            Ok(text) => {
                print!("{text}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
    }
}

fn check_all(file: Option<&Path>) -> ExitCode {
    let problems = check(file);
    for problem in &problems {
        eprintln!("{problem}");
    }
    if !problems.is_empty() {
        return ExitCode::FAILURE;
    }
    let workflows = super::settings(file).map(|settings| workflow_files(Path::new(&settings.workflows.dir)));
    match workflows {
        Ok(Ok(files)) => {
            let workflows: usize = files.iter().map(|file| file.workflows.len()).sum();
            println!("the settings are right; {workflows} workflows in {} plays", files.len());
            ExitCode::SUCCESS
        }
        Ok(Err(error)) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
