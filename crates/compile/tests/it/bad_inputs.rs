//! Whatever a type, a trait or a value holds: a diagnostic that names its place, within the budget.
//!
//! Work is bounded in steps and bytes, so these tests end or fail by what they count, never by a clock.

use serde_json::{Map, Value, json};

use compile::{Compiler, Limits, component::Snapshot, patch, schema::Schema, template::Context};
use model::kinds::trait_::PatchOp;

use testkit::compat::{expand_shared, rows};

use crate::snapshots::{decode, snapshot};

/// A component with traits that renders.
fn sample(part: &str) -> Snapshot {
    let rows = rows("golden-components.jsonl", "component.Pipeline.Render");
    let row = rows
        .iter()
        .filter(|row| row.get("error").is_none())
        .find(|row| row["id"].as_str().unwrap().contains(part))
        .unwrap();
    let mut input = row["input"].clone();
    expand_shared(&mut input);
    snapshot(&input).unwrap()
}

/// The diagnostics of the greeter with this in the labels of its first template.
fn refusal(label: Value) -> String {
    let mut snapshot = sample("greeter-service");
    snapshot.release.change(|release| {
        let template = &mut release.component_type.spec.resources[0].template;
        template["metadata"]["labels"] = json!({"bad": label});
    });
    refused(&snapshot)
}

fn refused(snapshot: &Snapshot) -> String {
    let found = Compiler::new().component(snapshot);
    found.unwrap_err().to_string()
}

fn assert_says(found: &str, parts: &[&str]) {
    for part in parts {
        assert!(found.contains(part), "{part:?} is not in:\n{found}");
    }
}

#[test]
fn deep_nesting_is_refused() {
    let mut value = json!("x");
    for _ in 0..200 {
        value = json!([value]);
    }
    assert_says(&refusal(value), &["resources[0].template", "nested levels"]);
    let deep = format!("${{{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    assert_says(&refusal(json!(deep)), &["nested levels"]);
    let source = format!("${{1{}}}", "+1".repeat(60_000));
    assert_says(&refusal(json!(source)), &["source bytes"]);
}

#[test]
fn huge_lists_are_refused() {
    let found = refusal(json!("${lists.range(1000000000).map(x, x)}"));
    assert_says(
        &found,
        &["resources[0].template.metadata.labels.bad", "limit"],
    );
    let product = "${lists.range(2000).map(x, lists.range(2000).map(y, x * y))}";
    assert_says(&refusal(json!(product)), &["limit"]);
}

#[test]
fn exponential_growth_is_refused() {
    let mut text = "'0123456789abcdef'".to_owned();
    let mut list = "[1, 2]".to_owned();
    for _ in 0..40 {
        text = format!("optional.of({text}).optMap(v, v + v).value()");
        list = format!("optional.of({list}).optMap(v, [v, v]).value()");
    }
    assert_says(&refusal(json!(format!("${{{text}}}"))), &["limit"]);
    assert_says(&refusal(json!(format!("${{{list}}}"))), &["limit"]);
    // Inside of other text the value is written out as well.
    assert_says(&refusal(json!(format!("a ${{{list}}}"))), &["limit"]);
    assert_says(
        &refusal(json!({format!("${{{list}}}"): 1})),
        &["must evaluate to a string"],
    );
}

#[test]
fn patterns_that_explode_elsewhere_match_in_linear_time() {
    let text = "a".repeat(30_000);
    let mut snapshot = sample("greeter-service");
    let matched = format!("${{string('{text}!'.matches('^(a+)+$'))}}");
    snapshot.release.change(|release| {
        let template = &mut release.component_type.spec.resources[0].template;
        template["metadata"]["labels"] = json!({"matched": matched});
    });
    let compiled = Compiler::new().component(&snapshot).unwrap();
    assert_says(compiled.bundle.as_str(), &[r#""matched":"false""#]);
    let found = refusal(json!("${'a'.matches('((a{1000}){1000}){1000}')}"));
    assert_says(&found, &["invalid matches() pattern"]);
    let schema =
        json!({"properties": {"a": {"type": "string", "pattern": "((a{999}){999}){999}"}}});
    let schema = Schema::parse(schema.as_object().unwrap()).unwrap();
    let problems = schema.validate(&json!({"a": text}));
    assert_says(&problems.join("\n"), &["cannot be used"]);
}

#[test]
fn circular_and_exponential_references_are_refused() {
    let parse = |schema: Value| Schema::parse(schema.as_object().unwrap()).map(drop);
    let circle = json!({"$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}},
        "properties": {"a": {"$ref": "#/$defs/A"}}});
    assert_says(&parse(circle).unwrap_err().to_string(), &["circular"]);
    let mut definitions = Map::new();
    definitions.insert("D0".to_owned(), json!({"type": "string"}));
    for level in 1..25 {
        let below = json!({"$ref": format!("#/$defs/D{}", level - 1)});
        let node = json!({"properties": {"l": below, "r": below}});
        definitions.insert(format!("D{level}"), node);
    }
    let bomb = json!({"$defs": definitions, "properties": {"a": {"$ref": "#/$defs/D24"}}});
    assert_says(
        &parse(bomb).unwrap_err().to_string(),
        &["expands to more than"],
    );
}

#[test]
fn a_definition_that_is_copied_too_often_is_refused() {
    let uses: Map<String, Value> = (0..1000)
        .map(|number| (format!("p{number}"), json!({"$ref": "#/$defs/Big"})))
        .collect();
    let big = json!({"type": "string", "default": "x".repeat(1 << 20)});
    let schema = json!({"$defs": {"Big": big}, "properties": uses});
    let error = Schema::parse(schema.as_object().unwrap()).unwrap_err();
    assert_says(&error.to_string(), &["expands to more than"]);
}

#[test]
fn schemas_of_ten_megabytes_are_refused_with_their_place() {
    let mut snapshot = sample("greeter-service");
    let properties: Map<String, Value> = (0..250_000)
        .map(|number| {
            (
                format!("property{number}"),
                json!({"type": "string", "default": "x"}),
            )
        })
        .collect();
    let section = json!({"openAPIV3Schema": {"type": "object", "properties": properties}});
    assert!(section.to_string().len() > 10_000_000);
    snapshot.release.change(|release| {
        release.component_type.spec.parameters = Some(decode(&section, "schema").unwrap());
    });
    assert_says(
        &refused(&snapshot),
        &["spec.parameters", "expands to more than"],
    );
}

#[test]
fn defaults_that_multiply_are_refused() {
    let mut snapshot = sample("greeter-service");
    let item = json!({"type": "object", "properties": {"text": {
        "type": "string", "default": "x".repeat(100_000)}}});
    let section = json!({"openAPIV3Schema": {"type": "object", "properties": {
        "list": {"type": "array", "items": item}}}});
    snapshot.release.change(|release| {
        release.component_type.spec.parameters = Some(decode(&section, "schema").unwrap());
        let list = json!({"list": vec![json!({}); 10_000]});
        let profile = release.component_profile.as_mut().unwrap();
        profile.parameters = list.as_object().unwrap().clone();
    });
    assert_says(
        &refused(&snapshot),
        &["spec.parameters", "too large with their defaults"],
    );
}

#[test]
fn nul_bytes_are_text_like_any_other() {
    let mut snapshot = sample("greeter-service");
    snapshot.release.change(|release| {
        let template = &mut release.component_type.spec.resources[0].template;
        template["metadata"]["annotations"] = json!({"a\u{0}b": "${'x\u{0}y' + '\\u0000'}"});
    });
    let compiled = Compiler::new().component(&snapshot).unwrap();
    let text = compiled.bundle.as_str();
    assert_says(text, &[r#""a\u0000b":"x\u0000y\u0000""#]);
    assert_says(&refusal(json!("${a\u{0}b}")), &["unexpected character"]);
}

#[test]
fn keys_given_twice_are_refused() {
    assert_says(
        &refusal(json!("${{'a': 1, 'a': 2}}")),
        &["key a already exists"],
    );
    let entries = "${[1, 2].transformMapEntry(i, v, {'same': v})}";
    assert_says(&refusal(json!(entries)), &["key same already exists"]);
}

#[test]
fn unknown_variables_are_named() {
    let found = refusal(json!("${nothing.here}"));
    assert_says(&found, &["undeclared reference to 'nothing'", "labels.bad"]);
}

#[test]
fn all_expressions_of_a_render_share_one_budget() {
    let mut snapshot = sample("greeter-service");
    let label = "${string(lists.range(2000).map(x, x + 1).size())}";
    let labels: Map<String, Value> = (0..400)
        .map(|number| (format!("l{number}"), json!(label)))
        .collect();
    snapshot.release.change(|release| {
        let template = &mut release.component_type.spec.resources[0].template;
        template["metadata"]["annotations"] = Value::Object(labels);
    });
    let found = refused(&snapshot);
    assert_says(
        &found,
        &[
            "in all",
            "resource ",
            "resources[0].template.metadata.annotations.l",
        ],
    );
    let generous = Limits {
        render_steps: 100_000_000,
        render_bytes: 1 << 30,
        ..Limits::default()
    };
    assert!(Compiler::with_limits(generous).component(&snapshot).is_ok());
}

#[test]
fn patches_cannot_nest_or_multiply_without_end() {
    let operation = |path: String, value: Value| patch::Operation {
        op: PatchOp::Add,
        path,
        value,
    };
    let mut object = json!({});
    let deep = operation("/a".repeat(100_000), json!(1));
    let error = patch::apply(&mut object, &[deep]).unwrap_err();
    assert_says(&error.to_string(), &["more than 128 steps"]);
    let mut object = json!({"list": vec![json!({}); 50_000]});
    let wide = operation("/list[*]/x".to_owned(), json!("x".repeat(10_000)));
    let error = patch::apply(&mut object, &[wide]).unwrap_err();
    assert_says(&error.to_string(), &["bytes"]);
}

#[test]
fn one_broken_trait_fails_its_own_release_and_names_itself() {
    let compiler = Compiler::new();
    let healthy = sample("component-with-embedded-traits");
    let before = compiler.component(&healthy).unwrap();
    let mut broken = healthy.clone();
    let name = broken.release.traits[0].name.clone();
    broken.release.change(|release| {
        let patch = json!([{"target": {"kind": "Deployment", "version": "v1", "group": "apps"},
            "operations": [{"op": "add", "path": "/metadata/x", "value": "${nothing}"}]}]);
        release.traits[0].spec.patches = decode(&patch, "patches").unwrap();
    });
    let found = compiler.component(&broken).unwrap_err().to_string();
    assert_says(
        &found,
        &[&name, "spec.traits[0].spec.patches[0]", "'nothing'"],
    );
    let after = Compiler::new().component(&healthy).unwrap();
    assert_eq!(before.bundle, after.bundle);
    assert!(std::sync::Arc::ptr_eq(
        &before,
        &compiler.component(&healthy).unwrap()
    ));
}

#[test]
fn a_loop_variable_shares_the_budget_of_its_render() {
    let context = Context::from_json(&Map::new()).within(&expr::Limits {
        steps: 3000,
        ..expr::Limits::default()
    });
    let engine = compile::template::Engine::default();
    let turns = (0..100).map(|turn| {
        let inner = context.with("turn", &json!(turn));
        engine.evaluate("${lists.range(100).map(x, x + turn)}", &inner)
    });
    let failed = turns.filter(Result::is_err).count();
    assert!(failed > 80, "{failed} of 100 turns fail");
}
