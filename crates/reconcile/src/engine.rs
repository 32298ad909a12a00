//! The loop of an agent: what was accepted and what is live, joined unit by unit.
//!
//! One task owns all state. Work on units runs beside it on copies, at most one job a unit. A unit is looked at when a
//! head was accepted, when one of its objects has moved, when a unit that it requires is done, after a failure, and on a
//! long period as a safety net. A unit that is as it should be costs no request.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use cluster::{ApiKind, Blob, Cluster, Event, Informers, ObjectId, Records, Selection};
use futures::{StreamExt, stream::FuturesUnordered};
use jiff::Timestamp;
use model::{Bundle, Head, StatusReport, Target, UnitId, UnitPhase, label};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use crate::{
    inventory::Inventory,
    report::{self, Outcome, Seen},
    work::{self, Done, Job, Live, Settled},
};

/// How often every unit is looked at.
const RESYNC: Duration = Duration::from_secs(300);
/// Units that are worked on at the same time.
const PARALLEL: usize = 16;
/// First and longest delay after a failure.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));
/// How often a unit that is being removed is looked at.
const LEAVING: Duration = Duration::from_millis(300);

/// A head that was accepted, with its bundle.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The head.
    pub head: Head,
    /// Its bundle; none for a tombstone.
    pub bundle: Option<Arc<Bundle>>,
}

/// Takes reports; plane, epoch and sequence are set by whoever sends them.
pub type Report = Arc<dyn Fn(StatusReport) + Send + Sync>;
/// Tells the time.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

#[derive(Debug)]
struct Unit {
    head: Head,
    bundle: Option<Arc<Bundle>>,
    blob: Option<Blob>,
    inventory: Inventory,
    version: String,
    recorded: bool,
    outcome: Outcome,
    settled: Settled,
    busy: bool,
    failures: u32,
    not_before: Option<Instant>,
    gone: bool,
    reported: Option<StatusReport>,
}

/// The loop of an agent.
pub struct Engine {
    cluster: Cluster,
    records: Records,
    report: Report,
    now: Now,
    units: BTreeMap<UnitId, Unit>,
    by_label: HashMap<String, UnitId>,
    live: HashMap<ObjectId, Live>,
    listed: HashSet<Arc<ApiKind>>,
    listing: HashMap<Arc<ApiKind>, HashSet<ObjectId>>,
    watched: watch::Sender<Arc<Vec<Arc<ApiKind>>>>,
    dirty: BTreeSet<UnitId>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("units", &self.units.len()).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine that knows what the unit records say.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub async fn load(cluster: Cluster, records: Records, report: Report, now: Now) -> cluster::Result<Self> {
        records.install().await?;
        let (known, unreadable) = records.list().await?;
        for name in unreadable {
            tracing::error!(record = name, "a unit record cannot be read and is left alone");
        }
        let mut engine = Self {
            cluster,
            records,
            report,
            now,
            units: BTreeMap::new(),
            by_label: HashMap::new(),
            live: HashMap::new(),
            listed: HashSet::new(),
            listing: HashMap::new(),
            watched: watch::channel(Arc::new(Vec::new())).0,
            dirty: BTreeSet::new(),
        };
        for record in known {
            let bundle = record.bundle.as_ref().and_then(unpack);
            let whole = bundle.is_some() || matches!(record.head.target, Target::Tombstone(_));
            if !whole {
                tracing::error!(unit.id = %record.head.unit, "the bundle of a unit record cannot be read");
                continue;
            }
            let unit = Unit {
                bundle,
                blob: record.bundle,
                inventory: Inventory::decode(&record.inventory),
                version: record.version,
                recorded: true,
                ..Unit::new(record.head)
            };
            engine.put(unit);
        }
        engine.watch_kinds();
        Ok(engine)
    }

    /// An engine, as soon as the cluster answers; and the reports that it makes. A report that nobody takes in time is
    /// dropped: a later one says all that it said.
    pub async fn begin(cluster: Cluster, namespace: String, now: Now) -> (Self, mpsc::Receiver<StatusReport>) {
        /// Reports that wait.
        const WAITING: usize = 4096;
        let (sender, reports) = mpsc::channel(WAITING);
        let report: Report = Arc::new(move |report| {
            if sender.try_send(report).is_err() {
                tracing::warn!("a report was dropped: too many wait");
            }
        });
        let records = Records::new(cluster.clone(), namespace);
        let mut delay = RETRY.0;
        loop {
            let loaded =
                Self::load(cluster.clone(), records.clone(), Arc::clone(&report), Arc::clone(&now)).await;
            match loaded {
                Ok(engine) => return (engine, reports),
                Err(error) => tracing::warn!(%error, "the cluster cannot be used yet"),
            }
            tokio::time::sleep(delay).await;
            delay = delay.saturating_mul(2).min(RETRY.1);
        }
    }

    /// The heads that are known.
    #[must_use]
    pub fn heads(&self) -> Vec<Head> {
        self.units.values().map(|unit| unit.head.clone()).collect()
    }

    /// Runs until `accepted` ends.
    pub async fn run(mut self, mut accepted: mpsc::Receiver<Accepted>) {
        let selection = Selection(label::UNIT.to_owned());
        let informers = Informers::new(self.cluster.clone(), selection, Live::of);
        let (sender, mut events) = mpsc::channel(1024);
        let kinds = self.watched.subscribe();
        let mut jobs: FuturesUnordered<futures::future::BoxFuture<'static, Done>> = FuturesUnordered::new();
        let mut watching = Box::pin(async move { informers.run(kinds, sender).await });
        let mut resync = Instant::now() + RESYNC;
        loop {
            let next = self.next_look(resync, jobs.len());
            tokio::select! {
                // Events are taken first, so that no unit is judged by an old view.
                biased;
                () = &mut watching => return,
                Some(event) = events.recv() => self.observe(event),
                Some(done) = jobs.next(), if !jobs.is_empty() => self.finish(done),
                head = accepted.recv() => match head {
                    Some(head) => self.accept(head),
                    None => return,
                },
                () = tokio::time::sleep_until(next) => {
                    if Instant::now() >= resync {
                        self.dirty.extend(self.units.keys().cloned());
                        resync = Instant::now() + RESYNC;
                    }
                    self.start(&mut jobs);
                }
            }
        }
    }

    /// When something is to be started next.
    fn next_look(&self, resync: Instant, running: usize) -> Instant {
        let now = Instant::now();
        let retry = self.units.values().filter(|unit| !unit.busy).filter_map(|unit| unit.not_before).min();
        let ready = self.dirty.iter().any(|id| self.units.get(id).is_some_and(|unit| !unit.busy && self.is_seen(unit)));
        let soon = if ready && running < PARALLEL { Some(now + Duration::from_millis(1)) } else { None };
        [Some(resync), retry, soon].into_iter().flatten().min().unwrap_or(resync).max(now)
    }

    fn put(&mut self, unit: Unit) {
        let id = unit.head.unit.clone();
        self.by_label.insert(id.label_value(), id.clone());
        self.dirty.insert(id.clone());
        self.units.insert(id, unit);
    }

    fn accept(&mut self, accepted: Accepted) {
        let Accepted { head, bundle } = accepted;
        let id = head.unit.clone();
        let old = self.units.remove(&id);
        match old {
            // The same word, or an older one: nothing changes.
            Some(old) if old.head.revision >= head.revision => {
                self.units.insert(id, old);
                return;
            }
            old => self.take_over(head, bundle, old),
        }
        self.watch_kinds();
    }

    /// A new head takes over what the unit has in the cluster.
    fn take_over(&mut self, head: Head, bundle: Option<Arc<Bundle>>, old: Option<Unit>) {
        let mut unit = Unit::new(head);
        unit.blob = bundle.as_ref().map(|bundle| pack(bundle));
        unit.bundle = bundle;
        if let Some(old) = old {
            unit.inventory = old.inventory;
            unit.version = old.version;
            unit.settled = old.settled;
            unit.busy = old.busy;
        }
        self.put(unit);
    }

    /// Watches every kind that a unit has, or still has to let go.
    fn watch_kinds(&self) {
        let mut kinds: BTreeSet<Arc<ApiKind>> = BTreeSet::new();
        for unit in self.units.values() {
            let bundle = unit.bundle.iter().flat_map(|bundle| &bundle.objects);
            kinds.extend(bundle.filter_map(|object| Some(ObjectId::of(&object.object).ok()?.kind)));
            kinds.extend(unit.inventory.leaving.iter().map(|entry| entry.object.kind.clone()));
        }
        let kinds: Vec<_> = kinds.into_iter().collect();
        self.watched.send_if_modified(|current| {
            let changed = **current != kinds;
            if changed {
                *current = Arc::new(kinds);
            }
            changed
        });
    }

    /// Whether everything that a unit has was listed once, so that what is not seen is not there.
    fn is_seen(&self, unit: &Unit) -> bool {
        let objects = unit.bundle.iter().flat_map(|bundle| &bundle.objects);
        objects
            .filter_map(|object| ObjectId::of(&object.object).ok())
            .all(|id| self.listed.contains(&id.kind))
    }

    fn observe(&mut self, event: Event<Live>) {
        match event {
            Event::Listing(kind) => {
                self.listing.insert(kind, HashSet::new());
            }
            Event::Put(id, live) => {
                if let Some(seen) = self.listing.get_mut(&id.kind) {
                    seen.insert(id.clone());
                }
                self.touch(&live);
                let older = self.live.get(&id).is_some_and(|known| {
                    known.uid == live.uid && newer(&known.version, &live.version)
                });
                if !older {
                    self.live.insert(id, live);
                }
            }
            Event::Gone { id, uid } => {
                if self.live.get(&id).is_some_and(|live| live.uid == uid)
                    && let Some(live) = self.live.remove(&id)
                {
                    self.touch(&live);
                }
            }
            Event::Listed(kind) => {
                let seen = self.listing.remove(&kind).unwrap_or_default();
                let lost: Vec<ObjectId> =
                    self.live.keys().filter(|id| id.kind == kind && !seen.contains(*id)).cloned().collect();
                for id in lost {
                    if let Some(live) = self.live.remove(&id) {
                        self.touch(&live);
                    }
                }
                self.listed.insert(kind);
            }
            Event::Failed(kind, error) => {
                tracing::warn!(kind = %kind, %error, "a kind cannot be watched now");
                // What cannot be watched is written blindly, which tells what is wrong.
                self.listed.insert(kind);
            }
        }
    }

    fn touch(&mut self, live: &Live) {
        if let Some(unit) = self.by_label.get(live.unit_label()) {
            self.dirty.insert(unit.clone());
        }
    }

    /// Starts work on the units that have something to do.
    fn start(&mut self, jobs: &mut FuturesUnordered<futures::future::BoxFuture<'static, Done>>) {
        let now = Instant::now();
        let due = self.units.iter().filter(|(_, unit)| unit.not_before.is_some_and(|at| at <= now));
        let due: Vec<UnitId> = due.map(|(id, _)| id.clone()).collect();
        self.dirty.extend(due);
        let candidates: Vec<UnitId> = self.dirty.iter().cloned().collect();
        for id in candidates {
            if jobs.len() >= PARALLEL {
                return;
            }
            let Some(unit) = self.units.get(&id) else {
                self.dirty.remove(&id);
                continue;
            };
            let delayed = unit.not_before.is_some_and(|at| at > now) && unit.recorded;
            if unit.busy || delayed || !self.is_seen(unit) {
                continue;
            }
            self.dirty.remove(&id);
            let job = self.job(&id);
            let unit = self.units.get_mut(&id).expect("found above");
            unit.busy = true;
            unit.not_before = None;
            let (cluster, records) = (self.cluster.clone(), self.records.clone());
            jobs.push(Box::pin(work::work(cluster, records, job)));
        }
    }

    fn job(&self, id: &UnitId) -> Job {
        let unit = &self.units[id];
        let objects = unit.bundle.iter().flat_map(|bundle| &bundle.objects);
        let ids = objects.filter_map(|object| ObjectId::of(&object.object).ok());
        let leaving = unit.inventory.leaving.iter().map(|entry| entry.object.clone());
        let live = ids
            .chain(leaving)
            .chain(unit.inventory.entries.values().map(|entry| entry.object.clone()))
            .filter_map(|id| Some((id.clone(), self.live.get(&id)?.clone())))
            .collect();
        let missing = unit.bundle.iter().flat_map(|bundle| &bundle.requires).find(|required| {
            !self.units.get(required).is_some_and(|other| other.outcome.applied && other.bundle.is_some())
        });
        Job {
            head: unit.head.clone(),
            bundle: unit.bundle.clone(),
            blob: unit.blob.clone(),
            inventory: unit.inventory.clone(),
            version: unit.version.clone(),
            recorded: unit.recorded,
            live,
            settled: unit.settled.clone(),
            waits: missing.map(|required| format!("waits for {required}")).unwrap_or_default(),
        }
    }

    fn finish(&mut self, done: Done) {
        for (id, live) in done.written {
            let older = self.live.get(&id).is_some_and(|known| {
                known.uid == live.uid && newer(&known.version, &live.version)
            });
            if !older {
                self.live.insert(id, live);
            }
        }
        let Some(unit) = self.units.get_mut(&done.unit) else { return };
        unit.busy = false;
        unit.version = done.version;
        unit.settled.extend(done.settled);
        if unit.head != done.head {
            // A newer head came meanwhile: it takes over what was written.
            unit.inventory = done.inventory;
            self.dirty.insert(done.unit);
            return;
        }
        let was_applied = unit.outcome.applied;
        unit.inventory = done.inventory;
        unit.recorded = done.recorded;
        unit.gone = done.gone;
        let failed = !done.outcome.problems.is_empty();
        unit.failures = if failed { unit.failures.saturating_add(1) } else { 0 };
        unit.outcome = done.outcome;
        let leaving = unit.bundle.is_none() && !unit.gone || !unit.inventory.leaving.is_empty();
        unit.not_before = match (failed, leaving) {
            (true, _) => {
                let delay = RETRY.0.saturating_mul(1 << unit.failures.min(10)).min(RETRY.1);
                Some(Instant::now() + delay)
            }
            (false, true) => Some(Instant::now() + LEAVING),
            (false, false) => None,
        };
        if unit.outcome.applied && !was_applied {
            self.wake_waiting(&done.unit);
        }
        self.say(&done.unit);
    }

    /// What waits for a unit that is now there is looked at at once.
    fn wake_waiting(&mut self, applied: &UnitId) {
        let waiting: Vec<UnitId> = self
            .units
            .iter()
            .filter(|(_, unit)| unit.bundle.iter().any(|bundle| bundle.requires.contains(applied)))
            .map(|(id, _)| id.clone())
            .collect();
        for id in waiting {
            if let Some(unit) = self.units.get_mut(&id) {
                unit.not_before = None;
            }
            self.dirty.insert(id);
        }
    }

    /// Reports on a unit, if there is something new to say.
    fn say(&mut self, id: &UnitId) {
        let Some(unit) = self.units.get(id) else { return };
        let report = match &unit.bundle {
            Some(bundle) => {
                let seen: Vec<Seen<'_>> = bundle
                    .objects
                    .iter()
                    .map(|entry| Seen {
                        id: &entry.id,
                        policy: entry.policy,
                        report_status: entry.report_status,
                        desired: &entry.object,
                        live: ObjectId::of(&entry.object)
                            .ok()
                            .and_then(|id| self.live.get(&id))
                            .map(|live| &*live.object),
                    })
                    .collect();
                report::report(&unit.head, &unit.outcome, &seen, (self.now)())
            }
            None => {
                let phase = if unit.gone { UnitPhase::Deleted } else { UnitPhase::Deleting };
                let mut report = report::bare(&unit.head, phase);
                if let Some((what, problem)) = unit.outcome.problems.iter().next() {
                    report.message = format!("{what}: {problem}");
                }
                report
            }
        };
        let unit = self.units.get_mut(id).expect("found above");
        let forget = unit.gone;
        if unit.reported.as_ref().is_none_or(|old| !says_the_same(old, &report)) {
            unit.reported = Some(report.clone());
            (self.report)(report);
        }
        if forget {
            self.forget(id);
        }
    }

    /// Drops a unit that was removed to the end. Should the report be lost, the hub sends the tombstone again.
    fn forget(&mut self, id: &UnitId) {
        self.units.remove(id);
        self.by_label.remove(&id.label_value());
        self.dirty.remove(id);
    }
}

impl Unit {
    fn new(head: Head) -> Self {
        Self {
            head,
            bundle: None,
            blob: None,
            inventory: Inventory::default(),
            version: String::new(),
            recorded: false,
            outcome: Outcome::default(),
            settled: Settled::new(),
            busy: false,
            failures: 0,
            not_before: None,
            gone: false,
            reported: None,
        }
    }
}

/// Whether a version is newer than another; the server's versions are numbers that grow.
fn newer(left: &str, right: &str) -> bool {
    match (left.parse::<u64>(), right.parse::<u64>()) {
        (Ok(left), Ok(right)) => left > right,
        _ => false,
    }
}

/// Whether two reports say the same, whenever they say it.
fn says_the_same(left: &StatusReport, right: &StatusReport) -> bool {
    let timeless = |report: &StatusReport| {
        let mut report = report.clone();
        for object in &mut report.objects {
            object.observed_at = Timestamp::UNIX_EPOCH;
        }
        report
    };
    timeless(left) == timeless(right)
}

fn pack(bundle: &Bundle) -> Blob {
    let text = bundle.to_text();
    let data = zstd::bulk::compress(text.as_bytes(), 3).expect("compression into memory does not fail");
    Blob { digest: model::Digest::of(text.as_bytes()), data: data.into() }
}

fn unpack(blob: &Blob) -> Option<Arc<Bundle>> {
    /// Largest bundle when unpacked.
    const LIMIT: usize = 256 << 20;
    let text = zstd::bulk::decompress(&blob.data, LIMIT).ok()?;
    serde_json::from_slice(&text).ok().map(Arc::new)
}
