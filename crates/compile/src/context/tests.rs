//! Variables and names against the recorded ones.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use model::{
    kinds::{
        DataPlane, Environment,
        component_release::WorkloadSnapshot,
        container::{Container, EnvVar, FileVar},
        endpoint::{Endpoint, EndpointType},
    },
    name,
};
use testkit::compat::{Difference, Table, agree, leave_out, result};

use super::{
    DataPlaneContext, annotated_data_plane,
    configurations::{Configurations, RemoteRef, Secrets, overridden},
    dependencies::Dependencies,
    gateway, merged_gateway,
    service_ports::service_ports,
    workload,
};
use crate::{
    component::variables::{Derived, Wanted, endpoint_resources},
    connections::resources::{ResourceItem, volume_name},
    snapshots::{decode, secrets},
    tree,
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
            &workload(&found.container, &found.endpoints)
                .to_json()
                .unwrap(),
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
        agree(&own.to_json().unwrap(), &row["output"]["result"])
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
            &annotated_data_plane(&plane(&row["input"]["dp"])?)
                .to_json()
                .unwrap(),
            &row["output"]["result"],
        )
    });
    Table::of(TABLE, "context.extractEnvironmentData").check(|row| {
        let environment: Environment = decode(&row["input"]["env"]["spec"], "environment")?;
        let own = gateway(&merged_gateway(
            &environment,
            &plane(&row["input"]["dp"])?.spec,
        ));
        agree(
            &json!(own.map(|own| own.to_json())),
            &row["output"]["result"]["gateway"],
        )
    });
    Table::of(TABLE, "context.mergeGatewayData").check(|row| {
        let of = |name: &str| row["input"][name].clone();
        let environment: Environment = decode(&json!({"gateway": of("envGW")}), "environment")?;
        let data_plane = json!({"clusterAgent": {"clientCA": {}}, "gateway": of("dpGW")});
        let data_plane: DataPlane = decode(&data_plane, "data plane")?;
        agree(
            &json!(gateway(&merged_gateway(&environment, &data_plane)).map(|own| own.to_json())),
            &row["output"]["result"],
        )
    });
}

/// Configurations that a row gives as their variable.
pub(crate) fn configurations(variable: &Value) -> (Container, Secrets) {
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
        let mut derived = Derived::new();
        let prefix = input["prefix"].as_str().unwrap();
        Configurations::new(&container, &secrets)?.derive(prefix, Wanted::All, &mut derived);
        let endpoints: BTreeMap<String, Endpoint> =
            decode(&input["workload"]["endpoints"], "endpoints").unwrap_or_default();
        let mut insert = |name: &str, value| derived.push((expr::Key::string(name), value));
        insert("servicePorts", expr::Value::list(service_ports(&endpoints)));
        let resources = input["endpointResources"].as_object();
        let resources = json!(resources.cloned().unwrap_or_default());
        insert("endpointResources", tree::of(&resources));
        let item: ResourceItem = {
            let mut item = input["dependencies"].clone();
            item["ref"] = json!("r");
            decode(&item, "dependencies")?
        };
        Dependencies {
            items: &[],
            resources: &[item],
        }
        .derive(Wanted::All, &mut derived);
        agree(&shown(derived), &row["output"]["result"])
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
    let port = service_ports(&endpoints)[0].to_json().unwrap();
    assert_eq!(port["targetPort"], 80);
    let seen = workload(&Container::default(), &endpoints);
    let seen = seen.to_json().unwrap();
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

fn shown(derived: Derived) -> Value {
    let derived = expr::Value::map(derived.into_iter().collect());
    derived.to_json().unwrap()
}

/// The lists that templates make of configurations, for a component and environment of this prefix.
fn derived(prefix: &Value, configurations: &Value) -> Result<Value, String> {
    let (container, secrets) = self::configurations(configurations);
    let mut derived = Derived::new();
    let prefix = prefix.as_str().unwrap_or_default();
    Configurations::new(&container, &secrets)?.derive(prefix, Wanted::All, &mut derived);
    Ok(shown(derived))
}

#[test]
fn names_are_those_of_the_reference() {
    let resource = "/0/resourceName";
    let check = |function: &str, path: &str, of: fn(&Value) -> Value| {
        Table::of("names.jsonl", function).check(|row| {
            let derived = derived(&row["input"]["prefix"], &of(&row["input"]))?;
            agree(derived.pointer(path).unwrap_or(&Value::Null), result(row))
        });
    };
    let path = |list: &str| format!("/{list}{resource}");
    check(
        "context.generateConfigResourceName",
        &path("configFileList"),
        |input| json!({"configs": {"files": [{"name": input["filename"]}]}}),
    );
    check(
        "context.generateEnvResourceName",
        &path("configEnvs"),
        |_| json!({"configs": {"envs": [{"name": "A", "value": "a"}]}}),
    );
    check(
        "context.generateSecretEnvResourceName",
        &path("secretEnvs"),
        |input| json!({"secrets": {"envs": input["envs"]}}),
    );
    check(
        "context.generateSecretResourceName",
        &path("secretFileList"),
        |input| {
            let file = json!({"name": input["filename"], "remoteRef": input["remoteRef"]});
            json!({"secrets": {"files": [file]}})
        },
    );
    Table::of("names.jsonl", "context.generateVolumeHash").check(|row| {
        let (name, path) = (&row["input"]["filename"], &row["input"]["mountPath"]);
        let files = json!({"configs": {"files": [{"name": name, "mountPath": path}]}});
        let derived = derived(&json!("p"), &files)?;
        let own = derived["configVolumeMounts"][0]["name"]
            .as_str()
            .unwrap_or_default();
        agree(&json!(own.trim_start_matches("file-mount-")), result(row))
    });
    Table::of("names.jsonl", "context.resourceDepVolumeName").check(|row| {
        let text = |name: &str| row["input"][name].as_str().unwrap_or_default();
        let own = volume_name(text("ref"), text("sourceKind"), text("sourceName"));
        agree(&json!(own), result(row))
    });
}

#[test]
fn ports_are_called_as_in_the_reference() {
    let port = |name: &str, kind: &str| -> Result<Value, String> {
        let endpoint: Endpoint = decode(&json!({"type": kind, "port": 1}), "endpoint")?;
        let mut ports = service_ports(&BTreeMap::from([(name.to_owned(), endpoint)]));
        Ok(ports.remove(0).to_json().unwrap())
    };
    Table::of("names.jsonl", "context.sanitizePortName").check(|row| {
        let own = port(row["input"]["name"].as_str().unwrap_or_default(), "HTTP")?;
        // A name of which nothing is left is made from its place, by whoever asks for it.
        let expected = match result(row).as_str() {
            Some("") | None => json!("port-1"),
            Some(name) => json!(name),
        };
        agree(&own["name"], &expected)
    });
    Table::of("names.jsonl", "context.mapEndpointTypeToProtocol")
        .but(&[Difference {
            name: "program-only",
            shows: |row| decode::<EndpointType>(&row["input"]["endpointType"], "type").is_err(),
        }])
        .check(|row| {
            let kind = row["input"]["endpointType"].as_str().unwrap_or_default();
            agree(&port("e", kind)?["protocol"], result(row))
        });
}

/// Releases are named by hashes that are opaque, but for how they are written.
#[test]
fn hashes_are_written_as_in_the_reference() {
    Table::of("names.jsonl", "hash.ComputeHash").check(|row| {
        let dump = row["input"]["dump"].as_str().unwrap_or_default();
        let own = name::safe_encode(u64::from(name::fnv1a_32(dump.as_bytes())));
        agree(&json!(own), result(row))
    });
    leave_out(
        "names.jsonl",
        "kubernetes.MakeNamespaceNames",
        "a clean-up by labels that nothing carries any more; a cell ends with its binding",
    );
}
