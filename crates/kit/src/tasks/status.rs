//! What runs and what last happened, for `/tasks` and `/readyz`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;

use super::{Name, OnExit, TaskSpec};
use crate::clock::Clock;
use crate::wake::{Wake, WakeReport};

type Check = Box<dyn Fn() -> Result<(), String> + Send + Sync>;

#[derive(Default)]
pub(super) struct Registry {
    tasks: Vec<Arc<TaskStatus>>,
    wakes: Vec<Wake>,
    children: Vec<Arc<ChildStatus>>,
    checks: Vec<(Name, Check)>,
}

/// What `/tasks` shows.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    tasks: Vec<TaskReport>,
    wakes: Vec<WakeReport>,
    children: Vec<ChildReport>,
}

impl Registry {
    pub(super) fn add_task(&mut self, spec: &TaskSpec) -> Arc<TaskStatus> {
        let status = Arc::new(TaskStatus {
            name: spec.name.clone(),
            on_exit: spec.on_exit,
            seen: Mutex::new(Seen::default()),
        });
        self.tasks.push(status.clone());
        status
    }

    pub(super) fn add_wake(&mut self, wake: Wake) {
        self.wakes.push(wake);
    }

    pub(super) fn add_children(&mut self, name: Name, bound: usize) -> Arc<ChildStatus> {
        let status = Arc::new(ChildStatus {
            name,
            bound,
            running: AtomicU64::default(),
            started: AtomicU64::default(),
            panicked: AtomicU64::default(),
        });
        self.children.push(status.clone());
        status
    }

    pub(super) fn add_check(&mut self, name: Name, check: Check) {
        self.checks.push((name, check));
    }

    pub(super) fn unready(&self) -> Vec<String> {
        let missing =
            |(name, check): &(Name, Check)| check().err().map(|reason| format!("{name}: {reason}"));
        self.checks.iter().filter_map(missing).collect()
    }

    pub(super) fn running(&self) -> Vec<Name> {
        let tasks = self
            .tasks
            .iter()
            .filter(|task| task.lock().state == State::Running);
        let children = self
            .children
            .iter()
            .filter(|child| child.running.load(Ordering::Relaxed) > 0);
        tasks
            .map(|t| t.name.clone())
            .chain(children.map(|c| c.name.clone()))
            .collect()
    }

    pub(super) fn report(&self) -> Report {
        Report {
            tasks: self.tasks.iter().map(|task| task.report()).collect(),
            wakes: self.wakes.iter().map(Wake::report).collect(),
            children: self.children.iter().map(|child| child.report()).collect(),
        }
    }
}

/// The state of one task.
pub(super) struct TaskStatus {
    name: Name,
    on_exit: OnExit,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    state: State,
    starts: u64,
    started: Option<(Timestamp, Instant)>,
    last_end: Option<EndReport>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    #[default]
    Starting,
    Running,
    /// Waits for its restart.
    Waiting,
    Ended,
}

#[derive(Debug, Serialize)]
struct TaskReport {
    name: Name,
    on_exit: &'static str,
    state: State,
    starts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_end: Option<EndReport>,
}

#[derive(Debug, Clone, Serialize)]
struct EndReport {
    at: String,
    ran_seconds: f64,
    how: String,
}

impl TaskStatus {
    pub(super) fn started(&self) {
        let clock = Clock::system();
        let mut seen = self.lock();
        seen.state = State::Running;
        seen.starts += 1;
        seen.started = Some((clock.now(), clock.instant()));
    }

    /// Records an end and gives how long the task ran.
    pub(super) fn ended(&self, how: &str) -> Duration {
        let clock = Clock::system();
        let mut seen = self.lock();
        let ran = seen
            .started
            .map_or(Duration::ZERO, |(_, since)| clock.instant() - since);
        seen.state = State::Ended;
        seen.last_end = Some(EndReport {
            at: clock.now().to_string(),
            ran_seconds: ran.as_secs_f64(),
            how: how.to_owned(),
        });
        ran
    }

    pub(super) fn waits(&self) {
        self.lock().state = State::Waiting;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(&self) -> TaskReport {
        let seen = self.lock();
        TaskReport {
            name: self.name.clone(),
            on_exit: match self.on_exit {
                OnExit::ShutDown => "shut down",
                OnExit::Restart(_) => "restart",
                OnExit::Ignore => "ignore",
            },
            state: seen.state,
            starts: seen.starts,
            started_at: seen.started.map(|(at, _)| at.to_string()),
            last_end: seen.last_end.clone(),
        }
    }
}

/// The state of a group of children.
pub(super) struct ChildStatus {
    pub(super) name: Name,
    bound: usize,
    pub(super) running: AtomicU64,
    pub(super) started: AtomicU64,
    pub(super) panicked: AtomicU64,
}

#[derive(Debug, Serialize)]
struct ChildReport {
    name: Name,
    bound: usize,
    running: u64,
    started: u64,
    panicked: u64,
}

impl ChildStatus {
    fn report(&self) -> ChildReport {
        ChildReport {
            name: self.name.clone(),
            bound: self.bound,
            running: self.running.load(Ordering::Relaxed),
            started: self.started.load(Ordering::Relaxed),
            panicked: self.panicked.load(Ordering::Relaxed),
        }
    }
}
