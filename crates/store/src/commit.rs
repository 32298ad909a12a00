//! Step 7: commits a decision if nothing that it read has moved.
//!
//! Reads are verified, objects, bundles and heads written, the read set replaced and the wake cleared
//! in one transaction, so a slow decision never overwrites a newer one and a crash leaves either all
//! of it or nothing.

use jiff::Timestamp;
use model::{Digest, ObjectKey, RawJson, Revision};

use crate::{
    Blob, Cause, Delete, Error, FinalizerChange, HeadChange, Outcome, PlaneChange, Put, Read,
    Store, WakeToken,
    objects::apply::Step,
    objects::{StatusWrite, Write},
};

mod apply;

/// What was decided for one object, and on what grounds.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The object that was decided.
    pub owner: ObjectKey,
    /// The wake that the decision answers.
    pub wake: Option<WakeToken>,
    /// Everything that was read, misses included. Replaces what the owner's last decision read.
    pub reads: Vec<Read>,
    /// Objects to write, in this order. The finalizers of one that exists are kept.
    pub puts: Vec<Put>,
    /// Objects to delete, after the puts. One that is gone already is passed over.
    pub deletes: Vec<ObjectKey>,
    /// The owner's status.
    pub status: Option<StatusChange>,
    /// The owner's finalizers, changed last: removing the last one lets a deleted owner go.
    pub finalizers: Vec<FinalizerChange>,
    /// Bundles that the heads name; those already stored may be left out.
    pub bundles: Vec<Blob>,
    /// Heads to change. One that says what the stored one says is passed over.
    pub heads: Vec<HeadChange>,
    /// When to decide again though nothing has changed.
    pub wake_at: Option<Timestamp>,
    /// Who and when.
    pub cause: Cause,
}

/// The new status of a decision's owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// The whole status.
    pub status: RawJson,
    /// Digest of facet *exports*.
    pub exports_digest: Digest,
}

/// What a decision changed.
#[derive(Debug, Clone)]
pub struct Committed {
    /// Newest revision after the commit.
    pub revision: Revision,
    /// What became of each object: puts, deletes, then status and finalizers of the owner.
    pub objects: Vec<Outcome>,
    /// New heads, for publishing; empty when every head was so already.
    pub planes: Vec<PlaneChange>,
}

impl Decision {
    /// A decision for `owner` that changes nothing yet.
    #[must_use]
    pub const fn new(owner: ObjectKey, cause: Cause) -> Self {
        Self {
            owner,
            wake: None,
            reads: Vec::new(),
            puts: Vec::new(),
            deletes: Vec::new(),
            status: None,
            finalizers: Vec::new(),
            bundles: Vec::new(),
            heads: Vec::new(),
            wake_at: None,
            cause,
        }
    }
}

impl Store {
    /// Commits a decision, durably.
    ///
    /// # Errors
    /// `ReadMoved` or `Moved` when something has changed since it was read: decide again.
    /// `OlderCompiler` or `MissingBundle` when a head cannot be set. Otherwise when the database
    /// fails.
    pub async fn commit(&self, decision: Decision) -> Result<Committed, Error> {
        let Decision {
            owner,
            wake,
            reads,
            cause,
            wake_at,
            bundles,
            heads,
            ..
        } = decision;
        let mut writes: Vec<Write> = decision
            .puts
            .into_iter()
            .map(|put| Write::Put(Box::new(put)))
            .collect();
        writes.extend((decision.deletes.into_iter()).map(|key| {
            Write::Delete(Delete {
                key,
                revision: None,
            })
        }));
        if let Some(StatusChange {
            status,
            exports_digest,
        }) = decision.status
        {
            let key = owner.clone();
            writes.push(Write::Status(StatusWrite {
                key,
                status,
                exports_digest,
                revision: None,
            }));
        }
        writes.extend(
            decision
                .finalizers
                .into_iter()
                .map(|change| Write::Finalizer(owner.clone(), change)),
        );
        let steps = writes
            .into_iter()
            .map(Step::prepare)
            .collect::<Result<Vec<_>, _>>()?;
        let commit = apply::Commit {
            owner,
            wake,
            reads,
            steps,
            bundles,
            heads,
            wake_at,
            cause,
        };
        self.submit(commit).await
    }
}
