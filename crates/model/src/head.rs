//! The head of a unit: which bundle its cluster should run.

use serde::{Deserialize, Serialize};

use crate::{Digest, PlaneName, UnitId, UnitRevision};

/// What should become of a unit that is no longer wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tombstone {
    /// Its objects are deleted.
    Delete,
    /// Its objects are kept and no longer managed.
    Release,
}

/// What a head points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Target {
    /// The bundle of this digest.
    Bundle(Digest),
    /// Nothing any more.
    Tombstone(Tombstone),
}

/// The latest word about a unit. Heads of one unit are totally ordered by `revision`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// The unit.
    pub unit: UnitId,
    /// The plane that runs it.
    pub plane: PlaneName,
    /// When it was said.
    pub revision: UnitRevision,
    /// What it says.
    pub target: Target,
    /// Version of the compiler's output format; a lower one never overwrites a higher one.
    pub compiler_epoch: u32,
    /// W3C `traceparent` of the request that caused it; not part of its identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

impl Head {
    /// This head's share of the order-free hash over all live heads of a plane: shares are added
    /// modulo 2^64.
    #[must_use]
    pub fn hash_share(&self) -> u64 {
        let target = match self.target {
            Target::Bundle(digest) => digest.to_string(),
            Target::Tombstone(tombstone) => format!("{tombstone:?}"),
        };
        let digest = Digest::of(format!("{}\n{}\n{target}", self.unit, self.revision).as_bytes());
        u64::from_be_bytes(
            digest.as_bytes()[..8]
                .try_into()
                .expect("a digest has 32 bytes"),
        )
    }
}
