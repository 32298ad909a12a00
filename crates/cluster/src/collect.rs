//! The logs of managed pods, followed through the Kubernetes API: works outside of the cluster too, without access to
//! its nodes.
//!
//! Every container of a pod that is selected is followed from where it was left. While the sink does not take what was
//! read nothing more is read: the node keeps it meanwhile. What is in memory is bounded.

mod follow;
mod pod;
mod positions;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use crate::{ApiKind, Cluster, Event, Informers, Line, Selection};

pub use pod::Source;

use follow::{Followed, Follows};
use pod::Pod;
use positions::Positions;

/// How logs are collected.
#[derive(Debug, Clone)]
pub struct Config {
    /// Pods whose labels match.
    pub selection: Selection,
    /// Labels of pods with this prefix go with every line.
    pub label_prefix: String,
    /// How many containers are followed at the same time; those above it wait.
    pub streams: usize,
    /// How long lines are gathered.
    pub delay: Duration,
    /// File that remembers how far each log was read; empty for none, so that a restart reads the logs again.
    pub positions: PathBuf,
}

/// Lines of one container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Where they come from.
    pub source: Arc<Source>,
    /// The lines, in their order.
    pub lines: Vec<Line>,
}

/// Where lines go.
pub trait Sink: Send {
    /// Takes lines over. They come again after an error.
    ///
    /// # Errors
    /// Why they could not be taken, for an operator.
    fn take(&mut self, chunks: &[Chunk]) -> impl Future<Output = Result<(), String>> + Send;
}

/// Most lines, and bytes of them, that are handed over at once.
const LINES: usize = 1000;
const BYTES: usize = 1024 * 1024;
const SAVE_PERIOD: Duration = Duration::from_secs(5);
const FIRST_DELAY: Duration = Duration::from_millis(250);
const LONGEST_DELAY: Duration = Duration::from_secs(15);

/// Collects logs until dropped.
pub async fn collect(cluster: Cluster, config: Config, sink: impl Sink) {
    let (sender, events) = mpsc::channel(64);
    // Kept, so that the watch goes on.
    let (_kinds, watched) = watch::channel(Arc::new(vec![Arc::new(ApiKind::new("", "v1", "Pod"))]));
    let prefix = config.label_prefix.clone();
    let informers = Informers::new(cluster.clone(), config.selection.clone(), move |pod| {
        Pod::of(pod, &prefix)
    });
    let positions = Positions::load(config.positions.clone()).await;
    let collector = Collector {
        follows: Follows::new(cluster, config.streams, positions),
        delay: config.delay,
        sink,
        chunks: Vec::new(),
        lines: 0,
        bytes: 0,
    };
    tokio::join!(informers.run(watched, sender), collector.run(events));
}

struct Collector<S> {
    follows: Follows,
    delay: Duration,
    sink: S,
    chunks: Vec<Chunk>,
    lines: usize,
    bytes: usize,
}

impl<S: Sink> Collector<S> {
    async fn run(mut self, mut events: mpsc::Receiver<Event<Pod>>) {
        let mut due: Option<Instant> = None;
        let mut save = tokio::time::interval(SAVE_PERIOD);
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => self.follows.take(event),
                    None => return,
                },
                Some(followed) = self.follows.next() => {
                    if let Followed::Line(source, line) = followed {
                        self.push(source, line);
                        due.get_or_insert(Instant::now() + self.delay);
                    }
                }
                () = sleep_until(due) => {
                    self.hand_over().await;
                    due = None;
                }
                _ = save.tick() => self.follows.save().await,
            }
            if self.lines >= LINES || self.bytes >= BYTES {
                self.hand_over().await;
                due = None;
            }
        }
    }

    fn push(&mut self, source: Arc<Source>, line: Line) {
        self.lines += 1;
        self.bytes += line.text.len();
        match self
            .chunks
            .iter_mut()
            .find(|chunk| Arc::ptr_eq(&chunk.source, &source))
        {
            Some(chunk) => chunk.lines.push(line),
            None => self.chunks.push(Chunk {
                source,
                lines: vec![line],
            }),
        }
    }

    /// Hands over what was gathered, however long it takes.
    async fn hand_over(&mut self) {
        let mut delay = FIRST_DELAY;
        while let Err(error) = self.sink.take(&self.chunks).await {
            if delay == FIRST_DELAY {
                tracing::warn!(
                    error,
                    "logs cannot be handed over; they are kept and tried again"
                );
            }
            tokio::time::sleep(delay).await;
            delay = (delay * 2).min(LONGEST_DELAY);
        }
        for chunk in self.chunks.drain(..) {
            if let Some(last) = chunk.lines.last() {
                self.follows.taken(&chunk.source, last.at);
            }
        }
        (self.lines, self.bytes) = (0, 0);
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
