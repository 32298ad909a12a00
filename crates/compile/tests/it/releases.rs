//! Releases against the recorded ones.

use serde_json::{Value, json};

use compile::{cut, vet};
use model::{
    Draft, Envelope,
    kinds::{
        Component, ComponentRelease, ComponentType, DeploymentPipeline, Project, ProjectType,
        Resource, ResourceType, Workload, component_release::TraitSnapshot,
        reference::ComponentTypeRef,
    },
};

use testkit::compat::{Table, agree, result, rows};

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

fn build(input: &Value) -> Result<cut::Cut<ComponentRelease>, String> {
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
    Ok(cut::component(
        name,
        &component,
        &component_type,
        &traits,
        &workload,
    ))
}

#[test]
fn releases_freeze_what_the_reference_freezes() {
    Table::of("release-build.jsonl", "componentrelease.BuildSpec").check(|row| {
        let input = &row["input"]["input"];
        let own = build(input);
        if row.get("error").is_some() {
            // The reference refuses while it copies; here the copy would be refused.
            let refused = own.map(|cut| refusals(&cut, input));
            return match refused {
                Ok(refused) if refused.is_empty() => Err("not refused".to_owned()),
                Ok(_) | Err(_) => Ok(()),
            };
        }
        let own = serde_json::to_value(own?.spec).unwrap();
        agree(&own, &filled(&without_nulls(result(row))))
    });
}

/// Why a release would be refused: what admission says, and traits that it lacks.
fn refusals(cut: &cut::Cut<ComponentRelease>, input: &Value) -> Vec<String> {
    let problems = vet::component_release(&cut.spec);
    let mut refusals: Vec<_> = problems
        .iter()
        .map(|problem| problem.message.clone())
        .collect();
    refusals.retain(|message| message.contains("not found in"));
    if input["componentType"]["name"] == "" {
        refusals.push("a component names its type".to_owned());
    }
    let embedded = &cut.spec.component_type.spec.traits;
    let missing = embedded.iter().filter(|embedded| {
        let same =
            |found: &&TraitSnapshot| found.kind == embedded.kind && found.name == embedded.name;
        !cut.spec.traits.iter().any(|found| same(&found))
    });
    refusals.extend(missing.map(|embedded| format!("no {}", embedded.name)));
    refusals
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
    Table::of("release-build.jsonl", "resource.computeReleaseHash").check(|row| {
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

/// The hash of the content of a release of a row.
fn hash(template: &Value, owner: &str) -> Result<Option<String>, String> {
    if template.is_null() {
        return Ok(None);
    }
    let mut spec = filled(&without_nulls(template));
    spec["owner"] = json!({"projectName": owner, "componentName": owner});
    let release: ComponentRelease = decode(&spec)?;
    let profile = release.component_profile.unwrap_or_default();
    let instances = profile
        .traits
        .iter()
        .map(|instance| serde_json::to_value(instance).unwrap());
    let component = json!({
        "owner": {"projectName": owner}, "parameters": profile.parameters,
        "componentType": {"kind": release.component_type.kind, "name": release.component_type.name},
        "traits": instances.collect::<Vec<_>>(),
    });
    let mut workload = serde_json::to_value(release.workload).unwrap();
    workload["owner"] = spec["owner"].clone();
    let cut = cut::component(
        owner,
        &decode(&component)?,
        &release.component_type.spec,
        &release.traits,
        &decode(&workload)?,
    );
    Ok(Some(cut.hash))
}

fn project_hash(spec: &Value) -> Result<Option<String>, String> {
    let of = &spec["projectType"];
    let parameters = spec.get("parameters").cloned().unwrap_or_else(|| json!({}));
    let project: Project = decode(&json!({
        "deploymentPipelineRef": {"name": "default"}, "parameters": parameters,
        "type": {"kind": of["kind"], "name": of["name"]},
    }))?;
    Ok(Some(
        cut::project("p", &project, &decode(&of["spec"])?).hash,
    ))
}

/// Hashes are opaque: they agree when they are equal and unequal for the same pairs of rows.
#[test]
fn hashes_tell_apart_what_the_reference_tells_apart() {
    type Hash = fn(&Value) -> Result<Option<String>, String>;
    let component: Hash = |input| hash(&input["template"], "c");
    let project: Hash = |input| project_hash(&input["spec"]);
    for (function, hash) in [
        ("component.ComputeReleaseHash", component),
        ("project.computeReleaseHash", project),
    ] {
        let others = rows("release-build.jsonl", function);
        Table::of("release-build.jsonl", function).check(|row| {
            let own = hash(&row["input"])?;
            // A count of collisions is part of the hash there, and always nothing outside of tests.
            let count = &row["input"]["collisionCount"];
            for other in others
                .iter()
                .filter(|other| other["input"]["collisionCount"] == *count)
            {
                let same = result(row) == result(other);
                if same != (own == hash(&other["input"])?) {
                    return Err(format!("{own:?} and that of {}", other["id"]));
                }
            }
            Ok(())
        });
    }
}

#[test]
fn content_is_compared_as_in_the_reference() {
    Table::of("release-build.jsonl", "component.EqualReleaseTemplate").check(|row| {
        let of = |name: &str| hash(&row["input"][name], "c");
        agree(&json!(of("lhs")? == of("rhs")?), result(row))
    });
    Table::of(
        "release-build.jsonl",
        "component.ReleaseSpecFromComponentReleaseSpec",
    )
    .check(|row| {
        // The content is all but the owner.
        let (own, content) = (hash(&row["input"]["spec"], "a")?, hash(result(row), "b")?);
        agree(&json!(own), &json!(content))
    });
}

#[test]
fn names_of_types_are_read_as_in_the_reference() {
    Table::of("release-build.jsonl", "component.parseComponentType").check(|row| {
        let name = &row["input"]["componentType"];
        if row.get("error").is_none() {
            let named: ComponentTypeRef = decode(&json!({"name": name}))?;
            let own = json!({"workloadType": named.workload_type(), "ctName": named.type_name()});
            return agree(&own, &row["output"]);
        }
        // A name that cannot be read is refused at the door.
        let document = json!({
            "apiVersion": "openchoreo.dev/v1alpha1", "kind": "Component",
            "metadata": {"name": "c", "namespace": "default"},
            "spec": {"owner": {"projectName": "p"}, "componentType": {"name": name}},
        });
        let envelope =
            Envelope::from_document(&document, None).map_err(|error| error.to_string())?;
        let refused = Draft {
            envelope,
            old: None,
        }
        .check()
        .is_err();
        refused
            .then_some(())
            .ok_or_else(|| "not refused".to_owned())
    });
}

#[test]
fn the_root_environment_is_that_of_the_reference() {
    Table::of("release-build.jsonl", "component.findRootEnvironment").check(|row| {
        let pipeline: DeploymentPipeline = decode(&row["input"]["pipeline"]["spec"])?;
        let own = pipeline.root_environment().unwrap_or_default();
        agree(&json!(own), result(row))
    });
}
