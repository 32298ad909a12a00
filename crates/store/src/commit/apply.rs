//! A decision in the writer.

use jiff::Timestamp;
use model::{ObjectKey, Revision};

use crate::{
    Blob, Cause, Error, HeadChange, Outcome, Read, ReadTarget, WakeToken, bundles,
    heads::set,
    keys,
    objects::apply::{Finalizers, Step},
    reads,
    wakes::record::{self, Origin},
    writer::{Operation, Txn},
};

use super::Committed;

pub(super) struct Commit {
    pub(super) owner: ObjectKey,
    pub(super) wake: Option<WakeToken>,
    pub(super) reads: Vec<Read>,
    pub(super) steps: Vec<Step>,
    pub(super) bundles: Vec<Blob>,
    pub(super) heads: Vec<HeadChange>,
    pub(super) wake_at: Option<Timestamp>,
    pub(super) cause: Cause,
}

impl Operation for Commit {
    type Output = Committed;

    async fn run(&self, txn: &mut Txn) -> Result<Committed, Error> {
        let owner = keys::object(&self.owner);
        let hops = self.wake.map_or(0, |token| token.hops).saturating_add(1);
        let origin = Origin {
            cause: &self.cause,
            hops,
            owner: Some(&owner),
        };
        reads::verify::verify(&mut txn.sql(), &self.reads).await?;
        let objects = self.write(txn, &origin).await?;
        for blob in &self.bundles {
            bundles::store(txn, blob, self.cause.at).await?;
        }
        let planes = set::change(txn, &owner, &self.heads, &origin).await?;
        self.settle(txn, &owner, &objects).await?;
        Ok(Committed {
            revision: Revision(txn.counters.revision),
            objects,
            planes,
        })
    }
}

impl Commit {
    async fn write(&self, txn: &mut Txn, origin: &Origin<'_>) -> Result<Vec<Outcome>, Error> {
        let mut outcomes = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            match step.run(txn, origin, Finalizers::Keep).await {
                Ok(outcome) => outcomes.push(outcome),
                Err(Error::NotFound(_)) if step.is_delete() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(outcomes)
    }

    /// Leaves the edges and wakes of the owner as the decision wants them; of one that has gone,
    /// none.
    async fn settle(&self, txn: &mut Txn, owner: &str, objects: &[Outcome]) -> Result<(), Error> {
        let is_gone = |outcome: &Outcome| matches!(outcome, Outcome::Removed(object) if object.envelope.key == self.owner);
        if objects.iter().any(is_gone) {
            return Ok(());
        }
        // Changes of the owner itself wake it without an edge.
        let others: Vec<Read> = (self.reads.iter())
            .filter(
                |read| !matches!(&read.target, ReadTarget::Object(key, _) if *key == self.owner),
            )
            .cloned()
            .collect();
        reads::record::replace(txn, owner, &others).await?;
        record::settle(txn, owner, self.wake, self.wake_at).await
    }
}
