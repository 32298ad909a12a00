//! Taking in what became of a job.

use futures::FutureExt;
use tokio::time::Instant;

use cluster::{Error, Record};
use model::{UnitId, UnitRevision};

use super::{Engine, config::Pace, unit::Unit};
use crate::{
    apply::{Applied, Outcome},
    kube::Kube,
    live::{Live, Sight},
    plan::{Action, Plan, Step},
    target::Work,
};

/// What became of a job.
#[derive(Debug)]
pub(super) enum Done {
    /// A plan was carried out, or as much of it as could be.
    Applied(Box<Finished>),
    /// A record was brought up to date.
    Saved {
        unit: UnitId,
        revision: UnitRevision,
        result: Result<String, Error>,
    },
    /// A record that another agent had written was read again.
    Reread {
        unit: UnitId,
        result: Result<Option<Record>, Error>,
    },
    /// The record of a deleted unit was removed.
    Removed {
        unit: UnitId,
        result: Result<(), Error>,
    },
}

/// A plan that was carried out.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) unit: UnitId,
    /// What was worked on, whatever has been accepted since.
    pub(super) work: Work,
    pub(super) plan: Plan,
    pub(super) applied: Applied,
    pub(super) span: tracing::Span,
}

impl<K: Kube> Engine<K> {
    pub(super) fn settle(&mut self, done: Done) {
        let now = Instant::now();
        match done {
            Done::Applied(finished) => {
                if let Some(unit) = self.units.get_mut(&finished.unit) {
                    unit.running = false;
                }
                finished
                    .span
                    .clone()
                    .in_scope(|| self.settle_applied(*finished, now));
            }
            Done::Saved {
                unit: id,
                revision,
                result,
            } => {
                if let Some(unit) = self.units.get_mut(&id) {
                    unit.running = false;
                }
                self.settle_record(&id, revision, result, now);
                self.queue.put(id, now);
            }
            Done::Reread { unit: id, result } => self.settle_reread(&id, result, now),
            Done::Removed { unit: id, result } => match result {
                Ok(()) => {
                    self.units.remove(&id);
                    self.owners.retain(|_, owner| *owner != id);
                    self.watch_kinds();
                }
                Err(error) => {
                    tracing::warn!(unit.id = %id, %error, "the record of a deleted unit was not removed");
                    if let Some(unit) = self.units.get_mut(&id) {
                        unit.running = false;
                        unit.remove_at = Some(now + self.config.keep_tombstones);
                        self.queue.put(id, now + self.config.keep_tombstones);
                    }
                }
            },
        }
    }

    fn settle_applied(&mut self, finished: Finished, now: Instant) {
        let Finished {
            unit: id,
            work,
            plan,
            applied,
            ..
        } = finished;
        if let Some(result) = applied.record
            && !self.settle_record(&id, work.head.revision, result, now)
        {
            return;
        }
        let Some(unit) = self.units.get_mut(&id) else {
            return;
        };
        unit.inventory = plan.inventory;
        unit.save_at.get_or_insert(now + self.config.save_delay);
        let mut outage = None;
        for (step, outcome) in applied.outcomes {
            self.stats.count(&step, &outcome);
            match outcome {
                Outcome::Written(live) => {
                    let before = self.cache.sight(&step.object);
                    written(unit, &work, &step, &live);
                    if matches!(&step.action, Action::Apply { reason, .. } if reason.is_heal()) {
                        unit.healed(&step.object, &self.config.pace, now);
                    }
                    log_heal(unit, &step, &before);
                    self.cache.put(step.object, *live);
                }
                Outcome::Gone => unit.inventory.remove(&step.object),
                Outcome::Leaving => unit.succeed(&step.object),
                Outcome::Failed(error) if error.is_outage() => outage = Some(error),
                Outcome::Failed(error) => failed(unit, &step, &error, &self.config.pace, now),
                Outcome::Skipped => {}
            }
        }
        self.settle_outage(outage, now);
        self.reindex(&id, &[]);
        // What remains is seen by looking again; an answer may also have been overtaken by an event meanwhile.
        self.queue.put(id, now);
    }

    /// Whether the record was written.
    fn settle_record(
        &mut self,
        id: &UnitId,
        revision: UnitRevision,
        result: Result<String, Error>,
        now: Instant,
    ) -> bool {
        let Some(unit) = self.units.get_mut(id) else {
            return false;
        };
        match result {
            Ok(version) => {
                unit.version = version;
                unit.saved = Some(revision);
                self.settle_outage(None, now);
                return true;
            }
            Err(Error::Conflict { .. } | Error::Exists { .. } | Error::NotFound { .. }) => {
                unit.running = true;
                let (kube, id) = (self.kube.clone(), id.clone());
                let work = async move {
                    let result = kube.find_record(&id).await;
                    Done::Reread { unit: id, result }
                };
                self.jobs.push(work.boxed());
                return false;
            }
            Err(error) if error.is_outage() => self.settle_outage(Some(error), now),
            Err(error) => {
                // Without its record nothing of the unit may be written: everybody waits, and is told why.
                tracing::error!(unit.id = %id, %error, "the record of a unit cannot be written");
                self.settle_outage(
                    Some(Error::Unavailable {
                        message: error.to_string(),
                    }),
                    now,
                );
            }
        }
        self.queue.put(id.clone(), now);
        false
    }

    fn settle_reread(&mut self, id: &UnitId, result: Result<Option<Record>, Error>, now: Instant) {
        let Some(unit) = self.units.get_mut(id) else {
            return;
        };
        unit.running = false;
        self.queue.put(id.clone(), now);
        match result {
            Ok(None) => {
                unit.version = String::new();
                unit.saved = None;
            }
            Ok(Some(record)) if record.head.revision > unit.head.revision => {
                tracing::warn!(unit.id = %id, "another agent has taken a newer head; it is taken over");
                match Unit::recorded(record) {
                    Ok(newer) => {
                        *unit = newer;
                        self.reindex(id, &[]);
                    }
                    Err(error) => {
                        tracing::error!(unit.id = %id, %error, "its record cannot be read")
                    }
                }
            }
            Ok(Some(record)) => {
                unit.version = record.version;
                unit.saved = None;
            }
            Err(error) => self.settle_outage(Some(error), now),
        }
    }

    /// Takes note of an outage, or of its end.
    fn settle_outage(&mut self, error: Option<Error>, now: Instant) {
        match error {
            Some(error) => {
                if self.outage.message.is_none() {
                    tracing::warn!(%error, "the cluster cannot be written to; it is tried again");
                }
                let delay =
                    std::time::Duration::from_millis(100) * (1 << self.outage.attempts.min(6));
                self.outage.attempts += 1;
                self.outage.message = Some(error.to_string());
                self.outage.until = Some(now + delay);
            }
            None if self.outage.message.is_some() => {
                tracing::info!(
                    attempts = self.outage.attempts,
                    "the cluster can be written to again"
                );
                self.outage = super::Outage::default();
                // Reports that tell of the outage are overtaken.
                self.units
                    .keys()
                    .for_each(|id| self.queue.put(id.clone(), now));
            }
            None => {}
        }
    }
}

fn written(unit: &mut Unit, work: &Work, step: &Step, live: &Live) {
    unit.succeed(&step.object);
    let digest = work
        .items
        .iter()
        .find(|item| item.object == step.object)
        .map(|item| item.digest);
    if let Some(entry) = unit.inventory.find_mut(&step.object) {
        entry.uid = live.uid.to_string();
        entry.written = digest;
        entry.owned = live.owned;
    }
}

fn failed(unit: &mut Unit, step: &Step, error: &Error, pace: &Pace, now: Instant) {
    tracing::warn!(unit.id = %unit.head.unit, object = %step.object, %error, "an object could not be written");
    unit.fail(&step.object, error, pace, now);
    // What was to be made once has certainly not been made: it may be tried again.
    let never_made = step.action == Action::Create && !matches!(error, Error::Unavailable { .. });
    if never_made {
        unit.inventory.remove(&step.object);
    }
}

/// Names who has changed what was repaired, as far as the object told before.
fn log_heal(unit: &Unit, step: &Step, before: &Sight) {
    let Action::Apply { reason, .. } = &step.action else {
        return;
    };
    if !reason.is_heal() {
        return;
    }
    let by = match before {
        Sight::Present(live) => live.other_manager.as_deref().unwrap_or("unknown"),
        Sight::Absent | Sight::Unseen => "unknown",
    };
    tracing::info!(
        unit.id = %unit.head.unit, object = %step.object, ?reason, by, "an object was repaired"
    );
}
