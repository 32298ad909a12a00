//! Which data plane an environment runs on, and what the compiler is told of both (reference 2.2).

use compile::context::{DataPlaneContext, EnvironmentContext};
use model::{
    Facet, KindName, ObjectKey, PlaneName,
    kinds::{DataPlane, Environment},
};

use crate::{
    decide::{conditions::Because, plane::link_of},
    world::{Halt, Object, World},
};

/// A data plane as an environment found it.
pub(crate) struct Found(Object<DataPlane>);

/// The data plane that the environment names; without one, the DataPlane `default` of its namespace,
/// or else the ClusterDataPlane `default`.
pub(crate) fn of(
    environment: &Object<Environment>,
    world: &World<'_>,
) -> Result<Result<Found, Because>, Halt> {
    let namespace = environment.namespace();
    let candidates = match &environment.spec.data_plane_ref {
        Some(reference) => vec![reference.key(namespace)],
        None => vec![
            ObjectKey::namespaced(KindName::DataPlane, namespace, "default"),
            ObjectKey::cluster(KindName::DataPlane, "default"),
        ],
    };
    for key in &candidates {
        if let Some(found) = world.find::<DataPlane>(key, Facet::Spec)? {
            return Ok(Ok(Found(found)));
        }
    }
    let message = match &environment.spec.data_plane_ref {
        Some(_) => format!("{} not found", candidates[0]),
        None => format!(
            "Environment {:?} names no data plane and there is none called \"default\"; set spec.dataPlaneRef",
            environment.name()
        ),
    };
    Ok(Err(Because::new("DataPlaneNotFound", message)))
}

impl Found {
    /// The link to the plane.
    pub(crate) fn link(&self) -> PlaneName {
        link_of(&self.0)
    }

    /// What the compiler is told of the plane.
    pub(crate) fn context(&self) -> DataPlaneContext {
        DataPlaneContext {
            name: self.0.name().to_owned(),
            uid: self.0.uid().to_owned(),
            spec: self.0.spec.clone(),
            annotations: self.0.metadata().annotations.clone(),
        }
    }
}

/// What the compiler is told of an environment.
pub(crate) fn environment_context(environment: &Object<Environment>) -> EnvironmentContext {
    EnvironmentContext {
        name: environment.name().to_owned(),
        uid: environment.uid().to_owned(),
        spec: environment.spec.clone(),
    }
}
