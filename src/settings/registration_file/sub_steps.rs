//! `[[sub_step]]`: what the execution consists of, and `[http]`, what their requests have in common.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::RegistrationMistake;
use super::reading::Reading;
use crate::model::registration::plan::{EffectPlan, SubStepPlan};
use crate::model::workflow::Flow;

/// The provider whose requests have the keys of `[http]`.
const HTTP: &str = "http";
/// Characters of a slug.
const LONGEST_SLUG: usize = 120;

pub(super) fn read(file: &mut Reading<'_, '_>) -> Vec<SubStepPlan> {
    let none = Map::new();
    let common = file.table(HTTP).unwrap_or(&none);
    if !file.has("sub_step") {
        file.wrong("sub_step", "is missing; the execution consists of [[sub_step]]s");
    }
    let written = file.list("sub_step").map_or(&[][..], Vec::as_slice);
    let all: HashSet<&str> = written.iter().filter_map(slug_of).collect();
    let mut earlier: HashSet<&str> = HashSet::new();
    let mut plans = Vec::with_capacity(written.len());
    for (n, written) in written.iter().enumerate() {
        let number = format!("number {}", n + 1);
        let place = RegistrationMistake::place_of_sub_step(slug_of(written).unwrap_or(&number));
        let Some(table) = written.as_object() else {
            file.wrong("sub_step", "must be written as [[sub_step]]");
            continue;
        };
        let mut sub_step = file.elsewhere(place, table);
        let plan = plan(&mut sub_step, common);
        for needed in &plan.depends_on {
            if *needed == plan.slug {
                sub_step.wrong("depends_on", "names the sub-step itself, which would never run");
            } else if !all.contains(needed.as_str()) {
                sub_step.wrong(
                    "depends_on",
                    format_args!("names '{needed}', and there is no such sub-step"),
                );
            } else if !earlier.contains(needed.as_str()) {
                sub_step.wrong("depends_on", format_args!("names '{needed}', which comes later"));
            }
        }
        if let Some(slug) = slug_of(written)
            && !earlier.insert(slug)
        {
            sub_step.wrong("slug", "stands twice; slugs are unique");
        }
        plans.push(plan);
    }
    plans
}

fn slug_of(written: &Value) -> Option<&str> {
    written.get("slug")?.as_str()
}

fn plan(sub_step: &mut Reading<'_, '_>, common: &Map<String, Value>) -> SubStepPlan {
    sub_step.known(&[
        "slug",
        "title",
        "handler",
        "settings",
        "depends_on",
        "skip_if_failed",
        "when",
        "retry",
        "only_reads",
        "effect",
    ]);
    let slug = sub_step.needed_text("slug").unwrap_or_default();
    let allowed = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if slug.len() > LONGEST_SLUG || !slug.chars().all(allowed) {
        let detail = format!("must be 1 to {LONGEST_SLUG} small letters, digits and '-'");
        sub_step.wrong("slug", detail);
    }
    let handler = sub_step.needed_text("handler").unwrap_or_default();
    let own = sub_step.table("settings").cloned().unwrap_or_default();
    for key in Flow::KEYS.iter().filter(|key| own.contains_key(**key)) {
        let place = format!("settings.{key}");
        sub_step.wrong(
            &place,
            "says nothing here; what the execution knows of it stands beside 'settings'",
        );
    }
    let only_reads = sub_step.flag("only_reads");
    if only_reads && sub_step.has("effect") {
        sub_step.wrong(
            "effect",
            "is for what changes something, and 'only_reads' says that nothing does",
        );
    }
    let completed = |settings: Map<String, Value>| {
        if handler == HTTP {
            laid_over(common, settings)
        } else {
            settings
        }
    };
    SubStepPlan {
        slug: slug.to_owned(),
        title: sub_step.title(slug),
        handler: handler.to_owned(),
        settings: completed(own),
        depends_on: sub_step.texts("depends_on"),
        skip_if_failed: sub_step.flag("skip_if_failed"),
        when: sub_step.text("when").map(str::to_owned),
        retry: sub_step.retry(),
        only_reads,
        effect: effect(sub_step, common),
    }
}

fn effect(sub_step: &mut Reading<'_, '_>, common: &Map<String, Value>) -> EffectPlan {
    let Some(mut effect) = sub_step.part("effect") else {
        return EffectPlan::default();
    };
    effect.known(&["honours_keys", "find", "found_when", "found_result"]);
    for key in ["found_when", "found_result"] {
        if effect.has(key) && !effect.has("find") {
            effect.wrong(key, "needs a 'find' that it is about");
        }
    }
    EffectPlan {
        honours_keys: effect.flag("honours_keys"),
        find: effect.table("find").map(|find| laid_over(common, find.clone())),
        found_when: effect.text("found_when").map(str::to_owned),
        found_result: effect.text("found_result").map(str::to_owned),
    }
}

/// `common` with `own` over it; tables that both have are laid over each other too.
fn laid_over(common: &Map<String, Value>, own: Map<String, Value>) -> Map<String, Value> {
    let mut all = common.clone();
    for (key, value) in own {
        let value = match (all.get(&key), value) {
            (Some(Value::Object(below)), Value::Object(over)) => Value::Object(laid_over(below, over)),
            (_, value) => value,
        };
        all.insert(key, value);
    }
    all
}
