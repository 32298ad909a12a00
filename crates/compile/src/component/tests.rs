//! The component pipeline against the recorded one.

use serde_json::{Value, json};

use testkit::compat::{Table, expand_shared, same, says};

mod variables;

use super::{Snapshot, Variables, render_labelled, variables as of};
use crate::{Compiler, context::merged_gateway, snapshots::snapshot, template::Context, tree};

/// Variables with the metadata that the row gives, which unit tests of the reference make up.
fn variables(snapshot: &Snapshot, metadata: &Value) -> Result<Variables, model::Diagnostics> {
    let labels = metadata["labels"].as_object().cloned().unwrap_or_default();
    let cell = metadata["namespace"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let parts = Compiler::new().prepare(&snapshot.release);
    let schemas = &parts.component_type.schemas;
    let gateway = merged_gateway(&snapshot.environment.spec, &snapshot.data_plane.spec);
    let mut values = of::values(snapshot, (schemas, &gateway), of::Wanted::All)?;
    values.push(("metadata", tree::variable(metadata)));
    Ok(Variables {
        base: Context::from_values(values),
        cell,
        labels: tree::fields(&tree::of(&Value::Object(labels)))
            .unwrap()
            .clone(),
        gateway,
    })
}

fn check(row: &Value, input: &Value) -> Result<(), String> {
    let mut input = input.clone();
    expand_shared(&mut input);
    let snapshot = snapshot(&input)?;
    let rendered = variables(&snapshot, &input["metadata"])
        .and_then(|variables| render_labelled(&Compiler::new(), &snapshot, &variables));
    match (rendered, row["error"]["message"].as_str()) {
        (Ok(rendered), None) => compare(&rendered, &row["output"]),
        (Ok(_), Some(expected)) => Err(format!("should fail with {expected}")),
        (Err(own), expected) => {
            let own: Vec<_> = own.iter().map(|problem| problem.message.clone()).collect();
            says(&own.join("; "), expected)
        }
    }
}

fn compare(rendered: &[expr::Value], output: &Value) -> Result<(), String> {
    let output = output.get("result").unwrap_or(output);
    let mut expected: Vec<Value> = output["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| entry["resource"].clone())
        .collect();
    let rendered = rendered.iter().map(|object| object.to_json().unwrap());
    let mut rendered: Vec<Value> = rendered.collect();
    for object in rendered.iter_mut().chain(&mut expected) {
        // The hash of the other objects is opaque; whether there is one is not.
        let annotations = object.pointer_mut("/spec/template/metadata/annotations");
        if let Some(hash) =
            annotations.and_then(|map| map.get_mut("openchoreo.dev/dp-resource-hash"))
        {
            *hash = json!("opaque");
        }
    }
    if rendered.len() != expected.len() {
        return Err(format!(
            "{} objects instead of {}",
            rendered.len(),
            expected.len()
        ));
    }
    match rendered
        .iter()
        .zip(&expected)
        .find(|(own, other)| !same(own, other))
    {
        Some((own, other)) => Err(format!("\n     {own}\n not {other}")),
        None => Ok(()),
    }
}

#[test]
fn samples_render_as_in_the_reference() {
    Table::of("golden-components.jsonl", "component.Pipeline.Render")
        .check(|row| check(row, &row["input"]));
}

#[test]
fn small_types_render_as_in_the_reference() {
    Table::of("component-pipeline.jsonl", "component.Pipeline.Render")
        .check(|row| check(row, &row["input"]["input"]));
}
