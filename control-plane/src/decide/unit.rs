//! Heads of units: placing a unit on the plane that runs it, and taking it away to the end.

use std::sync::Arc;

use model::{BundleText, Head, PlaneName, StatusReport, Target, Tombstone, UnitId, UnitPhase};

use crate::{
    effects::{Effects, UnitTarget},
    world::{Halt, World},
};

/// Places `bundle` on `plane` and removes the unit from any other plane.
///
/// Gives the report about it, if the plane has reported on exactly this.
pub(super) fn place<'a>(
    unit: &UnitId,
    plane: &PlaneName,
    bundle: BundleText,
    world: &World<'a>,
    effects: &mut Effects,
) -> Result<Option<&'a StatusReport>, Halt> {
    let heads = world.heads(unit)?;
    let target = Target::Bundle(bundle.digest());
    for head in heads.iter().filter(|head| head.plane != *plane) {
        take_from(head, world, effects)?;
    }
    let current = heads.iter().find(|head| head.plane == *plane);
    effects.set_unit(unit, plane, UnitTarget::Bundle(bundle));
    let reports = world.reports(unit)?;
    let Some(current) = current.filter(|head| head.target == target) else {
        return Ok(None);
    };
    Ok(reports
        .iter()
        .map(Arc::as_ref)
        .find(|report| counts(report, current)))
}

/// Takes the unit away from every plane; true once nothing of it is left.
pub(super) fn remove(
    unit: &UnitId,
    world: &World<'_>,
    effects: &mut Effects,
) -> Result<bool, Halt> {
    let mut gone = true;
    for head in world.heads(unit)? {
        gone &= take_from(head, world, effects)?;
    }
    Ok(gone)
}

/// Sets the tombstone of a head, or forgets it once the plane has carried it out.
fn take_from(head: &Head, world: &World<'_>, effects: &mut Effects) -> Result<bool, Halt> {
    // Read in any case: the report that the tombstone was carried out must wake the owner.
    let reports = world.reports(&head.unit)?;
    match head.target {
        Target::Bundle(_) => {
            effects.set_unit(
                &head.unit,
                &head.plane,
                UnitTarget::Tombstone(Tombstone::Delete),
            );
            Ok(false)
        }
        Target::Tombstone(_) => {
            let done = reports
                .iter()
                .any(|report| counts(report, head) && report.phase == UnitPhase::Deleted);
            if done {
                effects.set_unit(&head.unit, &head.plane, UnitTarget::Forget);
            }
            Ok(done)
        }
    }
}

/// A report counts only for the head that is current.
fn counts(report: &StatusReport, head: &Head) -> bool {
    report.plane == head.plane && report.revision >= head.revision && report.target == head.target
}
