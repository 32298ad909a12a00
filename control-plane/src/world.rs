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

/// An object with its spec and status decoded.
#[derive(Debug, Clone)]
pub struct Object<K: Kind> {
    /// The object as stored.
    pub stored: Arc<Stored>,
    /// Its spec.
    pub spec: K,
    /// Its status.
    pub status: K::Status,
}

impl<K: Kind> Object<K> {
    /// Decodes a stored object.
    ///
    /// # Errors
    /// [`Halt::Corrupt`] when it is not of this kind's shape.
    pub fn decode(stored: &Arc<Stored>) -> Result<Self, Halt> {
        let corrupt = |source| Halt::Corrupt {
            key: stored.envelope.key.clone(),
            source,
        };
        Ok(Self {
            spec: stored.envelope.spec::<K>().map_err(corrupt)?,
            status: stored.envelope.status::<K>().map_err(corrupt)?,
            stored: Arc::clone(stored),
        })
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &ObjectKey {
        &self.stored.envelope.key
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.stored.envelope.key.name
    }

    /// Its namespace; empty for a cluster-scoped object.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.stored
            .envelope
            .key
            .namespace
            .as_deref()
            .unwrap_or_default()
    }

    /// Its metadata.
    #[must_use]
    pub fn metadata(&self) -> &model::ObjectMeta {
        &self.stored.envelope.metadata
    }

    /// Its UID.
    #[must_use]
    pub fn uid(&self) -> &str {
        &self.stored.envelope.metadata.uid.0
    }

    /// Its generation.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.stored.envelope.metadata.generation.0
    }

    /// Whether its deletion was accepted.
    #[must_use]
    pub fn is_deleting(&self) -> bool {
        self.stored.envelope.metadata.is_deleting()
    }
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
        found.as_ref().map(Object::decode).transpose()
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
        found.objects.iter().map(Object::decode).collect()
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
