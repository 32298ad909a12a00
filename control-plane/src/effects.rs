//! What a decision wants: values only, carried out together or not at all.

use jiff::Timestamp;
use model::{
    BundleText, Envelope, Kind, ObjectKey, ObjectMeta, PlaneName, RawJson, Tombstone, UnitId,
};

/// Everything that a decision about one object wants.
#[derive(Debug, Default)]
pub struct Effects {
    /// New status of the object; `None` leaves it.
    pub status: Option<RawJson>,
    /// Objects to create, or to give this spec. Status and finalizers of those that exist are kept.
    pub puts: Vec<Envelope>,
    /// Objects to delete.
    pub deletes: Vec<ObjectKey>,
    /// Units to set.
    pub units: Vec<UnitEffect>,
    /// The object is done with: nothing that it owns is left.
    pub finished: bool,
    /// When to decide again even if nothing changes.
    pub wake_at: Option<Timestamp>,
}

/// What a unit should be on a plane.
#[derive(Debug, Clone)]
pub struct UnitEffect {
    /// The unit.
    pub unit: UnitId,
    /// The plane that runs it.
    pub plane: PlaneName,
    /// What it should be.
    pub target: UnitTarget,
}

/// What a unit should be.
#[derive(Debug, Clone)]
pub enum UnitTarget {
    /// This bundle.
    Bundle(BundleText),
    /// Nothing any more.
    Tombstone(Tombstone),
    /// Forgotten: its tombstone was carried out.
    Forget,
}

impl Effects {
    /// Sets the status of the object.
    pub fn set_status(&mut self, status: &impl serde::Serialize) {
        self.status = Some(RawJson::of(status));
    }

    /// Creates an object, or gives it this spec.
    pub fn put<K: Kind>(&mut self, key: &ObjectKey, metadata: ObjectMeta, spec: &K) {
        let metadata = ObjectMeta {
            name: key.name.clone(),
            namespace: key.namespace.clone(),
            ..metadata
        };
        self.puts.push(Envelope {
            key: key.clone(),
            metadata,
            spec: RawJson::of(spec),
            status: RawJson::null(),
        });
    }

    /// Sets what a unit should be on a plane.
    pub fn set_unit(&mut self, unit: &UnitId, plane: &PlaneName, target: UnitTarget) {
        self.units.push(UnitEffect {
            unit: unit.clone(),
            plane: plane.clone(),
            target,
        });
    }
}
