//! Objects: how they are read and written.
//!
//! A write gives the object its uid, generation, revision and times, leaves a change record for
//! watchers and wakes whoever read a facet that changed, all in one transaction. A write that
//! changes nothing leaves no trace. A decision writes through the same code (`commit`).

use std::sync::Arc;

use jiff::Timestamp;
use model::{Checked, Digest, Envelope, ObjectKey, RawJson, Revision, Stored, draft::Facts};

use crate::{Error, Store, keys};

pub(crate) mod apply;
pub(crate) mod record;
pub(crate) mod replace;

/// Who asked for a change, when, and in which request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cause {
    /// The subject, as authorization knows it; `system:<step>` for the platform's own work.
    pub actor: String,
    /// The time of the request.
    pub at: Timestamp,
    /// W3C `traceparent` of the request.
    pub trace: Option<String>,
    /// Id of the request: the same write sent twice under one id is answered twice and made once.
    pub request_id: Option<String>,
}

/// What must be there for a [`Put`] to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing of this name.
    Create,
    /// The object; at this revision, if one is named.
    Update {
        /// The revision that the writer saw.
        revision: Option<Revision>,
    },
    /// Either.
    Upsert,
}

/// Writes spec, labels, annotations and finalizers of an object.
///
/// The status in the envelope counts only at creation; afterwards it is kept. Server-set metadata
/// in the envelope is ignored.
#[derive(Debug, Clone)]
pub struct Put {
    /// The object.
    pub envelope: Envelope,
    /// What the store must know of it.
    pub facts: Facts,
    /// What must be there.
    pub expect: Expect,
}

impl Put {
    /// The write of a checked object.
    #[must_use]
    pub fn new(checked: Checked, expect: Expect) -> Self {
        let (envelope, facts) = checked.into_parts();
        Self {
            envelope,
            facts,
            expect,
        }
    }
}

/// Marks an object as deleted; without finalizers it goes at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delete {
    /// The object.
    pub key: ObjectKey,
    /// The revision at which it must be, if any.
    pub revision: Option<Revision>,
}

/// Replaces the status of an object.
#[derive(Debug, Clone)]
pub struct StatusWrite {
    /// The object.
    pub key: ObjectKey,
    /// The whole new status.
    pub status: RawJson,
    /// Digest of what others may depend on in it: facet *exports*.
    pub exports_digest: Digest,
    /// The revision at which the object must be, if any.
    pub revision: Option<Revision>,
}

/// A change of an object's finalizers. A deleted object goes with its last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinalizerChange {
    /// Adds it, unless it is there.
    Add(String),
    /// Removes it, if it is there.
    Remove(String),
}

/// One write of one object.
#[derive(Debug, Clone)]
pub enum Write {
    /// Spec, labels, annotations, finalizers.
    Put(Box<Put>),
    /// Deletion.
    Delete(Delete),
    /// Status.
    Status(StatusWrite),
    /// Finalizers.
    Finalizer(ObjectKey, FinalizerChange),
}

/// What became of a write.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The object is new.
    Created(Arc<Stored>),
    /// The object has changed.
    Updated(Arc<Stored>),
    /// The object was so already.
    Unchanged(Arc<Stored>),
    /// The object is gone; this is its last state.
    Removed(Arc<Stored>),
}

impl Outcome {
    /// The object after the write; the last state of one that is gone.
    #[must_use]
    pub const fn object(&self) -> &Arc<Stored> {
        match self {
            Self::Created(object)
            | Self::Updated(object)
            | Self::Unchanged(object)
            | Self::Removed(object) => object,
        }
    }

    /// Whether the write changed anything.
    #[must_use]
    pub const fn changed(&self) -> bool {
        !matches!(self, Self::Unchanged(_))
    }
}

impl Store {
    /// The object of this key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, key: &ObjectKey) -> Result<Option<Arc<Stored>>, Error> {
        self.catch_up().await?;
        let text = keys::object(key);
        if let Some(known) = self.shared().cache.object(&text) {
            return Ok(known);
        }
        let stamp = self.shared().cache.stamp();
        let found = record::find(&mut self.reader().await?.sql(), &text).await?;
        self.shared().cache.fill_object(text, found.clone(), stamp);
        Ok(found)
    }

    /// The objects of these keys, in their order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_many(&self, keys: &[ObjectKey]) -> Result<Vec<Option<Arc<Stored>>>, Error> {
        self.catch_up().await?;
        let texts: Vec<String> = keys.iter().map(keys::object).collect();
        self.load_known(&texts).await
    }

    /// Makes one write, durably.
    ///
    /// # Errors
    /// When the write is refused (`NotFound`, `AlreadyExists`, `Moved`) or the database fails.
    pub async fn write_one(&self, write: Write, cause: Cause) -> Result<Outcome, Error> {
        let outcomes = self.write(vec![write], cause).await?;
        Ok(outcomes
            .into_iter()
            .next()
            .expect("one write has one outcome"))
    }

    /// Makes all these writes, or none, durably.
    ///
    /// # Errors
    /// When one of them is refused (`NotFound`, `AlreadyExists`, `Moved`) or the database fails.
    pub async fn write(&self, writes: Vec<Write>, cause: Cause) -> Result<Vec<Outcome>, Error> {
        let steps = writes
            .into_iter()
            .map(apply::Step::prepare)
            .collect::<Result<Vec<_>, _>>()?;
        self.submit(apply::Apply { steps, cause }).await
    }

    /// Writes spec, labels, annotations and finalizers of an object.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn put(&self, put: Put, cause: Cause) -> Result<Outcome, Error> {
        self.write_one(Write::Put(Box::new(put)), cause).await
    }

    /// Accepts the deletion of an object: it goes at once, or when its finalizers have gone.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn mark_deleted(&self, delete: Delete, cause: Cause) -> Result<Outcome, Error> {
        self.write_one(Write::Delete(delete), cause).await
    }

    /// Removes a finalizer; a deleted object goes with its last one.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn remove_finalizer(
        &self,
        key: ObjectKey,
        finalizer: &str,
        cause: Cause,
    ) -> Result<Outcome, Error> {
        let change = FinalizerChange::Remove(finalizer.to_owned());
        self.write_one(Write::Finalizer(key, change), cause).await
    }

    /// Replaces the status of an object, from outside a decision.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn put_status(&self, status: StatusWrite, cause: Cause) -> Result<Outcome, Error> {
        self.write_one(Write::Status(status), cause).await
    }

    /// As [`Self::load_many`], by stored text, as far as memory has caught up.
    pub(crate) async fn load_known(
        &self,
        texts: &[String],
    ) -> Result<Vec<Option<Arc<Stored>>>, Error> {
        let cache = &self.shared().cache;
        let mut found: Vec<_> = texts.iter().map(|text| cache.object(text)).collect();
        let missing: Vec<&str> = (texts.iter().zip(&found))
            .filter(|(_, known)| known.is_none())
            .map(|(text, _)| text.as_str())
            .collect();
        if !missing.is_empty() {
            let stamp = cache.stamp();
            let mut loaded = record::find_all(&mut self.reader().await?.sql(), &missing).await?;
            for (slot, text) in found
                .iter_mut()
                .zip(texts)
                .filter(|(slot, _)| slot.is_none())
            {
                let object = loaded.remove(text.as_str());
                cache.fill_object(text.clone(), object.clone(), stamp);
                *slot = Some(object);
            }
        }
        Ok(found.into_iter().map(Option::flatten).collect())
    }
}
