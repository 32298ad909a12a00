//! Cutting the release of a component and putting it into the first environment.

use compile::cut::Cut;
use model::{
    Facet, Kind, ObjectKey, ObjectMeta,
    kinds::{
        Component, ComponentRelease, ReleaseBinding, component::LatestComponentRelease,
        owner::ComponentOwner,
    },
};

use crate::{
    decide::conditions::Because,
    effects::Effects,
    world::{Halt, Object, World},
};

/// What deploying came to.
pub(super) struct Deployed {
    pub(super) latest: LatestComponentRelease,
    pub(super) outcome: Result<Because, Because>,
}

pub(super) fn deploy(
    object: &Object<Component>,
    cut: &Cut<ComponentRelease>,
    (root, world): (&str, &World<'_>),
    effects: &mut Effects,
) -> Result<Deployed, Halt> {
    let latest = LatestComponentRelease {
        name: cut.name.clone(),
        release_hash: cut.hash.clone(),
    };
    let key = ObjectKey::namespaced(ComponentRelease::NAME, object.namespace(), &cut.name);
    let existing = world.find::<ComponentRelease>(&key, Facet::Spec)?;
    let outcome = match existing {
        Some(other) if other.spec.owner != cut.spec.owner => Err(Because::new(
            "AutoDeployFailed",
            format!(
                "ComponentRelease {:?} belongs to another component",
                cut.name
            ),
        )),
        existing => {
            if existing.is_none() {
                effects.put(&key, ObjectMeta::default(), &cut.spec);
            }
            bind(object, &cut.name, root, world, effects)?
        }
    };
    Ok(Deployed { latest, outcome })
}

/// Points the binding of the first environment at `release`.
fn bind(
    object: &Object<Component>,
    release: &str,
    environment: &str,
    world: &World<'_>,
    effects: &mut Effects,
) -> Result<Result<Because, Because>, Halt> {
    let owner = ComponentOwner {
        project_name: object.spec.owner.project_name.clone(),
        component_name: object.name().to_owned(),
    };
    let index =
        ReleaseBinding::of_component(object.namespace(), &owner.project_name, object.name());
    let mut bindings = world.list::<ReleaseBinding>(&index, Facet::Spec)?;
    bindings.retain(|binding| binding.spec.environment == environment);
    let name = match bindings.as_slice() {
        [] => {
            let name = format!("{}-{environment}", object.name());
            let key = ObjectKey::namespaced(ReleaseBinding::NAME, object.namespace(), &name);
            if let Some(other) = world.find::<ReleaseBinding>(&key, Facet::Spec)? {
                let message = format!(
                    "Failed to handle autoDeploy: ReleaseBinding {name:?} already exists, for environment {:?} of component {:?}; rename or delete it",
                    other.spec.environment, other.spec.owner.component_name
                );
                return Ok(Err(Because::new("AutoDeployFailed", message)));
            }
            let spec = ReleaseBinding {
                owner,
                environment: environment.to_owned(),
                release_name: Some(release.to_owned()),
                ..ReleaseBinding::default()
            };
            effects.put(&key, ObjectMeta::default(), &spec);
            name
        }
        [binding] => {
            if binding.spec.release_name.as_deref() != Some(release) {
                let spec = ReleaseBinding {
                    release_name: Some(release.to_owned()),
                    ..binding.spec.clone()
                };
                effects.put(binding.key(), binding.metadata().clone(), &spec);
            }
            binding.name().to_owned()
        }
        several => {
            let message = format!(
                "Failed to handle autoDeploy: {} ReleaseBindings deploy this component to environment {environment:?}; keep one",
                several.len()
            );
            return Ok(Err(Because::new("AutoDeployFailed", message)));
        }
    };
    let message = format!(
        "ComponentRelease {release:?} and ReleaseBinding {name:?} successfully managed for environment {environment:?}"
    );
    Ok(Ok(Because::new("ComponentReleaseReady", message)))
}
