//! Whether a plan that could be read can be carried out, as far as that is known without calling anybody.

use std::path::Path;

use serde_json::{Map, Value};

use super::built_in::{COMPANIES_OFFICE, NATIVE, PROVIDERS};
use super::office::{KEEP_HOMES, request_settings};
use crate::model::registration::plan::{RegistrationPlan, SubStepPlan};
use crate::model::registration::step::StepNumber;
use crate::providers::{Mode, ProviderName, ProviderSpec};
use crate::settings::{RegistrationFileError, RegistrationMistake, read_registration_plan};
use crate::template::{TemplateError, Templates};

/// The plan of the directory's `registration.toml`, or of the built-in one, in which nothing is wrong.
/// Reads a small file on the calling thread.
///
/// # Errors
/// A file that cannot be read, is no TOML, or every mistake in it at once.
pub fn checked_plan(directory: &Path) -> Result<RegistrationPlan, RegistrationFileError> {
    let (plan, mut mistakes) = read_registration_plan(directory)?;
    mistakes.extend(check(&plan, &Templates::new()));
    if mistakes.is_empty() {
        Ok(plan)
    } else {
        Err(RegistrationFileError::Wrong { mistakes })
    }
}

/// Every handler that there is not, every setting that its provider does not know, and every text that is no template.
#[must_use]
pub fn check(plan: &RegistrationPlan, templates: &Templates) -> Vec<RegistrationMistake> {
    let mut mistakes = Vec::new();
    for step in plan.steps.values() {
        let place = RegistrationMistake::place_of_step(step.number);
        let mut checking = Checking::new(place, templates, &mut mistakes);
        if let Some(handler) = &step.handler {
            checking.handler(handler, &step.settings);
        }
        if step.number == StepNumber::Configuration {
            checking.texts("prefill", &plan.prefill);
        }
    }
    for sub_step in &plan.sub_steps {
        let place = RegistrationMistake::place_of_sub_step(&sub_step.slug);
        Checking::new(place, templates, &mut mistakes).sub_step(sub_step);
    }
    mistakes
}

struct Checking<'a> {
    place: String,
    templates: &'a Templates,
    mistakes: &'a mut Vec<RegistrationMistake>,
}

impl<'a> Checking<'a> {
    fn new(place: String, templates: &'a Templates, mistakes: &'a mut Vec<RegistrationMistake>) -> Self {
        Self {
            place,
            templates,
            mistakes,
        }
    }

    fn wrong(&mut self, detail: String) {
        self.mistakes.push(RegistrationMistake {
            place: self.place.clone(),
            detail,
        });
    }

    fn sub_step(&mut self, sub_step: &SubStepPlan) {
        self.handler(&sub_step.handler, &sub_step.settings);
        if let Some(condition) = &sub_step.when {
            self.condition("when", condition);
        }
        let effect = &sub_step.effect;
        if let Some(find) = &effect.find {
            self.request(ProviderName::Http, "effect.find", find);
        }
        if let Some(condition) = &effect.found_when {
            self.condition("effect.found_when", condition);
        }
        if let Some(result) = &effect.found_result {
            self.template("effect.found_result", result);
        }
    }

    fn handler(&mut self, handler: &str, settings: &Map<String, Value>) {
        let provider = PROVIDERS.into_iter().find(|provider| provider.as_str() == handler);
        match provider {
            Some(provider) => self.request(provider, "settings", settings),
            None if handler == COMPANIES_OFFICE => self.companies_office(settings),
            None if NATIVE.contains(&handler) => self.texts_of("settings", settings),
            // That it is missing was told when it was read.
            None if handler.is_empty() => {}
            None => {
                let mut known = PROVIDERS.map(ProviderName::as_str).to_vec();
                known.extend(NATIVE);
                self.wrong(format!("'handler' must be one of {}", known.join(", ")));
            }
        }
    }

    fn companies_office(&mut self, settings: &Map<String, Value>) {
        if settings.get(KEEP_HOMES).is_some_and(|keep| !keep.is_boolean()) {
            self.wrong(format!("'settings.{KEEP_HOMES}' is neither; write true or false"));
        }
        self.request(ProviderName::Http, "settings", &request_settings(settings, "entities"));
    }

    fn request(&mut self, provider: ProviderName, key: &str, settings: &Map<String, Value>) {
        if let Err(wrong) = ProviderSpec::parse(provider, Mode::Sync, settings) {
            for mistake in wrong {
                self.wrong(format!("'{key}.{}' {}; {}", mistake.key, mistake.message, mistake.help));
            }
        }
        self.texts_of(key, settings);
    }

    fn condition(&mut self, key: &str, condition: &str) {
        let checked = self.templates.check_condition(condition);
        self.told(key, checked);
    }

    fn template(&mut self, key: &str, text: &str) {
        let checked = self.templates.check(text);
        self.told(key, checked);
    }

    fn told(&mut self, key: &str, checked: Result<(), TemplateError>) {
        if let Err(error) = checked {
            self.wrong(format!("'{key}' cannot be used: {error}"));
        }
    }

    /// Every string at any depth, names too.
    fn texts(&mut self, key: &str, value: &Value) {
        match value {
            Value::String(text) => self.template(key, text),
            Value::Array(list) => {
                for (n, entry) in list.iter().enumerate() {
                    self.texts(&format!("{key}[{n}]"), entry);
                }
            }
            Value::Object(fields) => self.texts_of(key, fields),
            _ => {}
        }
    }

    fn texts_of(&mut self, key: &str, fields: &Map<String, Value>) {
        for (name, value) in fields {
            let key = format!("{key}.{name}");
            self.template(&key, name);
            self.texts(&key, value);
        }
    }
}
