//! Releases against the recorded ones.

use serde_json::{Value, json};

use compile::cut;
use model::kinds::component_release::TraitSnapshot;
use model::kinds::{
    Component, ComponentType, DeploymentPipeline, Project, ProjectType, Resource, ResourceType,
    Workload,
};

use crate::compat::{check_rows, rows, same};

fn decode<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(without_nulls(value)).map_err(|error| error.to_string())
}

/// The recorded objects have lists that are null where documents have them empty.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let fields = map.iter().map(|(key, value)| {
                let value = match (key.as_str(), value) {
                    ("resources", Value::Null) => json!([]),
                    ("template", Value::Null) => json!({}),
                    (_, value) => without_nulls(value),
                };
                (key.clone(), value)
            });
            Value::Object(fields.collect())
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

fn traits(input: &Value) -> Vec<Value> {
    let of = |field: &str, kind: &str| -> Vec<Value> {
        let map = input[field].as_object().cloned().unwrap_or_default();
        map.iter()
            .map(|(name, spec)| json!({"kind": kind, "name": name, "spec": spec}))
            .collect()
    };
    [of("traits", "Trait"), of("clusterTraits", "ClusterTrait")].concat()
}

fn build(input: &Value) -> Result<Value, String> {
    let snapshot = &input["componentType"];
    let kind = snapshot["kind"]
        .as_str()
        .filter(|kind| !kind.is_empty())
        .unwrap_or("ComponentType");
    let mut component = input["component"]["spec"].clone();
    component["componentType"] = json!({"kind": kind, "name": snapshot["name"]});
    let component: Component = decode(&component)?;
    let component_type: ComponentType = decode(&snapshot["spec"])?;
    let traits: Vec<TraitSnapshot> = decode(&json!(traits(input)))?;
    let name = input["component"]["metadata"]["name"]
        .as_str()
        .unwrap_or_default();
    let mut workload = input["workload"].clone();
    workload["owner"] = json!({"projectName": "p", "componentName": name});
    let workload: Workload = decode(&workload)?;
    let cut = cut::component(name, &component, &component_type, &traits, &workload);
    Ok(serde_json::to_value(cut.spec).unwrap())
}

#[test]
fn releases_freeze_what_the_reference_freezes() {
    // Admission and the component's own checks refuse what the reference refuses here.
    let all = rows("release-build.jsonl", "componentrelease.BuildSpec");
    let all: Vec<_> = all
        .into_iter()
        .filter(|row| row.get("error").is_none())
        .collect();
    check_rows(&all, &[], |row| {
        let (own, expected) = (
            build(&row["input"]["input"])?,
            without_nulls(&row["output"]["result"]),
        );
        let expected = filled(&expected);
        if same(&own, &expected) {
            Ok(())
        } else {
            Err(format!("\n     {own}\n not {expected}"))
        }
    });
}

/// Defaults that our documents spell out and the reference's leave to admission.
fn filled(expected: &Value) -> Value {
    match expected {
        Value::Object(map) => {
            let mut filled: serde_json::Map<String, Value> = map
                .iter()
                .map(|(key, value)| (key.clone(), filled_in(key, value)))
                .collect();
            if map.contains_key("instanceName") {
                filled.entry("kind").or_insert(json!("Trait"));
            }
            Value::Object(filled)
        }
        Value::Array(items) => items.iter().map(filled).collect(),
        other => other.clone(),
    }
}

fn filled_in(key: &str, value: &Value) -> Value {
    let mut value = filled(value);
    if key == "postRenderValidations" {
        for rule in value.as_array_mut().into_iter().flatten() {
            rule["targetPlane"] = json!("dataplane");
            rule["target"]["mustMatch"] = json!(true);
        }
    }
    value
}

fn component_with(image: &str) -> cut::Cut<model::kinds::ComponentRelease> {
    let component: Component = decode(&json!({
        "owner": {"projectName": "shop"}, "componentType": {"name": "deployment/service"},
    }))
    .unwrap();
    let component_type: ComponentType =
        decode(&json!({"workloadType": "deployment", "resources": []})).unwrap();
    let workload: Workload = decode(&json!({
        "owner": {"projectName": "shop", "componentName": "api"}, "container": {"image": image},
    }))
    .unwrap();
    cut::component("api", &component, &component_type, &[], &workload)
}

#[test]
fn equal_content_has_equal_names_and_other_content_others() {
    let one = component_with("a:1");
    assert_eq!(one, component_with("a:1"));
    assert_ne!(one.name, component_with("a:2").name);
    assert_eq!(one.name, format!("api-{}", one.hash));
}

#[test]
fn a_project_release_is_named_by_type_and_parameters() {
    let cut = |parameters: Value| {
        let project: Project = decode(&json!({
            "deploymentPipelineRef": {"name": "default"}, "type": {"name": "default"},
            "parameters": parameters,
        }))
        .unwrap();
        let project_type: ProjectType = decode(&json!({"resources": []})).unwrap();
        cut::project("shop", &project, &project_type)
    };
    assert_eq!(cut(json!({"a": 1.0})).name, cut(json!({"a": 1})).name);
    assert_ne!(cut(json!({"a": 1})).name, cut(json!({"a": 2})).name);
}

/// Hashes of the reference are opaque: rows tell only which contents are the same.
#[test]
fn a_resource_release_is_named_by_type_and_parameters() {
    let all = rows("release-build.jsonl", "resource.computeReleaseHash");
    let cut = |row: &Value| -> Result<_, String> {
        let spec = &row["input"]["spec"];
        let snapshot = &spec["resourceType"];
        let resource: Resource = decode(&json!({
            "owner": {"projectName": "shop"},
            "type": {"kind": snapshot["kind"], "name": snapshot["name"]},
            "parameters": spec.get("parameters").cloned().unwrap_or_else(|| json!({})),
        }))?;
        let resource_type: ResourceType = decode(&snapshot["spec"])?;
        Ok(cut::resource("db", &resource, &resource_type))
    };
    check_rows(&all, &[], |row| {
        let own = cut(row)?;
        assert_eq!(own.name, format!("db-{}", own.hash));
        for other in &all {
            let equal = row["output"]["result"] == other["output"]["result"];
            if equal != (own.name == cut(other)?.name) {
                return Err(format!("equal to {} or not", other["id"]));
            }
        }
        Ok(())
    });
}

#[test]
fn the_root_environment_is_that_of_the_reference() {
    // A path without a name does not pass admission.
    let all = rows("release-build.jsonl", "component.findRootEnvironment");
    let all: Vec<_> = all
        .into_iter()
        .filter(|row| !row.to_string().contains(r#""name":"""#))
        .collect();
    check_rows(&all, &[], |row| {
        let pipeline: DeploymentPipeline = decode(&row["input"]["pipeline"]["spec"])?;
        let own = pipeline.root_environment().unwrap_or_default();
        if row["output"]["result"] == own {
            Ok(())
        } else {
            Err(own.to_owned())
        }
    });
}
