//! DeploymentPipeline: there as long as a project uses it.

use compile::Compiler;
use model::{
    Facet,
    kinds::{DeploymentPipeline, Project},
};

use super::{
    Decide,
    conditions::{Because, Setter},
};
use crate::{
    effects::Effects,
    world::{Halt, Object, World},
};

impl Decide for DeploymentPipeline {
    fn decide(object: &Object<Self>, world: &World<'_>, _: &Compiler) -> Result<Effects, Halt> {
        let mut effects = Effects::default();
        let mut status = object.status.clone();
        status.observed_generation = object.generation();
        let mut conditions = Setter::new(object, world, &mut status.conditions);
        if object.is_deleting() {
            let index = Project::of_pipeline(object.namespace(), object.name());
            let users = world.list::<Project>(&index, Facet::Spec)?;
            effects.finished = users.is_empty();
            if let Some(user) = users.first() {
                let message = format!(
                    "{} projects use this pipeline, {:?} among them; give them another or delete them",
                    users.len(),
                    user.name()
                );
                conditions.hold("Finalizing", Because::new("DeletionBlocked", message));
            }
        } else {
            let because = Because::new("Reconciled", "DeploymentPipeline is available");
            conditions.hold("Available", because);
        }
        effects.set_status(&status);
        Ok(effects)
    }
}
