//! Which logs are followed: one stream for each container that has begun, opened again where it broke off.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt, StreamExt, TryStreamExt, stream::BoxStream};
use jiff::Timestamp;
use tokio::time::Instant;
use tokio_stream::StreamMap;

use super::{
    pod::{Container, Pod, Source},
    positions::Positions,
};
use crate::{Cluster, Event, Follow, Line, ObjectId, Result};

/// What the streams give.
pub(crate) enum Followed {
    Line(Arc<Source>, Line),
    /// A stream has ended, or one was opened again.
    Changed,
}

/// Pause before a log that ended or failed is looked at again.
const AGAIN: Duration = Duration::from_secs(1);

pub(crate) struct Follows {
    cluster: Cluster,
    most: usize,
    pods: HashMap<ObjectId, Pod>,
    streams: StreamMap<Arc<Source>, BoxStream<'static, Option<Result<Line>>>>,
    /// Logs to look at again, in the order of their time.
    again: VecDeque<(Instant, Arc<Source>)>,
    /// Last line that was read, and how often the container had been restarted when its log ended.
    read: HashMap<Arc<Source>, Read>,
    positions: Positions,
}

#[derive(Debug, Default, Clone, Copy)]
struct Read {
    at: Option<Timestamp>,
    ended: Option<u64>,
}

impl Follows {
    pub(crate) fn new(cluster: Cluster, most: usize, positions: Positions) -> Self {
        Self {
            cluster,
            most: most.max(1),
            pods: HashMap::new(),
            streams: StreamMap::new(),
            again: VecDeque::new(),
            read: HashMap::new(),
            positions,
        }
    }

    pub(crate) fn take(&mut self, event: Event<Pod>) {
        match event {
            Event::Put(id, pod) => {
                let containers = pod.containers.clone();
                if let Some(old) = self.pods.insert(id, pod) {
                    self.forget_others(&old, &containers);
                }
                containers.iter().for_each(|container| self.open(container));
            }
            Event::Gone { id, uid } => {
                // Its streams end by themselves, with the last lines.
                if self.pods.get(&id).is_some_and(|pod| pod.uid == uid)
                    && let Some(pod) = self.pods.remove(&id)
                {
                    self.forget_others(&pod, &[]);
                }
            }
            Event::Failed(_, error) => {
                tracing::warn!(%error, "the pods whose logs are collected cannot be watched now")
            }
            Event::Listing(_) | Event::Listed(_) => {}
        }
    }

    /// Waits for the next line. Endless; safe to cancel.
    pub(crate) async fn next(&mut self) -> Option<Followed> {
        let next_again = self.again.front().map(|(at, _)| *at);
        let again = async {
            match next_again {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some((source, item)) = self.streams.next(), if !self.streams.is_empty() => {
                Some(self.took(source, item))
            }
            () = again => {
                if let Some((_, source)) = self.again.pop_front() {
                    self.look_again(&source);
                }
                Some(Followed::Changed)
            }
        }
    }

    /// Takes note that lines up to `at` are out of our hands.
    pub(crate) fn taken(&mut self, source: &Source, at: Timestamp) {
        self.positions.put(source, at);
    }

    pub(crate) async fn save(&mut self) {
        self.positions.save().await;
    }

    fn took(&mut self, source: Arc<Source>, item: Option<Result<Line>>) -> Followed {
        let read = self.read.entry(source.clone()).or_default();
        match item {
            Some(Ok(line)) => {
                // The server begins at the full second.
                if read.at.is_some_and(|at| line.at <= at) {
                    return Followed::Changed;
                }
                read.at = Some(line.at);
                Followed::Line(source, line)
            }
            Some(Err(error)) => {
                tracing::debug!(pod = source.pod, container = source.container, %error, "a log broke off");
                self.end(source);
                Followed::Changed
            }
            None => {
                self.end(source);
                Followed::Changed
            }
        }
    }

    fn end(&mut self, source: Arc<Source>) {
        self.streams.remove(&source);
        if self.container(&source).is_some() {
            self.again.push_back((Instant::now() + AGAIN, source));
        } else {
            self.read.remove(&source);
            self.positions.forget(&source);
        }
        self.fill();
    }

    /// A log has ended a while ago: has its container, or does it only seem so?
    fn look_again(&mut self, source: &Arc<Source>) {
        let Some(container) = self.container(source) else {
            self.read.remove(source);
            self.positions.forget(source);
            return;
        };
        if !container.running {
            self.read.entry(source.clone()).or_default().ended = Some(container.restarts);
        }
        self.open(&container);
    }

    fn container(&self, source: &Source) -> Option<Container> {
        let mut all = self.pods.values().flat_map(|pod| &pod.containers);
        all.find(|container| *container.source == *source).cloned()
    }

    /// Opens what had to wait for a place.
    fn fill(&mut self) {
        if self.streams.len() + 1 == self.most {
            let waiting: Vec<Container> = self
                .pods
                .values()
                .flat_map(|pod| &pod.containers)
                .cloned()
                .collect();
            waiting.iter().for_each(|container| self.open(container));
        }
    }

    fn open(&mut self, container: &Container) {
        let source = &container.source;
        let scheduled = self.again.iter().any(|(_, other)| other == source);
        let read = self.read.get(source).copied().unwrap_or_default();
        if self.streams.len() >= self.most
            || scheduled
            || self.streams.contains_key(source)
            || read.ended.is_some_and(|ended| ended >= container.restarts)
        {
            return;
        }
        let since = read.at.or_else(|| self.positions.find(source));
        self.read.insert(
            source.clone(),
            Read {
                at: since,
                ended: read.ended,
            },
        );
        let follow = Follow {
            namespace: source.namespace.clone(),
            pod: source.pod.clone(),
            container: source.container.clone(),
            since,
        };
        let cluster = self.cluster.clone();
        let lines = async move { cluster.follow(&follow).await }
            .into_stream()
            .try_flatten();
        let ended = futures::stream::once(std::future::ready(None));
        self.streams
            .insert(source.clone(), lines.map(Some).chain(ended).boxed());
    }

    fn forget_others(&mut self, old: &Pod, kept: &[Container]) {
        let gone = old
            .containers
            .iter()
            .filter(|it| !kept.iter().any(|other| other.source == it.source));
        for container in gone.filter(|it| !self.streams.contains_key(&it.source)) {
            self.read.remove(&container.source);
            self.positions.forget(&container.source);
        }
    }
}
