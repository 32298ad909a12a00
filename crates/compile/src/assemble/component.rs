//! Everything that a component names must exist and be allowed, in the order of the reference.

use model::kinds::{
    Component, ComponentRelease, ComponentType, DeploymentPipeline, Project, Trait, Workflow,
    Workload, component_release::TraitSnapshot,
};

use super::{Assembled, Object, Objects, Refused};
use crate::{
    cut::{self, Cut},
    vet,
};

/// Where a component names its project, and with it its pipeline.
const PROJECT: &str = "spec.owner.projectName";

/// What a component is made of.
pub struct Parts {
    /// Its type.
    pub component_type: Object<ComponentType>,
    /// Every trait that the type or the component uses, each once, by kind and name.
    pub traits: Vec<TraitSnapshot>,
    /// Its workload.
    pub workload: Object<Workload>,
}

impl Parts {
    /// The release of a component as it is now.
    #[must_use]
    pub fn cut(&self, object: &Object<Component>) -> Cut<ComponentRelease> {
        cut::component(
            object.name(),
            &object.spec,
            &self.component_type.spec,
            &self.traits,
            &self.workload.spec,
        )
    }
}

/// What a component is made of, once everything that it names is there and allowed.
///
/// # Errors
/// Objects cannot be had.
pub fn component<O: Objects>(object: &Object<Component>, objects: &O) -> Assembled<Parts, O::Halt> {
    let component_type = allowed!(component_type(object, objects));
    allowed!(workflow(object, &component_type, objects));
    let workload = allowed!(workload(object, objects));
    let traits = allowed!(traits(object, &component_type, objects));
    Ok(Ok(Parts {
        component_type,
        traits,
        workload,
    }))
}

fn component_type<O: Objects>(
    object: &Object<Component>,
    objects: &O,
) -> Assembled<Object<ComponentType>, O::Halt> {
    let reference = &object.spec.component_type;
    let key = reference.key(object.namespace());
    let Some(found) = objects.find::<ComponentType>(&key)? else {
        return Ok(Err(Refused::missing(
            "ComponentTypeNotFound",
            "spec.componentType",
            &key,
        )));
    };
    let actual = found.spec.workload_type.as_str();
    if actual != reference.workload_type() {
        let message = format!(
            "{} {:?} is of workload type {actual}; write componentType.name as \"{actual}/{}\"",
            key.public_kind(),
            key.name,
            key.name
        );
        return Ok(Err(Refused::new(
            "InvalidConfiguration",
            "spec.componentType.name",
            message,
        )));
    }
    Ok(Ok(found))
}

fn workflow<O: Objects>(
    object: &Object<Component>,
    component_type: &Object<ComponentType>,
    objects: &O,
) -> Assembled<(), O::Halt> {
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
        return Ok(Err(Refused::new(
            "WorkflowNotAllowed",
            "spec.workflow",
            message,
        )));
    }
    if objects.find::<Workflow>(&key)?.is_none() {
        return Ok(Err(Refused::missing(
            "WorkflowNotFound",
            "spec.workflow",
            &key,
        )));
    }
    Ok(Ok(()))
}

fn workload<O: Objects>(
    object: &Object<Component>,
    objects: &O,
) -> Assembled<Object<Workload>, O::Halt> {
    let project = &object.spec.owner.project_name;
    let index = Workload::of_component(object.namespace(), project, object.name());
    let mut found = objects.list::<Workload>(&index)?;
    found.retain(|workload| !workload.is_deleting());
    let refused = match found.len() {
        1 => return Ok(Ok(found.remove(0))),
        0 => Refused::new(
            "WorkloadNotFound",
            "",
            format!(
                "Workload for component {:?} not found, waiting for workload to be created",
                object.name()
            ),
        ),
        several => Refused::new(
            "InvalidConfiguration",
            "",
            format!(
                "{several} workloads belong to component {:?}; keep one",
                object.name()
            ),
        ),
    };
    Ok(Err(refused))
}

fn traits<O: Objects>(
    object: &Object<Component>,
    component_type: &Object<ComponentType>,
    objects: &O,
) -> Assembled<Vec<TraitSnapshot>, O::Halt> {
    let own = &object.spec.traits;
    if let Err(reason) = vet::traits_of_component(own, &component_type.spec) {
        let message = format!("ComponentType {:?}: {reason}", component_type.name());
        return Ok(Err(Refused::new(
            "InvalidConfiguration",
            "spec.traits",
            message,
        )));
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
        let Some(found) = objects.find::<Trait>(&key)? else {
            return Ok(Err(Refused::missing("TraitNotFound", "spec.traits", &key)));
        };
        snapshots.push(TraitSnapshot {
            kind,
            name: name.clone(),
            spec: found.spec,
        });
    }
    Ok(Ok(snapshots))
}

/// The first environment of a component's pipeline.
///
/// # Errors
/// Objects cannot be had.
pub fn root_environment<O: Objects>(
    object: &Object<Component>,
    objects: &O,
) -> Assembled<String, O::Halt> {
    let name = &object.spec.owner.project_name;
    let key = model::ObjectKey::namespaced(model::KindName::Project, object.namespace(), name);
    let Some(project) = objects.find::<Project>(&key)? else {
        return Ok(Err(Refused::missing("ProjectNotFound", PROJECT, &key)));
    };
    let key = project.spec.deployment_pipeline_ref.key(object.namespace());
    let Some(pipeline) = objects.find::<DeploymentPipeline>(&key)? else {
        return Ok(Err(Refused::missing(
            "DeploymentPipelineNotFound",
            PROJECT,
            &key,
        )));
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
            Refused::new("InvalidConfiguration", PROJECT, message)
        }))
}
