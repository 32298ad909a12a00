//! The state of one unit.

use std::{collections::HashMap, sync::Arc};

use tokio::time::Instant;

use cluster::{Blob, Error, ObjectId, Record};
use model::{Bundle, Digest, Head, Target, UnitId, UnitPhase, UnitRevision};

use super::config::Pace;
use crate::{
    inventory::{Damaged, Inventory},
    plan::Reason,
    report::{Fault, Seen},
    target::{self, Work},
};

/// What the engine knows of a unit.
#[derive(Debug)]
pub(super) struct Unit {
    /// The latest head that was accepted.
    pub(super) head: Head,
    /// What is being worked on: that of `head`, or of the one before if that cannot be taken.
    pub(super) work: Work,
    /// Why the bundle of `head` cannot be taken.
    pub(super) refused: Option<String>,
    /// The bundle of `work`, until its first job.
    pub(super) fresh: Option<(Option<Arc<Bundle>>, tracing::Span)>,
    /// What was written. Every object in it is in the record too.
    pub(super) inventory: Inventory,
    /// Version of the record; empty if there is none.
    pub(super) version: String,
    /// Revision that the record holds.
    pub(super) saved: Option<UnitRevision>,
    /// A bundle in chunks that the record named before.
    pub(super) stale: Vec<Blob>,
    /// When the record is to be brought up to date.
    pub(super) save_at: Option<Instant>,
    /// Whether a job is under way.
    pub(super) running: bool,
    /// When the record of a deleted unit is removed.
    pub(super) remove_at: Option<Instant>,
    pub(super) phase: Option<UnitPhase>,
    pub(super) reported: Option<Digest>,
    pub(super) seen: Seen,
    pub(super) faults: HashMap<ObjectId, Fault>,
    retries: HashMap<ObjectId, Retry>,
    contests: HashMap<ObjectId, Contest>,
}

#[derive(Debug)]
struct Retry {
    attempts: u32,
    until: Instant,
}

#[derive(Debug)]
struct Contest {
    heals: u32,
    begun: Instant,
    until: Option<Instant>,
}

/// A record that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error(transparent)]
    Inventory(#[from] Damaged),
    #[error(transparent)]
    Bundle(#[from] target::Error),
    #[error("it names a bundle and does not hold it")]
    NoBundle,
}

impl Unit {
    /// A unit that was never recorded. `inventory` is what its labels say it has.
    pub(super) fn new(head: Head, inventory: Inventory) -> Self {
        // What is accepted next must count as newer than nothing.
        let head = Head {
            revision: UnitRevision::default(),
            ..head
        };
        let work = Work {
            head: head.clone(),
            blob: None,
            items: [].into(),
            requires: [].into(),
        };
        Self {
            head,
            work,
            refused: None,
            fresh: None,
            inventory,
            version: String::new(),
            saved: None,
            stale: Vec::new(),
            save_at: None,
            running: false,
            remove_at: None,
            phase: None,
            reported: None,
            seen: Seen::default(),
            faults: HashMap::new(),
            retries: HashMap::new(),
            contests: HashMap::new(),
        }
    }

    pub(super) fn recorded(record: Record) -> Result<Self, Unusable> {
        if matches!(record.head.target, Target::Bundle(_)) && record.bundle.is_none() {
            return Err(Unusable::NoBundle);
        }
        let inventory = Inventory::decode(&record.inventory)?;
        let work = Work::recorded(record.head.clone(), record.bundle)?;
        let mut unit = Self::new(record.head.clone(), inventory);
        unit.saved = Some(record.head.revision);
        unit.head = record.head;
        unit.work = work;
        unit.version = record.version;
        Ok(unit)
    }

    /// Takes a newer head in; gives the units that the work before required.
    pub(super) fn take(
        &mut self,
        head: Head,
        work: Result<Work, target::Error>,
        bundle: Option<Arc<Bundle>>,
        span: tracing::Span,
    ) -> Vec<UnitId> {
        debug_assert!(
            self.head.revision <= head.revision,
            "the revision of a unit never falls"
        );
        self.head = head;
        self.faults.clear();
        self.retries.clear();
        self.remove_at = None;
        match work {
            Err(error) => {
                self.refused = Some(error.to_string());
                Vec::new()
            }
            Ok(work) => {
                self.refused = None;
                self.fresh = Some((bundle, span));
                let old = std::mem::replace(&mut self.work, work);
                if let Some(blob) = old
                    .blob
                    .filter(|blob| self.work.blob.as_ref() != Some(blob))
                {
                    self.stale.push(blob);
                }
                old.requires.to_vec()
            }
        }
    }

    /// Every object that the unit has or should have.
    pub(super) fn objects(&self) -> impl Iterator<Item = &ObjectId> {
        let items = self.work.items.iter().map(|item| &item.object);
        items.chain(self.inventory.iter().map(|entry| &entry.object))
    }

    /// Whether the record says what is being worked on, if anything is.
    pub(super) fn is_saved(&self) -> bool {
        !self.has_work() || self.saved == Some(self.work.head.revision)
    }

    /// Whether a bundle or tombstone was ever taken. One that was refused is not recorded, so that the hub sends it
    /// again to an agent that understands it.
    pub(super) fn has_work(&self) -> bool {
        self.work.head.revision > UnitRevision::default()
    }

    /// The record as it would be written with `inventory`.
    pub(super) fn record(&self, inventory: &Inventory) -> Record {
        Record {
            head: self.work.head.clone(),
            bundle: self.work.blob.clone(),
            inventory: inventory.encode(),
            objects: inventory.len(),
            version: self.version.clone(),
        }
    }

    /// Why an object is left alone at `now` although it should be written.
    pub(super) fn hold(&self, object: &ObjectId, reason: Reason, now: Instant) -> Option<String> {
        if let Some(retry) = self.retries.get(object).filter(|retry| retry.until > now) {
            let fault = self
                .faults
                .get(object)
                .map(|fault| fault.message.clone())
                .unwrap_or_default();
            let seconds = (retry.until - now).as_secs().max(1);
            return Some(format!("{fault}; it is tried again in {seconds} s"));
        }
        let contest = self.contests.get(object).filter(|_| reason.is_heal())?;
        contest
            .until
            .is_some_and(|until| until > now)
            .then(String::new)
    }

    /// When something that is held becomes free.
    pub(super) fn next_free(&self, now: Instant) -> Option<Instant> {
        let retries = self.retries.values().map(|retry| retry.until);
        let contests = self.contests.values().filter_map(|contest| contest.until);
        retries.chain(contests).filter(|at| *at > now).min()
    }

    pub(super) fn fail(&mut self, object: &ObjectId, error: &Error, pace: &Pace, now: Instant) {
        let passing = error.is_passing();
        self.faults.insert(
            object.clone(),
            Fault {
                message: error.to_string(),
                passing,
            },
        );
        let retry = self.retries.entry(object.clone()).or_insert(Retry {
            attempts: 0,
            until: now,
        });
        let first = if passing { pace.passing } else { pace.refused };
        retry.until =
            now + (first * 2_u32.saturating_pow(retry.attempts.min(12))).min(pace.longest_retry);
        retry.attempts += 1;
    }

    pub(super) fn succeed(&mut self, object: &ObjectId) {
        self.faults.remove(object);
        self.retries.remove(object);
    }

    /// Takes note of a repair; too many in a short time make the object contested for a while.
    pub(super) fn healed(&mut self, object: &ObjectId, pace: &Pace, now: Instant) {
        let fresh = || Contest {
            heals: 0,
            begun: now,
            until: None,
        };
        let contest = self.contests.entry(object.clone()).or_insert_with(fresh);
        let peace = match contest.until {
            Some(until) => now > until + pace.window,
            None => now > contest.begun + pace.window,
        };
        if peace {
            *contest = fresh();
        }
        contest.heals += 1;
        if contest.heals >= Pace::HEALS {
            let exponent = (contest.heals - Pace::HEALS).min(12);
            contest.until = Some(now + (pace.truce * (1 << exponent)).min(pace.longest_truce));
        }
    }
}
