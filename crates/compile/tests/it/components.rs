//! Whole components, from the samples to bundles.

use serde_json::Value;

use compile::{Compiler, component::Snapshot};

use testkit::compat::{expand_shared, rows};

use crate::snapshots::snapshot;

/// Every component of the samples that renders in the reference.
fn snapshots() -> Vec<(String, Snapshot)> {
    let rows = rows("golden-components.jsonl", "component.Pipeline.Render");
    rows.iter()
        .filter(|row| row.get("error").is_none())
        .map(|row| {
            let mut input = row["input"].clone();
            expand_shared(&mut input);
            (
                row["id"].as_str().unwrap().to_owned(),
                snapshot(&input).unwrap(),
            )
        })
        .collect()
}

#[test]
fn every_sample_is_a_bundle_that_keeps_the_guarantees() {
    let compiler = Compiler::new();
    let mut faults = Vec::new();
    for (id, snapshot) in snapshots() {
        if let Err(diagnostics) = compiler.component(&snapshot) {
            faults.push(format!("{id}: {diagnostics}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn compiled_twice_is_the_same_bundle() {
    for (id, snapshot) in snapshots() {
        let digest =
            |compiler: &Compiler| compiler.component(&snapshot).map(|one| one.bundle.digest());
        assert_eq!(digest(&Compiler::new()), digest(&Compiler::new()), "{id}");
    }
}

#[test]
fn an_unchanged_snapshot_is_looked_up() {
    let compiler = Compiler::new();
    let (_, snapshot) = snapshots().swap_remove(0);
    let first = compiler.component(&snapshot).unwrap();
    let second = compiler.component(&snapshot).unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &second));
}

fn object<'a>(objects: &'a [model::BundleObject], kind: &str) -> &'a Value {
    &objects
        .iter()
        .find(|entry| entry.object["kind"] == kind)
        .unwrap()
        .object
}

#[test]
fn a_restart_changes_the_pods_and_nothing_else() {
    let (_, mut snapshot) = snapshots()
        .into_iter()
        .find(|(_, snapshot)| !snapshot.release.workload.endpoints.is_empty())
        .unwrap();
    let before = Compiler::new().component(&snapshot).unwrap();
    snapshot.restarted_at = Some("2026-01-01T00:00:00Z".to_owned());
    let after = Compiler::new().component(&snapshot).unwrap();
    let [before, after] = [before, after].map(|compiled| compiled.bundle.parse());
    let changed: Vec<_> = before
        .objects
        .iter()
        .zip(&after.objects)
        .filter(|(before, after)| before != after)
        .map(|(before, _)| before.object["kind"].as_str().unwrap())
        .collect();
    assert_eq!(changed, ["Deployment"]);
    let annotations = "/spec/template/metadata/annotations/openchoreo.dev~1restartedAt";
    let deployment = object(&after.objects, "Deployment");
    assert_eq!(
        deployment.pointer(annotations).unwrap(),
        "2026-01-01T00:00:00Z"
    );
}
