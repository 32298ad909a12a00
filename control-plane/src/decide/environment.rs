//! Environment: goes after the pipelines that name it and the bindings that run in it (reference
//! 2.11).

use compile::Compiler;
use model::{
    Facet,
    kinds::{DeploymentPipeline, Environment, ProjectReleaseBinding, ReleaseBinding},
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

impl Decide for Environment {
    fn decide(object: &Object<Self>, world: &World<'_>, _: &Compiler) -> Result<Effects, Halt> {
        let mut effects = Effects::default();
        let mut status = object.status.clone();
        status.observed_generation = object.generation();
        let mut conditions = Setter::new(object, world, &mut status.conditions);
        if object.is_deleting() {
            match blocked(object, world, &mut effects)? {
                Some(because) => conditions.fail("Ready", because),
                None => effects.finished = true,
            }
        } else {
            conditions.hold(
                "Ready",
                Because::new("EnvironmentReady", "Environment is ready"),
            );
        }
        effects.set_status(&status);
        Ok(effects)
    }
}

/// What still stands in the way of the environment's end. Components leave before their cells.
fn blocked(
    object: &Object<Environment>,
    world: &World<'_>,
    effects: &mut Effects,
) -> Result<Option<Because>, Halt> {
    let (namespace, name) = (object.namespace(), object.name());
    let pipelines = DeploymentPipeline::of_environment(namespace, name);
    if let Some(pipeline) = world
        .list::<DeploymentPipeline>(&pipelines, Facet::Spec)?
        .first()
    {
        let message = format!(
            "pipeline {:?} names this environment; take it out first",
            pipeline.name()
        );
        return Ok(Some(Because::new("DeletionBlocked", message)));
    }
    let bindings = ReleaseBinding::of_environment(namespace, name);
    let mut left = delete_all::<ReleaseBinding>(&bindings, world, effects)?;
    if left == 0 {
        let cells = ProjectReleaseBinding::of_environment(namespace, name);
        left = delete_all::<ProjectReleaseBinding>(&cells, world, effects)?;
    }
    let message = format!("{left} bindings are still there");
    Ok((left > 0).then(|| Because::new("ReleaseBindingsPending", message)))
}
