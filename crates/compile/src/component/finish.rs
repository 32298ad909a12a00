//! What is added to every object of a component: labels, namespace, owner, policy, hash.

use serde_json::{Map, Value};

use model::{Bundle, BundleObject, Diagnostic, Policy, canonical, label, name};

use super::{Snapshot, variables::Variables};
use crate::{
    network_policy::{self, Params, Provider},
    object,
    render::{self, Plane, Rendered},
};

/// Takes out what is meant for the observability plane.
pub(super) fn take_observability(rendered: &mut Vec<Rendered>) -> Vec<Value> {
    let (data, observability): (Vec<_>, Vec<_>) = rendered
        .drain(..)
        .partition(|object| object.plane == Plane::Data);
    *rendered = data;
    observability
        .into_iter()
        .map(|object| object.object)
        .collect()
}

/// The finished objects with their ids, sorted.
pub(super) fn finish(
    snapshot: &Snapshot,
    variables: &Variables,
    rendered: Vec<Rendered>,
) -> Result<Vec<(String, Value)>, Diagnostic> {
    let mut objects = label_and_sort(variables, rendered)?;
    objects.push(policy(snapshot, variables));
    for object in &mut objects {
        object::set_missing_namespace(object, &variables.cell);
        // Whatever a type forgets, the network policy selects the pods.
        if let Some(template) = object::pod_template_mut(object) {
            add_labels(template, &variables.labels);
        }
        if let Some(at) = &snapshot.restarted_at
            && object::rolls_pods(object)
        {
            object::annotate_pods(object, label::RESTARTED_AT, at);
        }
        object::stamp_owner(object, &snapshot.unit);
    }
    let objects = objects.into_iter().enumerate();
    Ok(objects
        .map(|(index, object)| (object::id_of(&object, index), object))
        .collect())
}

/// Labels every object, annotates pods with the hash of the rest, and sorts.
pub(super) fn label_and_sort(
    variables: &Variables,
    mut rendered: Vec<Rendered>,
) -> Result<Vec<Value>, Diagnostic> {
    for rendered in &mut rendered {
        add_labels(&mut rendered.object, &variables.labels);
    }
    annotate_hash(&mut rendered);
    for rendered in &rendered {
        require_identity(rendered)?;
    }
    let mut objects: Vec<Value> = rendered
        .into_iter()
        .map(|rendered| rendered.object)
        .collect();
    objects.sort_by(|left, right| sort_key(left).cmp(&sort_key(right)));
    Ok(objects)
}

pub(super) fn bundle(snapshot: &Snapshot, objects: Vec<(String, Value)>) -> Bundle {
    let objects = objects.into_iter().map(|(id, object)| BundleObject {
        id,
        policy: Policy::Managed,
        report_status: false,
        object,
    });
    Bundle {
        unit: snapshot.unit.clone(),
        requires: snapshot.cell_unit.iter().cloned().collect(),
        features: Vec::new(),
        objects: objects.collect(),
    }
}

fn sort_key(object: &Value) -> (&str, &str, &str, &str) {
    (
        object::kind(object),
        object::api_version(object),
        object::namespace(object),
        object::name(object),
    )
}

fn add_labels(object: &mut Value, labels: &Map<String, Value>) {
    let own = object::map_at(object, &["metadata", "labels"]);
    own.extend(
        labels
            .iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
}

/// A change of any other object of the release rolls the pods of its workload.
fn annotate_hash(objects: &mut [Rendered]) {
    let is_workload = |rendered: &Rendered| object::rolls_pods(&rendered.object);
    let others: Vec<String> = {
        let mut texts: Vec<String> = objects
            .iter()
            .filter(|rendered| rendered.plane == Plane::Data && !is_workload(rendered))
            .map(|rendered| {
                let mut object = rendered.object.clone();
                if let Value::Object(map) = &mut object {
                    map.shift_remove("metadata");
                }
                canonical::to_string(&object)
            })
            .collect();
        texts.sort_unstable();
        texts
    };
    if others.is_empty() {
        return;
    }
    let hash = name::safe_encode(u64::from(name::fnv1a_32(others.join("\n").as_bytes())));
    for rendered in objects.iter_mut().filter(|rendered| is_workload(rendered)) {
        object::annotate_pods(&mut rendered.object, label::RESOURCE_HASH, &hash);
    }
}

fn require_identity(rendered: &Rendered) -> Result<(), Diagnostic> {
    let object = &rendered.object;
    let fields = [
        ("apiVersion", object::api_version(object)),
        ("kind", object::kind(object)),
        ("metadata.name", object::name(object)),
    ];
    match fields.iter().find(|(_, value)| value.is_empty()) {
        None => Ok(()),
        Some((field, _)) => {
            let message = format!(
                "a rendered object has no {field}: {}",
                object::title(object)
            );
            Err(render::fault(
                &format!("{}.template.{field}", rendered.origin),
                message,
            ))
        }
    }
}

fn policy(snapshot: &Snapshot, variables: &Variables) -> Value {
    let annotations = &snapshot.data_plane.annotations;
    let provider = Provider::of(
        annotations
            .get(label::NETWORK_POLICY_PROVIDER)
            .map(String::as_str),
    );
    let mut policy = network_policy::make(
        provider,
        &Params {
            component: &snapshot.component_name,
            platform_namespace: &snapshot.namespace,
            environment: &snapshot.environment.name,
            cell: &variables.cell,
            pod_selectors: &variables.labels,
            endpoints: &snapshot.release.workload.endpoints,
        },
    );
    add_labels(&mut policy, &variables.labels);
    policy
}
