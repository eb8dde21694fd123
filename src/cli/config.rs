//! `batchdesk config`.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use crate::settings::{check, not_needed, read_workflow_files, show_effective};
use crate::steps::registration::checked_plan;

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Find every mistake in the settings, with file, line and what to do, and, where they are right, in the workflow
    /// files, registration.toml among them. Exit 1 if there is one.
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
    for note in not_needed() {
        println!("note: {note}");
    }
    let Ok(settings) = super::settings(file) else {
        return ExitCode::FAILURE;
    };
    let directory = Path::new(&settings.workflows.dir);
    let counts = plays_and_workflows(directory);
    let registration = checked_plan(directory);
    if let Err(error) = &registration {
        eprintln!("{error}");
    }
    match (counts, registration) {
        (Some((plays, workflows)), Ok(_)) => {
            println!("the settings are right; plays: {plays}, workflows: {workflows}");
            ExitCode::SUCCESS
        }
        _ => ExitCode::FAILURE,
    }
}

/// How many plays and workflows the files have, or nothing once their mistakes are told.
fn plays_and_workflows(directory: &Path) -> Option<(usize, usize)> {
    match read_workflow_files(directory) {
        Ok((files, mistakes)) if mistakes.is_empty() => {
            let workflows = files.iter().map(|file| file.workflows.len()).sum();
            Some((files.len(), workflows))
        }
        Ok((_, mistakes)) => {
            mistakes.iter().for_each(|mistake| eprintln!("{mistake}"));
            None
        }
        Err(error) => {
            eprintln!("{error}");
            None
        }
    }
}
