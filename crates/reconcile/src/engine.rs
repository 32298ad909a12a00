//! The loop of an agent: one task that owns all state, and jobs that talk to the cluster.
//!
//! What comes in is taken in at once (accepted heads, events, ends of jobs); what is to be done for a unit is decided
//! when it is due. A head is due at once, what the cluster says after a moment, so that many events are one visit. A
//! unit has one job at a time. With the hub away nothing here changes: units come from their records.

mod config;
mod queue;
mod settle;
mod stats;
mod unit;
mod visit;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use cluster::{ApiKind, Event, ObjectId, Record};
use model::{Bundle, Head, StatusReport, UnitId};

use crate::{
    inventory::Inventory,
    kube::Kube,
    live::{Cache, Live},
    target::Work,
};

pub use config::{Config, Pace};
pub use stats::Stats;

use queue::Queue;
use settle::Done;
use unit::Unit;

/// What the agent is told.
#[derive(Debug)]
pub enum Command {
    /// A head was accepted, with its bundle.
    Accept {
        /// The head.
        head: Head,
        /// Its bundle; none for a tombstone.
        bundle: Option<Arc<Bundle>>,
        /// The span of the work on it.
        span: tracing::Span,
    },
    /// Every unit is to be reported again.
    ReportAll,
    /// Whether nothing must be written for now: another agent has taken over.
    Pause(Paused),
}

/// Whether the agent writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paused {
    /// It does not.
    Yes,
    /// It does.
    No,
}

/// The engine's other end.
#[derive(Debug, Clone)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
    kinds: watch::Receiver<Arc<Vec<Arc<ApiKind>>>>,
    stats: Stats,
}

impl Handle {
    /// Tells the engine something; waits while it is busy. What it is told after its end is lost.
    pub async fn tell(&self, command: Command) {
        // The engine ends only with the process.
        let _ = self.commands.send(command).await;
    }

    /// The kinds that must be watched.
    #[must_use]
    pub fn kinds(&self) -> watch::Receiver<Arc<Vec<Arc<ApiKind>>>> {
        self.kinds.clone()
    }

    /// What the engine has done so far.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }
}

/// Where reports go. It must not block.
pub type ReportSink = Box<dyn FnMut(StatusReport) + Send>;

/// The agent's state.
pub struct Engine<K> {
    kube: Arc<K>,
    config: Config,
    units: BTreeMap<UnitId, Unit>,
    /// Which unit an object belongs to, as bundles and inventories say.
    owners: HashMap<ObjectId, UnitId>,
    /// Units that wait for a unit.
    dependents: HashMap<UnitId, BTreeSet<UnitId>>,
    cache: Cache,
    /// Kinds whose watch failed last, and why.
    unwatched: HashMap<Arc<ApiKind>, String>,
    queue: Queue,
    jobs: FuturesUnordered<BoxFuture<'static, Done>>,
    outage: Outage,
    budget: Budget,
    paused: bool,
    started: Instant,
    events: mpsc::Receiver<Event<Live>>,
    commands: mpsc::Receiver<Command>,
    kinds: watch::Sender<Arc<Vec<Arc<ApiKind>>>>,
    reports: ReportSink,
    stats: Stats,
}

/// The cluster as a whole does not answer.
#[derive(Debug, Default)]
struct Outage {
    message: Option<String>,
    attempts: u32,
    until: Option<Instant>,
}

/// Deletions that are allowed: so many in so much time as the configuration says.
#[derive(Debug)]
struct Budget {
    left: usize,
    since: Instant,
}

/// How many events are taken in before the loop looks elsewhere.
const EVENTS_AT_ONCE: usize = 256;
const COMMANDS: usize = 64;

impl<K: Kube> Engine<K> {
    /// An engine that works on the units of `records`, whose watches say `events`.
    #[must_use]
    pub fn new(
        kube: K,
        config: Config,
        records: Vec<Record>,
        events: mpsc::Receiver<Event<Live>>,
        reports: ReportSink,
    ) -> (Self, Handle) {
        let (sender, commands) = mpsc::channel(COMMANDS);
        let (kinds, watched) = watch::channel(Arc::default());
        let stats = Stats::default();
        let now = Instant::now();
        let mut engine = Self {
            kube: Arc::new(kube),
            units: BTreeMap::new(),
            owners: HashMap::new(),
            dependents: HashMap::new(),
            cache: Cache::default(),
            unwatched: HashMap::new(),
            queue: Queue::default(),
            jobs: FuturesUnordered::new(),
            outage: Outage::default(),
            budget: Budget {
                left: config.prunes,
                since: now,
            },
            paused: false,
            started: now,
            config,
            events,
            commands,
            kinds,
            reports,
            stats: stats.clone(),
        };
        for record in records {
            engine.load(record);
        }
        engine.watch_kinds();
        (
            engine,
            Handle {
                commands: sender,
                kinds: watched,
                stats,
            },
        )
    }

    /// Runs until `stop` is ready; what is being written then is finished first.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let stop = stop.fuse();
        futures::pin_mut!(stop);
        loop {
            self.start_due();
            let next = self.next_visit();
            tokio::select! {
                () = &mut stop => break,
                Some(command) = self.commands.recv() => self.take_command(command),
                Some(event) = self.events.recv() => {
                    self.take_event(event);
                    self.take_waiting_events();
                }
                Some(done) = self.jobs.next(), if !self.jobs.is_empty() => self.settle(done),
                () = sleep_until(next) => {}
            }
            self.stats
                .set_state(self.units.len(), self.cache.len(), self.jobs.len());
        }
        self.finish().await;
    }

    async fn finish(&mut self) {
        while let Some(done) = self.jobs.next().await {
            self.settle(done);
        }
        let unsaved: Vec<UnitId> = self
            .units
            .iter()
            .filter(|(_, unit)| unit.save_at.is_some())
            .map(|(id, _)| id.clone())
            .collect();
        for id in unsaved {
            self.start_save(&id);
        }
        while let Some(done) = self.jobs.next().await {
            self.settle(done);
        }
    }

    fn take_command(&mut self, command: Command) {
        match command {
            Command::Accept { head, bundle, span } => self.accept(head, bundle, span),
            Command::ReportAll => {
                for (id, unit) in &mut self.units {
                    unit.reported = None;
                    self.queue.put(id.clone(), Instant::now());
                }
            }
            Command::Pause(paused) => {
                self.paused = paused == Paused::Yes;
                self.units
                    .keys()
                    .for_each(|id| self.queue.put(id.clone(), Instant::now()));
            }
        }
    }

    /// Takes in what is newer than what is known.
    fn accept(&mut self, head: Head, bundle: Option<Arc<Bundle>>, span: tracing::Span) {
        let id = head.unit.clone();
        if head.plane != self.config.plane {
            tracing::warn!(unit.id = %id, plane.name = %head.plane, "a head for another plane is ignored");
            return;
        }
        if self
            .units
            .get(&id)
            .is_some_and(|unit| head.revision <= unit.head.revision)
        {
            return;
        }
        let work = Work::new(head.clone(), bundle.as_deref());
        let cache = &self.cache;
        let unit = self
            .units
            .entry(id.clone())
            .or_insert_with(|| Unit::new(head.clone(), rebuilt(cache, &id)));
        let old = unit.take(head, work, bundle, span);
        self.reindex(&id, &old);
        self.queue.put(id, Instant::now());
    }

    fn load(&mut self, record: Record) {
        if record.head.plane != self.config.plane {
            return;
        }
        let id = record.head.unit.clone();
        match Unit::recorded(record) {
            Ok(unit) => {
                self.units.insert(id.clone(), unit);
                self.reindex(&id, &[]);
                self.queue.put(id, Instant::now());
            }
            Err(error) => {
                tracing::error!(unit.id = %id, %error, "the record of a unit is left alone; the hub sends the unit again");
            }
        }
    }

    /// Brings owners, dependents and watched kinds up to date after a unit's work has changed.
    fn reindex(&mut self, id: &UnitId, no_longer_required: &[UnitId]) {
        let Some(unit) = self.units.get(id) else {
            return;
        };
        for other in no_longer_required {
            if let Some(dependents) = self.dependents.get_mut(other) {
                dependents.remove(id);
            }
        }
        for other in unit.work.requires.iter() {
            self.dependents
                .entry(other.clone())
                .or_default()
                .insert(id.clone());
        }
        for object in unit.objects() {
            self.owners.insert(object.clone(), id.clone());
        }
        self.watch_kinds();
    }

    fn watch_kinds(&mut self) {
        let kinds: BTreeSet<Arc<ApiKind>> = self
            .units
            .values()
            .flat_map(Unit::objects)
            .map(|object| object.kind.clone())
            .collect();
        let kinds: Vec<Arc<ApiKind>> = kinds.into_iter().collect();
        let changed = self.kinds.send_if_modified(|known| {
            let changed = **known != kinds;
            if changed {
                *known = Arc::new(kinds.clone());
            }
            changed
        });
        if changed {
            self.cache.keep_kinds(&kinds);
        }
    }

    /// Says once that a kind cannot be watched, however often it is tried.
    fn log_watch(&mut self, event: &Event<Live>) {
        match event {
            Event::Failed(kind, error) => {
                if self
                    .unwatched
                    .insert(kind.clone(), error.to_string())
                    .is_none()
                {
                    tracing::warn!(%kind, %error, "objects of a kind cannot be watched now; it is tried again");
                }
            }
            Event::Listed(kind) => drop(self.unwatched.remove(kind)),
            Event::Put(id, _) | Event::Gone { id, .. } => drop(self.unwatched.remove(&id.kind)),
            Event::Listing(_) => {}
        }
    }

    fn take_waiting_events(&mut self) {
        for _ in 0..EVENTS_AT_ONCE {
            match self.events.try_recv() {
                Ok(event) => self.take_event(event),
                Err(_) => return,
            }
        }
    }

    fn take_event(&mut self, event: Event<Live>) {
        self.log_watch(&event);
        let soon = Instant::now() + self.config.coalesce;
        let touched = self.cache.take(event);
        for (object, unit) in touched.objects {
            let named = unit.and_then(|unit| unit.parse::<UnitId>().ok());
            let owners = [self.owners.get(&object).cloned(), named];
            for id in owners
                .into_iter()
                .flatten()
                .filter(|id| self.units.contains_key(id))
            {
                self.queue.put(id, soon);
            }
        }
        if let Some(kind) = touched.settled {
            for (id, unit) in &self.units {
                if unit.objects().any(|object| object.kind == kind) {
                    self.queue.put(id.clone(), Instant::now());
                }
            }
        }
    }
}

/// Whether a record can be worked from.
pub(crate) fn is_usable(record: &Record) -> bool {
    Unit::recorded(record.clone()).is_ok()
}

/// What a unit without a record has in the cluster, as owner labels say.
fn rebuilt(cache: &Cache, id: &UnitId) -> Inventory {
    let mut inventory = Inventory::default();
    for (object, live) in cache.owned_by(id.as_str()) {
        let mut entry = crate::inventory::Entry::begun(object.clone(), model::Policy::Managed);
        entry.uid = live.uid.to_string();
        inventory.put(entry);
    }
    inventory
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
