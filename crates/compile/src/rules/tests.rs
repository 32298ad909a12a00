//! Rules and loops against the recorded ones.

use serde_json::{Value, json};

use expr::Numbers;
use model::kinds::template::ValidationRule;
use testkit::compat::{Table, outcome};

use super::failures;
use crate::{
    functions::Methods,
    render::{self, Template},
    template::{Context, Engine},
    tree,
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

#[test]
fn rules_fail_as_in_the_reference() {
    Table::of(
        "component-renderer.jsonl",
        "renderer.EvaluateValidationRules",
    )
    .check(|row| {
        let rules: Vec<ValidationRule> =
            serde_json::from_value(row["input"]["rules"].clone()).unwrap_or_default();
        let failed = failures(&engine(), &context(row), "rules", &rules);
        let own: Vec<_> = failed.into_iter().map(|failure| failure.message).collect();
        match own.is_empty() {
            true => outcome(Ok(json!({})), row),
            false => outcome(Err(own.join("; ")), row),
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

fn list(items: Result<Vec<expr::Value>, String>) -> Result<Value, String> {
    items.map(|items| items.iter().map(|item| item.to_json().unwrap()).collect())
}

#[test]
fn conditions_and_loops_are_those_of_the_reference() {
    Table::of("component-renderer.jsonl", "renderer.ShouldInclude").check(|row| {
        let condition = row["input"]["includeWhen"].as_str();
        outcome(
            render::should_include(&engine(), &context(row), condition).map(Value::Bool),
            row,
        )
    });
    Table::of("component-renderer.jsonl", "renderer.ToIterableItems").check(|row| {
        outcome(
            list(render::items(Some(&tree::of(&row["input"]["result"])))),
            row,
        )
    });
    Table::of("component-renderer.jsonl", "renderer.EvalForEach").check(|row| {
        let var = render::variable(row["input"]["varName"].as_str()).to_owned();
        let for_each = row["input"]["forEach"].as_str().unwrap();
        let items = render::iterate(&engine(), &context(row), for_each);
        // The recorded result is the context of each turn.
        let turns = items.map(|items| {
            let turn = |item: expr::Value| {
                let mut turn = row["input"]["context"].clone();
                turn[&var] = item.to_json().unwrap();
                turn
            };
            Value::Array(items.into_iter().map(turn).collect())
        });
        outcome(turns, row)
    });
}

#[test]
fn templates_give_the_objects_of_the_reference() {
    Table::of(
        "component-renderer.jsonl",
        "renderer.Renderer.RenderResources",
    )
    .check(|row| {
        let (engine, context) = (engine(), context(row));
        let mut objects = Vec::new();
        for template in row["input"]["templates"].as_array().into_iter().flatten() {
            let id = template["id"].as_str().unwrap();
            let template = Template {
                id,
                place: ".resources[0]",
                title: &format!("resource {id}"),
                body: template["template"].as_object().unwrap(),
                include_when: template["includeWhen"].as_str(),
                for_each: template["forEach"].as_str(),
                var: template["var"].as_str(),
                plane: render::Plane::Data,
            };
            match template.parse(&engine).render("spec", &context) {
                Ok(rendered) => {
                    objects.extend(rendered.into_iter().map(
                        |entry| json!({"resource": entry.object.to_json(), "targetPlane": ""}),
                    ))
                }
                Err(fault) => return outcome(Err(fault.message), row),
            }
        }
        outcome(Ok(Value::Array(objects)), row)
    });
}
