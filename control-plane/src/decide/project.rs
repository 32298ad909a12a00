//! Project: freezes its type and parameters into a release, and seeds unpinned bindings with it
//! (reference 2.9).

use compile::{Compiler, assemble, cut};
use model::{
    Facet, Kind, ObjectMeta,
    kinds::{
        Component, Project, ProjectRelease, ProjectReleaseBinding, project::LatestProjectRelease,
    },
};

use super::{
    Decide,
    conditions::{Because, Setter},
    deletion::delete_all,
};
use crate::{
    effects::Effects,
    world::{Halt, Object, World},
};

impl Decide for Project {
    fn decide(object: &Object<Self>, world: &World<'_>, _: &Compiler) -> Result<Effects, Halt> {
        if object.is_deleting() {
            return finalize(object, world);
        }
        let mut effects = Effects::default();
        let mut status = object.status.clone();
        status.observed_generation = object.generation();
        let released = release(object, world, &mut effects)?;
        let mut conditions = Setter::new(object, world, &mut status.conditions);
        conditions.hold(
            "Created",
            Because::new("ProjectCreated", "Project is created"),
        );
        match released {
            Ok(latest) => {
                let message = format!("ProjectRelease {} in place", latest.name);
                conditions.hold("Ready", Because::new("Reconciled", message));
                status.latest_release = Some(latest);
            }
            Err(because) => conditions.fail("Ready", because),
        }
        effects.set_status(&status);
        Ok(effects)
    }
}

/// Cuts the release of the project as it is now, and pins to it every binding that names none.
fn release(
    object: &Object<Project>,
    world: &World<'_>,
    effects: &mut Effects,
) -> Result<Result<LatestProjectRelease, Because>, Halt> {
    let project_type = match assemble::project_type(object, world)? {
        Ok(project_type) => project_type,
        Err(refused) => return Ok(Err(refused.into())),
    };
    let cut = cut::project(object.name(), &object.spec, &project_type.spec);
    let release_key =
        model::ObjectKey::namespaced(ProjectRelease::NAME, object.namespace(), &cut.name);
    match world.find::<ProjectRelease>(&release_key, Facet::Spec)? {
        Some(existing) if existing.spec.owner.project_name != object.name() => {
            let message = format!("ProjectRelease {:?} belongs to another project", cut.name);
            return Ok(Err(Because::new("ReleaseOwnershipConflict", message)));
        }
        Some(_) => {}
        None => effects.put(&release_key, ObjectMeta::default(), &cut.spec),
    }
    let bindings = ProjectReleaseBinding::of_project(object.namespace(), object.name());
    for binding in world.list::<ProjectReleaseBinding>(&bindings, Facet::Spec)? {
        if binding
            .spec
            .project_release
            .as_deref()
            .unwrap_or_default()
            .is_empty()
            && !binding.is_deleting()
        {
            let mut spec = binding.spec.clone();
            spec.project_release = Some(cut.name.clone());
            effects.put(binding.key(), binding.metadata().clone(), &spec);
        }
    }
    Ok(Ok(LatestProjectRelease {
        name: cut.name,
        hash: cut.hash,
    }))
}

/// Components go first, since they run in the cells; then the cells; then the releases.
fn finalize(object: &Object<Project>, world: &World<'_>) -> Result<Effects, Halt> {
    let (namespace, name) = (object.namespace(), object.name());
    let mut effects = Effects::default();
    let mut left =
        delete_all::<Component>(&Component::of_project(namespace, name), world, &mut effects)?;
    if left == 0 {
        let cells = ProjectReleaseBinding::of_project(namespace, name);
        left = delete_all::<ProjectReleaseBinding>(&cells, world, &mut effects)?;
    }
    if left == 0 {
        let releases = ProjectRelease::of_project(namespace, name);
        left = delete_all::<ProjectRelease>(&releases, world, &mut effects)?;
    }
    effects.finished = left == 0;
    let mut status = object.status.clone();
    let because = Because::new(
        "ProjectFinalizing",
        format!("{left} owned objects are left"),
    );
    Setter::new(object, world, &mut status.conditions).hold("Finalizing", because);
    effects.set_status(&status);
    Ok(effects)
}
