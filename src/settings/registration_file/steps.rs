//! `[steps.NAME]`: who does each of the six steps.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::RegistrationMistake;
use super::reading::Reading;
use crate::model::registration::form::answer_mistakes;
use crate::model::registration::plan::{AskPlan, OnDeadline, StepPlan};
use crate::model::registration::step::StepNumber;

/// The steps, and what `execution_config` is prefilled with.
pub(super) fn read(file: &mut Reading<'_, '_>) -> (BTreeMap<StepNumber, StepPlan>, Value) {
    let mut prefill = Map::new();
    let mut plans = BTreeMap::new();
    let none = Map::new();
    if !file.has("steps") {
        file.wrong("steps", "is missing");
    }
    let steps = file.table("steps").unwrap_or(&none);
    let names = StepNumber::ALL.map(StepNumber::name);
    file.elsewhere("'steps'", steps).known(&names);
    for number in StepNumber::ALL {
        let mut table = file.elsewhere("'steps'", steps);
        if !table.has(number.name()) && !steps.is_empty() {
            table.wrong(number.name(), "is missing; the file has all six steps");
            continue;
        }
        let Some(own) = table.table(number.name()) else {
            continue;
        };
        let mut step = file.elsewhere(RegistrationMistake::place_of_step(number), own);
        if number == StepNumber::Configuration {
            prefill = step.table("prefill").cloned().unwrap_or_default();
        }
        plans.insert(number, step_plan(number, &mut step));
    }
    (plans, Value::Object(prefill))
}

fn step_plan(number: StepNumber, step: &mut Reading<'_, '_>) -> StepPlan {
    let does = number.kind() == "automatic" && number != StepNumber::Execution;
    let known: &[&str] = match number {
        StepNumber::Configuration => &[
            "title",
            "reminder",
            "deadline",
            "on_deadline",
            "default",
            "form",
            "prefill",
        ],
        _ if number.is_asked() => &["title", "reminder", "deadline", "on_deadline", "default", "form"],
        // Its questions are those about calls of which nobody knows what they did: never answered by default.
        StepNumber::Execution => &["title", "reminder"],
        _ => &["title", "handler", "settings", "retry"],
    };
    step.known(known);
    let handler = if does { step.needed_text("handler") } else { None };
    StepPlan {
        number,
        title: step.title(&usual_title(number)),
        handler: handler.map(str::to_owned),
        settings: if does {
            step.table("settings").cloned().unwrap_or_default()
        } else {
            Map::new()
        },
        retry: if does { step.retry() } else { Default::default() },
        ask: match number {
            StepNumber::Execution => Some(AskPlan {
                reminder_seconds: step.seconds("reminder"),
                form: Value::Bool(true),
                ..AskPlan::default()
            }),
            number => number.is_asked().then(|| ask(step)),
        },
    }
}

/// `company_search` → `Company search`.
fn usual_title(number: StepNumber) -> String {
    let name = number.name().replace('_', " ");
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

fn ask(step: &mut Reading<'_, '_>) -> AskPlan {
    let ask = AskPlan {
        reminder_seconds: step.seconds("reminder"),
        deadline_seconds: step.seconds("deadline"),
        on_deadline: step
            .one_of(
                "on_deadline",
                &[("default", OnDeadline::Default), ("fail", OnDeadline::Fail)],
            )
            .unwrap_or_default(),
        default: step.get("default").cloned(),
        form: form(step),
    };
    if !step.has("deadline") {
        for key in ["on_deadline", "default"] {
            if step.has(key) {
                step.wrong(key, "needs a 'deadline' to come into force at");
            }
        }
    }
    if let (Some(reminder), Some(deadline)) = (ask.reminder_seconds, ask.deadline_seconds)
        && reminder >= deadline
    {
        step.wrong("reminder", "must be shorter than 'deadline'");
    }
    // A form that is none is told as such, by what it is compared with.
    match answer_mistakes(&ask.form, ask.default.as_ref().unwrap_or(&Value::Null)) {
        Err(none) => step.wrong("form", none),
        Ok(mistakes) if ask.default.is_some() => {
            for mistake in mistakes {
                step.wrong("default", format_args!("does not match 'form': {mistake}"));
            }
        }
        Ok(_) => {}
    }
    ask
}

/// A table, or JSON as a text.
fn form(step: &mut Reading<'_, '_>) -> Value {
    // Anything matches it, and it says so of itself.
    let nothing = Value::Bool(true);
    match step.get("form") {
        Some(table @ Value::Object(_)) => table.clone(),
        Some(Value::String(text)) => match serde_json::from_str::<Map<String, Value>>(text) {
            Ok(form) => Value::Object(form),
            Err(error) => {
                step.wrong("form", format_args!("must be a JSON object: {error}"));
                nothing
            }
        },
        Some(_) => {
            step.wrong("form", "must be a JSON Schema, as a table or as a text of JSON");
            nothing
        }
        None => {
            step.wrong("form", "is missing; write the JSON Schema that answers must match");
            nothing
        }
    }
}
