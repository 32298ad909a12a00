//! Rules and loops against the recorded ones.

use serde_json::{Value, json};

use expr::Numbers;
use model::kinds::template::ValidationRule;

use super::failures;
use crate::{
    compat::{check_rows, rows, same, says},
    functions::Methods,
    render::{self, Template},
    template::{Context, Engine},
};

fn context(row: &Value) -> Context {
    let variables = row["input"]["context"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    Context::from_json_with(&variables, Numbers::AsWritten)
}

fn engine() -> Engine {
    Engine::new(Methods::Plain)
}

fn agree(own: Result<Value, String>, row: &Value) -> Result<(), String> {
    let expected = &row["output"]["result"];
    match (own, row["error"]["message"].as_str()) {
        (Ok(own), None) if same(&own, expected) => Ok(()),
        (Ok(own), None) => Err(format!("\n     {own}\n not {expected}")),
        (Ok(own), Some(expected)) => Err(format!("{own}, should fail with {expected}")),
        (Err(own), expected) => says(&own, expected),
    }
}

#[test]
fn rules_fail_as_in_the_reference() {
    let table = rows(
        "component-renderer.jsonl",
        "renderer.EvaluateValidationRules",
    );
    check_rows(&table, &[], |row| {
        let rules: Vec<ValidationRule> =
            serde_json::from_value(row["input"]["rules"].clone()).unwrap_or_default();
        let failed = failures(&engine(), &context(row), "rules", &rules);
        let own: Vec<_> = failed.into_iter().map(|failure| failure.message).collect();
        match own.is_empty() {
            true => agree(Ok(Value::Null), row),
            false => agree(Err(own.join("; ")), row),
        }
    });
}

#[test]
fn a_long_rule_is_cut_in_messages() {
    let rule = format!("${{{}}}", "a".repeat(200));
    let rules = [ValidationRule {
        rule,
        message: "m".to_owned(),
    }];
    let failed = failures(&engine(), &Context::new(), "spec.validations", &rules);
    assert_eq!(failed[0].path, "spec.validations[0].rule");
    assert!(
        failed[0]
            .message
            .contains(&format!("{}...\"", "a".repeat(118))),
        "{failed:?}"
    );
}

#[test]
fn conditions_and_loops_are_those_of_the_reference() {
    check_rows(
        &rows("component-renderer.jsonl", "renderer.ShouldInclude"),
        &[],
        |row| {
            let condition = row["input"]["includeWhen"].as_str();
            agree(
                render::should_include(&engine(), &context(row), condition).map(Value::Bool),
                row,
            )
        },
    );
    check_rows(
        &rows("component-renderer.jsonl", "renderer.ToIterableItems"),
        &[],
        |row| {
            agree(
                render::items(row["input"]["result"].clone()).map(Value::Array),
                row,
            )
        },
    );
    check_rows(
        &rows("component-renderer.jsonl", "renderer.EvalForEach"),
        &[],
        |row| {
            let var = render::variable(row["input"]["varName"].as_str()).to_owned();
            let for_each = row["input"]["forEach"].as_str().unwrap();
            let items = render::iterate(&engine(), &context(row), for_each);
            // The recorded result is the context of each turn.
            let turns = items.map(|items| {
                let turn = |item| {
                    let mut turn = row["input"]["context"].clone();
                    turn[&var] = item;
                    turn
                };
                Value::Array(items.into_iter().map(turn).collect())
            });
            agree(turns, row)
        },
    );
}

#[test]
fn templates_give_the_objects_of_the_reference() {
    check_rows(
        &rows(
            "component-renderer.jsonl",
            "renderer.Renderer.RenderResources",
        ),
        &[],
        |row| {
            let (engine, context) = (engine(), context(row));
            let mut objects = Vec::new();
            for template in row["input"]["templates"].as_array().into_iter().flatten() {
                let id = template["id"].as_str().unwrap();
                let template = Template {
                    id,
                    origin: "spec.resources[0]",
                    title: &format!("resource {id}"),
                    body: &template["template"],
                    include_when: template["includeWhen"].as_str(),
                    for_each: template["forEach"].as_str(),
                    var: template["var"].as_str(),
                    plane: render::Plane::Data,
                };
                match render::template(&engine, &context, &template) {
                    Ok(rendered) => objects.extend(
                        rendered
                            .into_iter()
                            .map(|entry| json!({"resource": entry.object, "targetPlane": ""})),
                    ),
                    Err(fault) => return agree(Err(fault.message), row),
                }
            }
            agree(Ok(Value::Array(objects)), row)
        },
    );
}
