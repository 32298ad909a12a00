//! Step 9, pure: whether a signed head is taken, and what the plane knows after it.
//!
//! No head is ever overwritten by an older one, by another one of the same revision, or by one of an older compiler.
//! What the hub does not name any more is kept and called unclaimed: absence is never an order to delete.

use std::collections::{BTreeMap, BTreeSet};

use model::{Head, Target, UnitId, UnitRevision};

/// Why a head was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The unit has a newer head already.
    #[error("the head {offered} is older than {known}, which is known")]
    Older {
        /// Revision of the head that was offered.
        offered: UnitRevision,
        /// Revision of the head that is known.
        known: UnitRevision,
    },
    /// The same revision says something else than before: the hub, or someone in its place, contradicts itself.
    #[error("the head {0} says something else than the head of the same revision that is known")]
    Contradiction(UnitRevision),
    /// The head comes from an older compiler than the one that is known.
    #[error("the head was compiled in epoch {offered}, and epoch {known} is known")]
    OlderCompiler {
        /// Compiler epoch of the head that was offered.
        offered: u32,
        /// Compiler epoch of the head that is known.
        known: u32,
    },
    /// There are more units than one plane may have.
    #[error("a plane has at most {MAX_UNITS} units")]
    TooMany,
}

/// What taking a head changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The head is new.
    New,
    /// The very same head was known.
    Known,
}

/// Most units of one plane.
pub const MAX_UNITS: usize = 100_000;

/// A head against the one that is known of its unit.
///
/// # Errors
/// When the head must not be taken.
pub fn accept(known: Option<&Head>, offered: &Head) -> Result<Taken, Refusal> {
    let Some(known) = known else {
        return Ok(Taken::New);
    };
    if offered.revision < known.revision {
        return Err(Refusal::Older {
            offered: offered.revision,
            known: known.revision,
        });
    }
    if offered.revision == known.revision {
        return match offered.target == known.target {
            true => Ok(Taken::Known),
            false => Err(Refusal::Contradiction(offered.revision)),
        };
    }
    let compiled = |head: &Head| matches!(head.target, Target::Bundle(_));
    if compiled(offered) && compiled(known) && offered.compiler_epoch < known.compiler_epoch {
        return Err(Refusal::OlderCompiler {
            offered: offered.compiler_epoch,
            known: known.compiler_epoch,
        });
    }
    Ok(Taken::New)
}

/// The heads that a plane knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    heads: BTreeMap<UnitId, Head>,
    unclaimed: BTreeSet<UnitId>,
    highest: UnitRevision,
    hash: u64,
}

impl Known {
    /// The heads of an agent's unit records; of several heads of one unit the newest counts.
    pub fn of(heads: impl IntoIterator<Item = Head>) -> Self {
        let mut known = Self::default();
        for head in heads {
            // A record that contradicts another of the same unit is the older one of the two.
            let _ = known.take(head);
        }
        known
    }

    /// The highest signed revision that was seen; it never falls.
    #[must_use]
    pub const fn highest(&self) -> UnitRevision {
        self.highest
    }

    /// Sum modulo 2^64 of the shares of all live heads that the hub claims.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// How many units are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Whether no unit is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// The head of a unit.
    #[must_use]
    pub fn find(&self, unit: &UnitId) -> Option<&Head> {
        self.heads.get(unit)
    }

    /// Whether `head` is the latest word about its unit.
    #[must_use]
    pub fn is_current(&self, head: &Head) -> bool {
        self.find(&head.unit)
            .is_some_and(|known| known.revision == head.revision)
    }

    /// Units that are kept although the hub does not know them.
    #[must_use]
    pub const fn unclaimed(&self) -> &BTreeSet<UnitId> {
        &self.unclaimed
    }

    /// Takes a signed head in.
    ///
    /// # Errors
    /// When it must not be taken; then nothing but the highest revision changes.
    pub fn take(&mut self, head: Head) -> Result<Taken, Refusal> {
        self.highest = self.highest.max(head.revision);
        let known = self.heads.get(&head.unit);
        if known.is_none() && self.heads.len() >= MAX_UNITS {
            return Err(Refusal::TooMany);
        }
        let taken = accept(known, &head)?;
        let known = known.map_or(0, share);
        let reclaimed = self.unclaimed.remove(&head.unit);
        if taken == Taken::Known {
            self.hash = self.hash.wrapping_add(if reclaimed { known } else { 0 });
            return Ok(taken);
        }
        self.hash = self.hash.wrapping_sub(if reclaimed { 0 } else { known });
        self.hash = self.hash.wrapping_add(share(&head));
        self.heads.insert(head.unit.clone(), head);
        Ok(taken)
    }

    /// Whether a whole list that was begun at `as_of` and names `listed` shows that the hub has lost a head: it
    /// says less of the unit than it had signed by then.
    #[must_use]
    pub fn is_lost(&self, listed: &Head, as_of: UnitRevision) -> bool {
        self.find(&listed.unit)
            .is_some_and(|known| listed.revision < known.revision && known.revision <= as_of)
    }

    /// Ends a whole list that named `named` and was begun at `as_of`: units that are not in it and are no newer become
    /// unclaimed, and tombstones that are not in it are settled and forgotten.
    pub fn close_list(&mut self, named: &BTreeSet<UnitId>, as_of: UnitRevision) {
        let absent: Vec<UnitId> = self
            .heads
            .values()
            .filter(|head| head.revision <= as_of && !named.contains(&head.unit))
            .filter(|head| !self.unclaimed.contains(&head.unit))
            .map(|head| head.unit.clone())
            .collect();
        for unit in absent {
            let tombstone = self
                .find(&unit)
                .is_some_and(|head| matches!(head.target, Target::Tombstone(_)));
            if tombstone {
                self.drop_head(&unit);
            } else {
                self.hash = self.hash.wrapping_sub(share(&self.heads[&unit]));
                self.unclaimed.insert(unit);
            }
        }
    }

    /// Forgets a unit whose tombstone at `revision` the hub has settled.
    pub fn settle(&mut self, unit: &UnitId, revision: UnitRevision) {
        let settled = self.find(unit).is_some_and(|head| {
            head.revision == revision && matches!(head.target, Target::Tombstone(_))
        });
        if settled {
            self.drop_head(unit);
        }
    }

    fn drop_head(&mut self, unit: &UnitId) {
        if let Some(head) = self.heads.remove(unit)
            && !self.unclaimed.remove(unit)
        {
            self.hash = self.hash.wrapping_sub(share(&head));
        }
    }
}

/// What a head adds to the hash: tombstones count nothing, since the hub forgets them in its own time.
fn share(head: &Head) -> u64 {
    match head.target {
        Target::Bundle(_) => head.hash_share(),
        Target::Tombstone(_) => 0,
    }
}

#[cfg(test)]
mod tests;
