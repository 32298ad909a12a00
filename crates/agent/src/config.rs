//! The configuration of the agent.

use std::{path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use cluster::Access;
use kit::config::HumanDuration;
use model::PlaneName;

/// The configuration of the agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Telemetry, the admin port, shutdown.
    pub kit: kit::Config,
    /// The control plane.
    pub link: link::Config,
    /// The cluster that this agent works in.
    pub cluster: ClusterConfig,
    /// How units are worked on.
    pub reconcile: ReconcileConfig,
    /// Several replicas, of which one works.
    pub leader: LeaderConfig,
    /// The logs of managed pods.
    pub collect: crate::collect::Config,
}

/// The cluster that this agent works in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterConfig {
    /// The kubeconfig file; empty for the service account of the pod that the agent runs in.
    pub kubeconfig: PathBuf,
    /// The context in it; empty for its current one.
    pub context: String,
    /// The namespace of the agent's own objects, such as its unit records.
    pub namespace: String,
    /// After how long a call without answer fails.
    pub deadline: HumanDuration,
}

impl Default for ClusterConfig {
    fn default() -> Self {
        Self {
            kubeconfig: PathBuf::new(),
            context: String::new(),
            namespace: "quintet-system".to_owned(),
            deadline: HumanDuration::from_secs(15),
        }
    }
}

impl ClusterConfig {
    /// How the cluster is reached.
    #[must_use]
    pub fn access(&self) -> Access {
        if self.kubeconfig.as_os_str().is_empty() {
            return Access::InCluster;
        }
        Access::Kubeconfig {
            path: self.kubeconfig.clone(),
            context: self.context.clone(),
        }
    }
}

/// How units are worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReconcileConfig {
    /// How long what the cluster says is gathered before a unit is looked at: 50 ms to 200 ms.
    pub coalesce: HumanDuration,
    /// How many units are worked on at the same time.
    pub parallel: usize,
    /// How many objects that no bundle names any more are deleted a minute. Deletions of whole units are not counted.
    pub prunes_per_minute: usize,
}

impl Default for ReconcileConfig {
    fn default() -> Self {
        Self {
            coalesce: HumanDuration::from_millis(50),
            parallel: 16,
            prunes_per_minute: 200,
        }
    }
}

impl ReconcileConfig {
    /// The engine's configuration for a plane.
    #[must_use]
    pub fn engine(&self, plane: PlaneName) -> reconcile::engine::Config {
        let coalesce = (*self.coalesce).clamp(Duration::from_millis(1), Duration::from_secs(1));
        reconcile::engine::Config {
            coalesce,
            parallel: self.parallel.max(1),
            prunes: self.prunes_per_minute,
            ..reconcile::engine::Config::new(plane)
        }
    }
}

/// Several replicas, of which one works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LeaderConfig {
    /// Whether replicas elect a leader. One replica alone needs none, and sends no requests for it.
    pub elect: bool,
    /// After how long without renewal another replica takes over.
    pub lease: HumanDuration,
}

impl Default for LeaderConfig {
    fn default() -> Self {
        Self {
            elect: false,
            lease: HumanDuration::from_secs(10),
        }
    }
}
