//! Leader election through a Lease, on monotonic time.
//!
//! The holder stops writing before its lease can run out for others: it counts from the moment before it sent the
//! renewal that succeeded. A follower counts from when it last saw the lease change, so no two clocks are compared.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{sync::watch, time::Instant};

use crate::{ApiKind, Cluster, Error, ObjectId, Result};

/// Whether this replica leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// Another one does, or nobody.
    Follows,
    /// This one, until then at least.
    Leads {
        /// When it must have stopped writing, unless the lease is renewed before.
        until: Instant,
    },
}

impl Term {
    /// Whether this replica leads now.
    #[must_use]
    pub fn leads(&self) -> bool {
        matches!(self, Self::Leads { until } if Instant::now() < *until)
    }
}

/// Takes part in the election of one leader.
#[derive(Debug)]
pub struct Election {
    cluster: Cluster,
    id: ObjectId,
    identity: String,
    duration: Duration,
    term: watch::Sender<Term>,
    /// The lease as it was last seen to change, and when.
    seen: Option<(String, Instant)>,
}

impl Election {
    /// An election for the Lease `name` in `namespace`. `cluster` must not be fenced by this very election; `identity`
    /// differs between replicas; the lease runs out `duration` after its last renewal.
    #[must_use]
    pub fn new(
        cluster: Cluster,
        namespace: &str,
        name: &str,
        identity: impl Into<String>,
        duration: Duration,
    ) -> (Self, watch::Receiver<Term>) {
        let (term, watched) = watch::channel(Term::Follows);
        let id = ObjectId {
            kind: Arc::new(ApiKind::new("coordination.k8s.io", "v1", "Lease")),
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        };
        (
            Self {
                cluster,
                id,
                identity: identity.into(),
                duration,
                term,
                seen: None,
            },
            watched,
        )
    }

    /// Runs until dropped: renews or tries to take the lease every third of its duration.
    pub async fn run(&mut self) {
        loop {
            if let Err(error) = self.step().await {
                tracing::warn!(%error, "the lease of the leader could not be renewed or looked at");
            }
            if !self.term.borrow().leads() {
                self.term.send_if_modified(|term| {
                    std::mem::replace(term, Term::Follows) != Term::Follows
                });
            }
            tokio::time::sleep(self.duration / 4).await;
        }
    }

    /// Gives the lease back, so that another replica can take it at once.
    pub async fn release(&mut self) {
        let led = self.term.send_replace(Term::Follows).leads();
        if !led {
            return;
        }
        let given_back = async {
            let Some(mut lease) = self.cluster.find(&self.id).await? else {
                return Ok(());
            };
            if holder(&lease) == self.identity {
                lease["spec"]["holderIdentity"] = "".into();
                self.cluster.replace(&lease).await?;
            }
            Ok::<_, Error>(())
        };
        if let Err(error) = given_back.await {
            tracing::warn!(%error, "the lease of the leader could not be given back; it runs out by itself");
        }
    }

    async fn step(&mut self) -> Result<()> {
        let begun = Instant::now();
        let lease = self.cluster.find(&self.id).await?;
        let taken = match lease {
            None => self.cluster.create(&self.lease(None)).await,
            Some(lease) if self.may_take(&lease, begun) => {
                self.cluster.replace(&self.lease(Some(&lease))).await
            }
            Some(_) => return Ok(()),
        };
        match taken {
            Ok(_) => {
                // A fifth less than what others wait, so that clocks that run at different speed do no harm.
                let until = begun + self.duration * 4 / 5;
                self.term.send_replace(Term::Leads { until });
                Ok(())
            }
            Err(Error::Conflict { .. } | Error::Exists { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn may_take(&mut self, lease: &Value, now: Instant) -> bool {
        let holder = holder(lease);
        if holder == self.identity || holder.is_empty() {
            return true;
        }
        let version = lease
            .pointer("/metadata/resourceVersion")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match &self.seen {
            Some((seen, since)) if seen == version => {
                let seconds = lease
                    .pointer("/spec/leaseDurationSeconds")
                    .and_then(Value::as_u64);
                let duration = seconds.map_or(self.duration, Duration::from_secs);
                now.duration_since(*since) > duration
            }
            _ => {
                self.seen = Some((version.to_owned(), now));
                false
            }
        }
    }

    fn lease(&self, old: Option<&Value>) -> Value {
        let changed = old.is_none_or(|old| holder(old) != self.identity);
        let transitions = old
            .and_then(|old| old.pointer("/spec/leaseTransitions"))
            .and_then(Value::as_u64);
        let transitions = transitions.unwrap_or(0) + u64::from(changed && old.is_some());
        let now = micro_time(Timestamp::now());
        let acquired = match old {
            Some(old) if !changed => old["spec"]["acquireTime"].clone(),
            _ => now.clone().into(),
        };
        json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": self.id.name,
                "namespace": self.id.namespace,
                "resourceVersion": old.map(|old| old["metadata"]["resourceVersion"].clone()),
            },
            "spec": {
                "holderIdentity": self.identity,
                "leaseDurationSeconds": self.duration.as_secs().max(1),
                "acquireTime": acquired,
                "renewTime": now,
                "leaseTransitions": transitions,
            },
        })
    }
}

fn holder(lease: &Value) -> &str {
    lease
        .pointer("/spec/holderIdentity")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn micro_time(at: Timestamp) -> String {
    format!("{at:.6}")
}
