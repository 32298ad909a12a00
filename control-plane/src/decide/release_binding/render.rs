//! Collecting the snapshot of a release and compiling it.

use std::sync::Arc;

use compile::{Compiler, component};
use model::{
    Facet, Kind, KindName, ObjectKey, PlaneName, UnitId,
    kinds::{
        Component, ComponentRelease, Environment, Project, ProjectReleaseBinding, ReleaseBinding,
    },
    label,
};

use super::connections::{self, Connections};
use crate::{
    data_plane,
    decide::{conditions::Because, unit_of},
    world::{Halt, Object, World},
};

/// What rendering came to.
pub(super) struct Rendered {
    /// Present once the release is known to be usable.
    pub(super) connections: Option<Connections>,
    pub(super) outcome: Result<Deployable, Because>,
}

/// A release that can be put on a plane.
pub(super) struct Deployable {
    pub(super) compiled: Arc<component::Compiled>,
    pub(super) plane: PlaneName,
    pub(super) workload_type: String,
    /// Why the project has no cell in this environment, if it has none.
    pub(super) cell_missing: Option<String>,
}

pub(super) fn render(
    object: &Object<ReleaseBinding>,
    unit: &UnitId,
    world: &World<'_>,
    compiler: &Compiler,
) -> Result<Rendered, Halt> {
    let parts = match parts(object, world)? {
        Ok(parts) => parts,
        Err(because) => {
            return Ok(Rendered {
                connections: None,
                outcome: Err(because),
            });
        }
    };
    let connections = connections::resolve(object, &parts.release.spec.workload, world)?;
    let (cell_unit, cell_missing) = cell(object, world)?;
    let workload_type = parts
        .component
        .spec
        .component_type
        .workload_type()
        .to_owned();
    let snapshot = component::Snapshot {
        namespace: object.namespace().to_owned(),
        component_name: parts.component.name().to_owned(),
        component_uid: parts.component.uid().to_owned(),
        project_name: parts.project.name().to_owned(),
        project_uid: parts.project.uid().to_owned(),
        binding_name: object.name().to_owned(),
        release: parts.release.spec,
        binding: object.spec.clone(),
        restarted_at: object
            .metadata()
            .annotation(label::RESTARTED_AT)
            .map(str::to_owned),
        environment: data_plane::environment_context(&parts.environment),
        data_plane: parts.data_plane.context(),
        unit: unit.clone(),
        cell_unit,
        connections: connections.items.clone(),
        secrets: std::collections::BTreeMap::new(),
        resources: Vec::new(),
        notification_channel: None,
    };
    let outcome = match compiler.component(&snapshot) {
        Ok(compiled) => Ok(Deployable {
            compiled,
            plane: parts.data_plane.link(),
            workload_type,
            cell_missing,
        }),
        Err(diagnostics) => Err(Because::new(
            "RenderingFailed",
            format!("Failed to render resources: {diagnostics}"),
        )),
    };
    Ok(Rendered {
        connections: Some(connections),
        outcome,
    })
}

struct Parts {
    release: Object<ComponentRelease>,
    environment: Object<Environment>,
    data_plane: data_plane::Found,
    component: Object<Component>,
    project: Object<Project>,
}

/// Finds everything that the binding names, in the order of the reference.
fn parts(
    object: &Object<ReleaseBinding>,
    world: &World<'_>,
) -> Result<Result<Parts, Because>, Halt> {
    let namespace = object.namespace();
    let owner = &object.spec.owner;
    let name = object.spec.release_name.as_deref().unwrap_or_default();
    let key = ObjectKey::namespaced(ComponentRelease::NAME, namespace, name);
    let Some(release) = world.find::<ComponentRelease>(&key, Facet::Spec)? else {
        let message = format!("ComponentRelease {name:?} not found");
        return Ok(Err(Because::new("ComponentReleaseNotFound", message)));
    };
    if release.spec.owner != *owner {
        let message = format!(
            "ComponentRelease {name:?} is of component {}/{}, not of {}/{}",
            release.spec.owner.project_name,
            release.spec.owner.component_name,
            owner.project_name,
            owner.component_name
        );
        return Ok(Err(Because::new("InvalidReleaseConfiguration", message)));
    }
    let key = ObjectKey::namespaced(KindName::Environment, namespace, &object.spec.environment);
    let Some(environment) = world.find::<Environment>(&key, Facet::Spec)? else {
        let message = format!("Environment {:?} not found", key.name);
        return Ok(Err(Because::new("EnvironmentNotFound", message)));
    };
    let data_plane = match data_plane::of(&environment, world)? {
        Ok(data_plane) => data_plane,
        Err(because) => return Ok(Err(because)),
    };
    let key = ObjectKey::namespaced(KindName::Component, namespace, &owner.component_name);
    let Some(component) = world.find::<Component>(&key, Facet::Spec)? else {
        let message = format!("Component {:?} not found", key.name);
        return Ok(Err(Because::new("ComponentNotFound", message)));
    };
    let key = ObjectKey::namespaced(KindName::Project, namespace, &owner.project_name);
    let Some(project) = world.find::<Project>(&key, Facet::Spec)? else {
        return Ok(Err(Because::new(
            "ProjectNotFound",
            format!("Project {:?} not found", key.name),
        )));
    };
    Ok(Ok(Parts {
        release,
        environment,
        data_plane,
        component,
        project,
    }))
}

/// The unit of the project's cell in this environment, or why there is none.
fn cell(
    object: &Object<ReleaseBinding>,
    world: &World<'_>,
) -> Result<(Option<UnitId>, Option<String>), Halt> {
    let project = &object.spec.owner.project_name;
    let index = ProjectReleaseBinding::of_project(object.namespace(), project);
    let cells = world.list::<ProjectReleaseBinding>(&index, Facet::Spec)?;
    let cell = cells
        .iter()
        .find(|cell| cell.spec.environment == object.spec.environment && !cell.is_deleting());
    Ok(match cell {
        Some(cell) => (Some(unit_of(cell.key())), None),
        None => {
            let message = format!(
                "Project {project:?} has no cell in environment {:?}: create a ProjectReleaseBinding for it",
                object.spec.environment
            );
            (None, Some(message))
        }
    })
}
