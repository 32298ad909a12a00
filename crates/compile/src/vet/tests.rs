//! Admission against the recorded decisions.

use serde_json::{Value, json};

use model::{Diagnostics, Scope};
use testkit::compat::{Difference, PROGRAM_ONLY, Table};

mod validation;

fn decode<T: serde::de::DeserializeOwned>(spec: &Value) -> Result<T, String> {
    serde_json::from_value(written_out(spec)).map_err(|error| format!("not decoded: {error}"))
}

/// The recorded objects leave out what admission has filled in before, and have nulls for what is
/// empty.
fn written_out(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let fields = map.iter().map(|(key, value)| {
                let value = match (key.as_str(), value) {
                    ("resources" | "traits", Value::Null) => json!([]),
                    ("template" | "runTemplate", Value::Null) => json!({}),
                    ("workloadType", Value::String(text)) if text.is_empty() => json!("deployment"),
                    ("kind", Value::String(text)) if text.is_empty() => json!("Workflow"),
                    (_, value) => written_out(value),
                };
                (key.clone(), value)
            });
            let mut fields: serde_json::Map<_, _> = fields.collect();
            if fields.contains_key("instanceName") {
                fields.entry("kind").or_insert(json!("Trait"));
            }
            Value::Object(fields)
        }
        Value::Array(items) => items.iter().map(written_out).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn vet(function: &str, spec: &Value) -> Result<Diagnostics, String> {
    Ok(match function.split('.').next().unwrap_or_default() {
        "componenttype" => super::component_type(&decode(spec)?, Scope::Namespaced),
        "clustercomponenttype" => super::component_type(&decode(spec)?, Scope::Cluster),
        "trait" | "clustertrait" => super::trait_(&decode(spec)?),
        "workflow" => super::workflow(&decode(spec)?, Scope::Namespaced),
        "clusterworkflow" => super::workflow(&decode(spec)?, Scope::Cluster),
        "componentrelease" => super::component_release(&decode(spec)?),
        "component" => super::component(&decode(spec)?),
        other => return Err(format!("no such kind: {other}")),
    })
}

const DIFFERENCES: &[Difference] = &[
    PROGRAM_ONLY,
    Difference {
        name: "defaults-first",
        shows: |row| {
            let causes = row["error"]["causes"].as_array();
            let mut causes = causes.into_iter().flatten().peekable();
            causes.peek().is_some() && causes.all(|cause| has_default(row, cause))
        },
    },
    Difference {
        name: "default-workflow-kind",
        shows: |row| {
            let message = row["error"]["message"].as_str().unwrap_or_default();
            let allowed = row["input"]["obj"]["spec"]["allowedWorkflows"].as_array();
            let mut allowed = allowed.into_iter().flatten();
            message.contains(r#"Duplicate value: "Workflow:"#)
                && allowed.any(|workflow| workflow["kind"].as_str().unwrap_or_default().is_empty())
        },
    },
];

/// Whether a release is refused for want of a parameter that has a default.
fn has_default(row: &Value, cause: &Value) -> bool {
    let message = cause["message"].as_str().unwrap_or_default();
    let Some((before, _)) = message.rsplit_once(" is required") else {
        return false;
    };
    let name = before.rsplit(['.', ' ']).next().unwrap_or_default();
    let spec = &row["input"]["obj"]["spec"];
    let traits = spec["traits"].as_array().into_iter().flatten();
    let specs = traits
        .chain([&spec["componentType"]])
        .map(|holder| &holder["spec"]);
    let mut schemas = specs.map(|spec| &spec["parameters"]["openAPIV3Schema"]["properties"]);
    message.contains("do not match") && schemas.any(|fields| !fields[name]["default"].is_null())
}

fn check(function: &str, row: &Value) -> Result<(), String> {
    if (PROGRAM_ONLY.shows)(row) {
        return Err("an object of another kind comes to another function".to_owned());
    }
    let object = row["input"].get("obj").unwrap_or(&row["input"]["newObj"]);
    let expected = row["error"]["message"].as_str();
    match (vet(function, &object["spec"]), expected) {
        (Ok(diagnostics), None) if diagnostics.is_empty() => Ok(()),
        (Ok(diagnostics), None) => Err(diagnostics.to_string()),
        (Ok(diagnostics), Some(expected)) if diagnostics.is_empty() => {
            Err(format!("accepted, not {expected}"))
        }
        (Ok(_), Some(_)) | (Err(_), Some(_)) => Ok(()),
        (Err(error), None) => Err(error),
    }
}

#[test]
fn admission_decides_as_in_the_reference() {
    for kind in [
        "componenttype",
        "clustercomponenttype",
        "trait",
        "clustertrait",
        "workflow",
        "clusterworkflow",
        "componentrelease",
        "component",
    ] {
        for verb in ["ValidateCreate", "ValidateUpdate"] {
            let function = format!("{kind}.Validator.{verb}");
            Table::of("admission.jsonl", &function)
                .but(DIFFERENCES)
                .check(|row| check(&function, row));
        }
    }
}

#[test]
fn a_parameter_with_a_default_need_not_be_given() {
    let release = |schema: Value| {
        let spec = json!({
            "owner": {"projectName": "p", "componentName": "c"},
            "workload": {"container": {"image": "i"}},
            "componentType": {"kind": "ComponentType", "name": "deployment/d", "spec": {
                "workloadType": "deployment",
                "parameters": {"openAPIV3Schema": {
                    "type": "object", "required": ["size"], "properties": {"size": schema},
                }},
                "resources": [{"id": "deployment", "template": {
                    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"},
                }}],
            }},
        });
        super::component_release(&serde_json::from_value(spec).unwrap())
    };
    let given = release(json!({"type": "integer", "default": 3}));
    assert!(given.is_empty(), "{given}");
    assert!(!release(json!({"type": "integer"})).is_empty());
}
