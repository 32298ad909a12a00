//! Looking at a unit that is due: plan, begin what is to be done, say how it fares.

use futures::FutureExt;
use tokio::time::Instant;
use tracing::Instrument;

use cluster::{ObjectId, Record};
use model::{Target, UnitId, UnitPhase};

use super::{
    Engine,
    settle::{Done, Finished},
};
use crate::{
    apply::{self, Job},
    kube::Kube,
    live::Sight,
    plan::{self, Plan, Situation},
    report::{self, Facts},
};

impl<K: Kube> Engine<K> {
    /// When the loop must look at its units again, whatever comes.
    pub(super) fn next_visit(&self) -> Option<Instant> {
        if self.jobs.len() >= self.config.parallel {
            return None;
        }
        let next = self.queue.next()?;
        Some(self.outage.until.map_or(next, |until| next.max(until)))
    }

    /// Looks at every unit that is due, as long as there is room for its job.
    pub(super) fn start_due(&mut self) {
        let now = Instant::now();
        if self.outage.until.is_some_and(|until| until > now) {
            return;
        }
        if now.duration_since(self.budget.since) >= self.config.pace.budget {
            (self.budget.left, self.budget.since) = (self.config.prunes, now);
        }
        while self.jobs.len() < self.config.parallel
            && let Some(id) = self.queue.pop(now)
        {
            self.visit(&id, now);
        }
    }

    fn visit(&mut self, id: &UnitId, now: Instant) {
        let Some(unit) = self.units.get(id) else {
            return;
        };
        if unit.running {
            return;
        }
        if self.is_too_early(id, now) {
            self.queue
                .put(id.clone(), self.started + self.config.listing_grace);
            return;
        }
        if !self.paused && unit.remove_at.is_some_and(|at| at <= now) {
            return self.start_removal(id);
        }
        if !unit.has_work() {
            // Nobody has said what it should be: not a word is a reason to touch anything.
            let nothing = Plan {
                inventory: unit.inventory.clone(),
                ..Plan::default()
            };
            return self.rest(id, &nothing, now);
        }
        let plan = self.plan(id, now);
        let unit = self.units.get_mut(id).expect("it was there above");
        let begun = plan
            .inventory
            .iter()
            .any(|entry| unit.inventory.find(&entry.object).is_none());
        let must_record = !unit.is_saved() || begun;
        if self.paused || plan.is_idle() && !must_record {
            let changed = !self.paused && unit.inventory != plan.inventory;
            if changed {
                unit.inventory = plan.inventory.clone();
                unit.save_at.get_or_insert(now + self.config.save_delay);
            }
            self.rest(id, &plan, now);
            return;
        }
        let record = must_record.then(|| unit.record(&plan.inventory));
        self.start(id, plan, record);
    }

    /// Whether it is not known yet what there is, and the unit is as it was recorded.
    fn is_too_early(&self, id: &UnitId, now: Instant) -> bool {
        let Some(unit) = self.units.get(id) else {
            return true;
        };
        let unsettled = || {
            unit.objects()
                .any(|object| !self.cache.is_settled(&object.kind))
        };
        unit.is_saved()
            && now.duration_since(self.started) < self.config.listing_grace
            && unsettled()
    }

    fn plan(&self, id: &UnitId, now: Instant) -> Plan {
        let unit = &self.units[id];
        let hold = |object: &ObjectId, reason| {
            let held = unit.hold(object, reason, now)?;
            Some(if held.is_empty() {
                self.contest(object)
            } else {
                held
            })
        };
        let mut plan = plan::plan(&Situation {
            unit: id,
            target: unit.work.head.target,
            items: &unit.work.items,
            inventory: &unit.inventory,
            sight: &|object| self.cache.sight(object),
            hold: &hold,
            held: self.held(id),
            budget: self.budget.left,
        });
        for wait in &mut plan.waits {
            // Why the cluster does not say what there is tells more than that it does not.
            if let Some(problem) = self.unwatched.get(&wait.object.kind)
                && self.cache.sight(&wait.object) == Sight::Unseen
            {
                wait.message.clone_from(problem);
            }
        }
        plan
    }

    fn contest(&self, object: &ObjectId) -> String {
        let other = match self.cache.sight(object) {
            Sight::Present(live) => live.other_manager.clone(),
            Sight::Absent | Sight::Unseen => None,
        };
        let other = other.as_deref().unwrap_or("somebody").to_owned();
        format!("{other} keeps changing or deleting it; it is repaired less often now")
    }

    /// What a unit that was never applied waits for.
    fn held(&self, id: &UnitId) -> Option<String> {
        self.units[id]
            .work
            .requires
            .iter()
            .find_map(|required| match self.units.get(required) {
                Some(other) if other.phase == Some(UnitPhase::Applied) => None,
                Some(_) => Some(format!("waits for {required}, which is not applied yet")),
                None => Some(format!(
                    "waits for {required}, which this plane has not received"
                )),
            })
    }

    fn start(&mut self, id: &UnitId, plan: Plan, record: Option<Record>) {
        let unit = self.units.get_mut(id).expect("the caller has looked");
        let (bundle, span) = match unit.fresh.take() {
            Some((bundle, span)) => (bundle, span),
            None => (None, tracing::info_span!("reconcile", unit.id = %id)),
        };
        unit.running = true;
        let pruned = plan.prune.iter().map(Vec::len).sum::<usize>();
        if matches!(unit.work.head.target, Target::Bundle(_)) {
            self.budget.left = self.budget.left.saturating_sub(pruned);
        }
        let job = Job {
            work: unit.work.clone(),
            bundle,
            plan,
            record,
        };
        let (kube, id) = (self.kube.clone(), id.clone());
        let inside = span.clone();
        let work = async move {
            let (plan, work) = (job.plan.clone(), job.work.clone());
            let applied = apply::run(&*kube, job).await;
            Done::Applied(Box::new(Finished {
                unit: id,
                work,
                plan,
                applied,
                span,
            }))
        };
        self.jobs.push(work.instrument(inside).boxed());
    }

    pub(super) fn start_save(&mut self, id: &UnitId) {
        let unit = self
            .units
            .get_mut(id)
            .filter(|unit| !unit.running && unit.has_work());
        let Some(unit) = unit else {
            return;
        };
        unit.save_at = None;
        unit.running = true;
        let record = unit.record(&unit.inventory);
        let mut stale = std::mem::take(&mut unit.stale);
        stale.retain(|blob| unit.work.blob.as_ref() != Some(blob));
        let (kube, id) = (self.kube.clone(), id.clone());
        let work = async move {
            let revision = record.head.revision;
            let result = kube.put_record(&record).await;
            if result.is_ok() {
                for blob in &stale {
                    if let Err(error) = kube.remove_chunks(blob).await {
                        tracing::warn!(unit.id = %id, %error, "chunks of an old bundle were not removed");
                    }
                }
            }
            Done::Saved {
                unit: id,
                revision,
                result,
            }
        };
        self.jobs.push(work.boxed());
    }

    fn start_removal(&mut self, id: &UnitId) {
        let Some(unit) = self.units.get_mut(id) else {
            return;
        };
        unit.running = true;
        let (kube, id) = (self.kube.clone(), id.clone());
        let work = async move {
            let result = kube.remove_record(&id).await;
            Done::Removed { unit: id, result }
        };
        self.jobs.push(work.boxed());
    }

    /// Nothing is being done for the unit: says how it fares, and sets when to look again.
    pub(super) fn rest(&mut self, id: &UnitId, plan: &Plan, now: Instant) {
        self.tell(id, plan, now);
        if self.paused {
            // What is due could not be done, and would be due again at once: the end of the pause looks at every unit.
            return;
        }
        let Some(unit) = self.units.get_mut(id) else {
            return;
        };
        if unit.phase == Some(UnitPhase::Deleted) {
            let at = *unit
                .remove_at
                .get_or_insert(now + self.config.keep_tombstones);
            self.queue.put(id.clone(), at);
        }
        let refill =
            (!plan.waits.is_empty()).then_some(self.budget.since + self.config.pace.budget);
        let again = now + self.config.resync.mul_f64(spread(id));
        self.queue.put(id.clone(), again);
        let free = [unit.next_free(now), refill]
            .into_iter()
            .flatten()
            .filter(|at| *at > now)
            .min();
        if let Some(at) = free {
            self.queue.put(id.clone(), at);
        }
        match unit.save_at {
            Some(at) if at <= now => self.start_save(id),
            Some(at) => self.queue.put(id.clone(), at),
            None => {}
        }
    }

    /// Reports a unit, if there is anything new to say.
    pub(super) fn tell(&mut self, id: &UnitId, plan: &Plan, now: Instant) {
        let Some(unit) = self.units.get_mut(id) else {
            return;
        };
        let cache = &self.cache;
        let facts = Facts {
            plane: &self.config.plane,
            head: &unit.head,
            refused: unit.refused.as_deref(),
            items: &unit.work.items,
            inventory: &unit.inventory,
            sight: &|object| cache.sight(object),
            faults: &unit.faults,
            waits: &plan.waits,
            idle: plan.is_idle(),
            outage: self.outage.message.as_deref(),
        };
        let report = report::report(&facts, &mut unit.seen, (self.config.now)());
        let content = report::content(&report);
        let applied = report.phase == UnitPhase::Applied && unit.phase != Some(UnitPhase::Applied);
        unit.phase = Some(report.phase);
        if unit.reported != Some(content) {
            unit.reported = Some(content);
            (self.reports)(report);
        }
        if applied && let Some(dependents) = self.dependents.get(id) {
            dependents
                .iter()
                .for_each(|it| self.queue.put(it.clone(), now));
        }
    }
}

/// A factor around one that differs between units, so that not all are looked at together.
fn spread(id: &UnitId) -> f64 {
    let byte = model::Digest::of(id.as_str().as_bytes()).as_bytes()[0];
    0.8 + 0.4 * f64::from(byte) / 255.0
}
