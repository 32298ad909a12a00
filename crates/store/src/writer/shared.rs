//! What readers and the writer share in memory, and how it follows the database.
//!
//! The writer tells of its own transactions. What other replicas wrote is read from the change log,
//! whose order is that of the commits; nothing is told twice or left out, since whoever tells holds
//! the counters up to which all was told.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Mutex, MutexGuard, watch};

use model::Revision;

use super::{Counters, Touched};
use crate::{Error, cache::Cache, changes, sql::Sql};

/// The durable state as far as memory keeps it.
pub(crate) struct Shared {
    pub(crate) cache: Cache,
    pub(crate) revision: watch::Sender<Revision>,
    pub(crate) wakes: watch::Sender<u64>,
    pub(crate) incarnation: watch::Sender<u64>,
    known: Mutex<Known>,
    /// How often the database was asked for what is new.
    begun: AtomicU64,
}

/// What memory knows.
struct Known {
    counters: Counters,
    /// The newest look at the database that has ended well, counted by `Shared::begun`.
    looked: u64,
}

/// The right to bring memory up to date.
pub(crate) struct Turn<'a> {
    shared: &'a Shared,
    known: MutexGuard<'a, Known>,
}

impl Shared {
    pub(crate) fn new(counters: &Counters, cache_bytes: usize) -> Self {
        let revision = Revision(counters.revision);
        Self {
            cache: Cache::new(cache_bytes, revision),
            revision: watch::Sender::new(revision),
            wakes: watch::Sender::new(counters.wake_token),
            incarnation: watch::Sender::new(counters.incarnation),
            known: Mutex::new(Known {
                counters: *counters,
                looked: 0,
            }),
            begun: AtomicU64::new(0),
        }
    }

    /// Makes a durable transaction of this process known. Gives `false` when others wrote before it
    /// what is not known yet: then it is all to be read from the change log.
    pub(super) async fn publish(
        &self,
        began: Counters,
        counters: Counters,
        touched: Touched,
    ) -> bool {
        let mut known = self.known.lock().await;
        let (next, wakes) = (known.counters.revision == began.revision, touched.wakes);
        if next {
            self.cache.publish(touched, Revision(counters.revision));
            self.tell(&mut known, counters);
        }
        if wakes {
            self.wake();
        }
        next
    }

    /// Tells that there may be something to claim.
    pub(crate) fn wake(&self) {
        self.wakes
            .send_modify(|number| *number = number.wrapping_add(1));
    }

    /// Waits for the turn to bring memory up to date; `None` when someone has done so since this was
    /// called. No connection may be held meanwhile: the one whose turn it is may wait for it.
    pub(crate) async fn turn(&self) -> Option<Turn<'_>> {
        let begun = self.begun.load(Ordering::Acquire);
        let known = self.known.lock().await;
        (known.looked <= begun).then_some(Turn {
            shared: self,
            known,
        })
    }

    /// Objects first, then those who wait.
    fn tell(&self, known: &mut Known, counters: Counters) {
        known.counters = counters;
        self.incarnation.send_if_modified(|known| {
            std::mem::replace(known, counters.incarnation) != counters.incarnation
        });
        self.revision.send_if_modified(|known| {
            std::mem::replace(known, Revision(counters.revision)).0 != counters.revision
        });
    }
}

impl Turn<'_> {
    /// Brings memory up to what the database holds now.
    pub(crate) async fn refresh(mut self, sql: &mut Sql<'_>) -> Result<(), Error> {
        let look = self.shared.begun.fetch_add(1, Ordering::AcqRel) + 1;
        let (before, now) = (self.known.counters, Counters::load(sql).await?);
        let (after, up_to) = (Revision(before.revision), Revision(now.revision));
        let cache = &self.shared.cache;
        // A database that was put back to an earlier state is another one.
        let news = match up_to >= after {
            true => changes::record::news(sql, after, up_to).await?,
            false => None,
        };
        match news {
            Some(_) if up_to == after => {}
            Some(touched) => cache.publish(touched, up_to),
            None => cache.reset(up_to),
        }
        self.shared.tell(&mut self.known, now);
        self.known.looked = look;
        if now.wake_token != before.wake_token {
            self.shared.wake();
        }
        Ok(())
    }
}
