//! The layers of `ARCHITECTURE.md`: what each crate may name, and who owns which technology.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

/// What each crate may name of ours.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("expr", &[]),
    ("kit", &[]),
    ("authz", &["model", "expr"]),
    ("compile", &["model", "expr"]),
    ("preview", &["model", "compile"]),
    ("proto", &["model"]),
    ("store", &["model"]),
    ("telemetry", &["model"]),
    ("cluster", &["model"]),
    ("bus", &["model", "proto"]),
    ("reconcile", &["model", "expr", "cluster"]),
    ("link", &["model", "proto", "bus", "kit"]),
    (
        "control-plane",
        &[
            "model", "expr", "compile", "preview", "authz", "proto", "store", "bus", "kit",
        ],
    ),
    (
        "agent",
        &["model", "proto", "cluster", "reconcile", "link", "kit"],
    ),
    ("data-plane-agent", &["model", "agent", "link", "kit"]),
    ("workflow-plane", &["model", "agent", "link", "kit"]),
    (
        "observability-plane",
        &[
            "model",
            "expr",
            "authz",
            "proto",
            "telemetry",
            "link",
            "kit",
        ],
    ),
    ("experience-gateway", &["model", "proto", "kit"]),
    ("cli", &["model", "compile", "preview", "proto", "kit"]),
    ("testkit", &["model"]),
    // Around the product: these drive it from outside, or join its pure steps.
    ("xtask", &[]),
    ("e2e", &["xtask"]),
    (
        "bench",
        &["xtask", "model", "expr", "compile", "authz", "testkit"],
    ),
    ("fuzz", &["model", "expr", "compile", "testkit"]),
    (
        "sim",
        &[
            "model",
            "expr",
            "compile",
            "reconcile",
            "link",
            "proto",
            "store",
            "control-plane",
        ],
    ),
];

/// Who may name which outside technology. What is not listed belongs to nobody.
const OWNERS: &[(&str, &[&str])] = &[
    ("sqlx", &["store", "telemetry"]),
    ("async-nats", &["bus"]),
    ("nkeys", &["bus", "link", "control-plane"]),
    ("kube", &["cluster"]),
    ("k8s-openapi", &["cluster"]),
    ("figment", &["kit"]),
    ("serde-saphyr", &["kit", "model"]),
    ("opentelemetry", &["kit"]),
    ("opentelemetry_sdk", &["kit"]),
    ("opentelemetry-otlp", &["kit"]),
    ("opentelemetry-prometheus", &["kit"]),
    ("opentelemetry-appender-tracing", &["kit"]),
    ("tracing-opentelemetry", &["kit"]),
    ("tracing-subscriber", &["kit"]),
    ("prometheus", &["kit"]),
    ("opentelemetry-proto", &["observability-plane", "kit"]),
    (
        "axum",
        &["experience-gateway", "observability-plane", "kit"],
    ),
    ("rmcp", &["experience-gateway"]),
    ("rust-embed", &["experience-gateway"]),
    ("json-patch", &["experience-gateway"]),
    (
        "tonic",
        &[
            "proto",
            "kit",
            "control-plane",
            "observability-plane",
            "experience-gateway",
        ],
    ),
    ("tonic-prost", &["proto"]),
    ("tonic-prost-build", &["proto"]),
    ("reqwest", &["kit", "experience-gateway", "cli"]),
    ("comfy-table", &["cli"]),
    ("indicatif", &["cli", "xtask"]),
    (
        "anyhow",
        &[
            "cli", "kit", "testkit", "xtask", "e2e", "bench", "fuzz", "sim",
        ],
    ),
];

/// Crates that do no I/O and know no async.
const PURE: &[&str] = &["model", "expr", "compile", "preview", "authz"];
const IMPURE: &[&str] = &[
    "tokio",
    "futures",
    "hyper",
    "tonic",
    "axum",
    "reqwest",
    "async-nats",
];

struct Package {
    name: String,
    /// Name, and whether only tests name it.
    dependencies: Vec<(String, bool)>,
}

fn workspace() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().expect("packages is a list");
    packages
        .iter()
        .map(|package| Package {
            name: text(&package["name"]),
            dependencies: package["dependencies"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|it| (text(&it["name"]), it["kind"].as_str() == Some("dev")))
                .collect(),
        })
        .collect()
}

#[test]
fn dependencies_follow_the_arrows() {
    let packages = workspace();
    let members: BTreeSet<&str> = packages.iter().map(|it| it.name.as_str()).collect();
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut faults = Vec::new();
    for package in &packages {
        let from = package.name.as_str();
        let Some(allowed) = arrows.get(from) else {
            faults.push(format!("{from} has no row in ARROWS"));
            continue;
        };
        let ours: BTreeSet<&str> = package
            .dependencies
            .iter()
            .filter(|(to, dev)| members.contains(to.as_str()) && !(*dev && to == "testkit"))
            .map(|(to, _)| to.as_str())
            .collect();
        println!(
            "{from:<20} -> {}",
            ours.iter().copied().collect::<Vec<_>>().join(" ")
        );
        faults.extend(
            ours.iter()
                .filter(|to| !allowed.contains(to))
                .map(|to| format!("{from} -> {to}")),
        );
    }
    for (name, _) in ARROWS {
        if !members.contains(name) {
            faults.push(format!("{name} has a row in ARROWS and is no crate"));
        }
    }
    assert!(
        faults.is_empty(),
        "not in ARCHITECTURE.md:\n{}",
        faults.join("\n")
    );
}

#[test]
fn every_outside_technology_has_its_owners() {
    let packages = workspace();
    let mut faults = Vec::new();
    for (technology, owners) in OWNERS {
        for package in &packages {
            let names_it = package
                .dependencies
                .iter()
                .any(|(to, dev)| !dev && to == technology);
            if names_it && !owners.contains(&package.name.as_str()) {
                faults.push(format!(
                    "{} -> {technology}, owned by {owners:?}",
                    package.name
                ));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "not in ARCHITECTURE.md:\n{}",
        faults.join("\n")
    );
}

#[test]
fn the_pure_crates_know_no_async_and_do_no_io() {
    let mut faults = Vec::new();
    for package in workspace()
        .iter()
        .filter(|it| PURE.contains(&it.name.as_str()))
    {
        for (to, dev) in &package.dependencies {
            if !dev && IMPURE.contains(&to.as_str()) {
                faults.push(format!("{} -> {to}", package.name));
            }
        }
    }
    assert!(faults.is_empty(), "must stay pure:\n{}", faults.join("\n"));
}
