//! Freezing a component into a release on request.

use tonic::Status;

use compile::assemble;
use model::{Code, Envelope, Facet, KindName, ObjectKey, ObjectMeta, RawJson, kinds::Component};
use proto::resources::GenerateReleaseRequest;
use store::Store;

use super::internal;
use crate::{commit::read_until_done, world::World};

/// The release of a component as it is now, named as asked or `{component}-{YYYYMMDD}-{n}`.
pub(super) async fn generate(
    store: &Store,
    now: jiff::Timestamp,
    asked: &GenerateReleaseRequest,
) -> Result<Envelope, Status> {
    let key = ObjectKey::namespaced(KindName::Component, &asked.namespace, &asked.component);
    let (frozen, _) = read_until_done(store, now, |world: &World<'_>| {
        let Some(component) = world.find::<Component>(&key, Facet::Spec)? else {
            return Ok(None);
        };
        let parts = match assemble::component(&component, world)? {
            Ok(parts) => parts,
            Err(refused) => return Ok(Some(Err(refused))),
        };
        // A pipeline without a first environment refuses releases too, as it does for the component.
        let root = assemble::root_environment(&component, world)?;
        Ok(Some(root.map(|_| parts.cut(&component))))
    })
    .await
    .map_err(|error| internal(&error))?;
    let spec = match frozen {
        None => {
            return Err(proto::status::from_code(
                Code::NotFound,
                format!("{key} not found"),
            ));
        }
        Some(Err(refused)) => return Err(proto::status::from_code(Code::Invalid, refused.message)),
        Some(Ok(cut)) => cut.spec,
    };
    let name = match asked.name.as_str() {
        "" => next_name(store, now, asked).await?,
        name => name.to_owned(),
    };
    let key = ObjectKey::namespaced(KindName::ComponentRelease, &asked.namespace, &name);
    Ok(Envelope {
        metadata: ObjectMeta::named(Some(&asked.namespace), &name),
        key,
        spec: RawJson::of(&spec),
        status: RawJson::null(),
    })
}

/// The first free number of the day.
async fn next_name(
    store: &Store,
    now: jiff::Timestamp,
    asked: &GenerateReleaseRequest,
) -> Result<String, Status> {
    let day = now.strftime("%Y%m%d");
    for number in 1..10_000 {
        let name = format!("{}-{day}-{number}", asked.component);
        let key = ObjectKey::namespaced(KindName::ComponentRelease, &asked.namespace, &name);
        if store
            .find(&key)
            .await
            .map_err(|error| super::status(&error))?
            .is_none()
        {
            return Ok(name);
        }
    }
    Err(proto::status::from_code(
        Code::Exhausted,
        "ten thousand releases a day: name it yourself",
    ))
}
