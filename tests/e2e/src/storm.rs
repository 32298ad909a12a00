//! The storm: each of the five binaries and NATS are killed at random while changes are written.
//! In the end every accepted change is applied, and none was applied out of order.

mod orders;

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use xtask::{platform::supervise::State, process};

use self::orders::Orders;
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
    world.apply(&orders::platform(COMPONENTS))?;
    let orders = Orders::watch(world, COMPONENTS)?;
    let (over, kills) = (AtomicBool::new(false), AtomicUsize::new(0));
    let began = Instant::now();
    let written = thread::scope(|scope| {
        scope.spawn(|| kill(world, &over, &kills));
        let written = write(world, began);
        over.store(true, Ordering::Relaxed);
        written
    })?;
    let storm = began.elapsed();
    let (_, calm) = wait::until(CALM_LIMIT, "every component runs its last change", || {
        let last = orders.last();
        ensure!(
            last == written.last,
            "accepted {:?}, applied {last:?}",
            written.last
        );
        Ok(())
    })?;
    let seen = orders.finish()?;
    println!("   changes accepted          {}", written.accepted);
    println!("   attempts that failed      {}", written.failed);
    println!(
        "   processes killed          {}",
        kills.load(Ordering::Relaxed)
    );
    println!("   storm                     {:.1} s", storm.as_secs_f64());
    println!(
        "   changes seen applied      {} (a later one may replace an earlier)",
        seen.applied
    );
    println!("   applied out of order      {}", seen.disorders.len());
    println!("   all in place after        {:.1} s", calm.as_secs_f64());
    ensure!(
        seen.disorders.is_empty(),
        "out of order: {}",
        seen.disorders.join(", ")
    );
    ensure!(kills.load(Ordering::Relaxed) > 0, "nothing was killed");
    for number in 0..COMPONENTS {
        world.quintet(&["delete", "component", &orders::name(number)])?;
    }
    Ok(())
}

/// What was accepted.
struct Written {
    accepted: usize,
    failed: usize,
    /// The last change of each component.
    last: Vec<usize>,
}

/// Writes the changes, spread over the storm's time, each until it is accepted.
fn write(world: &World, began: Instant) -> Result<Written> {
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
        let manifest = orders::workload(component, change);
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

/// Reads a number that a manifest carries.
fn number(text: &str) -> Result<usize> {
    text.trim()
        .parse()
        .with_context(|| format!("{text:?} is no change"))
}
