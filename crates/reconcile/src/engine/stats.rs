//! What an engine has done, for metrics and tests.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::{
    apply::Outcome,
    plan::{Action, Step},
};

/// Counters of an engine. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Stats(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    units: AtomicU64,
    objects: AtomicU64,
    jobs: AtomicU64,
    applied: AtomicU64,
    healed: AtomicU64,
    deleted: AtomicU64,
    failed: AtomicU64,
}

impl Stats {
    /// Name, meaning and value of each counter; whether it only grows.
    #[must_use]
    pub fn values(&self) -> [(&'static str, &'static str, u64); 7] {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [
            (
                "reconcile.units",
                "units that the agent works on",
                value(&self.0.units),
            ),
            (
                "reconcile.objects",
                "live objects that the agent knows",
                value(&self.0.objects),
            ),
            (
                "reconcile.jobs",
                "units that are being worked on now",
                value(&self.0.jobs),
            ),
            (
                "reconcile.applied",
                "objects written",
                value(&self.0.applied),
            ),
            (
                "reconcile.healed",
                "objects written because somebody had changed or deleted them",
                value(&self.0.healed),
            ),
            (
                "reconcile.deleted",
                "objects deleted",
                value(&self.0.deleted),
            ),
            (
                "reconcile.failed",
                "attempts to write or delete an object that failed",
                value(&self.0.failed),
            ),
        ]
    }

    /// How many objects were repaired.
    #[must_use]
    pub fn healed(&self) -> u64 {
        self.0.healed.load(Ordering::Relaxed)
    }

    pub(super) fn set_state(&self, units: usize, objects: usize, jobs: usize) {
        let set = |counter: &AtomicU64, value: usize| {
            counter.store(u64::try_from(value).unwrap_or(u64::MAX), Ordering::Relaxed);
        };
        set(&self.0.units, units);
        set(&self.0.objects, objects);
        set(&self.0.jobs, jobs);
    }

    pub(super) fn count(&self, step: &Step, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Written(_) => &self.0.applied,
            Outcome::Leaving => &self.0.deleted,
            Outcome::Failed(_) => &self.0.failed,
            Outcome::Gone | Outcome::Skipped => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        if let (Action::Apply { reason, .. }, Outcome::Written(_)) = (&step.action, outcome)
            && reason.is_heal()
        {
            self.0.healed.fetch_add(1, Ordering::Relaxed);
        }
    }
}
