//! The life of a process: start, ready, wait, drain.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::StartError;
use crate::tasks::Tasks;

/// The signals that end a process.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, std::io::Error> {
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self {
            terminate,
            interrupt,
        })
    }

    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// The process was told twice to end.
#[derive(Debug, thiserror::Error)]
#[error("a second signal ({0}) came before the tasks had finished")]
struct Impatient(&'static str);

/// Lives until a signal or a failure, then drains.
pub(super) async fn drive(
    tasks: &Tasks,
    start: impl Future<Output = Result<(), StartError>>,
    mut next_signal: impl AsyncFnMut() -> &'static str,
    grace: Duration,
) -> Result<(), StartError> {
    let ended = tokio::select! {
        biased;
        signal = next_signal() => {
            tracing::info!(signal, "stopping");
            Ok(())
        }
        failure = tasks.failed() => Err(failure.into()),
        error = start_and_stay(tasks, start) => Err(error),
    };
    let late = tokio::select! {
        biased;
        signal = next_signal() => {
            tasks.shutdown().end();
            return Err(Impatient(signal).into());
        }
        late = tasks.stop(grace) => late,
    };
    if !late.is_empty() {
        let names = late.join(", ");
        tracing::warn!(
            task.names = names,
            ?grace,
            "tasks were dropped after the grace period"
        );
    }
    ended
}

/// Ends only if the start fails.
async fn start_and_stay(
    tasks: &Tasks,
    start: impl Future<Output = Result<(), StartError>>,
) -> StartError {
    match start.await {
        Ok(()) => {
            tasks.mark_started();
            tracing::info!("ready");
            std::future::pending().await
        }
        Err(error) => error,
    }
}
