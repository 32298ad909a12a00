//! What is rendered is what a Kubernetes API server takes: every object of every default component type, and of
//! the types that samples bring, passes a real server's dry run with strict fields.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};

use compile::{
    Compiler,
    component::{Compiled, Snapshot},
};
use preview::workspace::{Asked, MadeFrom, Releases, Unbound, Workspace};
use testkit::{
    compat::{expand_shared, read, rows},
    kube::ApiServer,
};

use crate::snapshots::{decode, secrets, snapshot};

const DEFINITIONS: &str = include_str!("accepted/definitions.yaml");
const COMPONENTS: &str = include_str!("accepted/components.yaml");

/// Why a server refuses objects of samples that are as the samples say: in staging some ask for more than they may use.
const OF_SAMPLES: &str = "must be less than or equal to cpu limit";

/// A server that knows every kind that is rendered, and has the namespaces of the objects.
fn server(objects: &[Value]) -> ApiServer {
    let server = ApiServer::shared();
    server.install_gateway_api();
    let alerts = read("crds/openchoreo.dev_observabilityalertrules.yaml");
    let namespaces: BTreeSet<&str> = objects
        .iter()
        .filter_map(|object| object["metadata"]["namespace"].as_str())
        .collect();
    let namespaces: Vec<Value> = namespaces
        .iter()
        .map(|name| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
        .collect();
    for documents in [DEFINITIONS, &alerts, &stream(&namespaces)] {
        apply(&server, documents, &["--force-conflicts"]).unwrap();
    }
    for definitions in [DEFINITIONS, &alerts] {
        let established = ["--for=condition=Established", "--timeout=30s", "-f", "-"];
        let waited = server.kubectl_with(definitions, &[&["wait"], &established[..]].concat());
        waited.unwrap();
    }
    server
}

fn stream(objects: &[Value]) -> String {
    let documents: Vec<String> = objects.iter().map(Value::to_string).collect();
    documents.join("\n---\n")
}

fn apply(server: &ApiServer, documents: &str, more: &[&str]) -> Result<String, String> {
    let arguments = [&["apply", "--server-side", "-f", "-"], more].concat();
    server.kubectl_with(documents, &arguments)
}

/// Sends all objects, and gives what the server says of each that it refuses, with its name.
fn refused(server: &ApiServer, objects: &[Value]) -> Vec<String> {
    let strictly = ["--dry-run=server", "--validate=strict"];
    let said = match apply(server, &stream(objects), &strictly) {
        Ok(said) => {
            assert_eq!(said.lines().count(), objects.len(), "{said}");
            return Vec::new();
        }
        Err(said) => said,
    };
    let lines = said.lines().filter(|line| !line.starts_with("Warning: "));
    lines.map(str::to_owned).collect()
}

/// The kinds of some objects.
fn kinds(objects: &[Value]) -> BTreeSet<&str> {
    let kinds = objects
        .iter()
        .map(|object| object["kind"].as_str().unwrap());
    kinds.collect()
}

/// The objects of an environment of the catalogue, with a component of each of its types.
fn of_the_catalogue() -> Vec<Value> {
    let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/catalogue");
    let mut texts: Vec<String> = fs::read_dir(catalogue)
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    texts.push(COMPONENTS.to_owned());
    let mut workspace = Workspace::default();
    for mut document in texts
        .iter()
        .flat_map(|text| model::yaml::documents(text).unwrap())
    {
        if document["kind"] == "ClusterDataPlane" {
            complete(&mut document["spec"]);
        }
        let put = workspace.put(None, &document, "default");
        assert!(put.is_ok(), "{put:?}");
    }
    let asked = Asked {
        environment: "development",
        releases: Releases::Pinned,
        unbound: Unbound::Bind,
    };
    let rendered = workspace.render(&Compiler::new(), &asked);
    assert!(rendered.problems.is_empty(), "{:?}", rendered.problems);
    let units = rendered.units.into_iter();
    units
        .flat_map(|unit| match unit.made_from {
            MadeFrom::Cell(_) => unit.objects,
            MadeFrom::Component(snapshot) => objects(&compiled_with_secrets(*snapshot)),
        })
        .collect()
}

/// The component with a variable and a file that are secrets.
fn compiled_with_secrets(mut snapshot: Snapshot) -> Compiled {
    let from = |key: &str| json!({"secretKeyRef": {"name": "vault", "key": key}});
    let variable = json!({"key": "PASSWORD", "valueFrom": from("password")});
    let file = json!({"key": "tls.pem", "mountPath": "/etc/tls", "valueFrom": from("tls")});
    snapshot.release.change(|release| {
        let container = &mut release.workload.container;
        container.env.push(decode(&variable, "env").unwrap());
        container.files.push(decode(&file, "file").unwrap());
    });
    snapshot.secrets = secrets(&json!({"vault": {"spec": {"data": [
        {"secretKey": "password", "remoteRef": {"key": "database", "property": "password"}},
        {"secretKey": "tls", "remoteRef": {"key": "certificate"}},
    ]}}}));
    let compiled = Compiler::new().component(&snapshot).unwrap();
    (*compiled).clone()
}

fn objects(compiled: &Compiled) -> Vec<Value> {
    let bundles = [Some(&compiled.bundle), compiled.observability.as_ref()];
    let entries = bundles
        .into_iter()
        .flatten()
        .flat_map(|it| it.parse().objects);
    entries.map(|entry| entry.object).collect()
}

/// A data plane with all that components can ask of one.
fn complete(plane: &mut Value) {
    let external = &plane["gateway"]["ingress"]["external"];
    plane["gateway"]["ingress"]["internal"] = external.clone();
    plane["secretStoreRef"] = json!({"name": "vault"});
}

#[test]
fn a_server_takes_every_default_component_type() {
    let objects = of_the_catalogue();
    let expected = [
        "ConfigMap",
        "CronJob",
        "Deployment",
        "ExternalSecret",
        "HTTPRoute",
        "Namespace",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Service",
    ];
    assert_eq!(kinds(&objects), BTreeSet::from(expected));
    let refused = refused(&server(&objects), &objects);
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn a_server_takes_the_component_types_of_the_samples() {
    let compiler = Compiler::new();
    let mut all = Vec::new();
    for mut row in rows("golden-components.jsonl", "component.Pipeline.Render") {
        if row.get("error").is_some() {
            continue;
        }
        let mut input = row["input"].take();
        expand_shared(&mut input);
        let compiled = compiler.component(&snapshot(&input).unwrap()).unwrap();
        all.extend(objects(&compiled));
    }
    let mut refused = refused(&server(&all), &all);
    refused.retain(|line| !line.contains(OF_SAMPLES));
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn what_a_server_refuses_is_named() {
    let object = |name: &str| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "more": name,
            "metadata": {"name": name, "namespace": "default"}})
    };
    let refused = refused(&ApiServer::shared(), &[object("first"), object("second")]);
    assert_eq!(refused.len(), 2, "{refused:?}");
    for (line, name) in refused.iter().zip(["first", "second"]) {
        assert!(line.contains(name), "{line}");
        assert!(
            line.contains(".more: field not declared in schema"),
            "{line}"
        );
    }
}
