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
        "resourcetype" | "clusterresourcetype" => super::resource_type(&decode(spec)?),
        "resourcerelease" => super::resource_release(&decode(spec)?),
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
        "resourcetype",
        "clusterresourcetype",
        "resourcerelease",
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

#[test]
fn resource_types_are_judged_as_in_the_reference() {
    for function in [
        "resource.ValidateResourceTypeSpec",
        "resource.ValidateClusterResourceTypeSpec",
    ] {
        Table::of("validation.jsonl", function).check(|row| {
            let own = super::resource_type(&decode(&row["input"]["spec"])?);
            let expected: Vec<_> = row["output"]["result"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|problem| problem["field"].as_str().unwrap().replace(['[', ']'], "."))
                .collect();
            // The reference writes keys of templates in brackets.
            let places: Vec<_> = own
                .iter()
                .map(|problem| problem.path.replace(['[', ']'], "."))
                .collect();
            let plain = |place: &String| place.replace("..", ".").trim_end_matches('.').to_owned();
            let (places, expected): (Vec<_>, Vec<_>) = (
                places.iter().map(plain).collect(),
                expected.iter().map(plain).collect(),
            );
            if places == expected {
                Ok(())
            } else {
                Err(format!("\n     {own}\n not {expected:?}"))
            }
        });
    }
}

/// What is wrong with a type of these resources and outputs.
fn resource_type(resources: Value, outputs: Value) -> String {
    let spec = json!({
        "parameters": {"openAPIV3Schema": {"type": "object", "properties": {
            "size": {"type": "integer"}, "tls": {"type": "boolean"},
        }}},
        "resources": resources,
        "outputs": outputs,
    });
    super::resource_type(&decode(&spec).unwrap()).to_string()
}

#[test]
fn only_what_runs_after_rendering_reads_what_was_applied() {
    let manifest = |field: &str, text: &str| {
        let mut manifest = json!({"id": "a", "template": {"kind": "X"}});
        manifest[field] = json!(text);
        resource_type(json!([manifest]), json!([]))
    };
    assert_eq!(manifest("readyWhen", "${has(applied.a.status.ready)}"), "");
    assert_eq!(
        manifest("readyWhen", "${applied.?a.status.?ready.orValue(false)}"),
        ""
    );
    assert!(manifest("readyWhen", "${has(applied.b.status.ready)}").contains("unknown ids [b]"));
    assert!(manifest("readyWhen", "${applied[?'b'].hasValue()}").contains("unknown ids [b]"));
    assert!(manifest("readyWhen", "${applied.a.state.ready}").contains("undefined field 'state'"));
    assert!(manifest("readyWhen", "${parameters.size}").contains("must return boolean"));
    assert!(manifest("includeWhen", "${parameters.size}").contains("must return boolean"));
    assert_eq!(
        manifest("includeWhen", "${parameters.tls && has(gateway.ingress)}"),
        ""
    );
    assert!(manifest("includeWhen", "${metadata.componentName == ''}").contains("componentName"));
}

#[test]
fn outputs_are_texts_over_what_is_rendered() {
    let output = |value: &str| {
        let manifest = json!({"id": "a", "template": {"kind": "X"}});
        resource_type(json!([manifest]), json!([{"name": "o", "value": value}]))
    };
    assert_eq!(output("${applied.a.status.host}:${parameters.size}"), "");
    assert_eq!(output("plain"), "");
    assert!(output("${parameters.size}").contains("must return string, got int"));
    assert!(output("${applied.b.status.host}:1").contains("unknown ids [b]; declared ids: [a]"));
    assert!(output("${").is_empty());
}

#[test]
fn ids_and_outputs_are_named_once() {
    let manifest = json!({"id": "a", "template": {"kind": "X"}});
    let output = json!({"name": "o", "value": "x"});
    let problems = resource_type(json!([manifest, manifest]), json!([output, output]));
    assert!(problems.contains(r#"spec.resources[1].id: resource id "a" is already used"#));
    assert!(problems.contains(r#"spec.outputs[1].name: output name "o" is already used"#));
}
