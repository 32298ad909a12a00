//! Runs against the recorded ones.

use serde_json::{Value, json};

use model::kinds::{Workflow, WorkflowRun};
use testkit::compat::{PROGRAM_ONLY, Table, agree, expand_shared, outcome, result};

use super::{Snapshot, arguments, render_extras, render_run, variables};
use crate::{
    Compiler,
    functions::Methods,
    names,
    template::{Context, Engine},
};

fn decode<T: serde::de::DeserializeOwned>(value: &Value, what: &str) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| format!("{what}: {error}"))
}

fn or_empty(map: &Value) -> Value {
    if map.is_null() {
        json!({})
    } else {
        map.clone()
    }
}

fn snapshot(input: &Value) -> Result<Snapshot, String> {
    let context = &input["context"];
    let text = |name: &str| context[name].as_str().unwrap_or_default().to_owned();
    let mut workflow = input["workflow"]["spec"].clone();
    if workflow["runTemplate"].is_null() {
        return Err("invalid input: workflow has no runTemplate".to_owned());
    }
    if let Some(map) = workflow.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    let workflow: Workflow = decode(&workflow, "workflow")?;
    let run: WorkflowRun = decode(&input["workflowRun"]["spec"], "run")?;
    let store = context["workflowPlane"]["secretStore"]
        .as_str()
        .unwrap_or_default();
    let plane = json!({
        "clusterAgent": {"clientCA": {}}, "secretStoreRef": {"name": store},
    });
    Ok(Snapshot {
        namespace: text("namespaceName"),
        run_name: text("workflowRunName"),
        labels: decode(&or_empty(&context["labels"]), "labels")?,
        run,
        workflow,
        external_refs: decode(&or_empty(&context["externalRefs"]), "externalRefs")?,
        workflow_plane: decode(&plane, "plane")?,
        unit: "workflowrun.default.run".parse().unwrap(),
    })
}

fn render(input: &Value) -> Result<Value, String> {
    let snapshot = snapshot(input)?;
    let namespace = names::run_namespace(&snapshot.namespace);
    let context = variables(&snapshot, &namespace).map_err(|fault| fault.message)?;
    let (engine, context) = (Engine::new(Methods::Plain), Context::from_json(&context));
    let run = render_run(&engine, &snapshot.workflow, &context).map_err(|fault| fault.message)?;
    let extras = render_extras(&engine, &snapshot.workflow, &context, &namespace)
        .map_err(|fault| fault.message)?;
    let extras: Vec<_> = extras
        .into_iter()
        .map(|(id, object)| json!({"id": id, "resource": object.to_json()}))
        .collect();
    let mut output = json!({"resource": run});
    if !extras.is_empty() {
        output["resources"] = Value::Array(extras);
    }
    Ok(output)
}

fn check(row: &Value, input: &Value) -> Result<(), String> {
    let mut input = input.clone();
    expand_shared(&mut input);
    let mut row = row.clone();
    let expected = match row["output"].get("result") {
        Some(_) => &mut row["output"]["result"],
        None => &mut row["output"],
    };
    if let Some(map) = expected.as_object_mut() {
        map.shift_remove("metadata");
    }
    outcome(render(&input), &row)
}

#[test]
fn runs_render_as_in_the_reference() {
    Table::of("golden-workflows.jsonl", "workflowpipeline.Pipeline.Render")
        .check(|row| check(row, &row["input"]));
    Table::of(
        "workflow-pipeline.jsonl",
        "workflowpipeline.Pipeline.Render",
    )
    .but(&[PROGRAM_ONLY])
    .check(|row| check(row, &row["input"]["input"]));
}

#[test]
fn variables_are_those_of_the_reference() {
    Table::of(
        "golden-workflows.jsonl",
        "workflowpipeline.Pipeline.BuildCELContext",
    )
    .check(|row| {
        let mut input = row["input"].get("input").unwrap_or(&row["input"]).clone();
        expand_shared(&mut input);
        let snapshot = snapshot(&input)?;
        let namespace = names::run_namespace(&snapshot.namespace);
        let own = variables(&snapshot, &namespace).map_err(|fault| fault.message)?;
        agree(&Value::Object(own), result(row))
    });
}

#[test]
fn argument_values_take_the_forms_of_the_reference() {
    type Convert = fn(&mut Value);
    let (lists, texts): (Convert, Convert) = (arguments::lists, arguments::compact);
    for (function, convert) in [
        ("workflowpipeline.convertFlowStyleArraysToSlices", lists),
        ("workflowpipeline.convertComplexValuesToJSONStrings", texts),
    ] {
        Table::of("workflow-pipeline.jsonl", function).check(|row| {
            let mut own = row["input"]["data"].clone();
            convert(&mut own);
            agree(&own, result(row))
        });
    }
    Table::of(
        "workflowrun.jsonl",
        "workflowrun.convertParameterValuesToStrings",
    )
    .check(|row| {
        let mut own = row["input"]["resource"].clone();
        arguments::stringify(&mut own);
        agree(&own, result(row))
    });
    Table::of("workflowrun.jsonl", "workflowrun.convertToString")
        .but(&[PROGRAM_ONLY])
        .check(|row| {
            agree(
                &json!(arguments::text_of(&row["input"]["value"])),
                result(row),
            )
        });
}

fn check_run() -> Snapshot {
    let text = include_str!("../../../../deploy/catalogue/60-workflow.yaml");
    let documents = model::yaml::documents(text).unwrap();
    snapshot(&json!({
        "workflow": documents[0],
        "workflowRun": {"spec": {"workflow": {"name": "check", "parameters": {"fail": true}}}},
        "context": {"namespaceName": "default", "workflowRunName": "check-1"},
    }))
    .unwrap()
}

#[test]
fn a_run_is_started_once_and_what_runs_share_stays() {
    use model::Policy::{Keep, Once};
    let compiled = Compiler::new().workflow(&check_run()).unwrap();
    let bundle = compiled.bundle.parse();
    let policies: Vec<_> = bundle.objects.iter().map(|entry| entry.policy).collect();
    assert_eq!(policies, [Keep, Keep, Keep, Keep, Once]);
    let run = bundle.objects.last().unwrap();
    assert!(run.report_status);
    assert_eq!(run.id, compiled.run_id);
    assert_eq!(compiled.run.namespace.as_deref(), Some("workflows-default"));
    let arguments = &run.object["spec"]["arguments"]["parameters"];
    assert!(
        arguments
            .as_array()
            .unwrap()
            .iter()
            .all(|argument| argument["value"].is_string())
    );
    let first = &compiled.bundle;
    assert_eq!(
        first,
        &Compiler::new().workflow(&check_run()).unwrap().bundle
    );
}
