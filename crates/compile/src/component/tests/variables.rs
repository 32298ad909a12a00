//! The variables of components and traits against the recorded ones.

use serde_json::{Map, Value, json};

use model::kinds::{Trait, component_release::WorkloadSnapshot, endpoint::Endpoint};
use testkit::compat::{Difference, PROGRAM_ONLY, Table, agree, result, says, without_empty};

use super::variables;
use crate::{
    Compiler,
    component::{Snapshot, Variables, instances, variables::TraitValues},
    context::tests::configurations,
    prepared::Schemas,
    snapshots::{decode, snapshot},
    template::Context,
    vet,
};

const TABLE: &str = "component-context.jsonl";

fn or_empty(value: &Value) -> Value {
    if value.is_null() {
        json!({})
    } else {
        value.clone()
    }
}

/// The snapshot of a row, which gives workload and configurations as their variables.
fn snapshot_of(input: &Value) -> Result<Snapshot, String> {
    let mut input = input.clone();
    let (mut container, secrets) = configurations(&input["configurations"]);
    let workload = input["workloadData"].clone();
    container.image = workload["container"]["image"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let texts = |name: &str| decode(&json!(workload["container"][name].as_array()), name);
    container.command = texts("command").unwrap_or_default();
    container.args = texts("args").unwrap_or_default();
    input["dependencyItems"] = input["dependencies"]["items"].clone();
    input["resourceDependencyItems"] = input["dependencies"]["resources"].clone();
    input["workload"] = json!({"spec": {
        "owner": {"projectName": "p", "componentName": "c"}, "container": {"image": "i"},
    }});
    if input.get("trait").is_some() {
        input["component"] = json!({"spec": {}});
        input["componentType"] = json!({"spec": {"workloadType": "", "resources": []}});
    }
    if input["componentType"]["spec"]["resources"].is_null() && input["componentType"].is_object() {
        input["componentType"]["spec"]["resources"] = json!([]);
    }
    if input["component"].is_null() {
        return Err("a release is always of a component".to_owned());
    }
    let mut snapshot = snapshot(&input)?;
    snapshot.secrets = secrets;
    let endpoints = or_empty(&workload["endpoints"]);
    let endpoints: std::collections::BTreeMap<String, Endpoint> = decode(&endpoints, "endpoints")?;
    snapshot.release.change(|release| {
        release.workload = WorkloadSnapshot {
            container,
            endpoints,
            dependencies: None,
        };
    });
    Ok(snapshot)
}

/// Compares every variable of a context.
fn seen(context: &Context, expected: &Value) -> Result<(), String> {
    let mut seen = Map::new();
    for name in context.names() {
        let value = context.find(name).and_then(expr::Value::to_json);
        seen.insert(name.to_owned(), value.unwrap_or_default());
    }
    let own = Value::Object(seen);
    agree(&without_empty(&own), &without_empty(expected))
}

fn compare(own: Result<Context, String>, row: &Value) -> Result<(), String> {
    match (own, row["error"]["message"].as_str()) {
        (Ok(context), None) => seen(&context, result(row)),
        (Ok(_), Some(expected)) => Err(format!("should fail with {expected}")),
        (Err(own), expected) => {
            // What follows is what a library of the reference says of a schema.
            let words = expected.map(|expected| {
                expected
                    .split("failed to unmarshal schema")
                    .next()
                    .unwrap_or(expected)
            });
            says(&own, words)
        }
    }
}

/// The variables of a row, with the metadata that it gives.
fn base(input: &Value) -> Result<Variables, String> {
    let made = variables(&snapshot_of(input)?, &input["metadata"]);
    made.map_err(|problems| {
        let message = problems
            .iter()
            .next()
            .map_or("", |problem| problem.message.as_str());
        message
            .strip_prefix("failed to build component context: ")
            .unwrap_or(message)
            .to_owned()
    })
}

#[test]
fn components_see_the_variables_of_the_reference() {
    Table::of(TABLE, "context.BuildComponentContext")
        .but(&[PROGRAM_ONLY])
        .check(|row| {
            let own = base(&row["input"]["input"]).map(|variables| variables.base);
            compare(own, row)
        });
}

/// A schema that was built before counts there more than the one that stands in the trait.
const CACHED: Difference = Difference {
    name: "program-only",
    shows: |row| {
        let input = &row["input"]["input"];
        let own = &input["trait"]["spec"]["parameters"]["openAPIV3Schema"]["properties"];
        input["schemaCache"].is_object() && !own.is_object()
    },
};

#[test]
fn traits_see_the_variables_of_the_reference() {
    Table::of(TABLE, "context.BuildTraitContext")
        .but(&[PROGRAM_ONLY, CACHED])
        .check(|row| {
            let input = &row["input"]["input"];
            let own = base(input).and_then(|base| {
                let given = TraitValues {
                    parameters: decode(&or_empty(&input["resolvedParameters"]), "parameters")?,
                    configs: decode(&or_empty(&input["resolvedEnvironmentConfigs"]), "configs")?,
                };
                let name = input["trait"]["metadata"]["name"]
                    .as_str()
                    .unwrap_or_default();
                let instance = input["instanceName"].as_str().unwrap_or_default();
                let spec: Trait = decode(&input["trait"]["spec"], "trait")?;
                let schemas =
                    Schemas::of(spec.parameters.as_ref(), spec.environment_configs.as_ref());
                base.for_trait(&schemas, (name, instance), &given)
            });
            compare(own, row)
        });
}

/// The parameters and configurations of the one trait of a release, which takes any.
fn values(uses: &Value, binding: &Value, variables: &Value) -> Result<(Value, Value), String> {
    let open = json!({"openAPIV3Schema": {"type": "object"}});
    let mut input = json!({
        "workload": {"spec": {
            "owner": {"projectName": "p", "componentName": "c"}, "container": {"image": "i"},
        }},
        "component": {"spec": {"traits": uses["own"]}},
        "componentType": {"spec": {
            "workloadType": "deployment", "resources": [], "traits": uses["embedded"],
        }},
        "environment": {"spec": {}},
        "dataPlane": {"spec": {"clusterAgent": {"clientCA": {}}}},
    });
    let all = [&uses["own"], &uses["embedded"]];
    let instances = all.into_iter().filter_map(Value::as_array).flatten();
    let traits = instances.map(|instance| {
        json!({
            "kind": instance["kind"], "metadata": {"name": instance["name"]},
            "spec": {"parameters": open, "environmentConfigs": open},
        })
    });
    input["traits"] = traits.collect();
    if !binding.is_null() {
        input["releaseBinding"] = binding.clone();
    }
    let snapshot = snapshot(&input)?;
    let variables = Variables {
        base: Context::from_json(variables.as_object().unwrap_or(&Map::new())),
        cell: String::new(),
        labels: expr::Map::new(),
        gateway: model::kinds::gateway::Gateway::default(),
    };
    let compiler = Compiler::new();
    let applied = instances::all(&compiler, &snapshot, &variables);
    let applied = applied.map_err(|problems| {
        problems
            .iter()
            .next()
            .map(|problem| problem.message.clone())
            .unwrap_or_default()
    })?;
    let context = &applied.first().ok_or("no trait")?.context;
    let value = |name: &str| {
        context
            .find(name)
            .and_then(expr::Value::to_json)
            .unwrap_or_default()
    };
    Ok((value("parameters"), value("environmentConfigs")))
}

#[test]
fn traits_are_given_the_values_of_the_reference() {
    Table::of(TABLE, "context.ExtractTraitInstanceBindings").check(|row| {
        let uses = json!({"own": [row["input"]["instance"]], "embedded": []});
        let (parameters, configs) = values(&uses, &row["input"]["rb"], &json!({}))?;
        agree(
            &json!({"parameters": parameters, "envConfigs": configs}),
            &row["output"],
        )
    });
    Table::of(TABLE, "context.ResolveEmbeddedTraitBindings").check(|row| {
        let mut embedded = row["input"]["embeddedTrait"].clone();
        if embedded["kind"].is_null() {
            embedded["kind"] = json!("Trait");
        }
        let uses = json!({"own": [], "embedded": [embedded]});
        let own = values(&uses, &Value::Null, &row["input"]["componentContextMap"]);
        let own = own.map(|(parameters, configs)| {
            json!({"resolvedParams": parameters, "resolvedEnvConfigs": configs})
        });
        match (own, row["error"]["message"].as_str()) {
            (Ok(own), None) => {
                let expected = |name: &str| or_empty(&row["output"][name]);
                let expected = json!({
                    "resolvedParams": expected("resolvedParams"),
                    "resolvedEnvConfigs": expected("resolvedEnvConfigs"),
                });
                agree(&own, &expected)
            }
            (Ok(own), Some(expected)) => Err(format!("{own} should fail with {expected}")),
            (Err(own), expected) => says(&own, expected),
        }
    });
}

#[test]
fn schemas_are_built_when_those_of_the_reference_are() {
    Table::of(TABLE, "context.BuildStructuralSchemas").check(|row| {
        let input = &row["input"]["input"];
        let spec = decode(
            &json!({
                "parameters": input["parametersSchema"],
                "environmentConfigs": input["environmentConfigsSchema"],
            }),
            "trait",
        )?;
        match (vet::trait_(&spec).into_result(), row.get("error")) {
            (Ok(()), None) | (Err(_), Some(_)) => Ok(()),
            (own, expected) => Err(format!("{own:?} instead of {expected:?}")),
        }
    });
}
