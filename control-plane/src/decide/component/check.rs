//! Everything that a component names must exist and be allowed, in the order of the reference.

use compile::vet;
use model::{
    Facet,
    kinds::{
        Component, ComponentType, DeploymentPipeline, Project, Trait, Workflow, Workload,
        component_release::TraitSnapshot,
    },
};

use crate::{
    decide::conditions::Because,
    world::{Halt, Object, World},
};

/// What a component is made of.
pub(crate) struct Parts {
    pub(super) component_type: Object<ComponentType>,
    pub(super) traits: Vec<TraitSnapshot>,
    pub(super) workload: Object<Workload>,
    pub(super) root_environment: String,
}

pub(crate) type Checked<T> = Result<Result<T, Because>, Halt>;

/// Stops with the reason of the first check that fails.
macro_rules! check {
    ($checked:expr) => {
        match $checked? {
            Ok(value) => value,
            Err(because) => return Ok(Err(because)),
        }
    };
}

pub(crate) fn check(object: &Object<Component>, world: &World<'_>) -> Checked<Parts> {
    let component_type = check!(component_type(object, world));
    check!(workflow(object, &component_type, world));
    let workload = check!(workload(object, world));
    let traits = check!(traits(object, &component_type, world));
    let root_environment = check!(root_environment(object, world));
    Ok(Ok(Parts {
        component_type,
        traits,
        workload,
        root_environment,
    }))
}

fn component_type(object: &Object<Component>, world: &World<'_>) -> Checked<Object<ComponentType>> {
    let reference = &object.spec.component_type;
    let key = reference.key(object.namespace());
    let Some(found) = world.find::<ComponentType>(&key, Facet::Spec)? else {
        let message = format!("{} {:?} not found", key.public_kind(), key.name);
        return Ok(Err(Because::new("ComponentTypeNotFound", message)));
    };
    let actual = found.spec.workload_type.as_str();
    if actual != reference.workload_type() {
        let message = format!(
            "{} {:?} is of workload type {actual}; write componentType.name as \"{actual}/{}\"",
            key.public_kind(),
            key.name,
            key.name
        );
        return Ok(Err(Because::new("InvalidConfiguration", message)));
    }
    Ok(Ok(found))
}

fn workflow(
    object: &Object<Component>,
    component_type: &Object<ComponentType>,
    world: &World<'_>,
) -> Checked<()> {
    let Some(workflow) = &object.spec.workflow else {
        return Ok(Ok(()));
    };
    let key = workflow.key(object.namespace());
    let allowed = component_type.spec.allowed_workflows.iter();
    if !allowed
        .clone()
        .any(|other| other.key(object.namespace()) == key)
    {
        let names: Vec<_> = allowed.map(|other| other.name.as_str()).collect();
        let message = format!(
            "{} {:?} is not among the workflows that the component type allows: [{}]",
            key.public_kind(),
            key.name,
            names.join(", ")
        );
        return Ok(Err(Because::new("WorkflowNotAllowed", message)));
    }
    if world.find::<Workflow>(&key, Facet::Spec)?.is_none() {
        let message = format!("{} {:?} not found", key.public_kind(), key.name);
        return Ok(Err(Because::new("WorkflowNotFound", message)));
    }
    Ok(Ok(()))
}

fn workload(object: &Object<Component>, world: &World<'_>) -> Checked<Object<Workload>> {
    let project = &object.spec.owner.project_name;
    let index = Workload::of_component(object.namespace(), project, object.name());
    let mut found = world.list::<Workload>(&index, Facet::Spec)?;
    found.retain(|workload| !workload.is_deleting());
    let because = match found.len() {
        1 => return Ok(Ok(found.remove(0))),
        0 => Because::new(
            "WorkloadNotFound",
            format!(
                "Workload for component {:?} not found, waiting for workload to be created",
                object.name()
            ),
        ),
        several => Because::new(
            "InvalidConfiguration",
            format!(
                "{several} workloads belong to component {:?}; keep one",
                object.name()
            ),
        ),
    };
    Ok(Err(because))
}

fn traits(
    object: &Object<Component>,
    component_type: &Object<ComponentType>,
    world: &World<'_>,
) -> Checked<Vec<TraitSnapshot>> {
    let own = &object.spec.traits;
    if let Err(reason) = vet::traits_of_component(own, &component_type.spec) {
        let message = format!("ComponentType {:?}: {reason}", component_type.name());
        return Ok(Err(Because::new("InvalidConfiguration", message)));
    }
    let embedded = &component_type.spec.traits;
    let mut wanted: Vec<_> = embedded
        .iter()
        .map(|instance| (instance.kind, &instance.name))
        .collect();
    wanted.extend(own.iter().map(|instance| (instance.kind, &instance.name)));
    wanted.sort_by_key(|(kind, name)| (kind.as_str(), name.as_str()));
    wanted.dedup();
    let mut snapshots = Vec::with_capacity(wanted.len());
    for (kind, name) in wanted {
        let key = kind.key(object.namespace(), name);
        let Some(found) = world.find::<Trait>(&key, Facet::Spec)? else {
            let message = format!("{} {name:?} not found", key.public_kind());
            return Ok(Err(Because::new("TraitNotFound", message)));
        };
        snapshots.push(TraitSnapshot {
            kind,
            name: name.clone(),
            spec: found.spec,
        });
    }
    Ok(Ok(snapshots))
}

fn root_environment(object: &Object<Component>, world: &World<'_>) -> Checked<String> {
    let name = &object.spec.owner.project_name;
    let key = model::ObjectKey::namespaced(model::KindName::Project, object.namespace(), name);
    let Some(project) = world.find::<Project>(&key, Facet::Spec)? else {
        return Ok(Err(Because::new(
            "ProjectNotFound",
            format!("Project {name:?} not found"),
        )));
    };
    let key = project.spec.deployment_pipeline_ref.key(object.namespace());
    let Some(pipeline) = world.find::<DeploymentPipeline>(&key, Facet::Spec)? else {
        let message = format!("DeploymentPipeline {:?} not found", key.name);
        return Ok(Err(Because::new("DeploymentPipelineNotFound", message)));
    };
    Ok(pipeline
        .spec
        .root_environment()
        .map(str::to_owned)
        .ok_or_else(|| {
            let message = format!(
                "DeploymentPipeline {:?} has no first environment: every source is also a target",
                key.name
            );
            Because::new("InvalidConfiguration", message)
        }))
}
