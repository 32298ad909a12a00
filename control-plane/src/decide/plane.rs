//! The three kinds of planes: created, and not deleted while something runs on them (reference 2.11).
//!
//! Whether an agent is connected is written by the link, on transitions only.

use compile::Compiler;
use model::{
    Facet, IndexKey, Kind, PlaneName, PlaneType,
    kinds::{
        DataPlane, Environment, ObservabilityPlane, WorkflowPlane, plane::PlaneStatus,
        reference::DataPlaneKind,
    },
};

use super::{
    Decide,
    conditions::{Because, Setter},
};
use crate::{
    effects::Effects,
    world::{Halt, Object, World},
};

/// A kind whose objects stand for a link.
pub(crate) trait Plane: Kind<Status = PlaneStatus> {
    /// What the plane does.
    const TYPE: PlaneType;

    /// `spec.planeID`, if set.
    fn plane_id(&self) -> Option<&str>;
}

macro_rules! plane {
    ($($kind:ident),+) => {$(
        impl Plane for $kind {
            const TYPE: PlaneType = PlaneType::$kind;

            fn plane_id(&self) -> Option<&str> {
                self.plane_id.as_deref()
            }
        }
    )+};
}

plane!(DataPlane, WorkflowPlane, ObservabilityPlane);

/// The link that a plane object stands for: its planeID, or its own name without one.
pub(crate) fn link_of<K: Plane>(object: &Object<K>) -> PlaneName {
    let id = object
        .spec
        .plane_id()
        .filter(|id| !id.is_empty())
        .unwrap_or(object.name());
    PlaneName {
        plane_type: K::TYPE,
        id: id.to_owned(),
    }
}

impl Decide for DataPlane {
    fn decide(object: &Object<Self>, world: &World<'_>, _: &Compiler) -> Result<Effects, Halt> {
        let users = match object.is_deleting() {
            true => environments_on(object, world)?,
            false => Vec::new(),
        };
        decide(object, world, users.first().map(String::as_str))
    }
}

impl Decide for WorkflowPlane {
    fn decide(object: &Object<Self>, world: &World<'_>, _: &Compiler) -> Result<Effects, Halt> {
        decide(object, world, None)
    }
}

impl Decide for ObservabilityPlane {
    fn decide(object: &Object<Self>, world: &World<'_>, _: &Compiler) -> Result<Effects, Halt> {
        decide(object, world, None)
    }
}

fn decide<K: Plane>(
    object: &Object<K>,
    world: &World<'_>,
    user: Option<&str>,
) -> Result<Effects, Halt> {
    let kind = object.key().public_kind();
    let mut effects = Effects::default();
    let mut status = object.status.clone();
    status.observed_generation = object.generation();
    let mut conditions = Setter::new(object, world, &mut status.conditions);
    conditions.set(
        "Created",
        model::ConditionStatus::True,
        &format!("{kind}Created"),
        format!("{kind} is created"),
    );
    if object.is_deleting() {
        effects.finished = user.is_none();
        if let Some(user) = user {
            let message = format!("{user} runs on this plane; move or delete it first");
            conditions.hold("Finalizing", Because::new("DeletionBlocked", message));
        }
    }
    effects.set_status(&status);
    Ok(effects)
}

/// The environments that name a data plane.
fn environments_on(object: &Object<DataPlane>, world: &World<'_>) -> Result<Vec<String>, Halt> {
    let kind = match object.key().namespace {
        Some(_) => DataPlaneKind::DataPlane,
        None => DataPlaneKind::ClusterDataPlane,
    };
    let index: IndexKey =
        Environment::of_data_plane(kind, object.key().namespace.as_deref(), object.name());
    let environments = world.list::<Environment>(&index, Facet::Spec)?;
    Ok(environments
        .iter()
        .map(|environment| {
            format!(
                "Environment {}/{}",
                environment.namespace(),
                environment.name()
            )
        })
        .collect())
}
