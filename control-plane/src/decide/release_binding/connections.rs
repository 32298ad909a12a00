//! What a release needs from other components, resolved against their bindings in the same
//! environment (reference 2.4).

use compile::connections::{self, Item};
use model::{
    Facet,
    kinds::{
        ReleaseBinding,
        component_release::WorkloadSnapshot,
        release_binding::{
            ReleaseBindingStatus,
            status::{ConnectionTarget, PendingConnection, ResolvedConnection},
        },
    },
};

use crate::{
    decide::conditions::{Because, Setter},
    world::{Halt, Object, World},
};

/// The connections of a release, as far as they could be resolved.
#[derive(Debug, Default)]
pub(super) struct Connections {
    targets: Vec<ConnectionTarget>,
    resolved: Vec<ResolvedConnection>,
    pending: Vec<PendingConnection>,
    /// What the compiler injects.
    pub(super) items: Vec<Item>,
}

pub(super) fn resolve(
    object: &Object<ReleaseBinding>,
    workload: &WorkloadSnapshot,
    world: &World<'_>,
) -> Result<Connections, Halt> {
    let mut found = Connections::default();
    for wanted in connections::wanted(object.namespace(), &object.spec, workload) {
        let target = &wanted.target;
        let index =
            ReleaseBinding::of_component(&target.namespace, &target.project, &target.component);
        let mut providers = world.list::<ReleaseBinding>(&index, Facet::Exports)?;
        providers.retain(|provider| provider.spec.environment == target.environment);
        let providers: Vec<_> = providers
            .iter()
            .map(|provider| (&provider.spec, &provider.status))
            .collect();
        match connections::resolve(&wanted, &providers) {
            Ok((resolved, item)) => {
                found.resolved.push(resolved);
                found.items.push(item);
            }
            Err(reason) => found.pending.push(PendingConnection {
                namespace: target.namespace.clone(),
                project: target.project.clone(),
                component: target.component.clone(),
                endpoint: target.endpoint.clone(),
                reason,
            }),
        }
        found.targets.push(wanted.target);
    }
    Ok(found)
}

impl Connections {
    /// Writes targets, what was found and the condition.
    pub(super) fn write(
        self,
        object: &Object<ReleaseBinding>,
        world: &World<'_>,
        status: &mut ReleaseBindingStatus,
    ) {
        let (pending, resolved) = (self.pending.len(), self.resolved.len());
        status.connection_targets = self.targets;
        status.resolved_connections = self.resolved;
        status.pending_connections = self.pending;
        let mut conditions = Setter::new(object, world, &mut status.conditions);
        match (pending, resolved) {
            (0, 0) => conditions.hold(
                "ConnectionsResolved",
                Because::new("NoConnections", "No connections to resolve"),
            ),
            (0, _) => {
                let message = format!("All {resolved} connections resolved");
                conditions.hold(
                    "ConnectionsResolved",
                    Because::new("AllConnectionsResolved", message),
                );
            }
            (_, _) => {
                let message = format!("{pending} connections pending, {resolved} resolved");
                conditions.fail(
                    "ConnectionsResolved",
                    Because::new("ConnectionsPending", message),
                );
            }
        }
    }
}
