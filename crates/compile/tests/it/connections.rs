//! Dependencies on other components and on resources against the recorded ones.

use serde_json::{Value, json};

use compile::connections::{self, Item, resources};
use model::Generation;
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
    resource_release_binding::ResourceReleaseBindingStatus,
};

use testkit::compat::{Table, agree, leave_out, result};

fn decode<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| error.to_string())
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
    Table::of("connections.jsonl", "releasebinding.buildConnectionTargets").check(|row| {
        let (namespace, binding) = binding(row)?;
        let workload = workload(&json!({"endpoints": list(&row["input"]["connections"])}))?;
        let own: Vec<_> = connections::wanted(&namespace, &binding, &workload)
            .into_iter()
            .map(|wanted| wanted.target)
            .collect();
        agree(
            &serde_json::to_value(own).unwrap(),
            &list(&row["output"]["result"]),
        )
    });
    Table::of(
        "connections.jsonl",
        "releasebinding.buildResourceDependencyTargets",
    )
    .check(|row| {
        let (namespace, binding) = binding(row)?;
        let workload = workload(&json!({"resources": list(&row["input"]["deps"])}))?;
        let own = resources::targets(&namespace, &binding, &workload);
        agree(
            &serde_json::to_value(own).unwrap(),
            &list(&row["output"]["result"]),
        )
    });
}

fn items(row: &Value) -> Result<Vec<Value>, String> {
    let (namespace, consumer) = binding(row)?;
    let workload = workload(&json!({"endpoints": list(&row["input"]["connections"])}))?;
    let mut items = Vec::new();
    for wanted in connections::wanted(&namespace, &consumer, &workload) {
        let item = resolved(row, &wanted).unwrap_or_else(|_| Item::pending(&wanted));
        items.push(as_recorded(&item));
    }
    Ok(items)
}

/// Resolves a connection of a row among one provider, which offers exactly the URL that the row has.
fn resolved(row: &Value, wanted: &connections::Wanted) -> Result<Item, String> {
    let target = serde_json::to_value(&wanted.target).unwrap();
    let fields = ["project", "component", "endpoint", "visibility"];
    let known = &row["input"]["releaseBinding"]["status"]["resolvedConnections"];
    let mut known = known.as_array().into_iter().flatten();
    let hit = known.find(|known| fields.iter().all(|field| known[*field] == target[*field]));
    let (provider, mut status) = (ReleaseBinding::default(), ReleaseBindingStatus::default());
    if let Some(hit) = hit {
        status.endpoints.push(EndpointStatus {
            name: wanted.target.endpoint.clone(),
            service_url: Some(decode(&hit["url"])?),
            ..EndpointStatus::default()
        });
    }
    connections::resolve(wanted, &[(&provider, &status)]).map(|(_, item)| item)
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
    Table::of("connections.jsonl", "releasebinding.buildConnectionItems")
        .check(|row| agree(&Value::Array(items(row)?), &list(&row["output"]["result"])));
}

#[test]
fn doors_lead_to_the_urls_of_the_reference() {
    Table::of(
        "connections.jsonl",
        "releasebinding.resolveURLForVisibility",
    )
    .check(|row| {
        let endpoint: EndpointStatus = decode(&row["input"]["ep"])?;
        let visibility: Visibility = decode(&row["input"]["visibility"])?;
        let own = serde_json::to_value(connections::url_for(&endpoint, visibility)).unwrap();
        agree(&own, &row["output"]["result"])
    });
}

#[test]
fn outputs_of_resources_become_what_they_become_in_the_reference() {
    Table::of(
        "component-context.jsonl",
        "context.BuildResourceDependencyItem",
    )
    .check(|row| {
        let dependency: ResourceDependency = decode(&row["input"]["dep"])?;
        let outputs: Vec<Output> = decode(&list(&row["input"]["outputs"]))?;
        match (
            resources::item(&dependency, &outputs),
            row["error"]["message"].as_str(),
        ) {
            (Ok(item), None) => agree(
                &serde_json::to_value(item).unwrap(),
                &row["output"]["result"],
            ),
            (Err(own), Some(expected)) if own == expected => Ok(()),
            (own, expected) => Err(format!("{own:?} not {expected:?}")),
        }
    });
}

/// Whether every connection of a row is resolved; ours are when each has its provider.
#[test]
fn connections_are_resolved_when_those_of_the_reference_are() {
    Table::of("connections.jsonl", "releasebinding.allConnectionsResolved").check(|row| {
        let (namespace, consumer) = binding(row)?;
        let workload = workload(&json!({"endpoints": list(&row["input"]["connections"])}))?;
        let wanted = connections::wanted(&namespace, &consumer, &workload);
        let own = wanted.iter().all(|wanted| resolved(row, wanted).is_ok());
        agree(&json!(own), result(row))
    });
}

/// Secrets are named by the workload and the overrides of a binding.
#[test]
fn secrets_are_those_that_the_reference_collects() {
    Table::of(
        "connections.jsonl",
        "releasebinding.collectSecretReferenceNames",
    )
    .check(|row| {
        let (_, binding) = binding(row)?;
        let mut spec = row["input"]["workload"]["spec"].clone();
        spec.as_object_mut().unwrap().shift_remove("owner");
        let workload: WorkloadSnapshot = decode(&spec)?;
        let own = compile::component::secret_references(&workload, &binding);
        agree(&json!(own), &list(result(row)))
    });
}

#[test]
fn who_depends_on_a_resource_is_recorded_by_whoever_reads_it() {
    leave_out(
        "connections.jsonl",
        "releasebinding.indexResourceDependencyTargets",
        "an index of the cache of its controllers; here the reads of a decision wake it",
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

/// Rows leave out the times of conditions.
fn resource_status(status: &Value) -> Result<ResourceReleaseBindingStatus, String> {
    let mut status = status.clone();
    let conditions = status.get_mut("conditions").and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten() {
        condition["lastTransitionTime"] = json!("2026-01-02T03:04:05Z");
    }
    decode(&status)
}

#[test]
fn a_resource_counts_once_it_is_ready_as_it_is_now() {
    Table::of(
        "connections.jsonl",
        "releasebinding.isResourceReleaseBindingReady",
    )
    .check(|row| {
        let binding = &row["input"]["rrb"];
        let generation = binding["metadata"]["generation"].as_u64().unwrap_or(0);
        let provider = resources::Provider {
            name: "",
            generation: Generation(generation),
            status: &resource_status(&binding["status"])?,
        };
        agree(&json!(provider.is_ready()), &row["output"]["result"])
    });
}

#[test]
fn nothing_is_pending_when_the_reference_says_so() {
    Table::of(
        "connections.jsonl",
        "releasebinding.allResourceDependenciesResolved",
    )
    .check(|row| {
        let (namespace, binding) = binding(row)?;
        let workload = workload(&json!({"resources": list(&row["input"]["deps"])}))?;
        let status = &row["input"]["releaseBinding"]["status"];
        let resolved = resources::Resolved {
            targets: resources::targets(&namespace, &binding, &workload),
            pending: decode(&list(&status["pendingResourceDependencies"]))?,
            ..resources::Resolved::default()
        };
        let own = resolved.is_complete();
        agree(&json!(own), result(row))
    });
}

#[test]
fn resources_that_are_missing_are_said_in_the_words_of_the_reference() {
    let dependency = ResourceDependency {
        resource: "db".to_owned(),
        env_bindings: [("host".to_owned(), "HOST".to_owned())].into(),
        ..ResourceDependency::default()
    };
    let binding: ReleaseBinding = decode(&json!({
        "owner": {"projectName": "shop", "componentName": "api"}, "environment": "development",
    }))
    .unwrap();
    let workload = workload(&json!({"resources": [dependency]})).unwrap();
    let [target] = &*resources::targets("default", &binding, &workload) else {
        panic!("there is one dependency");
    };
    let status = |generation: u64, outputs: Value| {
        let ready = json!({
            "type": "Ready", "status": "True", "reason": "Ready", "message": "",
            "observedGeneration": generation,
        });
        resource_status(&json!({"conditions": [ready], "outputs": outputs})).unwrap()
    };
    let resolve = |statuses: &[ResourceReleaseBindingStatus]| {
        let providers = statuses.iter().map(|status| resources::Provider {
            name: "db-development",
            generation: Generation(2),
            status,
        });
        resources::resolve(&dependency, target, &providers.collect::<Vec<_>>())
    };
    let old = status(1, json!([{"name": "host", "value": "h"}]));
    let empty = status(2, json!([]));
    let ready = status(2, json!([{"name": "host", "value": "h"}]));
    assert_eq!(
        resolve(&[]).unwrap_err(),
        "ResourceReleaseBinding not found for shop/db in environment development"
    );
    assert_eq!(
        resolve(&[old]).unwrap_err(),
        r#"ResourceReleaseBinding "db-development" not ready"#
    );
    assert_eq!(
        resolve(std::slice::from_ref(&empty)).unwrap_err(),
        "output not resolved on resource release binding: host"
    );
    assert_eq!(
        resolve(&[empty, ready.clone()]).unwrap_err(),
        "multiple ResourceReleaseBindings found for shop/db in environment development"
    );
    let item = resolve(&[ready]).unwrap();
    assert_eq!(item.env_vars, [json!({"name": "HOST", "value": "h"})]);
}
