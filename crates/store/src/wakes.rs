//! Wakes: which objects are to be decided again.
//!
//! A wake says only *that*, never *what*: it is one row per object, however often it was woken. It is
//! claimed for the length of a lease and goes when the decision commits, unless a newer wake came in
//! the meantime. A crash loses nothing: the claim runs out, or is dropped at the next start of a
//! process that has the database for itself. Replicas claim beside each other, never the same.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use model::ObjectKey;

use crate::{Error, Store};

pub(crate) mod record;

/// An object that is to be decided, claimed by the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wake {
    /// The object.
    pub object: ObjectKey,
    /// Proves the claim, to be handed back.
    pub token: WakeToken,
    /// W3C `traceparent` of the newest change that woke it.
    pub trace: Option<String>,
}

/// The claim of a wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WakeToken {
    pub(crate) number: u64,
    pub(crate) hops: u32,
}

impl WakeToken {
    /// How many decisions in a row led here without a change from outside: a request, a report or
    /// the passing of time. A chain of decisions that never settles makes it grow without end.
    #[must_use]
    pub const fn hops(self) -> u32 {
        self.hops
    }
}

impl Store {
    /// Tells, by a changing number, that wakes were added, moved or set free.
    #[must_use]
    pub fn subscribe_wakes(&self) -> watch::Receiver<u64> {
        self.shared().wakes.subscribe()
    }

    /// Claims at most `limit` wakes that are due, the longest due first, for the configured lease.
    /// An object is claimed by one caller at a time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_wakes(&self, limit: usize, now: Timestamp) -> Result<Vec<Wake>, Error> {
        let lease = self.config().claim_lease;
        let claim = record::Claim { limit, now, lease };
        if self.is_shared() {
            // Beside the writers, so that replicas do not wait for each other.
            claim.run_alone(&mut self.reader().await?.sql()).await
        } else {
            self.submit(claim).await
        }
    }

    /// When the next wake that nobody has claimed is due, or the next claim runs out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_wake(&self) -> Result<Option<Timestamp>, Error> {
        record::next(&mut self.reader().await?.sql()).await
    }

    /// Gives a wake up without a commit, as for an object that is gone. A newer wake stays.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn clear_wake(&self, wake: &Wake) -> Result<(), Error> {
        self.submit(record::Clear {
            object: wake.object.clone(),
            token: wake.token,
        })
        .await
    }

    /// Sets a wake free for another try at `retry_at`; at once, if a newer wake came.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release_wake(&self, wake: &Wake, retry_at: Timestamp) -> Result<(), Error> {
        let object = wake.object.clone();
        self.submit(record::Release {
            object,
            token: wake.token,
            retry_at,
        })
        .await
    }

    /// Wakes these objects at `at`, or earlier if they are to be woken earlier anyway.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn wake_at(&self, objects: Vec<ObjectKey>, at: Timestamp) -> Result<(), Error> {
        self.submit(record::Schedule { objects, at }).await
    }
}

/// How long a claim lasts when nothing else is configured.
pub(crate) const DEFAULT_LEASE: Duration = Duration::from_secs(30);
