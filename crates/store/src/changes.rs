//! The watch log: what changed, in order.
//!
//! Every change of an object has a revision of its own and carries the object as it was then, so
//! that a watcher sees every state once, and past states can be shown. The newest changes are served
//! from memory; compaction is by policy of the caller and makes an old watcher list again.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use model::{Envelope, ObjectKey, Revision};

use crate::{Error, Store, keys, objects::Cause, sql};

pub(crate) mod record;

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// It was created.
    Added,
    /// It changed.
    Modified,
    /// It went; the event carries its last state.
    Deleted,
}

/// One change of one object.
#[derive(Debug, Clone)]
pub struct Event {
    /// Position in the log.
    pub revision: Revision,
    /// What happened.
    pub change: Change,
    /// The object after the change, `resourceVersion` included.
    pub object: Envelope,
    /// Who caused it.
    pub cause: Cause,
}

/// A piece of the log.
#[derive(Debug, Clone)]
pub enum Changes {
    /// What happened after the asked revision.
    Events {
        /// In the order of their revisions; empty when nothing happened.
        events: Vec<Arc<Event>>,
        /// The watcher is complete up to here: the revision to ask after next.
        up_to: Revision,
    },
    /// The log does not reach back, or not yet forward, to the asked revision: list again.
    Compacted {
        /// The oldest revision after which the log is complete.
        oldest: Revision,
    },
}

impl Store {
    /// The revision of the newest durable change, whichever process made it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_revision(&self) -> Result<Revision, Error> {
        self.catch_up().await?;
        Ok(self.revision())
    }

    /// The revision of the newest durable change that this process knows of.
    #[must_use]
    pub fn revision(&self) -> Revision {
        *self.shared().revision.borrow()
    }

    /// Tells of every new revision. A receiver that lags sees the newest only.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Revision> {
        self.shared().revision.subscribe()
    }

    /// At most `limit` changes after `after`, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn changes(&self, after: Revision, limit: usize) -> Result<Changes, Error> {
        if let Some(events) = self.shared().cache.events_after(after, limit) {
            return Ok(events);
        }
        let mut snapshot = self.snapshot().await?;
        let mut sql = snapshot.sql();
        let (revision, oldest) = bounds(&mut sql).await?;
        if after < oldest || after > revision {
            return Ok(Changes::Compacted { oldest });
        }
        let events = record::after(&mut sql, after, limit).await?;
        let up_to = match events.last() {
            Some(last) if events.len() >= limit => last.revision,
            _ => revision,
        };
        Ok(Changes::Events { events, up_to })
    }

    /// At most `limit` changes of one object that the log still holds, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history(&self, key: &ObjectKey, limit: usize) -> Result<Vec<Arc<Event>>, Error> {
        record::of_object(&mut self.reader().await?.sql(), &keys::object(key), limit).await
    }

    /// The revision of the newest change before `time`, if the log holds one: for compaction by age.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revision_before(&self, time: Timestamp) -> Result<Option<Revision>, Error> {
        let row = self
            .reader()
            .await?
            .sql()
            .row(
                "SELECT revision FROM changes WHERE at < $1 ORDER BY at DESC, revision DESC LIMIT 1",
                &[time.as_microsecond().into()],
            )
            .await?;
        row.map(|row| row.number(0).map(Revision)).transpose()
    }

    /// Drops the log up to and including `up_to`, in small steps that let writes between. Gives the
    /// number of dropped changes.
    ///
    /// # Errors
    /// When the database fails; what was dropped until then stays dropped.
    pub async fn compact(&self, up_to: Revision) -> Result<u64, Error> {
        let up_to = up_to.min(self.revision());
        let mut dropped = 0;
        loop {
            let step = self.submit(record::Compact { up_to }).await?;
            dropped += step;
            if step == 0 {
                return Ok(dropped);
            }
        }
    }
}

/// The newest revision, and the oldest after which the log is complete.
async fn bounds(sql: &mut sql::Sql<'_>) -> Result<(Revision, Revision), Error> {
    let row = sql.one("SELECT revision, compacted FROM meta", &[]).await?;
    Ok((Revision(row.number(0)?), Revision(row.number(1)?)))
}
