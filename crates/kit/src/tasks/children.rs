//! Short-lived work of one kind, with a bound.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::status::ChildStatus;
use super::supervise::{End, run_once};
use super::{TaskEnd, Tasks};
use crate::shutdown::Shutdown;

/// A group of tasks that come and go, such as one per connection. Cheap to clone.
///
/// A child that fails or panics is logged and ends nothing else. The shutdown waits for children as for tasks.
#[derive(Clone)]
pub struct Children {
    tasks: Tasks,
    status: Arc<ChildStatus>,
    places: Arc<Semaphore>,
}

/// All places of the group are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("all places are taken")]
pub struct Full;

impl Children {
    pub(super) fn new(tasks: Tasks, status: Arc<ChildStatus>, bound: usize) -> Self {
        let places = Semaphore::new(bound.min(Semaphore::MAX_PERMITS));
        Self {
            tasks,
            status,
            places: Arc::new(places),
        }
    }

    /// The shutdown that children follow.
    pub fn shutdown(&self) -> Shutdown {
        self.tasks.shutdown()
    }

    /// Spawns a child, once there is a place for it.
    pub async fn spawn<Fut>(&self, child: Fut)
    where
        Fut: Future<Output: TaskEnd> + Send + 'static,
    {
        let place = self.places.clone().acquire_owned().await;
        self.start(
            child,
            place.expect("the places of a group are never closed"),
        );
    }

    /// Spawns a child, if there is a place for it.
    ///
    /// # Errors
    ///
    /// When there is none; the child is dropped.
    pub fn try_spawn<Fut>(&self, child: Fut) -> Result<(), Full>
    where
        Fut: Future<Output: TaskEnd> + Send + 'static,
    {
        let place = self.places.clone().try_acquire_owned().map_err(|_| Full)?;
        self.start(child, place);
        Ok(())
    }

    fn start<Fut>(&self, child: Fut, place: OwnedSemaphorePermit)
    where
        Fut: Future<Output: TaskEnd> + Send + 'static,
    {
        let (tasks, status) = (self.tasks.clone(), self.status.clone());
        status.started.fetch_add(1, Ordering::Relaxed);
        status.running.fetch_add(1, Ordering::Relaxed);
        self.tasks.shared.tracker.spawn(async move {
            let end = run_once(&tasks, child).await;
            status.running.fetch_sub(1, Ordering::Relaxed);
            drop(place);
            match end {
                End::Returned | End::Dropped => {}
                End::Failed(_) => tracing::warn!(task.name = %status.name, "a child {end}"),
                End::Panicked(_) => {
                    status.panicked.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(task.name = %status.name, "a child {end}");
                }
            }
        });
    }
}

impl std::fmt::Debug for Children {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Children")
            .field("name", &self.status.name)
            .finish_non_exhaustive()
    }
}
