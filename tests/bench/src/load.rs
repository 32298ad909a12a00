//! Writes changes at a rate, and measures how long each takes to be in the cluster.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use xtask::platform::changes::{Set, Watch};

use crate::hub::Hub;

/// What is not in the cluster after this long will not come.
const LIMIT: Duration = Duration::from_secs(60);
/// How often arrivals are gathered; they carry their own time.
const LOOK: Duration = Duration::from_millis(20);

/// A set of components under a watch.
pub(crate) struct Load<'a> {
    hub: &'a Hub,
    set: Set,
    watch: Watch,
    /// The last change that was written.
    change: usize,
    /// When each component first had a change, by component and change.
    arrived: BTreeMap<(usize, usize), Instant>,
}

impl<'a> Load<'a> {
    pub(crate) fn new(hub: &'a Hub, set: Set) -> Result<Self> {
        hub.apply(&set.project())?;
        let watch = Watch::start(&hub.home, &hub.kubeconfig, &set)?;
        Ok(Self {
            hub,
            set,
            watch,
            change: 0,
            arrived: BTreeMap::new(),
        })
    }

    /// Creates so many components at once; returns the time until every Deployment is there.
    pub(crate) fn create(&mut self, components: usize) -> Result<Duration> {
        let began = Instant::now();
        let (hub, set) = (self.hub, &self.set);
        thread::scope(|scope| {
            let lanes: Vec<_> = (0..8)
                .map(|lane| {
                    scope.spawn(move || -> Result<()> {
                        for component in (lane..components).step_by(8) {
                            hub.create("components", &set.component(component))?;
                            hub.create("workloads", &set.workload(component, 0))?;
                        }
                        Ok(())
                    })
                })
                .collect();
            lanes
                .into_iter()
                .try_for_each(|lane| lane.join().expect("a lane does not panic"))
        })?;
        let all: Vec<(usize, usize)> = (0..components).map(|component| (component, 0)).collect();
        self.wait(&all)?;
        let last = all.iter().map(|it| self.arrived[it]).max();
        Ok(last.map_or(Duration::ZERO, |last| last - began))
    }

    /// Writes one change each `period` to the components in turn; returns how long each took.
    ///
    /// A change that was overtaken by a later one of its component counts as there when that is.
    pub(crate) fn change(
        &mut self,
        components: usize,
        period: Duration,
        count: usize,
    ) -> Result<Vec<Duration>> {
        let (hub, set, first) = (self.hub, &self.set, self.change + 1);
        let began = Instant::now();
        let mut written = Vec::new();
        thread::scope(|scope| {
            let writers: Vec<_> = (0..count)
                .map(|number| {
                    let due = period.saturating_mul(u32::try_from(number).unwrap_or(u32::MAX));
                    thread::sleep(due.saturating_sub(began.elapsed()));
                    let (component, change) = (number % components, first + number);
                    scope.spawn(move || -> Result<(usize, usize, Instant)> {
                        let asked = Instant::now();
                        hub.replace("workloads", &set.workload(component, change))?;
                        Ok((component, change, asked))
                    })
                })
                .collect();
            for writer in writers {
                written.push(writer.join().expect("a writer does not panic")?);
            }
            anyhow::Ok(())
        })?;
        self.change += count;
        let last = |component: usize| {
            let of_it = written.iter().filter(|it| it.0 == component);
            of_it.map(|it| it.1).max().map(|change| (component, change))
        };
        let all: Vec<(usize, usize)> = (0..components).filter_map(last).collect();
        self.wait(&all)?;
        Ok(written
            .iter()
            .map(|(component, change, asked)| {
                let there = self
                    .arrived
                    .range((*component, *change)..=(*component, usize::MAX));
                there
                    .map(|(_, at)| *at)
                    .min()
                    .map_or(LIMIT, |at| at.saturating_duration_since(*asked))
            })
            .collect())
    }

    /// Deletes Deployments by hand, one after the other; returns how long each was gone.
    pub(crate) fn delete(&mut self, namespace: &str, names: &[String]) -> Result<Vec<Duration>> {
        let mut times = Vec::new();
        for name in names {
            let uid = |hub: &Hub| {
                hub.kubectl(&[
                    "-n",
                    namespace,
                    "get",
                    "deployment",
                    name,
                    "-o",
                    "jsonpath={.metadata.uid}",
                ])
            };
            let before = uid(self.hub)?;
            let began = Instant::now();
            self.hub.kubectl(&[
                "-n",
                namespace,
                "delete",
                "deployment",
                name,
                "--wait=false",
            ])?;
            while uid(self.hub).map_or(true, |now| now == before) {
                if began.elapsed() > LIMIT {
                    bail!("{name} does not come back");
                }
            }
            times.push(began.elapsed());
        }
        Ok(times)
    }

    /// Waits until all of these have arrived.
    fn wait(&mut self, all: &[(usize, usize)]) -> Result<()> {
        let end = Instant::now() + LIMIT;
        loop {
            for it in self.watch.arrivals() {
                self.arrived
                    .entry((it.component, it.change))
                    .or_insert(it.at);
            }
            let missing = all
                .iter()
                .filter(|it| !self.arrived.contains_key(it))
                .count();
            if missing == 0 {
                return Ok(());
            }
            if Instant::now() > end {
                bail!(
                    "{missing} of {} changes are not in the cluster after {LIMIT:?}",
                    all.len()
                );
            }
            thread::sleep(LOOK);
        }
    }
}
