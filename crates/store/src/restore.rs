//! What the hub is called, and how it goes on after a backup was restored.
//!
//! A restored store has forgotten heads that agents already know. Raising the incarnation puts every
//! head of the store above all that was ever said, so that agents accept it again.

use crate::{Error, Store, heads::set, writer::Operation, writer::Txn};

impl Store {
    /// The name of this hub, made once with its database; part of all that is signed.
    #[must_use]
    pub fn hub(&self) -> &str {
        &self.inner().hub
    }

    /// The incarnation of this hub.
    #[must_use]
    pub fn incarnation(&self) -> u64 {
        *self.shared().incarnation.borrow()
    }

    /// Raises the incarnation above both its own and `above`, and says every head again under it.
    /// Gives the new incarnation. For an operator, after a backup was restored.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn raise_incarnation(&self, above: u64) -> Result<u64, Error> {
        self.submit(Raise { above }).await
    }
}

struct Raise {
    above: u64,
}

impl Operation for Raise {
    type Output = u64;

    async fn run(&self, txn: &mut Txn) -> Result<u64, Error> {
        txn.counters.incarnation = txn.counters.incarnation.max(self.above) + 1;
        set::restamp(txn).await?;
        Ok(txn.counters.incarnation)
    }
}
