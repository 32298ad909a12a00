//! Traits against the recorded ones.

use std::sync::Arc;

use serde_json::{Value, json};

use expr::Numbers;
use model::kinds::{
    Trait, component_release::TraitSnapshot, reference::TraitKind, template::TargetPlane,
};
use testkit::compat::{Difference, Table, agree, result, says};

use super::{Applied, apply};
use crate::{
    functions::Methods,
    prepared,
    render::{Plane, Rendered},
    rules::{Target, plane_of},
    template::{Context, Engine},
    trace::Trace,
    tree,
};

fn plane(name: &Value) -> Option<Plane> {
    let plane: TargetPlane = serde_json::from_value(name.clone()).ok()?;
    Some(plane_of(plane))
}

fn rendered(list: &Value) -> Vec<Rendered> {
    let entries = list.as_array().into_iter().flatten();
    entries
        .map(|entry| Rendered {
            id: String::new(),
            origin: String::new(),
            plane: plane(&entry["targetPlane"]).unwrap_or_default(),
            object: tree::of(&entry["resource"]),
        })
        .collect()
}

/// Compares objects; the plane is empty in rows whose unit test did not fill it in.
fn compare(own: &[Rendered], expected: &Value) -> Result<(), String> {
    let own: Value = own.iter().map(|entry| entry.object.to_json()).collect();
    let expected: Value = expected
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| entry["resource"].clone())
        .collect();
    agree(&own, &expected)
}

fn spec(input: &Value) -> Result<Trait, String> {
    serde_json::from_value(input["trait"]["spec"].clone()).map_err(|error| error.to_string())
}

fn context(input: &Value) -> Context {
    let variables = input["traitContext"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    Context::from_json_with(&variables, Numbers::AsWritten)
}

fn prepared(name: &str, spec: &Trait) -> Arc<prepared::Trait> {
    let snapshot = TraitSnapshot {
        kind: TraitKind::Trait,
        name: name.to_owned(),
        spec: spec.clone(),
    };
    let parsed = prepared::Trait::parse(&Engine::new(Methods::Component), &snapshot);
    Arc::new(parsed)
}

/// Applies the trait of a row; the message starts as the reference's part of it does.
fn run(input: &Value, keep: impl Fn(&mut Trait)) -> Result<Vec<Rendered>, String> {
    let mut spec = spec(input)?;
    keep(&mut spec);
    let name = input["trait"]["metadata"]["name"]
        .as_str()
        .unwrap_or_default();
    let applied = Applied {
        kind: "Trait",
        name,
        instance: "",
        origin: "spec.traits[0]".to_owned(),
        spec: &spec,
        prepared: prepared(name, &spec),
        context: context(input),
    };
    let mut objects = rendered(&input["resources"]);
    let outcome = apply(
        &Engine::new(Methods::Component),
        &applied,
        &mut objects,
        &mut Trace::Off,
    );
    let prefix = format!("failed to process trait {}/: ", applied.name);
    match outcome {
        Ok(()) => Ok(objects),
        Err(fault) => Err(fault
            .message
            .strip_prefix(&prefix)
            .unwrap_or(&fault.message)
            .to_owned()),
    }
}

fn check(function: &str, keep: impl Fn(&mut Trait), result: impl Fn(&Value) -> Value) {
    Table::of("component-trait.jsonl", function).check(|row| {
        match (run(&row["input"], &keep), row["error"]["message"].as_str()) {
            (Ok(own), None) => compare(&own, &result(row)),
            (Ok(_), Some(expected)) => Err(format!("should fail with {expected}")),
            (Err(own), expected) => says(&own, expected),
        }
    });
}

#[test]
fn creates_patches_and_removes_are_those_of_the_reference() {
    let result = |row: &Value| row["output"]["result"].clone();
    check(
        "trait.Processor.ApplyTraitCreates",
        |spec| {
            spec.patches.clear();
            spec.removes.clear();
        },
        result,
    );
    check(
        "trait.Processor.ApplyTraitPatches",
        |spec| {
            spec.creates.clear();
            spec.removes.clear();
        },
        |row| row["after"]["resources"].clone(),
    );
    check(
        "trait.Processor.ApplyTraitRemoves",
        |spec| {
            spec.creates.clear();
            spec.patches.clear();
        },
        result,
    );
    check("trait.Processor.ProcessTraits", |_| {}, result);
}

fn target(value: &Value) -> Target<'_> {
    let text = |name: &str| value[name].as_str().unwrap_or_default();
    Target {
        group: text("group"),
        version: text("version"),
        kind: text("kind"),
        plane: plane(&value["targetPlane"]),
        condition: None,
    }
}

const DIFFERENCES: &[Difference] = &[
    Difference {
        name: "some-plane",
        shows: |row| {
            let mut resources = row["input"]["resources"].as_array().into_iter().flatten();
            let target = &row["input"]["target"];
            let wanted = target["targetPlane"] == "dataplane";
            wanted && resources.any(|entry| entry["targetPlane"] == "" && of_target(target, entry))
        },
    },
    Difference {
        name: "core-group",
        shows: |row| {
            let target = &row["input"]["target"];
            let mut found = result(row).as_array().into_iter().flatten();
            let version = target["version"].as_str().unwrap_or_default();
            target["group"] == ""
                && !version.is_empty()
                && found.any(|entry| {
                    let api_version = entry["resource"]["apiVersion"].as_str();
                    api_version.is_some_and(|api_version| api_version.contains('/'))
                })
        },
    },
];

/// Whether a target names the kind of an object of a row.
fn of_target(target: &Value, entry: &Value) -> bool {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (kind, group) = (text(&target["kind"]), text(&target["group"]));
    let (own, api_version) = (
        text(&entry["resource"]["kind"]),
        text(&entry["resource"]["apiVersion"]),
    );
    let version = text(&target["version"]);
    (kind.is_empty() || kind == own)
        && api_version.starts_with(&group)
        && api_version.ends_with(&version)
}

#[test]
fn targets_are_found_as_in_the_reference() {
    Table::of("component-trait.jsonl", "trait.FindTargetResources")
        .but(DIFFERENCES)
        .check(|row| {
            let mut objects = rendered(&row["input"]["resources"]);
            objects.retain(|candidate| target(&row["input"]["target"]).fits(candidate));
            compare(&objects, &row["output"]["result"])
        });
    Table::of("component-trait.jsonl", "trait.matchesTarget").check(|row| {
        let objects = rendered(&json!([row["input"]["rr"]]));
        let own = target(&row["input"]["target"]).fits(&objects[0]);
        agree(&json!(own), result(row))
    });
}

#[test]
fn a_broken_trait_names_itself_and_the_place() {
    let spec: Trait = serde_json::from_value(json!({
        "patches": [
            {"target": {"group": "", "version": "v1", "kind": "Service"}, "operations": [
                {"op": "add", "path": "/spec/type", "value": "${parameters.missing}"}]},
        ],
    }))
    .unwrap();
    let variables = json!({"parameters": {}});
    let applied = Applied {
        kind: "Trait",
        name: "broken",
        instance: "mine",
        origin: "spec.traits[3]".to_owned(),
        spec: &spec,
        prepared: prepared("broken", &spec),
        context: Context::from_json(variables.as_object().unwrap()),
    };
    let fault = apply(
        &Engine::new(Methods::Component),
        &applied,
        &mut Vec::new(),
        &mut Trace::Off,
    )
    .unwrap_err();
    assert_eq!(fault.path, "spec.traits[3].spec.patches[0]");
    assert!(
        fault
            .message
            .starts_with("failed to process trait broken/mine: "),
        "{fault}"
    );
    assert!(fault.hint.is_some(), "{fault}");
}

#[test]
fn a_target_without_a_group_is_the_core_group() {
    let objects = rendered(&json!([
        {"resource": {"apiVersion": "v1", "kind": "Event"}, "targetPlane": "dataplane"},
        {"resource": {"apiVersion": "events.k8s.io/v1", "kind": "Event"}, "targetPlane": "dataplane"},
    ]));
    let core = json!({"group": "", "version": "v1", "kind": "Event", "targetPlane": "dataplane"});
    let found: Vec<_> = objects
        .iter()
        .map(|object| target(&core).fits(object))
        .collect();
    assert_eq!(found, [true, false]);
}
