//! `batchdesk config`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::Map;

use crate::model::registration::plan::RegistrationPlan;
use crate::providers::secrets_named_in;
use crate::settings::{Settings, check, not_needed, read_workflow_files, show_effective};
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
    let unset = registration
        .as_ref()
        .map_or_else(|_| BTreeSet::new(), |plan| unset_secrets(plan, &settings));
    for name in &unset {
        eprintln!(
            "registration.toml names the secret '{name}', and there is no [secrets.{name}]; say where it is and which hosts it is for, \
             or registrations stop where it is needed"
        );
    }
    match (counts, registration) {
        (Some((plays, workflows)), Ok(_)) if unset.is_empty() => {
            println!("the settings are right; plays: {plays}, workflows: {workflows}");
            ExitCode::SUCCESS
        }
        _ => ExitCode::FAILURE,
    }
}

/// The secrets that registrations need and nobody has declared. Where no platform is named, nobody registers.
fn unset_secrets(plan: &RegistrationPlan, settings: &Settings) -> BTreeSet<String> {
    if settings.registration.platform_url.is_empty() {
        return BTreeSet::new();
    }
    let of_steps = plan.steps.values().map(|step| &step.settings);
    let of_sub_steps = plan
        .sub_steps
        .iter()
        .flat_map(|sub_step| std::iter::once(&sub_step.settings).chain(&sub_step.effect.find));
    let mut named = BTreeSet::new();
    for text in of_steps.chain(of_sub_steps).flat_map(Map::values) {
        secrets_named_in(text, &mut named);
    }
    named.retain(|name| !settings.secrets.contains_key(name));
    named
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
