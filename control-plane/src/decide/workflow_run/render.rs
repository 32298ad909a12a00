//! Checking what a run names, and compiling it.

use std::sync::Arc;

use compile::{Compiler, workflow};
use model::{
    Facet, KindName, ObjectKey, PlaneName, UnitId,
    kinds::{Component, ComponentType, Workflow, WorkflowPlane, WorkflowRun},
    label,
};

use crate::{
    decide::{conditions::Because, plane::link_of},
    world::{Halt, Object, World},
};

/// Why a run cannot be rendered.
pub(super) enum Refused {
    /// It may be later.
    Wait(Because),
    /// It never will be.
    Final(Because),
}

type Rendered = (Arc<workflow::Compiled>, PlaneName);

pub(super) fn render(
    object: &Object<WorkflowRun>,
    unit: &UnitId,
    world: &World<'_>,
    compiler: &Compiler,
) -> Result<Result<Rendered, Refused>, Halt> {
    if let Some(because) = refused_by_component(object, world)? {
        return Ok(Err(Refused::Final(because)));
    }
    let key = object.spec.workflow.key(object.namespace());
    let Some(workflow) = world.find::<Workflow>(&key, Facet::Spec)? else {
        let message = format!("{} {:?} not found", key.public_kind(), key.name);
        return Ok(Err(Refused::Final(Because::new(
            "WorkflowResolutionFailed",
            message,
        ))));
    };
    let key = workflow.spec.workflow_plane_ref.key(object.namespace());
    let Some(plane) = world.find::<WorkflowPlane>(&key, Facet::Spec)? else {
        let message = format!("{} {:?} not found", key.public_kind(), key.name);
        return Ok(Err(Refused::Wait(Because::new(
            "WorkflowPlaneNotFound",
            message,
        ))));
    };
    let snapshot = workflow::Snapshot {
        namespace: object.namespace().to_owned(),
        run_name: object.name().to_owned(),
        labels: object.metadata().labels.clone(),
        run: object.spec.clone(),
        workflow: workflow.spec.clone(),
        external_refs: std::collections::BTreeMap::new(),
        workflow_plane: plane.spec.clone(),
        unit: unit.clone(),
    };
    Ok(match compiler.workflow(&snapshot) {
        Ok(compiled) => Ok((compiled, link_of(&plane))),
        Err(diagnostics) => Err(Refused::Wait(Because::new(
            "WorkflowResolutionFailed",
            format!("Failed to render the run: {diagnostics}"),
        ))),
    })
}

/// A run of a component must be of the workflow that the component names and its type allows.
fn refused_by_component(
    object: &Object<WorkflowRun>,
    world: &World<'_>,
) -> Result<Option<Because>, Halt> {
    let labels = &object.metadata().labels;
    let refused = |message: String| Ok(Some(Because::new("ComponentValidationFailed", message)));
    let (project, name) = match (labels.get(label::PROJECT), labels.get(label::COMPONENT)) {
        (None, None) => return Ok(None),
        (Some(project), Some(name)) => (project, name),
        (Some(_), None) | (None, Some(_)) => {
            return refused(format!(
                "a run of a component carries both labels, {} and {}",
                label::PROJECT,
                label::COMPONENT
            ));
        }
    };
    let namespace = object.namespace();
    let key = ObjectKey::namespaced(KindName::Component, namespace, name);
    let Some(component) = world.find::<Component>(&key, Facet::Spec)? else {
        return refused(format!("component {name:?} not found"));
    };
    if component.spec.owner.project_name != *project {
        return refused(format!("component {name:?} is not of project {project:?}"));
    }
    let wanted = object.spec.workflow.key(namespace);
    let own = component
        .spec
        .workflow
        .as_ref()
        .map(|workflow| workflow.key(namespace));
    if own.as_ref() != Some(&wanted) {
        return refused(format!("component {name:?} does not use {wanted}"));
    }
    let key = component.spec.component_type.key(namespace);
    let Some(component_type) = world.find::<ComponentType>(&key, Facet::Spec)? else {
        return refused(format!("{key} not found"));
    };
    let mut allowed = component_type.spec.allowed_workflows.iter();
    if !allowed.any(|workflow| workflow.key(namespace) == wanted) {
        return refused(format!("{key} does not allow {wanted}"));
    }
    Ok(None)
}
