//! Accepted heads on their way to the agent: per unit only the latest waits, and its bundle is fetched here.
//!
//! The feed outlives sessions: a head that was taken is handed over once its bundle can be had, whatever happens to
//! the connection. A bundle that cannot be had holds up its own unit alone.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::{Notify, mpsc};

use kit::Backoff;
use model::{Bundle, Head, Target, UnitId, UnitRevision};

use crate::fetch::{self, Fetch};
use crate::inbox::Accepted;
use crate::link::Shared;

/// Delays between attempts to fetch one bundle.
const AGAIN: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(60));

/// Heads that wait. Cheap to clone; putting never waits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Feed(Arc<Queue>);

#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    order: BTreeSet<(UnitRevision, UnitId)>,
    entries: HashMap<UnitId, Entry>,
}

#[derive(Debug)]
struct Entry {
    head: Head,
    /// The bundle, if it came with the head.
    bundle: Option<Arc<Bundle>>,
    attempts: kit::backoff::Delays,
}

impl Feed {
    /// Lets a head wait; it replaces an older one of its unit.
    pub(crate) fn put(&self, head: Head, bundle: Option<Arc<Bundle>>) {
        self.put_entry(Entry {
            head,
            bundle,
            attempts: AGAIN.delays(),
        });
    }

    /// How many heads wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().entries.len()
    }

    fn put_entry(&self, entry: Entry) {
        let mut waiting = self.lock();
        let (unit, revision) = (entry.head.unit.clone(), entry.head.revision);
        let other = waiting.entries.get(&unit).map(|other| other.head.revision);
        if other.is_some_and(|other| other > revision) {
            return;
        }
        if let Some(other) = other {
            waiting.order.remove(&(other, unit.clone()));
        }
        waiting.order.insert((revision, unit.clone()));
        waiting.entries.insert(unit, entry);
        drop(waiting);
        self.0.filled.notify_one();
    }

    /// The oldest head that waits.
    fn pop(&self) -> Option<Entry> {
        let mut waiting = self.lock();
        let (_, unit) = waiting.order.pop_first()?;
        waiting.entries.remove(&unit)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands over what waits, for as long as the agent takes it.
pub(crate) async fn deliver(shared: &Shared, inbox: mpsc::Sender<Accepted>) {
    let mut fetching: FuturesUnordered<BoxFuture<'_, (Entry, Fetch)>> = FuturesUnordered::new();
    let mut resting: FuturesUnordered<BoxFuture<'_, Entry>> = FuturesUnordered::new();
    loop {
        while fetching.len() < shared.config.fetches.max(1)
            && let Some(entry) = shared.feed.pop()
        {
            fetching.push(Box::pin(fetch_entry(shared, entry)));
        }
        tokio::select! {
            Some((entry, fetched)) = fetching.next(), if !fetching.is_empty() => {
                if !shared.known().is_current(&entry.head) {
                    // A newer head of the unit waits behind it.
                    continue;
                }
                let bundle = match fetched {
                    Fetch::Nothing => None,
                    Fetch::Bundle(bundle) => Some(bundle),
                    Fetch::Failed(error) => {
                        resting.push(Box::pin(rest(entry, error)));
                        continue;
                    }
                };
                if inbox.send(Accepted { head: entry.head, bundle }).await.is_err() {
                    return;
                }
            }
            Some(entry) = resting.next(), if !resting.is_empty() => shared.feed.put_entry(entry),
            () = shared.feed.0.filled.notified() => {}
        }
    }
}

async fn fetch_entry(shared: &Shared, mut entry: Entry) -> (Entry, Fetch) {
    let fetched = match (entry.head.target, entry.bundle.take()) {
        (Target::Tombstone(_), _) => Fetch::Nothing,
        (Target::Bundle(_), Some(bundle)) => Fetch::Bundle(bundle),
        (Target::Bundle(digest), None) => fetch::bundle(shared, digest).await,
    };
    (entry, fetched)
}

async fn rest(mut entry: Entry, error: fetch::Error) -> Entry {
    let delay = entry.attempts.next_delay();
    tracing::warn!(
        unit.id = %entry.head.unit, head.revision = %entry.head.revision, error = %kit::chain(&error), ?delay,
        "a bundle cannot be had yet"
    );
    tokio::time::sleep(delay).await;
    entry
}
