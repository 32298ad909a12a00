//! Step 4: claims durable wakes and has each decided.
//!
//! A wake carries no state: losing the process while it is claimed only delays it until the claim
//! runs out.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing::Instrument;

use kit::Outcome;
use store::{PlaneChange, Store, Wake};

use crate::commit::{self, Committer};

/// How wakes are worked on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How many decisions are made at the same time.
    pub parallel: usize,
    /// How many wakes are claimed at once.
    pub batch: usize,
    /// How long claimed wakes are left to the replica that claimed them: those of one that was lost
    /// come back after it.
    pub lease: kit::config::HumanDuration,
    /// How long a decision that failed waits before it is made again.
    pub retry: kit::config::HumanDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            parallel: 8,
            batch: 128,
            lease: kit::config::HumanDuration(store::Config::default().claim_lease),
            retry: kit::config::HumanDuration::from_secs(5),
        }
    }
}

/// Works on wakes.
pub(crate) struct Worker {
    config: Config,
    store: Store,
    committer: Committer,
    clock: kit::Clock,
    publish: Arc<dyn Fn(Vec<PlaneChange>) + Send + Sync>,
}

impl Worker {
    pub(crate) fn new(
        config: Config,
        store: Store,
        committer: Committer,
        clock: kit::Clock,
        publish: Arc<dyn Fn(Vec<PlaneChange>) + Send + Sync>,
    ) -> Self {
        Self {
            config,
            store,
            committer,
            clock,
            publish,
        }
    }

    /// Claims what is due and decides it.
    pub(crate) async fn run(&self) -> Result<Outcome, store::Error> {
        let wakes = self
            .store
            .claim_wakes(self.config.batch, self.clock.now())
            .await?;
        if wakes.is_empty() {
            return self.sleep().await;
        }
        futures::stream::iter(&wakes)
            .for_each_concurrent(self.config.parallel, |wake| self.decide(wake))
            .await;
        Ok(Outcome::More)
    }

    /// Nothing is due: sleeps until the next scheduled wake.
    async fn sleep(&self) -> Result<Outcome, store::Error> {
        let Some(at) = self.store.next_wake().await? else {
            return Ok(Outcome::Idle);
        };
        let wait = at.duration_since(self.clock.now());
        Ok(Outcome::After(
            Duration::try_from(wait).unwrap_or(Duration::from_millis(10)),
        ))
    }

    async fn decide(&self, wake: &Wake) {
        let span = tracing::info_span!("decide", object = %wake.object);
        if let Some(trace) = &wake.trace {
            kit::trace::adopt(&span, trace);
        }
        match self.committer.run(wake).instrument(span).await {
            Ok(committed) => {
                if !committed.planes.is_empty() {
                    (self.publish)(committed.planes);
                }
            }
            Err(error) => self.put_off(wake, &error).await,
        }
    }

    /// Leaves the wake for later.
    async fn put_off(&self, wake: &Wake, error: &commit::Error) {
        let moved = matches!(error, commit::Error::Store(error) if error.is_conflict());
        if !moved {
            tracing::warn!(object = %wake.object, error = %kit::chain(error), "the decision failed");
        }
        let delay = if moved {
            Duration::from_millis(20)
        } else {
            *self.config.retry
        };
        let retry_at = self.clock.now() + delay;
        if let Err(error) = self.store.release_wake(wake, retry_at).await {
            // The claim runs out by itself.
            tracing::warn!(error = %kit::chain(&error), "a claimed wake was not given back");
        }
    }
}
