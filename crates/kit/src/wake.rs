//! The only loop: runs a step when it is notified, and on a long period as a safety net.
//!
//! All wakes of a service are made first and handed to whoever notifies them; the tasks that run their steps are
//! spawned after. So tasks may wake each other in circles without knowing each other.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::Notify;
use tracing::Instrument;

use crate::backoff::Backoff;
use crate::chain;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::metrics::{KeyValue, meter};
use crate::shutdown::Shutdown;
use crate::tasks::Name;

/// What a run of a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There was nothing to do.
    Idle,
    /// Something was done, and nothing is left.
    Done,
    /// Something was done, and more is left: run again at once.
    More,
    /// Run again after this time, or earlier if notified or the period is shorter.
    After(Duration),
}

impl Outcome {
    fn label(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Done => "done",
            Self::More => "more",
            Self::After(_) => "after",
        }
    }
}

/// A handle that wakes a loop. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Wake {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    name: Name,
    period: Duration,
    backoff: Backoff,
    notify: Notify,
    /// Held by the loop that runs, so that there is one.
    running: tokio::sync::Mutex<()>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    state: State,
    runs: u64,
    failures: u64,
    last_started: Option<Timestamp>,
    last_duration: Duration,
    last_outcome: Option<String>,
    last_error: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    #[default]
    Waiting,
    Running,
    /// Waits after a failure.
    Backoff,
}

/// What `/tasks` shows of a wake.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct WakeReport {
    name: Name,
    state: State,
    period_seconds: f64,
    runs: u64,
    failures: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_started: Option<String>,
    last_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
}

impl Wake {
    /// A wake whose loop runs at the start, when notified, and at least once in about `period`.
    pub fn new(name: impl Into<Name>, period: Duration) -> Self {
        Self::with_backoff(name, period, Backoff::default())
    }

    /// As [`new`](Self::new), with another backoff after failures.
    pub fn with_backoff(name: impl Into<Name>, period: Duration, backoff: Backoff) -> Self {
        Self {
            shared: Arc::new(Shared {
                name: name.into(),
                period,
                backoff,
                notify: Notify::new(),
                running: tokio::sync::Mutex::default(),
                seen: Mutex::default(),
            }),
        }
    }

    /// Its name.
    pub fn name(&self) -> &Name {
        &self.shared.name
    }

    /// Its backoff after failures.
    pub fn backoff(&self) -> Backoff {
        self.shared.backoff
    }

    /// How many runs have ended.
    pub fn runs(&self) -> u64 {
        self.lock().runs
    }

    /// Asks for a run that starts after now. Several calls before it starts are one.
    ///
    /// A call during a run causes exactly one more run. A call during the backoff after a failure does not shorten it.
    pub fn notify(&self) {
        self.shared.notify.notify_one();
    }

    /// Runs `step` until the soft shutdown. A run in hand is finished; a second loop of the same wake waits for the first.
    pub async fn run_loop<F, Fut, E>(&self, shutdown: Shutdown, mut step: F)
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<Outcome, E>>,
        E: Error + 'static,
    {
        let _alone = self.shared.running.lock().await;
        let entropy = Entropy::system();
        let mut delays = self.shared.backoff.delays();
        while !shutdown.is_soft() {
            let period = entropy.around(self.shared.period);
            match self.run_once(step()).await {
                Ok(Outcome::More) => tokio::task::yield_now().await,
                Ok(outcome) => {
                    delays.reset();
                    let wait = match outcome {
                        Outcome::After(time) => period.min(time),
                        Outcome::Idle | Outcome::Done | Outcome::More => period,
                    };
                    self.lock().state = State::Waiting;
                    let notified = self.shared.notify.notified();
                    let _ = shutdown.unless(tokio::time::timeout(wait, notified)).await;
                }
                Err(error) => {
                    let delay = delays.next_delay();
                    tracing::warn!(
                        wake.name = %self.shared.name, error, ?delay, "the run failed; it is tried again"
                    );
                    self.lock().state = State::Backoff;
                    let _ = shutdown.unless(tokio::time::sleep(delay)).await;
                }
            }
        }
        self.lock().state = State::Waiting;
    }

    async fn run_once<E: Error + 'static>(
        &self,
        step: impl Future<Output = Result<Outcome, E>>,
    ) -> Result<Outcome, String> {
        let clock = Clock::system();
        let started = clock.instant();
        {
            let mut seen = self.lock();
            seen.state = State::Running;
            seen.last_started = Some(clock.now());
        }
        let span = tracing::info_span!(parent: None, "wake", wake.name = %self.shared.name);
        let result = step.instrument(span).await.map_err(|error| chain(&error));
        let took = clock.instant() - started;
        self.record(&result, took);
        result
    }

    fn record(&self, result: &Result<Outcome, String>, took: Duration) {
        let label = result.as_ref().map_or("failed", |outcome| outcome.label());
        let labels = [
            KeyValue::new("wake", self.shared.name.to_string()),
            KeyValue::new("outcome", label),
        ];
        let histogram = meter("kit")
            .f64_histogram("wake.run.duration")
            .with_unit("s")
            .build();
        histogram.record(took.as_secs_f64(), &labels);

        let mut seen = self.lock();
        seen.runs += 1;
        seen.last_duration = took;
        seen.last_outcome = Some(label.to_owned());
        if let Err(error) = result {
            seen.failures += 1;
            seen.last_error = Some(error.clone());
        }
    }

    pub(crate) fn report(&self) -> WakeReport {
        let seen = self.lock();
        WakeReport {
            name: self.shared.name.clone(),
            state: seen.state,
            period_seconds: self.shared.period.as_secs_f64(),
            runs: seen.runs,
            failures: seen.failures,
            last_started: seen.last_started.map(|at| at.to_string()),
            last_seconds: seen.last_duration.as_secs_f64(),
            last_outcome: seen.last_outcome.clone(),
            last_error: seen.last_error.clone(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.shared
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
