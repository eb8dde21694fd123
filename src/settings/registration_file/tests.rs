#![allow(clippy::unwrap_used, clippy::expect_used)]
use serde_json::json;

use super::*;
use crate::model::registration::form::answer_mistakes;
use crate::model::registration::plan::OnDeadline;
use crate::model::registration::step::StepNumber;
use crate::model::workflow::RetryOverride;

/// All six steps, in few words.
const STEPS: &str = "
[steps.extraction]
handler = 'extraction'
[steps.company_search]
handler = 'companies_office'
[steps.company_selection]
form = '{}'
[steps.company_details]
handler = 'companies_office'
[steps.configuration]
form = {}
[steps.execution]
";

fn told(text: &str) -> Vec<String> {
    let (_, mistakes) = read(text).unwrap();
    mistakes.iter().map(ToString::to_string).collect()
}

#[test]
fn the_built_in_file_has_six_steps_and_twelve_sub_steps() {
    let plan = registration_plan(Path::new("/nonexistent")).unwrap();
    assert_eq!(plan.steps.len(), 6);
    let slugs: Vec<&str> = plan.sub_steps.iter().map(|each| each.slug.as_str()).collect();
    assert_eq!(
        slugs,
        [
            "create-account",
            "register-restaurant",
            "api-user",
            "website",
            "services-and-hours",
            "payments",
            "menu-csv-upload",
            "images",
            "option-sets",
            "item-tags",
            "onboarding-user",
            "final-check",
        ]
    );
    for sub_step in &plan.sub_steps {
        assert_ne!(sub_step.only_reads, sub_step.effect.find.is_some(), "{}", sub_step.slug);
        // What all requests have in common is laid under each.
        assert!(
            sub_step.settings["headers"]["Authorization"].is_string(),
            "{}",
            sub_step.slug
        );
    }
    let menu = plan.sub_step("menu-csv-upload").unwrap();
    assert_eq!(menu.settings["headers"].as_object().unwrap().len(), 2);
    let left_out: Vec<&str> = plan
        .sub_steps
        .iter()
        .filter(|each| each.skip_if_failed)
        .map(|each| each.slug.as_str())
        .collect();
    assert_eq!(left_out, ["images", "item-tags"]);
}

#[test]
fn a_company_is_picked_in_exactly_one_way() {
    let plan = registration_plan(Path::new("/nonexistent")).unwrap();
    let ask = plan.step(StepNumber::CompanySelection).unwrap().ask.clone().unwrap();
    let mistakes = |answer| answer_mistakes(&ask.form, &answer).unwrap().len();
    for right in [
        json!({"candidate_id": "c-1"}),
        json!({"company_number": "1234567"}),
        json!({"none": true}),
    ] {
        assert_eq!(mistakes(right.clone()), 0, "{right}");
    }
    for wrong in [
        json!({}),
        json!({"none": false}),
        json!({"none": true, "candidate_id": "c-1"}),
        json!({"company_number": "a company"}),
        json!({"company": "c-1"}),
    ] {
        assert_ne!(mistakes(wrong.clone()), 0, "{wrong}");
    }
}

#[test]
fn a_file_of_the_directory_takes_the_place_of_the_built_in_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(REGISTRATION_FILE);
    let text = format!(
        "{STEPS}
[http]
timeout_ms = 5000
headers = {{ A = 'a', B = 'b' }}

[[sub_step]]
slug = 'one'
handler = 'http'
when = 'config.x'
skip_if_failed = true
retry = {{ max_retries = 5, factor = 3, jitter = 0.5, base_ms = 1, max_ms = 2 }}
settings = {{ url = 'https://a.example/', headers = {{ B = 'c' }} }}
effect = {{ honours_keys = true, find = {{ url = 'https://a.example/' }}, found_when = 'found', found_result = '{{{{ found }}}}' }}

[[sub_step]]
slug = 'two'
title = 'The second'
handler = 'companies_office'
depends_on = ['one']
only_reads = true
"
    );
    std::fs::write(&path, text).unwrap();
    let plan = registration_plan(directory.path()).unwrap();
    let [one, two] = plan.sub_steps.as_slice() else {
        panic!("{:?}", plan.sub_steps)
    };
    assert_eq!((one.title.as_str(), two.title.as_str()), ("one", "The second"));
    assert_eq!(
        Value::Object(one.settings.clone()),
        json!({"timeout_ms": 5000, "headers": {"A": "a", "B": "c"}, "url": "https://a.example/"})
    );
    assert_eq!(
        one.effect.find.as_ref().unwrap()["headers"],
        json!({"A": "a", "B": "b"})
    );
    assert_eq!(
        one.retry,
        RetryOverride {
            max_retries: Some(5),
            base_ms: Some(1),
            factor: Some(3.0),
            jitter: Some(0.5),
            max_ms: Some(2),
        }
    );
    assert!(one.effect.honours_keys && one.skip_if_failed && !one.only_reads);
    assert!(two.settings.is_empty() && two.only_reads);
    assert_eq!(two.depends_on, ["one"]);
    assert_eq!(plan.prefill, json!({}));
    assert_eq!(plan.step(StepNumber::CompanySearch).unwrap().title, "Company search");

    std::fs::write(&path, "steps = [").unwrap();
    let wrong = registration_plan(directory.path()).unwrap_err();
    assert!(matches!(wrong, RegistrationFileError::Parse { .. }), "{wrong:?}");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let wrong = registration_plan(directory.path()).unwrap_err();
    assert!(matches!(wrong, RegistrationFileError::Read { .. }), "{wrong:?}");
}

#[test]
fn a_question_has_its_times_and_an_answer_by_default() {
    let file = |ask: &str| {
        let steps = STEPS.replace("form = '{}'", ask);
        format!("{steps}\n[[sub_step]]\nslug = 'a'\nhandler = 'http'\n")
    };
    let (plan, _) = read(&file(
        "form = '{\"required\": [\"none\"]}'\nreminder = '1h'\ndeadline = '2d'\non_deadline = 'fail'\ndefault = { none = true }",
    ))
    .unwrap();
    let ask = plan.step(StepNumber::CompanySelection).unwrap().ask.clone().unwrap();
    assert_eq!(
        (ask.reminder_seconds, ask.deadline_seconds),
        (Some(3_600), Some(172_800))
    );
    assert_eq!(
        (ask.on_deadline, ask.default),
        (OnDeadline::Fail, Some(json!({"none": true})))
    );

    for (ask, expected) in [
        ("", "'form' is missing; write the JSON Schema that answers must match"),
        ("form = '{'", "'form' must be a JSON object: EOF while parsing"),
        (
            "form = 1",
            "'form' must be a JSON Schema, as a table or as a text of JSON",
        ),
        ("form = { type = 'fax' }", "'form' is no JSON Schema"),
        (
            "form = { required = ['none'] }\ndeadline = '1h'\ndefault = { x = 1 }",
            "'default' does not match 'form': \"none\" is a required property",
        ),
        (
            "form = {}\ndefault = {}",
            "'default' needs a 'deadline' to come into force at",
        ),
        (
            "form = {}\non_deadline = 'fail'",
            "'on_deadline' needs a 'deadline' to come into force at",
        ),
        (
            "form = {}\ndeadline = '1h'\non_deadline = 'wait'",
            "'on_deadline' must be one of default, fail",
        ),
        (
            "form = {}\ndeadline = '1h'\nreminder = '1h'",
            "'reminder' must be shorter than 'deadline'",
        ),
        (
            "form = {}\nreminder = 'soon'",
            "'reminder' holds \"soon\", not a wait of up to 30 days",
        ),
        ("form = {}\nreminder = '5ms'", "'reminder' must be a second or more"),
        ("form = {}\nhandler = 'http'", "'handler' is not known"),
        ("form = {}\nprefill = {}", "'prefill' is not known"),
    ] {
        let told = told(&file(ask));
        assert_eq!(told.len(), 1, "{told:#?}");
        let whole = format!("'steps.company_selection': {expected}");
        assert!(told[0].starts_with(&whole), "{whole}\n{}", told[0]);
    }
}

#[test]
fn every_mistake_of_the_steps_is_told_at_once() {
    let text = "
extra = 1
sub_step = []
[steps.extraction]
[steps.company_search]
handler = 5
settings = 1
titel = 'x'
[steps.company_selection]
form = {}
[steps.configuration]
form = {}
prefill = 'x'
[steps.executon]
[steps.execution]
handler = 'http'
";
    assert_eq!(
        told(text),
        [
            "'extra' is not known; known are steps, http, sub_step",
            "'steps': 'executon' is not known; did you mean 'execution'?",
            "'steps.extraction': 'handler' is missing",
            "'steps.company_search': 'titel' is not known; did you mean 'title'?",
            "'steps.company_search': 'handler' must be a text that is not empty",
            "'steps.company_search': 'settings' must be a table",
            "'steps': 'company_details' is missing; the file has all six steps",
            "'steps.configuration': 'prefill' must be a table",
            "'steps.execution': 'handler' is not known; known are title, reminder",
        ]
    );
    assert_eq!(
        told(""),
        [
            "'steps' is missing",
            "'sub_step' is missing; the execution consists of [[sub_step]]s"
        ]
    );
}

#[test]
fn every_mistake_of_the_sub_steps_is_told_at_once() {
    let text = format!(
        "{STEPS}
[[sub_step]]
slug = 'create-account'
title = ''
handler = 'http'
depends_on = ['create-account', 'fax', 'second']
retry = {{ max_retries = -1, factor = 0.5, jitter = 2, base_ms = 'x', max_ms = 1.5, tries = 1 }}
settings = {{ when = 'x', max_retries = 1 }}

[[sub_step]]
slug = 'second'
handler = 'http'
when = 1
depends_on = 'create-account'
skip_if_failed = 'yes'
only_reads = true
effect = {{ found_when = 'found', found_result = 'found', honour_keys = true }}

[[sub_step]]
slug = 'second'
handler = 'http'
effect = {{ honours_keys = 1, find = 'x' }}

[[sub_step]]
slug = 'Upper Case'

[[sub_step]]
handler = 'http'
settings = 'x'
"
    );
    let told = told(&text);
    let expected = [
        "'sub_step' create-account: 'settings.when' says nothing here; what the execution knows of it stands beside 'settings'",
        "'sub_step' create-account: 'settings.max_retries' says nothing here; what the execution knows of it stands beside \
         'settings'",
        "'sub_step' create-account: 'title' must be a text that is not empty",
        "'sub_step' create-account: 'retry.tries' is not known; known are max_retries, base_ms, factor, jitter, max_ms",
        "'sub_step' create-account: 'retry.max_retries' must be a whole number from 0 to 100",
        "'sub_step' create-account: 'retry.base_ms' must be a whole number from 0 to 3600000",
        "'sub_step' create-account: 'retry.factor' must be a number from 1 to 10",
        "'sub_step' create-account: 'retry.jitter' must be a number from 0 to 1",
        "'sub_step' create-account: 'retry.max_ms' must be a whole number from 0 to 86400000",
        "'sub_step' create-account: 'depends_on' names the sub-step itself, which would never run",
        "'sub_step' create-account: 'depends_on' names 'fax', and there is no such sub-step",
        "'sub_step' create-account: 'depends_on' names 'second', which comes later",
        "'sub_step' second: 'effect' is for what changes something, and 'only_reads' says that nothing does",
        "'sub_step' second: 'depends_on' must be a list of texts",
        "'sub_step' second: 'skip_if_failed' must be true or false",
        "'sub_step' second: 'when' must be a text that is not empty",
        "'sub_step' second: 'effect.honour_keys' is not known; did you mean 'honours_keys'?",
        "'sub_step' second: 'effect.found_when' needs a 'find' that it is about",
        "'sub_step' second: 'effect.found_result' needs a 'find' that it is about",
        "'sub_step' second: 'effect.honours_keys' must be true or false",
        "'sub_step' second: 'effect.find' must be a table",
        "'sub_step' second: 'slug' stands twice; slugs are unique",
        "'sub_step' Upper Case: 'slug' must be 1 to 120 small letters, digits and '-'",
        "'sub_step' Upper Case: 'handler' is missing",
        "'sub_step' number 5: 'slug' is missing",
        "'sub_step' number 5: 'settings' must be a table",
    ];
    assert_eq!(told, expected, "{told:#?}");
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(REGISTRATION_FILE), text).unwrap();
    let error = registration_plan(directory.path()).unwrap_err().to_string();
    let lines: Vec<String> = expected
        .iter()
        .map(|line| format!("registration.toml is wrong: {line}"))
        .collect();
    assert_eq!(error, lines.join("\n"));
}
