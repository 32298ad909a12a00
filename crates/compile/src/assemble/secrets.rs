//! Where the secrets that a workload names are kept.

use model::{
    Kind, ObjectKey,
    kinds::{ReleaseBinding, SecretReference, component_release::WorkloadSnapshot},
};

use super::{Object, Objects};
use crate::{
    component::secret_references,
    context::configurations::{RemoteRef, Secrets},
};

/// The secret references that a workload or its binding names, as far as they are there. Compiling tells
/// which one is missing, with the place that names it.
///
/// # Errors
/// Objects cannot be had.
pub fn secrets<O: Objects>(
    object: &Object<ReleaseBinding>,
    workload: &WorkloadSnapshot,
    objects: &O,
) -> Result<Secrets, O::Halt> {
    let mut secrets = Secrets::new();
    for name in secret_references(workload, &object.spec) {
        let key = ObjectKey::namespaced(SecretReference::NAME, object.namespace(), &name);
        if let Some(found) = objects.find::<SecretReference>(&key)? {
            let remote = found.spec.data.into_iter().map(|data| {
                let remote = data.remote_ref;
                let remote = RemoteRef {
                    key: remote.key,
                    property: remote.property.unwrap_or_default(),
                    version: remote.version.unwrap_or_default(),
                };
                (data.secret_key, remote)
            });
            secrets.insert(name, remote.collect());
        }
    }
    Ok(secrets)
}
