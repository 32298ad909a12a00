//! Namespace: takes everything in it along.

use compile::Compiler;
use model::{
    IndexKey, Kind, KindName, KindVisitor, Scope,
    kinds::{Component, DeploymentPipeline, Environment, Namespace, Project, ReleaseBinding},
};

use super::{Decide, deletion::delete_all};
use crate::{
    effects::Effects,
    world::{Halt, Object, World},
};

impl Decide for Namespace {
    fn decide(object: &Object<Self>, world: &World<'_>, _: &Compiler) -> Result<Effects, Halt> {
        let mut effects = Effects::default();
        if !object.is_deleting() {
            return Ok(effects);
        }
        // What others need while they go must go after them: projects take their components along,
        // and only then may pipelines, environments and everything else follow.
        const ORDER: &[KindName] = &[
            Project::NAME,
            Component::NAME,
            ReleaseBinding::NAME,
            DeploymentPipeline::NAME,
            Environment::NAME,
        ];
        let rest = KindName::ALL.iter().filter(|kind| {
            kind.scopes().contains(&Scope::Namespaced)
                && !ORDER.contains(kind)
                && **kind != KindName::RenderedRelease
        });
        for kind in ORDER.iter() {
            if kind.visit(DeleteAll {
                namespace: object.name(),
                world,
                effects: &mut effects,
            })? > 0
            {
                return Ok(effects);
            }
        }
        let mut left = 0;
        for kind in rest {
            left += kind.visit(DeleteAll {
                namespace: object.name(),
                world,
                effects: &mut effects,
            })?;
        }
        effects.finished = left == 0;
        Ok(effects)
    }
}

/// Deletes every object of a kind in a namespace.
struct DeleteAll<'a, 'w> {
    namespace: &'a str,
    world: &'a World<'w>,
    effects: &'a mut Effects,
}

impl KindVisitor for DeleteAll<'_, '_> {
    type Output = Result<usize, Halt>;

    fn visit<K: Kind>(self) -> Self::Output {
        let index = IndexKey::all(K::NAME, Some(self.namespace));
        delete_all::<K>(&index, self.world, self.effects)
    }
}
