//! The default catalogue and the samples: all pass admission, and the greeter compiles to what its
//! page promises.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use compile::{
    Compiler, component,
    context::{DataPlaneContext, EnvironmentContext},
    cut, vet,
};
use model::{
    Diagnostics, Envelope, KindName,
    kinds::{Component, ComponentType, DataPlane, Environment, ReleaseBinding, Trait, Workload},
};
use testkit::compat::{folder, is_usual};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn documents(path: &str) -> Vec<Envelope> {
    let path = root().join(path);
    let mut files: Vec<PathBuf> = match path.is_dir() {
        true => fs::read_dir(&path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect(),
        false => vec![path],
    };
    files.sort();
    let texts = files
        .iter()
        .map(|file| (file, fs::read_to_string(file).unwrap()));
    texts
        .flat_map(|(file, text)| {
            let documents = model::yaml::documents(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            documents.into_iter().map(move |document| {
                Envelope::from_document(&document, None)
                    .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
            })
        })
        .collect()
}

fn spec<K: model::Kind>(documents: &[Envelope], kind: KindName, name: &str) -> K {
    let found = documents
        .iter()
        .find(|envelope| envelope.key.kind == kind && envelope.key.name == name)
        .unwrap_or_else(|| panic!("no {kind:?} {name}"));
    found
        .spec()
        .unwrap_or_else(|error| panic!("{}: {error}", found.key))
}

#[test]
fn the_catalogue_and_the_samples_pass_admission() {
    let mut all = documents("deploy/catalogue");
    all.extend(documents("samples/greeter/greeter.yaml"));
    assert!(all.len() > 15, "{} documents", all.len());
    for envelope in &all {
        let diagnostics = vet::object(envelope);
        assert!(diagnostics.is_empty(), "{}: {diagnostics}", envelope.key);
    }
}

/// Samples that the reference's own admission refuses.
const REFUSED: &[(&str, &str)] = &[
    (
        "ClusterComponentType clustercomponenttype-sample",
        "its schema is in a removed notation",
    ),
    (
        "ComponentType default/componenttype-sample",
        "its schema is in a removed notation",
    ),
    (
        "ClusterTrait clustertrait-sample",
        "its schema is in a removed notation",
    ),
];

/// What users bring along must go on being accepted.
#[test]
fn the_samples_of_the_reference_pass_admission() {
    let mut folders = vec![folder().join("samples")];
    let (mut seen, mut faults) = (0, Vec::new());
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap_or_default();
            let yaml = path
                .extension()
                .is_some_and(|extension| extension == "yaml");
            let found = if yaml {
                model::yaml::documents(&text).unwrap_or_default()
            } else {
                vec![]
            };
            for document in found {
                let Ok(envelope) = Envelope::from_document(&document, Some("default")) else {
                    continue;
                };
                seen += 1;
                let diagnostics = vet::object(&envelope);
                let refused = REFUSED
                    .iter()
                    .any(|(key, _)| *key == envelope.key.to_string());
                if diagnostics.is_empty() == refused {
                    faults.push(format!(
                        "{} {}: {diagnostics}",
                        path.display(),
                        envelope.key
                    ));
                }
            }
        }
    }
    assert!(seen > 100 || !is_usual(), "only {seen} documents");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn greeter(change: impl FnOnce(&mut component::Snapshot)) -> component::Compiled {
    compiled(change).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

fn compiled(
    change: impl FnOnce(&mut component::Snapshot),
) -> Result<component::Compiled, Diagnostics> {
    let catalogue = documents("deploy/catalogue");
    let sample = documents("samples/greeter/greeter.yaml");
    let component: Component = spec(&sample, KindName::Component, "greeter");
    let component_type: ComponentType = spec(&catalogue, KindName::ComponentType, "service");
    let workload: Workload = spec(&sample, KindName::Workload, "greeter");
    let cut = cut::component("greeter", &component, &component_type, &[], &workload);
    let environment: Environment = spec(&catalogue, KindName::Environment, "development");
    let data_plane: DataPlane = spec(&catalogue, KindName::DataPlane, "default");
    let binding: ReleaseBinding = serde_json::from_value(json!({
        "owner": cut.spec.owner, "environment": "development", "releaseName": cut.name,
    }))
    .unwrap();
    let mut snapshot = component::Snapshot {
        namespace: "default".to_owned(),
        component_name: "greeter".to_owned(),
        component_uid: "c-uid".to_owned(),
        project_name: "greeter".to_owned(),
        project_uid: "p-uid".to_owned(),
        binding_name: "greeter-development".to_owned(),
        release: cut.spec.into(),
        binding,
        restarted_at: None,
        environment: EnvironmentContext {
            name: "development".to_owned(),
            uid: "e-uid".to_owned(),
            spec: environment,
        },
        data_plane: DataPlaneContext {
            name: "default".to_owned(),
            uid: "d-uid".to_owned(),
            spec: data_plane,
            annotations: indexmap::IndexMap::new(),
        },
        unit: "releasebinding.default.greeter-development"
            .parse()
            .unwrap(),
        cell_unit: Some(
            "projectreleasebinding.default.greeter-development"
                .parse()
                .unwrap(),
        ),
        connections: Vec::new(),
        resources: Vec::new(),
        notification_channel: None,
        secrets: Default::default(),
    };
    change(&mut snapshot);
    Compiler::new()
        .component(&snapshot)
        .map(|compiled| (*compiled).clone())
}

fn objects(compiled: &component::Compiled, kind: &str) -> Vec<Value> {
    let entries = compiled
        .bundle
        .parse()
        .objects
        .into_iter()
        .map(|entry| entry.object);
    entries.filter(|object| object["kind"] == kind).collect()
}

#[test]
fn the_greeter_is_a_deployment_behind_a_route() {
    let compiled = greeter(|_| {});
    let bundle = compiled.bundle.parse();
    let kinds: Vec<_> = bundle
        .objects
        .iter()
        .map(|entry| entry.object["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "ConfigMap",
            "Deployment",
            "HTTPRoute",
            "Service",
            "NetworkPolicy"
        ]
    );
    let cell = "dp-default-greeter-development-";
    for entry in &bundle.objects {
        let namespace = entry.object["metadata"]["namespace"]
            .as_str()
            .unwrap_or_default();
        assert!(namespace.starts_with(cell), "{}: {namespace}", entry.id);
    }
    let url = compiled.endpoints[0]
        .external_urls
        .as_ref()
        .unwrap()
        .http
        .as_ref()
        .unwrap();
    assert_eq!(
        serde_json::to_value(url).unwrap(),
        json!({
            "scheme": "http", "host": "development-default.apps.localhost", "port": 7488,
            "path": "/greeter-http",
        })
    );
    let deployment = &objects(&compiled, "Deployment")[0];
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(
        container["ports"],
        json!([{"name": "http", "containerPort": 8080, "protocol": "TCP"}])
    );
    assert_eq!(
        objects(&compiled, "ConfigMap")[0]["data"],
        json!({"GREETING": "Hello"})
    );
}

#[test]
fn an_endpoint_nobody_outside_may_see_has_no_route() {
    let compiled = greeter(|snapshot| {
        snapshot.release.change(|release| {
            let endpoint = release.workload.endpoints.get_mut("http").unwrap();
            endpoint.visibility.clear();
        });
    });
    assert!(objects(&compiled, "HTTPRoute").is_empty());
    assert!(compiled.endpoints[0].external_urls.is_none());
    let policy = &objects(&compiled, "NetworkPolicy")[0];
    assert_eq!(policy["spec"]["ingress"].as_array().unwrap().len(), 1);
}

#[test]
fn the_traits_of_the_catalogue_change_the_pods() {
    let catalogue = documents("deploy/catalogue");
    let compiled = greeter(|snapshot| {
        let snapshots = ["environment-variable", "pod-spread"].map(|name| {
            let spec: Trait = spec(&catalogue, KindName::Trait, name);
            json!({"kind": "ClusterTrait", "name": name, "spec": spec})
        });
        snapshot.release.change(|release| {
            release.traits = serde_json::from_value(json!(snapshots)).unwrap();
            release.component_profile = serde_json::from_value(json!({"traits": [
                {"kind": "ClusterTrait", "name": "environment-variable", "instanceName": "mood",
                 "parameters": {"name": "MOOD", "value": "fine"}},
                {"kind": "ClusterTrait", "name": "pod-spread", "instanceName": "spread"},
            ]}))
            .unwrap();
        });
        let configs = json!({"mood": {"value": "grand"}});
        snapshot.binding.trait_environment_configs = serde_json::from_value(configs).unwrap();
    });
    let deployment = &objects(&compiled, "Deployment")[0];
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(
        pod["containers"][0]["env"],
        json!([{"name": "MOOD", "value": "grand"}])
    );
    assert_eq!(
        pod["topologySpreadConstraints"][0]["topologyKey"],
        "kubernetes.io/hostname"
    );
    assert_eq!(objects(&compiled, "PodDisruptionBudget").len(), 1);
}

/// Compiles a component of a type of the catalogue that has no endpoints.
#[test]
fn workers_and_scheduled_tasks_compile() {
    let catalogue = documents("deploy/catalogue");
    for (name, kind) in [("worker", "Deployment"), ("scheduled-task", "CronJob")] {
        let compiled = greeter(|snapshot| {
            snapshot.release.change(|release| {
                release.component_type.spec = spec(&catalogue, KindName::ComponentType, name);
                release.workload.endpoints.clear();
            });
        });
        assert_eq!(objects(&compiled, kind).len(), 1);
        assert!(objects(&compiled, "Service").is_empty());
    }
    let site = greeter(|snapshot| {
        snapshot.release.change(|release| {
            release.component_type.spec =
                spec(&catalogue, KindName::ComponentType, "web-application");
        });
    });
    let host = site.endpoints[0]
        .external_urls
        .as_ref()
        .unwrap()
        .http
        .as_ref()
        .unwrap();
    assert!(
        host.host.starts_with("http-greeter-development-default-"),
        "{}",
        host.host
    );
}

#[test]
fn an_external_endpoint_without_a_gateway_says_what_to_do() {
    let catalogue = documents("deploy/catalogue");
    let data_plane: DataPlane = spec(&catalogue, KindName::DataPlane, "default");
    let without = DataPlane {
        gateway: None,
        ..data_plane
    };
    let diagnostics = compiled(|snapshot| snapshot.data_plane.spec = without).unwrap_err();
    let message = diagnostics.to_string();
    assert!(
        message.contains("set spec.gateway.ingress.external"),
        "{message}"
    );
}
