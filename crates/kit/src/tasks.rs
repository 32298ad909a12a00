//! The named, supervised tasks of a process.
//!
//! All concurrency of a service is spawned here, so that a panic is noticed, an end that nobody asked for has a
//! consequence, the shutdown waits for what is in hand, and `/tasks` shows what runs. A service's `tasks.rs` is its
//! table of tasks.

mod children;
mod ready;
mod status;
mod supervise;

use std::borrow::Cow;
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::backoff::Backoff;
use crate::shutdown::Shutdown;
use crate::wake::{Outcome, Wake};

pub use children::{Children, Full};
pub use ready::Gate;
pub(crate) use status::Report;

/// The name of a task, as logs, metrics and `/tasks` show it.
pub type Name = Cow<'static, str>;

/// What happens when a task ends although the process is not shutting down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnExit {
    /// The process shuts down and its exit code tells of the failure.
    #[default]
    ShutDown,
    /// The task starts again after a delay.
    Restart(Backoff),
    /// Nothing but a line in the log.
    Ignore,
}

/// How a task is called and what its end means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskSpec {
    /// Its name, unique in the process.
    pub name: Name,
    /// What its end means.
    pub on_exit: OnExit,
}

impl TaskSpec {
    /// A task whose end shuts the process down.
    pub fn new(name: impl Into<Name>) -> Self {
        Self {
            name: name.into(),
            on_exit: OnExit::ShutDown,
        }
    }

    /// A task that starts again, with the default backoff.
    pub fn restarting(name: impl Into<Name>) -> Self {
        Self {
            name: name.into(),
            on_exit: OnExit::Restart(Backoff::default()),
        }
    }

    /// The same task with another meaning of its end.
    #[must_use]
    pub fn on_exit(mut self, on_exit: OnExit) -> Self {
        self.on_exit = on_exit;
        self
    }
}

/// What a task may return: nothing, or a `Result` with any error.
pub trait TaskEnd: Send + 'static {
    /// The error, if it is one.
    ///
    /// # Errors
    ///
    /// When the task failed.
    fn into_result(self) -> Result<(), Box<dyn Error + Send + Sync>>;
}

impl TaskEnd for () {
    fn into_result(self) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>> + Send + 'static> TaskEnd for Result<(), E> {
    fn into_result(self) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.map_err(Into::into)
    }
}

/// A task whose end shuts the process down has ended.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the task `{task}` {end}")]
pub struct Failure {
    /// Its name.
    pub task: Name,
    /// How it ended.
    pub end: String,
}

/// All tasks of a process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Tasks {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    shutdown: Shutdown,
    tracker: TaskTracker,
    started: AtomicBool,
    failed: CancellationToken,
    failure: OnceLock<Failure>,
    registry: Mutex<status::Registry>,
}

/// How long dropped tasks may take to notice it.
const LAST_MOMENT: Duration = Duration::from_secs(5);

impl Tasks {
    /// No tasks yet. `kit::run` makes the tasks of a process; tests and tools make their own.
    pub fn new() -> Self {
        Self::default()
    }

    /// The shutdown that all tasks follow.
    pub fn shutdown(&self) -> Shutdown {
        self.shared.shutdown.clone()
    }

    /// Spawns a task. `run` is called for the first start and for each restart.
    ///
    /// The task should return soon after `shutdown.soft()`; at `shutdown.hard()` it is dropped.
    pub fn spawn<F, Fut>(&self, spec: TaskSpec, run: F)
    where
        F: FnMut(Shutdown) -> Fut + Send + 'static,
        Fut: Future<Output: TaskEnd> + Send + 'static,
    {
        let status = self.registry().add_task(&spec);
        let tasks = self.clone();
        self.shared
            .tracker
            .spawn(supervise::supervise(tasks, spec, status, run));
    }

    /// Spawns a task that cannot start twice, such as a server that owns its listener. Its end shuts the process down.
    pub fn spawn_once<F, Fut>(&self, name: impl Into<Name>, run: F)
    where
        F: FnOnce(Shutdown) -> Fut + Send + 'static,
        Fut: Future<Output: TaskEnd> + Send + 'static,
    {
        let mut run = Some(run);
        self.spawn(TaskSpec::new(name), move |shutdown| {
            let run = run
                .take()
                .expect("a task that shuts down on its end is started once");
            run(shutdown)
        });
    }

    /// Spawns the loop of a wake: one run at the start, then one after each notification and each period.
    ///
    /// A step that panics is started again with the wake's backoff.
    pub fn spawn_loop<F, Fut, E>(&self, wake: &Wake, step: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Outcome, E>> + Send + 'static,
        E: Error + Send + 'static,
    {
        self.registry().add_wake(wake.clone());
        let spec = TaskSpec::new(wake.name().clone()).on_exit(OnExit::Restart(wake.backoff()));
        let step = Arc::new(step);
        let wake = wake.clone();
        self.spawn(spec, move |shutdown| {
            let (wake, step) = (wake.clone(), step.clone());
            async move { wake.run_loop(shutdown, || step()).await }
        });
    }

    /// A group for short-lived work, such as one connection each: at most `bound` at a time.
    pub fn children(&self, name: impl Into<Name>, bound: usize) -> Children {
        let status = self.registry().add_children(name.into(), bound);
        Children::new(self.clone(), status, bound)
    }

    /// Adds a condition of readiness: `check` says what is missing.
    pub fn ready_when(
        &self,
        name: impl Into<Name>,
        check: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) {
        self.registry().add_check(name.into(), Box::new(check));
    }

    /// Adds a condition of readiness that is opened and closed by hand; it is closed at first.
    pub fn gate(&self, name: impl Into<Name>) -> Gate {
        let gate = Gate::default();
        let check = gate.clone();
        self.ready_when(name, move || check.check());
        gate
    }

    /// Says that the process has started: from now on it is ready when all conditions hold.
    pub fn mark_started(&self) {
        self.shared.started.store(true, Ordering::Release);
    }

    /// What keeps the process from being ready; nothing if it is.
    pub fn unready(&self) -> Vec<String> {
        let mut missing = Vec::new();
        if !self.shared.started.load(Ordering::Acquire) {
            missing.push("start: not finished".to_owned());
        }
        if self.shared.shutdown.is_soft() {
            missing.push("shutdown: in progress".to_owned());
        }
        missing.extend(self.registry().unready());
        missing
    }

    /// Ready once a task whose end shuts the process down has ended.
    pub async fn failed(&self) -> Failure {
        self.shared.failed.cancelled().await;
        self.failure()
            .expect("it is set before its token is cancelled")
    }

    /// The first task whose end shuts the process down and that has ended.
    pub fn failure(&self) -> Option<Failure> {
        self.shared.failure.get().cloned()
    }

    /// Stops all tasks: asks them, waits for the grace period, drops the rest. Gives the names of those dropped.
    pub async fn stop(&self, grace: Duration) -> Vec<Name> {
        self.shared.shutdown.ask();
        self.shared.tracker.close();
        let in_time = tokio::time::timeout(grace, self.shared.tracker.wait())
            .await
            .is_ok();
        let late = if in_time {
            Vec::new()
        } else {
            self.registry().running()
        };
        self.shared.shutdown.end();
        // A task that blocks its thread cannot be dropped; the process ends without it.
        let _ = tokio::time::timeout(LAST_MOMENT, self.shared.tracker.wait()).await;
        late
    }

    /// What runs and what last happened.
    pub(crate) fn report(&self) -> Report {
        self.registry().report()
    }

    fn fail(&self, task: Name, end: String) {
        // The first failure is the cause of the others.
        let _ = self.shared.failure.set(Failure { task, end });
        self.shared.failed.cancel();
    }

    fn registry(&self) -> std::sync::MutexGuard<'_, status::Registry> {
        self.shared
            .registry
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Tasks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tasks")
            .field("running", &self.registry().running())
            .finish()
    }
}
