//! The platform's guarantees about every bundle, checked on every bundle.

use model::{Bundle, Diagnostics, Policy, label};
use serde_json::Value;

use crate::object;

/// What a bundle may contain.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    /// A component: all in its cell, and a network policy for it.
    Component {
        /// Namespace of the cell.
        namespace: &'a str,
    },
    /// A project: its cell, and what the project type puts around it.
    Project {
        /// Namespace of the cell.
        namespace: &'a str,
    },
    /// A workflow run: all in the namespace of runs.
    Run {
        /// Namespace of the runs.
        namespace: &'a str,
    },
}

/// Every guarantee that a bundle breaks.
#[must_use]
pub fn check(bundle: &Bundle, cell: &Cell<'_>) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    let namespace = match cell {
        Cell::Component { namespace } | Cell::Project { namespace } | Cell::Run { namespace } => {
            namespace
        }
    };
    let mut ids: Vec<&str> = bundle
        .objects
        .iter()
        .map(|entry| entry.id.as_str())
        .collect();
    ids.sort_unstable();
    if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
        diagnostics.push_hint(
            format!("objects[{:?}]", pair[0]),
            "two objects have the same kind and name",
            "give each its own name, for example with oc_generate_name",
        );
    }
    for entry in &bundle.objects {
        let path = format!("objects[{:?}]", entry.id);
        if entry.policy != Policy::Keep {
            check_owner(&entry.object, bundle, &path, &mut diagnostics);
        }
        let elsewhere = !object::namespace(&entry.object).is_empty()
            && object::namespace(&entry.object) != *namespace;
        if elsewhere && !matches!(cell, Cell::Project { .. }) {
            diagnostics.push_hint(
                &path,
                format!(
                    "lies outside of the cell, in namespace {:?}",
                    object::namespace(&entry.object)
                ),
                "set metadata.namespace to ${metadata.namespace}, or leave it out",
            );
        }
        if entry.policy == Policy::Managed
            && object::lives_outside_namespaces(&entry.object)
            && matches!(cell, Cell::Component { .. })
        {
            diagnostics.push_hint(
                &path,
                format!("{} is cluster-scoped", object::title(&entry.object)),
                "components may only own objects in their cell: move it to a project type",
            );
        }
    }
    if matches!(cell, Cell::Component { .. }) && !bundle.objects.iter().any(is_policy) {
        diagnostics.push("objects", "no network policy protects the component");
    }
    diagnostics
}

fn is_policy(entry: &model::BundleObject) -> bool {
    matches!(
        object::kind(&entry.object),
        "NetworkPolicy" | "CiliumNetworkPolicy"
    )
}

fn check_owner(object: &Value, bundle: &Bundle, path: &str, diagnostics: &mut Diagnostics) {
    let labels = ["metadata", "labels"];
    let label_of = |name: &str| object::text(object, &[labels[0], labels[1], name]);
    if label_of(label::MANAGED_BY) != label::MANAGER
        || label_of(label::UNIT) != bundle.unit.label_value()
    {
        diagnostics.push(path, "does not carry the owner labels of its unit");
    }
}
