//! Which traits and workflows a type embeds and allows, and names that may be given once.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Diagnostics, Scope,
    kinds::{
        ComponentType,
        component::TraitInstance,
        reference::{TraitKind, WorkflowKind},
    },
};

/// Checks the traits and workflows that a component type names.
pub(super) fn of_type(spec: &ComponentType, scope: Scope, diagnostics: &mut Diagnostics) {
    for (index, embedded) in spec.traits.iter().enumerate() {
        let path = format!("spec.traits[{index}]");
        let fields = [
            ("name", &embedded.name),
            ("instanceName", &embedded.instance_name),
        ];
        for (field, value) in fields {
            if value.is_empty() {
                diagnostics.push(format!("{path}.{field}"), format!("{field} is required"));
            }
        }
        only_shared_trait(scope, embedded.kind, &path, diagnostics);
    }
    let names = spec
        .traits
        .iter()
        .map(|embedded| embedded.instance_name.as_str());
    unique_instances("spec.traits", names, diagnostics);
    allowed_traits(spec, scope, diagnostics);
    allowed_workflows(spec, scope, diagnostics);
}

/// A type of the whole platform cannot lean on what is in one namespace.
fn only_shared_trait(scope: Scope, kind: TraitKind, path: &str, diagnostics: &mut Diagnostics) {
    if scope == Scope::Cluster && kind == TraitKind::Trait {
        let message =
            "ClusterComponentType can only reference ClusterTrait, not namespace-scoped Trait";
        diagnostics.push(format!("{path}.kind"), message);
    }
}

fn allowed_traits(spec: &ComponentType, scope: Scope, diagnostics: &mut Diagnostics) {
    let embedded: BTreeSet<_> = spec
        .traits
        .iter()
        .map(|embedded| (embedded.kind, &embedded.name))
        .collect();
    let mut seen = BTreeSet::new();
    for (index, allowed) in spec.allowed_traits.iter().enumerate() {
        let path = format!("spec.allowedTraits[{index}]");
        let key = (allowed.kind, &allowed.name);
        if allowed.name.is_empty() {
            diagnostics.push(
                format!("{path}.name"),
                "allowed trait name must not be empty",
            );
            continue;
        }
        if !seen.insert(key) {
            diagnostics.push(&path, format!("duplicate value: \"{}:{}\"", key.0, key.1));
        }
        if embedded.contains(&key) {
            let message =
                "trait is already embedded in spec.traits and cannot also be in allowedTraits";
            diagnostics.push(&path, message);
        }
        only_shared_trait(scope, allowed.kind, &path, diagnostics);
    }
}

fn allowed_workflows(spec: &ComponentType, scope: Scope, diagnostics: &mut Diagnostics) {
    let mut seen = BTreeSet::new();
    for (index, allowed) in spec.allowed_workflows.iter().enumerate() {
        let path = format!("spec.allowedWorkflows[{index}]");
        if allowed.name.is_empty() {
            diagnostics.push(
                format!("{path}.name"),
                "allowed workflow name must not be empty",
            );
            continue;
        }
        if !seen.insert((allowed.kind, &allowed.name)) {
            let message = format!("duplicate value: \"{}:{}\"", allowed.kind, allowed.name);
            diagnostics.push(&path, message);
        }
        if scope == Scope::Cluster && allowed.kind == WorkflowKind::Workflow {
            let message = "ClusterComponentType can only reference ClusterWorkflow, not namespace-scoped Workflow";
            diagnostics.push(format!("{path}.kind"), message);
        }
    }
}

/// Instance names are unique, since bindings name instances by them.
pub(super) fn unique_instances<'a>(
    path: &str,
    names: impl Iterator<Item = &'a str>,
    diagnostics: &mut Diagnostics,
) {
    let mut seen = BTreeSet::new();
    for (index, name) in names.enumerate() {
        if !name.is_empty() && !seen.insert(name) {
            diagnostics.push(
                format!("{path}[{index}].instanceName"),
                format!("duplicate value: {name:?}"),
            );
        }
    }
}

/// Why a component may not use its traits: its type does not allow one, or two have one name.
pub(super) fn of_component(own: &[TraitInstance], spec: &ComponentType) -> Result<(), String> {
    let text = |kind: TraitKind, name: &str| format!("{kind}:{name}");
    let allowed: Vec<_> = spec
        .allowed_traits
        .iter()
        .map(|allowed| text(allowed.kind, &allowed.name))
        .collect();
    let refused: Vec<_> = own
        .iter()
        .map(|instance| text(instance.kind, &instance.name))
        .filter(|instance| !allowed.contains(instance))
        .collect();
    if !refused.is_empty() {
        let (refused, allowed) = (refused.join(" "), allowed.join(" "));
        return Err(format!(
            "traits [{refused}] are not in the allowed list [{allowed}]"
        ));
    }
    let of_type = spec.traits.iter().map(|embedded| &*embedded.instance_name);
    let own = own.iter().map(|instance| &*instance.instance_name);
    for (whose, names) in [
        ("embedded", of_type.clone().collect()),
        ("component", own.clone().collect()),
    ] {
        let twice = repeated(names);
        if !twice.is_empty() {
            let twice = twice.join(" ");
            return Err(format!(
                "duplicate trait instance names [{twice}] in {whose} traits"
            ));
        }
    }
    let both = repeated(of_type.chain(own).collect());
    if both.is_empty() {
        Ok(())
    } else {
        let both = both.join(" ");
        Err(format!(
            "trait instance names [{both}] collide with embedded traits"
        ))
    }
}

/// What is there more than once, each once, in the order in which it comes again.
fn repeated(names: Vec<&str>) -> Vec<&str> {
    let (mut seen, mut repeated) = (BTreeSet::new(), Vec::new());
    for name in names {
        if !seen.insert(name) && !repeated.contains(&name) {
            repeated.push(name);
        }
    }
    repeated
}

/// Names are given once.
pub(super) fn unique<'a>(
    (what, field): (&str, &str),
    path: &str,
    names: impl Iterator<Item = &'a str>,
    diagnostics: &mut Diagnostics,
) {
    let mut seen = BTreeMap::new();
    for (index, name) in names.enumerate() {
        if let Some(first) = seen.insert(name, index) {
            diagnostics.push(
                format!("{path}[{index}].{field}"),
                format!("{what} {field} {name:?} is already used at index {first}"),
            );
        }
    }
}
