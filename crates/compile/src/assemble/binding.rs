//! Everything that a release binding names, as the snapshot of a component.

use model::{
    Kind, KindName, ObjectKey, UnitId,
    kinds::{
        Component, ComponentRelease, Environment, Project, ProjectReleaseBinding, ReleaseBinding,
    },
    label,
};

use super::{Assembled, DataPlaneParts, Object, Objects, Refused, data_plane, environment_context};
use crate::{
    component::Snapshot,
    connections::{Item, resources::ResourceItem},
    context::configurations::Secrets,
};

/// What a binding brings together.
pub struct Parts {
    /// The release that it names.
    pub release: Object<ComponentRelease>,
    /// The environment.
    pub environment: Object<Environment>,
    /// The data plane of the environment.
    pub data_plane: DataPlaneParts,
    /// The component.
    pub component: Object<Component>,
    /// Its project.
    pub project: Object<Project>,
}

/// What a component needs of others, as far as it is there.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    /// Connections to other components.
    pub connections: Vec<Item>,
    /// Outputs of resources.
    pub resources: Vec<ResourceItem>,
    /// Where its secrets are kept.
    pub secrets: Secrets,
}

/// Finds everything that the binding names, in the order of the reference.
///
/// # Errors
/// Objects cannot be had.
pub fn binding<O: Objects>(
    object: &Object<ReleaseBinding>,
    objects: &O,
) -> Assembled<Parts, O::Halt> {
    let namespace = object.namespace();
    let owner = &object.spec.owner;
    let name = object.spec.release_name.as_deref().unwrap_or_default();
    let key = ObjectKey::namespaced(ComponentRelease::NAME, namespace, name);
    let Some(release) = objects.find::<ComponentRelease>(&key)? else {
        let refused = Refused::missing("ComponentReleaseNotFound", "spec.releaseName", &key);
        return Ok(Err(refused));
    };
    if release.spec.owner != *owner {
        let message = format!(
            "ComponentRelease {name:?} is of component {}/{}, not of {}/{}",
            release.spec.owner.project_name,
            release.spec.owner.component_name,
            owner.project_name,
            owner.component_name
        );
        let refused = Refused::new("InvalidReleaseConfiguration", "spec.releaseName", message);
        return Ok(Err(refused));
    }
    let key = ObjectKey::namespaced(KindName::Environment, namespace, &object.spec.environment);
    let Some(environment) = objects.find::<Environment>(&key)? else {
        let refused = Refused::missing("EnvironmentNotFound", "spec.environment", &key);
        return Ok(Err(refused));
    };
    let data_plane = allowed!(data_plane(&environment, objects));
    let key = ObjectKey::namespaced(KindName::Component, namespace, &owner.component_name);
    let Some(component) = objects.find::<Component>(&key)? else {
        let path = "spec.owner.componentName";
        return Ok(Err(Refused::missing("ComponentNotFound", path, &key)));
    };
    let key = ObjectKey::namespaced(KindName::Project, namespace, &owner.project_name);
    let Some(project) = objects.find::<Project>(&key)? else {
        let path = "spec.owner.projectName";
        return Ok(Err(Refused::missing("ProjectNotFound", path, &key)));
    };
    Ok(Ok(Parts {
        release,
        environment,
        data_plane,
        component,
        project,
    }))
}

/// The binding that makes the cell in which a binding's component runs, if there is one.
///
/// # Errors
/// Objects cannot be had.
pub fn cell_of<O: Objects>(
    object: &Object<ReleaseBinding>,
    objects: &O,
) -> Result<Option<Object<ProjectReleaseBinding>>, O::Halt> {
    let project = &object.spec.owner.project_name;
    let index = ProjectReleaseBinding::of_project(object.namespace(), project);
    let cells = objects.list::<ProjectReleaseBinding>(&index)?;
    Ok(cells
        .into_iter()
        .find(|cell| cell.spec.environment == object.spec.environment && !cell.is_deleting()))
}

impl Parts {
    /// The snapshot of the component in its environment, with the units of both and what it needs of
    /// others.
    #[must_use]
    pub fn snapshot(
        self,
        object: &Object<ReleaseBinding>,
        (unit, cell_unit): (UnitId, Option<UnitId>),
        needs: Needs,
    ) -> Snapshot {
        Snapshot {
            namespace: object.namespace().to_owned(),
            component_name: self.component.name().to_owned(),
            component_uid: self.component.uid().to_owned(),
            project_name: self.project.name().to_owned(),
            project_uid: self.project.uid().to_owned(),
            binding_name: object.name().to_owned(),
            release: self.release.spec.into(),
            binding: object.spec.clone(),
            restarted_at: object
                .metadata()
                .annotation(label::RESTARTED_AT)
                .map(str::to_owned),
            environment: environment_context(&self.environment),
            data_plane: self.data_plane.context(),
            unit,
            cell_unit,
            connections: needs.connections,
            secrets: needs.secrets,
            resources: needs.resources,
            notification_channel: None,
        }
    }
}
