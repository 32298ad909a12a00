//! What a decision sees: objects, indexes, heads and reports as they were loaded, and the time.
//!
//! Every read is recorded with its facet. The record is checked again by the commit and is what
//! wakes the object next time. Reading what was not loaded notes it and stops the decision with
//! [`Halt::Unread`]; the caller loads all that was noted and decides again.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use jiff::Timestamp;

pub use compile::assemble::Object;
use compile::assemble::Objects;
use model::{Facet, Head, IndexKey, Kind, ObjectKey, StatusReport, Stored, UnitId};
use store::{Members, Read, ReadTarget, Seen, UnitHeads, UnitReports};

/// A decision cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// Something was not loaded yet; [`World::missing`] says what.
    #[error("not everything was loaded")]
    Unread,
    /// A stored object has not the shape of its kind: another version of the platform wrote it.
    #[error("{key} is stored in a form that this version does not understand")]
    Corrupt {
        /// The object.
        key: ObjectKey,
        /// What does not fit.
        #[source]
        source: serde_json::Error,
    },
}

/// What was loaded for a decision.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Objects; `None` for those that do not exist.
    pub objects: HashMap<ObjectKey, Option<Arc<Stored>>>,
    /// Members of indexes.
    pub indexes: HashMap<IndexKey, Members>,
    /// Latest reports about units, one for each plane that reported.
    pub reports: HashMap<UnitId, UnitReports>,
    /// Heads of units, one for each plane that has one.
    pub heads: HashMap<UnitId, UnitHeads>,
}

/// Something that a decision needs and that was not loaded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// An object.
    Object(ObjectKey),
    /// The members of an index.
    Index(IndexKey),
    /// The reports about a unit.
    Reports(UnitId),
    /// The heads of a unit.
    Heads(UnitId),
}

/// What a decision sees.
#[derive(Debug)]
pub struct World<'a> {
    now: Timestamp,
    loaded: &'a Loaded,
    reads: RefCell<BTreeMap<ReadTarget, Seen>>,
    missing: RefCell<BTreeSet<Missing>>,
}

impl<'a> World<'a> {
    /// A world of what was loaded, at this time.
    #[must_use]
    pub fn new(now: Timestamp, loaded: &'a Loaded) -> Self {
        Self {
            now,
            loaded,
            reads: RefCell::default(),
            missing: RefCell::default(),
        }
    }

    /// The time of the decision. It is not recorded: who depends on time asks to be woken.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The object, if it exists.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn find<K: Kind>(&self, key: &ObjectKey, facet: Facet) -> Result<Option<Object<K>>, Halt> {
        debug_assert_eq!(key.kind, K::NAME, "a key is read as its own kind");
        let Some(found) = self.loaded.objects.get(key) else {
            return self.note(Missing::Object(key.clone()));
        };
        self.record(
            ReadTarget::Object(key.clone(), facet),
            Seen::object(found.as_deref(), facet),
        );
        found.as_ref().map(decode).transpose()
    }

    /// Every object of an index, ordered by key.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn list<K: Kind>(&self, index: &IndexKey, facet: Facet) -> Result<Vec<Object<K>>, Halt> {
        debug_assert_eq!(index.kind, K::NAME, "an index is read as its own kind");
        let Some(found) = self.loaded.indexes.get(index) else {
            return self.note(Missing::Index(index.clone()));
        };
        self.record(ReadTarget::Index(index.clone(), facet), found.seen(facet));
        found.objects.iter().map(decode).collect()
    }

    /// The latest report of each plane about a unit.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn reports(&self, unit: &UnitId) -> Result<&'a [Arc<StatusReport>], Halt> {
        let Some(found) = self.loaded.reports.get(unit) else {
            return self.note(Missing::Reports(unit.clone()));
        };
        self.record(ReadTarget::Report(unit.clone()), found.seen());
        Ok(&found.reports)
    }

    /// The heads of a unit, one for each plane that has one.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn heads(&self, unit: &UnitId) -> Result<&'a [Head], Halt> {
        let Some(found) = self.loaded.heads.get(unit) else {
            return self.note(Missing::Heads(unit.clone()));
        };
        self.record(ReadTarget::Heads(unit.clone()), found.seen());
        Ok(&found.heads)
    }

    /// What a stopped decision still needs.
    #[must_use]
    pub fn missing(&self) -> Vec<Missing> {
        self.missing.borrow().iter().cloned().collect()
    }

    /// What the decision has read.
    #[must_use]
    pub fn into_reads(self) -> Vec<Read> {
        self.reads
            .into_inner()
            .into_iter()
            .map(|(target, seen)| Read { target, seen })
            .collect()
    }

    fn note<T>(&self, missing: Missing) -> Result<T, Halt> {
        self.missing.borrow_mut().insert(missing);
        Err(Halt::Unread)
    }

    fn record(&self, target: ReadTarget, seen: Seen) {
        self.reads.borrow_mut().entry(target).or_insert(seen);
    }
}

/// What is collected for a snapshot are facets *spec*; endpoints of others are asked for apart.
impl Objects for World<'_> {
    type Halt = Halt;

    fn find<K: Kind>(&self, key: &ObjectKey) -> Result<Option<Object<K>>, Halt> {
        World::find(self, key, Facet::Spec)
    }

    fn list<K: Kind>(&self, index: &IndexKey) -> Result<Vec<Object<K>>, Halt> {
        World::list(self, index, Facet::Spec)
    }
}

fn decode<K: Kind>(stored: &Arc<Stored>) -> Result<Object<K>, Halt> {
    Object::decode(stored).map_err(|source| Halt::Corrupt {
        key: stored.envelope.key.clone(),
        source,
    })
}
