//! Deleting what an object owns, and waiting for it.

use model::{Facet, IndexKey, Kind};

use crate::{
    effects::Effects,
    world::{Halt, World},
};

/// Deletes every object of `index` that is not on its way already; says how many are still there.
pub(super) fn delete_all<K: Kind>(
    index: &IndexKey,
    world: &World<'_>,
    effects: &mut Effects,
) -> Result<usize, Halt> {
    let owned = world.list::<K>(index, Facet::Spec)?;
    for object in owned.iter().filter(|object| !object.is_deleting()) {
        effects.deletes.push(object.key().clone());
        // One that nothing holds is gone with this commit, which is before the edge of this read
        // exists: nobody else will wake the owner.
        effects.wake_at = Some(world.now());
    }
    Ok(owned.len())
}
