#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use super::*;
use crate::model::registration::form::answer_mistakes;
use crate::model::registration::plan::{RegistrationPlan, SubStepPlan};
use crate::model::registration::step::StepNumber;
use crate::providers::{Answered, Call, CallFailure, CallReport, Mode, ProviderName, ProviderSpec, Providers, Verdict};
use crate::settings::{REGISTRATION_FILE, RegistrationFileError, Settings};
use crate::simulators::platform::{Asked, Fault, KEY, Platform, Resource};
use crate::template::Templates;

fn built_in() -> RegistrationPlan {
    checked_plan(Path::new("/nonexistent")).unwrap_or_else(|error| panic!("{error}"))
}

fn restaurant() -> Value {
    json!({
        "name": "Pizza Palace", "website": "https://pizza.example/", "phone": "+6495551234", "email": null,
        "address": "1 Queen Street", "city": "Auckland", "region": null, "country": "NZ", "company_number": null,
        "nzbn": null,
        "data": {
            "menu_csv": "category,name,price\nPizza,Margherita,12.00\n",
            "extraction": {
                "description": "Wood-fired pizza.", "emails": ["hello@pizza.example"],
                "phones": [{"raw": "09 555 1234", "e164": "+6495551234", "type": "phone"}],
                "addresses": [{"raw": "1 Queen Street, Auckland", "region": "Auckland"}],
                "opening_hours": [{"days": ["Mo", "Tu"], "opens": "11:00", "closes": "22:00"}],
                "logo_url": "https://pizza.example/logo.png",
            },
        },
    })
}

fn company() -> Value {
    json!({"name": "PIZZA PALACE LIMITED", "company_number": "1234567", "nzbn": "9429000000000",
           "directors": [{"name": "Ann Lee"}]})
}

fn batch_settings() -> Value {
    json!({
        "services": ["delivery", "pickup"], "payment": {"method": "card"},
        "option_sets": [{"name": "Size", "min": 1, "max": 1, "options": [{"name": "Large", "price": 4.5}]}],
        "item_tags": [{"item": "Margherita", "tags": ["vegetarian"]}],
    })
}

fn filled(templates: &Templates, context: &Value) -> Map<String, Value> {
    let filled = prefilled(templates, &built_in().prefill, context);
    assert_eq!(filled.warnings, Vec::<String>::new());
    filled.config
}

#[test]
fn the_form_is_filled_in_from_what_is_known() {
    let templates = Templates::new();
    let context = json!({"restaurant": restaurant(), "company": company(), "settings": batch_settings()});
    let config = Value::Object(filled(&templates, &context));
    let form = built_in()
        .step(StepNumber::Configuration)
        .unwrap()
        .ask
        .clone()
        .unwrap()
        .form;
    assert_eq!(answer_mistakes(&form, &config).unwrap(), Vec::<String>::new());
    assert_eq!(
        config,
        json!({
            "account_email": "hello@pizza.example", "contact_name": "Ann Lee", "contact_phone": "+6495551234",
            "restaurant_name": "Pizza Palace", "phone": "+6495551234", "address": "1 Queen Street", "city": "Auckland",
            "region": "Auckland", "country": "NZ", "subdomain": "pizza-palace", "description": "Wood-fired pizza.",
            "services": ["delivery", "pickup"],
            "opening_hours": [{"days": ["Mo", "Tu"], "opens": "11:00", "closes": "22:00"}],
            "payment": {"method": "card"}, "menu_csv": "category,name,price\nPizza,Margherita,12.00\n",
            "images": [{"kind": "logo", "url": "https://pizza.example/logo.png"}],
            "option_sets": [{"name": "Size", "min": 1, "max": 1, "options": [{"name": "Large", "price": 4.5}]}],
            "item_tags": [{"item": "Margherita", "tags": ["vegetarian"]}],
            "onboarding_user": {"name": "Ann Lee", "email": "hello@pizza.example"},
        })
    );
}

#[test]
fn what_is_not_known_is_left_to_the_person() {
    let templates = Templates::new();
    let mut bare = restaurant();
    for (key, value) in bare.as_object_mut().unwrap() {
        match key.as_str() {
            "name" => *value = "寿司".into(),
            "data" => *value = json!({}),
            _ => *value = Value::Null,
        }
    }
    for company in [json!({}), json!({"company": null})] {
        let mut context = company;
        context["restaurant"] = bare.clone();
        context["settings"] = json!({});
        let config = filled(&templates, &context);
        assert_eq!(
            Value::Object(config),
            json!({"restaurant_name": "寿司", "services": ["pickup"]})
        );
    }
    let prefill = json!({"good": "{{ restaurant.name }}", "bad": "{{ restaurant.fax.number }}"});
    let filled = prefilled(&templates, &prefill, &json!({"restaurant": {"name": "P"}}));
    assert_eq!(Value::Object(filled.config), json!({"good": "P"}));
    assert_eq!(filled.warnings.len(), 1);
    assert!(
        filled.warnings[0].starts_with("'bad' is not filled in: "),
        "{:?}",
        filled.warnings
    );
}

#[test]
fn what_cannot_be_carried_out_is_told_before() {
    let directory = tempfile::tempdir().unwrap();
    let text = "
[steps.extraction]
handler = 'magic'
[steps.company_search]
handler = 'http'
settings = { urll = 'x' }
[steps.company_selection]
form = {}
[steps.company_details]
handler = 'companies_office'
settings = { list = ['{{ a', { x = '{% b' }], keep_home_addresses = 'no' }
[steps.configuration]
form = {}
prefill = { name = '{{ }}' }
[steps.execution]
[[sub_step]]
slug = 'a'
handler = 'clay'
[[sub_step]]
slug = 'b'
handler = 'http'
when = 'config.'
settings = { url = 'https://a.example/{{', timeout_ms = 1 }
effect = { find = { method = 'FETCH' }, found_when = '(', found_result = '{{ x' }
";
    std::fs::write(directory.path().join(REGISTRATION_FILE), text).unwrap();
    let told = match checked_plan(directory.path()) {
        Err(RegistrationFileError::Wrong { mistakes }) => mistakes,
        other => panic!("{other:?}"),
    };
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    for expected in [
        "'steps.extraction': 'handler' must be one of http, n8n, zenrows, extraction, companies_office",
        "'steps.company_search': 'settings.url' is missing; ",
        "'steps.company_search': 'settings.urll' is no setting of a workflow with provider http; did you mean `url`?",
        "'steps.company_details': 'settings.list[0]' cannot be used: the template is wrong in line 1",
        "'steps.company_details': 'settings.list[1].x' cannot be used: ",
        "'steps.company_details': 'settings.list' is no setting of a workflow with provider http; ",
        "'steps.company_details': 'settings.keep_home_addresses' is neither; write true or false",
        "'steps.configuration': 'prefill.name' cannot be used: ",
        "'sub_step' a: 'handler' must be one of ",
        "'sub_step' b: 'settings.timeout_ms' is 1, out of range; write 100 to 900000",
        "'sub_step' b: 'settings.url' cannot be used: ",
        "'sub_step' b: 'when' cannot be used: ",
        "'sub_step' b: 'effect.find.url' is missing; ",
        "'sub_step' b: 'effect.find.method' is \"FETCH\"; write one of ",
        "'sub_step' b: 'effect.found_when' cannot be used: ",
        "'sub_step' b: 'effect.found_result' cannot be used: ",
    ] {
        assert!(
            told.iter().any(|line| line.starts_with(expected)),
            "{expected}: {told:#?}"
        );
    }
    assert_eq!(told.len(), 16, "{told:#?}");
}

#[test]
fn the_examples_of_the_documentation_are_right() {
    let page = include_str!("../../../docs/registration.md");
    let steps = "[steps.extraction]\nhandler = 'extraction'\n[steps.company_search]\nhandler = 'companies_office'\n\
                 [steps.company_selection]\nform = {}\n[steps.company_details]\nhandler = 'companies_office'\n\
                 [steps.configuration]\nform = {}\n[steps.execution]\n";
    let before =
        "[[sub_step]]\nslug = 'register-restaurant'\nhandler = 'http'\nsettings = { url = 'https://a.example' }\n";
    let examples = page
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let mut slugs = Vec::new();
    for example in examples.filter(|example| example.contains("[[sub_step]]")) {
        let directory = tempfile::tempdir().unwrap();
        let text = if example.contains("register-restaurant") {
            format!("{steps}{before}{example}")
        } else {
            format!("{steps}{example}")
        };
        std::fs::write(directory.path().join(REGISTRATION_FILE), text).unwrap();
        let plan = checked_plan(directory.path()).unwrap_or_else(|error| panic!("{error}"));
        slugs.extend(plan.sub_steps.into_iter().map(|each| each.slug));
    }
    assert_eq!(slugs, ["register-restaurant", "images", "venue", "published"]);
}

/// The real providers before the simulated platform.
struct Desk {
    platform: Platform,
    providers: Arc<Providers>,
    _settings: watch::Sender<Arc<Settings>>,
    _secret: tempfile::NamedTempFile,
}

impl Desk {
    async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), KEY).unwrap();
        let text = format!(
            "[network]\nallow_cidrs = ['127.0.0.0/8']\n\
             [secrets.PLATFORM_API_KEY]\nfrom = 'file:{}'\nhosts = ['127.0.0.1']\n",
            secret.path().display()
        );
        let settings = watch::Sender::new(Arc::new(Settings::from_text(&text).unwrap()));
        Self {
            platform: Platform::start().await.unwrap(),
            providers: Providers::new(settings.subscribe()).unwrap(),
            _settings: settings,
            _secret: secret,
        }
    }

    fn context(&self) -> Value {
        let mut context = json!({
            "restaurant": restaurant(), "company": company(), "settings": batch_settings(), "results": {},
            "job": {"id": "j-1", "reference": "ref-1", "restaurant_id": "r-1"},
            "batch": {"id": "b-1", "name": "Auckland Q4"}, "platform": {"url": self.platform.url()},
        });
        context["config"] = filled(self.providers.templates(), &context).into();
        context
    }

    async fn call(&self, slug: &str, settings: &Map<String, Value>, context: &Value) -> CallReport {
        let spec = ProviderSpec::parse(ProviderName::Http, Mode::Sync, settings).unwrap();
        let call = Call {
            workflow_slug: slug,
            organisation: "Acme",
            step_run_id: Uuid::new_v5(&Uuid::NAMESPACE_OID, slug.as_bytes()),
            attempt: 1,
            context,
            callback_url: None,
            on_place: None,
        };
        self.providers.call(&spec, call).await
    }

    async fn found(&self, sub_step: &SubStepPlan, context: &Value) -> Option<Value> {
        let find = sub_step.effect.find.as_ref().unwrap();
        let found = data(self.call(&sub_step.slug, find, context).await);
        found_effect(self.providers.templates(), &sub_step.effect, context, found).unwrap()
    }
}

fn data(report: CallReport) -> Value {
    match report.outcome {
        Ok(Answered::Data(data)) => data,
        other => panic!("{other:?}"),
    }
}

fn complete(context: &mut Value, slug: &str, result: Value) {
    context["results"][slug] = result;
}

#[tokio::test]
async fn the_platform_takes_all_twelve_and_each_is_found_again() {
    let desk = Desk::start().await;
    let plan = built_in();
    let mut context = desk.context();
    for (sub_step, resource) in plan.sub_steps.iter().zip(Resource::ALL) {
        let slug = &sub_step.slug;
        if let Some(condition) = &sub_step.when {
            assert!(desk.providers.templates().holds(condition, &context).unwrap(), "{slug}");
        }
        if !sub_step.only_reads {
            assert_eq!(desk.found(sub_step, &context).await, None, "{slug}");
        }
        let result = data(desk.call(slug, &sub_step.settings, &context).await);
        if sub_step.only_reads {
            assert_eq!(result["ready"], true);
        } else {
            assert_eq!(desk.platform.effects(resource, "ref-1"), 1, "{slug}");
            assert_eq!(desk.found(sub_step, &context).await.as_ref(), Some(&result), "{slug}");
        }
        complete(&mut context, slug, result);
    }
    let work: Vec<_> = desk.platform.requests();
    let work: Vec<_> = work.iter().filter(|request| request.asked == Asked::Work).collect();
    assert_eq!(work.len(), 12);
    for request in &work[..11] {
        assert!(request.idempotency_key.is_some() && request.effect, "{request:?}");
    }
    assert_eq!(
        work[0].body,
        json!({
            "reference": "ref-1", "name": "PIZZA PALACE LIMITED", "email": "hello@pizza.example",
            "contact_name": "Ann Lee", "phone": "+6495551234", "company_number": "1234567", "nzbn": "9429000000000",
        })
    );
    assert_eq!(work[6].body, "category,name,price\nPizza,Margherita,12.00\n");
}

#[tokio::test]
async fn the_least_that_a_person_can_confirm_is_enough() {
    let desk = Desk::start().await;
    let plan = built_in();
    let mut context = desk.context();
    context["company"] = Value::Null;
    for key in ["website", "phone", "city", "country"] {
        context["restaurant"][key] = Value::Null;
    }
    let config = json!({
        "account_email": "ann@pizza.example", "contact_name": "Ann", "restaurant_name": "Pizza", "address": "1 Queen Street",
        "subdomain": "pizza", "services": ["dine_in"],
        "opening_hours": [{"days": ["Su"], "opens": "09:00", "closes": "24:00"}],
        "onboarding_user": {"name": "Ann", "email": "ann@pizza.example"},
    });
    let form = plan.step(StepNumber::Configuration).unwrap().ask.clone().unwrap().form;
    assert_eq!(answer_mistakes(&form, &config).unwrap(), Vec::<String>::new());
    context["config"] = config;
    let mut left_out = Vec::new();
    for sub_step in &plan.sub_steps {
        let holds = |condition: &String| desk.providers.templates().holds(condition, &context).unwrap();
        if !sub_step.when.as_ref().is_none_or(holds) {
            left_out.push(sub_step.slug.as_str());
            continue;
        }
        let result = data(desk.call(&sub_step.slug, &sub_step.settings, &context).await);
        complete(&mut context, &sub_step.slug, result);
    }
    assert_eq!(
        left_out,
        ["payments", "menu-csv-upload", "images", "option-sets", "item-tags"]
    );
}

#[tokio::test]
async fn faults_of_the_platform_are_told_apart() {
    let desk = Desk::start().await;
    let plan = built_in();
    let context = desk.context();
    let account = &plan.sub_steps[0];
    let unknown = |report: CallReport| {
        let failure = report.outcome.unwrap_err();
        (failure.verdict, failure.outcome_unknown)
    };
    let retry = Verdict::Retry { after: None };
    for (fault, expected, done) in [
        (Fault::DieBeforeEffect, (retry.clone(), true), false),
        (Fault::Refuse { status: 422 }, (Verdict::FailRow, false), false),
        (Fault::HalfSucceed, (retry.clone(), true), true),
        (Fault::DieBeforeAnswer, (retry, true), true),
    ] {
        desk.platform.fault(Resource::Accounts, fault, 1);
        let report = desk.call(&account.slug, &account.settings, &context).await;
        assert_eq!(unknown(report), expected, "{fault:?}");
        assert_eq!(desk.found(account, &context).await.is_some(), done, "{fault:?}");
    }
    desk.platform.fault(Resource::Accounts, Fault::Garbage, 1);
    let report = desk.call(&account.slug, &account.settings, &context).await;
    assert_eq!(unknown(report), (Verdict::FailRow, true));
    // The key was kept, so that the work is done once.
    assert_eq!(desk.platform.effects(Resource::Accounts, "ref-1"), 1);
    let menu = plan.sub_step("menu-csv-upload").unwrap();
    let mut context = context;
    complete(&mut context, "register-restaurant", json!({"id": "restaurants-9"}));
    context["config"]["menu_csv"] = "Pizza,Margherita,12.00".into();
    let failure = desk.call("menu", &menu.settings, &context).await.outcome.unwrap_err();
    assert_eq!(failure.verdict, Verdict::FailRow);
    assert!(failure.chain.unwrap().contains("the first line is no header"));
}

#[test]
fn what_was_found_is_told_by_its_condition() {
    let templates = Templates::new();
    let effect = |found_when: Option<&str>| crate::model::registration::plan::EffectPlan {
        found_when: found_when.map(str::to_owned),
        ..Default::default()
    };
    let context = json!({"job": {"reference": "r"}});
    let found = |when, found| found_effect(&templates, &effect(when), &context, found).unwrap();
    for nothing in [json!(null), json!([]), json!({}), json!("")] {
        assert_eq!(found(None, nothing.clone()), None, "{nothing}");
    }
    assert_eq!(found(None, json!({"id": 1})), Some(json!({"id": 1})));
    let when = Some("found.items and found.items[0].ref == job.reference");
    assert_eq!(found(when, json!({"items": [{"ref": "other"}]})), None);
    assert!(found(when, json!({"items": [{"ref": "r"}]})).is_some());
}

#[test]
fn what_may_have_been_done_counts_as_an_attempt_whatever_else_is_said() {
    let stop = |verdict, outcome_unknown| {
        RegistrationStop::from(CallFailure {
            error: "no answer".to_owned(),
            chain: None,
            verdict,
            outcome_unknown,
        })
    };
    let put_off = || Verdict::PutOff {
        wait: Duration::from_secs(9),
        why: "too many large answers at once",
    };
    let pause = || Verdict::PauseProvider { cool_down: None };
    assert!(matches!(stop(put_off(), false), RegistrationStop::PutOff { .. }));
    assert!(matches!(
        stop(Verdict::FailWorkflow, false),
        RegistrationStop::Refused(_)
    ));
    for (verdict, retryable, after) in [
        (put_off(), true, Some(Duration::from_secs(9))),
        (Verdict::FailWorkflow, false, None),
        (pause(), false, None),
    ] {
        let RegistrationStop::Failed {
            failure,
            outcome_unknown,
        } = stop(verdict, true)
        else {
            panic!("it may have been done, and that is forgotten");
        };
        assert!(outcome_unknown);
        assert_eq!((failure.retryable, failure.retry_after), (retryable, after));
    }
}
