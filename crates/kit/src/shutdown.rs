//! The two-step end of a process.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::config::HumanDuration;

/// How a process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long tasks may take to finish what is in hand after they were asked to stop.
    pub grace: HumanDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            grace: HumanDuration::from_secs(20),
        }
    }
}

/// Tells a task when to stop.
///
/// Soft: take no new work, finish what is in hand, return. Hard: the grace period is over, the task is dropped at
/// its next await. Most tasks look only at [`soft`](Self::soft). Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    soft: CancellationToken,
    hard: CancellationToken,
}

impl Shutdown {
    /// A shutdown that nobody has asked for yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ready once the task should stop taking new work.
    pub async fn soft(&self) {
        self.soft.cancelled().await;
    }

    /// Ready once the grace period is over.
    pub async fn hard(&self) {
        self.hard.cancelled().await;
    }

    /// Whether the task should stop taking new work.
    pub fn is_soft(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Whether the grace period is over.
    pub fn is_hard(&self) -> bool {
        self.hard.is_cancelled()
    }

    /// The result of `work`, or `None` if the soft shutdown comes first and `work` is dropped.
    pub async fn unless<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.soft.run_until_cancelled(work).await
    }

    /// Asks for the soft shutdown.
    pub fn ask(&self) {
        self.soft.cancel();
    }

    /// Ends the grace period; implies [`ask`](Self::ask).
    pub fn end(&self) {
        self.soft.cancel();
        self.hard.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_hard_end_implies_the_soft_one() {
        let shutdown = Shutdown::new();
        assert_eq!(shutdown.unless(async { 7 }).await, Some(7));
        shutdown.clone().end();
        assert!(shutdown.is_soft() && shutdown.is_hard());
        assert_eq!(shutdown.unless(std::future::pending::<()>()).await, None);
        shutdown.hard().await;
    }
}
