//! Snapshots of components as the recorded rows have them.

use serde_json::{Value, json};

use compile::{
    component::Snapshot,
    connections::Item,
    context::{
        DataPlaneContext, EnvironmentContext,
        configurations::{RemoteRef, Secrets},
    },
};
use model::kinds::{
    ComponentRelease, ReleaseBinding, Workload,
    component_release::{ComponentProfile, ComponentTypeSnapshot},
};

pub(crate) fn decode<T: serde::de::DeserializeOwned>(
    value: &Value,
    what: &str,
) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| format!("{what}: {error}"))
}

pub(crate) fn text(value: &Value, path: &str) -> String {
    value
        .pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn with_kinds(traits: &Value) -> Vec<Value> {
    let mut traits = traits.as_array().cloned().unwrap_or_default();
    for instance in traits.iter_mut().filter(|instance| instance.is_object()) {
        if instance["kind"].as_str().unwrap_or_default().is_empty() {
            instance["kind"] = json!("Trait");
        }
    }
    traits
}

/// The snapshot of a row of the component pipeline.
pub(crate) fn snapshot(input: &Value) -> Result<Snapshot, String> {
    let workload: Workload = decode(&input["workload"]["spec"], "workload")?;
    let traits = input["traits"].as_array().cloned().unwrap_or_default();
    let traits = traits
        .iter()
        .map(|found| {
            let kind = found["kind"]
                .as_str()
                .filter(|kind| !kind.is_empty())
                .unwrap_or("Trait");
            json!({"kind": kind, "name": found["metadata"]["name"], "spec": found["spec"]})
        })
        .collect::<Vec<_>>();
    let component = &input["component"]["spec"];
    let profile = ComponentProfile {
        parameters: component["parameters"]
            .as_object()
            .cloned()
            .unwrap_or_default(),
        traits: decode(&json!(with_kinds(&component["traits"])), "component.traits")?,
    };
    // Unit tests of the reference leave out what admission fills in.
    let mut component_type = input["componentType"]["spec"].clone();
    if component_type["workloadType"] == "" {
        component_type["workloadType"] = json!("deployment");
    }
    let metadata = &input["metadata"];
    let binding = input["releaseBinding"]["spec"].clone();
    let release = ComponentRelease {
        owner: workload.owner.clone(),
        component_type: ComponentTypeSnapshot {
            kind: model::kinds::reference::ComponentTypeKind::ComponentType,
            name: text(&input["componentType"], "/metadata/name"),
            spec: decode(&component_type, "componentType")?,
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
        release: release.into(),
        binding: match binding.is_null() {
            true => ReleaseBinding::default(),
            false => decode(&binding, "releaseBinding")?,
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
                None => decode(&json!({}), "annotations")?,
            },
        },
        unit: "releasebinding.default.binding"
            .parse()
            .map_err(|_| "the unit".to_owned())?,
        cell_unit: None,
        connections: items(&input["dependencyItems"]),
        resources: match input["resourceDependencyItems"].is_null() {
            true => Vec::new(),
            false => decode(&input["resourceDependencyItems"], "resourceDependencyItems")?,
        },
        notification_channel: input["defaultNotificationChannel"]
            .as_str()
            .map(str::to_owned),
        secrets: secrets(&input["secretReferences"]),
    })
}

pub(crate) fn secrets(references: &Value) -> Secrets {
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

fn items(list: &Value) -> Vec<Item> {
    let entries = list.as_array().into_iter().flatten();
    entries
        .map(|entry| Item {
            namespace: text(entry, "/namespace"),
            project: text(entry, "/project"),
            component: text(entry, "/component"),
            endpoint: text(entry, "/endpoint"),
            visibility: text(entry, "/visibility"),
            env_vars: entry["envVars"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|variable| (text(variable, "/name"), text(variable, "/value")))
                .collect(),
        })
        .collect()
}
