//! Component: checks what it names, freezes it into a release and deploys that to the first
//! environment when it asks for it (reference 2.1).

mod deploy;

use compile::{Compiler, assemble};
use model::kinds::{Component, ComponentRelease, ReleaseBinding, WorkflowRun, Workload};

use super::{
    Decide,
    conditions::{Because, Setter},
    deletion::delete_all,
};
use crate::{
    effects::Effects,
    world::{Halt, Object, World},
};

impl Decide for Component {
    fn decide(object: &Object<Self>, world: &World<'_>, _: &Compiler) -> Result<Effects, Halt> {
        if object.is_deleting() {
            return finalize(object, world);
        }
        let mut effects = Effects::default();
        let mut status = object.status.clone();
        status.observed_generation = object.generation();
        let checked = check(object, world)?;
        let mut conditions = Setter::new(object, world, &mut status.conditions);
        match checked {
            Err(refused) => conditions.fail("Ready", refused.into()),
            Ok(_) if !object.spec.auto_deploy.unwrap_or_default() => {
                conditions.hold(
                    "Ready",
                    Because::new("Reconciled", "Component validated successfully"),
                );
            }
            Ok((parts, environment)) => {
                let deployed = deploy::deploy(
                    object,
                    &parts.cut(object),
                    (&environment, world),
                    &mut effects,
                )?;
                match deployed.outcome {
                    Ok(because) => conditions.hold("Ready", because),
                    Err(because) => conditions.fail("Ready", because),
                }
                status.latest_release = Some(deployed.latest);
            }
        }
        effects.set_status(&status);
        Ok(effects)
    }
}

/// What the component is made of, and the first environment of its pipeline.
fn check(
    object: &Object<Component>,
    world: &World<'_>,
) -> assemble::Assembled<(assemble::ComponentParts, String), Halt> {
    let parts = match assemble::component(object, world)? {
        Ok(parts) => parts,
        Err(refused) => return Ok(Err(refused)),
    };
    let root = assemble::root_environment(object, world)?;
    Ok(root.map(|environment| (parts, environment)))
}

/// Bindings go first, since their objects run; what they were made from goes with them.
fn finalize(object: &Object<Component>, world: &World<'_>) -> Result<Effects, Halt> {
    let (namespace, name) = (object.namespace(), object.name());
    let project = object.spec.owner.project_name.as_str();
    let mut effects = Effects::default();
    let mut left = 0;
    let bindings = ReleaseBinding::of_component(namespace, project, name);
    left += delete_all::<ReleaseBinding>(&bindings, world, &mut effects)?;
    let runs = WorkflowRun::of_component(namespace, project, name);
    left += delete_all::<WorkflowRun>(&runs, world, &mut effects)?;
    let workloads = Workload::of_component(namespace, project, name);
    left += delete_all::<Workload>(&workloads, world, &mut effects)?;
    if left == 0 {
        let releases = ComponentRelease::of_component(namespace, project, name);
        left = delete_all::<ComponentRelease>(&releases, world, &mut effects)?;
    }
    effects.finished = left == 0;
    let mut status = object.status.clone();
    let because = Because::new("Finalizing", format!("{left} owned objects are left"));
    Setter::new(object, world, &mut status.conditions).hold("Finalizing", because);
    effects.set_status(&status);
    Ok(effects)
}
