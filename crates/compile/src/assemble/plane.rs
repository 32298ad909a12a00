//! Which data plane an environment runs on, and what the compiler is told of both (reference 2.2).

use model::{
    KindName, ObjectKey,
    kinds::{DataPlane, Environment},
};

use super::{Assembled, Object, Objects, Refused};
use crate::context::{DataPlaneContext, EnvironmentContext};

/// A data plane as an environment found it.
pub struct DataPlaneParts(pub Object<DataPlane>);

/// The data plane that the environment names; without one, the DataPlane `default` of its namespace,
/// or else the ClusterDataPlane `default`.
///
/// # Errors
/// Objects cannot be had.
pub fn data_plane<O: Objects>(
    environment: &Object<Environment>,
    objects: &O,
) -> Assembled<DataPlaneParts, O::Halt> {
    let namespace = environment.namespace();
    let candidates = match &environment.spec.data_plane_ref {
        Some(reference) => vec![reference.key(namespace)],
        None => vec![
            ObjectKey::namespaced(KindName::DataPlane, namespace, "default"),
            ObjectKey::cluster(KindName::DataPlane, "default"),
        ],
    };
    for key in &candidates {
        if let Some(found) = objects.find::<DataPlane>(key)? {
            return Ok(Ok(DataPlaneParts(found)));
        }
    }
    let message = match &environment.spec.data_plane_ref {
        Some(_) => format!("{} not found", candidates[0]),
        None => format!(
            "Environment {:?} names no data plane and there is none called \"default\"; set spec.dataPlaneRef",
            environment.name()
        ),
    };
    Ok(Err(Refused {
        missing: candidates.into_iter().next(),
        ..Refused::new("DataPlaneNotFound", "spec.environment", message)
    }))
}

impl DataPlaneParts {
    /// What the compiler is told of the plane.
    #[must_use]
    pub fn context(&self) -> DataPlaneContext {
        DataPlaneContext {
            name: self.0.name().to_owned(),
            uid: self.0.uid().to_owned(),
            spec: self.0.spec.clone(),
            annotations: self.0.metadata().annotations.clone(),
        }
    }
}

/// What the compiler is told of an environment.
#[must_use]
pub fn environment_context(environment: &Object<Environment>) -> EnvironmentContext {
    EnvironmentContext {
        name: environment.name().to_owned(),
        uid: environment.uid().to_owned(),
        spec: environment.spec.clone(),
    }
}
