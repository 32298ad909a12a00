//! Heads: which bundle each unit of each plane should run.
//!
//! A head takes the revision of the change that set it, so the heads of a plane are in one order and
//! an agent can ask for what came after. The summary of a plane (newest revision, count and
//! order-free hash over its *live* heads, those that name a bundle) is kept up with every change.

use model::{Head, PlaneName, Target, UnitId, UnitRevision};

use crate::{Error, Seen, Store};

pub(crate) mod record;
pub(crate) mod set;

/// A change of a unit's head on a plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadChange {
    /// Sets the head.
    Set {
        /// The unit.
        unit: UnitId,
        /// The plane that runs it.
        plane: PlaneName,
        /// What the head says.
        target: Target,
        /// Version of the compiler's output format.
        compiler_epoch: u32,
    },
    /// Forgets a tombstone that was carried out, and the plane's report of the unit. A head that
    /// names a bundle stays.
    Forget {
        /// The unit.
        unit: UnitId,
        /// The plane that ran it.
        plane: PlaneName,
    },
}

/// What a commit changed on one plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaneChange {
    /// The plane.
    pub plane: PlaneName,
    /// Revision of the plane's heads before.
    pub previous: UnitRevision,
    /// Revision of the plane's heads now.
    pub revision: UnitRevision,
    /// The new heads, by revision.
    pub heads: Vec<Head>,
}

/// What a plane's heads amount to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeadsSummary {
    /// Revision of the newest head, tombstones and dropped ones included; zero when there was none.
    pub revision: UnitRevision,
    /// Sum modulo 2^64 of [`Head::hash_share`] over the live heads.
    pub hash: u64,
    /// Number of live heads.
    pub count: u64,
}

/// Some heads of a plane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeadsPage {
    /// The heads, tombstones included.
    pub heads: Vec<Head>,
    /// Newest revision of the plane's heads at the time of the page.
    pub newest: UnitRevision,
    /// Whether nothing follows.
    pub last: bool,
}

/// The heads of one unit: one, or several while it moves between planes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitHeads {
    /// The heads, newest first.
    pub heads: Vec<Head>,
    pub(crate) seen: Seen,
}

impl UnitHeads {
    /// The head on this plane.
    #[must_use]
    pub fn on(&self, plane: &PlaneName) -> Option<&Head> {
        self.heads.iter().find(|head| head.plane == *plane)
    }

    /// What is to be recorded of having read them.
    #[must_use]
    pub const fn seen(&self) -> Seen {
        self.seen
    }

    /// The newest head that names a bundle.
    #[must_use]
    pub fn live(&self) -> Option<&Head> {
        self.heads
            .iter()
            .find(|head| matches!(head.target, Target::Bundle(_)))
    }
}

impl Store {
    /// At most `limit` heads of a plane after `after`, by revision.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn heads_since(
        &self,
        plane: &PlaneName,
        after: UnitRevision,
        limit: usize,
    ) -> Result<HeadsPage, Error> {
        let mut snapshot = self.snapshot().await?;
        record::since(&mut snapshot.sql(), plane, after, limit).await
    }

    /// At most `limit` heads of a plane in the order of their units, after `after`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn heads_page(
        &self,
        plane: &PlaneName,
        after: Option<&UnitId>,
        limit: usize,
    ) -> Result<HeadsPage, Error> {
        let mut snapshot = self.snapshot().await?;
        record::page(&mut snapshot.sql(), plane, after, limit).await
    }

    /// Revision, hash and count of a plane's heads.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn heads_summary(&self, plane: &PlaneName) -> Result<HeadsSummary, Error> {
        record::summary(&mut self.reader().await?.sql(), &plane.to_string()).await
    }

    /// The heads of a unit on every plane.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_heads(&self, unit: &UnitId) -> Result<UnitHeads, Error> {
        record::of_unit(&mut self.reader().await?.sql(), unit.as_str()).await
    }

    /// The object whose decision set the head of a unit.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_owner(&self, unit: &UnitId) -> Result<Option<model::ObjectKey>, Error> {
        record::owner(&mut self.reader().await?.sql(), unit.as_str()).await
    }

    /// Forgets a tombstone, and the plane's report of the unit, once the plane has carried it out.
    /// A head that has moved on since `revision` stays. Gives whether it was dropped.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_tombstone(
        &self,
        plane: PlaneName,
        unit: UnitId,
        revision: UnitRevision,
        now: jiff::Timestamp,
    ) -> Result<bool, Error> {
        self.submit(set::DropTombstone {
            plane,
            unit,
            revision,
            now,
        })
        .await
    }
}
