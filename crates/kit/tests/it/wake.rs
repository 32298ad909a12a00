use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use kit::{Backoff, Outcome, Shutdown, Tasks, Wake};
use testkit::wait::until_true;

const SOON: Duration = Duration::from_secs(10);
const NEVER: Duration = Duration::from_secs(3600);

#[derive(Debug, thiserror::Error)]
#[error("the plane is away")]
struct Away;

/// A loop whose runs wait for a permit each, and that counts how many have begun.
struct Stepped {
    wake: Wake,
    tasks: Tasks,
    begun: Arc<AtomicU64>,
    permits: Arc<Semaphore>,
}

impl Stepped {
    fn start(period: Duration) -> Self {
        let stepped = Self {
            wake: Wake::new("stepped", period),
            tasks: Tasks::new(),
            begun: Arc::default(),
            permits: Arc::new(Semaphore::new(0)),
        };
        let (begun, permits) = (stepped.begun.clone(), stepped.permits.clone());
        stepped.tasks.spawn_loop(&stepped.wake, move || {
            let (begun, permits) = (begun.clone(), permits.clone());
            async move {
                begun.fetch_add(1, Ordering::SeqCst);
                permits.acquire().await.expect("it is not closed").forget();
                Ok::<_, Away>(Outcome::Done)
            }
        });
        stepped
    }

    fn begun(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    async fn until_begun(&self, runs: u64) {
        until_true(&format!("run {runs} begins"), SOON, || self.begun() == runs).await;
    }

    async fn until_ended(&self, runs: u64) {
        until_true(&format!("run {runs} ends"), SOON, || {
            self.wake.runs() == runs
        })
        .await;
    }
}

#[tokio::test]
async fn notifications_during_a_run_cause_exactly_one_more() {
    let stepped = Stepped::start(NEVER);
    stepped.until_begun(1).await;
    for _ in 0..5 {
        stepped.wake.notify();
    }
    stepped.permits.add_permits(1);
    stepped.until_begun(2).await;
    stepped.permits.add_permits(10);
    stepped.until_ended(2).await;
    // A third run would have a permit; the loop is given every chance to begin it.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(stepped.begun(), 2);

    stepped.wake.notify();
    stepped.until_ended(3).await;
    assert!(stepped.tasks.stop(SOON).await.is_empty());
}

#[tokio::test]
async fn the_period_is_a_safety_net() {
    let stepped = Stepped::start(Duration::from_millis(5));
    stepped.permits.add_permits(3);
    stepped.until_ended(3).await;
    stepped.permits.add_permits(1);
    assert!(stepped.tasks.stop(SOON).await.is_empty());
}

#[tokio::test]
async fn the_shutdown_lets_a_run_finish() {
    let stepped = Stepped::start(NEVER);
    stepped.until_begun(1).await;
    stepped.tasks.shutdown().ask();
    stepped.permits.add_permits(1);
    assert!(stepped.tasks.stop(SOON).await.is_empty());
    assert_eq!(stepped.wake.runs(), 1);
}

#[tokio::test]
async fn a_loop_that_has_more_runs_again_at_once() {
    let wake = Wake::new("more", NEVER);
    let shutdown = Shutdown::new();
    let mut left = 5;
    let step = || {
        left -= 1;
        if left == 0 {
            shutdown.ask();
        }
        std::future::ready(Ok::<_, Away>(Outcome::More))
    };
    wake.run_loop(shutdown.clone(), step).await;
    assert_eq!(wake.runs(), 5);
}

#[tokio::test]
async fn a_run_can_ask_for_the_next() {
    let wake = Wake::new("after", NEVER);
    let shutdown = Shutdown::new();
    let mut left = 3;
    let step = || {
        left -= 1;
        if left == 0 {
            shutdown.ask();
        }
        std::future::ready(Ok::<_, Away>(Outcome::After(Duration::from_millis(1))))
    };
    wake.run_loop(shutdown.clone(), step).await;
    assert_eq!(wake.runs(), 3);
}

#[tokio::test]
async fn failures_and_panics_are_tried_again_after_a_backoff() {
    let backoff = Backoff::new(Duration::from_millis(1), Duration::from_millis(2));
    let wake = Wake::with_backoff("failing", NEVER, backoff);
    let tasks = Tasks::new();
    let runs = Arc::new(AtomicU64::new(0));
    let counted = runs.clone();
    tasks.spawn_loop(&wake, move || {
        let run = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            match run {
                0 => Err(Away),
                1 => panic!("a fault in the step"),
                _ => Ok(Outcome::Idle),
            }
        }
    });
    until_true("the third run", SOON, || runs.load(Ordering::SeqCst) == 3).await;
    until_true("its end", SOON, || wake.runs() == 2).await;
    assert!(tasks.failure().is_none());
    assert!(tasks.stop(SOON).await.is_empty());
}

#[tokio::test]
async fn a_notification_does_not_shorten_the_backoff() {
    let wake = Wake::with_backoff("patient", NEVER, Backoff::new(NEVER, NEVER));
    let tasks = Tasks::new();
    tasks.spawn_loop(&wake, async || Err::<Outcome, _>(Away));
    until_true("the first run", SOON, || wake.runs() == 1).await;
    wake.notify();
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(wake.runs(), 1);
    assert!(tasks.stop(SOON).await.is_empty());
}
