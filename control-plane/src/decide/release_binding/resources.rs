//! What a release needs of resources, resolved against their bindings in the same environment
//! (reference 2.5).

use compile::connections::resources::{self, Resolved};
use model::{
    Facet,
    kinds::{
        ReleaseBinding, ResourceReleaseBinding, component_release::WorkloadSnapshot,
        release_binding::ReleaseBindingStatus,
    },
};

use crate::{
    decide::conditions::{Because, Setter},
    world::{Halt, Object, World},
};

pub(super) fn resolve(
    object: &Object<ReleaseBinding>,
    workload: &WorkloadSnapshot,
    world: &World<'_>,
) -> Result<Resolved, Halt> {
    resources::resolve_all(object.namespace(), &object.spec, workload, |target| {
        let index = ResourceReleaseBinding::of_resource_in(
            &target.namespace,
            &target.project,
            &target.resource_name,
            &target.environment,
        );
        world.list::<ResourceReleaseBinding>(&index, Facet::Exports)
    })
}

/// Writes targets, what is pending and the condition.
pub(super) fn write(
    resolved: Resolved,
    object: &Object<ReleaseBinding>,
    world: &World<'_>,
    status: &mut ReleaseBindingStatus,
) {
    let (pending, items) = (resolved.pending.len(), resolved.items.len());
    status.resource_dependency_targets = resolved.targets;
    status.pending_resource_dependencies = resolved.pending;
    let mut conditions = Setter::new(object, world, &mut status.conditions);
    let condition = "ResourceDependenciesReady";
    match (pending, items) {
        (0, 0) => {
            let message = "No resource dependencies to resolve";
            conditions.hold(condition, Because::new("NoResourceDependencies", message));
        }
        (0, _) => {
            let message = format!("All {items} resource dependencies resolved");
            let because = Because::new("AllResourceDependenciesReady", message);
            conditions.hold(condition, because);
        }
        (_, _) => {
            let message = format!("{pending} resource dependencies pending, {items} resolved");
            let because = Because::new("ResourceDependenciesPending", message);
            conditions.fail(condition, because);
        }
    }
}
