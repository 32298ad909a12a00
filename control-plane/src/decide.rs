//! Step 5: what should follow from the state of the world for one object. Pure.
//!
//! One module a kind. A decision names everything that it wants at once and reads through
//! [`World`], so it may be made again at any time; made twice in the same world it says the same.

pub(crate) mod component;
pub(crate) mod conditions;
mod deletion;
mod deployment_pipeline;
mod environment;
mod namespace;
pub(crate) mod plane;
mod project;
mod project_release_binding;
mod release_binding;
mod unit;
mod workflow_run;

use compile::Compiler;
use model::{
    Facet, Kind, KindName, ObjectKey, UnitId,
    kinds::{
        Component, DataPlane, DeploymentPipeline, Environment, Namespace, ObservabilityPlane,
        Project, ProjectReleaseBinding, ReleaseBinding, WorkflowPlane, WorkflowRun,
    },
};

use crate::{
    effects::Effects,
    world::{Halt, Object, World},
};

/// The unit that an object renders.
pub(crate) fn unit_of(key: &ObjectKey) -> UnitId {
    UnitId::of(key).expect("admission bounds the names of objects that render a unit")
}

/// A kind that does something.
pub trait Decide: Kind {
    /// What should follow for `object`.
    ///
    /// # Errors
    /// [`Halt`].
    fn decide(
        object: &Object<Self>,
        world: &World<'_>,
        compiler: &Compiler,
    ) -> Result<Effects, Halt>;
}

/// What should follow for the object named `key`; nothing if it is gone or its kind holds data only.
///
/// # Errors
/// [`Halt`].
pub fn decide(key: &ObjectKey, world: &World<'_>, compiler: &Compiler) -> Result<Effects, Halt> {
    match key.kind {
        KindName::Namespace => decide_as::<Namespace>(key, world, compiler),
        KindName::Project => decide_as::<Project>(key, world, compiler),
        KindName::ProjectReleaseBinding => decide_as::<ProjectReleaseBinding>(key, world, compiler),
        KindName::Component => decide_as::<Component>(key, world, compiler),
        KindName::ReleaseBinding => decide_as::<ReleaseBinding>(key, world, compiler),
        KindName::Environment => decide_as::<Environment>(key, world, compiler),
        KindName::DeploymentPipeline => decide_as::<DeploymentPipeline>(key, world, compiler),
        KindName::DataPlane => decide_as::<DataPlane>(key, world, compiler),
        KindName::WorkflowPlane => decide_as::<WorkflowPlane>(key, world, compiler),
        KindName::ObservabilityPlane => decide_as::<ObservabilityPlane>(key, world, compiler),
        KindName::WorkflowRun => decide_as::<WorkflowRun>(key, world, compiler),
        KindName::ProjectType
        | KindName::ProjectRelease
        | KindName::ComponentType
        | KindName::Trait
        | KindName::Workload
        | KindName::ComponentRelease
        | KindName::Workflow
        | KindName::ResourceType
        | KindName::Resource
        | KindName::ResourceRelease
        | KindName::ResourceReleaseBinding
        | KindName::SecretReference
        | KindName::AuthzRole
        | KindName::AuthzRoleBinding
        | KindName::RenderedRelease => Ok(Effects::default()),
    }
}

fn decide_as<K: Decide>(
    key: &ObjectKey,
    world: &World<'_>,
    compiler: &Compiler,
) -> Result<Effects, Halt> {
    match world.find::<K>(key, Facet::Spec)? {
        Some(object) => K::decide(&object, world, compiler),
        None => Ok(Effects::default()),
    }
}
