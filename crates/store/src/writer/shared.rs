//! What readers and the writer share in memory.

use tokio::sync::watch;

use model::Revision;

use super::{Counters, Touched};
use crate::cache::Cache;

/// The durable state as far as memory keeps it.
pub(crate) struct Shared {
    pub(crate) cache: Cache,
    pub(crate) revision: watch::Sender<Revision>,
    pub(crate) wakes: watch::Sender<u64>,
    pub(crate) incarnation: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(counters: &Counters, cache_bytes: usize) -> Self {
        let revision = Revision(counters.revision);
        Self {
            cache: Cache::new(cache_bytes, revision),
            revision: watch::Sender::new(revision),
            wakes: watch::Sender::new(counters.wake_token),
            incarnation: watch::Sender::new(counters.incarnation),
        }
    }

    /// Makes a durable transaction known: objects first, then those who wait.
    pub(super) fn publish(&self, counters: &Counters, touched: Touched) {
        let wakes = touched.wakes;
        self.cache.publish(touched, Revision(counters.revision));
        self.incarnation.send_if_modified(|known| {
            std::mem::replace(known, counters.incarnation) != counters.incarnation
        });
        self.revision.send_if_modified(|known| {
            std::mem::replace(known, Revision(counters.revision)).0 != counters.revision
        });
        if wakes {
            self.wakes
                .send_modify(|number| *number = number.wrapping_add(1));
        }
    }
}
