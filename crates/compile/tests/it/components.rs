//! Whole components: what real samples render to.

use compile::{
    Compiler,
    component::{self, Snapshot, Variables},
    context::{DataPlaneContext, EnvironmentContext, configurations::{RemoteRef, Secrets}},
};
use model::kinds::{
    ComponentRelease, ReleaseBinding, Workload,
    component_release::{ComponentProfile, ComponentTypeSnapshot},
};
use serde_json::{Value, json};

use crate::compat::{check_rows, expand_shared, rows, same};

#[test]
fn components_render_as_in_the_reference() {
    let rows = rows("golden-components.jsonl", "component.Pipeline.Render");
    let compiler = Compiler::new();
    check_rows(&rows, DIFFERENCES, |row| {
        let mut input = row["input"].clone();
        expand_shared(&mut input);
        let uses = |field: &str| input[field].as_array().is_some_and(|items| !items.is_empty());
        if uses("resourceDependencyItems") || uses("dependencyItems") || channel(&input) {
            return Ok(());
        }
        let snapshot = snapshot(&input)?;
        let rendered = Variables::new(&snapshot)
            .and_then(|variables| component::render_labelled(&compiler, &snapshot, &variables));
        match (rendered, row.get("error")) {
            (Err(_), Some(_)) => Ok(()),
            (Err(error), None) => Err(error.to_string()),
            (Ok(_), Some(error)) => Err(format!("should fail with {error}")),
            (Ok(rendered), None) => compare(&rendered, &row["output"]["resources"]),
        }
    });
}

const DIFFERENCES: &[(&str, &str)] = &[];

fn channel(input: &Value) -> bool {
    input["defaultNotificationChannel"].as_str().is_some_and(|name| !name.is_empty())
}

fn compare(rendered: &[Value], expected: &Value) -> Result<(), String> {
    let mut expected: Vec<Value> =
        expected.as_array().unwrap().iter().map(|entry| entry["resource"].clone()).collect();
    let mut rendered = rendered.to_vec();
    for object in rendered.iter_mut().chain(&mut expected) {
        // The hash of the other objects is opaque.
        if let Some(annotations) = object.pointer_mut("/spec/template/metadata/annotations") {
            annotations["openchoreo.dev/dp-resource-hash"] = json!("opaque");
        }
    }
    if rendered.len() != expected.len() {
        return Err(format!("{} objects instead of {}", rendered.len(), expected.len()));
    }
    for (own, other) in rendered.iter().zip(&expected) {
        if !same(own, other) {
            return Err(format!("\n     {own}\n not {other}"));
        }
    }
    Ok(())
}

fn decode<T: serde::de::DeserializeOwned>(value: &Value, what: &str) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| format!("{what}: {error}"))
}

fn text(value: &Value, path: &str) -> String {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn snapshot(input: &Value) -> Result<Snapshot, String> {
    let workload: Workload = decode(&input["workload"]["spec"], "workload")?;
    let traits = input["traits"].as_array().cloned().unwrap_or_default();
    let traits = traits
        .iter()
        .map(|found| {
            let kind = found["kind"].as_str().filter(|kind| !kind.is_empty()).unwrap_or("Trait");
            json!({"kind": kind, "name": found["metadata"]["name"], "spec": found["spec"]})
        })
        .collect::<Vec<_>>();
    let component = &input["component"]["spec"];
    let profile = ComponentProfile {
        parameters: component["parameters"].as_object().cloned().unwrap_or_default(),
        traits: decode(component.get("traits").unwrap_or(&json!([])), "component.traits")?,
    };
    let metadata = &input["metadata"];
    let binding = input["releaseBinding"]["spec"].clone();
    let release = ComponentRelease {
        owner: workload.owner.clone(),
        component_type: ComponentTypeSnapshot {
            kind: model::kinds::reference::ComponentTypeKind::ComponentType,
            name: text(&input["componentType"], "/metadata/name"),
            spec: decode(&input["componentType"]["spec"], "componentType")?,
        },
        traits: decode(&json!(traits), "traits")?,
        component_profile: Some(profile),
        workload: workload.into(),
    };
    Ok(Snapshot {
        namespace: text(metadata, "/componentNamespace"),
        component_name: text(metadata, "/componentName"),
        component_uid: text(metadata, "/componentUID"),
        project_name: text(metadata, "/projectName"),
        project_uid: text(metadata, "/projectUID"),
        binding_name: "binding".to_owned(),
        release,
        binding: match binding {
            Value::Null => ReleaseBinding::default(),
            binding => decode(&binding, "releaseBinding")?,
        },
        restarted_at: None,
        environment: EnvironmentContext {
            name: text(metadata, "/environmentName"),
            uid: text(metadata, "/environmentUID"),
            spec: decode(&input["environment"]["spec"], "environment")?,
        },
        data_plane: DataPlaneContext {
            name: text(metadata, "/dataPlaneName"),
            uid: text(metadata, "/dataPlaneUID"),
            spec: decode(&input["dataPlane"]["spec"], "dataPlane")?,
            annotations: match input["dataPlane"]["metadata"].get("annotations") {
                Some(annotations) => decode(annotations, "annotations")?,
                None => indexmap::IndexMap::new(),
            },
        },
        unit: "releasebinding.default.binding".parse().unwrap(),
        cell_unit: None,
        connections: Vec::new(),
        secrets: secrets(&input["secretReferences"]),
    })
}

fn secrets(references: &Value) -> Secrets {
    let mut secrets = Secrets::new();
    for (name, reference) in references.as_object().into_iter().flatten() {
        let keys = secrets.entry(name.clone()).or_default();
        for entry in reference["spec"]["data"].as_array().into_iter().flatten() {
            let remote = &entry["remoteRef"];
            let remote = RemoteRef {
                key: text(remote, "/key"),
                property: text(remote, "/property"),
                version: text(remote, "/version"),
            };
            keys.insert(text(entry, "/secretKey"), remote);
        }
    }
    secrets
}
