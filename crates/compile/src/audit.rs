//! The platform's guarantees about every bundle, checked on every bundle that is compiled.
//!
//! A bundle leaves no choice to the cluster it runs in, so what no bundle may do is refused here:
//! objects outside of the cell, pods that the network policy does not select, readable secrets, two
//! entries for one object.

use std::collections::BTreeMap;

use expr::{Map, Value};
use model::{Bundle, BundleObject, Diagnostics, Policy, label};

use crate::{
    object,
    tree::{self, Tree as _},
};

/// What a bundle is for, and so what it may contain.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    /// A component: all in its cell, all with its labels, and a network policy over its pods.
    Component {
        /// Namespace of the cell.
        namespace: &'a str,
        /// Labels of every object and pod.
        labels: &'a Map,
    },
    /// A project: its cell, and what the project type puts around it.
    Project {
        /// Namespace of the cell.
        namespace: &'a str,
    },
    /// A resource: all in the cell of its project.
    Resource {
        /// Namespace of the cell.
        namespace: &'a str,
    },
    /// A workflow run: all in the namespace of runs.
    Run {
        /// Namespace of the runs.
        namespace: &'a str,
    },
}

impl Cell<'_> {
    const fn namespace(&self) -> &str {
        match self {
            Self::Component { namespace, .. }
            | Self::Project { namespace }
            | Self::Resource { namespace }
            | Self::Run { namespace } => namespace,
        }
    }
}

/// Kinds that must lie where they point to, and so outside of the cell.
const ELSEWHERE: &[(&str, &str)] = &[("gateway.networking.k8s.io", "ReferenceGrant")];

/// Every guarantee that a bundle breaks.
#[must_use]
pub fn check(bundle: &Bundle<Value>, cell: &Cell<'_>) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    unique(bundle, &mut diagnostics);
    let unit = bundle.unit.label_value();
    for entry in &bundle.objects {
        let path = format!("objects[{:?}]", entry.id);
        if entry.policy != Policy::Keep {
            owner(&entry.object, &unit, &path, &mut diagnostics);
        }
        place(entry, cell, &path, &mut diagnostics);
        no_secret(&entry.object, &path, &mut diagnostics);
        if let Cell::Component { labels, .. } = cell {
            isolated(&entry.object, labels, &path, &mut diagnostics);
        }
    }
    if matches!(cell, Cell::Component { .. }) && !bundle.objects.iter().any(is_policy) {
        diagnostics.push("objects", "no network policy protects the component");
    }
    diagnostics
}

/// No two entries have one id or mean one object.
fn unique(bundle: &Bundle<Value>, diagnostics: &mut Diagnostics) {
    let (mut ids, mut objects) = (BTreeMap::new(), BTreeMap::new());
    for entry in &bundle.objects {
        let object = &entry.object;
        let group = object::group_of(object::api_version(object));
        let name = object::name(object);
        let identity = (group, object::kind(object), object::namespace(object), name);
        let path = || format!("objects[{:?}]", entry.id);
        if ids.insert(entry.id.as_str(), ()).is_some() {
            diagnostics.push(path(), "two objects have this id");
        } else if objects.insert(identity, ()).is_some() {
            diagnostics.push_hint(
                path(),
                format!("two templates render {}", object::title(object)),
                "give each its own name, for example with oc_generate_name",
            );
        }
    }
}

/// An object lies in the cell; a component or resource owns nothing that is shared, a project no other
/// namespace.
fn place(entry: &BundleObject<Value>, cell: &Cell<'_>, path: &str, diagnostics: &mut Diagnostics) {
    let object = &entry.object;
    let (kind, namespace) = (object::kind(object), object::namespace(object));
    let group = object::group_of(object::api_version(object));
    if !namespace.is_empty() && namespace != cell.namespace() && !ELSEWHERE.contains(&(group, kind))
    {
        diagnostics.push_hint(
            path,
            format!("lies outside of the cell, in namespace {namespace:?}"),
            "set metadata.namespace to ${metadata.namespace}, or leave it out",
        );
    }
    if !object::lives_outside_namespaces(object) {
        return;
    }
    let is_cell = (group, kind) == ("", "Namespace") && object::name(object) == cell.namespace();
    match cell {
        Cell::Component { .. } => diagnostics.push_hint(
            path,
            format!("{} is shared by the whole cluster", object::title(object)),
            "components own objects in their cell alone: move it to a project type",
        ),
        Cell::Resource { .. } => diagnostics.push_hint(
            path,
            format!("{} is shared by the whole cluster", object::title(object)),
            "resources own objects in the cell of their project alone: move it to a project type",
        ),
        Cell::Project { .. } | Cell::Run { .. } if is_cell => {}
        Cell::Project { .. } if (group, kind) == ("", "Namespace") => diagnostics.push_hint(
            path,
            format!("{} is not the cell of the project", object::title(object)),
            "a project owns the one namespace ${metadata.namespace}",
        ),
        Cell::Project { .. } => {}
        Cell::Run { .. } => diagnostics.push_hint(
            path,
            format!("{} is shared by the whole cluster", object::title(object)),
            "runs own objects in the namespace of runs alone",
        ),
    }
}

fn is_policy(entry: &BundleObject<Value>) -> bool {
    matches!(
        object::kind(&entry.object),
        "NetworkPolicy" | "CiliumNetworkPolicy"
    )
}

fn owner(object: &Value, unit: &str, path: &str, diagnostics: &mut Diagnostics) {
    let label_of = |name: &str| object::text(object, &["metadata", "labels", name]);
    if label_of(label::MANAGED_BY) != label::MANAGER || label_of(label::UNIT) != unit {
        diagnostics.push(path, "does not carry the owner labels of its unit");
    }
}

/// The object and its pods carry the labels by which policies, logs and metrics find them.
fn isolated(object: &Value, labels: &Map, path: &str, diagnostics: &mut Diagnostics) {
    let carries = |object: &Value| {
        let own = object.at(&["metadata", "labels"]).and_then(tree::fields);
        own.is_some_and(|own| {
            labels
                .iter()
                .all(|(name, value)| own.get(name) == Some(value))
        })
    };
    if !carries(object) {
        diagnostics.push(path, "does not carry the labels of its component");
    }
    if let Some((template, _)) = object::pod_template(object)
        && !carries(template)
    {
        diagnostics.push(path, "its pods do not carry the labels of its component");
    }
}

/// What the hub can read is no secret.
fn no_secret(object: &Value, path: &str, diagnostics: &mut Diagnostics) {
    if (object::api_version(object), object::kind(object)) != ("v1", "Secret") {
        return;
    }
    let filled = |field: &str| object.get(field).is_some_and(Value::is_filled);
    if filled("data") || filled("stringData") {
        diagnostics.push_hint(
            path,
            format!("{} holds readable values", object::title(object)),
            "render a reference instead, as an ExternalSecret is",
        );
    }
}

#[cfg(test)]
mod tests;
