use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kit::tasks::Full;
use kit::{Backoff, OnExit, TaskSpec, Tasks};
use testkit::wait::until_true;

const SOON: Duration = Duration::from_secs(10);

fn quick() -> OnExit {
    OnExit::Restart(Backoff::new(
        Duration::from_millis(1),
        Duration::from_millis(2),
    ))
}

#[tokio::test]
async fn a_task_that_ends_unasked_is_the_failure_of_the_process() {
    let tasks = Tasks::new();
    tasks.spawn_once("serve", async |_| Err::<(), _>("the listener broke"));
    let failure = tasks.failed().await;
    assert_eq!(
        failure.to_string(),
        "the task `serve` failed: the listener broke"
    );

    let tasks = Tasks::new();
    tasks.spawn_once("serve", async |_| ());
    assert_eq!(
        tasks.failed().await.to_string(),
        "the task `serve` returned"
    );

    let tasks = Tasks::new();
    tasks.spawn_once("serve", async |_| {
        assert!(std::hint::black_box(false), "a fault")
    });
    assert_eq!(
        tasks.failed().await.to_string(),
        "the task `serve` panicked: a fault"
    );
}

#[tokio::test]
async fn a_task_that_ends_when_asked_is_no_failure() {
    let tasks = Tasks::new();
    tasks.spawn_once("serve", |shutdown| async move { shutdown.soft().await });
    assert!(tasks.stop(SOON).await.is_empty());
    assert!(tasks.failure().is_none());
}

#[tokio::test]
async fn a_task_is_restarted_whatever_ends_it() {
    let tasks = Tasks::new();
    let starts = Arc::new(AtomicU64::new(0));
    let counted = starts.clone();
    tasks.spawn(TaskSpec::new("watch").on_exit(quick()), move |shutdown| {
        let start = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            match start {
                0 => Err("the connection broke"),
                1 => panic!("a fault"),
                2 => Ok(()),
                _ => {
                    shutdown.soft().await;
                    Ok(())
                }
            }
        }
    });
    until_true("the fourth start", SOON, || {
        starts.load(Ordering::SeqCst) == 4
    })
    .await;
    assert!(tasks.stop(SOON).await.is_empty());
    assert!(tasks.failure().is_none());
}

#[tokio::test]
async fn a_shutdown_ends_the_wait_for_a_restart() {
    let tasks = Tasks::new();
    let hour = Duration::from_secs(3600);
    let spec = TaskSpec::new("watch").on_exit(OnExit::Restart(Backoff::new(hour, hour)));
    tasks.spawn(spec, async |_| Err::<(), _>("the connection broke"));
    assert!(tasks.stop(SOON).await.is_empty());
}

#[tokio::test]
async fn the_end_of_an_ignored_task_changes_nothing() {
    let tasks = Tasks::new();
    let spec = TaskSpec::new("warm up").on_exit(OnExit::Ignore);
    tasks.spawn(spec, async |_| Err::<(), _>("cold"));
    assert!(tasks.stop(SOON).await.is_empty());
    assert!(tasks.failure().is_none());
}

#[tokio::test]
async fn what_does_not_stop_in_time_is_dropped_and_named() {
    let tasks = Tasks::new();
    tasks.spawn_once("stubborn", async |_| std::future::pending::<()>().await);
    let children = tasks.children("connections", 1);
    children.spawn(std::future::pending::<()>()).await;
    let late = tasks.stop(Duration::from_millis(20)).await;
    assert_eq!(late, ["stubborn", "connections"]);
    assert!(tasks.shutdown().is_hard());
}

#[tokio::test]
async fn children_have_a_bound_and_end_nothing_else() {
    let tasks = Tasks::new();
    let children = tasks.children("connections", 2);
    let bad = async { assert!(std::hint::black_box(false), "a bad request") };
    children.spawn(bad).await;
    let stop = children.shutdown();
    let (one, two) = (stop.clone(), stop);
    children.spawn(async move { one.soft().await }).await;
    children.spawn(async move { two.soft().await }).await;
    assert_eq!(children.try_spawn(async {}), Err(Full));
    assert!(tasks.stop(SOON).await.is_empty());
    assert!(tasks.failure().is_none());
    assert_eq!(children.try_spawn(async {}), Ok(()));
}

#[tokio::test]
async fn a_process_is_ready_when_it_has_started_and_every_condition_holds() {
    let tasks = Tasks::new();
    let gate = tasks.gate("link");
    assert_eq!(tasks.unready(), ["start: not finished", "link: not yet"]);
    tasks.mark_started();
    gate.open();
    assert!(tasks.unready().is_empty());
    gate.close("the hub is away");
    assert_eq!(tasks.unready(), ["link: the hub is away"]);
    gate.open();
    tasks.shutdown().ask();
    assert_eq!(tasks.unready(), ["shutdown: in progress"]);
}
