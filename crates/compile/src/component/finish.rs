//! What is added to every object of a component: labels, namespace, owner, policy, hash.

use std::{cmp::Ordering, collections::BTreeSet};

use expr::Value;
use model::{Bundle, BundleObject, Diagnostic, Policy, UnitId, label, name};

use super::{Snapshot, variables::Variables};
use crate::{
    network_policy::{self, Params, Provider},
    object,
    render::{self, Plane, Rendered},
    tree,
};

/// Takes out what is meant for the observability plane.
pub(super) fn take_observability(rendered: &mut Vec<Rendered>) -> Vec<Rendered> {
    let (data, observability) = rendered
        .drain(..)
        .partition(|object| object.plane == Plane::Data);
    *rendered = data;
    observability
}

/// The bundle of the data plane: the objects, and the policy that protects them.
pub(super) fn data_bundle(
    snapshot: &Snapshot,
    variables: &Variables,
    rendered: Vec<Rendered>,
) -> Result<Bundle<Value>, Diagnostic> {
    let mut objects = label_and_sort(variables, rendered)?;
    objects.push(policy(snapshot, variables));
    for object in &mut objects {
        // Whatever a type forgets, the network policy selects the pods.
        object::label_pods(object, &variables.labels);
        if let Some(at) = &snapshot.restarted_at
            && object::rolls_pods(object)
        {
            object::annotate_pods(object, label::RESTARTED_AT, at);
        }
    }
    let requires = snapshot.cell_unit.iter().cloned().collect();
    Ok(bundle(snapshot, variables, requires, objects))
}

/// The bundle of the observability plane, if anything is meant for it. No cell is there to wait for.
pub(super) fn observability_bundle(
    snapshot: &Snapshot,
    variables: &Variables,
    rendered: Vec<Rendered>,
) -> Result<Option<Bundle<Value>>, Diagnostic> {
    if rendered.is_empty() {
        return Ok(None);
    }
    let objects = label_and_sort(variables, rendered)?;
    Ok(Some(bundle(snapshot, variables, Vec::new(), objects)))
}

fn bundle(
    snapshot: &Snapshot,
    variables: &Variables,
    requires: Vec<UnitId>,
    objects: Vec<Value>,
) -> Bundle<Value> {
    let mut taken = BTreeSet::new();
    let label_value = snapshot.unit.label_value();
    let entries = objects.into_iter().enumerate().map(|(index, mut object)| {
        object::set_missing_namespace(&mut object, &variables.cell);
        object::stamp(&mut object, &snapshot.unit, &label_value);
        let id = free_id(object::id_of(&object, index), &object, &mut taken);
        BundleObject {
            id,
            policy: Policy::Managed,
            report_status: false,
            status_paths: Vec::new(),
            object,
        }
    });
    let objects = entries.collect();
    Bundle {
        unit: snapshot.unit.clone(),
        requires,
        features: Vec::new(),
        objects,
    }
}

/// Ids leave out group and namespace; the second object of a kind and name has both in its hash.
fn free_id(id: String, object: &Value, taken: &mut BTreeSet<String>) -> String {
    if taken.insert(id.clone()) {
        return id;
    }
    let group = object::group_of(object::api_version(object));
    let parts = [id.as_str(), group, object::namespace(object)];
    let id = name::generate(&parts, name::MAX_LABEL);
    taken.insert(id.clone());
    id
}

/// Labels every object, annotates pods with the hash of the rest, and sorts.
pub(super) fn label_and_sort(
    variables: &Variables,
    mut rendered: Vec<Rendered>,
) -> Result<Vec<Value>, Diagnostic> {
    for rendered in &mut rendered {
        object::add_labels(&mut rendered.object, &variables.labels);
    }
    annotate_hash(&mut rendered);
    for rendered in &rendered {
        require_identity(rendered)?;
    }
    let mut objects: Vec<Value> = rendered
        .into_iter()
        .map(|rendered| rendered.object)
        .collect();
    objects.sort_by(order);
    Ok(objects)
}

/// By kind, and what tells objects of one kind apart.
fn order(left: &Value, right: &Value) -> Ordering {
    let by = |field: fn(&Value) -> &str| field(left).cmp(field(right));
    by(object::kind)
        .then_with(|| by(object::api_version))
        .then_with(|| by(object::namespace))
        .then_with(|| by(object::name))
}

/// A change of any other object of the release rolls the pods of its workload.
fn annotate_hash(objects: &mut [Rendered]) {
    let is_workload = |rendered: &Rendered| object::rolls_pods(&rendered.object);
    let others: Vec<String> = {
        let mut texts: Vec<String> = objects
            .iter()
            .filter(|rendered| rendered.plane == Plane::Data && !is_workload(rendered))
            .map(|rendered| tree::text_without(&rendered.object, "metadata"))
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
    object::add_labels(&mut policy, &variables.labels);
    policy
}
