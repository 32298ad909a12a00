//! The storm: each of the five binaries and NATS are killed at random while changes are written.
//! In the end every accepted change is applied, and none was applied out of order.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use xtask::{
    platform::{
        changes::{Set, Watch},
        supervise::State,
    },
    process,
};

use crate::{wait, world::World};

/// Components that the changes are spread over.
const COMPONENTS: usize = 5;
/// A change may be refused while the hub is down; it is written again for this long.
const WRITE_LIMIT: Duration = Duration::from_secs(60);
/// After the storm everything is in place within this time.
const CALM_LIMIT: Duration = Duration::from_secs(120);
const PARTS: [&str; 6] = [
    "control-plane",
    "data-plane-agent",
    "workflow-plane",
    "observability-plane",
    "experience-gateway",
    "nats",
];

pub(crate) fn walk(world: &World) -> Result<()> {
    // Without pods: what is tested is the way there.
    let set = Set::new("storm", 0);
    world.apply(&set.project())?;
    for component in 0..COMPONENTS {
        world.apply(&set.component(component).to_string())?;
        world.apply(&set.workload(component, 0).to_string())?;
    }
    let watch = Watch::start(&world.home, world.kubeconfig(), &set)?;
    let (over, kills) = (AtomicBool::new(false), AtomicUsize::new(0));
    let began = Instant::now();
    let written = thread::scope(|scope| {
        scope.spawn(|| kill(world, &over, &kills));
        let written = write(world, &set, began);
        over.store(true, Ordering::Relaxed);
        written
    })?;
    let storm = began.elapsed();
    let mut seen = Seen::default();
    let (_, calm) = wait::until(CALM_LIMIT, "every component runs its last change", || {
        seen.note(&watch);
        ensure!(
            seen.last == written.last,
            "accepted {:?}, applied {:?}",
            written.last,
            seen.last
        );
        Ok(())
    })?;
    println!("   changes accepted          {}", written.accepted);
    println!("   attempts that failed      {}", written.failed);
    println!(
        "   processes killed          {}",
        kills.load(Ordering::Relaxed)
    );
    println!("   storm                     {:.1} s", storm.as_secs_f64());
    println!(
        "   changes seen applied      {} (a later one may replace an earlier)",
        seen.different.len()
    );
    println!("   applied out of order      {}", seen.disorders.len());
    println!("   all in place after        {:.1} s", calm.as_secs_f64());
    ensure!(
        seen.disorders.is_empty(),
        "out of order: {}",
        seen.disorders.join(", ")
    );
    ensure!(kills.load(Ordering::Relaxed) > 0, "nothing was killed");
    // What was killed last may not be back yet.
    wait::until(CALM_LIMIT, "the API answers again", || {
        world.quintet(&["list", "components"])
    })?;
    for component in 0..COMPONENTS {
        world.quintet(&["delete", "component", &set.component_name(component)])?;
    }
    Ok(())
}

/// What the watch saw.
#[derive(Debug)]
struct Seen {
    different: BTreeSet<(usize, usize)>,
    disorders: Vec<String>,
    last: Vec<usize>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            different: BTreeSet::new(),
            disorders: Vec::new(),
            last: vec![0; COMPONENTS],
        }
    }
}

impl Seen {
    fn note(&mut self, watch: &Watch) {
        for it in watch.arrivals() {
            let Some(last) = self.last.get_mut(it.component) else {
                continue;
            };
            if *last > it.change {
                self.disorders
                    .push(format!("{} of {} after {last}", it.change, it.component));
            }
            *last = it.change;
            self.different.insert((it.component, it.change));
        }
    }
}

/// What was accepted.
struct Written {
    accepted: usize,
    failed: usize,
    /// The last change of each component.
    last: Vec<usize>,
}

/// Writes the changes, spread over the storm's time, each until it is accepted.
fn write(world: &World, set: &Set, began: Instant) -> Result<Written> {
    let changes = world.storm.changes;
    let mut written = Written {
        accepted: 0,
        failed: 0,
        last: vec![0; COMPONENTS],
    };
    for change in 1..=changes {
        let due = Duration::from_secs(world.storm.seconds).mul_f64(change as f64 / changes as f64);
        thread::sleep(due.saturating_sub(began.elapsed()));
        let component = change % COMPONENTS;
        let manifest = set.workload(component, change).to_string();
        let (failed, _) = {
            let mut failed = 0;
            wait::until(WRITE_LIMIT, &format!("change {change} is accepted"), || {
                let said = world.apply(&manifest);
                failed += usize::from(said.is_err());
                said.map(|_| failed)
            })?
        };
        written.accepted += 1;
        written.failed += failed;
        written.last[component] = change;
    }
    Ok(written)
}

/// Kills a part at random, again and again, and lets it come back.
fn kill(world: &World, over: &AtomicBool, kills: &AtomicUsize) {
    let mut random = Random(u64::from(std::process::id()));
    while !over.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(500 + random.below(2000)));
        let part = PARTS[usize::try_from(random.below(PARTS.len() as u64)).unwrap_or_default()];
        let process = State::read(&world.folder)
            .parts
            .get(part)
            .and_then(|it| it.process);
        if let Some(process) = process.filter(|it| it.is_alive()) {
            process::signal_group(process.pid, "KILL");
            kills.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A small generator: what is killed when shall vary, no more.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}
