//! ReleaseBinding: renders a component release for an environment and follows it there (reference
//! 2.2).

mod connections;
mod readiness;
mod render;
mod resources;

use compile::{Compiler, ready};
use model::{
    ConditionStatus, Kind, UnitId, kinds::ReleaseBinding, kinds::release_binding::BindingState,
};

use super::{
    Decide,
    conditions::{Because, Setter},
    unit,
};
use crate::{
    effects::Effects,
    world::{Halt, Object, World},
};

impl Decide for ReleaseBinding {
    fn decide(
        object: &Object<Self>,
        world: &World<'_>,
        compiler: &Compiler,
    ) -> Result<Effects, Halt> {
        let unit = super::unit_of(object.key());
        if object.is_deleting() {
            return finalize(object, &unit, world);
        }
        if object.spec.state == BindingState::Undeploy {
            return undeploy(object, &unit, world);
        }
        deploy(object, &unit, world, compiler)
    }
}

fn finalize(
    object: &Object<ReleaseBinding>,
    unit: &UnitId,
    world: &World<'_>,
) -> Result<Effects, Halt> {
    let mut effects = Effects::default();
    effects.finished = unit::remove(unit, world, &mut effects)?;
    let mut status = object.status.clone();
    status.endpoints.clear();
    let because = Because::new(
        "Finalizing",
        "The release is being removed from its cluster",
    );
    Setter::new(object, world, &mut status.conditions).hold("Finalizing", because);
    effects.set_status(&status);
    Ok(effects)
}

fn undeploy(
    object: &Object<ReleaseBinding>,
    unit: &UnitId,
    world: &World<'_>,
) -> Result<Effects, Halt> {
    let mut effects = Effects::default();
    let gone = unit::remove(unit, world, &mut effects)?;
    let mut status = object.status.clone();
    note_generation(object, world, &mut status);
    status.endpoints.clear();
    let message = if gone {
        "Resources undeployed"
    } else {
        "Resources are being undeployed"
    };
    let mut conditions = Setter::new(object, world, &mut status.conditions);
    for condition in ["ReleaseSynced", "ResourcesReady"] {
        conditions.fail(condition, Because::new("ResourcesUndeployed", message));
    }
    set_ready(&mut conditions);
    effects.set_status(&status);
    Ok(effects)
}

fn deploy(
    object: &Object<ReleaseBinding>,
    unit: &UnitId,
    world: &World<'_>,
    compiler: &Compiler,
) -> Result<Effects, Halt> {
    let mut effects = Effects::default();
    let mut status = object.status.clone();
    note_generation(object, world, &mut status);
    let rendered = render::render(object, unit, world, compiler)?;
    let mut is_complete = true;
    if let Some((connections, resolved)) = rendered.needs {
        is_complete = resolved.is_complete();
        connections.write(object, world, &mut status);
        resources::write(resolved, object, world, &mut status);
    }
    match rendered.outcome {
        Err(because) => {
            // What runs goes on running: the unit keeps its last head.
            let mut conditions = Setter::new(object, world, &mut status.conditions);
            conditions.fail("ReleaseSynced", because);
            set_ready(&mut conditions);
        }
        Ok(render::Deployable {
            compiled,
            plane,
            workload_type,
            cell_missing,
        }) => {
            let bundle = compiled.bundle.clone();
            let report = unit::place(unit, &plane, bundle, world, &mut effects)?;
            status.endpoints = compiled.endpoints.clone();
            let pending = !status.pending_connections.is_empty() || !is_complete;
            let mut conditions = Setter::new(object, world, &mut status.conditions);
            if pending {
                // The release runs without the variables that wait for their providers, as in the
                // reference; only the conditions say so.
                conditions.remove("ReleaseSynced");
                conditions.remove("ResourcesReady");
            } else {
                let message = format!(
                    "Dataplane Release {:?} is up to date (observability release skipped: no observability resources to deploy)",
                    object.name()
                );
                conditions.hold("ReleaseSynced", Because::new("ReleaseSynced", message));
                match readiness::of(report, &workload_type, cell_missing) {
                    Ok(because) => conditions.hold("ResourcesReady", because),
                    Err(because) => conditions.fail("ResourcesReady", because),
                }
            }
            set_ready(&mut conditions);
        }
    }
    effects.set_status(&status);
    Ok(effects)
}

fn note_generation(
    object: &Object<ReleaseBinding>,
    world: &World<'_>,
    status: &mut <ReleaseBinding as Kind>::Status,
) {
    if status.observed_generation != object.generation() {
        status.observed_generation = object.generation();
        status.last_spec_update_time = Some(world.now());
    }
}

/// Ready mirrors the first condition that does not hold.
fn set_ready(conditions: &mut Setter<'_>) {
    let ready = ready::release_binding(conditions.conditions());
    let status = match ready.holds {
        true => ConditionStatus::True,
        false => ConditionStatus::False,
    };
    conditions.set("Ready", status, &ready.reason, ready.message);
}
