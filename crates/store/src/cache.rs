//! What memory keeps of the database: objects, index members, and the newest changes.
//!
//! Whatever changes the database is told to this cache in the order of the revisions, by the writer of
//! this process before it answers and from the change log when another replica wrote, so what is found
//! here is what the database said at the revision up to which all was told. A reader that fills it
//! from a snapshot names the stamp taken before: if something was told in between, the reader's state
//! may be old and is not kept. When the bound is reached, entries are thrown out at random.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use indexmap::IndexMap;
use model::{Revision, Stored};

use crate::{changes::Changes, changes::Event, indexes::IndexEntry, writer::Touched};

/// Change records kept in memory.
pub(crate) const EVENTS: usize = 2048;
/// Weight of an entry beside its texts.
const OVERHEAD: usize = 512;

/// A bounded copy of the newest durable state.
pub(crate) struct Cache {
    limit: usize,
    stamp: AtomicU64,
    state: Mutex<State>,
    log: Mutex<Log>,
}

/// The time of a read, by the number of publications before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp(u64);

#[derive(Default)]
struct State {
    objects: IndexMap<String, Option<Arc<Stored>>>,
    indexes: IndexMap<String, Arc<IndexEntry>>,
    bytes: usize,
    chance: u64,
}

struct Log {
    /// The log in memory is complete after this.
    floor: Revision,
    newest: Revision,
    events: VecDeque<Arc<Event>>,
}

impl Cache {
    pub(crate) fn new(limit: usize, newest: Revision) -> Self {
        Self {
            limit,
            stamp: AtomicU64::new(0),
            state: Mutex::default(),
            log: Mutex::new(Log::after(newest)),
        }
    }

    /// To be taken before reading what is filled in afterwards.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp(self.stamp.load(Ordering::Acquire))
    }

    /// `None`: not known. `Some(None)`: known not to exist.
    pub(crate) fn object(&self, text: &str) -> Option<Option<Arc<Stored>>> {
        self.state().objects.get(text).cloned()
    }

    pub(crate) fn index(&self, text: &str) -> Option<Arc<IndexEntry>> {
        self.state().indexes.get(text).cloned()
    }

    pub(crate) fn fill_object(&self, text: String, object: Option<Arc<Stored>>, stamp: Stamp) {
        let mut state = self.state();
        if self.stamp() == stamp {
            state.put_object(text, object);
            state.shrink(self.limit);
        }
    }

    pub(crate) fn fill_index(&self, text: String, entry: Arc<IndexEntry>, stamp: Stamp) {
        let mut state = self.state();
        if self.stamp() == stamp {
            state.bytes += index_weight(&text, &entry);
            if let Some(old) = state.indexes.insert(text.clone(), entry) {
                state.bytes -= index_weight(&text, &old);
            }
            state.shrink(self.limit);
        }
    }

    /// Takes in what a transaction changed.
    pub(crate) fn publish(&self, touched: Touched, newest: Revision) {
        {
            let mut state = self.state();
            self.stamp.fetch_add(1, Ordering::AcqRel);
            for (text, object) in touched.objects {
                state.put_object(text, object);
            }
            for text in touched.forgotten {
                if let Some(old) = state.objects.swap_remove(&text) {
                    state.bytes -= object_weight(&text, old.as_deref());
                }
            }
            for text in touched.indexes {
                if let Some(old) = state.indexes.swap_remove(&text) {
                    state.bytes -= index_weight(&text, &old);
                }
            }
            state.shrink(self.limit);
        }
        let mut log = self.log();
        log.events.extend(touched.events);
        log.newest = newest;
        let compacted = touched.compacted.unwrap_or_default();
        while log.events.len() > EVENTS
            || log
                .events
                .front()
                .is_some_and(|oldest| oldest.revision <= compacted)
        {
            log.floor = log
                .events
                .pop_front()
                .map_or(log.floor, |dropped| dropped.revision);
        }
        log.floor = log.floor.max(compacted);
    }

    /// Forgets everything, because of how much has changed up to `newest`.
    pub(crate) fn reset(&self, newest: Revision) {
        {
            let mut state = self.state();
            self.stamp.fetch_add(1, Ordering::AcqRel);
            *state = State::default();
        }
        *self.log() = Log::after(newest);
    }

    /// The changes after `after`, if memory reaches back to it.
    pub(crate) fn events_after(&self, after: Revision, limit: usize) -> Option<Changes> {
        let log = self.log();
        if after < log.floor || after > log.newest {
            return None;
        }
        let start = log.events.partition_point(|event| event.revision <= after);
        let events: Vec<_> = log.events.iter().skip(start).take(limit).cloned().collect();
        let up_to = match events.last() {
            Some(last) if start + events.len() < log.events.len() => last.revision,
            _ if limit == 0 => after,
            _ => log.newest,
        };
        Some(Changes::Events { events, up_to })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    const fn after(newest: Revision) -> Self {
        Self {
            floor: newest,
            newest,
            events: VecDeque::new(),
        }
    }
}

impl State {
    fn put_object(&mut self, text: String, object: Option<Arc<Stored>>) {
        self.bytes += object_weight(&text, object.as_deref());
        let weight = text.len();
        if let Some(old) = self.objects.insert(text, object) {
            self.bytes -= weight + object_weight("", old.as_deref());
        }
    }

    fn shrink(&mut self, limit: usize) {
        while self.bytes > limit {
            // A step of a linear congruence: which entry goes need not be fair, only cheap.
            self.chance = self
                .chance
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let total = self.objects.len() + self.indexes.len();
            if total == 0 {
                self.bytes = 0;
                return;
            }
            let victim = usize::try_from(self.chance >> 33).unwrap_or_default() % total;
            if let Some((text, object)) = self.objects.swap_remove_index(victim) {
                self.bytes -= object_weight(&text, object.as_deref());
            } else if let Some((text, entry)) =
                self.indexes.swap_remove_index(victim - self.objects.len())
            {
                self.bytes -= index_weight(&text, &entry);
            }
        }
    }
}

fn object_weight(text: &str, object: Option<&Stored>) -> usize {
    let parts = object.map_or(0, |object| {
        object.envelope.spec.as_str().len() + object.envelope.status.as_str().len() + OVERHEAD
    });
    text.len() + parts + OVERHEAD
}

fn index_weight(text: &str, entry: &IndexEntry) -> usize {
    text.len()
        + entry
            .objects
            .iter()
            .map(|object| object.len() + 32)
            .sum::<usize>()
        + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fill_that_was_overtaken_by_a_write_is_not_kept() {
        let cache = Cache::new(1 << 20, Revision(0));
        let stamp = cache.stamp();
        cache.publish(Touched::default(), Revision(1));
        cache.fill_object("Component/a/b".to_owned(), None, stamp);
        assert!(cache.object("Component/a/b").is_none());
        cache.fill_object("Component/a/b".to_owned(), None, cache.stamp());
        assert_eq!(
            cache.object("Component/a/b").map(|known| known.is_none()),
            Some(true)
        );
    }

    #[test]
    fn memory_stays_within_its_bound() {
        let cache = Cache::new(100 * OVERHEAD, Revision(0));
        for number in 0..1000 {
            cache.fill_object(format!("Component/a/{number}"), None, cache.stamp());
        }
        let state = cache.state();
        assert!(state.bytes <= 100 * OVERHEAD && !state.objects.is_empty());
        let sum: usize = state
            .objects
            .keys()
            .map(|text| object_weight(text, None))
            .sum();
        assert_eq!(sum, state.bytes);
    }
}
