#![allow(clippy::unwrap_used, clippy::expect_used)]
use serde_json::json;

use super::*;

fn text(source: &str) -> Result<String, TemplateError> {
    let context = json!({"name": "Karori Medical", "n": 3, "list": [1, 2], "company": {"domain": "a.example"}});
    Templates::new().render_text(source, &context)
}

#[test]
fn texts_are_rendered() {
    assert_eq!(text("no template").unwrap(), "no template");
    assert_eq!(text("{{ name }}, {{ n + 1 }}").unwrap(), "Karori Medical, 4");
    assert_eq!(text("q={{ name | urlencode }}").unwrap(), "q=Karori%20Medical");
    assert_eq!(text("{{ list | tojson }}").unwrap(), "[1, 2]");
    assert_eq!(text("{{ missing | default('x') }}").unwrap(), "x");
    assert_eq!(text("{{ 'https://a.example/b' | host }}").unwrap(), "a.example");
    assert_eq!(text("{{ 'u:p' | b64encode }}").unwrap(), "dTpw");
    assert_eq!(text("<{{ '<&>' }}>").unwrap(), "<<&>>", "nothing is escaped");
}

#[test]
fn what_is_not_there_is_an_error() {
    for source in [
        "{{ missing }}",
        "{{ company.nothing }}",
        "{{ company.nothing.more }}",
        "{{ missing | upper }}",
    ] {
        assert!(
            matches!(text(source), Err(TemplateError::Undefined(_))),
            "{source}: {:?}",
            text(source)
        );
    }
}

#[test]
fn what_is_no_template_is_told_with_its_line() {
    let templates = Templates::new();
    for (source, line) in [
        ("a\n{{ b", 2),
        ("{% for %}", 1),
        ("{% include 'x' %}", 1),
        ("{% nonsense %}", 1),
    ] {
        match templates.check(source) {
            Err(TemplateError::Syntax { line: told, .. }) => assert_eq!(told, line, "{source}"),
            other => panic!("{source}: {other:?}"),
        }
    }
    assert_eq!(templates.check("{{ a }}"), Ok(()));
    assert!(matches!(
        text("{{ name | nothing }}"),
        Err(TemplateError::Syntax { .. })
    ));
    let long = "x".repeat(MAX_SOURCE + 1);
    assert_eq!(templates.check(&long), Err(TemplateError::TooLong));
}

#[test]
fn no_template_outgrows_its_bounds() {
    let doubling = "{% set x = 'abcdefgh' %}".to_owned() + &"{% set x = x ~ x %}".repeat(40) + "{{ x }}";
    let looping = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}";
    let in_a_loop =
        "{% set n = namespace(x='abcdefgh') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}";
    for source in [doubling.as_str(), looping, in_a_loop, "{{ 'a' * 100000000 }}"] {
        assert!(
            matches!(text(source), Err(TemplateError::TooMuchWork | TemplateError::TooLarge)),
            "{:?}",
            text(source).map(|text| text.len())
        );
    }
}

#[test]
fn output_of_all_strings_together_is_bounded() {
    let large = json!({"page": "x".repeat(2 << 20)});
    let many = Value::Array(vec![json!("{{ page }}"); 9]);
    let templates = Templates::new();
    assert_eq!(templates.render_json(&many, &large), Err(TemplateError::TooLarge));
    let few = Value::Array(vec![json!("{{ page }}"); 2]);
    assert!(templates.render_json(&few, &large).is_ok());
    assert_eq!(
        templates.render_text(&"{{ page }}".repeat(9), &large),
        Err(TemplateError::TooLarge)
    );
}

#[test]
fn one_expression_keeps_its_type() {
    let source = json!({
        "number": "{{ n }}", "list": "{{ list }}", "object": "{{ company }}", "text": "{{ n }} of {{ n }}",
        "kept": [1, null, true], "{{ name }}": "{{- n -}}", "null": "{{ none }}", "compared": "{{ n > 2 }}",
        "braces": "{{ {'a': {'b': n}} }}",
    });
    let context = json!({"n": 3, "list": [1.5, "x"], "company": {"b": 1, "a": 2}, "name": "key"});
    let rendered = Templates::new().render_json(&source, &context).unwrap();
    assert_eq!(
        rendered,
        json!({
            "number": 3, "list": [1.5, "x"], "object": {"b": 1, "a": 2}, "text": "3 of 3",
            "kept": [1, null, true], "key": 3, "null": null, "compared": true, "braces": {"a": {"b": 3}},
        })
    );
    assert_eq!(
        rendered["object"].to_string(),
        "{\"b\":1,\"a\":2}",
        "the order of names is kept"
    );
    let missing = Templates::new().render_json(&json!({"a": ["{{ missing }}"]}), &context);
    assert!(matches!(missing, Err(TemplateError::Undefined(_))), "{missing:?}");
}

#[test]
fn conditions_take_what_is_not_there_for_false() {
    let templates = Templates::new();
    let context = json!({"steps": {"a": {"found": true, "n": 5, "empty": []}}});
    for (expression, holds) in [
        ("steps.a.found", true),
        ("steps.a.n > 4 and not steps.a.empty", true),
        ("steps.b.found", false),
        ("steps.b.found.deeper", false),
        ("nothing.at.all", false),
        ("not nothing", true),
        ("steps.a.nothing == 3", false),
        ("steps.b is defined", false),
        ("nothing | upper == 'X'", false),
    ] {
        assert_eq!(templates.holds(expression, &context), Ok(holds), "{expression}");
    }
    assert!(matches!(
        templates.holds("1 +", &context),
        Err(TemplateError::Syntax { .. })
    ));
    assert!(matches!(
        templates.holds("steps.a.n | nothing", &context),
        Err(TemplateError::Syntax { .. })
    ));
    assert!(templates.holds("steps.a.n + steps", &context).is_err());
}

#[test]
fn a_secret_is_a_placeholder() {
    let templates = Templates::new();
    let source = json!({"key": "{{ secret('KEY') }}", "auth": "Bearer {{ secret('KEY') }}"});
    let rendered = templates.render_json(&source, &json!({})).unwrap();
    let placeholders = templates.placeholders();
    assert_eq!(placeholders.shown(rendered["key"].as_str().unwrap()), "***KEY***");
    assert_eq!(
        placeholders.shown(rendered["auth"].as_str().unwrap()),
        "Bearer ***KEY***"
    );
    assert!(templates.render_text("{{ secret('no name') }}", &json!({})).is_err());
}

#[test]
fn compiled_templates_are_kept_within_bounds() {
    let templates = Templates::new();
    for n in 0..KEPT + 10 {
        templates.render_text(&format!("{{{{ {n} }}}}"), &json!({})).unwrap();
    }
    let kept = templates.environments().kept.templates.load(Ordering::Relaxed);
    assert!(kept < KEPT, "{kept}");
}
