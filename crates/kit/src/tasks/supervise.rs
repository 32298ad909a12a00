//! One task from its first start to its last end.

use std::fmt;
use std::sync::Arc;

use tokio::task::JoinError;

use super::status::TaskStatus;
use super::{OnExit, TaskEnd, TaskSpec, Tasks};
use crate::chain;
use crate::metrics::{KeyValue, meter};
use crate::shutdown::Shutdown;

/// How a task ended.
#[derive(Debug)]
pub(super) enum End {
    Returned,
    Failed(String),
    Panicked(String),
    Dropped,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Returned => f.write_str("returned"),
            Self::Failed(error) => write!(f, "failed: {error}"),
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::Dropped => f.write_str("was dropped at the end of the grace period"),
        }
    }
}

impl End {
    fn label(&self) -> &'static str {
        match self {
            Self::Returned => "returned",
            Self::Failed(_) => "failed",
            Self::Panicked(_) => "panicked",
            Self::Dropped => "dropped",
        }
    }
}

pub(super) async fn supervise<F, Fut>(
    tasks: Tasks,
    spec: TaskSpec,
    status: Arc<TaskStatus>,
    mut run: F,
) where
    F: FnMut(Shutdown) -> Fut + Send + 'static,
    Fut: Future<Output: TaskEnd> + Send + 'static,
{
    let shutdown = tasks.shutdown();
    let mut delays = match spec.on_exit {
        OnExit::Restart(backoff) => Some((backoff.delays(), *backoff.max)),
        OnExit::ShutDown | OnExit::Ignore => None,
    };
    loop {
        status.started();
        let end = run_once(&tasks, run(shutdown.clone())).await;
        let ran = status.ended(&end.to_string());
        count(&spec, &end);
        if shutdown.is_soft() {
            log_asked(&spec, &end);
            return;
        }
        let Some((delays, longest)) = &mut delays else {
            end_unasked(&tasks, &spec, &end);
            return;
        };
        if ran > *longest {
            delays.reset();
        }
        let delay = delays.next_delay();
        tracing::warn!(task.name = %spec.name, ?delay, "the task {end}; it starts again");
        status.waits();
        if shutdown.unless(tokio::time::sleep(delay)).await.is_none() {
            status.ended("not started again: the process shuts down");
            return;
        }
    }
}

fn end_unasked(tasks: &Tasks, spec: &TaskSpec, end: &End) {
    if spec.on_exit == OnExit::ShutDown {
        tracing::error!(task.name = %spec.name, "the task {end}; the process shuts down");
        tasks.fail(spec.name.clone(), end.to_string());
    } else if matches!(end, End::Returned) {
        tracing::debug!(task.name = %spec.name, "the task {end}");
    } else {
        tracing::warn!(task.name = %spec.name, "the task {end}");
    }
}

fn log_asked(spec: &TaskSpec, end: &End) {
    if matches!(end, End::Returned) {
        tracing::debug!(task.name = %spec.name, "the task {end}");
    } else {
        tracing::warn!(task.name = %spec.name, "the task {end} while the process shuts down");
    }
}

fn count(spec: &TaskSpec, end: &End) {
    let labels = [
        KeyValue::new("task", spec.name.to_string()),
        KeyValue::new("end", end.label()),
    ];
    meter("kit")
        .u64_counter("task.ends")
        .build()
        .add(1, &labels);
}

/// Runs a future as a task of its own, so that its panic ends nothing but it.
pub(super) async fn run_once<Fut>(tasks: &Tasks, future: Fut) -> End
where
    Fut: Future<Output: TaskEnd> + Send + 'static,
{
    let mut handle = tasks.shared.tracker.spawn(future);
    let shutdown = tasks.shutdown();
    let joined = tokio::select! {
        biased;
        joined = &mut handle => joined,
        () = shutdown.hard() => {
            handle.abort();
            handle.await
        }
    };
    match joined {
        Ok(output) => match output.into_result() {
            Ok(()) => End::Returned,
            Err(error) => End::Failed(chain(error.as_ref())),
        },
        Err(error) => from_join_error(error),
    }
}

fn from_join_error(error: JoinError) -> End {
    match error.try_into_panic() {
        Ok(payload) => {
            let message = payload
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| payload.downcast_ref::<String>().cloned());
            End::Panicked(message.unwrap_or_else(|| "without a message".to_owned()))
        }
        Err(_) => End::Dropped,
    }
}
