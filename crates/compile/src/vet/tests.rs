//! Admission against the recorded decisions.

use serde_json::{Value, json};

use model::{Diagnostics, Scope};

use crate::compat::{check_rows, rows};

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

const DIFFERENCES: &[(&str, &str)] = &[(
    "componenttype.Validator.ValidateCreate|ComponentType Webhook allowedWorkflows validation \
     should default empty Kind to Workflow when checking duplicates",
    "the kind is ClusterWorkflow by default, as the schema of the kind says",
)];

fn check(function: &str, row: &Value) -> Result<(), String> {
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
            let mut all = rows("admission.jsonl", &function);
            // Objects of another type never reach a vet function.
            all.retain(|row| {
                let message = row["error"]["message"].as_str().unwrap_or_default();
                !message.starts_with("expected a")
            });
            check_rows(&all, DIFFERENCES, |row| check(&function, row));
        }
    }
}
