//! `batchdesk config`.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use crate::settings::{check, not_needed, read_workflow_files, show_effective};

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Find every mistake in the settings, with file, line and what to do, and, where they are right, in the workflow
    /// files. Exit 1 if there is one.
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
    match read_workflow_files(Path::new(&settings.workflows.dir)) {
        Ok((files, mistakes)) if mistakes.is_empty() => {
            let workflows: usize = files.iter().map(|file| file.workflows.len()).sum();
            println!("the settings are right; plays: {}, workflows: {workflows}", files.len());
            ExitCode::SUCCESS
        }
        Ok((_, mistakes)) => {
            mistakes.iter().for_each(|mistake| eprintln!("{mistake}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
