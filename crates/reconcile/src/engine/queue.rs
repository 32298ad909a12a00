//! When each unit is looked at next.

use std::collections::{BTreeSet, HashMap};

use tokio::time::Instant;

use model::UnitId;

/// Units by the moment at which they are due; each is in it once, at its earliest.
#[derive(Debug, Default)]
pub(super) struct Queue {
    order: BTreeSet<(Instant, UnitId)>,
    due: HashMap<UnitId, Instant>,
}

impl Queue {
    /// Makes a unit due at `at`, unless it is due before.
    pub(super) fn put(&mut self, unit: UnitId, at: Instant) {
        if let Some(known) = self.due.get(&unit) {
            if *known <= at {
                return;
            }
            self.order.remove(&(*known, unit.clone()));
        }
        self.due.insert(unit.clone(), at);
        self.order.insert((at, unit));
    }

    /// The next unit that is due at `now`.
    pub(super) fn pop(&mut self, now: Instant) -> Option<UnitId> {
        if self.order.first()?.0 > now {
            return None;
        }
        let (_, unit) = self.order.pop_first()?;
        self.due.remove(&unit);
        Some(unit)
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_unit_is_due_once_at_its_earliest() {
        let now = Instant::now();
        let unit: UnitId = "component.a.b".parse().unwrap();
        let mut queue = Queue::default();
        for seconds in [5, 1, 3] {
            queue.put(unit.clone(), now + Duration::from_secs(seconds));
        }
        assert_eq!(queue.next(), Some(now + Duration::from_secs(1)));
        assert_eq!(queue.pop(now), None);
        assert_eq!(queue.pop(now + Duration::from_secs(1)), Some(unit));
        assert_eq!(queue.next(), None);
    }
}
