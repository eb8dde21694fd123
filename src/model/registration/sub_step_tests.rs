use super::*;
use crate::model::registration::plan::EffectPlan;
use crate::model::workflow::RetryOverride;

fn planned(slug: &str, depends_on: &[&str]) -> SubStepPlan {
    SubStepPlan {
        slug: slug.to_owned(),
        title: slug.to_owned(),
        handler: "http".to_owned(),
        settings: serde_json::Map::new(),
        depends_on: depends_on.iter().map(|slug| (*slug).to_owned()).collect(),
        skip_if_failed: false,
        when: None,
        retry: RetryOverride::default(),
        only_reads: false,
        effect: EffectPlan::default(),
    }
}

fn plan(sub_steps: Vec<SubStepPlan>) -> RegistrationPlan {
    RegistrationPlan {
        steps: std::collections::BTreeMap::new(),
        sub_steps,
        prefill: Value::Null,
    }
}

#[test]
fn turns_come_in_order_and_what_depends_on_a_failure_is_skipped() {
    let plan = plan(vec![planned("a", &[]), planned("b", &["a"]), planned("c", &[])]);
    let mut progress = Progress::default().under(&plan);
    let now = Utc::now();
    assert_eq!(progress.turn(&plan), Turn::Run(&plan.sub_steps[0]));
    progress.get_mut("a").unwrap().fail("no", now);
    assert_eq!(progress.turn(&plan), Turn::Skip(&plan.sub_steps[1], "a"));
    progress.get_mut("b").unwrap().skip("'a' has not completed", now);
    assert_eq!(progress.turn(&plan), Turn::Run(&plan.sub_steps[2]));
    progress.get_mut("c").unwrap().complete(None, None, now);
    assert_eq!(progress.turn(&plan), Turn::Over);
}

#[test]
fn what_has_begun_goes_on_first_also_where_the_plan_names_it_no_more() {
    let first = plan(vec![planned("a", &[]), planned("b", &[])]);
    let mut progress = Progress::default().under(&first);
    progress.get_mut("b").unwrap().start(Utc::now());
    assert_eq!(progress.turn(&first), Turn::Run(&first.sub_steps[1]));
    let second = plan(vec![planned("a", &[])]);
    let progress = progress.under(&second);
    assert_eq!(progress.turn(&second), Turn::Unplanned("b"));
}

#[test]
fn what_is_given_up_in_a_call_is_remembered_as_one_that_nobody_knows_of() {
    let mut reads = planned("b", &[]);
    reads.only_reads = true;
    let plan = plan(vec![planned("a", &[]), reads, planned("c", &[])]);
    for (slug, call_open, unknown) in [("a", true, true), ("a", false, false), ("b", true, false)] {
        let mut progress = Progress::default().under(&plan);
        progress.get_mut(slug).unwrap().start(Utc::now());
        progress.give_up(&plan, call_open, "it ended the process three times", Utc::now());
        let given_up = progress.get(slug).unwrap();
        assert_eq!(given_up.status, SubStepStatus::Failed);
        assert_eq!(given_up.outcome_unknown, unknown, "{slug}, {call_open}");
        assert_eq!(progress.get("c").unwrap().status, SubStepStatus::Skipped);
        assert_eq!(given_up.refusals, i32::from(!unknown));
    }
}

#[test]
fn what_may_fail_and_was_refused_has_another_key_in_a_retry() {
    let plan = plan(vec![planned("a", &[])]);
    let reference = Id::now();
    let mut progress = Progress::default().under(&plan);
    let each = progress.get_mut("a").unwrap();
    let first = each.key(reference);
    each.skip_failed("it failed, and may: refused", Utc::now());
    assert_eq!(each.status, SubStepStatus::Skipped);
    assert_ne!(progress.to_retry().get("a").unwrap().key(reference), first);
}

#[test]
fn the_key_stays_until_a_definite_refusal_and_into_a_retry() {
    let plan = plan(vec![planned("a", &[])]);
    let reference = Id::now();
    let mut progress = Progress::default().under(&plan);
    let first = progress.get("a").unwrap().key(reference);
    let each = progress.get_mut("a").unwrap();
    each.outcome_unknown = true;
    each.fail("timed out", Utc::now());
    let retried = progress.to_retry();
    assert_eq!(retried.get("a").unwrap().key(reference), first);
    assert_eq!(retried.get("a").unwrap().status, SubStepStatus::InProgress);
    let mut refused = retried;
    let each = refused.get_mut("a").unwrap();
    each.outcome_unknown = false;
    each.fail("refused", Utc::now());
    assert_ne!(refused.to_retry().get("a").unwrap().key(reference), first);
}
