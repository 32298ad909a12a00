//! Everything that a project and the binding of its cell name, as the snapshot of the cell.

use model::{
    Kind, KindName, ObjectKey, UnitId,
    kinds::{Environment, Project, ProjectRelease, ProjectReleaseBinding, ProjectType},
};

use super::{Assembled, DataPlaneParts, Object, Objects, Refused, data_plane, environment_context};
use crate::project::Snapshot;

/// What the binding of a cell brings together.
pub struct Parts {
    /// The release that it names.
    pub release: Object<ProjectRelease>,
    /// The environment.
    pub environment: Object<Environment>,
    /// The data plane of the environment.
    pub data_plane: DataPlaneParts,
    /// The project.
    pub project: Object<Project>,
}

/// The type of a project.
///
/// # Errors
/// Objects cannot be had.
pub fn project_type<O: Objects>(
    object: &Object<Project>,
    objects: &O,
) -> Assembled<Object<ProjectType>, O::Halt> {
    let key = object.spec.project_type.key(object.namespace());
    Ok(match objects.find::<ProjectType>(&key)? {
        Some(found) => Ok(found),
        None => Err(Refused::missing("ProjectTypeNotFound", "spec.type", &key)),
    })
}

/// Finds everything that the binding of a cell names, in the order of the reference.
///
/// # Errors
/// Objects cannot be had.
pub fn cell<O: Objects>(
    object: &Object<ProjectReleaseBinding>,
    objects: &O,
) -> Assembled<Parts, O::Halt> {
    const RELEASE: &str = "spec.projectRelease";
    let namespace = object.namespace();
    let name = object.spec.project_release.as_deref().unwrap_or_default();
    if name.is_empty() {
        let message = "spec.projectRelease is unset; the project pins it once its release is cut";
        return Ok(Err(Refused::new("ProjectReleaseNotSet", RELEASE, message)));
    }
    let key = ObjectKey::namespaced(ProjectRelease::NAME, namespace, name);
    let Some(release) = objects.find::<ProjectRelease>(&key)? else {
        return Ok(Err(Refused::missing(
            "ProjectReleaseNotFound",
            RELEASE,
            &key,
        )));
    };
    let owner = &object.spec.owner.project_name;
    if release.spec.owner.project_name != *owner {
        let message = format!("ProjectRelease {name:?} is not of project {owner:?}");
        let refused = Refused::new("InvalidReleaseConfiguration", RELEASE, message);
        return Ok(Err(refused));
    }
    let key = ObjectKey::namespaced(KindName::Environment, namespace, &object.spec.environment);
    let Some(environment) = objects.find::<Environment>(&key)? else {
        let refused = Refused::missing("EnvironmentNotFound", "spec.environment", &key);
        return Ok(Err(refused));
    };
    let data_plane = allowed!(data_plane(&environment, objects));
    let key = ObjectKey::namespaced(KindName::Project, namespace, owner);
    let Some(project) = objects.find::<Project>(&key)? else {
        let path = "spec.owner.projectName";
        return Ok(Err(Refused::missing("ProjectNotFound", path, &key)));
    };
    Ok(Ok(Parts {
        release,
        environment,
        data_plane,
        project,
    }))
}

impl Parts {
    /// The snapshot of the cell.
    #[must_use]
    pub fn snapshot(self, object: &Object<ProjectReleaseBinding>, unit: UnitId) -> Snapshot {
        Snapshot {
            namespace: object.namespace().to_owned(),
            project_name: self.project.name().to_owned(),
            project_uid: self.project.uid().to_owned(),
            binding_name: object.name().to_owned(),
            release: self.release.spec,
            binding: object.spec.clone(),
            annotations: object.metadata().annotations.clone(),
            environment: environment_context(&self.environment),
            data_plane: self.data_plane.context(),
            unit,
        }
    }
}
