//! Variables and names against the recorded ones.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use model::kinds::{
    DataPlane, Environment,
    component_release::WorkloadSnapshot,
    container::{Container, EnvVar, FileVar},
    endpoint::Endpoint,
};
use testkit::compat::{Table, agree};

use super::{
    DataPlaneContext, annotated_data_plane,
    configurations::{Configurations, RemoteRef, Secrets, overridden},
    dependencies::Dependencies,
    gateway,
    service_ports::service_ports,
    workload,
};
use crate::{
    component::variables::endpoint_resources,
    connections::resources::ResourceItem,
    snapshots::{decode, secrets},
};

const TABLE: &str = "component-context.jsonl";

/// The workload of a row; rows about workloads alone name no image.
fn workload_of(input: &Value) -> Result<WorkloadSnapshot, String> {
    let mut spec = input["workload"]["spec"].clone();
    if spec.is_null() {
        spec = json!({"container": {}});
    }
    let image = spec["container"]["image"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    spec["container"]["image"] = json!(image);
    if let Some(map) = spec.as_object_mut() {
        map.shift_remove("owner");
    }
    decode(&spec, "workload")
}

#[test]
fn workloads_are_seen_as_in_the_reference() {
    Table::of(TABLE, "context.ExtractWorkloadData").check(|row| {
        let found = workload_of(&row["input"])?;
        agree(
            &workload(&found.container, &found.endpoints),
            &row["output"]["result"],
        )
    });
    Table::of(TABLE, "context.ExtractEndpointResources").check(|row| {
        let found = workload_of(&row["input"])?;
        agree(
            &endpoint_resources(&found.endpoints),
            &row["output"]["result"],
        )
    });
}

#[test]
fn configurations_are_seen_as_in_the_reference() {
    Table::of(TABLE, "context.ExtractConfigurationsFromWorkload").check(|row| {
        let found = workload_of(&row["input"])?;
        let secrets = secrets(&row["input"]["secretReferences"]);
        let own = Configurations::new(&found.container, &secrets)?.variable();
        agree(&own, &row["output"]["result"])
    });
}

#[test]
fn overrides_replace_by_key_and_append() {
    Table::of(TABLE, "context.MergeWorkloadOverrides").check(|row| {
        let base: Container = decode(
            &row["input"]["baseWorkload"]["spec"]["container"],
            "container",
        )?;
        let overrides = &row["input"]["overrides"]["container"];
        let list = |name: &str| overrides.get(name).cloned().unwrap_or_else(|| json!([]));
        let env: Vec<EnvVar> = decode(&list("env"), "env")?;
        let files: Vec<FileVar> = decode(&list("files"), "files")?;
        let own = serde_json::to_value(overridden(&base, &env, &files)).unwrap();
        agree(&own, &row["output"]["result"]["spec"]["container"])
    });
}

#[test]
fn planes_and_gateways_are_seen_as_in_the_reference() {
    let plane = |value: &Value| -> Result<DataPlaneContext, String> {
        Ok(DataPlaneContext {
            name: String::new(),
            uid: String::new(),
            spec: decode(&value["spec"], "data plane")?,
            annotations: decode(&value["metadata"]["annotations"], "annotations")
                .unwrap_or_default(),
        })
    };
    Table::of(TABLE, "context.extractDataPlaneData").check(|row| {
        agree(
            &annotated_data_plane(&plane(&row["input"]["dp"])?),
            &row["output"]["result"],
        )
    });
    Table::of(TABLE, "context.extractEnvironmentData").check(|row| {
        let environment: Environment = decode(&row["input"]["env"]["spec"], "environment")?;
        let own = gateway(&environment, &plane(&row["input"]["dp"])?.spec);
        agree(&json!(own), &row["output"]["result"]["gateway"])
    });
    Table::of(TABLE, "context.mergeGatewayData").check(|row| {
        let of = |name: &str| row["input"][name].clone();
        let environment: Environment = decode(&json!({"gateway": of("envGW")}), "environment")?;
        let data_plane = json!({"clusterAgent": {"clientCA": {}}, "gateway": of("dpGW")});
        let data_plane: DataPlane = decode(&data_plane, "data plane")?;
        agree(
            &json!(gateway(&environment, &data_plane)),
            &row["output"]["result"],
        )
    });
}

/// Configurations that a row gives as their variable.
fn configurations(variable: &Value) -> (Container, Secrets) {
    let (mut container, mut secrets) = (Container::default(), Secrets::new());
    let list = |path: &str| variable.pointer(path).and_then(Value::as_array).cloned();
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let mut source = |entry: &Value| -> Option<model::kinds::container::ValueSource> {
        let remote = entry.get("remoteRef")?;
        let name = format!("secret-{}", secrets.len());
        let part = |field: &str| remote[field].as_str().unwrap_or_default().to_owned();
        let remote = RemoteRef {
            key: part("key"),
            property: part("property"),
            version: part("version"),
        };
        secrets.insert(name.clone(), BTreeMap::from([("k".to_owned(), remote)]));
        serde_json::from_value(json!({"secretKeyRef": {"name": name, "key": "k"}})).ok()
    };
    for path in ["/configs/envs", "/secrets/envs"] {
        for entry in list(path).into_iter().flatten() {
            let value_from = source(&entry);
            let value = Some(text(&entry, "value"));
            container.env.push(EnvVar {
                key: text(&entry, "name"),
                value,
                value_from,
            });
        }
    }
    for path in ["/configs/files", "/secrets/files"] {
        for entry in list(path).into_iter().flatten() {
            let value_from = source(&entry);
            container.files.push(FileVar {
                key: text(&entry, "name"),
                mount_path: text(&entry, "mountPath"),
                value: Some(text(&entry, "value")),
                value_from,
            });
        }
    }
    (container, secrets)
}

#[test]
fn derived_lists_are_those_of_the_reference() {
    Table::of(TABLE, "context.BuildDerivedContext").check(|row| {
        let input = &row["input"];
        let (container, secrets) = configurations(&input["configurations"]);
        let mut derived = Map::new();
        let prefix = input["prefix"].as_str().unwrap();
        Configurations::new(&container, &secrets)?.derive(prefix, &mut derived);
        let endpoints: BTreeMap<String, Endpoint> =
            decode(&input["workload"]["endpoints"], "endpoints").unwrap_or_default();
        derived.insert("servicePorts".to_owned(), json!(service_ports(&endpoints)));
        let resources = input["endpointResources"].clone();
        derived.insert(
            "endpointResources".to_owned(),
            if resources.is_null() {
                json!({})
            } else {
                resources
            },
        );
        let item: ResourceItem = {
            let mut item = input["dependencies"].clone();
            item["ref"] = json!("r");
            decode(&item, "dependencies")?
        };
        Dependencies {
            items: &[],
            resources: &[item],
        }
        .derive(&mut derived);
        agree(&Value::Object(derived), &row["output"]["result"])
    });
}

#[test]
fn a_target_port_of_zero_is_the_port() {
    let endpoint: Endpoint = decode(
        &json!({"type": "HTTP", "port": 80, "targetPort": 0}),
        "endpoint",
    )
    .unwrap();
    let endpoints = BTreeMap::from([("http".to_owned(), endpoint)]);
    assert_eq!(service_ports(&endpoints)[0]["targetPort"], 80);
    let seen = workload(&Container::default(), &endpoints);
    assert_eq!(seen["endpoints"]["http"]["targetPort"], 80);
}

#[test]
fn a_secret_that_is_not_known_is_named() {
    let container: Container = decode(
        &json!({"image": "i", "env": [
            {"key": "A", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]}),
        "container",
    )
    .unwrap();
    let error = Configurations::new(&container, &Secrets::new()).unwrap_err();
    assert_eq!(error, r#"SecretReference "db" not found"#);
}

#[test]
fn a_binding_replaces_the_secrets_that_are_needed() {
    use crate::component::secret_references;
    let secret = |key: &str, name: &str| json!({"key": key, "valueFrom": {"secretKeyRef": {"name": name, "key": "k"}}});
    let workload: WorkloadSnapshot = decode(
        &json!({"container": {"image": "i", "env": [secret("A", "dev"), secret("B", "both")]}}),
        "workload",
    )
    .unwrap();
    let mut binding = json!({
        "owner": {"projectName": "p", "componentName": "c"}, "environment": "e",
    });
    let plain = decode(&binding, "binding").unwrap();
    assert_eq!(secret_references(&workload, &plain), ["both", "dev"]);
    binding["workloadOverrides"] = json!({"container": {"env": [secret("A", "prod")]}});
    let other = decode(&binding, "binding").unwrap();
    assert_eq!(secret_references(&workload, &other), ["both", "prod"]);
}

#[test]
fn names_are_those_of_the_reference() {
    use crate::connections::resources::volume_name;
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let agree = |own: String, row: &Value| agree(&json!(own), &row["output"]["result"]);
    Table::of("names.jsonl", "context.resourceDepVolumeName").check(|row| {
        let input = &row["input"];
        let (kind, name) = (text(input, "sourceKind"), text(input, "sourceName"));
        agree(volume_name(&text(input, "ref"), &kind, &name), row)
    });
}
