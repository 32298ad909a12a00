//! What admission checks of types, traits, workflows and releases before anybody uses them (reference
//! 4): that schemas are schemas, that every expression compiles and names only variables that will be
//! there, that objects say what they must and stay in their cell.
//!
//! Parameters have the types that their schemas give them, all other variables the shape that they will
//! have. Paths are those of the document.

mod component_type;
mod expressions;
mod release;
mod resource_type;
mod schemas;
mod template;
mod traits;
mod uses;
mod variables;
mod workflow;

use serde_json::Value;

use model::{
    Checked, Diagnostics, Draft, Envelope, Kind, KindName, Scope, UnitId,
    kinds::{
        Component, ComponentRelease, ComponentType, ProjectType, ResourceRelease, ResourceType,
        Trait, Workflow, component::TraitInstance, reference::TraitKind,
    },
};

use crate::functions::Methods;
use expressions::Expressions;

/// What admission says of a write: its shape, its kind's rules, its name as a unit, its expressions.
///
/// # Errors
/// Every problem, with its path in the document.
pub fn admit(draft: Draft) -> Result<Checked, Diagnostics> {
    let envelope = draft.envelope.clone();
    let mut diagnostics = Diagnostics::default();
    if UnitId::of(&envelope.key).is_err() {
        diagnostics.push_hint(
            "metadata.name",
            "kind, namespace and name are longer than 250 characters together, or not valid names",
            "choose a shorter name of lower-case letters, digits and '-'",
        );
    }
    match draft.check() {
        // Expressions are checked in the object as it will be stored: defaults decide what they see.
        Ok(checked) => {
            diagnostics.extend(object(checked.envelope()));
            diagnostics.into_result()?;
            Ok(checked)
        }
        Err(mut found) => {
            // What the kind says comes first: expressions are checked against what it understood.
            diagnostics.extend(object(&envelope));
            found.extend(diagnostics);
            Err(found)
        }
    }
}

/// Every problem of an object that its shape alone does not show.
///
/// An object whose spec has not the shape of its kind has none here: whoever decodes it says so.
#[must_use]
pub fn object(envelope: &Envelope) -> Diagnostics {
    let scope = envelope.key.scope();
    match envelope.key.kind {
        KindName::ComponentType if scope == Scope::Cluster => shared_type(envelope),
        KindName::ComponentType => spec(envelope, |spec| component_type(spec, scope)),
        KindName::Trait => spec(envelope, trait_),
        KindName::ProjectType => spec(envelope, project_type),
        KindName::ResourceType => spec(envelope, resource_type),
        KindName::ResourceRelease => spec(envelope, resource_release),
        KindName::Workflow => spec(envelope, |spec| workflow(spec, scope)),
        KindName::ComponentRelease => spec(envelope, component_release),
        KindName::Component => spec(envelope, component),
        KindName::Namespace
        | KindName::Project
        | KindName::ProjectRelease
        | KindName::ProjectReleaseBinding
        | KindName::Workload
        | KindName::ReleaseBinding
        | KindName::Environment
        | KindName::DeploymentPipeline
        | KindName::DataPlane
        | KindName::WorkflowPlane
        | KindName::ObservabilityPlane
        | KindName::WorkflowRun
        | KindName::Resource
        | KindName::ResourceReleaseBinding
        | KindName::SecretReference
        | KindName::AuthzRole
        | KindName::AuthzRoleBinding
        | KindName::RenderedRelease => Diagnostics::default(),
    }
}

fn spec<K: Kind>(envelope: &Envelope, vet: impl Fn(&K) -> Diagnostics) -> Diagnostics {
    envelope
        .spec::<K>()
        .map(|spec| vet(&spec))
        .unwrap_or_default()
}

/// A type of the whole platform names traits of the whole platform where it says nothing else; the
/// namespaced type of the same shape names its own.
fn shared_type(envelope: &Envelope) -> Diagnostics {
    let mut raw = envelope.spec.to_value();
    for list in ["traits", "allowedTraits"] {
        for reference in raw
            .get_mut(list)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            if let Some(map) = reference.as_object_mut() {
                map.entry("kind")
                    .or_insert_with(|| TraitKind::ClusterTrait.as_str().into());
            }
        }
    }
    let spec = serde_json::from_value::<ComponentType>(raw);
    spec.map(|spec| component_type(&spec, Scope::Cluster))
        .unwrap_or_default()
}

/// Every problem of a component type.
#[must_use]
pub fn component_type(spec: &ComponentType, scope: Scope) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    let expressions = Expressions::new(Methods::Component);
    component_type::check(&expressions, spec, "spec", &mut diagnostics);
    uses::of_type(spec, scope, &mut diagnostics);
    diagnostics
}

/// Every problem of a trait.
#[must_use]
pub fn trait_(spec: &Trait) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    traits::check(
        &Expressions::new(Methods::Component),
        spec,
        "spec",
        &mut diagnostics,
    );
    diagnostics
}

/// Every problem of a project type.
#[must_use]
pub fn project_type(spec: &ProjectType) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    workflow::check_project_type(&Expressions::new(Methods::Plain), spec, &mut diagnostics);
    diagnostics
}

/// Every problem of a resource type, of whichever scope.
#[must_use]
pub fn resource_type(spec: &ResourceType) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    resource_type::check(
        &Expressions::new(Methods::Plain),
        spec,
        "spec",
        &mut diagnostics,
    );
    diagnostics
}

/// Every problem of a resource release that somebody writes.
#[must_use]
pub fn resource_release(spec: &ResourceRelease) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    release::check_resource(&Expressions::new(Methods::Plain), spec, &mut diagnostics);
    diagnostics
}

/// Every problem of a workflow.
#[must_use]
pub fn workflow(spec: &Workflow, scope: Scope) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    workflow::check(
        &Expressions::new(Methods::Plain),
        spec,
        scope,
        &mut diagnostics,
    );
    diagnostics
}

/// Every problem of a component release that somebody writes; those that the platform cuts are made
/// of parts that were checked before.
#[must_use]
pub fn component_release(spec: &ComponentRelease) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    release::check(
        &Expressions::new(Methods::Component),
        spec,
        &mut diagnostics,
    );
    diagnostics
}

/// Every problem of a component that shows without its type.
#[must_use]
pub fn component(spec: &Component) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    let names = spec
        .traits
        .iter()
        .map(|instance| instance.instance_name.as_str());
    uses::unique_instances("spec.traits", names, &mut diagnostics);
    diagnostics
}

/// Whether the type of a component allows its traits, under names that are distinct.
///
/// # Errors
/// Why not, for people.
pub fn traits_of_component(own: &[TraitInstance], spec: &ComponentType) -> Result<(), String> {
    uses::of_component(own, spec)
}

#[cfg(test)]
mod tests;
