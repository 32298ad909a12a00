//! Dependencies on other components and on resources against the recorded ones.

use serde_json::{Value, json};

use compile::connections::{self, Item, resources};
use model::kinds::{
    ReleaseBinding,
    component_release::WorkloadSnapshot,
    dependency::{EnvBindings, ResourceDependency},
    endpoint::Visibility,
    output::Output,
    release_binding::{
        ReleaseBindingStatus,
        status::{ConnectionTarget, EndpointStatus},
    },
};

use crate::compat::{check_rows, rows, same};

fn decode<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| error.to_string())
}

fn expect(own: &Value, expected: &Value) -> Result<(), String> {
    if same(own, expected) {
        Ok(())
    } else {
        Err(format!("\n     {own}\n not {expected}"))
    }
}

fn list(value: &Value) -> Value {
    if value.is_null() {
        json!([])
    } else {
        value.clone()
    }
}

fn binding(row: &Value) -> Result<(String, ReleaseBinding), String> {
    let binding = &row["input"]["releaseBinding"];
    let namespace = binding["metadata"]["namespace"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    Ok((namespace, decode(&binding["spec"])?))
}

fn workload(dependencies: &Value) -> Result<WorkloadSnapshot, String> {
    decode(&json!({"container": {"image": "i"}, "dependencies": dependencies}))
}

#[test]
fn targets_are_those_of_the_reference() {
    check_rows(
        &rows("connections.jsonl", "releasebinding.buildConnectionTargets"),
        &[],
        |row| {
            let (namespace, binding) = binding(row)?;
            let workload = workload(&json!({"endpoints": list(&row["input"]["connections"])}))?;
            let own: Vec<_> = connections::wanted(&namespace, &binding, &workload)
                .into_iter()
                .map(|wanted| wanted.target)
                .collect();
            expect(
                &serde_json::to_value(own).unwrap(),
                &list(&row["output"]["result"]),
            )
        },
    );
    let table = rows(
        "connections.jsonl",
        "releasebinding.buildResourceDependencyTargets",
    );
    check_rows(&table, &[], |row| {
        let (namespace, binding) = binding(row)?;
        let workload = workload(&json!({"resources": list(&row["input"]["deps"])}))?;
        let own = resources::targets(&namespace, &binding, &workload);
        expect(
            &serde_json::to_value(own).unwrap(),
            &list(&row["output"]["result"]),
        )
    });
}

/// A resolved connection of a row is one provider that offers exactly its URL.
fn items(row: &Value) -> Result<Vec<Value>, String> {
    let (namespace, consumer) = binding(row)?;
    let workload = workload(&json!({"endpoints": list(&row["input"]["connections"])}))?;
    let resolved = &row["input"]["releaseBinding"]["status"]["resolvedConnections"];
    let resolved = list(resolved);
    let mut items = Vec::new();
    for wanted in connections::wanted(&namespace, &consumer, &workload) {
        let target = serde_json::to_value(&wanted.target).unwrap();
        let fields = ["project", "component", "endpoint", "visibility"];
        let hit = resolved
            .as_array()
            .unwrap()
            .iter()
            .find(|known| fields.iter().all(|field| known[*field] == target[*field]));
        let provider = ReleaseBinding::default();
        let status = match hit {
            Some(hit) => ReleaseBindingStatus {
                endpoints: vec![EndpointStatus {
                    name: wanted.target.endpoint.clone(),
                    service_url: Some(decode(&hit["url"])?),
                    ..EndpointStatus::default()
                }],
                ..ReleaseBindingStatus::default()
            },
            None => ReleaseBindingStatus::default(),
        };
        let item = match connections::resolve(&wanted, &[(&provider, &status)]) {
            Ok((_, item)) => item,
            Err(_) => Item::pending(&wanted),
        };
        items.push(as_recorded(&item));
    }
    Ok(items)
}

fn as_recorded(item: &Item) -> Value {
    let variables: Vec<_> = item
        .env_vars
        .iter()
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    let mut recorded = json!({
        "namespace": item.namespace, "project": item.project, "component": item.component,
        "endpoint": item.endpoint, "visibility": item.visibility,
    });
    if !variables.is_empty() {
        recorded["envVars"] = Value::Array(variables);
    }
    recorded
}

#[test]
fn variables_are_those_of_the_reference() {
    check_rows(
        &rows("connections.jsonl", "releasebinding.buildConnectionItems"),
        &[],
        |row| expect(&Value::Array(items(row)?), &list(&row["output"]["result"])),
    );
}

#[test]
fn doors_lead_to_the_urls_of_the_reference() {
    check_rows(
        &rows(
            "connections.jsonl",
            "releasebinding.resolveURLForVisibility",
        ),
        &[],
        |row| {
            let endpoint: EndpointStatus = decode(&row["input"]["ep"])?;
            let visibility: Visibility = decode(&row["input"]["visibility"])?;
            let own = serde_json::to_value(connections::url_for(&endpoint, visibility)).unwrap();
            expect(&own, &row["output"]["result"])
        },
    );
}

#[test]
fn outputs_of_resources_become_what_they_become_in_the_reference() {
    check_rows(
        &rows(
            "component-context.jsonl",
            "context.BuildResourceDependencyItem",
        ),
        &[],
        |row| {
            let dependency: ResourceDependency = decode(&row["input"]["dep"])?;
            let outputs: Vec<Output> = decode(&list(&row["input"]["outputs"]))?;
            match (
                resources::item(&dependency, &outputs),
                row["error"]["message"].as_str(),
            ) {
                (Ok(item), None) => expect(
                    &serde_json::to_value(item).unwrap(),
                    &row["output"]["result"],
                ),
                (Err(own), Some(expected)) if own == expected => Ok(()),
                (own, expected) => Err(format!("{own:?} not {expected:?}")),
            }
        },
    );
}

fn wanted() -> connections::Wanted {
    connections::Wanted {
        target: ConnectionTarget {
            namespace: "default".to_owned(),
            project: "shop".to_owned(),
            component: "api".to_owned(),
            endpoint: "http".to_owned(),
            environment: "development".to_owned(),
            visibility: Visibility::Project,
        },
        env_bindings: EnvBindings::default(),
    }
}

/// The words of the reference, which stand in the status of bindings.
#[test]
fn what_is_missing_is_said_in_the_words_of_the_reference() {
    let reason = |providers: &[(&ReleaseBinding, &ReleaseBindingStatus)]| {
        connections::resolve(&wanted(), providers).unwrap_err()
    };
    let (active, status) = (ReleaseBinding::default(), ReleaseBindingStatus::default());
    let undeployed: ReleaseBinding =
        decode(&json!({"owner": active.owner, "environment": "development", "state": "Undeploy"}))
            .unwrap();
    assert_eq!(
        reason(&[]),
        "ReleaseBinding not found for component shop/api"
    );
    assert_eq!(reason(&[(&undeployed, &status)]), "component is undeployed");
    assert_eq!(
        reason(&[(&active, &status)]),
        r#"endpoint "http" not yet resolved"#
    );
    assert_eq!(
        reason(&[(&active, &status), (&active, &status)]),
        "multiple ReleaseBindings found for component shop/api in environment development"
    );
    let nowhere = ReleaseBindingStatus {
        endpoints: vec![EndpointStatus {
            name: "http".to_owned(),
            ..EndpointStatus::default()
        }],
        ..ReleaseBindingStatus::default()
    };
    assert_eq!(
        reason(&[(&active, &nowhere)]),
        r#"endpoint "http" has no URL for visibility project"#
    );
}
